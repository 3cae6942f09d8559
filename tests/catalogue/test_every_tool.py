"""What must hold for every tool as a client sees it, whatever API it belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from flintt_mcp.calls.arguments.schemas import MONEY_PATTERN
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue import APIS, TOOLSETS
from flintt_mcp.catalogue.operation import Effect, Operation
from flintt_mcp.offers.approval_tool import TOOLSET as APPROVALS
from flintt_mcp.offers.early import early_inventory
from flintt_mcp.offers.handbook.tools import TOOLSET as DOCS
from flintt_mcp.offers.insight.tables import TOOLSET as INSIGHT
from flintt_mcp.offers.waiting_tool import TOOLSET as WAITING
from flintt_mcp.settings import Settings
from scripts.handbook.pages import all_tools
from tests.case_files import every_operation
from tests.catalogue import MAKES_WHAT_IS_MISSING
from tests.snapshots import visible_text
from tests.tokens import tokens

TOOLS = [tool for tools in all_tools().values() for tool in tools]
HANDS_ON = "get_approval"
"""Named for what a client gets from it; what it changes is the call that a person approved."""
BRINGS_IN = "commit_import"
"""Named for what people call the second step of an import."""
ASKS = {"query_workspace", "changes_since", "match_companies", "preview_import"}
"""Named for what a person does with it, which is more than to list or to get."""
TELLS_TABLES = "query_workspace"
"""Its description holds the tables and columns that a statement needs: without them each question would take two calls."""
MOST_TOKENS = 3_000
UNBOUNDED_STRINGS: set[tuple[str, str]] = set()
"""(tool, argument) of every string without a bound or an enum; each needs a reason here. There is none."""
COMBINING = {"anyOf", "oneOf", "allOf", "not", "if", "then", "else", "$ref", "$defs", "definitions", "dependentSchemas"}
GIVEN_BY_US = {
    "count",
    "complete",
    "total",
    "cap",
    "left_out",
    "not_shown",
    "next_cursor",
    "note",
    "hint",
    "secret_file",
    "secret_link",
}

each_tool = pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
each_operation = pytest.mark.parametrize(
    "operation", [operation for _, operation in every_operation()], ids=lambda operation: operation.name
)


def _schemas(schema: Any, where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema inside a schema, with its place."""
    if isinstance(schema, dict):
        yield where, schema
        for name, part in schema.get("properties", {}).items():
            yield from _schemas(part, f"{where}.{name}")
        yield from _schemas(schema.get("items"), where + "[]")


def test_names_are_unique() -> None:
    names = [tool.name for tool in TOOLS]
    assert len(names) == len(set(names))


def test_titles_are_unique() -> None:
    titles = [tool.title for tool in TOOLS]
    assert len(titles) == len(set(titles))


@each_tool
def test_a_name_is_short_and_plain(tool: Tool) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]{0,31}", tool.name)


@each_tool
def test_a_title_names_its_api(tool: Tool) -> None:
    titles = {api.name: api.title for api in APIS}
    assert 3 <= len(tool.title) <= 60
    assert tool.api is None or titles[tool.api] in tool.title


@each_tool
def test_a_description_is_a_few_whole_sentences(tool: Tool) -> None:
    assert 20 <= len(tool.about) <= (900 if tool.name == TELLS_TABLES else 300)
    assert tool.about.endswith(".")
    assert tool.about.isprintable()
    assert tool.about == " ".join(tool.about.split())


@each_tool
def test_hints_follow_the_effect_and_never_contradict(tool: Tool) -> None:
    assert isinstance(tool.effect, Effect)
    shown = tool.wire["annotations"]
    assert shown == {
        "title": tool.title,
        "readOnlyHint": tool.effect is Effect.READ,
        "destructiveHint": tool.effect in (Effect.UPDATE, Effect.DESTROY, Effect.SPEND),
        "idempotentHint": tool.effect in (Effect.READ, Effect.UPDATE, Effect.DESTROY),
        "openWorldHint": tool.api is not None,
    }
    assert not (shown["readOnlyHint"] and shown["destructiveHint"])


@each_tool
def test_the_name_begins_with_a_verb_that_fits_the_effect(tool: Tool) -> None:
    verbs = {
        Effect.READ: {"list", "get", "search", "read", "wait"},
        Effect.CREATE: {"create"},
        Effect.UPDATE: {"update", "modify"},
        Effect.DESTROY: {"delete", "revoke", "rotate", "regenerate"},
        Effect.SPEND: {"create"},
    }
    if tool.name in ASKS:
        verbs[Effect.READ] |= {"query", "changes", "match", "preview"}
    words = tool.name.split("_")
    if tool.name == MAKES_WHAT_IS_MISSING:
        verbs[Effect.CREATE] = {"get"}
    if tool.name == BRINGS_IN:
        verbs[Effect.CREATE] = {"commit"}
    if tool.name == HANDS_ON:
        verbs[Effect.UPDATE] = {"get"}
    assert next((word for word in words if word in set().union(*verbs.values())), None) in verbs[tool.effect]


@each_tool
def test_the_input_schema_is_one_plain_object(tool: Tool) -> None:
    schema = tool.wire["inputSchema"]
    Draft202012Validator.check_schema(schema)
    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False
    assert set(schema.get("required", ())) <= schema["properties"].keys()
    for where, part in _schemas(schema):
        assert COMBINING.isdisjoint(part), where
        assert isinstance(part["type"], str), where
        assert part["type"] != "null", where
        assert None not in part.get("enum", ()), where


def _is_money(part: Mapping[str, Any]) -> bool:
    """A decimal whose pattern ends after so many digits."""
    pattern = part.get("pattern", "")
    return pattern == MONEY_PATTERN or bool(re.fullmatch(r"\^[^*+]*\$", pattern))


@each_tool
def test_every_string_of_the_input_is_bounded(tool: Tool) -> None:
    for where, part in _schemas(tool.arguments.schema):
        if part["type"] == "string" and (tool.name, where.strip(".")) not in UNBOUNDED_STRINGS:
            assert "enum" in part or _is_money(part) or part.get("maxLength", 0) > 0, where


@each_tool
def test_every_number_of_the_input_that_pages_is_bounded(tool: Tool) -> None:
    limit = tool.wire["inputSchema"]["properties"].get("limit")
    assert limit is None or (limit["type"] == "integer" and limit["minimum"] == 1 and limit["maximum"] >= 1)


@each_tool
def test_every_argument_is_described(tool: Tool) -> None:
    arguments = tool.wire["inputSchema"]["properties"]
    assert [name for name, part in arguments.items() if not part.get("description")] == []


@each_tool
def test_what_is_said_of_an_argument_is_short(tool: Tool) -> None:
    for where, part in _schemas(tool.wire["inputSchema"]):
        assert len(part.get("description", "")) <= 120, where
        assert part.get("description", "x").isprintable(), where


def test_every_tool_but_those_that_answer_text_alone_has_an_output_schema() -> None:
    assert [tool.name for tool in TOOLS if "outputSchema" not in tool.wire] == ["get_doc"]


@pytest.mark.parametrize("tool", [tool for tool in TOOLS if tool.output_schema], ids=lambda tool: tool.name)
def test_the_output_schema_is_an_object_and_valid(tool: Tool) -> None:
    schema = tool.wire["outputSchema"]
    Draft202012Validator.check_schema(schema)
    assert schema["type"] == "object"
    assert set(schema["required"]) <= schema["properties"].keys()
    for where, part in _schemas(schema):
        assert COMBINING.isdisjoint(part), where
        assert part.get("additionalProperties") is not False, where


@each_operation
def test_the_output_schema_types_no_field_of_the_api_but_money(operation: Operation) -> None:
    tool = next(tool for tool in TOOLS if tool.name == operation.name)
    parts = [operation.result.fields, *(section.fields for section in getattr(operation.result, "sections", ()))]
    money = {field.name for part in parts for field in part if field.money}
    outer = tool.wire["outputSchema"]["properties"]
    told = [part for name, part in outer.items() if name not in GIVEN_BY_US]
    tables = [part["properties"] for part in told if "columns" in part["properties"]]
    records = [part for part in told if "columns" not in part["properties"]]
    assert [table["rows"]["items"] for table in tables] == [{"type": "array"}] * len(tables)
    assert [record for record in records if "required" in record] == []
    fields = [item for record in records for item in record["properties"].items()]
    assert [name for name, field in fields if not field.keys() <= {"type", "description"}] == []
    assert [name for name, field in fields if field.get("type") != ("string" if name in money else None)] == []


@each_tool
def test_a_tool_with_an_api_is_in_a_toolset_of_that_api(tool: Tool) -> None:
    apis = {toolset.name: toolset.api.name for toolset in TOOLSETS} | {
        DOCS: None,
        INSIGHT: "flintt",
        APPROVALS: None,
        WAITING: None,
    }
    assert tool.api == apis[tool.toolset]


def test_all_default_tools_together_cost_a_model_little(record_property: Any) -> None:
    """As a client sees them that gets no others: wait_for names more where more toolsets are on."""
    cost = {tool.name: tokens(visible_text(tool)) for tool in early_inventory(Settings(), {})}
    record_property("tokens", sum(cost.values()))
    for name, count in cost.items():
        print(f"{count:5}  {name}")
    print(f"{sum(cost.values()):5}  of at most {MOST_TOKENS:,} for all {len(cost)} default tools")
    assert sum(cost.values()) <= MOST_TOKENS
