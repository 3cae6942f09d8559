"""What is measured, as rows: the calls under load, and the targets that belong to them.

A row says which request is sent in which era, with how many sessions, at which concurrency, what a correct answer holds, and what
the product is to reach. The targets are those of the project's issue on speed; the bench prints them beside the ratios.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bench import payload, wire

CONCURRENCIES = (1, 16, 64)


@dataclass(frozen=True, slots=True)
class Case:
    """One request under load. `stateful` picks the server that keeps 2025-11-25 sessions; each connection then has its own.

    `quick` holds the concurrencies of a quick run: those with a target.
    """

    name: str
    title: str
    method: str
    params: dict[str, Any]
    era: wire.Era
    wanted: tuple[tuple[str, int], ...]
    concurrencies: tuple[int, ...]
    quick: tuple[int, ...]
    stateful: bool = False
    has_floor: bool = True
    floor_target: float | None = None
    fastmcp_target: float | None = None
    all_toolsets: bool = False
    targets_from: int = 16
    """The targets hold at this concurrency and above."""


CALL: dict[str, Any] = {"name": "list_companies", "arguments": {}}
# Both halves: the marker stands once in the structured content and once in the text.
_BOTH_HALVES = (('"structuredContent"', 1), (payload.MARKER, 2))
FLOOR_WANTED = ((payload.MARKER, 1),)

CASES = (
    Case(
        name="call-2026",
        title="tools/call, 2026-07-28, JSON",
        method="tools/call",
        params=CALL,
        era=wire.MODERN,
        wanted=_BOTH_HALVES,
        concurrencies=CONCURRENCIES,
        quick=(16, 64),
        floor_target=0.5,
        fastmcp_target=7.0,
    ),
    Case(
        name="call-2025",
        title="tools/call, 2025-11-25, JSON, no sessions",
        method="tools/call",
        params=CALL,
        era=wire.LEGACY,
        wanted=_BOTH_HALVES,
        concurrencies=CONCURRENCIES,
        quick=(16,),
        floor_target=0.20,
    ),
    Case(
        name="call-2025-sessions",
        title="tools/call, 2025-11-25, with sessions",
        method="tools/call",
        params=CALL,
        era=wire.LEGACY,
        wanted=_BOTH_HALVES,
        concurrencies=CONCURRENCIES,
        quick=(16, 64),
        stateful=True,
        floor_target=0.5,
        fastmcp_target=8.0,
    ),
    Case(
        name="list-2026",
        title="tools/list, 2026-07-28",
        method="tools/list",
        params={},
        era=wire.MODERN,
        wanted=(('"list_companies"', 1), ('"inputSchema"', 11)),
        concurrencies=(16,),
        quick=(16,),
        has_floor=False,
        fastmcp_target=2.0,
    ),
    Case(
        name="list-2026-all",
        title="tools/list, 2026-07-28, all toolsets",
        method="tools/list",
        params={},
        era=wire.MODERN,
        wanted=(('"list_companies"', 1), ('"inputSchema"', 11)),
        concurrencies=(16,),
        quick=(16,),
        floor_target=0.6,
        all_toolsets=True,
    ),
    Case(
        name="list-2025",
        title="tools/list, 2025-11-25, no sessions",
        method="tools/list",
        params={},
        era=wire.LEGACY,
        wanted=(('"list_companies"', 1), ('"inputSchema"', 11)),
        concurrencies=(16,),
        quick=(16,),
        has_floor=False,
        fastmcp_target=2.0,
    ),
)

STARTUP_TARGET = 1.8
"""stdio, spawn to the first tools/list answer, at most this many times an import of pydantic's BaseModel."""
STDIO_TARGET = 0.4
"""Calls a second over stdio, at least this share of the floor's."""
LEGACY_TARGET = 0.35
"""Calls a second over legacy SSE, as over stdio."""
MEMORY_START_TARGET = 70.0
MEMORY_GROWTH_TARGET = 10.0
"""Megabytes (10**6) at the start, and on top of that after `MEMORY_CALLS` calls."""
MEMORY_CALLS = 1000
TOKENS_TARGET = 3000
"""Tokens of name, description and input schema, all tools that are on by default."""

SESSIONS_TARGET = 5.0
BODIES_TARGET = 40.0
HEALTH_TARGET = 0.1
"""Megabytes of idle sessions and of large bodies, and seconds of the slowest /healthz while these are read."""
P99_TARGET = 2.5
"""The 99th percentile at `P99_AT`, at most so many times the floor's."""
P99_AT = 64

OTHERS = ("stdio", "legacy-sse", "burdens", "memory", "tokens", "large", "tasks")
NAMES = (*(case.name for case in CASES), *OTHERS)
