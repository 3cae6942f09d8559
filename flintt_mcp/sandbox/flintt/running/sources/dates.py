"""When something was published, in the ways that feeds, APIs and pages write it; what leaves a choice is no date.

In: candidates as they stand, the likeliest first, and now. Out: the first that is a plausible moment, as the sandbox stamps it, or
None. Whole libraries exist that fill in what a text leaves out, from today; a guess would make an item new, or old. Read are ISO
8601, the dates of mails (RSS), the year first, the month by its name (English, French), the day first with points or where
the month could not be, and seconds or milliseconds since 1970.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from flintt_mcp.sandbox.ground.clock import stamp

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""Before the web there is no news on it: year 1 and 1970 are what programs write for "unknown"."""
AHEAD = timedelta(days=2)
"""How far ahead of our clock a date may be: another time zone, a clock that is wrong. Later ones are when something will be."""
MAX_LENGTH = 64

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan janvier janv",
            "february feb fevrier fevr fev février févr fév",
            "march mar mars",
            "april apr avril avr",
            "may mai",
            "june jun juin",
            "july jul juillet juil",
            "august aug aout août",
            "september sept sep septembre",
            "october oct octobre",
            "november nov novembre",
            "december dec decembre décembre déc",
        ),
        1,
    )
    for name in names.split()
}
_COMPACT = re.compile(r"^(\d{8})(\d{4}|\d{6})$")
_MAIL = re.compile(
    r"(?:[a-z]{3,9},? +)?"
    r"(?:\d{1,2} +[a-z]{3} +(?:\d{2}|[1-9]\d{3}) +\d{1,2}:\d{2}\b.*|[a-z]{3} +\d{1,2} +\d{1,2}:\d{2}:\d{2} .*\b[1-9]\d{3})",
    re.IGNORECASE | re.ASCII,
)
"""A year of two digits is one of our time, as mails had it; "0001" is year 1, whatever the standard library makes of it."""
_YEAR_FIRST = re.compile(r"(\d{4})[-/.年년] *(\d{1,2})[-/.月월] *(\d{1,2})(?!\d)")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?!\d)")
_WEEKDAY = r"(?:[^\W\d_]+[.,]{0,2} +)?"
_DAY_MONTH = re.compile(_WEEKDAY + r"(\d{1,2})(?:st|nd|rd|th|er|\.)?(?: +of)?[ -]+([^\W\d_]+)\.?,?[ -]+(\d{4})(?!\d)")
_MONTH_DAY = re.compile(_WEEKDAY + r"([^\W\d_]+)\.? +(\d{1,2})(?:st|nd|rd|th)?,? +(\d{4})(?!\d)")


def read_date(candidates: Iterable[str | int | float], now: datetime) -> str | None:
    """The first candidate that is a moment between the beginning of the web and now."""
    for candidate in candidates:
        for moment in _moments(candidate):
            if EARLIEST <= moment <= now + AHEAD:
                return stamp(moment)
    return None


def _moments(candidate: str | int | float) -> Iterator[datetime]:
    """What a candidate may mean; the readings of one number lie centuries apart."""
    text = str(candidate).strip()[:MAX_LENGTH]
    for read in (_iso, _mail, _year_first, _year_last, _day_month, _month_day):
        try:
            if moment := read(text):
                yield moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError, TypeError):
            continue
    if re.fullmatch(r"\d{9,19}(\.\d+)?", text):
        yield from (
            EPOCH + timedelta(seconds=float(text) / scale) for scale in (1, 1e3, 1e6, 1e9) if float(text) / scale < 1e11
        )


def _iso(text: str) -> datetime | None:
    return datetime.fromisoformat(_COMPACT.sub(r"\1T\2", text))


def _mail(text: str) -> datetime | None:
    return parsedate_to_datetime(text) if _MAIL.fullmatch(text) else None


def _year_first(text: str) -> datetime | None:
    found = _YEAR_FIRST.match(text)
    if found is None:
        return None
    day = datetime(int(found[1]), int(found[2]), int(found[3]))
    try:
        return datetime.fromisoformat(f"{day:%Y-%m-%d}{text[found.end() :]}")
    except ValueError:
        return day


def _year_last(text: str) -> datetime | None:
    """Day, month and year with points; with strokes, where the day cannot be taken for the month."""
    found = _YEAR_LAST.match(text)
    if found is None:
        return None
    first, second, year = int(found[1]), int(found[3]), int(found[4])
    if found[2] == "." or first > 12 or first == second:
        return datetime(year, second, first)
    return datetime(year, first, second) if second > 12 else None


def _day_month(text: str) -> datetime | None:
    found = _DAY_MONTH.match(text)
    return _named(found[3], found[2], found[1]) if found else None


def _month_day(text: str) -> datetime | None:
    found = _MONTH_DAY.match(text)
    return _named(found[3], found[1], found[2]) if found else None


def _named(year: str, month: str, day: str) -> datetime | None:
    number = _MONTHS.get(month.casefold())
    return datetime(int(year), number, int(day)) if number else None
