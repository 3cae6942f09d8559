"""Arguments of a tool: its input schema, and the check of what a client sent against it.

In: the `Arg` rows of an operation and the raw arguments of a call. Out: a JSON Schema that every client can read (one object,
no anyOf, no $ref), and a dict that holds only what was set. Raises `ToolInputError` naming each wrong argument and never
repeating its value.
"""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, Literal, NotRequired, Required

import msgspec
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from flintt_mcp.catalogue.operation import Arg, Kind, Rule
from flintt_mcp.errors import ToolInputError

MONEY_PATTERN = r"^-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,8})?$"
"""An amount that is a JSON number as it stands: it goes into the request's body as that very token."""

_NAME_SHOWN = 40
_ERRORS_SHOWN = 8
_UNKNOWN_LOOKED_AT = 100
"""So many unknown arguments are enough to refuse a call; looking at each of a megabyte of them would hold up all others."""
_MOST_WHOLE = 2**63 - 1
_FLOAT_DIGITS = 15
"""Two decimals of so many digits are never the same float; of more they may be, here or in a client before."""
_TEXTS_ITEM = (1, 2000)
"""Shortest and longest text in a list."""


class Arguments:
    """The check for one tool's arguments, the rows `args`; `schema` is their JSON Schema. The validator is made at first use."""

    def __init__(self, tool: str, args: tuple[Arg, ...], rules: tuple[Rule, ...] = ()) -> None:
        self._names = tuple(arg.name for arg in args)
        self._clears = frozenset(arg.name for arg in args if arg.clears)
        self._rules = rules
        self._tool = tool
        self.args = args
        self.schema = _schema(args)

    @cached_property
    def _validate(self) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
        shape = TypedDict(self._tool, {arg.name: _annotation(arg) for arg in self.args})  # type: ignore[misc]  # rows name the fields
        strict = with_config(ConfigDict(extra="forbid", hide_input_in_errors=True))(shape)
        # Only the validator is kept: the adapter's schema and serializer cost as much memory again, for every tool.
        return TypeAdapter(strict).validator.validate_python

    def check(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments that were set, in their right types.

        A null counts as not given, except where it could mean "clear it": there it is refused with the way to say so.

        Raises:
            ToolInputError: names every argument that does not fit and what it takes.
        """
        unknown = [name for name in raw if name not in self._names]
        if len(unknown) > _UNKNOWN_LOOKED_AT:
            raise _input_error([self._unknown(shown_name(name)) for name in unknown[:_ERRORS_SHOWN]], len(unknown))
        given = raw
        if None in raw.values():
            for name in self._clears:
                if name in raw and raw[name] is None:
                    raise _input_error([f'{name}: null is unclear; send "" to clear it, or leave it out'])
            given = {name: value for name, value in raw.items() if value is not None or name not in self._names}
        try:
            checked = self._validate(given)
        except ValidationError as error:
            errors = _errors(error)
            raise _input_error([self._sentence(item) for item in errors[:_ERRORS_SHOWN]], len(errors)) from None
        broken = [sentence for rule in self._rules if (sentence := rule.broken_by(checked))]
        if broken:
            raise _input_error(broken)
        return checked

    def _sentence(self, item: Mapping[str, Any]) -> str:
        # Below the argument's own name only positions are told: a key of an object is part of its value.
        name = shown_name(".".join(str(part) for i, part in enumerate(item["loc"]) if i == 0 or isinstance(part, int)))
        if item["type"] == "extra_forbidden":
            return self._unknown(name)
        if item["type"] == "missing":
            return f"{name}: required"
        return f"{name}: {item['msg'].removeprefix('Value error, ').removeprefix('Input should be ').strip()}"

    def _unknown(self, name: str) -> str:
        close = difflib.get_close_matches(name, self._names, n=1)
        hint = f"did you mean {close[0]}?" if close else f"this tool takes {', '.join(self._names) or 'no arguments'}"
        return f"{name}: unknown argument; {hint}"


def shown_name(name: str) -> str:
    """A name that came from outside, fit for a message: visible ASCII, at most 40 characters."""
    kept = re.sub(r"[^\x21-\x7e]", "?", name)
    return kept if len(kept) <= _NAME_SHOWN else kept[:_NAME_SHOWN] + "..."


def _input_error(sentences: list[str], found: int = 0) -> ToolInputError:
    """The error of these sentences; `found` is how many there would be, when not all of them are told."""
    more = [f"and {found - len(sentences)} more"] if found > len(sentences) else []
    return ToolInputError("; ".join(sentences + more), advice="correct the arguments and call again")


def _errors(error: ValidationError) -> list[Any]:
    return error.errors(include_url=False, include_context=False, include_input=False)


def _annotation(arg: Arg) -> Any:
    typed = _typed(arg)
    return Required[typed] if arg.required else NotRequired[typed]


def _typed(arg: Arg) -> Any:
    low, high = arg.low, arg.high
    match arg.kind:
        case Kind.TEXT if arg.choices:
            return Literal[arg.choices]
        case Kind.TEXT:
            return Annotated[str, Field(min_length=_whole(low), max_length=_whole(high), pattern=arg.pattern)]
        case Kind.INTEGER:
            least, most = -_MOST_WHOLE if low is None else low, _MOST_WHOLE if high is None else high
            return Annotated[int, Field(ge=least, le=most), BeforeValidator(_no_flag)]
        case Kind.NUMBER:
            return Annotated[Any, BeforeValidator(_number(low, high))]
        case Kind.FLAG:
            return bool
        case Kind.OBJECT:
            return Annotated[dict, AfterValidator(_sendable), BeforeValidator(_from_json(dict, "an object"))]
        case Kind.TEXTS:
            shortest, longest = _TEXTS_ITEM
            text = Annotated[str, Field(min_length=shortest, max_length=longest)]
            item: Any = Literal[arg.choices] if arg.choices else text
            size = Field(min_length=_whole(low), max_length=_whole(high))
            return Annotated[list[item], size, BeforeValidator(_from_json(list, "a list"))]
        case Kind.MONEY:
            pattern = arg.pattern or MONEY_PATTERN
            return Annotated[str, Field(pattern=pattern), BeforeValidator(_money(pattern))]


def _whole(bound: float | None) -> int | None:
    return None if bound is None else int(bound)


def _no_flag(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a whole number, not true or false")
    return value


def _number(low: float | None, high: float | None) -> Callable[[Any], int | float]:
    """A check for a JSON number, also one in a string; keeps 12000 a whole number on its way to the API."""

    def check(value: Any) -> int | float:
        number = value
        if isinstance(value, str):
            try:
                number = json.loads(value)
            except (ValueError, RecursionError):
                number = None
        if isinstance(number, bool) or not isinstance(number, int | float) or not _fits(number):
            raise ValueError("a number")
        if (low is not None and number < low) or (high is not None and number > high):
            raise ValueError(f"a number{_range(low, high)}")
        return number

    return check


def _fits(number: int | float) -> bool:
    """Whether JSON can carry the number for every API: finite, and a whole one within 64 bits."""
    return abs(number) <= _MOST_WHOLE if isinstance(number, int) else math.isfinite(number)


def _range(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f" from {low:g} to {high:g}"
    return f" of at least {low:g}" if low is not None else f" of at most {high:g}"


def _from_json(wanted: type, noun: str) -> Callable[[Any], Any]:
    """Understands a JSON text where a list or an object is wanted: several clients send those as strings."""

    def check(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            parsed = json.loads(value)
        except (ValueError, RecursionError):
            raise ValueError(f"{noun}, or its JSON text") from None
        if not isinstance(parsed, wanted):
            raise ValueError(f"{noun}, or its JSON text")
        return parsed

    return check


def _sendable(value: dict[str, Any]) -> dict[str, Any]:
    """Refuses an object that could not be sent as it is; json knows infinite numbers, msgspec what UTF-8 cannot carry."""
    try:
        json.dumps(value, allow_nan=False)
        msgspec.json.encode(value)
    except (ValueError, RecursionError):
        raise ValueError("an object of valid Unicode and finite numbers") from None
    return value


def _money(pattern: str) -> Callable[[Any], Any]:
    """A check for an amount, which may come as a JSON number where no rounding on its way can have made it another one."""
    decimals = sum(re.fullmatch(pattern, f"0.{'1' * count}") is not None for count in range(1, _FLOAT_DIGITS))
    largest = 10 ** (_FLOAT_DIGITS - decimals)

    def check(value: Any) -> Any:
        if isinstance(value, bool):
            raise ValueError('a decimal in a string, e.g. "1250.00"')
        if not isinstance(value, int | float):
            return value
        if not abs(value) < largest:
            raise ValueError(
                'a number this large may have been rounded on its way; send the amount as a string, e.g. "1250.00"'
            )
        return format(Decimal(repr(value)), "f")

    return check


def _schema(args: tuple[Arg, ...]) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {arg.name: _property(arg) for arg in args},
        "additionalProperties": False,
    }
    required = [arg.name for arg in args if arg.required]
    return {**schema, "required": required} if required else schema


_BOUNDS = {
    Kind.TEXT: ("minLength", "maxLength"),
    Kind.TEXTS: ("minItems", "maxItems"),
    Kind.INTEGER: ("minimum", "maximum"),
    Kind.NUMBER: ("minimum", "maximum"),
}


def _property(arg: Arg) -> dict[str, Any]:
    prop: dict[str, Any] = {"type": "string" if arg.kind is Kind.MONEY else arg.kind.value}
    if arg.kind is Kind.TEXTS:
        shortest, longest = _TEXTS_ITEM
        bounds = {"enum": list(arg.choices)} if arg.choices else {"minLength": shortest, "maxLength": longest}
        prop["items"] = {"type": "string", **bounds}
    elif arg.choices:
        prop["enum"] = list(arg.choices)
    if arg.kind is Kind.MONEY or arg.pattern:
        prop["pattern"] = arg.pattern or MONEY_PATTERN
    for key, bound in zip(_BOUNDS.get(arg.kind, ()), (arg.low, arg.high), strict=False):
        if bound is not None:
            prop[key] = int(bound) if float(bound).is_integer() else bound
    if arg.default is not None:
        prop["default"] = arg.default
    return {**prop, "description": arg.about} if arg.about else prop
