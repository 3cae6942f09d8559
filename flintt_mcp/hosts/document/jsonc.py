"""JSON as people keep it, with comments and a comma behind the last member: edited in place.

In: a text and a path of keys; a step that is an `Item` is the element of a list with that id. Out: a text that differs at that one
place. Comments become blanks of the same length, so that Python's own decoder reads the rest, and says where each value ends.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from json.decoder import JSONDecodeError
from typing import Any

from flintt_mcp.hosts.document.malformed import Malformed

_STRING = r'"(?:[^"\\\n]|\\.)*"'
_COMMENT = re.compile(rf"{_STRING}|(//[^\r\n]*|/\*.*?\*/)", re.DOTALL)
_LAST_COMMA = re.compile(rf"{_STRING}|(,)(?=\s*[\]}}])")
_SOLID = re.compile(r"\S|\Z")
_INDENT = re.compile(r'^([ \t]+)["\[{]', re.MULTILINE)
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Item:
    """A step into a list: the element whose `id` this is."""

    id: str


Path = Sequence[str | Item]


@dataclass(frozen=True, slots=True)
class _Part:
    """A member of an object or an element of a list: where it begins, where its value begins, and where that ends."""

    label: str | Item | None
    start: int
    value: int
    end: int


class _Read:
    """A text and the same text as plain JSON, character for character at the same place."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.without_comments = _COMMENT.sub(_blank, text)
        self.plain = _LAST_COMMA.sub(_blank, self.without_comments)
        try:
            self.value = json.loads(self.plain)
        except JSONDecodeError as error:
            raise Malformed("it is not JSON", error.lineno if error.pos < len(self.plain) else None) from None
        except RecursionError:
            raise Malformed("it is nested too deep") from None

    def skip(self, place: int) -> int:
        """The place of the next sign that is no blank, comment or comma at an end."""
        return _solid(self.plain, place)

    def line(self, place: int) -> int:
        return self.text.count("\n", 0, place) + 1

    def parts(self, opened: int) -> Iterator[_Part]:
        """The parts of the object or list that opens there."""
        named = self.plain[opened] == "{"
        place = self.skip(opened + 1)
        while self.plain[place] not in "}]":
            start, label = place, None
            if named:
                label, place = _DECODER.raw_decode(self.plain, place)
                place = self.skip(self.skip(place) + 1)
            value, end = _DECODER.raw_decode(self.plain, place)
            if isinstance(value, dict) and not named and isinstance(value.get("id"), str):
                label = Item(value["id"])
            yield _Part(label, start, place, end)
            place = self.skip(end)
            place = self.skip(place + 1) if self.plain[place] == "," else place

    def walk(self, path: Path) -> tuple[int, list[_Part], _Part | None, int]:
        """As far as the path leads: the innermost container, its parts, the part that the path ends at, and the steps taken."""
        opened = self.skip(0)
        for number, step in enumerate(path):
            if self.plain[opened] != ("[" if isinstance(step, Item) else "{"):
                raise Malformed(
                    f"{_name(path[:number])} is not {'a list' if isinstance(step, Item) else 'an object'}",
                    self.line(opened),
                )
            parts = list(self.parts(opened))
            found = [part for part in parts if part.label == step]
            if len(found) > 1:
                raise Malformed(f"{_name(path[: number + 1])} stands there twice", self.line(found[-1].start))
            if not found or number == len(path) - 1:
                return opened, parts, found[0] if found else None, number
            opened = found[0].value
        raise ValueError("an empty path")


def value(text: str) -> Any:
    """What the text says; an empty one is an empty object.

    Raises:
        Malformed: it is not JSON.
    """
    return _Read(text).value if text.strip() else {}


def put(text: str, path: Path, new: Any) -> str:
    """The text with this value at the path, in place of the one that is there, else behind all others.

    Raises:
        Malformed: it is not JSON, or something else stands on the way.
    """
    read = _Read(text if text.strip() else "{}\n")
    opened, parts, found, depth = read.walk(path)
    unit, newline = _style(read.text)
    if found is not None:
        margin = _margin(read.text, found.start)
        return read.text[: found.value] + _written(new, margin, unit, newline) + read.text[found.end :]
    for step in reversed(path[depth + 1 :]):
        new = [new] if isinstance(step, Item) else {step: new}
    step = path[depth]
    label = "" if isinstance(step, Item) else json.dumps(step, ensure_ascii=False) + ": "
    return _added(read, opened, parts, lambda margin: label + _written(new, margin, unit, newline))


def take_out(text: str, path: Path) -> str:
    """The text without what is at the path; a container that held nothing else is empty then.

    Raises:
        Malformed: it is not JSON, or something else stands on the way.
    """
    if not text.strip():
        return text
    read = _Read(text)
    opened, parts, found, depth = read.walk(path)
    if found is None or depth < len(path) - 1:
        return text
    place = parts.index(found)
    start = _line_start(text, found.start)
    comma = _solid(read.without_comments, found.end)
    if read.without_comments[comma] == ",":
        return _collapsed(text[:start] + text[comma + 1 :], opened)
    if place:
        before = read.without_comments.index(",", parts[place - 1].end)
        return text[:before] + text[before + 1 : start] + text[found.end :]
    return _collapsed(text[:start] + text[found.end :], opened)


def _added(read: _Read, opened: int, parts: list[_Part], written: Any) -> str:
    """The text with one more part, behind the last and what is said of it on its line."""
    text, (unit, newline) = read.text, _style(read.text)
    if not parts:
        close = read.skip(opened + 1)
        outer = _margin(text, opened)
        inside = text[opened + 1 : close].rstrip()
        piece = f"{inside}{newline}{outer}{unit}{written(outer + unit)}{newline}{outer}"
        return text[: opened + 1] + piece + text[close:]
    end = parts[-1].end
    behind = read.skip(end)
    comma = "," if "," in read.without_comments[end:behind] else ""
    anchor = read.without_comments.index(",", end) + 1 if comma else end
    head = text[:anchor] + ("" if comma else ",")
    line_end = read.plain.find("\n", anchor, behind)
    if line_end < 0:
        return f"{head} {written(None)}{comma}{text[anchor:]}"
    line_end -= text[line_end - 1] == "\r"
    margin = _margin(text, parts[-1].start)
    return f"{head}{text[anchor:line_end]}{newline}{margin}{written(margin)}{comma}{text[line_end:]}"


def _written(new: Any, margin: str | None, unit: str, newline: str) -> str:
    """A value on lines behind this margin, or on one line without any."""
    if margin is None:
        return json.dumps(new, ensure_ascii=False)
    lines = json.dumps(new, ensure_ascii=False, indent=unit).split("\n")
    return (newline + margin).join(lines)


def _style(text: str) -> tuple[str, str]:
    """One step of indentation, and what ends a line."""
    found = _INDENT.search(text)
    return (found[1] if found else "  "), "\r\n" if "\r\n" in text else "\n"


def _margin(text: str, place: int) -> str:
    """The white space in front of the line of this place."""
    line = text[text.rfind("\n", 0, place) + 1 : place]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _line_start(text: str, place: int) -> int:
    """Where what belongs to a part begins: behind the line before, if nothing else stands before it on its own line."""
    start = len(text[:place].rstrip(" \t"))
    if start and text[start - 1] == "\n":
        start -= 2 if text[start - 2 : start] == "\r\n" else 1
    return start


def _collapsed(text: str, opened: int) -> str:
    """The text with nothing between the braces that open there, if that is blank."""
    close = _solid(text, opened + 1)
    return text[: opened + 1] + text[close:] if text[close : close + 1] in ("}", "]") else text


def _solid(text: str, place: int) -> int:
    """The place of the next sign that is no white space, or the end."""
    found = _SOLID.search(text, place)
    return len(text) if found is None else found.start()


def _blank(found: re.Match[str]) -> str:
    return found[0] if found[1] is None else " " * len(found[0])


def _name(path: Path) -> str:
    return ".".join(step.id if isinstance(step, Item) else step for step in path) or "the whole of it"
