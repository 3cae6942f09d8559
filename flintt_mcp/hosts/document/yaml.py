"""YAML, edited in place: lines go in right behind the key of the mapping that they belong to.

In: a text and a path of two keys. Out: a text that differs by the lines of that one entry. ruamel.yaml says where each node stands;
what it would write itself is never used, since that lays out the whole text anew.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode

from flintt_mcp.hosts.document.malformed import Malformed

_WIDE = 1_000_000


def value(text: str) -> Any:
    """What the text says; an empty one is an empty mapping.

    Raises:
        Malformed: it is not YAML.
    """
    return _told(text, lambda reader: reader.load(text)) or {}


def put(text: str, path: Sequence[str], new: Any) -> str:
    """The text with this entry at the path, before all others.

    Raises:
        Malformed: it is not YAML, or something else stands on the way.
    """
    rest = take_out(text, path)
    newline = "\r\n" if "\r\n" in text else "\n"
    section = _member(_root(rest), path[0])
    if section is None:
        gap = "" if not rest or rest.endswith("\n") else newline
        return rest + gap + _lines({path[0]: {path[1]: new}}, 0, newline)
    key, node = section
    if isinstance(node, MappingNode) and node.flow_style and node.value:
        place = node.start_mark.index + 1
        return f"{rest[:place]}{json.dumps(path[1])}: {json.dumps(new)}, {rest[place:]}"
    if isinstance(node, MappingNode) and not node.flow_style:
        margin = node.value[0][0].start_mark.column
    elif _is_empty(node):
        margin = key.start_mark.column + 2
        rest = rest[: key.end_mark.index + 1] + rest[node.end_mark.index :]
    else:
        raise Malformed(f"{path[0]} is not a mapping", node.start_mark.line + 1)
    place = rest.find("\n", key.end_mark.index) + 1
    head = rest[:place] if place else rest + newline
    return head + _lines({path[1]: new}, margin, newline) + (rest[place:] if place else "")


def take_out(text: str, path: Sequence[str]) -> str:
    """The text without the entry at the path, and without the mapping around it where that is empty then.

    Raises:
        Malformed: it is not YAML, or something else stands on the way.
    """
    section = _member(_root(text), path[0])
    if section is None or not isinstance(section[1], MappingNode):
        return text
    found = _member(section[1], path[1])
    if found is None:
        return text
    if section[1].flow_style:
        raise Malformed(f"{'.'.join(path)} is written on one line with others", found[0].start_mark.line + 1)
    key, node = section if len(section[1].value) == 1 else found
    start = text.rfind("\n", 0, key.start_mark.index) + 1
    end = text.find("\n", max(_end(node) - 1, key.end_mark.index)) + 1
    return text[:start] + (text[end:] if end else "")


def _root(text: str) -> MappingNode | None:
    root = _told(text, lambda reader: reader.compose(text))
    if root is None or isinstance(root, MappingNode):
        return root
    raise Malformed("the whole of it is not a mapping", root.start_mark.line + 1)


def _told(text: str, read: Any) -> Any:
    reader = YAML(typ="safe", pure=True)
    try:
        return read(reader)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise Malformed("it is not YAML", mark.line + 1 if mark else None) from None
    except RecursionError:
        raise Malformed("it is nested too deep") from None


def _member(mapping: MappingNode | None, name: str) -> tuple[Node, Node] | None:
    """The key and the value of that name."""
    found = [
        pair for pair in (mapping.value if mapping else ()) if isinstance(pair[0], ScalarNode) and pair[0].value == name
    ]
    return found[0] if found else None


def _is_empty(node: Node) -> bool:
    return isinstance(node, MappingNode) or (isinstance(node, ScalarNode) and str(node.tag).endswith(":null"))


def _end(node: Node) -> int:
    """Where the last thing in a node ends: a block's own mark lies behind the comments that follow."""
    if not isinstance(node, CollectionNode) or node.flow_style or not node.value:
        return node.end_mark.index
    last = node.value[-1]
    return _end(last[1] if isinstance(last, tuple) else last)


def _lines(new: Any, margin: int, newline: str) -> str:
    writer = YAML()
    writer.width = _WIDE
    writer.indent(mapping=2, sequence=4, offset=2)
    written = io.StringIO()
    writer.dump(new, written)
    return "".join(" " * margin + line + newline for line in written.getvalue().splitlines())
