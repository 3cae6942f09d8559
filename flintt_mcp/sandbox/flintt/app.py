"""The Flintt API of the sandbox, and all that the composition knows of it."""

from __future__ import annotations

import sqlite3

from fastapi import FastAPI
from starlette.routing import BaseRoute, Mount

from flintt_mcp.sandbox.flintt import api_keys, companies, outbound_webhooks, prospects, runs, schema, signals
from flintt_mcp.sandbox.flintt.answers import VOICE
from flintt_mcp.sandbox.flintt.door import Ground
from flintt_mcp.sandbox.flintt.keys import SANDBOX_KEY, SECOND_SANDBOX_KEY
from flintt_mcp.sandbox.flintt.running import routes as running
from flintt_mcp.sandbox.flintt.running import schema as running_schema
from flintt_mcp.sandbox.ground.api import Api, Description, api_app
from flintt_mcp.sandbox.ground.browser_pages import Listed
from flintt_mcp.sandbox.ground.secret import Digester

ABOUT = Description(
    title="Flintt API (sandbox)",
    text="""A local, complete implementation of the Flintt v1 API, both editions in one: every field of either is
accepted and answered. Send the key of the sandbox in the `X-API-Key` header; the management endpoints under /api take a
session token, which `flintt-mcp sandbox token` prints, as `Authorization: Bearer`.""",
    links=outbound_webhooks.LINKS,
)
ROOMS = (companies, prospects, signals, runs, api_keys, outbound_webhooks, running)


def flintt_app(ground: Ground) -> FastAPI:
    """Build the app."""
    return api_app(ground, ABOUT, [room.router for room in ROOMS], VOICE)


def _routes(ground: Ground) -> list[BaseRoute]:
    return [Mount("/flintt", flintt_app(ground))]


def _sow(connection: sqlite3.Connection, digester: Digester) -> None:
    """Imported only when it is sown: opening a folder that is not new does not pay for the word lists."""
    from flintt_mcp.sandbox.flintt.seed import sow

    sow(connection, digester, SANDBOX_KEY, SECOND_SANDBOX_KEY)


FLINTT = Api(
    name="flintt",
    tables=schema.TABLES | running_schema.TABLES,
    sow=_sow,
    routes=_routes,
    listed=[Listed("flintt", "Flintt", f"X-API-Key: {SANDBOX_KEY}")],
)
