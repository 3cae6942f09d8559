"""An API's value as a cell of a table. Pure.

In: JSON as an API sent it, decoded. Out: what SQLite stores: None, a whole number, a float or a text. Moments become UTC to the
second, always 20 characters, so that they compare as texts; money becomes exact hundredths.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

Cell = None | int | float | str
_MOST_WHOLE = 2**63
_MOST_DIGITS = 25


def plain(value: Any) -> Cell:
    """A value as it is: true and false as 1 and 0, objects and lists as their JSON."""
    match value:
        case None | str() | float():
            return value
        case int():
            return int(value) if -_MOST_WHOLE <= value < _MOST_WHOLE else str(value)
        case Decimal():
            return float(value)
        case _:
            return msgspec.json.encode(value).decode()


def moment(value: Any) -> Cell:
    """A moment as `2026-03-20T06:00:00Z`; what is none, or a date alone, stays as it is. One that names no zone is UTC."""
    if not isinstance(value, str) or len(value) <= len("2026-03-20"):
        return plain(value)
    try:
        found = datetime.fromisoformat(value)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return value
    return found.replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def cents(value: Any) -> Cell:
    """An amount in hundredths, exact; None for what has more than two decimals, or is no amount."""
    amount = _amount(value)
    if amount is None or len(amount.as_tuple().digits) > _MOST_DIGITS:
        return None
    whole = amount.scaleb(2)
    return int(whole) if whole == whole.to_integral_value() and abs(whole) < _MOST_WHOLE else None


def amount(value: Any) -> Cell:
    """An amount as the decimal a person writes."""
    found = _amount(value)
    if found is None:
        return plain(value)
    return format(found, "f") if abs(found.adjusted()) <= _MOST_DIGITS else str(found)


def _amount(value: Any) -> Decimal | None:
    if value is None or isinstance(value, bool | dict | list):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
