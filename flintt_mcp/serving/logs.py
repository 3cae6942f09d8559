"""Logging to stderr, with every key, token and session id taken out of what any library writes.

In: a level. Out: one handler on the root logger. stdout is never touched: it belongs to the protocol.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import TextIO

_SECRETS = re.compile(
    r"(?:flt|fp_live|fp_test|lg_live|whsec|flextell)_[A-Za-z0-9_\-]+"
    r"|(?i:bearer)\s+[A-Za-z0-9._~+/=\-]+"
    r"|eyJ[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]+"
    r"|(?i:(?:api_?key|token|secret|session_id|code)(?:=|%3d))[^&\s\"']+"
    r"|\b[0-9a-f]{32}\b|\b[0-9a-f]{64}\b"
)
_CHATTY = ("mcp", "httpx2", "httpcore2", "sse_starlette", "uvicorn.access")
"""Libraries whose lower levels repeat messages and ids; they speak from warning on, whatever the level."""


def redact(text: str) -> str:
    """The text with everything that looks like a secret or a session id replaced."""
    return _SECRETS.sub("[redacted]", text)


class RedactingFormatter(logging.Formatter):
    """Formats a record, traceback included, and redacts the whole of it."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def configure_logging(level: str, stream: TextIO | None = None) -> None:
    """Log to stderr at `level` (debug, info, warning, error)."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(RedactingFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
