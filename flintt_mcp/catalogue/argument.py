"""Words for what an operation takes: arguments and where each goes, routes, and rules over several arguments. Values only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import Any, Literal

import msgspec

from flintt_mcp.catalogue.result import Paging


class Place(Enum):
    """Where an argument goes in the HTTP request. LOCAL arguments steer this server and are never sent."""

    PATH = "path"
    QUERY = "query"
    BODY = "body"
    WHOLE_BODY = "whole body"
    LOCAL = "local"


class Kind(Enum):
    """The JSON type of an argument, as its schema tells it."""

    TEXT = "string"
    INTEGER = "integer"
    NUMBER = "number"
    FLAG = "boolean"
    OBJECT = "object"
    TEXTS = "array"
    OBJECTS = "array of objects"
    MONEY = "decimal string"
    """A decimal in a string, so that no client rounds it; sent to the API as that exact number token."""


class Arg(msgspec.Struct, frozen=True, kw_only=True):
    """One argument of an operation.

    `low` and `high` bound a number (inclusive) or the length of a text or list. `choices` makes an enum. `clears` marks a text
    whose empty value means "remove it": it is sent as JSON null. `sent_as` names it at the API when that differs. `default` is what
    an argument means that is not given, where that is documented; it is told, and never sent. `hides` names the rows of a list that
    its default leaves out.
    """

    name: str
    about: str = ""
    place: Place
    kind: Kind = Kind.TEXT
    required: bool = False
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    pattern: str | None = None
    clears: bool = False
    sent_as: str | None = None
    default: str | int | bool | None = None
    hides: str = ""

    @property
    def wire_name(self) -> str:
        return self.sent_as or self.name


def path(name: str, about: str = "", **more: Any) -> Arg:
    """A required text in the path. It is percent-encoded whole; `.` and `..` are refused when the request is built."""
    return Arg(name=name, about=about, place=Place.PATH, **{"required": True, "low": 1, "high": 100, **more})


def query(name: str, about: str = "", **more: Any) -> Arg:
    """An optional query parameter."""
    return Arg(name=name, about=about, place=Place.QUERY, **more)


def body(name: str, about: str = "", **more: Any) -> Arg:
    """An optional field of the JSON body."""
    return Arg(name=name, about=about, place=Place.BODY, **more)


FIELDS = "fields"
"""The argument of list tools that chooses columns."""
ALL_FIELDS = "all"


def local(name: str, about: str = "", **more: Any) -> Arg:
    """An argument for this server alone."""
    return Arg(name=name, about=about, place=Place.LOCAL, **more)


class Route(msgspec.Struct, frozen=True):
    """One HTTP endpoint. Of several routes the first whose `when` arguments are present (any of them) is called.

    A route without `when` always fits, so it stands last. `paging` overrides the listing's paging on this route. `{name}` in
    the path is one segment, `{name:path}` one or more, each percent-encoded by itself.
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    when: tuple[str, ...] = ()
    paging: Paging | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the path parameters, in order."""
        return tuple(re.findall(r"{(\w+)(?::path)?}", self.path))


class Needs(msgspec.Struct, frozen=True):
    """Rule: the argument `name` makes sense only together with `other`."""

    name: str
    other: str

    def broken_by(self, given: Mapping[str, Any]) -> str | None:
        if self.name in given and self.other not in given:
            return f"{self.name} works only together with {self.other}"
        return None


class AnyOf(msgspec.Struct, frozen=True):
    """Rule: at least one of `names` must be given."""

    names: tuple[str, ...]

    def broken_by(self, given: Mapping[str, Any]) -> str | None:
        if any(name in given for name in self.names):
            return None
        return f"give at least one of {', '.join(self.names)}"


class NotBoth(msgspec.Struct, frozen=True):
    """Rule: of two texts at most one may be given; an empty one, which clears, does not count."""

    one: str
    other: str

    def broken_by(self, given: Mapping[str, Any]) -> str | None:
        if given.get(self.one) and given.get(self.other):
            return f"give {self.one} or {self.other}, not both"
        return None


class InOrder(msgspec.Struct, frozen=True):
    """Rule: of two ISO 8601 dates or times the first may not lie after the last; what cannot be compared for sure passes."""

    first: str
    last: str

    def broken_by(self, given: Mapping[str, Any]) -> str | None:
        first, last = _moment(given.get(self.first), time.min), _moment(given.get(self.last), time.max)
        if first is None or last is None:
            return None
        if (first.tzinfo is None) is not (last.tzinfo is None):
            # One of them says no offset, and offsets lie up to a day and two hours apart.
            upside_down = first.replace(tzinfo=None) - last.replace(tzinfo=None) > timedelta(hours=26)
        else:
            upside_down = first > last
        return f"{self.first} lies after {self.last}, so nothing can be between them" if upside_down else None


def _moment(text: str | None, time_of_day: time) -> datetime | None:
    """The moment that a text names, at this time of the day where it names a date alone; None for anything else."""
    try:
        return datetime.combine(date.fromisoformat(text or ""), time_of_day)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text or "")
    except ValueError:
        return None


Rule = Needs | AnyOf | NotBoth | InOrder
