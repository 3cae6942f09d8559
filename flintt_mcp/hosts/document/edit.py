"""One edit of a file of settings, whatever its format, and the proof that it changed nothing else.

In: the format, the text, a path, a new value or none. Out: the new text. It is read again, and compared with what it was.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from flintt_mcp.hosts.document import jsonc
from flintt_mcp.hosts.document.jsonc import Item
from flintt_mcp.hosts.document.malformed import Malformed

Path = Sequence[str | Item]


def value(kind: str, text: str) -> Any:
    """What a text of this format says.

    Raises:
        Malformed: it cannot be read.
    """
    return _format(kind).value(text)


def put(kind: str, text: str, path: Path, new: Any) -> str:
    """The text with this value at the path.

    Raises:
        Malformed: it cannot be read, or not be changed there alone.
    """
    edited = _format(kind).put(text, path, new)
    wanted = value(kind, text)
    _set(wanted, path, new)
    return _proven(kind, edited, wanted, path)


def take_out(kind: str, text: str, path: Path) -> str:
    """The text without what is at the path.

    Raises:
        Malformed: it cannot be read, or not be changed there alone.
    """
    edited = _format(kind).take_out(text, path)
    wanted = value(kind, text)
    _unset(wanted, path)
    return _proven(kind, edited, wanted, path)


def at(tree: Any, path: Path) -> Any:
    """What lies at the path of a value that was read, or None."""
    for step in path:
        if isinstance(step, Item):
            rows = tree if isinstance(tree, list) else []
            tree = next((one for one in rows if isinstance(one, dict) and one.get("id") == step.id), None)
        else:
            tree = tree.get(step) if isinstance(tree, dict) else None
    return tree


def without_empty(tree: Any, section: str) -> Any:
    """A value that was read, without this section where it holds nothing."""
    return {name: one for name, one in tree.items() if name != section or one} if isinstance(tree, dict) else tree


def _proven(kind: str, edited: str, wanted: Any, path: Path) -> str:
    first = path[0]
    if isinstance(first, Item) or without_empty(value(kind, edited), first) != without_empty(wanted, first):
        raise Malformed(f"{first} is written in a way that cannot be changed without changing more")
    return edited


def _set(tree: dict[str, Any], path: Path, new: Any) -> None:
    *way, last = path
    inner: Any = tree
    for step, behind in zip(way, path[1:], strict=True):
        if inner.get(step) is None:
            inner[step] = [] if isinstance(behind, Item) else {}
        inner = inner[step]
    if isinstance(last, Item):
        old = at(inner, [last])
        inner[:] = [*(new if one is old else one for one in inner), *([] if old is not None else [new])]
    else:
        inner[last] = copy.deepcopy(new)


def _unset(tree: dict[str, Any], path: Path) -> None:
    *way, last = path
    inner = at(tree, way)
    if isinstance(inner, dict):
        inner.pop(last, None)
    elif isinstance(inner, list) and isinstance(last, Item):
        inner[:] = [one for one in inner if one is not at(inner, [last])]


def _format(kind: str) -> Any:
    """The module of a format; the libraries of one are loaded for that one alone."""
    if kind == "toml":
        from flintt_mcp.hosts.document import toml

        return toml
    if kind == "yaml":
        from flintt_mcp.hosts.document import yaml

        return yaml
    return jsonc
