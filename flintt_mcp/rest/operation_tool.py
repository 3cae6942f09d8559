"""Tools out of operations: an operation's handle is build >> send >> read.

In: the rows of the catalogue and what the app composed (client, base URLs, cursors, budget). Out: one `Tool` per operation.
A key is sent only below the base URL of its own API; the published sandbox keys go nowhere but to the sandbox.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from uuid import uuid4

from flintt_mcp.calls.arguments import Arguments
from flintt_mcp.calls.call import INTENT, Call
from flintt_mcp.calls.caller import how_to_give_key
from flintt_mcp.calls.reply import Done
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue.operation import (
    Api,
    Arg,
    Kind,
    Listing,
    Operation,
    Paging,
    Record,
    Toolset,
    Whole,
    local,
)
from flintt_mcp.errors import CallRefused, Changed, ConfigError, CredentialMissing
from flintt_mcp.rest.lookup import look_up
from flintt_mcp.rest.reading.answers import decode
from flintt_mcp.rest.reading.budget import Budget
from flintt_mcp.rest.reading.cursors import LONGEST, Cursors
from flintt_mcp.rest.reading.faults import error_for, not_understood
from flintt_mcp.rest.reading.output_schema import output_schema
from flintt_mcp.rest.reading.paging import Page, cut, paging_parameters
from flintt_mcp.rest.reading.results import listing_result, record_result
from flintt_mcp.rest.sending.message import UpstreamRequest, UpstreamResponse
from flintt_mcp.rest.sending.request import build_request
from flintt_mcp.rest.shown_once import keep_secrets

SECTION_ROWS = 50
"""Rows of a record's sections that one call returns unasked."""

Claim = Callable[[str, str, str, str], Awaitable[str]]
"""The idempotency key of an intent: (API key, tool, canonical arguments, intent id) -> the same key for 24 hours."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where calls go.

    `send` is the client's; `urls` maps an API's name to its base URL; `sandboxed` names APIs that are played on this machine;
    `claim` remembers idempotency keys; `allow_live` lets keys through that move real money. `tokens` gives, by API, the token
    of whoever started this process and logged in, and another one, where there is any, in place of a token that was refused;
    it never serves a caller over HTTP. `deadline` is the time for one call in seconds. `sessions` gives, by API of the
    sandbox, the token for whoever holds a published key of the API it is beside. `secrets` is the folder for what an API
    shows once; None shows it.
    """

    send: Callable[[UpstreamRequest], Awaitable[UpstreamResponse]]
    urls: Mapping[str, str | None]
    sandboxed: frozenset[str]
    cursors: Cursors
    budget: Budget
    claim: Claim | None = None
    allow_live: bool = False
    tokens: Mapping[str, Callable[[str], Awaitable[str]]] = field(default_factory=dict)
    sessions: Mapping[str, Callable[[str], str | None]] = field(default_factory=dict)
    secrets: Path | None = None
    deadline: float = 30.0


def operation_tools(toolset: Toolset, upstream: Upstream) -> list[Tool]:
    """The tools of one toolset, in the order of its rows."""
    return [_tool(toolset, operation, upstream) for operation in toolset.operations]


def arguments_of(operation: Operation) -> tuple[Arg, ...]:
    """The operation's own arguments and those that this server adds: a page where the result can grow, an intent."""
    result = operation.result
    args = operation.args
    if isinstance(result, Listing) or result.sections:
        page, most = (result.page, result.most) if isinstance(result, Listing) else (SECTION_ROWS, 200)
        limit = local("limit", f"Rows, default {page}.", kind=Kind.INTEGER, low=1, high=most)
        args = (*args, limit, local("cursor", "next_cursor of the last page.", low=1, high=LONGEST))
    if operation.idempotency_key:
        about = "Equal calls within 24 h count once; a new id here makes a deliberate second one."
        args = (*args, local(INTENT, about, low=1, high=100))
    return args


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
        spends=operation.spends,
    )


async def _handle(api: Api, operation: Operation, upstream: Upstream, call: Call) -> Done:
    secret = await _secret(api, upstream, call)
    base_url = upstream.urls.get(api.name)
    if base_url is None:
        raise ConfigError(f"{api.title} has no URL here", advice=f"the operator sets {api.variable}_API_URL")
    fetch = partial(_fetch, api, operation, upstream, call, base_url, secret)
    result = operation.result
    if isinstance(result, Record) and result.lookup is not None:
        wanted = call.arguments[result.lookup.arg]
        return await look_up(api, operation, result, result.lookup, wanted, upstream.budget, fetch, upstream.deadline)
    paging = _paging(result, operation.route_for(call.arguments).paging)
    page = _page(result, upstream, operation, call)
    if isinstance(result, Record) and result.secrets and upstream.secrets is not None:
        far = call.channel.kind == "http"
        return await keep_secrets(api, operation, result, page, upstream.budget, upstream.secrets, fetch, far=far)
    response = await fetch(paging_parameters(paging, page))
    answer = decode(api, operation, response)
    done = _shape(api, operation, paging, answer, page, upstream, partial(_seal, upstream, operation, call))
    if done is None:
        raise not_understood(api, operation, response, "JSON of another shape than documented")
    return done


async def _fetch(
    api: Api,
    operation: Operation,
    upstream: Upstream,
    call: Call,
    base_url: str,
    secret: str,
    paging: Mapping[str, str | int],
) -> UpstreamResponse:
    """The API's answer to one request of this call.

    Raises:
        UpstreamError: there is none, or it is no success.
    """
    intent = call.arguments.get(INTENT, "")
    key = None
    if operation.idempotency_key:
        # By this API's key alone: who adds a key for another API between two tries still means the same job.
        claim = upstream.claim
        key = uuid4().hex if claim is None else await claim(secret, operation.name, call.canonical, intent)
    request = partial(
        build_request,
        api,
        operation,
        operation.route_for(call.arguments),
        call.arguments,
        base_url=base_url,
        paging=paging,
        idempotency_key=key,
    )
    response = await upstream.send(request(secret=secret))
    if response.status == 401 and _has_own_token(api, upstream, call):
        # Nothing was done, so a write may go again: the token was revoked, or somebody signed in anew.
        another = await upstream.tokens[api.name](secret)
        if another != secret:
            secret = another
            response = await upstream.send(request(secret=secret))
    if not 200 <= response.status < 300:
        raise error_for(api, operation, response, secret)
    return response


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


def _page(result: Record | Listing, upstream: Upstream, operation: Operation, call: Call) -> Page:
    limit = call.arguments.get("limit", result.page if isinstance(result, Listing) else SECTION_ROWS)
    cursor = call.arguments.get("cursor")
    return Page(limit) if cursor is None else Page(limit, upstream.cursors.open(_scope(operation, call), cursor))


def _seal(upstream: Upstream, operation: Operation, call: Call, position: object) -> str:
    return upstream.cursors.seal(_scope(operation, call), position)


def _scope(operation: Operation, call: Call) -> str:
    """What a cursor is bound to: the tool, the filters and the caller."""
    return "\n".join((operation.name, call.canonical, call.caller.principal))


async def _secret(api: Api, upstream: Upstream, call: Call) -> str:
    """The caller's key for this API.

    Raises:
        CredentialMissing: there is none, or it is the sandbox's and this API is not the sandbox.
    """
    secret = call.caller.secrets.get(api.name)
    if _has_own_token(api, upstream, call):
        secret = await upstream.tokens[api.name]("")
    if secret in (None, api.sandbox_key) and api.name in upstream.sessions:
        secret = upstream.sessions[api.name](call.caller.secrets.get(api.beside, ""))
    if secret is None:
        raise CredentialMissing(
            f"{call.tool.name} needs a {api.title} {api.secret_noun}", advice=_how_to_give(api, upstream, call)
        )
    if api.live_prefix and secret.startswith(api.live_prefix) and not upstream.allow_live:
        raise CallRefused(
            f"This is a live {api.title} key, and this server works in test mode: nothing was sent",
            advice="use a test key, or have the operator start the server with --allow-live",
        )
    if secret == api.sandbox_key and api.name not in upstream.sandboxed:
        raise CredentialMissing(
            f"This is the public sandbox key, and this server works with the real {api.title} API",
            advice=f"start the server with --sandbox, or {how_to_give_key(api, call.channel.kind)}",
        )
    return secret


def _has_own_token(api: Api, upstream: Upstream, call: Call) -> bool:
    """Whether this call runs on the login of whoever started this process."""
    return api.name in upstream.tokens and api.name not in call.caller.secrets and call.channel.kind != "http"


def _how_to_give(api: Api, upstream: Upstream, call: Call) -> str:
    """How to give the credential; in the sandbox also what is enough instead."""
    advice = how_to_give_key(api, call.channel.kind)
    if api.name not in upstream.sessions:
        return advice
    return f"come with the sandbox's published key, or {advice}; `flintt-mcp sandbox token` prints one"
