"""Generated pages of the handbook are as fresh as what they are generated from, and no setting goes without mention."""

from __future__ import annotations

import difflib

import pytest

from flintt_mcp.catalogue import APIS
from flintt_mcp.offers.handbook.documents import default_folder
from flintt_mcp.settings import ROWS, variable
from scripts.handbook.pages import PAGES, all_tools


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_fresh(name: str) -> None:
    kept, now = (default_folder() / name).read_text("utf-8"), PAGES[name]()
    if kept != now:
        changes = "".join(
            difflib.unified_diff(kept.splitlines(True), now.splitlines(True), f"docs/{name}", "as generated")
        )
        pytest.fail(f"{changes}\nto bring it up to date: python -m scripts.handbook.pages", pytrace=False)


def test_every_setting_and_every_key_is_documented() -> None:
    page = PAGES["settings.md"]()
    assert [name for name in ROWS if f"`{variable(name)}`" not in page] == []
    assert [api.name for api in APIS if f"`{api.variable}_{api.secret}`" not in page] == []


def test_every_tool_is_documented_with_every_argument() -> None:
    page = PAGES["tools.md"]()
    for tools in all_tools().values():
        for tool in tools:
            part = page.partition(f"### {tool.name}\n")[2].partition("\n### ")[0]
            assert tool.about in part
            assert [name for name in tool.arguments.schema["properties"] if f"`{name}`" not in part] == []
