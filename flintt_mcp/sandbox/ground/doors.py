"""What stands between a request and the rows: the door that is opened first, and the caller's part of the database behind it.

In: a request. Out: a `Workspace` whose reads and writes hand its owner to every query; a route cannot forget it. A door is opened
before the body is read, so that a caller without a good key learns nothing but that. How it is opened, each API says, as a
function of a connection: it runs again in the transaction of the work, so that a key that was revoked meanwhile does nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from fastapi import Request, Response
from fastapi.routing import APIRoute

from flintt_mcp.sandbox.ground.clock import Clock
from flintt_mcp.sandbox.ground.secret import Digester
from flintt_mcp.sqlite import Database

P = ParamSpec("P")
G = TypeVar("G", bound="Ground")
Owner = TypeVar("Owner")

_SCOPE = "x-required-scope"


@dataclass(frozen=True, slots=True)
class Ground:
    """What an API stands on; one per opened sandbox."""

    database: Database
    digester: Digester
    clock: Clock


@dataclass(frozen=True)  # a frozen generic with slots cannot be made by its alias before Python 3.12
class Workspace(Generic[G, Owner]):
    """The rows of whoever the caller's key belongs to: `find` tells who that is, or raises the API's refusal.

    What a query answers is shaped, and checked, by the response model of its route.
    """

    ground: G
    find: Callable[[sqlite3.Connection], Owner] = field(repr=False)

    async def read(
        self, query: Callable[Concatenate[sqlite3.Connection, Owner, P], Any], *args: P.args, **kwargs: P.kwargs
    ) -> Any:
        """Run `query(connection, owner, ...)` on a snapshot."""
        return await self.ground.database.read(self._ask, query, *args, **kwargs)

    async def write(
        self, query: Callable[Concatenate[sqlite3.Connection, Owner, P], Any], *args: P.args, **kwargs: P.kwargs
    ) -> Any:
        """Run `query(connection, owner, ...)` as one change."""
        return await self.ground.database.write(self._ask, query, *args, **kwargs)

    def _ask(
        self,
        connection: sqlite3.Connection,
        query: Callable[Concatenate[sqlite3.Connection, Owner, P], Any],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Any:
        return query(connection, self.find(connection), *args, **kwargs)


class DoorRoute(APIRoute):
    """A route that opens the door before anything else of the request is looked at; `request.state.caller` is what came out."""

    async def open(self, request: Request) -> Any:
        """The caller's workspace.

        Raises:
            HTTPException, or the API's own refusal: there is none.
        """
        raise NotImplementedError

    def get_route_handler(self) -> Callable[[Request], Any]:
        handle = super().get_route_handler()

        async def handle_opened(request: Request) -> Response:
            request.state.caller = await self.open(request)
            return await handle(request)

        return handle_opened


class ScopedRoute(DoorRoute):
    """A route that asks for the scope its OpenAPI entry names (`needs`), and is refused at start-up without one."""

    needed: str

    def get_route_handler(self) -> Callable[[Request], Any]:
        self.needed = (self.openapi_extra or {})[_SCOPE]
        return super().get_route_handler()


def needs(scope: str) -> dict[str, Any]:
    """`openapi_extra` of a route that asks for a scope: what is documented is what is enforced."""
    return {_SCOPE: scope}


def bearer_of(header: str | None) -> str | None:
    """The token of an Authorization header; None when there is none."""
    scheme, _, token = (header or "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None
