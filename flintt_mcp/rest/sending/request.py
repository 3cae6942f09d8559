"""From an operation and checked arguments to one HTTP request. Pure: no network, no clock, no settings.

A value can never leave its place: path values are percent-encoded whole and `.`, `..` are refused, query values are encoded,
so a request always stays below the base URL of its own API.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from flintt_mcp.catalogue.operation import Api, Arg, Kind, Operation, Place, Route
from flintt_mcp.errors import ToolInputError
from flintt_mcp.rest.sending.message import Quota, UpstreamRequest


def build_request(
    api: Api,
    operation: Operation,
    route: Route,
    arguments: Mapping[str, Any],
    *,
    base_url: str,
    secret: str,
    paging: Mapping[str, str | int] | None = None,
    idempotency_key: str | None = None,
) -> UpstreamRequest:
    """The request that calls `route` with `arguments` and, for one page of a list, the `paging` parameters.

    Raises:
        ToolInputError: a path value is `.` or `..`.
    """
    in_path = set(route.fields)
    args = [arg for arg in operation.args if arg.name in arguments and arg.name not in in_path]
    parameters = [(arg.wire_name, _query_value(arguments[arg.name])) for arg in args if arg.place is Place.QUERY]
    parameters += [(name, str(value)) for name, value in (paging or {}).items()]
    url = base_url.rstrip("/") + fill_path(route, arguments)
    if parameters:
        url += "?" + urlencode(parameters, quote_via=quote)
    content = _body(args, arguments)
    headers = {"accept": "application/json", api.header.lower(): f"{api.scheme} {secret}".strip(), **api.headers}
    if content is not None:
        headers["content-type"] = "application/json"
    if idempotency_key:
        headers["idempotency-key"] = idempotency_key
    return UpstreamRequest(
        operation=operation.name,
        method=route.method,
        url=url,
        headers=headers,
        body=content,
        repeatable=operation.effect.reads or idempotency_key is not None,
        api=api.name,
        key=secret,
        quota=None if api.per_minute is None else Quota(api.title, api.per_minute),
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
