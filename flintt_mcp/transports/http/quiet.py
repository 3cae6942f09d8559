"""Keeps session ids out of logs that the SDK writes.

In: records of the two SDK loggers that name sessions. Out: the same records with the ids left out. Whoever holds an id and
its key owns the session, so an id in a log is half a credential.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

_LOGGERS = ("mcp.server.streamable_http_manager", "mcp.server.streamable_http")
_ID = re.compile(r"[0-9A-Fa-f]{32}|(?<=ID: ).+|(?<=session: ).+")
"""The ids the SDK makes, and whatever a client sent in place of one."""


class _WithoutIds(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = _ID.sub("...", record.getMessage()), ()
        return True


@contextmanager
def without_session_ids() -> Iterator[None]:
    """While entered, the SDK's records name no session."""
    hide = _WithoutIds()
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    for logger in loggers:
        logger.addFilter(hide)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(hide)
