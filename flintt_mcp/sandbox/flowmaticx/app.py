"""The FlowMaticX API as one ASGI app, for mounting under a prefix.

In: what it stands on. Out: a FastAPI app that needs no lifespan, whose OpenAPI document (`/openapi.json`) is made from
the routes themselves. The interactive pages of FastAPI load scripts from the network and are off; `/docs` is a plain page.
"""

from __future__ import annotations

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse

from flintt_mcp.sandbox.database import Database
from flintt_mcp.sandbox.flowmaticx import credits, jobs, leads
from flintt_mcp.sandbox.flowmaticx.answers import answer_failures
from flintt_mcp.sandbox.flowmaticx.door import Ground
from flintt_mcp.sandbox.ground.browser_pages import operations_page
from flintt_mcp.sandbox.ground.clock import Clock
from flintt_mcp.sandbox.ground.document import finish_document
from flintt_mcp.sandbox.ground.secret import Digester

DESCRIPTION = """A local, complete implementation of the FlowMaticX v1 API. Send the key of the sandbox as
`Authorization: Bearer lg_live_sandbox_key`. Jobs really take their time (2.6 seconds for each lead) and really use credits
(2 for each billable lead); a keyword with #fail or #timeout in it makes a job end that way."""


def flowmaticx_app(database: Database, digester: Digester, clock: Clock) -> FastAPI:
    """Build the app."""
    app = FastAPI(
        title="FlowMaticX API (sandbox)",
        version="1.0.0",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.ground = Ground(database, digester, clock)
    rooms = (jobs, leads, credits)
    for room in rooms:
        app.include_router(room.router)
    answer_failures(app, [route for room in rooms for route in room.router.routes])
    finish_document(app)

    @app.get("/docs", include_in_schema=False)
    async def docs(_request: Request) -> HTMLResponse:
        return operations_page(app.openapi())

    return app
