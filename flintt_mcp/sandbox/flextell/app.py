"""The Flextell API as ASGI apps, for mounting: the resources, and the OAuth server beside them.

In: what they stand on. Out: routes for the sandbox. Any name of the right form is a resource, so nothing else may live
below /flextell but what no name can be: the documents with a dot in theirs.
"""

from __future__ import annotations

import re

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import BaseRoute, Mount, Route

from flintt_mcp.sandbox.flextell.answers import answer_refusals
from flintt_mcp.sandbox.flextell.oauth.app import METADATA, described, oauth_app
from flintt_mcp.sandbox.flextell.operations import resource_links, resource_router
from flintt_mcp.sandbox.flintt.door import Ground
from flintt_mcp.sandbox.ground.browser_pages import operations_page
from flintt_mcp.sandbox.ground.document import finish_document

DOCS = "docs.html"
OAUTH = "/flextell-oauth"
DESCRIPTION = """A local implementation of the Flextell API v0.0.1: resources of any name, as JSON objects. The example data has
companies, contacts, tickets and invoices. Send the token of the sandbox, or one of the OAuth server beside it."""


def flextell_routes(ground: Ground) -> list[BaseRoute]:
    """Everything of Flextell: the API, the OAuth server, and its metadata where RFC 8414 looks for it."""

    async def metadata(request: Request) -> JSONResponse:
        return JSONResponse(described(str(request.base_url).rstrip("/") + OAUTH))

    return [
        _mounted("/flextell", flextell_app(ground)),
        Mount(OAUTH, oauth_app(ground)),
        Route(METADATA + OAUTH, metadata),
    ]


def _mounted(path: str, app: FastAPI) -> Mount:
    """A mount that also passes on paths with a line break in them, which Starlette's would answer in another shape."""
    mount = Mount(path, app)
    mount.path_regex = re.compile(mount.path_regex.pattern, re.DOTALL)
    return mount


def flextell_app(ground: Ground) -> FastAPI:
    """Build the app of the resources."""
    app = FastAPI(
        title="Flextell API (sandbox)",
        version="0.0.1",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.ground = ground

    @app.get(f"/{DOCS}", include_in_schema=False)
    async def docs(_request: Request) -> HTMLResponse:
        return operations_page(app.openapi())

    router = resource_router()
    app.include_router(router)
    answer_refusals(app, router.routes)
    finish_document(app, resource_links())
    return app
