"""What the arguments of a call mean, as one text: equal exactly for calls that ask for the same thing. Pure.

In: the rows of a tool's arguments and the values that were set, checked. Out: JSON in fixed order, with defaults filled in and
equal values spelled alike. Cursors, idempotency keys and whatever else has to know a call again are bound to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from flintt_mcp.catalogue.argument import Arg, Kind

_EXACT_TO = 2**53
"""Up to here a float and a whole number can be one value."""


def canonical(args: Iterable[Arg], given: Mapping[str, Any]) -> str:
    """The meaning of `given`, of the arguments in `args` alone."""
    meant = {arg.name: _alike(arg, given.get(arg.name, arg.default)) for arg in args}
    told = {name: value for name, value in meant.items() if value is not None}
    return msgspec.json.encode(told, order="sorted").decode()


def _alike(arg: Arg, value: Any) -> Any:
    """The value in the one spelling of all that are equal to it."""
    if arg.kind is Kind.MONEY and value is not None:
        return format(Decimal(value).normalize(), "f")
    if arg.kind is Kind.TEXTS and arg.choices and value is not None:  # a choice of several has no order
        return sorted(set(value))
    return _number_alike(value)


def _number_alike(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer() and abs(value) <= _EXACT_TO:
        return int(value)
    if isinstance(value, dict):
        return {name: _number_alike(item) for name, item in value.items()}
    return [_number_alike(item) for item in value] if isinstance(value, list) else value
