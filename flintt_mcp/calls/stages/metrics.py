"""Counts and times of calls, as Prometheus text. Labels are tool names and outcomes, never anything of a caller.

In: the end of each call, as the stage `watch.py` tells it. Out: text. With several worker processes each writes to the folder that
PROMETHEUS_MULTIPROC_DIR names, and any of them answers for all.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache, cached_property
from typing import TYPE_CHECKING, NamedTuple

from flintt_mcp.calls.call import Call
from flintt_mcp.calls.ended import Ended

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Histogram

MULTIPROCESS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class _Figures(NamedTuple):
    """The figures, and the counter and the histogram for given labels: finding one anew costs more than counting."""

    registry: CollectorRegistry
    calls: Callable[[str, str], Counter]
    seconds: Callable[[str], Histogram]


class Metrics:
    """Counts each call by tool and outcome and times it. The library is loaded with the first call or question."""

    @cached_property
    def _figures(self) -> _Figures:
        from prometheus_client import CollectorRegistry, Counter, Histogram

        registry = CollectorRegistry()
        calls = Counter("flintt_mcp_calls", "Tool calls", ("tool", "outcome"), registry=registry)
        seconds = Histogram(
            "flintt_mcp_call_seconds", "Seconds per tool call", ("tool",), registry=registry, buckets=_BUCKETS
        )
        return _Figures(registry, cache(calls.labels), cache(seconds.labels))

    def count(self, call: Call, ended: Ended) -> None:
        """Watch one call end."""
        self._figures.calls(call.tool.name, ended.outcome).inc()
        self._figures.seconds(call.tool.name).observe(ended.seconds)

    def text(self) -> bytes:
        """All figures in Prometheus text format, of every worker process where there are several."""
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.multiprocess import MultiProcessCollector

        figures = self._figures
        if os.environ.get(MULTIPROCESS_VARIABLE):
            registry = CollectorRegistry()
            MultiProcessCollector(registry)
            return generate_latest(registry)
        return generate_latest(figures.registry)
