"""The docs tools and resources over a small handbook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from flintt_mcp.calls.call import Call, QuietChannel
from flintt_mcp.calls.caller import Caller
from flintt_mcp.calls.pipeline import Pipeline
from flintt_mcp.calls.reply import Done, Refused, Reply, objects_of
from flintt_mcp.calls.stages.validate import validate
from flintt_mcp.errors import ToolInputError
from flintt_mcp.offers.handbook.documents import Handbook
from flintt_mcp.offers.handbook.tools import docs_tools
from flintt_mcp.offers.handbook_resources import docs_resources
from flintt_mcp.offers.resources import Contents, Reading
from flintt_mcp.rest.reading.clients import Budgets
from tests.certain import there

pytestmark = pytest.mark.anyio

LONG = "# Long\nAbout it.\n\n## One\n" + "1" * 500 + "\n\n## Two\n" + "2" * 500 + "\n\n## Three\n3\n"

ASIDE = "pages for developers are not listed: developers true lists them too"
HOUSE = "# House\n\nHow it waits inside.\n\n<!-- for developers of this server -->\n"


@pytest.fixture
def handbook(tmp_path: Path) -> Handbook:
    (tmp_path / "errors.md").write_text("# Errors\nWhat an error says.\n\n## Limits\nWait a bit.\n", "utf-8")
    (tmp_path / "long.md").write_text(LONG, "utf-8")
    (tmp_path / "house.md").write_text(HOUSE, "utf-8")
    return Handbook(tmp_path)


async def reply(handbook: Handbook, name: str, most: int = 700, **arguments: Any) -> Reply:
    tool = next(tool for tool in docs_tools(handbook, Budgets(most)) if tool.name == name)
    answer = await Pipeline([validate]).run(Call(tool, arguments, Caller("nobody")))
    if isinstance(answer, Done) and tool.output_schema is not None:
        Draft202012Validator(tool.output_schema).validate(answer.structured)
    return answer


async def done(handbook: Handbook, name: str, **arguments: Any) -> Done:
    answer = await reply(handbook, name, **arguments)
    assert isinstance(answer, Done)
    return answer


async def refused(handbook: Handbook, name: str, **arguments: Any) -> ToolInputError:
    answer = await reply(handbook, name, **arguments)
    assert isinstance(answer, Refused)
    assert isinstance(answer.error, ToolInputError)
    return answer.error


async def test_the_index_names_every_document_for_users(handbook: Handbook) -> None:
    answer = await done(handbook, "list_docs")
    assert answer.structured == {
        "docs": {
            "columns": ["slug", "title", "about"],
            "rows": [["errors", "Errors", "What an error says."], ["long", "Long", "About it."]],
        },
        "count": 2,
        "complete": True,
        "hint": ASIDE,
    }
    assert answer.text.split("\n") == [
        "docs: 2",
        "slug | title | about",
        "errors | Errors | What an error says.",
        "long | Long | About it.",
        ASIDE,
    ]


async def test_pages_for_developers_are_in_the_index_and_found_by_who_asks_for_them(handbook: Handbook) -> None:
    found = [
        [
            row["slug"]
            for row in objects_of(there((await done(handbook, name, developers=developers, **more)).structured)[rows])
        ]
        for name, rows, more in (("list_docs", "docs", {}), ("search_docs", "hits", {"query": "waits"}))
        for developers in (False, True)
    ]
    assert found == [["errors", "long"], ["errors", "house", "long"], ["errors"], ["errors", "house"]]
    assert await done(handbook, "get_doc", slug="house") == Done(text=HOUSE)


async def test_rows_that_do_not_fit_are_left_out_whole_and_counted(handbook: Handbook) -> None:
    answer = await done(handbook, "list_docs", most=150, developers=True)
    assert answer.structured == {
        "docs": {"columns": ["slug", "title", "about"], "rows": [["errors", "Errors", "What an error says."]]},
        "count": 1,
        "complete": False,
        "left_out": 2,
    }
    assert answer.text.split("\n")[-1] == "2 rows left out to keep this short; search_docs finds what they are about"


async def test_a_document_is_served_as_it_is_and_once(handbook: Handbook) -> None:
    answer = await done(handbook, "get_doc", slug="errors")
    assert answer == Done(text=handbook.documents["errors"].markdown)


async def test_a_long_document_leaves_out_whole_sections_and_names_them(handbook: Handbook) -> None:
    answer = await done(handbook, "get_doc", slug="long")
    left_out = "\nLeft out for size, ask with section: Two, Three"
    assert answer == Done(text=LONG[: LONG.index("## Two")] + left_out)


async def test_one_section_is_served_alone(handbook: Handbook) -> None:
    answer = await done(handbook, "get_doc", slug="errors", section="limits")
    assert answer == Done(text="## Limits\nWait a bit.\n")


async def test_a_section_that_is_not_there_is_refused_with_those_that_are(handbook: Handbook) -> None:
    error = await refused(handbook, "get_doc", slug="long", section="Four")
    assert (error.message, error.advice) == ("section: long has no such section", "its sections are: One, Two, Three")


@pytest.mark.parametrize("slug", ["nope", "../errors"])
async def test_a_slug_that_is_not_there_is_refused_with_those_that_are(handbook: Handbook, slug: str) -> None:
    error = await refused(handbook, "get_doc", slug=slug)
    assert error.message == "slug: no document has that name; there are errors, house, long"


@pytest.mark.parametrize("slug", ["", None, 7])
async def test_a_slug_that_is_no_name_is_refused(handbook: Handbook, slug: Any) -> None:
    error = await refused(handbook, "get_doc", slug=slug)
    assert error.message.startswith("slug: ")


async def test_search_names_the_place_and_shows_a_snippet(handbook: Handbook) -> None:
    answer = await done(handbook, "search_docs", query="waiting", limit=3)
    assert answer.structured == {
        "hits": {
            "columns": ["slug", "section", "title", "snippet"],
            "rows": [["errors", "limits", "Errors: Limits", "## Limits Wait a bit."]],
        },
        "count": 1,
        "complete": True,
        "hint": ASIDE,
    }
    assert answer.text.split("\n")[-2] == "errors | limits | Errors: Limits | ## Limits Wait a bit."


async def test_a_search_that_finds_nothing_says_where_to_look(handbook: Handbook) -> None:
    answer = await done(handbook, "search_docs", query="zzz")
    assert answer.structured == {"hits": {"columns": [], "rows": []}, "count": 0, "complete": True, "hint": ASIDE}
    assert answer.text == "hits: 0\nnothing found; list_docs shows what there is\n" + ASIDE


async def test_every_document_is_a_public_resource_of_its_whole_text(handbook: Handbook) -> None:
    resources = docs_resources(handbook)
    assert [(one.uri, one.name, one.title, one.about, one.public, one.ttl_ms) for one in resources] == [
        ("docs://errors", "errors", "Errors", "What an error says.", True, 3_600_000),
        ("docs://house", "house", "House", "How it waits inside.", True, 3_600_000),
        ("docs://long", "long", "Long", "About it.", True, 3_600_000),
    ]
    reading = Reading("docs://long", {}, Caller("nobody"), QuietChannel())
    assert await resources[2].read(reading) == Contents("text/markdown", text=LONG)


def test_docs_tools_are_public_and_read_only(handbook: Handbook) -> None:
    for tool in docs_tools(handbook, Budgets(700)):
        assert (tool.api, tool.hints["readOnlyHint"], tool.hints["openWorldHint"]) == (None, True, False)
