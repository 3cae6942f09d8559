"""Arguments: what is understood, what is refused, and that no refused value is ever repeated."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from flintt_mcp.calls.arguments.arguments import Arguments
from flintt_mcp.calls.arguments.schemas import MONEY_PATTERN
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue.argument import AnyOf, Arg, Kind, Needs, NotBoth, Place, body, local, path, query
from flintt_mcp.catalogue.flowpilot import AMOUNT
from flintt_mcp.catalogue.operation import Operation
from flintt_mcp.errors import ToolInputError
from flintt_mcp.rest.described import arguments_of
from scripts.handbook.pages import all_tools
from tests.apis.toolbox import case_arguments
from tests.case_files import every_operation

TOOLS = [tool for tools in all_tools().values() for tool in tools]
MARK = "Zq7xMarker"
UNSENDABLE = "data: an object of valid Unicode and finite numbers"


def _deep(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"a": value}
    return value


ARGS = (
    path("signal_id"),
    query("name", "Part of the name.", low=1, high=20),
    query("stage", choices=("won", "lost")),
    query("page", kind=Kind.INTEGER, low=1, high=50),
    body("value", kind=Kind.NUMBER, low=0, high=1000),
    body("amount", kind=Kind.MONEY),
    body("active", kind=Kind.FLAG),
    body("events", kind=Kind.TEXTS, choices=("a.b", "c.d"), low=1, high=2),
    body("tags", kind=Kind.TEXTS, high=3),
    body("data", kind=Kind.OBJECT),
    body("schedule", high=100, clears=True),
    body("code", pattern="^[A-Z]{2}$", high=2),
)
ARGUMENTS = Arguments("every_kind", ARGS)

surrogates = st.characters(min_codepoint=0xD800, max_codepoint=0xDFFF)
texts = st.text() | st.text(surrogates, min_size=1, max_size=3)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=10,
)


def check(**given: Any) -> dict[str, Any]:
    return ARGUMENTS.check({"signal_id": "s1", **given})


def refusal(arguments: Arguments, given: dict[str, Any]) -> str:
    with pytest.raises(ToolInputError) as caught:
        arguments.check(given)
    return caught.value.message


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ({"page": 7}, {"page": 7}),
        ({"page": "7"}, {"page": 7}),
        ({"page": 7.0}, {"page": 7}),
        ({"value": 12000 / 100}, {"value": 120.0}),
        ({"value": 12}, {"value": 12}),
        ({"value": "12"}, {"value": 12}),
        ({"value": "1.5"}, {"value": 1.5}),
        ({"amount": "1250.00"}, {"amount": "1250.00"}),
        ({"amount": 1250}, {"amount": "1250"}),
        ({"amount": 0.1}, {"amount": "0.1"}),
        ({"amount": 0.00001}, {"amount": "0.00001"}),
        ({"active": True}, {"active": True}),
        ({"active": "false"}, {"active": False}),
        ({"events": ["a.b"]}, {"events": ["a.b"]}),
        ({"events": '["a.b", "c.d"]'}, {"events": ["a.b", "c.d"]}),
        ({"tags": "[]"}, {"tags": []}),
        ({"data": {"a": {"b": [1, None]}}}, {"data": {"a": {"b": [1, None]}}}),
        ({"data": '{"a": 1}'}, {"data": {"a": 1}}),
        ({"schedule": ""}, {"schedule": ""}),
        ({"name": None, "page": None, "data": None}, {}),
        ({"name": "null"}, {"name": "null"}),
        ({"code": "FR"}, {"code": "FR"}),
    ],
)
def test_what_clients_send_is_understood_where_it_is_unambiguous(given: Any, understood: Any) -> None:
    assert check(**given) == {"signal_id": "s1", **understood}
    assert {name: type(value) for name, value in check(**given).items()} == {
        name: type(value) for name, value in {"signal_id": "s1", **understood}.items()
    }


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"page": 0}, "page: greater than or equal to 1"),
        ({"page": 51}, "page: less than or equal to 50"),
        ({"page": 1.5}, "page: a valid integer, got a number with a fractional part"),
        ({"page": True}, "page: a whole number, not true or false"),
        ({"page": "seven"}, "page: a valid integer, unable to parse string as an integer"),
        ({"value": -1}, "value: a number from 0 to 1000"),
        ({"value": 1001}, "value: a number from 0 to 1000"),
        ({"value": True}, "value: a number"),
        ({"value": "Infinity"}, "value: a number"),
        ({"value": math.nan}, "value: a number"),
        ({"value": 10**400}, "value: a number"),
        ({"value": "1" * 5000}, "value: a number"),
        ({"value": "[" * 100_000}, "value: a number"),
        ({"amount": "12,50"}, f"amount: String should match pattern '{MONEY_PATTERN}'"),
        ({"amount": "007"}, f"amount: String should match pattern '{MONEY_PATTERN}'"),
        ({"amount": True}, 'amount: a decimal in a string, e.g. "1250.00"'),
        ({"stage": "WON"}, "stage: 'won' or 'lost'"),
        ({"events": []}, "events: List should have at least 1 item after validation, not 0"),
        ({"events": ["x"]}, "events.0: 'a.b' or 'c.d'"),
        ({"events": "a.b"}, "events: a list, or its JSON text"),
        ({"events": '{"a": 1}'}, "events: a list, or its JSON text"),
        ({"tags": "[" * 100_000}, "tags: a list, or its JSON text"),
        ({"tags": [""]}, "tags.0: String should have at least 1 character"),
        ({"data": "[1]"}, "data: an object, or its JSON text"),
        ({"data": [1]}, "data: a valid dictionary"),
        ({"data": {"a": "\ud800"}}, UNSENDABLE),
        ({"data": '{"a": "\\ud800"}'}, UNSENDABLE),
        ({"data": {"a\ud800": 1}}, UNSENDABLE),
        ({"data": {"a": math.inf}}, UNSENDABLE),
        ({"data": _deep(100_000)}, UNSENDABLE),
        ({"name": ""}, "name: String should have at least 1 character"),
        ({"name": 7}, "name: a valid string"),
        ({"name": "\ud800"}, "name: a valid string, unable to parse raw data as a unicode string"),
        ({"schedule": None}, 'schedule: null is unclear; send "" to clear it, or leave it out'),
        ({"code": "fr"}, "code: String should match pattern '^[A-Z]{2}$'"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_it_takes(given: Any, message: str) -> None:
    assert refusal(ARGUMENTS, {"signal_id": "s1", **given}) == message


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (Kind.NUMBER, 2**63, "n: a number"),
        (Kind.NUMBER, str(10**30), "n: a number"),
        (Kind.INTEGER, 2**63, "n: less than or equal to 9223372036854775807"),
        (Kind.INTEGER, -(2**70), "n: greater than or equal to -9223372036854775807"),
    ],
)
def test_a_number_without_bounds_of_its_own_still_fits_64_bits(kind: Kind, value: Any, message: str) -> None:
    assert refusal(Arguments("counts", (body("n", kind=kind),)), {"n": value}) == message


def test_a_required_argument_that_is_missing_or_null_is_named() -> None:
    assert refusal(ARGUMENTS, {}) == "signal_id: required"
    assert refusal(ARGUMENTS, {"signal_id": None}) == "signal_id: required"


def test_an_unknown_argument_is_refused_by_name_with_the_one_that_is_meant() -> None:
    assert refusal(ARGUMENTS, {"signal_id": "s1", "stages": "won"}) == "stages: unknown argument; did you mean stage?"


def test_an_unknown_argument_is_refused_even_when_it_is_null() -> None:
    told = refusal(Arguments("one", (local("name"),)), {"offset": None})
    assert told == "offset: unknown argument; this tool takes name"


ADDED = {"sessionId": "s", "action": "sendMessage", "chatInput": "Show me our deals", "toolCallId": "call_1"}
"""What the agent of a workflow tool adds to the arguments of every call."""


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_what_a_known_client_adds_to_every_call_is_left_aside_where_the_tool_has_no_such_argument(tool: Tool) -> None:
    bare = case_arguments(tool.name) or {
        "slug": "errors",
        "query": "a",
        "intent": "int_a",
        "sql": "SELECT 1",
        "names": ["Acme"],
        "import_id": "imp_a",
    }
    bare = {arg.name: bare[arg.name] for arg in tool.arguments.args if arg.name in bare and arg.name != "cursor"}
    own = {name: value for name, value in ADDED.items() if name in tool.arguments.schema["properties"]}
    assert tool.arguments.check({**ADDED, **bare}) == tool.arguments.check({**own, **bare})


def test_an_argument_of_a_tool_that_is_called_like_what_a_client_adds_is_an_argument() -> None:
    audit = next(tool for tool in TOOLS if tool.name == "flowpilot_list_audit_events")
    assert audit.arguments.check(ADDED) == {"action": "sendMessage"}


@pytest.mark.parametrize("name", ["sessionid", "session_id", "Action", "chat_input", "tool", "toolCallID", "_meta"])
def test_nothing_else_that_is_unknown_is_left_aside(name: str) -> None:
    assert refusal(Arguments("one", (local("name"),)), {**ADDED, name: "x"}).startswith(f"{name}: unknown argument")


STEERED = Arguments(
    "steered",
    (
        path("signal_id"),
        query("stage", low=1),
        body("name", low=1),
        local("limit", kind=Kind.INTEGER, low=1),
        local("cursor", low=1),
        local("intent_id", low=1),
        local("job_id", low=1, required=True),
    ),
)
"""A tool with arguments of every place."""


@pytest.mark.parametrize("name", ["limit", "cursor", "intent_id"])
@pytest.mark.parametrize("nothing", ["", None])
def test_nothing_for_what_only_steers_this_server_counts_as_not_given(name: str, nothing: Any) -> None:
    assert STEERED.check({"signal_id": "s", "job_id": "j", name: nothing}) == {"signal_id": "s", "job_id": "j"}


@pytest.mark.parametrize("name", ["signal_id", "stage", "name", "job_id"])
def test_an_empty_text_for_what_a_call_is_about_is_no_text(name: str) -> None:
    told = refusal(STEERED, {"signal_id": "s", "job_id": "j", name: ""})
    assert told == f"{name}: String should have at least 1 character"


BLANK = [
    "\u200b",
    "\u200b\u200d\ufeff",
    " ",
    "\t\n",
    "\xa0\u3000\u2003",
    "\u2060",
    "\xad",
    "\u202e\u202c",
    "\u3164",
    "\u115f\uffa0",
    "\u2800",
    "\u0301",
    "\ufe0f",
    "\U000e0041",
    "\x00",
]


@pytest.mark.parametrize("text", BLANK, ids=ascii)
def test_a_text_that_shows_nothing_is_no_text(text: str) -> None:
    told = "at least one character that shows"
    assert refusal(STEERED, {"signal_id": "s", "job_id": "j", "name": text}) == f"name: {told}"
    assert refusal(ARGUMENTS, {"signal_id": "s", "tags": ["a", text]}) == f"tags.1: {told}"


@pytest.mark.parametrize(
    "text",
    ["a", "\u200ba", "é", "中", "م", "ก", "-", "€", "🙂", "7", "e\u0301", "👨\u200d👩", "\U0001fae9", "\ue000"],
    ids=ascii,
)
def test_a_text_that_shows_anything_is_kept_as_it_is(text: str) -> None:
    assert STEERED.check({"signal_id": "s", "job_id": "j", "name": text})["name"] == text


@pytest.mark.parametrize("text", ["", *BLANK], ids=ascii)
def test_a_text_that_may_be_empty_may_be_blank(text: str) -> None:
    assert check(schedule=text)["schedule"] == text


@pytest.mark.parametrize("name", ["STAGE", "Stage", "sTages", "filter.stage"])
def test_an_argument_in_another_case_is_known_again(name: str) -> None:
    assert refusal(ARGUMENTS, {"signal_id": "s1", name: "won"}).endswith("unknown argument; did you mean stage?")


def test_a_tool_without_arguments_says_so() -> None:
    assert refusal(Arguments("none", ()), {"q": 1}) == "q: unknown argument; this tool takes no arguments"


def test_every_wrong_argument_is_named_but_no_more_than_eight() -> None:
    told = refusal(ARGUMENTS, {f"x{n}x{n}": n for n in range(12)})
    assert told.count(": unknown argument") + told.count(": required") == 8
    assert told.endswith("; and 5 more")


def test_a_flood_of_unknown_arguments_is_refused_without_looking_at_each(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = Arguments("one", (local("name"),))
    monkeypatch.setattr(arguments, "_validate", None)
    told = refusal(arguments, {"name": 1, **{f"x{n}": n for n in range(100_000)}})
    assert told.startswith("x0: unknown argument; this tool takes name; x1: ")
    assert told.endswith("; and 99992 more")


@pytest.mark.parametrize(
    ("rule", "given", "message"),
    [
        (Needs("name", "stage"), {"name": "a"}, "name works only together with stage"),
        (AnyOf(("name", "stage")), {}, "give at least one of name, stage"),
        (NotBoth("name", "stage"), {"name": "a", "stage": "won"}, "give name or stage, not both"),
    ],
)
def test_rules_are_checked_on_what_was_set(rule: Any, given: Any, message: str) -> None:
    arguments = Arguments("ruled", (local("name"), local("stage")), (rule,))
    assert refusal(arguments, {**given, "name": given.get("name")}) == message


def test_the_schema_tells_every_kind_with_its_bounds() -> None:
    assert ARGUMENTS.schema == {
        "type": "object",
        "properties": {
            "signal_id": {"type": "string", "maxLength": 100},
            "name": {"type": "string", "maxLength": 20, "description": "Part of the name."},
            "stage": {"type": "string", "enum": ["won", "lost"]},
            "page": {"type": "integer", "minimum": 1, "maximum": 50},
            "value": {"type": "number", "minimum": 0, "maximum": 1000},
            "amount": {"type": "string", "pattern": MONEY_PATTERN},
            "active": {"type": "boolean"},
            "events": {
                "type": "array",
                "items": {"type": "string", "enum": ["a.b", "c.d"]},
                "minItems": 1,
                "maxItems": 2,
            },
            "tags": {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 2000}, "maxItems": 3},
            "data": {"type": "object"},
            "schedule": {"type": "string", "maxLength": 100},
            "code": {"type": "string", "maxLength": 2, "pattern": "^[A-Z]{2}$"},
        },
        "additionalProperties": False,
        "required": ["signal_id"],
    }


def _strategy(schema: dict[str, Any], shortest: int = 0) -> st.SearchStrategy[Any]:
    """Values that a schema of an argument allows, at its edges and inside; it does not tell of a text that it may not be empty."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema["type"]:
        case "string" if "pattern" in schema:
            most = schema.get("maxLength", 100)
            return st.from_regex(schema["pattern"], fullmatch=True).filter(
                lambda text: "\n" not in text and len(text) <= most
            )
        case "string":
            low, high = schema.get("minLength", shortest), schema.get("maxLength", 20)
            anything = st.text(st.characters(exclude_categories=["Cs"]), min_size=low, max_size=min(high, low + 20))
            return anything.map(lambda text: "x" + text[1:] if low else text)  # what has to be there has to show
        case "integer":
            return st.integers(schema.get("minimum", 1 - 2**63), schema.get("maximum", 2**63 - 1))
        case "number":
            return st.floats(schema.get("minimum"), schema.get("maximum"), allow_nan=False, allow_infinity=False)
        case "boolean":
            return st.booleans()
        case "array":
            least, most = schema.get("minItems", 0), schema.get("maxItems", 5)
            return st.lists(_strategy(schema["items"]), min_size=least, max_size=min(most, least + 3))
        case _:
            return st.dictionaries(st.text(max_size=5), st.integers(), max_size=3)


def _arguments_of(schema: dict[str, Any], args: Iterable[Arg]) -> st.SearchStrategy[dict[str, Any]]:
    required = set(schema.get("required", ()))
    parts = {arg.name: _strategy(schema["properties"][arg.name], int(arg.low or 0)) for arg in args}
    return st.fixed_dictionaries(
        {name: part for name, part in parts.items() if name in required},
        optional={name: part for name, part in parts.items() if name not in required},
    )


@pytest.mark.parametrize("operation", [row for _, row in every_operation()], ids=lambda operation: operation.name)
@settings(max_examples=30)
@given(data=st.data())
def test_what_the_schema_of_a_tool_allows_is_accepted_but_for_rules_between_arguments(
    operation: Operation, data: Any
) -> None:
    args = tuple(arguments_of(operation))
    unruled = Arguments(operation.name, args)
    given = data.draw(_arguments_of(unruled.schema, args))
    assert Draft202012Validator(unruled.schema).is_valid(given)
    assert unruled.check(given) == given


@given(given=_arguments_of(ARGUMENTS.schema, ARGS))
def test_what_the_schema_allows_is_accepted_for_every_kind(given: dict[str, Any]) -> None:
    assert ARGUMENTS.check(given) == given


@given(given=st.fixed_dictionaries({}, optional={arg.name: json_values for arg in ARGS}))
@example(given={"signal_id": "s1", "data": {"deep": 10**5000}})
def test_whatever_is_sent_is_either_understood_as_the_schema_says_or_refused(given: dict[str, Any]) -> None:
    with suppress(ToolInputError):
        understood = ARGUMENTS.check(given)
        Draft202012Validator(ARGUMENTS.schema).validate(understood)
        assert None not in understood.values()
        json.dumps(understood).encode()


@given(given=st.dictionaries(texts, json_values, max_size=4))
def test_arguments_of_any_name_and_value_never_crash_the_check(given: dict[str, Any]) -> None:
    for tool in TOOLS[:3]:
        try:
            tool.arguments.check(given)
        except ToolInputError as error:
            error.message.encode()


def _marked(value: Any) -> Any:
    """The value with the marker in every text of it, so that an echo of any part shows."""
    if isinstance(value, str):
        return value + MARK
    if isinstance(value, dict):
        return {name + MARK: _marked(item) for name, item in value.items()}
    return [_marked(item) for item in value] if isinstance(value, list) else value


@given(given=st.fixed_dictionaries({}, optional={arg.name: json_values.map(_marked) for arg in ARGS}))
def test_no_refused_value_is_repeated(given: dict[str, Any]) -> None:
    with pytest.raises(ToolInputError) as caught:
        ARGUMENTS.check({**given, "signal_id": [MARK]})
    assert MARK not in caught.value.message + caught.value.advice
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("number", [987654321987, 98765.4321, -987654321])
def test_no_refused_number_is_repeated(number: float) -> None:
    for arg in ARGS:
        told = ""
        try:
            ARGUMENTS.check({"signal_id": "s1", arg.name: number})
        except ToolInputError as error:
            told = error.message
        assert "98765" not in told


@pytest.mark.parametrize(("decimals", "pattern"), [(2, AMOUNT), (8, MONEY_PATTERN)])
@given(data=st.data())
def test_an_amount_that_comes_as_a_number_is_that_amount_or_is_refused(decimals: int, pattern: str, data: Any) -> None:
    units = data.draw(st.integers(0, 10**18 - 1) | st.integers(10**15 - 100, 10**15 + 100))
    amount = Decimal(units).scaleb(-decimals)
    arguments = Arguments("money", (body("amount", kind=Kind.MONEY, pattern=pattern),))
    try:
        understood = arguments.check({"amount": json.loads(format(amount, "f"))})["amount"]
    except ToolInputError:
        assert units >= 10**15, "fifteen digits, which a float holds for sure"
    else:
        assert Decimal(understood) == amount


@given(amount=st.from_regex(MONEY_PATTERN, fullmatch=True).filter(lambda text: "\n" not in text))
def test_every_amount_that_is_accepted_is_a_json_number(amount: str) -> None:
    assert Arguments("money", (Arg(name="amount", place=Place.BODY, kind=Kind.MONEY),)).check({"amount": amount})
    json.loads(amount)
