"""TOML keeps its comments, its order and its ends of lines; a table goes behind everything else."""

from __future__ import annotations

import pytest

from flintt_mcp.hosts.document import edit
from flintt_mcp.hosts.document.malformed import Malformed

PATH = ("mcp_servers", "flintt")
ENTRY = {"command": "/bin/flintt-mcp", "args": ["stdio"], "env": {"A": "b"}}
BLOCK = '[mcp_servers.flintt]\ncommand = "/bin/flintt-mcp"\nargs = ["stdio"]\n\n[mcp_servers.flintt.env]\nA = "b"\n'

MINE = """# mine
model = "o3"   # the best

[mcp_servers.other]  # another
command = "x"
env = { B = "c" }

[ui]
theme = 'dark'
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", BLOCK),
        (MINE, f"{MINE}\n{BLOCK}"),
        (MINE.rstrip("\n"), f"{MINE}\n{BLOCK}"),
        (MINE.replace("\n", "\r\n"), f"{MINE}\n{BLOCK}".replace("\n", "\r\n")),
        (f"{MINE}\n[mcp_servers.flintt]\ncommand = 'old'\n\n[mcp_servers.flintt.env]\nC = 'd'\n", f"{MINE}\n{BLOCK}"),
    ],
    ids=["nothing", "others", "no end of the last line", "ends of lines of Windows", "another entry of that name"],
)
def test_a_table_goes_behind_all_others(before: str, after: str) -> None:
    assert edit.put("toml", before, PATH, ENTRY) == after


def test_what_was_put_in_is_taken_out_and_comments_stay() -> None:
    assert edit.take_out("toml", f"{MINE}\n{BLOCK}", PATH).strip() == MINE.strip()
    assert edit.take_out("toml", BLOCK, PATH) == ""
    assert edit.take_out("toml", MINE, PATH) == MINE


@pytest.mark.parametrize(
    ("text", "problem", "line"),
    [
        ("a = 1\nb = \n", "it is not TOML", 2),
        ("a = 1\na = 2\n", "it is not TOML", 2),
        ("mcp_servers = 3\n", "mcp_servers is not a table", None),
        ('mcp_servers = { other = { command = "x" } }\n', "it is not TOML", None),
    ],
)
def test_what_cannot_be_edited_is_refused(text: str, problem: str, line: int | None) -> None:
    with pytest.raises(Malformed) as refused:
        edit.put("toml", text, PATH, ENTRY)
    assert refused.value.problem == problem
    assert line is None or refused.value.line == line
