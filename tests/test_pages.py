"""Generated pages of the handbook are as fresh as what they are generated from, and what they say is so."""

from __future__ import annotations

import difflib
import json

import pytest

from flintt_mcp.catalogue.base_urls import base_urls
from scripts.handbook.pages import PAGES
from tests.fake_api import KEYS, open_fake
from tests.page_tables import Row, page, rows_of
from tests.snapshots import kept

API_OF = {
    "FLINTT_API_KEY": "flintt",
    "FLINTT_JWT": "flintt-management",
    "FLOWPILOT_API_KEY": "flowpilot",
    "FLOWMATICX_API_KEY": "flowmaticx",
    "FLEXTELL_TOKEN": "flextell",
}
"""Whose key each variable holds."""


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_fresh(name: str) -> None:
    before, now = page(name), PAGES[name]()
    if before != now:
        changes = "".join(
            difflib.unified_diff(before.splitlines(True), now.splitlines(True), f"docs/{name}", "as generated")
        )
        pytest.fail(f"{changes}\nto bring it up to date: python -m scripts.handbook.pages", pytrace=False)


def test_the_keys_of_all_apis_are_documented() -> None:
    assert [row["key variable"] for row in rows_of(page("settings.md"), "API")] == list(API_OF)


@pytest.mark.anyio
@pytest.mark.parametrize("row", rows_of(page("settings.md"), "API"), ids=lambda row: row["key variable"])
async def test_a_key_given_as_the_page_says_is_taken_for_its_api(row: Row, tmp_path) -> None:
    name = API_OF[row["key variable"]]
    key = KEYS[name]
    async with open_fake(tmp_path) as app:
        callers = [
            app.credentials.from_environment({row["key variable"]: key}),
            app.credentials.from_request(b"", [(row["header"].encode(), key.encode())]),
            app.credentials.from_request(f"{row['query']}={key}".encode(), []),
        ]
    assert [caller.secrets for caller in callers] == [{name: key}] * 3


@pytest.mark.parametrize("row", rows_of(page("settings.md"), "API"), ids=lambda row: row["key variable"])
def test_an_api_is_where_the_page_says(row: Row) -> None:
    name = API_OF[row["key variable"]]
    assert base_urls({}, sandbox=False)[name] == row["default URL"]
    elsewhere = {row["URL variable"]: "https://elsewhere.example/api"}
    assert base_urls(elsewhere, sandbox=False)[name] == "https://elsewhere.example/api"


def test_the_page_of_tools_documents_every_tool() -> None:
    heads = [line.removeprefix("### ") for line in page("tools.md").splitlines() if line.startswith("### ")]
    assert sorted(f"{head}.json" for head in heads) == sorted(kept())


@pytest.mark.parametrize("name", kept())
def test_a_tool_is_documented_as_a_client_sees_it(name: str) -> None:
    tool = json.loads(kept()[name])
    part = page("tools.md").partition(f"### {tool['name']}\n")[2].partition("\n##")[0]
    rows = rows_of(part, "argument")
    assert part.strip().splitlines()[0] == tool["description"]
    assert [row["argument"] for row in rows] == list(tool["inputSchema"]["properties"])
    assert [row["argument"] for row in rows if row["required"]] == tool["inputSchema"].get("required", [])
