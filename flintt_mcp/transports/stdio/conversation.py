"""What was agreed with the client, and who answers each of its messages. Knows no event loop.

In: lines, in their order. Out: for each the answer, where one can be given at once, or what has to be worked on and by whom.
The first request decides, as it does in the SDK: with `initialize` a revision is agreed on for all that follow, with an
envelope of its own each says all by itself, and after anything else the SDK hears everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from flintt_mcp.transports.envelope import (
    INVALID_REQUEST,
    PROTOCOL_VERSION,
    Envelope,
    Malformed,
    RequestId,
    read_envelope,
)
from flintt_mcp.transports.line_safe import line_safe_bytes
from flintt_mcp.transports.stdio.service import Early, Result

_MOST_NOTED = 8
"""Messages kept for the SDK from before the first request: as many as it keeps itself."""
_TOO_LONG = Malformed(INVALID_REQUEST, "The line is longer than this server takes; it was skipped")
_STILL_RUNS = Malformed(INVALID_REQUEST, "A request with the same id is still running; this one was skipped")
_encode = msgspec.json.Encoder().encode


class Request(msgspec.Struct, frozen=True):
    """A request that has to be worked on. `version` is the revision at which it may be answered plainly, "" where it may not."""

    envelope: Envelope
    version: str = ""


Heard = bytes | Request | Envelope | None
"""What a line came to: its answer, a request, a notification or response for whoever is at work, or nothing."""


class Opening(msgspec.Struct):
    """What somebody who comes later has to hear first: messages from before the first request, that which decided (it has been
    answered already; None where the SDK is to answer it), and that the client is ready.
    """

    before: list[bytes] = []
    decided: bytes | None = None
    ready: list[bytes] = []


class Conversation:
    """One client. `early` gives results at once; whoever opens more may put another in its place.

    `client` is the name that it gave itself in a handshake.
    """

    def __init__(self, early: Early, modern: frozenset[str]) -> None:
        self.early = early
        self.opening = Opening()
        self.client = ""
        self.running: dict[str, str] = {}
        self.has_listed = False
        self._modern = modern
        self._agreed: str | None = None
        self._only_sdk = False

    def hear(self, line: bytes | None) -> Heard:
        """Take one line; None is one above the limit."""
        if line is None:
            return refusal(_TOO_LONG)
        if not line.strip():
            return None
        message = read_envelope(line)
        if isinstance(message, Malformed):
            return refusal(message)
        if message.kind != "request":
            self._note(message)
            return message
        return refusal(_STILL_RUNS) if str(message.id) in self.running else self._request(message)

    def ended(self, id: RequestId | None) -> None:
        """A request is answered, or will never be: from the first byte of its answer on the client may use the id again."""
        self.running.pop(str(id), None)

    def _note(self, message: Envelope) -> None:
        """Keep what the SDK would have to hear."""
        noted = self.opening.before if self._agreed is None else self.opening.ready
        if (self._agreed is None or message.method == "notifications/initialized") and len(noted) < _MOST_NOTED:
            noted.append(message.body)

    def _request(self, message: Envelope) -> Heard:
        params = (message.whole or {}).get("params") or {}
        if self._agreed is None:
            greeted = self._begin(message, params)
            if greeted is not None:
                return answer(message.id, greeted)
        version = "" if self._only_sdk else self._version(message.method, params)
        result = self.early(message.method, params, version) if version else None
        if result is not None:
            self.has_listed = self.has_listed or message.method == "tools/list"
            return answer(message.id, result)
        self.running[str(message.id)] = message.method
        return Request(message, version)

    def _begin(self, message: Envelope, params: Mapping[str, Any]) -> Result | None:
        """Take the first request, and answer it where it is a good `initialize`."""
        envelope = _envelope(params)
        self._agreed = ""
        if message.method != "initialize" and envelope is not None:
            self.opening.decided = _like(message, envelope)
            return None
        result = self.early("initialize", params, "") if message.method == "initialize" else None
        if result is None:
            self._only_sdk = True
        else:
            self._agreed, self.opening.decided = result["protocolVersion"], message.body
            self.client = params["clientInfo"]["name"]
        return result

    def _version(self, method: str, params: Mapping[str, Any]) -> str:
        """The revision at which this request may be answered plainly."""
        envelope = _envelope(params)
        if self._agreed:
            # To agree anew is the SDK's, and from then on it alone knows on what.
            self._only_sdk = method == "initialize"
            return "" if self._only_sdk or envelope is not None else self._agreed
        declared = (envelope or {}).get(PROTOCOL_VERSION)
        return declared if method != "initialize" and isinstance(declared, str) and declared in self._modern else ""


def answer(id: RequestId | None, result: Mapping[str, Any]) -> bytes:
    """A result as the line that goes out."""
    return line_safe_bytes(_encode({"jsonrpc": "2.0", "id": id, "result": result})) + b"\n"


def refusal(malformed: Malformed) -> bytes:
    """An error as the line that goes out."""
    error = {"code": malformed.code, "message": malformed.message}
    return line_safe_bytes(_encode({"jsonrpc": "2.0", "id": malformed.id, "error": error})) + b"\n"


def _envelope(params: Mapping[str, Any]) -> dict[str, Any] | None:
    """The `_meta` of a request that says all by itself."""
    meta = params.get("_meta")
    return meta if isinstance(meta, dict) and PROTOCOL_VERSION in meta else None


def _like(message: Envelope, envelope: Mapping[str, Any]) -> bytes:
    """A request that decides the same and does nothing."""
    return _encode({"jsonrpc": "2.0", "id": message.id, "method": "server/discover", "params": {"_meta": envelope}})
