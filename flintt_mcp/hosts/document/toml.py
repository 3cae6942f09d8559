"""TOML, edited in place: a table goes behind everything else, where it can disturb nothing.

In: a text and a path of keys. Out: a text that differs by that one table. tomlkit keeps what it reads as it stands, and Python's
own reader says what a text means.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from flintt_mcp.hosts.document.malformed import Malformed


def value(text: str) -> Any:
    """What the text says.

    Raises:
        Malformed: it is not TOML.
    """
    try:
        return tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        raise Malformed("it is not TOML", _line(str(error))) from None
    except RecursionError:
        raise Malformed("it is nested too deep") from None


def put(text: str, path: Sequence[str], new: Any) -> str:
    """The text with this table at the path, behind all others.

    Raises:
        Malformed: it is not TOML, or the path leads through what is no table of its own.
    """
    rest = take_out(text, path)
    newline = "\r\n" if "\r\n" in text else "\n"
    tables = tomlkit.table(is_super_table=True)
    tables.add(path[1], tomlkit.item(new))
    block = tomlkit.dumps(tomlkit.document().add(path[0], tables)).strip() + "\n"
    gap = "" if not rest.strip() or rest.endswith(newline * 2) else newline if rest.endswith("\n") else newline * 2
    return rest + gap + block.replace("\n", newline)


def take_out(text: str, path: Sequence[str]) -> str:
    """The text without the table at the path, and without the one around it where that is empty then.

    Raises:
        Malformed: it is not TOML, or the path leads through what is no table.
    """
    tables = value(text).get(path[0], {})
    if not isinstance(tables, dict):
        raise Malformed(f"{path[0]} is not a table")
    if path[1] not in tables:
        return text
    try:
        document = tomlkit.parse(text)
        del document[path[0]][path[1]]
        if len(tables) == 1:
            del document[path[0]]
        return tomlkit.dumps(document)
    except TOMLKitError:
        raise Malformed(f"{'.'.join(path)} is written in a way that cannot be taken out") from None


def _line(problem: str) -> int | None:
    """The line of "Invalid value (at line 3, column 5)"; only the number is taken, since a message may quote the file."""
    words = problem.rpartition("at line ")[2].partition(",")[0]
    return int(words) if words.isdigit() else None
