"""Every error this project raises on purpose, in one family.

    FlinttError                    what happened, whether anything was changed, what to do next
    ├── ConfigError                a setting is wrong: one line, exit code 2
    ├── ToolInputError             the arguments of a call do not fit the tool
    ├── UnknownTool                no tool of that name is on for this caller
    ├── CredentialMissing          a keyed tool was called without a key for its API
    ├── CallRefused                this server declines the call (spending, policy)
    │   ├── ApprovalRequired       a person has to approve it first, elsewhere than in the client
    │   ├── AlreadyThere           what a call would add seems to be there
    │   ├── Busy                   it is at a limit of its own just now
    │   └── StoreFailed            it cannot use what it keeps
    └── UpstreamError              the REST API, or the way to it, failed
        ├── Unauthorized           401: the key is missing, invalid, expired or revoked
        ├── Forbidden              403: the key is good, its scope or plan is not
        ├── NotFound               404
        ├── Rejected               any other 4xx: the API refused the request as sent
        ├── RateLimited            429
        ├── Unavailable            5xx, or an answer that cannot be understood
        └── Unreachable            no answer at all: connect, reset, time-out

Raised where the fact is known, turned into text once at the edge (`face/`, `cli/`). A message never holds a secret
and never repeats the value of a rejected argument.
"""

from __future__ import annotations

from typing import Literal

Changed = Literal["no", "yes", "unknown"]
"""Whether a failed call may have changed anything at the API."""


class FlinttError(Exception):
    """What happened (`message`), whether anything was changed (`changed`) and what to do next (`advice`)."""

    def __init__(self, message: str, *, changed: Changed = "no", advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.changed: Changed = changed
        self.advice = advice


class ConfigError(FlinttError):
    """A setting that cannot work; the message names the setting and what it takes."""


class ToolInputError(FlinttError):
    """Arguments that do not fit a tool's input schema; the message names each argument, never its value."""


class UnknownTool(FlinttError):
    """A tool name that is not on for this caller; the message may name close ones."""


class CredentialMissing(FlinttError):
    """A keyed tool was called without a key; the advice says how to give one on this transport."""


class CallRefused(FlinttError):
    """The server itself declined the call before anything was sent."""


class ApprovalRequired(CallRefused):
    """A person has to approve the call, and the client cannot be asked, or did not answer as a person does."""


class AlreadyThere(CallRefused):
    """What a call would add seems to be there already, so it was not added."""


class Busy(CallRefused):
    """The server is at a limit of its own just now: the same call may pass in a moment, and nothing was sent."""


class StoreFailed(CallRefused):
    """The server cannot read or write what it keeps, for the moment or for longer, and nothing was sent."""


class UpstreamError(FlinttError):
    """The REST API answered with an error, or did not answer.

    Args:
        operation: name of the operation that was called.
        status: HTTP status, or None when there was no answer.
        request_id: the API's own request id when it sent one, for its support.
        retry_after: seconds the API asked to wait, when it said so.
        code: machine-readable error code of the API (`INSUFFICIENT_CREDITS`, `unauthorized`), when it sent one.
    """

    def __init__(
        self,
        message: str,
        *,
        operation: str,
        changed: Changed = "no",
        advice: str = "",
        status: int | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message, changed=changed, advice=advice)
        self.operation = operation
        self.status = status
        self.request_id = request_id
        self.retry_after = retry_after
        self.code = code


class Unauthorized(UpstreamError):
    """401: the API does not accept the key."""


class Forbidden(UpstreamError):
    """403: the key lacks a scope or a plan feature. `scopes` are those it needs, where the API says that one is missing."""

    scopes: tuple[str, ...] = ()


class NotFound(UpstreamError):
    """404: nothing with that id in this workspace."""


class Rejected(UpstreamError):
    """Another 4xx: the API understood the request and refused it."""


class RateLimited(UpstreamError):
    """429: too many requests; `retry_after` says how long to wait when the API said so."""


class Unavailable(UpstreamError):
    """5xx, a redirect, or an answer that is not what the API documents."""


class Unreachable(UpstreamError):
    """No answer: connection refused, reset, or a time-out."""
