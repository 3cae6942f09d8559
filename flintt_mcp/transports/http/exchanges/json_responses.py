"""The short answers the transports give by themselves.

In: a status and a sentence. Out: a Starlette response, as a JSON-RPC error where a JSON-RPC client is listening. Sentences
are written here or by the caller; nothing of a request is ever repeated but its JSON-RPC id.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

from flintt_mcp.transports.envelope import INVALID_REQUEST, RequestId

INTERNAL_ERROR = -32603

CLOSE = {"connection": "close"}
"""Ends the connection after the answer, for a request whose body was not read to its end."""


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Any value as JSON."""
    return Response(msgspec.json.encode(value), status, headers, "application/json")


def rpc_error(
    status: int,
    message: str,
    *,
    code: int | None = None,
    id: RequestId | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A JSON-RPC error under an HTTP status; `id` is null unless the request's own is given.

    Without `code` it is the server's fault (-32603) from status 500 on, else the client's (-32600).
    """
    if code is None:
        code = INTERNAL_ERROR if status >= 500 else INVALID_REQUEST
    error = {"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}}
    return json_answer(error, status, headers)


def stopping(id: RequestId | None = None) -> Response:
    """The answer while a shutdown is under way."""
    headers = {"retry-after": "5", **CLOSE}
    return rpc_error(503, "The server is stopping; try again in a moment", id=id, headers=headers)
