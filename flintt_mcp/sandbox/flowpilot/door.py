"""The door of every route: key first, then the limit, then the scope; what comes out is the key's organisation.

In: a request. Out: an `Organisation`, whose reads and changes hand its id to every query, after whatever was due by now has
happened. All checks come before the body is read, so a caller without a key learns nothing but 401. A route says its
scope with `needs`, which is both what is documented and what is enforced.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Concatenate, ParamSpec, TypeVar

from fastapi import Depends, HTTPException, Request, Response
from fastapi.routing import APIRoute
from fastapi.security import APIKeyHeader, HTTPBearer

from flintt_mcp.sandbox.database import Database
from flintt_mcp.sandbox.flowpilot.books import Books
from flintt_mcp.sandbox.flowpilot.keys import OpenKey, find_key
from flintt_mcp.sandbox.flowpilot.lifecycle import catch_up, is_due
from flintt_mcp.sandbox.flowpilot.limits import Meter
from flintt_mcp.sandbox.flowpilot.money import from_json
from flintt_mcp.sandbox.ground.clock import Clock, stamp
from flintt_mcp.sandbox.ground.secret import Digester

P = ParamSpec("P")
T = TypeVar("T")

KEY_HEADER = APIKeyHeader(
    name="X-API-Key", scheme_name="ApiKey", description="A key of the form fp_test_...", auto_error=False
)
BEARER = HTTPBearer(scheme_name="Bearer", description="The same key as a bearer token.", auto_error=False)
SCOPE = "x-required-scope"


@dataclass(frozen=True, slots=True)
class Ground:
    """What the app stands on; one per opened sandbox."""

    database: Database
    digester: Digester
    clock: Clock
    meter: Meter


@dataclass(frozen=True, slots=True)
class Organisation:
    """One organisation's rows."""

    ground: Ground
    id: str

    async def read(
        self, query: Callable[Concatenate[sqlite3.Connection, str, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `query(connection, organisation_id, ...)` on a snapshot of the present moment."""
        database, now = self.ground.database, stamp(self.ground.clock())
        if await database.read(is_due, self.id, now):
            await database.write(_catch_up, self.id, now)
        return await database.read(query, self.id, *args, **kwargs)

    async def change(self, change: Callable[Concatenate[Books, str, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `change(books, now, ...)` as one change, behind whatever was due before it."""
        return await self.ground.database.write(_change, self.id, stamp(self.ground.clock()), change, args, kwargs)


def _catch_up(connection: sqlite3.Connection, organisation_id: str, now: str) -> None:
    catch_up(Books(connection, organisation_id), now)


def _change(
    connection: sqlite3.Connection, organisation_id: str, now: str, change: Callable[..., T], args: tuple, kwargs: dict
) -> T:
    books = Books(connection, organisation_id)
    catch_up(books, now)
    return change(books, now, *args, **kwargs)


def needs(scope: str) -> dict[str, Any]:
    """`openapi_extra` of a route that asks for a scope."""
    return {SCOPE: scope}


async def open_key(ground: Ground, key: str | None, scope: str) -> OpenKey:
    """The key, when it may do this.

    Raises:
        HTTPException: 401, with the same words for unknown, expired and revoked; 429; 403, naming the scope.
    """
    if not key:
        raise _unauthorized("Missing API key: send it in the X-API-Key header or as a bearer token.")
    now = ground.clock()
    found = await ground.database.read(find_key, ground.digester, key, stamp(now))
    if found is None:
        raise _unauthorized("Invalid or expired API key.")
    wait = ground.meter.wait(found.key_id, now)
    if wait is not None:
        raise HTTPException(429, f"Too many requests: try again in {wait} s.", {"Retry-After": str(wait)})
    if scope not in found.scopes:
        raise HTTPException(403, f"Insufficient scope: this operation requires {scope}.")
    return found


def _unauthorized(detail: str) -> HTTPException:
    return HTTPException(401, detail, headers={"WWW-Authenticate": "Bearer"})


def _key_of(request: Request) -> str | None:
    """The key of a request: the dedicated header when it is there, even an empty one, else the bearer token."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return request.headers.get(KEY_HEADER.model.name, token.strip() if scheme.lower() == "bearer" else None)


class ExactRequest(Request):
    """A request whose JSON numbers stay exact."""

    async def json(self) -> Any:
        return from_json(await self.body())


class KeyedRoute(APIRoute):
    """A route that checks the key before anything else of the request is looked at."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        handle = super().get_route_handler()
        scope = (self.openapi_extra or {})[SCOPE]

        async def handle_keyed(request: Request) -> Response:
            ground: Ground = request.app.state.ground
            key = await open_key(ground, _key_of(request), scope)
            request.state.organisation = Organisation(ground, key.organisation_id)
            return await handle(ExactRequest(request.scope, request.receive))

        return handle_keyed


async def _opened(request: Request) -> Organisation:
    return request.state.organisation


Caller = Annotated[Organisation, Depends(_opened)]
