"""The composition of the sandbox: one data folder, one database, every API under its own prefix in one ASGI app.

In: a folder. Out: a `Sandbox` while the context is open. The app runs without an ASGI lifespan, because callers inside this
process run none. Several processes may open one folder. This is the only module that knows all APIs: a new one adds its
migrations, its seed, its tables and its mount here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from anyio import CancelScope, create_task_group, to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from flintt_mcp.errors import ConfigError
from flintt_mcp.sandbox import database as shared
from flintt_mcp.sandbox.database import Database, Migration, open_database
from flintt_mcp.sandbox.delivery import schema as delivery
from flintt_mcp.sandbox.delivery.dispatcher import Dispatcher, Pace
from flintt_mcp.sandbox.delivery.endpoints import NewEndpoint, Owner, UnknownEndpoint, register, remove
from flintt_mcp.sandbox.delivery.posting import guarded_post
from flintt_mcp.sandbox.delivery.pruning import keep_short
from flintt_mcp.sandbox.flextell import schema as flextell
from flintt_mcp.sandbox.flextell.app import DOCS as FLEXTELL_DOCS
from flintt_mcp.sandbox.flextell.app import flextell_routes
from flintt_mcp.sandbox.flintt import schema as flintt
from flintt_mcp.sandbox.flintt.app import flintt_app
from flintt_mcp.sandbox.flintt.door import Ground
from flintt_mcp.sandbox.flintt.events import FLINTT_WEBHOOKS
from flintt_mcp.sandbox.flintt.running import schema as running
from flintt_mcp.sandbox.flintt.running.reach import WEB, Reach
from flintt_mcp.sandbox.flintt.session_door import local_token
from flintt_mcp.sandbox.flowmaticx import schema as flowmaticx
from flintt_mcp.sandbox.flowmaticx.app import flowmaticx_app
from flintt_mcp.sandbox.flowmaticx.keys import SANDBOX_KEYS as FLOWMATICX_KEYS
from flintt_mcp.sandbox.flowpilot import schema as flowpilot
from flintt_mcp.sandbox.flowpilot.app import flowpilot_app
from flintt_mcp.sandbox.flowpilot.events import FLOWPILOT_WEBHOOKS
from flintt_mcp.sandbox.ground import secret
from flintt_mcp.sandbox.ground.browser_pages import Listed, index_page
from flintt_mcp.sandbox.ground.clock import Clock, utc_now
from flintt_mcp.sandbox.ground.secret import Digester, open_digester
from flintt_mcp.sandbox.network.guard import Policy, Refused, check_url, leads_to_loopback

FLINTT_KEY = "flt_sandbox_key"
"""Published on purpose: documentation examples work with it. Only a sandbox knows it."""
SECOND_FLINTT_KEY = "flt_sandbox_second_key"
"""Opens the small workspace of a second user, to see that neither user sees the other's rows."""
FLEXTELL_TOKEN = "flextell_sandbox_token"
"""Published like the Flintt key; it never expires, unlike those of the OAuth server beside the API."""
SECOND_FLEXTELL_TOKEN = "flextell_sandbox_second_token"
FLOWPILOT_KEY = "fp_test_sandbox_key"
"""Published like the Flintt key; it has every scope."""
SECOND_FLOWPILOT_KEY = "fp_test_sandbox_readonly_key"
"""Opens the small treasury of a second organisation, and may only read."""
FLOWMATICX_KEY = FLOWMATICX_KEYS["main"]
"""Published like the Flintt key; those of four small workspaces beside it each show another refusal."""

MIGRATIONS: tuple[Migration, ...] = (
    flintt.FIRST_TABLES,
    flextell.FIRST_TABLES,
    flowpilot.FIRST_TABLES,
    flowmaticx.FIRST_TABLES,
    delivery.FIRST_TABLES,
    flintt.OWN_KEY,
    running.FIRST_TABLES,
    delivery.READY_INDEX,
)
"""Every schema step of every API in the order of their release; only ever append. The file's user_version counts them."""
TABLES = (
    shared.TABLES
    | flintt.TABLES
    | flextell.TABLES
    | flowpilot.TABLES
    | flowmaticx.TABLES
    | delivery.TABLES
    | running.TABLES
)
"""Every table of the file: table -> (what a row is, {column -> what it holds})."""
SCHEMES = {scheme.name: scheme for scheme in (FLINTT_WEBHOOKS, FLOWPILOT_WEBHOOKS)}
"""The webhook rules of every API that tells events."""
APIS = (
    Listed("flintt", "Flintt", f"X-API-Key: {FLINTT_KEY}"),
    Listed("flextell", "Flextell", f"Authorization: Bearer {FLEXTELL_TOKEN}", FLEXTELL_DOCS),
    Listed("flextell-oauth", "Flextell OAuth 2.0", "a person who says yes"),
    Listed("flowpilot", "FlowPilot", f"X-API-Key: {FLOWPILOT_KEY}"),
    Listed("flowmaticx", "FlowMaticX", f"Authorization: Bearer {FLOWMATICX_KEY}"),
)


@dataclass(frozen=True, slots=True)
class Sandbox:
    """An open sandbox: its app, and the published keys of its users."""

    app: ASGIApp
    database: Database
    ground: Ground
    flintt_key: str = FLINTT_KEY
    second_flintt_key: str = SECOND_FLINTT_KEY
    flextell_token: str = FLEXTELL_TOKEN
    second_flextell_token: str = SECOND_FLEXTELL_TOKEN
    flowpilot_key: str = FLOWPILOT_KEY
    second_flowpilot_key: str = SECOND_FLOWPILOT_KEY
    flowmaticx_key: str = FLOWMATICX_KEY

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
    database, digester = await to_thread.run_sync(_open, data_dir)
    ground = Ground(database, digester, clock, Policy(loopback=loopback_webhooks), sources)
    try:
        yield Sandbox(_compose(ground), database, ground)
    finally:
        database.close()


def documents() -> dict[str, dict[str, Any]]:
    """The OpenAPI document of every API, by its place in the sandbox, without opening one."""
    described = _compose(Ground(None, None, utc_now))  # routes are described here, never called
    return {route.path.strip("/"): route.app.openapi() for route in described.routes if isinstance(route, Mount)}


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


def _open(data_dir: Path) -> tuple[Database, Digester]:
    """The parts that touch the disk, in an order that is safe for two processes at once: folder, secret, database."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_half_a_folder(data_dir)
        digester = open_digester(data_dir)
        return open_database(
            data_dir,
            MIGRATIONS,
            {
                "flintt": partial(_sow_flintt, digester=digester),
                "flowpilot": partial(_sow_flowpilot, digester=digester),
                "flextell": partial(_sow_flextell, digester=digester),
                "flowmaticx": partial(_sow_flowmaticx, digester=digester),
            },
        ), digester
    except (OSError, ValueError, sqlite3.DatabaseError) as error:
        raise ConfigError(
            f"the data folder {data_dir} cannot be used: {error}", advice="Choose another data folder."
        ) from error


def _refuse_half_a_folder(data_dir: Path) -> None:
    """A database whose secret is gone accepts no key any more; a new secret would only hide that."""
    if (data_dir / shared.FILE_NAME).exists() and not (data_dir / secret.FILE_NAME).exists():
        raise ConfigError(
            f"the data folder {data_dir} has lost its {secret.FILE_NAME}, without which no stored key can be recognised",
            advice="Put the file back, or choose another data folder.",
        )


def _sow_flintt(connection: sqlite3.Connection, digester: Digester) -> None:
    """Imported only when it is sown: opening a folder that is not new does not pay for the word lists."""
    from flintt_mcp.sandbox.flintt.seed import sow

    sow(connection, digester, FLINTT_KEY, SECOND_FLINTT_KEY)


def _sow_flextell(connection: sqlite3.Connection, digester: Digester) -> None:
    """Imported only when it is sown, as above."""
    from flintt_mcp.sandbox.flextell.seed import sow

    sow(connection, digester, FLEXTELL_TOKEN, SECOND_FLEXTELL_TOKEN)


def _sow_flowpilot(connection: sqlite3.Connection, digester: Digester) -> None:
    """Imported only when it is sown, as above."""
    from flintt_mcp.sandbox.flowpilot.seed import sow

    sow(connection, digester, FLOWPILOT_KEY, SECOND_FLOWPILOT_KEY)


def _sow_flowmaticx(connection: sqlite3.Connection, digester: Digester) -> None:
    """Imported only when it is sown, as above."""
    from flintt_mcp.sandbox.flowmaticx.seed import sow

    sow(connection, digester, FLOWMATICX_KEYS)


def _compose(ground: Ground) -> Starlette:
    async def index(_request: Request) -> HTMLResponse:
        return index_page(APIS)

    return Starlette(
        routes=[
            Route("/", index),
            Mount("/flintt", flintt_app(ground)),
            Mount("/flowpilot", flowpilot_app(ground.database, ground.digester, ground.clock)),
            Mount("/flowmaticx", flowmaticx_app(ground.database, ground.digester, ground.clock)),
            *flextell_routes(ground),
        ],
        exception_handlers={HTTPException: _problem},
    )


async def _problem(_request: Request, error: HTTPException) -> JSONResponse:
    return JSONResponse({"detail": error.detail}, error.status_code, error.headers)
