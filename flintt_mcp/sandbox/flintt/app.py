"""The Flintt API as one ASGI app, for mounting under a prefix.

In: what it stands on. Out: a FastAPI app that needs no lifespan, whose OpenAPI document (`/openapi.json`) is made from
the routes themselves. The interactive pages of FastAPI load scripts from the network and are off; `/docs` is a plain page.
"""

from __future__ import annotations

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse

from flintt_mcp.sandbox.flintt import companies, management, prospects, runs, signals, webhooks
from flintt_mcp.sandbox.flintt.answers import answer_refusals
from flintt_mcp.sandbox.flintt.door import Ground
from flintt_mcp.sandbox.flintt.running import routes as running
from flintt_mcp.sandbox.ground.browser_pages import operations_page
from flintt_mcp.sandbox.ground.document import finish_document

DESCRIPTION = """A local, complete implementation of the Flintt v1 API, both editions in one: every field of either is
accepted and answered. Send the key of the sandbox in the `X-API-Key` header; the management endpoints under /api take a
session token, which `flintt-mcp sandbox token` prints, as `Authorization: Bearer`."""


def flintt_app(ground: Ground) -> FastAPI:
    """Build the app."""
    app = FastAPI(
        title="Flintt API (sandbox)",
        version="1.0.0",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.ground = ground
    rooms = (companies, prospects, signals, runs, management, webhooks, running)
    for room in rooms:
        app.include_router(room.router)
    answer_refusals(app, [route for room in rooms for route in room.router.routes])
    finish_document(app, webhooks.LINKS)

    @app.get("/docs", include_in_schema=False)
    async def docs(_request: Request) -> HTMLResponse:
        return operations_page(app.openapi())

    return app
