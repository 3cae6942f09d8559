"""Errors that end a whole question, and those that only leave a part of it unread.

In: how one request ended. Out: the same, unless nothing else could be read either: then it is raised.
"""

from __future__ import annotations

from typing import TypeVar

from flintt_mcp.errors import ConfigError, CredentialMissing, Forbidden, Unauthorized

_ENDS_ALL = (CredentialMissing, ConfigError, Forbidden, Unauthorized)
Outcome = TypeVar("Outcome")


def stops(outcome: Outcome) -> Outcome:
    """The outcome, where the question goes on without it.

    Raises:
        FlinttError: the key is not good, or not good any more; what was read with it before is not shown.
    """
    if isinstance(outcome, _ENDS_ALL):
        raise outcome
    return outcome
