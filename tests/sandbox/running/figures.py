"""The generated parts of docs/signals-architecture.md: measured figures, topics, limits. `python figures.py` writes them anew."""

from __future__ import annotations

import re
from pathlib import Path

from flintt_mcp.sandbox.flintt.running import ledger, outcomes
from flintt_mcp.sandbox.flintt.running.judging import text_validator
from flintt_mcp.sandbox.flintt.running.judging.topics import TOPICS
from flintt_mcp.sandbox.flintt.running.sources import reach
from flintt_mcp.sandbox.flintt.running.sources.fetching import FILE_KINDS
from tests.sandbox.running.labelled import load, measure

PAGE = Path(__file__).parents[3] / "docs" / "signals-architecture.md"


def generated_parts() -> dict[str, str]:
    """Each part with its markers."""
    return {
        name: f"<!-- generated: {name} -->\n{text}\n<!-- end -->"
        for name, text in (("figures", _figures()), ("topics", _topics()), ("limits", _limits()))
    }


def _figures() -> str:
    dev, held = measure("dev"), measure("held")
    head = [
        "| part | step | items | precision | recall | right | wrong | missed |",
        "|---|---|---|---|---|---|---|---|",
    ]
    companies, signals = len(load().companies), len(load().signals)
    told = f"{dev.items + held.items} items, {companies} companies, {signals} descriptions of signals:"
    return "\n".join([told, "", *head, *held.rows(), *dev.rows()])


def _topics() -> str:
    rows = [f"| {topic.name} | {', '.join(_parts(topic)) or '-'} | {topic.why_now} |" for topic in TOPICS]
    return "\n".join(["| topic | must agree when the description names it | why_now |", "|---|---|---|", *rows])


def _parts(topic) -> list[str]:
    return [name.replace("role:", "") for name in topic.refines]


def _limits() -> str:
    rows = {
        "sources of a signal": f"1 to {reach.MAX_TOOLS}",
        "length of a source": f"{reach.MAX_BYTES // 1024**2} MiB; a longer one fails as a whole",
        "time for one request": f"{reach.FETCH_SECONDS:g} s, name look-up included",
        "time for parsing a feed": f"{reach.PARSE_SECONDS:g} s, from {reach.PARSED_APART_FROM // 1024} KiB on in a process apart",
        "redirects": f"{reach.MAX_REDIRECTS}, each checked like the first address",
        "items of one source": f"the first {reach.MAX_ITEMS}",
        "headline of an item": f"{reach.MAX_TITLE} characters",
        "text of an item": f"{reach.MAX_TEXT} characters",
        "files": f"end in {', '.join(FILE_KINDS)}",
        "an item is old after": f"{text_validator.OLD_AFTER.days} days",
        "a run is given up after": f"{ledger.MAX_ATTEMPTS} attempts that did not end",
        "results kept on a company": f"{outcomes.KEPT_SIGNALS}, newest first",
    }
    return "\n".join(["| what | limit |", "|---|---|", *(f"| {what} | {limit} |" for what, limit in rows.items())])


def write() -> None:
    """Put the generated parts into the page."""
    page = PAGE.read_text(encoding="utf-8")
    for name, text in generated_parts().items():
        page = re.sub(rf"<!-- generated: {name} -->.*?<!-- end -->", text.replace("\\", r"\\"), page, flags=re.S)
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    write()
