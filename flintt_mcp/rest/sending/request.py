"""From an operation and checked arguments to one HTTP request. Pure: no network, no clock, no settings.

A value can never leave its place: path values are percent-encoded whole and `.`, `..` are refused, query values are encoded,
so a request always stays below the base URL of its own API.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from flintt_mcp.catalogue.argument import Arg, Kind, Place, Route
from flintt_mcp.catalogue.operation import Api, Operation
from flintt_mcp.errors import ToolInputError
from flintt_mcp.rest.sending.message import Quota, UpstreamRequest


@dataclass(frozen=True, slots=True)
class Access:
    """One caller's way to an API: where it is, the key that goes along, and the trace that its requests are part of."""

    api: Api
    base_url: str
    secret: str = field(repr=False)
    traceparent: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """What goes along with each request."""
        api = self.api
        headers = {
            "accept": "application/json",
            api.header.lower(): f"{api.scheme} {self.secret}".strip(),
            **api.headers,
        }
        return {**headers, "traceparent": self.traceparent} if self.traceparent else headers

    @property
    def quota(self) -> Quota | None:
        """What the API allows the key."""
        return None if self.api.per_minute is None else Quota(self.api.title, self.api.per_minute)


def build_request(
    access: Access,
    operation: Operation,
    route: Route,
    arguments: Mapping[str, Any],
    *,
    paging: Mapping[str, str | int] | None = None,
    idempotency_key: str | None = None,
) -> UpstreamRequest:
    """The request that calls `route` with `arguments` and, for one page of a list, the `paging` parameters.

    Raises:
        ToolInputError: a path value is `.` or `..`.
    """
    in_path = route.fields
    args = [arg for arg in operation.args if arg.name in arguments and arg.name not in in_path]
    content = _body(args, arguments)
    headers = access.headers
    if content is not None:
        headers["content-type"] = "application/json"
    if idempotency_key:
        headers["idempotency-key"] = idempotency_key
    return UpstreamRequest(
        operation=operation.name,
        method=route.method,
        url=access.base_url.rstrip("/") + fill_path(route, arguments) + _query(args, arguments, paging or {}),
        headers=headers,
        body=content,
        repeatable=operation.effect.reads or idempotency_key is not None,
        api=access.api.name,
        key=access.secret,
        quota=access.quota,
    )


def fill_path(route: Route, arguments: Mapping[str, Any]) -> str:
    """The path of `route` with every segment percent-encoded with no safe characters.

    Raises:
        ToolInputError: a segment is empty, `.` or `..`, which would leave the place it belongs to.
    """
    filled = route.path
    for name in route.fields:
        value = str(arguments[name])
        filled = filled.replace("{" + name + "}", _segment(name, value))
        if "{" + name + ":path}" in filled:
            segments = [_segment(name, part) for part in value.split("/")]
            filled = filled.replace("{" + name + ":path}", "/".join(segments))
    return filled


def _segment(name: str, value: str) -> str:
    if value in ("", ".", ".."):
        raise ToolInputError(f"{name}: not an id", advice="take the id from a list tool and call again")
    return quote(value, safe="")


def _query(args: list[Arg], arguments: Mapping[str, Any], paging: Mapping[str, str | int]) -> str:
    fields = [(arg.wire_name, _query_value(arguments[arg.name])) for arg in args if arg.place is Place.QUERY]
    fields += [(name, str(value)) for name, value in paging.items()]
    return "?" + urlencode(fields, quote_via=quote) if fields else ""


def _query_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _body(args: list[Arg], arguments: Mapping[str, Any]) -> bytes | None:
    whole = [arg for arg in args if arg.place is Place.WHOLE_BODY]
    if whole:
        return msgspec.json.encode(arguments[whole[0].name])
    fields = {arg.wire_name: _body_value(arg, arguments[arg.name]) for arg in args if arg.place is Place.BODY}
    return msgspec.json.encode(fields) if fields else None


def _body_value(arg: Arg, value: Any) -> Any:
    if arg.clears and value == "":
        return None
    return msgspec.Raw(value.encode()) if arg.kind is Kind.MONEY else value
