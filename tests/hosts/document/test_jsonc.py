"""JSON with comments is edited at one place; what stood there before stands there afterwards, to the byte."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flintt_mcp.hosts.document.jsonc import Item, put, take_out, value
from flintt_mcp.hosts.document.malformed import Malformed

PATH = ("mcpServers", "flintt")
ENTRY = {"command": "/bin/flintt-mcp", "args": ["stdio"]}
ONE_LINE = '{"command": "/bin/flintt-mcp", "args": ["stdio"]}'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f'{{\n  "mcpServers": {{\n    "flintt": {_lines}\n  }}\n}}\n')
        for _lines in ['{\n      "command": "/bin/flintt-mcp",\n      "args": [\n        "stdio"\n      ]\n    }']
    ]
    + [
        ('{"mcpServers": {"other": {}}}', f'{{"mcpServers": {{"other": {{}}, "flintt": {ONE_LINE}}}}}'),
        (
            '// mine\n{\n\t"a": 1, // of a\n\t"mcpServers": {\n\t\t/* two\n\t\tlines */\n\t\t"other": {} // of other\n\t}\n}\n',
            '// mine\n{\n\t"a": 1, // of a\n\t"mcpServers": {\n\t\t/* two\n\t\tlines */\n\t\t"other": {}, // of other\n'
            '\t\t"flintt": {\n\t\t\t"command": "/bin/flintt-mcp",\n\t\t\t"args": [\n\t\t\t\t"stdio"\n\t\t\t]\n\t\t}\n\t}\n}\n',
        ),
        (
            '{\r\n  "mcpServers": {\r\n    "other": {},\r\n  },\r\n}',
            '{\r\n  "mcpServers": {\r\n    "other": {},\r\n    "flintt": {\r\n      "command": "/bin/flintt-mcp",\r\n'
            '      "args": [\r\n        "stdio"\r\n      ]\r\n    },\r\n  },\r\n}',
        ),
        (
            '{"mcpServers": {"flintt": {"command": "old"}, "z": "// no comment, }"}}',
            '{"mcpServers": {"flintt": {\n  "command": "/bin/flintt-mcp",\n  "args": [\n    "stdio"\n  ]\n}, '
            '"z": "// no comment, }"}}',
        ),
    ],
    ids=[
        "nothing",
        "one line",
        "tabs and comments",
        "ends of lines and commas of Windows",
        "another entry of that name",
    ],
)
def test_an_entry_is_put_in_the_way_the_file_is_written(before: str, after: str) -> None:
    assert put(before, PATH, ENTRY) == after


def test_an_element_of_a_list_is_found_by_its_id() -> None:
    text = '{\n  "inputs": [\n    {"id": "mine"}\n  ]\n}'
    added = put(text, ("inputs", Item("key")), {"id": "key", "password": True})
    assert value(added)["inputs"] == [{"id": "mine"}, {"id": "key", "password": True}]
    assert take_out(added, ("inputs", Item("key"))) == text
    assert value(put("{}", ("inputs", Item("key")), {"id": "key"})) == {"inputs": [{"id": "key"}]}


@pytest.mark.parametrize(
    ("text", "problem", "line"),
    [
        ('{\n  "a": 1\n  "b": 2\n}', "it is not JSON", 3),
        ('{\n  "a": 1,\n', "it is not JSON", None),
        ("[1]", "the whole of it is not an object", 1),
        ('{\n\n  "mcpServers": null}', "mcpServers is not an object", 3),
        ('{"mcpServers": {},\n "mcpServers": {}}', "mcpServers stands there twice", 2),
        ('{"mcpServers": {"flintt": {},\n\n"flintt": {}}}', "mcpServers.flintt stands there twice", 3),
        ("[" * 100_000, "it is nested too deep", None),
    ],
)
def test_what_cannot_be_edited_is_refused_with_its_line(text: str, problem: str, line: int | None) -> None:
    for edit in (lambda: put(text, PATH, ENTRY), lambda: take_out(text, PATH)):
        with pytest.raises(Malformed) as refused:
            edit()
        assert (refused.value.problem, refused.value.line) == (problem, line)


LEAVES = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["// x", "/*", "*/", ",}", '"'])
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
GAPS = st.sampled_from(["", " ", "\n", "\t", "\r\n", " // said, so }\n", "/* a\n, { */", "\n\n  "])


@st.composite
def written(draw: st.DrawFn, tree: Any) -> str:
    """A value as somebody might have written it: with gaps, comments and commas wherever they may stand."""
    gap = lambda: draw(GAPS)  # noqa: E731 (drawn anew at each place)
    if not isinstance(tree, dict | list):
        return json.dumps(tree, ensure_ascii=draw(st.booleans()))
    if isinstance(tree, dict):
        parts = [f"{json.dumps(name)}{gap()}:{gap()}{draw(written(one))}" for name, one in tree.items()]
    else:
        parts = [draw(written(one)) for one in tree]
    last = draw(st.sampled_from(["", ","])) if parts else ""
    inside = ",".join(f"{gap()}{part}{gap()}" for part in parts) + last + gap()
    return "{" + inside + "}" if isinstance(tree, dict) else "[" + inside + "]"


@given(
    st.data(),
    st.dictionaries(st.text(max_size=4), VALUES, max_size=3),
    st.dictionaries(st.text(max_size=4), VALUES, max_size=3),
)
def test_whatever_stands_there_the_entry_comes_and_goes_and_nothing_else_changes(
    data: st.DataObject, around: dict[str, Any], servers: dict[str, Any]
) -> None:
    tree = {**around, "mcpServers": servers}
    text = data.draw(written(tree))
    added = put(text, PATH, ENTRY)
    assert value(added) == {**tree, "mcpServers": {**servers, "flintt": ENTRY}}
    again = take_out(added, PATH)
    assert value(again) == tree
    if servers:
        assert again == text
