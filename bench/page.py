"""Writes what a run found into the page for people: its table between two marks, and the picture beside it.

In: a `Results`, and the page. Out: the page with a new table, and an SVG of the same name: one bar a target, as a share of what is
wanted. The colours are those of the reader's system.
"""

from __future__ import annotations

import os
import platform
from html import escape
from pathlib import Path

from bench.results import Results, Verdict, verdicts

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
_ROW, _LEFT, _WIDE, _RIGHT = 24, 330, 300, 120
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1f2328}.met{fill:#1a7f37}.missed{fill:#bc4c00}"
    "line{stroke:#57606a;stroke-dasharray:3 3}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.met{fill:#3fb950}.missed{fill:#f0883e}line{stroke:#8b949e}}"
)


def write(results: Results, page: Path) -> None:
    """Writes both. Raises: ValueError where the page has no place for the table."""
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has no lines {BEGIN} and {END}")
    judged = verdicts(results)
    page.write_text(f"{before}{BEGIN}\n{table(results, judged)}\n{END}{after}", encoding="utf-8")
    page.with_suffix(".svg").write_text(drawing(judged), encoding="utf-8")


def table(results: Results, judged: list[Verdict]) -> str:
    """Every target as a row of markdown, under the machine and what was loaded on it."""
    rows = [f"| {one.what} | {one.value:.2f} | {one.bound} | {'yes' if one.met else '**no**'} |" for one in judged]
    versions = ", ".join(f"{name} {version}" for name, version in results.versions.items())
    notes = [f"- {note}" for note in results.notes]
    head = [
        f"A {results.mode} run on {os.cpu_count()} cores, Python {platform.python_version()}: {versions}.",
        *notes,
        "",
        "| what | measured | wanted | met |",
        "|---|---|---|---|",
    ]
    return "\n".join([*head, *rows])


def drawing(judged: list[Verdict]) -> str:
    """The same as bars: the line is what is wanted, and to reach to the right of it is good."""
    lines, high = [], _ROW * len(judged) + 40
    for number, one in enumerate(judged):
        y, share = _ROW * number + 30, _share(one)
        wide = round(min(share, 2.0) / 2 * _WIDE)
        lines += [
            f'<text x="{_LEFT - 8}" y="{y + 13}" text-anchor="end">{escape(one.what)}</text>',
            f'<rect class="{"met" if one.met else "missed"}" x="{_LEFT}" y="{y}" width="{wide}" height="16" rx="2"/>',
            f'<text x="{_LEFT + wide + 6}" y="{y + 13}">{one.value:.2f} ({escape(one.bound)})</text>',
        ]
    middle, wide = _LEFT + _WIDE // 2, _LEFT + _WIDE + _RIGHT
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}" role="img">'
        f"<title>What was measured, as a share of what is wanted</title><style>{_STYLE}</style>"
        f'<text x="{middle}" y="16" text-anchor="middle">wanted</text>'
        f'<line x1="{middle}" x2="{middle}" y1="22" y2="{high - 8}"/>{"".join(lines)}</svg>\n'
    )


def _share(one: Verdict) -> float:
    """How much of what is wanted is reached, 1 being all: more is better for what should be high, less for the rest."""
    wanted = float(one.bound.split()[1])
    value = max(one.value, wanted / 2) if one.bound.startswith("<=") else one.value
    return wanted / value if one.bound.startswith("<=") else value / wanted
