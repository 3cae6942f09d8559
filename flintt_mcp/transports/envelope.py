"""One look into a JSON-RPC message, before the SDK sees it.

In: the bytes of one message. Out: what the transports need to route it (kind, id, method, tool, whether its answer may be a
stream) and the bytes that go on, or a `Malformed` that says what is wrong without repeating any of it. Decodes once; keeps
nothing. Whatever passes here also passes the SDK's own envelope check, so the SDK's refusals, which quote their input, are
never reached.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from flintt_mcp.transports.wellformed import excess, repaired

PARSE_ERROR = -32700
INVALID_REQUEST = -32600

MAX_ID_LENGTH = 256
"""Longest text id of a request. Ids are remembered while their call runs, so their size is bounded."""

LOG_LEVEL = "io.modelcontextprotocol/logLevel"
"""The `_meta` entry by which a request of revision 2026-07-28 asks for log messages."""

PROTOCOL_VERSION = "io.modelcontextprotocol/protocolVersion"
"""The `_meta` entry by which a request of revision 2026-07-28 says its revision."""

RequestId = str | int
Kind = Literal["request", "notification", "response"]

_NO_JSON = object()
_REPLACED = "\ufffd"


class _Id(msgspec.Struct):
    id: str | int | None = None


_decode = msgspec.json.Decoder().decode
_decode_id = msgspec.json.Decoder(_Id).decode


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the outside of a message tells.

    `can_stream`: its caller asked for messages ahead of the result. `cancels`: the id of the request it calls off. `whole` is
    a request or a response as it was decoded, `body` the bytes it was decoded from, which are those that were sent but for halves
    of characters.
    """

    kind: Kind
    id: RequestId | None = None
    method: str = ""
    tool: str | None = None
    can_stream: bool = False
    cancels: RequestId | None = None
    whole: dict[str, Any] | None = field(default=None, compare=False, repr=False)
    body: bytes = field(default=b"", compare=False, repr=False)


class Malformed(msgspec.Struct, frozen=True):
    """Why a message cannot be taken, as JSON-RPC code and sentence; `id` when the message had a usable one."""

    code: int
    message: str
    id: RequestId | None = None


def read_envelope(body: bytes) -> Envelope | Malformed:
    """The envelope of one message. Where an object repeats a name the last one counts, here and in the SDK alike."""
    too_much = excess(body)
    if too_much:
        return Malformed(INVALID_REQUEST, too_much, _id_alone(body))
    message = _decoded(body)
    if message is _NO_JSON and (whole := repaired(body)) is not None:
        body, message = whole, _decoded(whole)
        if isinstance(message, dict) and _REPLACED in str(message.get("id")):
            return Malformed(INVALID_REQUEST, "The id holds half a character, so no answer could carry it")
    if message is _NO_JSON:
        return Malformed(PARSE_ERROR, "Parse error: the message is not valid JSON")
    if isinstance(message, list):
        return Malformed(INVALID_REQUEST, "Batches are not supported: send each JSON-RPC message by itself")
    if not isinstance(message, dict):
        return Malformed(INVALID_REQUEST, "A JSON-RPC message is an object")
    if message.get("jsonrpc") != "2.0":
        return Malformed(INVALID_REQUEST, 'The member jsonrpc must be "2.0"', _usable_id(message))
    return _call(message, body) if "method" in message else _response(message, body)


def _decoded(body: bytes) -> Any:
    try:
        return _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _NO_JSON


def _id_alone(body: bytes) -> RequestId | None:
    """The id of a message of which nothing else is kept."""
    try:
        return _usable_id({"id": _decode_id(body).id})
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _call(message: dict[str, Any], body: bytes) -> Envelope | Malformed:
    method, params, id = message["method"], message.get("params"), _usable_id(message)
    if not isinstance(method, str):
        return Malformed(INVALID_REQUEST, "The member method must be a string", id)
    if "result" in message or "error" in message:
        return Malformed(INVALID_REQUEST, "A message has a method or a result, not both", id)
    if params is not None and not isinstance(params, dict):
        return Malformed(INVALID_REQUEST, "The member params must be an object", id)
    if message.get("id") is None and ("id" not in message or method.startswith("notifications/")):
        # Some serialisers write "id": null into notifications; the SDK's sessions take those as what they are.
        cancels = (params or {}).get("requestId") if method == "notifications/cancelled" else None
        return Envelope("notification", None, method, cancels=cancels if _is_id(cancels) else None, body=body)
    if id is None:
        return Malformed(
            INVALID_REQUEST, f"The id must be an integer or a string of at most {MAX_ID_LENGTH} characters"
        )
    return _request(message, id, method, params or {}, body)


def _request(message: dict[str, Any], id: RequestId, method: str, params: dict[str, Any], body: bytes) -> Envelope:
    tool = params.get("name") if method == "tools/call" else None
    meta = params.get("_meta")
    shows = isinstance(meta, dict) and (meta.get("progressToken") is not None or meta.get(LOG_LEVEL) is not None)
    return Envelope(
        "request",
        id,
        method,
        tool if isinstance(tool, str) else None,
        can_stream=shows or method == "subscriptions/listen",
        whole=message,
        body=body,
    )


def _response(message: dict[str, Any], body: bytes) -> Envelope | Malformed:
    id = _usable_id(message)
    if "result" in message and "error" not in message:
        good = id is not None and isinstance(message["result"], dict)
    elif "error" in message and "result" not in message:
        error = message["error"]
        good = (
            (id is not None or message.get("id", "") is None)
            and isinstance(error, dict)
            and _is_integer(error.get("code"))
            and isinstance(error.get("message"), str)
        )
    else:
        good = False
    if good:
        return Envelope("response", id, whole=message, body=body)
    return Malformed(INVALID_REQUEST, "The message is no JSON-RPC request, notification or response", id)


def _usable_id(message: dict[str, Any]) -> RequestId | None:
    id = message.get("id")
    return id if _is_id(id) else None


def _is_id(value: Any) -> bool:
    return _is_integer(value) or (isinstance(value, str) and len(value) <= MAX_ID_LENGTH)


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
