"""The type that checks one argument of a tool, by its kind.

In: an `Arg` row. Out: a type for pydantic, which understands what clients send in place of a value and refuses what no API takes.
What is refused is told as what the argument takes; the value is never repeated.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from pydantic import AfterValidator, BeforeValidator, Field

from flintt_mcp.calls.arguments.schemas import MONEY_PATTERN, TEXTS_ITEM
from flintt_mcp.catalogue.argument import Arg, Kind

_MOST_WHOLE = 2**63 - 1
_FLOAT_DIGITS = 15
"""Two decimals of so many digits are never the same float; of more they may be, here or in a client before."""
_UNSEEN = ("Cc", "Cf", "Cs", "Zs", "Zl", "Zp", "Mn", "Me")
"""Categories of characters that show nothing on their own. One that this Python does not know yet may well show something."""
_BLANKS = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and symbols by their category, and nothing to look at."""


def type_of(arg: Arg) -> Any:
    """The type that checks a value of this argument."""
    low, high = arg.low, arg.high
    match arg.kind:
        case Kind.TEXT if arg.choices:
            return Literal[arg.choices]
        case Kind.TEXT:
            return _text(Field(min_length=_whole(low), max_length=_whole(high), pattern=arg.pattern), shows=bool(low))
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
            shortest, longest = TEXTS_ITEM
            text = _text(Field(min_length=shortest, max_length=longest), shows=True)
            item: Any = Literal[arg.choices] if arg.choices else text
            size = Field(min_length=_whole(low), max_length=_whole(high))
            return Annotated[list[item], size, BeforeValidator(_from_json(list, "a list"))]
        case Kind.OBJECTS:
            size = Field(min_length=_whole(low), max_length=_whole(high))
            each = Annotated[dict, AfterValidator(_sendable)]
            return Annotated[list[each], size, BeforeValidator(_from_json(list, "a list of objects"))]
        case Kind.MONEY:
            pattern = arg.pattern or MONEY_PATTERN
            return Annotated[str, Field(pattern=pattern), BeforeValidator(_money(pattern))]


def _text(bounds: Any, *, shows: bool) -> Any:
    return Annotated[str, bounds, AfterValidator(_shown)] if shows else Annotated[str, bounds]


def _shown(text: str) -> str:
    """Refuses a text of nothing but blanks, marks and characters that do not show: people would see an empty one."""
    if all(unicodedata.category(char) in _UNSEEN or char in _BLANKS for char in text):
        raise ValueError("at least one character that shows")
    return text


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
