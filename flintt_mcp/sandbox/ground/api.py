"""One API of the sandbox: what the composition needs of it, and how its ASGI app is set up.

In: the API's routers, its description and its voice. Out: a FastAPI app that needs no lifespan, for mounting under a prefix, whose
OpenAPI document (`/openapi.json`) is made from the routes themselves. The interactive pages of FastAPI load scripts from
the network and are off; `/docs` is a plain page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import BaseRoute

from flintt_mcp.sandbox.ground.browser_pages import Listed, operations_page
from flintt_mcp.sandbox.ground.document import DocumentedApp, Links
from flintt_mcp.sandbox.ground.doors import Ground
from flintt_mcp.sandbox.ground.folder import Seed
from flintt_mcp.sandbox.ground.rows import Tables
from flintt_mcp.sandbox.ground.storage import answer_storage_faults
from flintt_mcp.sandbox.ground.voice import Voice, answer_refusals

G = TypeVar("G", contravariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Api(Generic[G]):
    """All that the composition knows of an API: its tables, its example rows, its routes, its lines on the first page."""

    name: str
    tables: Tables
    sow: Seed
    routes: Callable[[G], list[BaseRoute]]
    listed: Sequence[Listed]


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What the document of an app says beside its routes; `docs` is the path of the plain page."""

    title: str
    text: str
    version: str = "1.0.0"
    links: Links = field(default_factory=dict)
    schemes: Mapping[str, Any] = field(default_factory=dict)
    docs: str = "docs"


def api_app(
    ground: Ground,
    about: Description,
    routers: Sequence[APIRouter],
    voice: Voice,
    dependencies: Sequence[Any] = (),
) -> FastAPI:
    """Build an app of these routers; each of their routes has the dependencies."""
    app = DocumentedApp(
        title=about.title,
        version=about.version,
        description=about.text,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        links=about.links,
        schemes=about.schemes,
    )
    app.state.ground = ground

    # Before the others: a path of the API may have room for any name.
    @app.get(f"/{about.docs}", include_in_schema=False)
    async def docs(_request: Request) -> HTMLResponse:
        return operations_page(app.openapi())

    for router in routers:
        app.include_router(router, dependencies=list(dependencies))
    answer_refusals(app, voice, [route for router in routers for route in router.routes])
    answer_storage_faults(app, voice)
    return app
