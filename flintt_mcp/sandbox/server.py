"""The composition of the sandbox: one data folder, one database, every API under its own prefix in one ASGI app.

In: a folder. Out: a `Sandbox` while the context is open. The app runs without an ASGI lifespan, because callers inside this
process run none. Several processes may open one folder. This is the only module that knows all APIs: a new one is one
`Api` in the list, and its schema steps at the end of theirs.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anyio import CancelScope, create_task_group
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from flintt_mcp.errors import ConfigError
from flintt_mcp.sandbox.delivery import schema as delivery
from flintt_mcp.sandbox.delivery.dispatcher import Dispatcher, Pace
from flintt_mcp.sandbox.delivery.endpoints import NewEndpoint, Owner, UnknownEndpoint, register, remove
from flintt_mcp.sandbox.delivery.posting import guarded_post
from flintt_mcp.sandbox.delivery.pruning import keep_short
from flintt_mcp.sandbox.flextell import schema as flextell
from flintt_mcp.sandbox.flextell.app import FLEXTELL
from flintt_mcp.sandbox.flextell.oauth.token_rows import SANDBOX_TOKEN, SECOND_SANDBOX_TOKEN
from flintt_mcp.sandbox.flintt import keys as flintt_keys
from flintt_mcp.sandbox.flintt import schema as flintt
from flintt_mcp.sandbox.flintt.app import FLINTT
from flintt_mcp.sandbox.flintt.door import Ground
from flintt_mcp.sandbox.flintt.events import FLINTT_WEBHOOKS
from flintt_mcp.sandbox.flintt.running import schema as running
from flintt_mcp.sandbox.flintt.running.sources.reach import WEB, Reach
from flintt_mcp.sandbox.flintt.session_door import local_token
from flintt_mcp.sandbox.flowmaticx import keys as flowmaticx_keys
from flintt_mcp.sandbox.flowmaticx import schema as flowmaticx
from flintt_mcp.sandbox.flowmaticx.app import FLOWMATICX
from flintt_mcp.sandbox.flowpilot import keys as flowpilot_keys
from flintt_mcp.sandbox.flowpilot import schema as flowpilot
from flintt_mcp.sandbox.flowpilot.app import FLOWPILOT
from flintt_mcp.sandbox.flowpilot.events import FLOWPILOT_WEBHOOKS
from flintt_mcp.sandbox.ground import folder
from flintt_mcp.sandbox.ground.api import Api
from flintt_mcp.sandbox.ground.browser_pages import index_page
from flintt_mcp.sandbox.ground.clock import Clock, utc_now
from flintt_mcp.sandbox.ground.folder import open_folder
from flintt_mcp.sandbox.ground.rows import Tables
from flintt_mcp.sandbox.ground.secret import Digester
from flintt_mcp.sandbox.network.urls import Policy, Refused, check_url, leads_to_loopback
from flintt_mcp.sqlite import Database, Migration

APIS: tuple[Api[Ground], ...] = (FLINTT, FLEXTELL, FLOWPILOT, FLOWMATICX)
MIGRATIONS: tuple[Migration, ...] = (
    flintt.FIRST_TABLES,
    flextell.FIRST_TABLES,
    flowpilot.FIRST_TABLES,
    flowmaticx.FIRST_TABLES,
    delivery.FIRST_TABLES,
    flintt.OWN_KEY,
    running.FIRST_TABLES,
    delivery.READY_INDEX,
    running.ADDRESSES_OF_ITEMS,
)
"""Every schema step of every API in the order of their release; only ever append. The file's user_version counts them."""
TABLES: Tables = {
    name: table
    for tables in (folder.TABLES, delivery.TABLES, *(api.tables for api in APIS))
    for name, table in tables.items()
}
"""Every table of the file."""
SCHEMES = {scheme.name: scheme for scheme in (FLINTT_WEBHOOKS, FLOWPILOT_WEBHOOKS)}
"""The webhook rules of every API that tells events."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """An open sandbox: its app, and the published keys of its users."""

    app: ASGIApp
    database: Database
    ground: Ground
    flintt_key: str = flintt_keys.SANDBOX_KEY
    second_flintt_key: str = flintt_keys.SECOND_SANDBOX_KEY
    flextell_token: str = SANDBOX_TOKEN
    second_flextell_token: str = SECOND_SANDBOX_TOKEN
    flowpilot_key: str = flowpilot_keys.SANDBOX_KEY
    second_flowpilot_key: str = flowpilot_keys.SECOND_SANDBOX_KEY
    flowmaticx_key: str = flowmaticx_keys.SANDBOX_KEYS["main"]

    def session_for(self, flintt_key: str) -> str | None:
        """A fresh session token for whoever holds a published Flintt key, so that nobody has to log in to a sandbox."""
        if flintt_key not in (self.flintt_key, self.second_flintt_key):
            return None
        return local_token(self.ground, second=flintt_key == self.second_flintt_key)


@asynccontextmanager
async def open_sandbox(
    data_dir: Path, *, clock: Clock = utc_now, loopback_webhooks: bool = False, sources: Reach = WEB
) -> AsyncIterator[Sandbox]:
    """Open the sandbox of a data folder, making and seeding it first when it is new.

    `loopback_webhooks` lets webhooks go to this machine, also over plain http. Nothing is delivered until somebody runs
    `deliver_webhooks`. `sources` says what signals may read: the public web, and no local file, when it is left out.

    Raises:
        ConfigError: the folder cannot be used.
    """
    database, digester = await open_folder(data_dir, MIGRATIONS, {api.name: api.sow for api in APIS})
    ground = Ground(database, digester, clock, Policy(loopback=loopback_webhooks), sources)
    try:
        yield Sandbox(_compose(ground), database, ground)
    finally:
        database.close()


def documents() -> dict[str, dict[str, Any]]:
    """The OpenAPI document of every API, by its place in the sandbox, without opening one."""
    # Routes are described here, never called: nothing is opened.
    described = _compose(Ground(Database(Path(folder.FILE_NAME), MIGRATIONS), Digester(b""), utc_now))
    mounts = [route for route in described.routes if isinstance(route, Mount)]
    return {mount.path.strip("/"): mount.app.openapi() for mount in mounts if isinstance(mount.app, FastAPI)}


async def deliver_webhooks(sandbox: Sandbox, pace: Pace | None = None) -> None:
    """Send the webhooks of an open sandbox until cancelled; of all processes on the folder one sends at a time.

    What goes to this machine is left to a process that allows it, such as `flintt-mcp sandbox listen` beside a server.
    """
    ground, policy = sandbox.ground, sandbox.ground.webhooks

    def reaches(url: str) -> bool:
        return policy.loopback or not leads_to_loopback(url)

    async with guarded_post(policy) as post, create_task_group() as group:
        group.start_soon(keep_short, ground.database, ground.clock)
        pace = pace or Pace(clock=ground.clock)
        await Dispatcher(ground.database, ground.digester, SCHEMES, post, pace, reaches).run()


@asynccontextmanager
async def webhook_for(sandbox: Sandbox, api: str, url: str, *, keep: bool = False) -> AsyncIterator[dict[str, Any]]:
    """Register a URL for every event of the local user (flintt) or the first organisation (flowpilot).

    Answers the endpoint with its signing_secret and auth_token, and removes it at the end unless `keep`. FlowPilot has no
    endpoint for this in its API: there a person does it in the dashboard.

    Raises:
        ConfigError: no such API, or no URL that webhooks may go to.
    """
    ground = sandbox.ground
    if api not in SCHEMES:
        raise ConfigError(f"no webhooks for {api!r}; there are {', '.join(SCHEMES)}")
    try:
        check_url(url, ground.webhooks)
    except Refused as refused:
        raise ConfigError(f"webhooks are not sent to that URL: {refused}") from None
    owner = Owner(SCHEMES[api], await ground.database.read(_first_owner, api))
    new = NewEndpoint(name="flintt-mcp sandbox listen", url=url, events=owner.scheme.events)
    endpoint = await ground.database.write(register, owner, ground.digester, new, ground.clock())
    try:
        yield endpoint
    finally:
        if not keep:
            with CancelScope(shield=True), suppress(UnknownEndpoint):
                await ground.database.write(remove, owner, endpoint["id"])


def _first_owner(connection: sqlite3.Connection, api: str) -> str:
    table = {"flintt": "flintt_users", "flowpilot": "flowpilot_organisations"}[api]
    return connection.execute(f"SELECT id FROM {table} ORDER BY rowid LIMIT 1").fetchone()[0]


def _compose(ground: Ground) -> Starlette:
    async def index(_request: Request) -> HTMLResponse:
        return index_page([listed for api in APIS for listed in api.listed])

    async def alive(_request: Request) -> PlainTextResponse:
        """What the image's health check asks, as it asks a server."""
        return PlainTextResponse("ok\n", headers={"cache-control": "no-store"})

    return Starlette(
        routes=[Route("/", index), Route("/healthz", alive), *(route for api in APIS for route in api.routes(ground))],
        exception_handlers={HTTPException: _problem},
    )


async def _problem(_request: Request, error: Any) -> JSONResponse:
    return JSONResponse({"detail": error.detail}, error.status_code, error.headers)
