"""The FlowPilot API as one ASGI app, for mounting under a prefix.

In: what it stands on. Out: a FastAPI app that needs no lifespan, whose OpenAPI document (`/openapi.json`) is made from
the routes themselves. The interactive pages of FastAPI load scripts from the network and are off; `/docs` is a plain page.
"""

from __future__ import annotations

from fastapi import FastAPI, Security
from starlette.requests import Request
from starlette.responses import HTMLResponse

from flintt_mcp.sandbox.database import Database
from flintt_mcp.sandbox.flowpilot import recipients, records, runs
from flintt_mcp.sandbox.flowpilot.answers import answer_refusals
from flintt_mcp.sandbox.flowpilot.door import BEARER, KEY_HEADER, Ground
from flintt_mcp.sandbox.flowpilot.limits import Meter, RequestLimit
from flintt_mcp.sandbox.ground.browser_pages import operations_page
from flintt_mcp.sandbox.ground.clock import Clock
from flintt_mcp.sandbox.ground.document import finish_document
from flintt_mcp.sandbox.ground.secret import Digester

DESCRIPTION = """A local, complete implementation of the FlowPilot public API, with a wallet that holds no real money. Send the
key of the sandbox in the `X-API-Key` header or as a bearer token. Runs are approved with `flintt-mcp sandbox approve-run`."""
DEFAULT_LIMIT = RequestLimit()


def flowpilot_app(database: Database, digester: Digester, clock: Clock, limit: RequestLimit = DEFAULT_LIMIT) -> FastAPI:
    """Build the app; `limit` is how many requests a key may make of this process."""
    app = FastAPI(
        title="FlowPilot API (sandbox)",
        version="1.0.0",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.ground = Ground(database, digester, clock, Meter(limit))
    rooms = (runs, recipients, records)
    for room in rooms:
        app.include_router(room.router, dependencies=[Security(KEY_HEADER), Security(BEARER)])
    answer_refusals(app, [route for room in rooms for route in room.router.routes])
    finish_document(app)

    @app.get("/docs", include_in_schema=False)
    async def docs(_request: Request) -> HTMLResponse:
        return operations_page(app.openapi())

    return app
