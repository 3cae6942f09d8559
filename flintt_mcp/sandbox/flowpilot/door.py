"""The door of every route: key first, then the limit, then the scope; what comes out is the key's organisation.

In: a request. Out: an `Organisation`, whose reads and changes hand its id to every query, after whatever was due by now has
happened.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Concatenate, ParamSpec

from fastapi import Depends, HTTPException, Request, Response
from fastapi.security import APIKeyHeader, HTTPBearer

from flintt_mcp.sandbox.flowpilot.books import Books
from flintt_mcp.sandbox.flowpilot.keys import OpenKey, find_key
from flintt_mcp.sandbox.flowpilot.lifecycle import catch_up, is_due
from flintt_mcp.sandbox.flowpilot.meter import Meter
from flintt_mcp.sandbox.flowpilot.money import from_json
from flintt_mcp.sandbox.ground import doors
from flintt_mcp.sandbox.ground.clock import stamp

P = ParamSpec("P")

KEY_HEADER = APIKeyHeader(
    name="X-API-Key", scheme_name="ApiKey", description="A key of the form fp_test_...", auto_error=False
)
BEARER = HTTPBearer(scheme_name="Bearer", description="The same key as a bearer token.", auto_error=False)


@dataclass(frozen=True, slots=True)
class Ground(doors.Ground):
    """What this API stands on; `meter` counts the requests of its keys."""

    meter: Meter = field(default_factory=Meter)


@dataclass(frozen=True)
class Organisation(doors.Workspace[Ground, str]):
    """One organisation's rows, by its id."""

    async def read(
        self, query: Callable[Concatenate[sqlite3.Connection, str, P], Any], *args: P.args, **kwargs: P.kwargs
    ) -> Any:
        """Run `query(connection, organisation_id, ...)` on a snapshot of the present moment."""
        now = stamp(self.ground.clock())
        if await super().read(is_due, now):
            await self.write(_catch_up, now)
        return await super().read(query, *args, **kwargs)

    async def change(self, change: Callable[Concatenate[Books, str, P], Any], *args: P.args, **kwargs: P.kwargs) -> Any:
        """Run `change(books, now, ...)` as one change, behind whatever was due before it."""

        def change_behind(connection: sqlite3.Connection, organisation_id: str, now: str) -> Any:
            return change(_catch_up(connection, organisation_id, now), now, *args, **kwargs)

        return await self.write(change_behind, stamp(self.ground.clock()))


def _catch_up(connection: sqlite3.Connection, organisation_id: str, now: str) -> Books:
    books = Books(connection, organisation_id)
    catch_up(books, now)
    return books


async def open_organisation(ground: Ground, key: str | None, scope: str) -> Organisation:
    """The organisation that a key opens for this.

    Raises:
        HTTPException: 401, with the same words for unknown, expired and revoked; 429; 403, naming the scope.
    """
    if not key:
        raise _unauthorized("Missing API key: send it in the X-API-Key header or as a bearer token.")
    found = await ground.database.read(_key, ground, key)
    wait = ground.meter.wait(found.key_id, ground.clock())
    if wait is not None:
        raise HTTPException(429, f"Too many requests: try again in {wait} s.", {"Retry-After": str(wait)})
    _check_scope(found, scope)

    def find(connection: sqlite3.Connection) -> str:
        found = _key(connection, ground, key)
        _check_scope(found, scope)
        return found.organisation_id

    return Organisation(ground, find)


def _key(connection: sqlite3.Connection, ground: Ground, key: str) -> OpenKey:
    found = find_key(connection, ground.digester, key, stamp(ground.clock()))
    if found is None:
        raise _unauthorized("Invalid or expired API key.")
    return found


def _check_scope(key: OpenKey, scope: str) -> None:
    if scope not in key.scopes:
        raise HTTPException(403, f"Insufficient scope: this operation requires {scope}.")


def _unauthorized(detail: str) -> HTTPException:
    return HTTPException(401, detail, headers={"WWW-Authenticate": "Bearer"})


def _key_of(request: Request) -> str | None:
    """The key of a request: the dedicated header when it is there, even an empty one, else the bearer token."""
    return request.headers.get(KEY_HEADER.model.name, doors.bearer_of(request.headers.get("authorization")))


class ExactRequest(Request):
    """A request whose JSON numbers stay exact."""

    async def json(self) -> Any:
        return from_json(await self.body())


class KeyedRoute(doors.ScopedRoute):
    """A route that a key with the right scope opens, and that reads numbers exactly."""

    async def open(self, request: Request) -> Organisation:
        return await open_organisation(request.app.state.ground, _key_of(request), self.needed)

    def get_route_handler(self) -> Callable[[Request], Any]:
        handle = super().get_route_handler()

        async def handle_exactly(request: Request) -> Response:
            return await handle(ExactRequest(request.scope, request.receive))

        return handle_exactly


async def _opened(request: Request) -> Any:
    return request.state.caller


Caller = Annotated[Organisation, Depends(_opened)]
