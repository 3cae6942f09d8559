"""The five documents of the sandbox: which credentials open each, and real values for parameters that nothing can guess.

In: an open sandbox. Out: for each document its credentials and `Values`. What schemathesis finds out by itself (ids that an
answer shows, links of the document) is not repeated here.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2

from flintt_mcp.sandbox.flextell.seed import CLIENT, SERVICE, SERVICE_SECRET
from flintt_mcp.sandbox.flintt.session_door import local_token
from flintt_mcp.sandbox.server import Sandbox
from tests.certain import there
from tests.schemathesis.conformance import Values

HOST = "http://sandbox"
EVENTS = ["company.created", "prospect.created", "signal.run.completed", "signal.run.result"]
REDIRECT = "http://127.0.0.1:49152/callback"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(b"v" * 43).digest()).rstrip(b"=").decode()
LONG = timedelta(days=3650)
"""A long run moves the clock by many days."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One document: `auth` by security scheme, and what is prepared before the run."""

    auth: Callable[[Sandbox], Mapping[str, Any]]
    prepare: Callable[[Sandbox], Awaitable[list[Values]]]


def _talk(sandbox: Sandbox, prefix: str, headers: Mapping[str, str] | None = None) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app=sandbox.app)
    return httpx2.AsyncClient(transport=transport, base_url=f"{HOST}/{prefix}/", headers=dict(headers or {}))


async def _nothing(_sandbox: Sandbox) -> list[Values]:
    return []


async def _flintt(sandbox: Sandbox) -> list[Values]:
    """Signals that are built, and an endpoint that was told something."""
    session = {"Authorization": f"Bearer {_session(sandbox)}"}
    async with (
        _talk(sandbox, "flintt/v1", {"X-API-Key": sandbox.flintt_key}) as v1,
        _talk(sandbox, "flintt/api", session) as app,
    ):
        built = []
        for number in range(4):
            signal = (await v1.post("signals", json={"name": f"Built {number}", "frequency": "daily"})).json()["id"]
            tools = [{"kind": "file", "path": "items.xml"}]
            assert (await app.post(f"signals/{signal}/build", json={"tools": tools})).is_success
            built.append(signal)
        new = {"name": "Told", "endpoint_url": "https://hooks.workspace.example/flintt", "event_types": EVENTS}
        endpoint = (await app.post("outbound-webhooks", json=new)).json()["id"]
        await v1.post("companies", json={"name": "News"})
        deliveries = (await app.get(f"outbound-webhooks/{endpoint}/deliveries")).json()
    told = ("rotate_webhook_secret", "list_deliveries", "get_delivery", "resend_delivery")
    return [
        Values(("build_signal", "get_build", "run_signal"), "path.signal_id", built),
        Values(told, "path.endpoint_id", [endpoint]),
        Values(("get_delivery", "resend_delivery"), "path.delivery_id", [row["id"] for row in deliveries]),
    ]


async def _flextell(sandbox: Sandbox) -> list[Values]:
    """Resources that are there, below another too, and cursors that a page gave. What is deleted is not needed elsewhere."""
    token = {"Authorization": f"Bearer {sandbox.flextell_token}"}
    async with _talk(sandbox, "flextell", token) as api:

        async def ids(name: str) -> list[str]:
            return [row["id"] for row in (await api.get(name, params={"limit": 100})).json()["data"]]

        tickets, invoices, parent = await ids("tickets"), await ids("invoices"), (await ids("contacts"))[0]
        for number in range(20):
            for name in ("notes", "calls"):
                await api.post(f"contacts/{parent}/{name}", json={"number": number})
        notes, calls = await ids(f"contacts/{parent}/notes"), await ids(f"contacts/{parent}/calls")
        cursors = [(await api.get("tickets", params={"limit": size})).json()["meta"]["cursor"] for size in (1, 5)]
    one, below = ("read", "update", "modify"), ("read_below", "update_below", "modify_below")
    lists = ("list_below", "create_below")
    return [
        Values(one, "path.resource", ["tickets"]),
        Values(one, "path.id", tickets),
        Values(("delete",), "path.resource", ["invoices"]),
        Values(("delete",), "path.id", invoices),
        Values((*below, *lists, "delete_below"), "path.parent", ["contacts"]),
        Values((*below, *lists, "delete_below"), "path.parent_id", [parent]),
        Values((*below, *lists), "path.resource", ["notes"]),
        Values(below, "path.id", notes),
        Values(("delete_below",), "path.resource", ["calls"]),
        Values(("delete_below",), "path.id", calls),
        Values(("list", "list_below"), "query.cursor", cursors, share=0.5),
    ]


async def _flextell_oauth(sandbox: Sandbox) -> list[Values]:
    """A client that is registered, and the form of a page it was shown."""
    asked = {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": REDIRECT,
        "scope": "read",
        "state": "s",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    async with _talk(sandbox, "flextell-oauth") as api:
        page = (await api.get("authorize", params=asked)).text
    hidden = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))
    shown = asked | {name: hidden[name] for name in ("until", "ticket")}
    shown["user"] = there(re.search(r'name="user" value="([^"]*)"', page))[1]
    return [
        Values(("ask",), "query.client_id", [CLIENT]),
        Values(("ask",), "query.redirect_uri", [REDIRECT]),
        *(Values(("decide",), f"body.{name}", [value]) for name, value in shown.items()),
    ]


def _session(sandbox: Sandbox) -> str:
    return local_token(sandbox.ground, lifetime=LONG)


SUBJECTS = {
    "flintt": Subject(
        lambda sandbox: {"ApiKey": {"api_key": sandbox.flintt_key}, "Session": {"bearer": _session(sandbox)}}, _flintt
    ),
    "flowpilot": Subject(
        lambda sandbox: {"ApiKey": {"api_key": sandbox.flowpilot_key}, "Bearer": {"bearer": sandbox.flowpilot_key}},
        _nothing,
    ),
    "flowmaticx": Subject(lambda sandbox: {"ApiKey": {"bearer": sandbox.flowmaticx_key}}, _nothing),
    "flextell": Subject(lambda sandbox: {"AccessToken": {"bearer": sandbox.flextell_token}}, _flextell),
    "flextell-oauth": Subject(
        lambda _sandbox: {"Client": {"username": SERVICE, "password": SERVICE_SECRET}}, _flextell_oauth
    ),
}
"""Prefix of the API -> how its document is run."""
