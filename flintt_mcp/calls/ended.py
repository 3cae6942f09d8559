"""How a call ended, in one word, for those who watch: the figures and the log.

In: a reply, or what was raised in its place. Out: an `Ended`. Whose doing an end was is told apart: the caller's (refused), this
server's limits (busy), the API's or the way to it (api_failed), or our own (failed). No argument and no result is in it.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from flintt_mcp.calls.reply import Ask, Done, Refused, Reply
from flintt_mcp.errors import (
    Busy,
    CallRefused,
    CredentialMissing,
    ToolInputError,
    Unavailable,
    UnknownTool,
    Unreachable,
    UpstreamError,
)

Outcome = Literal["done", "ask", "refused", "busy", "api_failed", "failed", "cancelled"]

_ERRORS: tuple[tuple[type[BaseException], Outcome], ...] = (
    # The first row that fits counts; an API that refuses did its work.
    (Busy, "busy"),
    (Unavailable, "api_failed"),
    (Unreachable, "api_failed"),
    (UpstreamError, "refused"),
    (ToolInputError, "refused"),
    (UnknownTool, "refused"),
    (CredentialMissing, "refused"),
    (CallRefused, "refused"),
    (Exception, "failed"),
    (BaseException, "cancelled"),
)


class Ended(msgspec.Struct, frozen=True):
    """How a call ended: in one word, after so many seconds, and with which HTTP status of the API's last answer."""

    outcome: Outcome
    seconds: float
    api_status: int | None = None


def ended(how: Reply | BaseException, seconds: float) -> Ended:
    """How a call ended that was replied to so, or that raised this."""
    match how:
        case Done(api_status=status):
            return Ended("done", seconds, status)
        case Ask():
            return Ended("ask", seconds)
        case Refused(error=error):
            return ended(error, seconds)
        case UpstreamError(status=status):
            return Ended(_outcome(how), seconds, status)
        case _:
            return Ended(_outcome(how), seconds)


def _outcome(error: BaseException) -> Outcome:
    return next(outcome for kind, outcome in _ERRORS if isinstance(error, kind))
