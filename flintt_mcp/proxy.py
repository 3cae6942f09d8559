"""Tools out of operations: an operation's handle is build >> send >> read.

In: the rows of the catalogue and what the app composed (client, base URLs, cursors, budget). Out: one `Tool` per operation.
A key is sent only below the base URL of its own API; the published sandbox keys go nowhere but to the sandbox.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

from flintt_mcp.arguments import Arguments
from flintt_mcp.catalogue.operation import Api, Arg, Kind, Listing, Operation, Paging, Record, Toolset, Whole, local
from flintt_mcp.credentials import how_to_give_key
from flintt_mcp.cursors import Cursors
from flintt_mcp.errors import ConfigError, CredentialMissing
from flintt_mcp.results import (
    Budget,
    Page,
    cut,
    decode,
    listing_result,
    output_schema,
    paging_parameters,
    record_result,
)
from flintt_mcp.tools import Call, Changed, Done, Tool
from flintt_mcp.upstream.faults import error_for, not_understood
from flintt_mcp.upstream.message import UpstreamRequest, UpstreamResponse
from flintt_mcp.upstream.request import build_request

SECTION_ROWS = 50
"""Rows of a record's sections that one call returns unasked."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where calls go: `send` is the client's, `urls` maps an API's name to its base URL, `sandboxed` names APIs played here."""

    send: Callable[[UpstreamRequest], Awaitable[UpstreamResponse]]
    urls: Mapping[str, str | None]
    sandboxed: frozenset[str]
    cursors: Cursors
    budget: Budget


def operation_tools(toolset: Toolset, upstream: Upstream) -> list[Tool]:
    """The tools of one toolset, in the order of its rows."""
    return [_tool(toolset, operation, upstream) for operation in toolset.operations]


def arguments_of(operation: Operation) -> tuple[Arg, ...]:
    """The operation's own arguments and, where its result can grow, `limit` and `cursor`."""
    result = operation.result
    if isinstance(result, Record) and not result.sections:
        return operation.args
    page, most = (result.page, result.most) if isinstance(result, Listing) else (SECTION_ROWS, 200)
    limit = local("limit", f"Rows, default {page}.", kind=Kind.INTEGER, low=1, high=most)
    cursor = local("cursor", "next_cursor of the last page.", low=1, high=2000)
    return (*operation.args, limit, cursor)


def _tool(toolset: Toolset, operation: Operation, upstream: Upstream) -> Tool:
    return Tool(
        name=operation.name,
        title=operation.title,
        about=operation.about,
        effect=operation.effect,
        toolset=toolset.name,
        arguments=Arguments(operation.name, arguments_of(operation), operation.rules),
        handle=partial(_handle, toolset.api, operation, upstream),
        api=toolset.api.name,
        output_schema=output_schema(operation.result),
        scopes=operation.scopes,
    )


async def _handle(api: Api, operation: Operation, upstream: Upstream, call: Call) -> Done:
    secret = _secret(api, upstream, call)
    base_url = upstream.urls.get(api.name)
    if base_url is None:
        raise ConfigError(f"{api.title} has no URL here", advice=f"the operator sets {api.variable}_API_URL")
    route = operation.route_for(call.arguments)
    paging = _paging(operation.result, route.paging)
    scope = "\n".join((operation.name, call.canonical, call.caller.principal))
    page = _page(operation.result, upstream, call, scope)
    request = build_request(
        api,
        operation,
        route,
        call.arguments,
        base_url=base_url,
        secret=secret,
        paging=paging_parameters(paging, page),
    )
    response = await upstream.send(request)
    if not 200 <= response.status < 300:
        raise error_for(api, operation, response, secret)
    answer = decode(api, operation, response)
    done = _shape(api, operation, paging, answer, page, upstream, partial(upstream.cursors.seal, scope))
    if done is None:
        raise not_understood(api, operation, response, "JSON of another shape than documented")
    return done


def _shape(
    api: Api,
    operation: Operation,
    paging: Paging,
    answer: object,
    page: Page,
    upstream: Upstream,
    seal: Callable[[object], str],
) -> Done | None:
    result = operation.result
    if isinstance(result, Listing):
        rows = cut(result, paging, answer, page, upstream.budget, exact=api.exact_numbers)
        if rows is None:
            return None
        return listing_result(api.title, result, rows, None if rows.next is None else seal(rows.next))
    changed: Changed = "no" if operation.effect.reads else "yes"
    return record_result(api.title, result, answer, page, upstream.budget, seal, changed)


def _paging(result: Record | Listing, of_route: Paging | None) -> Paging:
    if of_route is not None:
        return of_route
    return result.paging if isinstance(result, Listing) else Whole()


def _page(result: Record | Listing, upstream: Upstream, call: Call, scope: str) -> Page:
    limit = call.arguments.get("limit", result.page if isinstance(result, Listing) else SECTION_ROWS)
    cursor = call.arguments.get("cursor")
    return Page(limit) if cursor is None else Page(limit, upstream.cursors.open(scope, cursor))


def _secret(api: Api, upstream: Upstream, call: Call) -> str:
    """The caller's key for this API.

    Raises:
        CredentialMissing: there is none, or it is the sandbox's and this API is not the sandbox.
    """
    secret = call.caller.secrets.get(api.name)
    if secret is None:
        raise CredentialMissing(
            f"{call.tool.name} needs a {api.title} key", advice=how_to_give_key(api, call.channel.kind)
        )
    if secret == api.sandbox_key and api.name not in upstream.sandboxed:
        raise CredentialMissing(
            f"This is the public sandbox key, and this server works with the real {api.title} API",
            advice=f"start the server with --sandbox, or {how_to_give_key(api, call.channel.kind)}",
        )
    return secret
