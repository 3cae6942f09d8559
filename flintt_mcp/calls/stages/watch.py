"""Stage: sees how every call ends, and tells those who watch: the figures and the log.

In: calls. Out: the same replies. Whose doing an end was is told apart: the caller's (refused), this server's limits (busy), the
API's or the way to it (api_failed), or our own (failed). A watcher gets no argument and no result.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from flintt_mcp.calls.call import Call, Next
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


class Ended(msgspec.Struct, frozen=True):
    """How a call ended: in one word, after so many seconds, and with which HTTP status of the API's last answer."""

    outcome: Outcome
    seconds: float
    api_status: int | None = None


Watcher = Callable[[Call, Ended], None]

_ERRORS: tuple[tuple[type[Exception], Outcome], ...] = (
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
)


class Watch:
    """Tells each of the watchers, in order, how a call ended."""

    def __init__(self, watchers: Sequence[Watcher]) -> None:
        self._watchers = tuple(watchers)

    async def __call__(self, call: Call, next: Next) -> Reply:
        started = time.perf_counter()
        try:
            reply = await next(call)
        except BaseException as error:
            self._tell(call, _outcome(error), started, _status(error))
            raise
        match reply:
            case Done(api_status=status):
                self._tell(call, "done", started, status)
            case Ask():
                self._tell(call, "ask", started, None)
            case Refused(error=refused):
                self._tell(call, _outcome(refused), started, _status(refused))
        return reply

    def _tell(self, call: Call, outcome: Outcome, started: float, status: int | None) -> None:
        ended = Ended(outcome, time.perf_counter() - started, status)
        for watcher in self._watchers:
            watcher(call, ended)


def _outcome(error: BaseException) -> Outcome:
    return next((outcome for kind, outcome in _ERRORS if isinstance(error, kind)), "cancelled")


def _status(error: BaseException) -> int | None:
    return error.status if isinstance(error, UpstreamError) else None
