"""The Flextell API of the sandbox: the resources, and the OAuth server beside them; and all that the composition knows of it.

Any name of the right form is a resource, so nothing else may live below /flextell but what no name can be: the documents with a
dot in theirs.
"""

from __future__ import annotations

import re
import sqlite3

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Mount, Route

from flintt_mcp.sandbox.flextell import schema
from flintt_mcp.sandbox.flextell.answers import VOICE
from flintt_mcp.sandbox.flextell.oauth.app import METADATA, described, oauth_app
from flintt_mcp.sandbox.flextell.oauth.token_rows import SANDBOX_TOKEN, SECOND_SANDBOX_TOKEN
from flintt_mcp.sandbox.flextell.operations import resource_links, resource_router
from flintt_mcp.sandbox.ground.api import Api, Description, api_app
from flintt_mcp.sandbox.ground.browser_pages import Listed
from flintt_mcp.sandbox.ground.doors import Ground
from flintt_mcp.sandbox.ground.secret import Digester

OAUTH = "/flextell-oauth"
ABOUT = Description(
    title="Flextell API (sandbox)",
    version="0.0.1",
    text="""A local implementation of the Flextell API v0.0.1: resources of any name, as JSON objects. The example data has
companies, contacts, tickets and invoices. Send the token of the sandbox, or one of the OAuth server beside it.""",
    links=resource_links(),
    docs="docs.html",
)


def flextell_app(ground: Ground) -> FastAPI:
    """Build the app of the resources."""
    return api_app(ground, ABOUT, [resource_router()], VOICE)


def _routes(ground: Ground) -> list[BaseRoute]:
    """The API, the OAuth server, and its metadata where RFC 8414 looks for it."""

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


def _sow(connection: sqlite3.Connection, digester: Digester) -> None:
    """Imported only when it is sown: opening a folder that is not new does not pay for the word lists."""
    from flintt_mcp.sandbox.flextell.seed import sow

    sow(connection, digester, SANDBOX_TOKEN, SECOND_SANDBOX_TOKEN)


FLEXTELL = Api(
    name="flextell",
    tables=schema.TABLES,
    sow=_sow,
    routes=_routes,
    listed=[
        Listed("flextell", "Flextell", f"Authorization: Bearer {SANDBOX_TOKEN}", ABOUT.docs),
        Listed("flextell-oauth", "Flextell OAuth 2.0", "a person who says yes"),
    ],
)
