"""The FlowMaticX API of the sandbox, and all that the composition knows of it."""

from __future__ import annotations

import sqlite3

from fastapi import FastAPI
from starlette.routing import BaseRoute, Mount

from flintt_mcp.sandbox.flowmaticx import credits, jobs, leads, schema
from flintt_mcp.sandbox.flowmaticx.answers import VOICE
from flintt_mcp.sandbox.flowmaticx.door import Ground
from flintt_mcp.sandbox.flowmaticx.keys import SANDBOX_KEYS
from flintt_mcp.sandbox.ground import doors
from flintt_mcp.sandbox.ground.api import Api, Description, api_app
from flintt_mcp.sandbox.ground.browser_pages import Listed
from flintt_mcp.sandbox.ground.secret import Digester

ABOUT = Description(
    title="FlowMaticX API (sandbox)",
    text="""A local, complete implementation of the FlowMaticX v1 API. Send the key of the sandbox as
`Authorization: Bearer lg_live_sandbox_key`. Jobs really take their time (2.6 seconds for each lead) and really use credits
(2 for each billable lead); a keyword with #fail or #timeout in it makes a job end that way.""",
)
ROOMS = (jobs, leads, credits)


def flowmaticx_app(ground: doors.Ground) -> FastAPI:
    """Build the app."""
    own = Ground(ground.database, ground.digester, ground.clock)
    return api_app(own, ABOUT, [room.router for room in ROOMS], VOICE)


def _routes(ground: doors.Ground) -> list[BaseRoute]:
    return [Mount("/flowmaticx", flowmaticx_app(ground))]


def _sow(connection: sqlite3.Connection, digester: Digester) -> None:
    """Imported only when it is sown: opening a folder that is not new does not pay for the word lists."""
    from flintt_mcp.sandbox.flowmaticx.seed import sow

    sow(connection, digester, SANDBOX_KEYS)


FLOWMATICX = Api(
    name="flowmaticx",
    tables=schema.TABLES,
    sow=_sow,
    routes=_routes,
    listed=[Listed("flowmaticx", "FlowMaticX", f"Authorization: Bearer {SANDBOX_KEYS['main']}")],
)
