"""Logging to stderr, as text or as JSON, with every key, token and session id taken out of what any library writes.

In: settings. Out: one handler on the root logger. Lines of requests (`calls/lines.py`) hold words of our own and go out as they
are; all else is redacted. stdout is never touched: it belongs to the protocol.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Any, TextIO

from flintt_mcp.calls.lines import Line
from flintt_mcp.settings import Settings
from flintt_mcp.text import KEYS

_SECRETS = re.compile(
    KEYS +
    # Whatever a header or a field of that name holds, in a query, in a header, in JSON or in a dict that somebody printed.
    r"|(?i:(?<![\w-])(?:[a-z0-9]+[_-])*(?:api[_-]?key|token|secret|password|session[_-]id)(?:=|%3d))[^&\s\"']+"
    r"|(?i:(?<![a-z_])code(?:=|%3d))[^&\s\"']+"
    r"|(?i:(?<![\w-])(?:[a-z]+-)+(?:key|token|secret|session-id)\b[\"']?\s*[:,]\s*b?[\"']?)[^\s\"',}\])]+"
    r"|(?i:\bauthorization\b[\"']?\s*[:,]\s*b?[\"']?(?:[a-z]+\s+)?)[^\s\"',}\])]+"
    r"|(?i:[\"'](?:[a-z]+_)*(?:api_?key|token|secret|password|session_id)[\"']\s*[:,]\s*b?[\"']?)[^\s\"',}\])]+"
    r"|(?i:\bbearer)\s+[A-Za-z0-9._~+/=\-]+"
    # What the SDK and we make as ids of sessions and streams, and digests.
    r"|\b[0-9a-f]{32}\b|\b[0-9a-f]{64}\b"
)
_CHATTY = ("mcp", "httpx2", "httpcore2", "sse_starlette", "uvicorn.access")
"""Libraries whose lower levels repeat messages and ids; they speak from warning on, whatever the level."""


def redact(text: str) -> str:
    """The text with everything that looks like a secret or a session id replaced."""
    return _SECRETS.sub("[redacted]", text)


class TextFormatter(logging.Formatter):
    """A line for people: time, level, logger, message; a traceback below it."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        whole = super().format(record)
        return whole if isinstance(record.msg, Line) else redact(whole)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, and the fields of a request's line or a message, with its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        told: dict[str, Any] = {"time": moment.replace("+00:00", "Z"), "level": record.levelname.lower()}
        told["logger"] = record.name
        told |= record.msg if isinstance(record.msg, Line) else {"message": redact(record.getMessage())}
        if record.exc_info:
            told["traceback"] = redact(self.formatException(record.exc_info))
        return json.dumps(told)


def configure_logging(settings: Settings, stream: TextIO | None = None) -> None:
    """Log to stderr at the settings' level and in their format."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if settings.log_format == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
