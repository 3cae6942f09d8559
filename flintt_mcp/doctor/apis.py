"""The keys, and the way to each API that is on: the name found, the connection and its certificate, the proxy, the clock, and
whether the API takes the key.

In: settings and the environment. Out: findings. The key is tried with one call that only reads, through the same pipeline as every
call; with the sandbox nothing leaves this process.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio

from flintt_mcp.catalogue import APIS
from flintt_mcp.catalogue.base_urls import base_urls
from flintt_mcp.catalogue.operation import Api
from flintt_mcp.doctor.finding import Finding, State
from flintt_mcp.errors import ConfigError, CredentialMissing, Unauthorized, UpstreamError
from flintt_mcp.hosts.keys import checked, variable_of
from flintt_mcp.settings import Settings

if TYPE_CHECKING:
    from flintt_mcp.app import App
    from flintt_mcp.calls.tool import Tool

_SKEW = 120.0
"""Seconds that a clock may be off; signatures and tokens are refused at five minutes."""
_PATIENCE = 2.0
"""Seconds for one answer: the whole round takes less than three."""
_PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


async def look_at_apis(settings: Settings, environment: Mapping[str, str]) -> AsyncIterator[Finding]:
    """Every API that is on, each by itself."""
    from flintt_mcp.app import open_app

    try:
        async with open_app(settings, environment) as app:
            tried: dict[str, Tool] = {}
            for tool in app.inventory:
                if tool.api is not None and tool.effect.reads and not tool.wire["inputSchema"].get("required"):
                    tried.setdefault(tool.api, tool)
            for api in APIS:
                if api.name in tried:
                    async for finding in _api(app, api, tried[api.name], settings, environment):
                        yield finding
    except ConfigError as error:
        remedy = error.advice or "put it right; docs/settings.md says what each setting takes"
        yield Finding("settings", "settings", "error", error.message, remedy)


async def _api(
    app: App, api: Api, tool: Tool, settings: Settings, environment: Mapping[str, str]
) -> AsyncIterator[Finding]:
    if not settings.sandbox:
        url = base_urls(environment, sandbox=False)[api.name]
        if url is None:
            yield Finding("api", api.title, "error", "nobody said where it is", f"set {api.variable}_API_URL")
            return
        reached = [finding async for finding in _reach(app, api, url, environment)]
        problem = _key_problem(api, environment)
        for finding in (*reached, *([problem] if problem else ())):
            yield finding
        if problem or reached[0].state == "error":
            return
    yield await _accepted(app, api, tool)


def _key_problem(api: Api, environment: Mapping[str, str]) -> Finding | None:
    """What can be said of a key without asking anybody."""
    value = environment.get(variable_of(api), "").strip()
    if not value:
        remedy = f"set it: {api.key_hint}; `--sandbox` needs none"
        return Finding("key", api.title, "error", f"{variable_of(api)} is not set", remedy)
    try:
        checked(api, value, environment)
    except ConfigError as error:
        return Finding("key", api.title, "error", error.message, error.advice)
    return None


async def _reach(app: App, api: Api, url: str, environment: Mapping[str, str]) -> AsyncIterator[Finding]:
    """Whether anything answers there, through which proxy, and by which clock."""
    from flintt_mcp.rest.sending.message import UpstreamRequest

    host = urlsplit(url).hostname or ""
    proxy = next((name for name in _PROXIES if environment.get(name)), None)
    through = f" through the proxy of {proxy}" if proxy else ""
    began = time.monotonic()
    answer = None
    with anyio.move_on_after(_PATIENCE):
        try:
            answer = await app.upstream.send(UpstreamRequest("reach", "GET", url + "/", {}))
        except UpstreamError as error:
            yield Finding(
                "api", api.title, "error", f"{error.message.rstrip('.')}{through}", _way(error.message, host, proxy)
            )
            return
    if answer is None:
        said = f"{host} did not answer within {_PATIENCE:.0f} s{through}"
        yield Finding("api", api.title, "error", said, _way("no answer", host, proxy))
        return
    took = round((time.monotonic() - began) * 1000)
    yield Finding("api", api.title, "ok", f"{host} answers{through}", milliseconds=took)
    skew = _skew(answer.headers.get("date"))
    if skew is not None and abs(skew) > _SKEW:
        said = f"this clock is {abs(skew):.0f} s {'behind' if skew > 0 else 'ahead'} of {host}"
        yield Finding("api", f"clock of {api.title}", "warning", said, "set the clock of this machine by the network")


def _way(problem: str, host: str, proxy: str | None) -> str:
    """What to do about a way that leads nowhere, by what was said of it."""
    if proxy is not None:
        return f"check {proxy}, or name {host} in NO_PROXY"
    remedies = {
        "certificate": "the certificate is not trusted here: check the clock, and a proxy that opens TLS (its certificate belongs "
        "into the system's store)",
        "name": f"{host} has no address here: check the name, and the DNS of this network",
        "refused": "nothing listens there: check the URL, or start what should listen",
    }
    return next(
        (text for words, text in remedies.items() if words in problem), "check the network, a firewall and the proxy"
    )


def _skew(date: str | None) -> float | None:
    """Seconds by which the other clock is ahead of this one, by the Date of its answer."""
    try:
        return (parsedate_to_datetime(date or "") - datetime.now(UTC)).total_seconds()
    except (TypeError, ValueError):
        return None


async def _accepted(app: App, api: Api, tool: Tool) -> Finding:
    """What the API says to a call that only reads."""
    from flintt_mcp.calls.call import Call, QuietChannel
    from flintt_mcp.calls.reply import Refused

    began = time.monotonic()
    reply = None
    with anyio.move_on_after(_PATIENCE):
        reply = await app.pipeline.run(Call(tool, {}, app.caller, QuietChannel()))
    took = round((time.monotonic() - began) * 1000)
    if reply is None:
        remedy = "say it again later; the key was not judged"
        return Finding("key", api.title, "warning", f"{tool.name} had no answer within {_PATIENCE:.0f} s", remedy)
    if isinstance(reply, Refused):
        state: State = "error" if isinstance(reply.error, Unauthorized | CredentialMissing) else "warning"
        return Finding("key", api.title, state, reply.error.message, reply.error.advice, took)
    whose = "the sandbox's published key" if app.settings.sandbox else variable_of(api)
    return Finding("key", api.title, "ok", f"{whose} is accepted ({tool.name})", milliseconds=took)
