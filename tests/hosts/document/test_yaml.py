"""YAML keeps its comments, quotes, anchors and ends of lines; an entry goes in right behind the key of its section."""

from __future__ import annotations

import pytest

from flintt_mcp.hosts.document import edit
from flintt_mcp.hosts.document.malformed import Malformed

PATH = ("extensions", "flintt")
ENTRY = {"cmd": "/bin/flintt-mcp", "args": ["stdio"], "envs": {"A": "1"}, "enabled": True}
LINES = "  flintt:\n    cmd: /bin/flintt-mcp\n    args:\n      - stdio\n    envs:\n      A: '1'\n    enabled: true\n"

MINE = """# mine
GOOSE_MODEL: "gpt"   # the best
extensions:   # all of them
  # built in
  developer: &d
    enabled: true
    says: |
      two
      lines
  memory: {<<: *d}  # remembers

# the end
keyring: 'yes'
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f"extensions:\n{LINES}"),
        ("# only this\n", f"# only this\nextensions:\n{LINES}"),
        ("a: 1", f"a: 1\nextensions:\n{LINES}"),
        ("extensions:\n", f"extensions:\n{LINES}"),
        ("extensions: {}\nb: 2\n", f"extensions:\n{LINES}b: 2\n"),
        ("extensions: ~", f"extensions:\n{LINES}"),
        (MINE, MINE.replace("all of them\n", f"all of them\n{LINES}")),
        (MINE.replace("\n", "\r\n"), MINE.replace("all of them\n", f"all of them\n{LINES}").replace("\n", "\r\n")),
        (
            MINE.replace("  memory", "  flintt:\n    cmd: old\n  memory"),
            MINE.replace("all of them\n", f"all of them\n{LINES}"),
        ),
        (
            "extensions: {a: {b: 1}}\n",
            'extensions: {"flintt": {"cmd": "/bin/flintt-mcp", "args": ["stdio"], "envs": {"A": "1"}, "enabled": true}, '
            "a: {b: 1}}\n",
        ),
    ],
)
def test_an_entry_goes_in_and_every_other_byte_stays(before: str, after: str) -> None:
    assert edit.put("yaml", before, PATH, ENTRY) == after


@pytest.mark.parametrize("text", [MINE, MINE.replace("\n", "\r\n"), MINE.replace("# the end\nkeyring: 'yes'\n", "")])
def test_what_was_put_in_is_taken_out(text: str) -> None:
    assert edit.take_out("yaml", edit.put("yaml", text, PATH, ENTRY), PATH) == text


def test_the_last_entry_takes_its_section_along_and_another_does_not() -> None:
    assert edit.take_out("yaml", f"a: 1\nextensions:\n{LINES}b: 2\n", PATH) == "a: 1\nb: 2\n"
    assert edit.take_out("yaml", MINE, ("extensions", "memory")) == MINE.replace(
        "  memory: {<<: *d}  # remembers\n", ""
    )


@pytest.mark.parametrize(
    ("text", "problem", "line"),
    [
        ("a: 1\n\tb: 2\n", "it is not YAML", 2),
        ("a: 1\nb: [1\n", "it is not YAML", 3),
        ("- 1\n", "the whole of it is not a mapping", 1),
        ("\nextensions: 3\n", "extensions is not a mapping", 2),
        ("a: 1\na: 2\n", "it is not YAML", 2),
    ],
)
def test_what_cannot_be_edited_is_refused_with_its_line(text: str, problem: str, line: int) -> None:
    with pytest.raises(Malformed) as refused:
        edit.put("yaml", text, PATH, ENTRY)
    assert (refused.value.problem, refused.value.line) == (problem, line)
