"""Counts and times of calls, as Prometheus text. Labels are tool names and outcomes, never anything of a caller.

With several worker processes each writes to the folder that PROMETHEUS_MULTIPROC_DIR names, and any of them answers for all.
"""

from __future__ import annotations

import os
import time

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess

from flintt_mcp.tools import Call, Done, Next, Refused, Reply

MULTIPROCESS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """Stage: counts each call by tool and outcome and times it."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        names = ("tool", "outcome")
        self._calls = Counter("flintt_mcp_calls", "Tool calls", names, registry=self._registry)
        self._seconds = Histogram(
            "flintt_mcp_call_seconds", "Seconds per tool call", ("tool",), registry=self._registry, buckets=_BUCKETS
        )

    async def __call__(self, call: Call, next: Next) -> Reply:
        started = time.perf_counter()
        outcome = "error"
        try:
            reply = await next(call)
            outcome = "done" if isinstance(reply, Done) else "refused" if isinstance(reply, Refused) else "ask"
            return reply
        finally:
            self._calls.labels(call.tool.name, outcome).inc()
            self._seconds.labels(call.tool.name).observe(time.perf_counter() - started)

    def text(self) -> bytes:
        """All figures in Prometheus text format, of every worker process where there are several."""
        if os.environ.get(MULTIPROCESS_VARIABLE):
            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)
            return generate_latest(registry)
        return generate_latest(self._registry)
