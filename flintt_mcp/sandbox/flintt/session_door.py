"""The door of every /api route: the caller's session token is checked first, then the route gets that user's workspace.

In: a request with Authorization: Bearer and a JSON Web Token. Out: the same `Workspace` as behind an API key. An API key opens
nothing here, as a token opens nothing under /v1.
"""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request, Security
from fastapi.security import HTTPBearer

from flintt_mcp.sandbox.flintt.answers import Problem
from flintt_mcp.sandbox.flintt.door import Ground, Workspace
from flintt_mcp.sandbox.flintt.session_tokens import LIFETIME, mint_token, read_token
from flintt_mcp.sandbox.ground.doors import DoorRoute, bearer_of
from flintt_mcp.sandbox.ground.seeding import fixed_id
from flintt_mcp.sandbox.ground.voice import Responses

BEARER = HTTPBearer(
    scheme_name="Session", bearerFormat="JWT", description="What `flintt-mcp sandbox token` prints.", auto_error=False
)
NO_SESSION: Responses = {
    401: {"model": Problem, "description": "The Authorization header is missing, or holds no good session token."}
}


async def open_session(ground: Ground, header: str | None) -> Workspace:
    """The workspace that a session token opens.

    Raises:
        HTTPException: 401, with the same words for every token that is not good.
    """
    token = bearer_of(header)
    if token is None:
        raise _unauthorized("Missing session token: send it as Authorization: Bearer.")
    workspace = Workspace(ground, lambda connection: _user_of(connection, ground, token))
    await ground.database.read(workspace.find)
    return workspace


def local_token(ground: Ground, *, second: bool = False, lifetime: timedelta = LIFETIME) -> str:
    """A session token of the local user, or of the second one, whom the seed made."""
    user_id = fixed_id("user", "other@workspace.example" if second else "you@workspace.example")
    return mint_token(ground.digester, user_id, ground.clock(), lifetime)


def _user_of(connection: sqlite3.Connection, ground: Ground, token: str) -> str:
    user_id = read_token(ground.digester, token, ground.clock())
    known = "SELECT 1 FROM flintt_users WHERE id = ?"
    if user_id is None or connection.execute(known, (user_id,)).fetchone() is None:
        raise _unauthorized("Invalid or expired session token.")
    return user_id


def _unauthorized(detail: str) -> HTTPException:
    return HTTPException(401, detail, headers={"WWW-Authenticate": "Bearer"})


class SessionRoute(DoorRoute):
    """A route that a session token opens."""

    async def open(self, request: Request) -> Workspace:
        return await open_session(request.app.state.ground, request.headers.get("authorization"))


async def _opened(request: Request, _documented: Annotated[Any, Security(BEARER)]) -> Any:
    return request.state.caller


Session = Annotated[Workspace, Depends(_opened)]
