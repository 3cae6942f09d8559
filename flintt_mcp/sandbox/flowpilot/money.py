"""Money without floats: whole kobo inside, decimals with two places outside, exact number tokens on the wire.

In: numbers of a JSON body, read as `Decimal` or `int`. Out: kobo for the database, `Decimal` for answers and events, and the
one JSON encoder that writes such a decimal as the number it is (350000.00, never 350000.0 and never a string).
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from pydantic import BeforeValidator, Field, WithJsonSchema

CURRENCY = "NGN"
MOST_NAIRA = 10**16
"""No amount reaches this: its kobo must fit an integer of SQLite."""

_ENCODER = msgspec.json.Encoder(decimal_format="number")


def amount(kobo: int) -> Decimal:
    """Kobo as naira with two places."""
    return Decimal(kobo).scaleb(-2)


def to_json(value: Any) -> bytes:
    """JSON in which every `Decimal` is an exact number token."""
    return _ENCODER.encode(value)


def from_json(body: bytes) -> Any:
    """JSON with exact numbers.

    Raises:
        json.JSONDecodeError: it is not JSON; NaN, infinities and numbers beyond any use are none.
    """
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_refuse_constant)
    except json.JSONDecodeError:
        raise
    except (ValueError, ArithmeticError, RecursionError):
        raise json.JSONDecodeError("not JSON", "", 0) from None


def _refuse_constant(_name: str) -> Any:
    raise ValueError


def _read_kobo(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a number")
    if not 0 < value < MOST_NAIRA:
        raise ValueError(f"must be more than 0 and less than {MOST_NAIRA}")
    kobo = int(value * 100)
    if amount(kobo) != value:
        raise ValueError("must have at most two decimals")
    return kobo


def _read_fraction(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a number")
    if not 0 <= value <= 1:
        raise ValueError("must be from 0 to 1")
    return float(value)


Kobo = Annotated[
    int,
    BeforeValidator(_read_kobo),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": MOST_NAIRA, "multipleOf": 0.01}),
]
"""An amount in a request: naira there, kobo here."""
Fraction = Annotated[float, Field(ge=0, le=1), BeforeValidator(_read_fraction)]
"""A number from 0 to 1 in a request."""
Money = Annotated[Decimal, WithJsonSchema({"type": "number", "examples": [350000.00]})]
"""An amount in an answer, as the document shows it."""
