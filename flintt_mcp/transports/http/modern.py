"""Requests of revision 2026-07-28, judged as the SDK judges them: each says of itself all that there is to know.

In: a message that says, by its header, that it is of this revision or of one that nobody knows. Out: its client, or the refusal.
The rules are the SDK's; a test holds this to the SDK's own way over HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from mcp.server.lowlevel import Server
from mcp.shared.inbound import (
    ERROR_CODE_HTTP_STATUS,
    X_MCP_HEADER_KEY,
    InboundLadderRejection,
    InboundModernRoute,
    classify_inbound_request,
    find_duplicated_routing_header,
    unsupported_protocol_version_rejection,
    validate_mcp_param_headers,
)
from mcp_types import HEADER_MISMATCH
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.datastructures import Headers

from flintt_mcp.transports.envelope import RequestId
from flintt_mcp.transports.http.exchanges.gate import Entry
from flintt_mcp.transports.http.kernel import Client, Reply

VERSION_HEADER = b"mcp-protocol-version"
_HANDSHAKE = frozenset(version.encode() for version in HANDSHAKE_PROTOCOL_VERSIONS)


def is_modern(found: Mapping[bytes, bytes]) -> bool:
    """Whether a request names a revision without sessions, or one that nobody knows: each of its messages stands for itself."""
    version = found.get(VERSION_HEADER)
    return version is not None and version not in _HANDSHAKE


class Modern:
    """Judges the requests of one server."""

    def __init__(self, server: Server[Any]) -> None:
        self._lookup = server.get_tool_input_schema
        self._schemas: dict[str, Any] = {}

    def client(self, message: Mapping[str, Any], entry: Entry) -> Client | Reply:
        """The client of a request, or the refusal."""
        verdict = self._verdict(message, entry)
        if isinstance(verdict, InboundLadderRejection):
            return _refusal(verdict, message["id"])
        return Client(verdict.protocol_version, verdict.client_info, verdict.client_capabilities)

    def _verdict(self, message: Mapping[str, Any], entry: Entry) -> InboundModernRoute | InboundLadderRejection:
        if len(entry.found) != len(entry.headers):
            doubled = find_duplicated_routing_header(Headers(raw=entry.headers).items())
            if doubled is not None:
                return InboundLadderRejection(HEADER_MISMATCH, f"{doubled} header appears more than once")
        headers = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in entry.found.items()
            if name.startswith(b"mcp-")
        }
        verdict = classify_inbound_request(message, headers=headers)
        if isinstance(verdict, InboundModernRoute):
            return self._wrong_param_headers(message, entry) or verdict
        return verdict

    def _wrong_param_headers(self, message: Mapping[str, Any], entry: Entry) -> InboundLadderRejection | None:
        """The refusal of a call some of whose arguments travel in headers too, and are not the same there."""
        params = message["params"]
        name, arguments = params.get("name"), params.get("arguments") or {}
        if message["method"] != "tools/call" or not isinstance(name, str) or not isinstance(arguments, Mapping):
            return None
        schema = self._annotated_schema(name)
        return None if schema is None else validate_mcp_param_headers(schema, arguments, Headers(raw=entry.headers))

    def _annotated_schema(self, name: str) -> Any:
        """The schema of a tool that has arguments which travel in headers; None for any other."""
        if name not in self._schemas:
            schema = None if self._lookup is None else self._lookup(name)
            if schema is None:
                return None
            self._schemas[name] = schema if X_MCP_HEADER_KEY.encode() in msgspec.json.encode(schema) else None
        return self._schemas[name]


def refused_notification(found: Mapping[bytes, bytes]) -> Reply | None:
    """The refusal of a notification whose revision nobody knows; any other is taken."""
    rejection = unsupported_protocol_version_rejection(found.get(VERSION_HEADER, b"").decode("latin-1"))
    return None if rejection is None else _refusal(rejection, None)


def _refusal(rejection: InboundLadderRejection, id: RequestId | None) -> Reply:
    error = {"code": rejection.code, "message": rejection.message}
    if rejection.data is not None:
        error["data"] = rejection.data
    return Reply({"jsonrpc": "2.0", "id": id, "error": error}, ERROR_CODE_HTTP_STATUS.get(rejection.code, 200))
