"""The FlowPilot API of the sandbox, and all that the composition knows of it."""

from __future__ import annotations

import sqlite3

from fastapi import FastAPI, Security
from starlette.routing import BaseRoute, Mount

from flintt_mcp.sandbox.flowpilot import recipients, records, runs, schema
from flintt_mcp.sandbox.flowpilot.answers import VOICE
from flintt_mcp.sandbox.flowpilot.door import BEARER, KEY_HEADER, Ground
from flintt_mcp.sandbox.flowpilot.keys import SANDBOX_KEY, SECOND_SANDBOX_KEY
from flintt_mcp.sandbox.flowpilot.meter import Meter, RequestLimit
from flintt_mcp.sandbox.ground import doors
from flintt_mcp.sandbox.ground.api import Api, Description, api_app
from flintt_mcp.sandbox.ground.browser_pages import Listed
from flintt_mcp.sandbox.ground.secret import Digester

ABOUT = Description(
    title="FlowPilot API (sandbox)",
    text="""A local, complete implementation of the FlowPilot public API, with a wallet that holds no real money. Send the
key of the sandbox in the `X-API-Key` header or as a bearer token. Runs are approved with `flintt-mcp sandbox approve-run`.""",
)
ROOMS = (runs, recipients, records)
DEFAULT_LIMIT = RequestLimit()


def flowpilot_app(ground: doors.Ground, limit: RequestLimit = DEFAULT_LIMIT) -> FastAPI:
    """Build the app; `limit` is how many requests a key may make of this process."""
    own = Ground(ground.database, ground.digester, ground.clock, Meter(limit))
    proofs = [Security(KEY_HEADER), Security(BEARER)]
    return api_app(own, ABOUT, [room.router for room in ROOMS], VOICE, proofs)


def _routes(ground: doors.Ground) -> list[BaseRoute]:
    return [Mount("/flowpilot", flowpilot_app(ground))]


def _sow(connection: sqlite3.Connection, digester: Digester) -> None:
    """Imported only when it is sown: opening a folder that is not new does not pay for the word lists."""
    from flintt_mcp.sandbox.flowpilot.seed import sow

    sow(connection, digester, SANDBOX_KEY, SECOND_SANDBOX_KEY)


FLOWPILOT = Api(
    name="flowpilot",
    tables=schema.TABLES,
    sow=_sow,
    routes=_routes,
    listed=[Listed("flowpilot", "FlowPilot", f"X-API-Key: {SANDBOX_KEY}")],
)
