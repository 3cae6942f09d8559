"""The JSON Schema of a tool's arguments, as every client can read it: one object, no anyOf, no $ref.

In: `Arg` rows. Out: plain values for the list of tools. `kinds.py` has the types that check the same rows; nothing here
loads pydantic, so that a list can be told before anything is checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flintt_mcp.catalogue.argument import Arg, Kind

MONEY_PATTERN = r"^-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,8})?$"
"""An amount that is a JSON number as it stands: it goes into the request's body as that very token."""
TEXTS_ITEM = (1, 2000)
"""Shortest and longest text in a list."""

_BOUNDS = {
    Kind.TEXT: ("minLength", "maxLength"),
    Kind.TEXTS: ("minItems", "maxItems"),
    Kind.OBJECTS: ("minItems", "maxItems"),
    Kind.INTEGER: ("minimum", "maximum"),
    Kind.NUMBER: ("minimum", "maximum"),
}
_TYPES = {Kind.MONEY: "string", Kind.OBJECTS: "array"}
"""Types of JSON that kinds have another name for."""
_UNTOLD = {("minLength", 1)}
"""That a text is not empty is checked and goes without saying: told of every text, it costs a model more than a tool does."""


_MET = 100
"""Characters that a caller may well pass by chance. A bound from here on is checked and not told: nobody writes a longer name or
URL unasked, and who does hears the bound; told of every text, it costs a model more than a tool does."""


def told_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema as clients are told it, with what goes without saying left out."""
    return {**schema, "properties": {name: _told(prop) for name, prop in schema["properties"].items()}}


def _told(prop: Mapping[str, Any]) -> dict[str, Any]:
    left_out = {"maxLength", "minLength"} if prop.get("pattern") or prop.get("maxLength", 0) >= _MET else set[str]()
    items = {"items": _told(prop["items"])} if isinstance(prop.get("items"), dict) else {}
    return {name: value for name, value in prop.items() if name not in left_out} | items


def input_schema(args: Iterable[Arg]) -> dict[str, Any]:
    """The schema of these arguments together, with every bound."""
    args = tuple(args)
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {arg.name: _schema_of(arg) for arg in args},
        "additionalProperties": False,
    }
    required = [arg.name for arg in args if arg.required]
    return {**schema, "required": required} if required else schema


def _schema_of(arg: Arg) -> dict[str, Any]:
    """The JSON Schema of this argument."""
    prop: dict[str, Any] = {"type": _TYPES.get(arg.kind, arg.kind.value)}
    if arg.kind is Kind.TEXTS:
        shortest, longest = TEXTS_ITEM
        bounds = {"enum": list(arg.choices)} if arg.choices else {"minLength": shortest, "maxLength": longest}
        prop["items"] = {"type": "string", **bounds}
    elif arg.kind is Kind.OBJECTS:
        prop["items"] = {"type": "object"}
    elif arg.choices:
        prop["enum"] = list(arg.choices)
    if arg.kind is Kind.MONEY or arg.pattern:
        prop["pattern"] = arg.pattern or MONEY_PATTERN
    for key, bound in zip(_BOUNDS.get(arg.kind, ()), (arg.low, arg.high), strict=False):
        if bound is not None and (key, bound) not in _UNTOLD:
            prop[key] = int(bound) if float(bound).is_integer() else bound
    if arg.default is not None and arg.default is not False:  # that a flag is off unasked goes without saying as well
        prop["default"] = arg.default
    return {**prop, "description": arg.about} if arg.about else prop
