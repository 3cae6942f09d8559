"""Prints what a run measured, ratios first, with the targets beside them, and writes the same as JSON.

In: a `Results`. Out: tables on stdout, a dict for `--json`. A ratio reads `median [lowest-highest]` over the rounds; a mark
says whether the median meets its target. Nothing is measured or judged anywhere else.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from bench import cases
from bench.contenders import FASTMCP, FLOOR, LABELS, OURS
from bench.footprint import Footprint
from bench.load import Measured, Row
from bench.ratio import Spread, spread
from bench.startup import YARDSTICK, Startup
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
    footprints: dict[str, Footprint] = field(default_factory=dict)
    tokens: dict[str, TokenCount] = field(default_factory=dict)

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
        found += [f"memory, {LABELS[name]}: {item.fault}" for name, item in self.footprints.items() if item.fault]
        found += [f"tokens, {name}: {count.missing}" for name, count in self.tokens.items() if count.broken]
        return found + self.left_out


def at_least(what: str, value: Spread | None, bound: float | None) -> Verdict | None:
    """A verdict on a ratio that should be high; None without a value or a bound."""
    if value is None or bound is None:
        return None
    return Verdict(what, value.median, f">= {bound:g}", value.median >= bound)


def at_most(what: str, value: float | None, bound: float) -> Verdict | None:
    """A verdict on a number that should be low."""
    return None if value is None else Verdict(what, value, f"<= {bound:g}", value <= bound)


def judged_by_cpu(item: Measured) -> bool:
    """With several workers against one, calls per second would compare cores: calls per CPU second are judged then."""
    return OURS in item.rows and item.rows[OURS].workers > 1


def verdicts(results: Results) -> list[Verdict]:
    """Every target that this run can say something about."""
    found: list[Verdict | None] = []
    for item in results.measured:
        found += _load_verdicts(item).values()
    if results.startup and OURS in results.startup.seconds:
        ratio = results.startup.ratio(OURS)
        found.append(at_most("stdio x import pydantic", ratio.median if ratio else None, cases.STARTUP_TARGET))
    if (own := results.footprints.get(OURS)) and not own.fault:
        found.append(at_most("memory at start, MB", own.start_rss, cases.MEMORY_START_TARGET))
        found.append(at_most("memory growth, MB", own.growth, cases.MEMORY_GROWTH_TARGET))
    if (count := results.tokens.get("default")) and not count.missing:
        found.append(at_most("tokens of all tools", count.total, cases.TOKENS_TARGET))
    return [verdict for verdict in found if verdict]


def _load_verdicts(item: Measured) -> dict[str, Verdict | None]:
    case = item.case
    counts = item.concurrency >= case.targets_from
    name, by_cpu = f"{case.name} c{item.concurrency}", judged_by_cpu(item)
    return {
        under: at_least(f"{name} x {LABELS[under]}", item.ratio(OURS, under, by_cpu=by_cpu), bound if counts else None)
        for under, bound in ((FLOOR, case.floor_target), (FASTMCP, case.fastmcp_target))
    }


def text(results: Results) -> str:
    """The whole report for a terminal."""
    parts = [_heading(results)]
    for case in cases.CASES:
        items = [item for item in results.measured if item.case is case]
        if items:
            parts.append(_case_table(case.title, items))
    if results.startup:
        parts.append(_startup_table(results.startup))
    if results.footprints:
        parts.append(_memory_table(results.footprints))
    if results.tokens:
        parts.append(_token_lines(results.tokens))
    parts.append(_closing(results))
    return "\n\n".join(parts)


def _heading(results: Results) -> str:
    lines = [
        f"flintt-mcp bench, {results.mode}: Python {platform.python_version()}, "
        + ", ".join(f"{name} {version}" for name, version in results.versions.items()),
        "Ratios are medians over interleaved rounds [lowest-highest]; more is better for calls, less for time and memory.",
    ]
    if results.ceiling:
        lines.append(
            f"Driver straight to the stub, without a server between: {results.ceiling:,.0f} calls/s (the ceiling)."
        )
    return "\n".join([*lines, *(f"Note: {note}" for note in results.notes)])


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(line[column]) for line in (head, *rows)) for column in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if number == 0 else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return "  ".join(padded).rstrip()

    return "\n".join([line(head), "  ".join("-" * width for width in widths), *(line(row) for row in rows)])


def _shown(value: Spread | None, digits: int = 2) -> str:
    return value.text(digits) if value else "-"


def _case_table(title: str, items: Sequence[Measured]) -> str:
    has_floor = items[0].case.has_floor
    head = ["", "x floor", "x FastMCP", "x floor, CPU", "x FastMCP, CPU", "calls/s", "CPU us/call", "p50 ms", "p99 ms"]
    if not has_floor:
        head = [name for name in head if "floor" not in name]
    rows = [_case_row(item, row, has_floor) for item in items for row in item.rows.values()]
    lines = [line for item in items for line in _case_lines(item)]
    every = [row for item in items for row in item.rows.values()]
    kinds = {LABELS[row.contender]: kind for row in every if (kind := _answer_kind(row))}
    lines.append("  answers: " + "; ".join(f"{name} {kind}" for name, kind in kinds.items()))
    return "\n".join([title, _table(head, rows), *lines])


def _case_lines(item: Measured) -> list[str]:
    """Targets and failures of one measurement, a line each."""
    by_cpu = ", by CPU" if judged_by_cpu(item) else ""
    lines = [
        f"  c{item.concurrency}: target x {LABELS[under]} {verdict.text()} ({verdict.value:.2f}{by_cpu})"
        for under, verdict in _load_verdicts(item).items()
        if verdict
    ]
    return lines + [
        f"  c{item.concurrency}: {LABELS[row.contender]}: {row.fault}" for row in item.rows.values() if row.fault
    ]


def _answer_kind(row: Row) -> str:
    window = next((window for window in row.windows if window), None)
    if window is None:
        return ""
    workers = f", {row.workers} workers" if row.workers > 1 else ""
    return f"{window.content_type}, {window.bytes_per_answer:,} bytes{workers}"


def _case_row(item: Measured, row: Row, has_floor: bool) -> list[str]:
    name = row.contender
    ratios = [
        _shown(item.ratio(name, FLOOR), 3) if name != FLOOR else "1",
        _shown(item.ratio(name, FASTMCP)) if name != FASTMCP else "1",
        _shown(item.ratio(name, FLOOR, by_cpu=True), 3) if name != FLOOR else "1",
        _shown(item.ratio(name, FASTMCP, by_cpu=True)) if name != FASTMCP else "1",
    ]
    if not has_floor:
        ratios = [ratios[1], ratios[3]]
    rates = spread(row.rates())
    cpu = row.cpu_microseconds()
    numbers = [f"{rates.median:,.0f}" if rates else "-", f"{cpu.median:,.0f}" if cpu else "-"]
    for which in ("p50", "p99"):
        value = row.milliseconds(which)
        numbers.append(f"{value.median:.2f}" if value else "-")
    return [f"c{item.concurrency:<3} {LABELS[name]}", *ratios, *numbers]


def _startup_table(startup: Startup) -> str:
    rows = []
    for name in startup.seconds:
        label = 'python -c "from pydantic import BaseModel"' if name == YARDSTICK else LABELS[name]
        rows.append(
            [label, "1" if name == YARDSTICK else _shown(startup.ratio(name)), _shown(startup.milliseconds(name), 0)]
        )
    ratio = startup.ratio(OURS) if OURS in startup.seconds else None
    verdict = at_most("", ratio.median if ratio else None, cases.STARTUP_TARGET)
    target = f"\n  target x import pydantic {verdict.text()} ({verdict.value:.2f})" if verdict else ""
    title = "stdio: spawn to the first tools/list answer"
    return f"{title}\n{_table(['', 'x import pydantic', 'ms'], rows)}{target}"


def _memory_table(footprints: dict[str, Footprint]) -> str:
    rows = []
    for name, item in footprints.items():
        if item.fault:
            rows.append([LABELS[name], "-", "-", "-", "-", "-"])
            continue
        pss = [f"{value:.1f}" if value is not None else "-" for value in (item.start_pss, item.after_pss)]
        rows.append([LABELS[name], f"{item.start_rss:.1f}", f"{item.after_rss:.1f}", f"{item.growth:+.1f}", *pss])
    head = [
        "MB (10**6 bytes)",
        "RSS at start",
        f"RSS after {cases.MEMORY_CALLS:,} calls",
        "growth",
        "PSS at start",
        "PSS after",
    ]
    lines = []
    if (own := footprints.get(OURS)) and not own.fault:
        for what, value, bound in (
            ("at start", own.start_rss, cases.MEMORY_START_TARGET),
            ("growth", own.growth, cases.MEMORY_GROWTH_TARGET),
        ):
            verdict = at_most(what, value, bound)
            lines.append(f"  target {what} {verdict.text()} ({verdict.value:.1f} MB)" if verdict else "")
    return "\n".join(["Memory", _table(head, rows), *lines])


def _token_lines(tokens: dict[str, TokenCount]) -> str:
    lines = ["Tokens of name, description and input schema (o200k_base)"]
    for which, count in tokens.items():
        if count.missing:
            lines.append(f"  {which}: not counted: {count.missing}")
            continue
        lines.append(f"  {which}: {len(count.by_tool)} tools, {count.total:,} tokens")
        if which == "default":
            ranked = sorted(count.by_tool.items(), key=lambda pair: -pair[1])
            lines.append("    " + ", ".join(f"{name} {number}" for name, number in ranked))
            verdict = at_most("", count.total, cases.TOKENS_TARGET)
            lines.append(f"  target {verdict.text()}" if verdict else "")
    return "\n".join(lines)


def _closing(results: Results) -> str:
    judged = verdicts(results)
    missed = [verdict for verdict in judged if not verdict.met]
    lines = [
        f"Targets: {len(judged) - len(missed)} of {len(judged)} met" if judged else "Targets: none judged in this run"
    ]
    lines += [f"  ✗ {verdict.what}: {verdict.value:.2f}, target {verdict.bound}" for verdict in missed]
    faults = results.faults()
    lines += [f"Errors: {len(faults)}" if faults else "Errors: none", *(f"  {fault}" for fault in faults)]
    return "\n".join(lines)


def as_json(results: Results) -> dict[str, Any]:
    """Everything in the report and the windows behind it."""
    return {
        "mode": results.mode,
        "versions": {"python": platform.python_version()} | results.versions,
        "notes": results.notes,
        "ceiling_calls_per_second": results.ceiling,
        "load": [_case_json(item) for item in results.measured],
        "stdio": _startup_json(results.startup) if results.startup else None,
        "memory_mb": {name: asdict(item) for name, item in results.footprints.items()},
        "tokens": {name: asdict(count) | {"total": count.total} for name, count in results.tokens.items()},
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
