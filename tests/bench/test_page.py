"""The page on speed and its picture say the same, and both only what a run found."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench import page
from bench.burdens import Burdens
from bench.piped import Piped
from bench.results import Results, verdicts

DOCS = Path(__file__).parents[2] / "docs"
FOUND = Results(
    "quick",
    {"mcp": "2.3.0"},
    piped=Piped(floor=[1000.0, 2000.0], product=[500.0, 1000.0]),
    legacy=Piped(floor=[1000.0], product=[100.0]),
    burdens=Burdens(sessions_mb=4.0, bodies_mb=80.0, slowest_health=0.05),
)


def _named(svg: str) -> list[str | None]:
    texts = ElementTree.fromstring(svg).findall("{http://www.w3.org/2000/svg}text[@text-anchor='end']")
    return [text.text for text in texts]


def test_the_table_tells_every_target_of_the_run_met_or_not(tmp_path: Path) -> None:
    path = tmp_path / "performance.md"
    path.write_text(f"# Performance\n{page.BEGIN}\nolder\n{page.END}\nafter\n")
    page.write(FOUND, path)
    text = path.read_text()
    assert "older" not in text
    assert text.endswith("\nafter\n")
    assert "| calls on stdio x floor | 0.50 | >= 0.4 | yes |" in text
    assert "| calls on legacy SSE x floor | 0.10 | >= 0.35 | **no** |" in text
    assert _named(path.with_suffix(".svg").read_text()) == [one.what for one in verdicts(FOUND)]


def test_a_bar_is_as_long_as_what_is_reached_of_what_is_wanted() -> None:
    svg = page.drawing(verdicts(FOUND))
    bars = ElementTree.fromstring(svg).findall("{http://www.w3.org/2000/svg}rect")
    # stdio, legacy SSE, idle sessions, bodies, health: 300 wide where twice what is wanted is reached
    assert [(bar.get("class"), bar.get("width")) for bar in bars] == [
        ("met", "188"),
        ("missed", "43"),
        ("met", "188"),
        ("missed", "75"),
        ("met", "300"),
    ]


def test_a_page_without_a_place_for_the_table_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "other.md"
    path.write_text("# Other\n")
    with pytest.raises(ValueError, match="measured: begin"):
        page.write(FOUND, path)
    assert path.read_text() == "# Other\n"


def test_the_picture_in_docs_is_of_the_run_that_the_page_tells() -> None:
    rows = re.findall(
        r"^\| (.+?) \| ([\d.]+) \| ([<>]= [\d.]+) \|", (DOCS / "performance.md").read_text(), re.MULTILINE
    )
    svg = (DOCS / "performance.svg").read_text()
    assert rows
    assert _named(svg) == [what for what, _, _ in rows]
    for _, value, bound in rows:
        assert f">{value} ({bound.replace('>', '&gt;').replace('<', '&lt;')})<" in svg
