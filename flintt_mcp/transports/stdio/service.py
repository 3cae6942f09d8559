"""What there is to serve over stdio, in the order in which it becomes available: early answers, then all plain ones, then the
SDK's.

In: functions of whoever composes the server. Out: values; nothing runs here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

Result = Mapping[str, Any]
Early = Callable[[str, Mapping[str, Any], str], Result | None]
"""The result of a request at once: (method, params, revision) -> what is answered, or None where more is needed."""
Plain = Callable[[str, Mapping[str, Any], str, str], Awaitable[Result | None]]
"""The same for what takes a while, with the name that the client gave itself in a handshake; None where the SDK has to see it."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What answers once everything is open. `server` builds the SDK's server; building it loads the SDK."""

    early: Early
    plain: Plain
    server: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Service:
    """What is served.

    `modern` are the revisions in which each request says all by itself. `load` loads what `opened` needs, while the client reads
    the list of tools. `opened` may fail: whoever waits is told `reason(failure)`, and the failure is raised at the end.
    """

    modern: frozenset[str]
    early: Early
    load: Callable[[], None]
    opened: Callable[[], AbstractAsyncContextManager[Opened]]
    reason: Callable[[Exception], str]
