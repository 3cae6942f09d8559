"""A tool's arguments as fields of a form: what a person fills in, from the schema that clients get.

In: an input schema. Out: one `Field` for each argument, with all that a browser can check by itself. What a field holds becomes
JSON in the page's script, and the server checks it as it checks every call.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["text", "long", "number", "whole", "choice", "yes_no", "lines", "json"]

_LONG_TEXT = 500
_DATES = {"date": "YYYY-MM-DD", "date-time": "YYYY-MM-DDTHH:MM:SSZ"}


@dataclass(frozen=True, slots=True)
class Field:
    """One argument.

    `kind` says how it is filled in and read: `lines` is one text a line, `json` any value. `limits` are attributes of HTML.
    """

    name: str
    about: str
    required: bool
    kind: Kind
    choices: tuple[str, ...] = ()
    default: str = ""
    limits: tuple[tuple[str, str], ...] = ()


def fields_of(schema: Mapping[str, Any]) -> list[Field]:
    """The fields of a tool's form, required ones first."""
    required = set(schema.get("required", ()))
    fields = [_field(name, told, name in required) for name, told in schema.get("properties", {}).items()]
    return sorted(fields, key=lambda field: not field.required)


def _field(name: str, told: Mapping[str, Any], required: bool) -> Field:
    choices = tuple(str(choice) for choice in told.get("enum", ()))
    default = told.get("default")
    return Field(
        name=name,
        about=str(told.get("description", "")),
        required=required,
        kind="choice" if choices else _kind(told),
        choices=choices,
        default="" if default is None else default if isinstance(default, str) else json.dumps(default),
        limits=tuple(_limits(told).items()),
    )


def _kind(told: Mapping[str, Any]) -> Kind:
    match told.get("type"):
        case "string":
            return "long" if told.get("maxLength", 0) > _LONG_TEXT else "text"
        case "integer":
            return "whole"
        case "number":
            return "number"
        case "boolean":
            return "yes_no"
        case "array" if told.get("items", {}).get("type") == "string":
            return "lines"
        case _:
            return "json"


def _limits(told: Mapping[str, Any]) -> dict[str, str]:
    names = {
        "minLength": "minlength",
        "maxLength": "maxlength",
        "minimum": "min",
        "maximum": "max",
        "pattern": "pattern",
    }
    limits = {html: str(told[name]) for name, html in names.items() if name in told}
    if told.get("format") in _DATES:
        limits["placeholder"] = _DATES[told["format"]]
    return limits
