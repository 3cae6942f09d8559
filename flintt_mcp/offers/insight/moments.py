"""Dates and moments that a caller gives, as texts that compare with those of the tables. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from flintt_mcp.errors import ToolInputError
from flintt_mcp.offers.insight.cells import moment

_STAMP = "2026-03-20T06:00:00Z"


def is_stamp(value: Any) -> bool:
    """Whether this is a moment in UTC to the second, as tables tell moments."""
    return isinstance(value, str) and len(value) == len(_STAMP) and value.endswith("Z")


def moment_of(value: Any) -> str:
    """A moment of the API in UTC to the second, a date alone as its begin; "" for what is none."""
    if not isinstance(value, str):
        return ""
    whole = f"{value}T00:00:00Z" if len(value) == len("2026-03-20") else value.upper()
    found = moment(whole)
    return found if isinstance(found, str) and is_stamp(found) and _is_real(found) else ""


def _is_real(stamp: str) -> bool:
    """Whether there is such a moment: some clocks tell a 60th second, or a 24th hour."""
    try:
        datetime.fromisoformat(stamp)
    except ValueError:
        return False
    return True


def stamp(seconds: float) -> str:
    """The moment so many seconds after 1970."""
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def before(moment: str, seconds: float) -> str:
    """The moment so many seconds earlier."""
    earlier = datetime.fromisoformat(moment) - timedelta(seconds=seconds)
    return earlier.replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def read_moment(name: str, value: Any) -> str | None:
    """A date as it is, a moment in UTC to the second; None when none was given.

    Raises:
        ToolInputError: it is neither.
    """
    if value is None:
        return None
    found = str(moment(value))
    if is_stamp(found):
        return found
    try:
        return date.fromisoformat(found).isoformat()
    except ValueError:
        raise ToolInputError(
            f"{name}: takes a date or a moment in ISO 8601, e.g. 2026-06-01 or {_STAMP}",
            advice="correct the arguments and call again",
        ) from None
