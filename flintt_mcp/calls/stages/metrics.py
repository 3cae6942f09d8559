"""Counts and times of calls, as Prometheus text. Labels are tool names and outcomes, never anything of a caller.

In: the end of each call, as the stage `watch.py` tells it. Out: text, or the same figures as values. With several worker processes
each writes to the folder that PROMETHEUS_MULTIPROC_DIR names, and any of them answers for all.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from flintt_mcp.calls.call import Call
from flintt_mcp.calls.ended import Ended

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

MULTIPROCESS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""Seconds: the bounds in which times of calls are counted."""


class _Figures(NamedTuple):
    """The figures, and each of them for given labels: finding one anew costs more than counting."""

    registry: CollectorRegistry
    calls: Callable[[str, str], Counter]
    seconds: Callable[[str], Histogram]
    last: Callable[[str, str], Gauge]


class Tally(NamedTuple):
    """The calls of one tool: how many came to which outcome, and how many ended within each of `BOUNDS`, the last without one."""

    outcomes: Mapping[str, int]
    within: tuple[int, ...]


class Counted(NamedTuple):
    """What all workers counted: the calls by tool, and by API how its calls ended and when that was last, seconds since 1970."""

    tools: Mapping[str, Tally]
    last: Mapping[str, Mapping[str, float]]


class Metrics:
    """Counts each call by tool and outcome and times it. The library is loaded with the first call or question."""

    @cached_property
    def _figures(self) -> _Figures:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        registry = CollectorRegistry()
        calls = Counter("flintt_mcp_calls", "Tool calls", ("tool", "outcome"), registry=registry)
        seconds = Histogram(
            "flintt_mcp_call_seconds", "Seconds per tool call", ("tool",), registry=registry, buckets=BOUNDS
        )
        last = Gauge(
            "flintt_mcp_last_call_timestamp_seconds",
            "When a call to an API last ended so",
            ("api", "outcome"),
            registry=registry,
            multiprocess_mode="max",
        )
        return _Figures(registry, cache(calls.labels), cache(seconds.labels), cache(last.labels))

    def count(self, call: Call, ended: Ended) -> None:
        """Watch one call end."""
        self._figures.calls(call.tool.name, ended.outcome).inc()
        self._figures.seconds(call.tool.name).observe(ended.seconds)
        if call.tool.api is not None:
            self._figures.last(call.tool.api, ended.outcome).set_to_current_time()

    def text(self) -> bytes:
        """All figures in Prometheus text format, of every worker process where there are several."""
        from prometheus_client import generate_latest

        return generate_latest(self._of_all_workers())

    def counted(self) -> Counted:
        """The same figures as values."""
        outcomes: dict[str, dict[str, int]] = defaultdict(dict)
        within: dict[str, dict[float, int]] = defaultdict(dict)
        last: dict[str, dict[str, float]] = defaultdict(dict)
        for family in self._of_all_workers().collect():
            for name, labels, value, *_ in family.samples:
                if name == "flintt_mcp_calls_total":
                    outcomes[labels["tool"]][labels["outcome"]] = int(value)
                elif name == "flintt_mcp_call_seconds_bucket":
                    within[labels["tool"]][float(labels["le"])] = int(value)
                elif name == "flintt_mcp_last_call_timestamp_seconds":
                    last[labels["api"]][labels["outcome"]] = value
        return Counted({tool: Tally(ended, _apart(within[tool])) for tool, ended in outcomes.items()}, last)

    def _of_all_workers(self) -> CollectorRegistry:
        from prometheus_client import CollectorRegistry
        from prometheus_client.multiprocess import MultiProcessCollector

        own = self._figures.registry
        if not os.environ.get(MULTIPROCESS_VARIABLE):
            return own
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
        return registry


def _apart(up_to: Mapping[float, int]) -> tuple[int, ...]:
    """How many lie in each bucket, from how many lie below its bound."""
    sums = [0, *(up_to[bound] for bound in sorted(up_to))]
    return tuple(above - below for below, above in pairwise(sums))
