"""Prints what a run measured, ratios first, with the targets beside them.

In: a `Results`. Out: tables for a terminal. A ratio reads `median [lowest-highest]` over the rounds; a mark says whether the
median meets its target. Nothing is measured or judged here.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence

from bench import cases
from bench.contenders import FASTMCP, FLOOR, LABELS, OURS
from bench.footprint import Footprint
from bench.large import Large
from bench.load import Measured, Row
from bench.piped import CONCURRENCY, Piped
from bench.ratio import Spread, spread
from bench.results import Results, at_least, at_most, large_verdicts, load_verdicts, verdicts
from bench.startup import YARDSTICK, Startup
from bench.tasks.replay import Replayed, of_the_trial
from bench.tokens import TokenCount


def text(results: Results) -> str:
    """The whole report for a terminal."""
    parts = [_heading(results)]
    for case in cases.CASES:
        items = [item for item in results.measured if item.case is case]
        if items:
            parts.append(_case_table(case.title, items))
    if results.startup:
        parts.append(_startup_table(results.startup))
    if results.piped:
        parts.append(_piped_line("stdio", results.piped, cases.STDIO_TARGET))
    if results.legacy:
        parts.append(_piped_line("legacy SSE", results.legacy, cases.LEGACY_TARGET))
    if results.footprints:
        parts.append(_memory_table(results.footprints))
    if results.tokens:
        parts.append(_token_lines(results.tokens))
    if results.large:
        parts.append(_large_lines(results.large))
    if results.tasks:
        parts.append(_task_table(results.tasks))
    parts.append(_closing(results))
    return "\n\n".join(parts)


def _large_lines(large: Large) -> str:
    found = [] if large.fault else [verdict for verdict in large_verdicts(large) if verdict]
    title = "5,000 companies, 700 deals and 2,000 runs at an API that answers in 50 ms"
    return "\n".join([title, *(f"  {verdict.what}: {verdict.value:.2f} {verdict.text()}" for verdict in found)])


def _task_table(tasks: Sequence[Replayed]) -> str:
    rows = [
        [item.name + (" *" if item.trial else ""), str(item.calls), f"{item.characters:,}", item.fault]
        for item in tasks
    ]
    sums = [
        ("all", sum(item.calls for item in tasks), sum(item.characters for item in tasks)),
        ("those with *", *of_the_trial(tasks)),
    ]
    rows += [[name, str(calls), f"{characters:,}", ""] for name, calls, characters in sums]
    title = "Tasks of a salesperson on the sandbox: calls, and characters of results (* with endpoints alone: 97 calls, 343,000)"
    return "\n".join([title, _table(["", "calls", "characters", ""], rows)])


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
    lines = [
        f"  c{item.concurrency}: target x {LABELS[under]} {verdict.text()} ({verdict.value:.2f})"
        for under, verdict in load_verdicts(item).items()
        if verdict
    ]
    return lines + [
        f"  c{item.concurrency}: {LABELS[row.contender]}: {row.fault}" for row in item.rows.values() if row.fault
    ]


def _answer_kind(row: Row) -> str:
    window = next((window for window in row.windows if window), None)
    if window is None:
        return ""
    return f"{window.content_type}, {window.bytes_per_answer:,} bytes"


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


def _piped_line(what: str, piped: Piped, bound: float) -> str:
    verdict = at_least("", piped.ratio, bound)
    target = f"  {verdict.text()}" if verdict else ""
    return f"{what}: calls a second, {CONCURRENCY} at once\n  {_shown(piped.rate, 0)}, x floor {_shown(piped.ratio)}{target}"


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
