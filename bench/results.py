"""What a run found, what the targets say about it, and both as JSON. Judges; prints nothing.

In: the measurements of `load`, `startup`, `footprint` and `tokens`. Out: verdicts on the targets of `cases.py`, the faults that
fail a run, and a dict for `--json`.
"""

from __future__ import annotations

import platform
from dataclasses import asdict, dataclass, field
from typing import Any

from bench import cases
from bench.burdens import Burdens
from bench.contenders import FASTMCP, FLOOR, LABELS, OURS
from bench.footprint import Footprint
from bench.large import FIRST_SECONDS, GROWTH, QUERY_SECONDS, SECOND_SECONDS, Large
from bench.load import Measured
from bench.piped import Piped
from bench.ratio import Spread
from bench.startup import YARDSTICK, Startup
from bench.tasks.replay import MOST_CALLS, MOST_CHARACTERS, Replayed, of_the_trial
from bench.tokens import TokenCount


@dataclass(frozen=True, slots=True)
class Verdict:
    """One target and whether the product meets it."""

    what: str
    value: float
    bound: str
    met: bool

    def text(self) -> str:
        """For the end of a line: `>= 0.25 pass`."""
        return f"{self.bound} {'✓ pass' if self.met else '✗ MISS'}"


@dataclass(slots=True)
class Results:
    """All that a run found, with what it ran on."""

    mode: str
    versions: dict[str, str]
    notes: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    ceiling: float | None = None
    measured: list[Measured] = field(default_factory=list)
    startup: Startup | None = None
    piped: Piped | None = None
    legacy: Piped | None = None
    burdens: Burdens | None = None
    footprints: dict[str, Footprint] = field(default_factory=dict)
    tokens: dict[str, TokenCount] = field(default_factory=dict)
    tasks: list[Replayed] = field(default_factory=list)
    large: Large | None = None

    def faults(self) -> list[str]:
        """Everything that went wrong while measuring: any of it fails the run."""
        found = [
            f"{item.case.name} c{item.concurrency}, {LABELS[row.contender]}: {row.fault}"
            for item in self.measured
            for row in item.rows.values()
            if row.fault
        ]
        if self.startup:
            found += [f"stdio, {LABELS[name]}: {fault}" for name, fault in self.startup.faults.items()]
        if self.piped and self.piped.fault:
            found.append(f"calls on stdio: {self.piped.fault}")
        if self.legacy and self.legacy.fault:
            found.append(f"calls on legacy SSE: {self.legacy.fault}")
        if self.burdens and self.burdens.fault:
            found.append(f"burdens: {self.burdens.fault}")
        found += [f"memory, {LABELS[name]}: {item.fault}" for name, item in self.footprints.items() if item.fault]
        found += [f"tokens, {name}: {count.missing}" for name, count in self.tokens.items() if count.broken]
        if self.large and self.large.fault:
            found.append(f"large workspace: {self.large.fault}")
        found += [f"task {item.name!r}: {item.fault}" for item in self.tasks if item.fault]
        return found + self.left_out


def at_least(what: str, value: Spread | None, bound: float | None) -> Verdict | None:
    """A verdict on a ratio that should be high; None without a value or a bound."""
    if value is None or bound is None:
        return None
    return Verdict(what, value.median, f">= {bound:g}", value.median >= bound)


def at_most(what: str, value: float | None, bound: float) -> Verdict | None:
    """A verdict on a number that should be low."""
    return None if value is None else Verdict(what, value, f"<= {bound:g}", value <= bound)


def verdicts(results: Results) -> list[Verdict]:
    """Every target that this run can say something about."""
    found: list[Verdict | None] = []
    for item in results.measured:
        found += [*load_verdicts(item).values(), _p99_verdict(item)]
    if results.startup and OURS in results.startup.seconds:
        ratio = results.startup.ratio(OURS)
        found.append(at_most("stdio x import pydantic", ratio.median if ratio else None, cases.STARTUP_TARGET))
    if results.piped:
        found.append(at_least("calls on stdio x floor", results.piped.ratio, cases.STDIO_TARGET))
    if results.legacy:
        found.append(at_least("calls on legacy SSE x floor", results.legacy.ratio, cases.LEGACY_TARGET))
    if results.burdens and not results.burdens.fault:
        found += _burden_verdicts(results.burdens)
    if (own := results.footprints.get(OURS)) and not own.fault:
        found.append(at_most("memory at start, MB", own.start_rss, cases.MEMORY_START_TARGET))
        found.append(at_most("memory growth, MB", own.growth, cases.MEMORY_GROWTH_TARGET))
    if (count := results.tokens.get("default")) and not count.missing:
        found.append(at_most("tokens of all tools", count.total, cases.TOKENS_TARGET))
    if results.large and not results.large.fault:
        found += large_verdicts(results.large)
    if results.tasks:
        calls, characters = of_the_trial(results.tasks)
        found.append(at_most("calls of the trial's tasks", calls, MOST_CALLS))
        found.append(at_most("characters of the trial's tasks", characters, MOST_CHARACTERS))
    return [verdict for verdict in found if verdict]


def _p99_verdict(item: Measured) -> Verdict | None:
    """The slowest hundredth beside the floor's."""
    own, floor = (item.rows[name].milliseconds("p99") if name in item.rows else None for name in (OURS, FLOOR))
    if own is None or floor is None or item.concurrency != cases.P99_AT or item.case.floor_target is None:
        return None
    what = f"{item.case.name} c{item.concurrency} p99 x floor's"
    return at_most(what, own.median / floor.median, cases.P99_TARGET)


def _burden_verdicts(burdens: Burdens) -> list[Verdict | None]:
    return [
        at_most("10,000 idle sessions, MB", burdens.sessions_mb, cases.SESSIONS_TARGET),
        at_most("large bodies of nothing, MB", burdens.bodies_mb, cases.BODIES_TARGET),
        at_most("slowest /healthz meanwhile, s", burdens.slowest_health, cases.HEALTH_TARGET),
    ]


def large_verdicts(large: Large) -> list[Verdict | None]:
    """What the targets say of a large workspace."""
    return [
        at_most("large: companies and deals, s", large.query, QUERY_SECONDS),
        at_most("large: findings, s", large.first, FIRST_SECONDS),
        at_most("large: findings again, s", large.second, SECOND_SECONDS),
        at_most("large: growth, MB", large.growth, GROWTH),
    ]


def load_verdicts(item: Measured) -> dict[str, Verdict | None]:
    case = item.case
    counts = item.concurrency >= case.targets_from
    name = f"{case.name} c{item.concurrency}"
    return {
        under: at_least(f"{name} x {LABELS[under]}", item.ratio(OURS, under), bound if counts else None)
        for under, bound in ((FLOOR, case.floor_target), (FASTMCP, case.fastmcp_target))
    }


def as_json(results: Results) -> dict[str, Any]:
    """Everything in the report and the windows behind it."""
    return {
        "mode": results.mode,
        "versions": {"python": platform.python_version()} | results.versions,
        "notes": results.notes,
        "ceiling_calls_per_second": results.ceiling,
        "load": [_case_json(item) for item in results.measured],
        "stdio": _startup_json(results.startup) if results.startup else None,
        "stdio_calls": asdict(results.piped) if results.piped else None,
        "legacy_sse_calls": asdict(results.legacy) if results.legacy else None,
        "burdens": asdict(results.burdens) if results.burdens else None,
        "memory_mb": {name: asdict(item) for name, item in results.footprints.items()},
        "tokens": {name: asdict(count) | {"total": count.total} for name, count in results.tokens.items()},
        "large": asdict(results.large) if results.large else None,
        "tasks": [asdict(item) for item in results.tasks],
        "targets": [asdict(verdict) for verdict in verdicts(results)],
        "errors": results.faults(),
    }


def _case_json(item: Measured) -> dict[str, Any]:
    def ratios(under: str) -> dict[str, Any]:
        return {
            name: {
                "rate": _spread_json(item.ratio(name, under)),
                "cpu": _spread_json(item.ratio(name, under, by_cpu=True)),
            }
            for name in item.rows
            if name != under
        }

    return {
        "case": item.case.name,
        "concurrency": item.concurrency,
        "over_floor": ratios(FLOOR) if FLOOR in item.rows else None,
        "over_fastmcp": ratios(FASTMCP) if FASTMCP in item.rows else None,
        "rounds": {name: asdict(row) for name, row in item.rows.items()},
    }


def _spread_json(value: Spread | None) -> dict[str, float] | None:
    return asdict(value) if value else None


def _startup_json(startup: Startup) -> dict[str, Any]:
    ratios = {name: _spread_json(startup.ratio(name)) for name in startup.seconds if name != YARDSTICK}
    return {"over_import_pydantic": ratios, "seconds": startup.seconds}
