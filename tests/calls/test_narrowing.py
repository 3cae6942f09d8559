"""What headers and query parameters of a request leave on: less than all, whatever they say, and wrong names are told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flintt_mcp.calls.narrowing import Narrowing, Narrowings
from flintt_mcp.calls.tool import Tool
from scripts.handbook.pages import all_tools

TOOLSETS: dict[str, frozenset[str] | None] = {
    "all": None,
    "default": frozenset({"flintt", "docs"}),
    **{name: frozenset({name}) for name in ("flintt", "docs", "pay")},
}
NARROWINGS = Narrowings(TOOLSETS, ["get_doc", "list_signals", "delete_signal"])
EVERY: list[Tool] = [tool for tools in all_tools().values() for tool in tools]
SOME = ["get_doc", "list_signals", "delete_signal", "get_approval"]


@pytest.mark.parametrize(
    ("text", "toolsets"),
    [
        ("all", None),
        ("pay,all", None),
        ("default", {"flintt", "docs"}),
        ("default,pay", {"flintt", "docs", "pay"}),
        ("pay", {"pay"}),
        ("", None),
        (" , ", None),
        ("pya", {"pya"}),
    ],
)
def test_a_group_stands_for_its_toolsets_and_an_unknown_name_for_none(text: str, toolsets: set[str] | None) -> None:
    for found in (NARROWINGS.read({"toolsets": text}, {}), NARROWINGS.read({}, {"toolsets": text})):
        assert found == (None if toolsets is None else Narrowing(frozenset(toolsets)))


@pytest.mark.parametrize("text", ["1", "true", "TRUE", "yes", "on", "y", "readonly", "maybe", "false,true", "0, 1"])
def test_whatever_does_not_say_no_asks_for_tools_that_change_nothing(text: str) -> None:
    assert NARROWINGS.read({"readonly": text}, {}) == Narrowing(read_only=True)
    assert NARROWINGS.read({"readonly": "false"}, {"readonly": text}) == Narrowing(read_only=True)


@pytest.mark.parametrize("text", ["", " ", "0", "false", "False", "f", "no", "N", "off", "no,off"])
def test_what_says_no_leaves_everything_on(text: str) -> None:
    assert NARROWINGS.read({"readonly": text}, {"readonly": text}) is None


def test_of_two_places_the_header_names_what_to_see_and_both_take_away() -> None:
    assert NARROWINGS.read({"tools": "get_doc"}, {"tools": "list_signals"}) == Narrowing(tools=frozenset({"get_doc"}))
    assert NARROWINGS.read({"tools": " ,"}, {"tools": "list_signals"}) == Narrowing(tools=frozenset({"list_signals"}))
    assert NARROWINGS.read({"exclude_tools": "get_doc"}, {"exclude_tools": "list_signals"}) == Narrowing(
        excluded=frozenset({"get_doc", "list_signals"})
    )


@pytest.mark.parametrize("text", ["pya", "pay,pya", "PAY", "pay docs"])
def test_a_name_that_no_toolset_bears_is_told_with_those_there_are_and_not_repeated(text: str) -> None:
    assert NARROWINGS.unknown(NARROWINGS.read({"toolsets": text}, {})) == (
        "A toolset that the request names does not exist; there are all, default, flintt, docs, pay"
    )


@pytest.mark.parametrize("field", ["tools", "exclude_tools"])
@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("delete_signals", "did you mean delete_signal?"),
        ("get_doc,Get_Doc", "did you mean get_doc?"),
        ("mcp__flintt__delete_signal", "did you mean delete_signal?"),
        ("*", "a list of tools that names none shows those there are"),
        ("${TOOLS}", "a list of tools that names none shows those there are"),
    ],
)
def test_a_name_that_no_tool_bears_is_told_with_the_nearest(field: str, text: str, hint: str) -> None:
    assert NARROWINGS.unknown(NARROWINGS.read({field: text}, {})) == (
        f"A tool that the request names does not exist; {hint}"
    )


@pytest.mark.parametrize("said", [{}, {"toolsets": "pay"}, {"toolsets": "all"}, {"tools": "get_doc", "readonly": "1"}])
def test_what_is_known_is_not_complained_about(said: dict[str, str]) -> None:
    assert NARROWINGS.unknown(NARROWINGS.read(said, {})) == ""
    assert Narrowings().unknown(Narrowing(frozenset({"x"}), frozenset({"y"}))) == ""


narrowings = st.builds(
    Narrowing,
    st.none() | st.frozensets(st.sampled_from(["flintt", "docs", "flowpilot"])),
    st.none() | st.frozensets(st.sampled_from(SOME)),
    st.frozensets(st.sampled_from(SOME)),
    st.booleans(),
)


@given(narrowings, narrowings)
def test_two_narrowings_leave_on_exactly_what_each_of_them_does(one: Narrowing, other: Narrowing) -> None:
    def left(narrowing: Narrowing) -> set[str]:
        return {tool.name for tool in EVERY if not narrowing.leaves_out(tool)}

    assert left(one.within(other)) == left(other.within(one)) == left(one) & left(other)
    assert one.within(None) == one
