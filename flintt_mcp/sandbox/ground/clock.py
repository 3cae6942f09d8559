"""Time as the APIs show it: ISO 8601 in UTC, whole seconds, a Z at the end, always 20 characters.

One fixed width keeps text order equal to time order, so that SQLite can sort and compare timestamps as they are. The
clock is an argument of whoever needs it; nothing here may be read from a global.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
"""Answers the present moment, with a time zone."""


def utc_now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """Write a moment as `2026-03-20T14:32:00Z`, parts of a second cut off."""
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def read_stamp(text: str) -> datetime:
    """Read what `stamp` wrote."""
    return datetime.fromisoformat(text)


def lower_bound(text: str) -> str:
    """The first stamp that is not before an ISO 8601 date or moment; a date stands for its first second.

    Raises:
        ValueError: the text is not ISO 8601.
    """
    moment = _read_iso(text)
    return _stamp_within(moment, extra=1 if moment.microsecond else 0)


def upper_bound(text: str) -> str:
    """The last stamp that is not after an ISO 8601 date or moment; a date stands for its last second.

    Raises:
        ValueError: the text is not ISO 8601.
    """
    moment = _read_iso(text)
    return _stamp_within(moment, extra=86_399 if _is_date(text) else 0)


def _read_iso(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("not an ISO 8601 date or date and time, such as 2026-03-20 or 2026-03-20T06:00:00Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _is_date(text: str) -> bool:
    return "T" not in text.upper() and " " not in text


def _stamp_within(moment: datetime, *, extra: int) -> str:
    """Stamp a moment plus some seconds; what UTC cannot hold (year 0 or 10000) becomes the nearest year that it can."""
    try:
        return stamp(moment + timedelta(seconds=extra))
    except OverflowError:
        edge = datetime.min if moment.year == 1 else datetime.max
        return stamp(edge.replace(tzinfo=UTC))
