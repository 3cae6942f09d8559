"""Counts and times of calls, as Prometheus text. Labels are tool names and outcomes, never anything of a caller.

With several worker processes each writes to the folder that PROMETHEUS_MULTIPROC_DIR names, and any of them answers for all.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import cache, cached_property
from typing import TYPE_CHECKING, NamedTuple

from flintt_mcp.calls.call import Call, Next
from flintt_mcp.calls.reply import Done, Refused, Reply
from flintt_mcp.errors import FlinttError

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
    """Stage: counts each call by tool and outcome and times it. The library is loaded with the first call or question."""

    @cached_property
    def _figures(self) -> _Figures:
        from prometheus_client import CollectorRegistry, Counter, Histogram

        registry = CollectorRegistry()
        calls = Counter("flintt_mcp_calls", "Tool calls", ("tool", "outcome"), registry=registry)
        seconds = Histogram(
            "flintt_mcp_call_seconds", "Seconds per tool call", ("tool",), registry=registry, buckets=_BUCKETS
        )
        return _Figures(registry, cache(calls.labels), cache(seconds.labels))

    async def __call__(self, call: Call, next: Next) -> Reply:
        started = time.perf_counter()
        outcome = "error"
        try:
            reply = await next(call)
            outcome = "done" if isinstance(reply, Done) else "refused" if isinstance(reply, Refused) else "ask"
            return reply
        except FlinttError:
            outcome = "refused"
            raise
        finally:
            seconds = time.perf_counter() - started
            self._figures.calls(call.tool.name, outcome).inc()
            self._figures.seconds(call.tool.name).observe(seconds)

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
