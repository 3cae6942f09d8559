"""/api/api-keys and /api/api-key: the keys of the /v1 endpoints, managed with a session token.

Both editions in one: any number of named keys, and beside them the one key that /api/api-key makes when first asked. Silent in
the texts, decided here: regenerate is a POST, answers 201 and revokes that one key only; revoking twice is no error; revoked
keys stay in the list; a name is needed and need not be unique.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from flintt_mcp.sandbox.flintt.answers import NOT_FOUND, REFUSED, UNREADABLE, not_found
from flintt_mcp.sandbox.flintt.fields import line
from flintt_mcp.sandbox.flintt.keys import add_key, list_keys, own_key, revoke_key
from flintt_mcp.sandbox.flintt.session_door import NO_SESSION, Session, SessionRoute
from flintt_mcp.sandbox.ground.secret import Digester
from flintt_mcp.sandbox.ground.texts import Body, Id, Timestamp

router = APIRouter(prefix="/api", tags=["API keys"], route_class=SessionRoute)

OWN_NAME = "API key"
PREFIX = "First 12 characters, to tell keys apart."
RAW_KEY = "The whole key, shown this once."


class ApiKey(BaseModel):
    """A key, without what would open anything."""

    id: Id
    name: str
    key_prefix: str = Field(description=PREFIX)
    last_used_at: Timestamp | None
    revoked_at: Timestamp | None
    created_at: Timestamp


class NewKey(Body):
    """A key to make."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Production"}]})

    name: Annotated[str, line(100)] = Field(description='A label for the key (e.g. "Production", "Zapier").')


class CreatedKey(BaseModel):
    """A new key."""

    id: Id
    name: str
    key_prefix: str = Field(description=PREFIX)
    raw_key: str = Field(description=RAW_KEY)
    created_at: Timestamp


class OwnKey(BaseModel):
    """The key of this endpoint; raw_key is there only when it was made just now."""

    id: Id
    key_prefix: str = Field(description=PREFIX)
    raw_key: str = Field("", description=RAW_KEY)
    last_used_at: Timestamp | None
    created_at: Timestamp


class RegeneratedKey(BaseModel):
    """The key that takes the place of the former one."""

    id: Id
    raw_key: str = Field(description=RAW_KEY)
    key_prefix: str = Field(description=PREFIX)
    created_at: Timestamp


class Revoked(BaseModel):
    """The key opens nothing any more."""

    ok: bool


@router.get("/api-keys", summary="List API keys", responses=NO_SESSION)
async def list_api_keys(session: Session) -> list[ApiKey]:
    """All keys of the user, revoked ones too, newest first; never a key itself."""
    return await session.read(list_keys)


@router.post("/api-keys", summary="Create API key", status_code=201, responses=NO_SESSION | REFUSED | UNREADABLE)
async def create_api_key(session: Session, new: NewKey) -> CreatedKey:
    """Make a key; raw_key is shown this once."""
    return await session.write(add_key, session.ground.digester, new.name, session.ground.clock())


@router.delete("/api-keys/{key_id}", summary="Revoke API key", responses=NO_SESSION | NOT_FOUND | REFUSED)
async def revoke_api_key(session: Session, key_id: UUID) -> Revoked:
    """Revoke a key; the next request with it is refused."""
    if not await session.write(revoke_key, str(key_id), session.ground.clock()):
        raise not_found("API key")
    return Revoked(ok=True)


@router.get("/api-key", summary="Get API key", responses=NO_SESSION, response_model_exclude_unset=True)
async def get_api_key(session: Session) -> OwnKey:
    """The one key of this endpoint; made now, and raw_key shown this once, when there is none."""
    found = await session.read(own_key)
    return found or await session.write(_get_or_make, session.ground.digester, session.ground.clock())


@router.post("/api-key/regenerate", summary="Regenerate API key", status_code=201, responses=NO_SESSION)
async def regenerate_api_key(session: Session) -> RegeneratedKey:
    """Revoke the one key of this endpoint and make another; raw_key is shown this once."""
    return await session.write(_regenerate, session.ground.digester, session.ground.clock())


def _get_or_make(connection: sqlite3.Connection, user_id: str, digester: Digester, now: datetime) -> dict[str, Any]:
    """Look again inside the transaction: of two first requests one makes the key and sees it."""
    return own_key(connection, user_id) or add_key(connection, user_id, digester, OWN_NAME, now, own=True)


def _regenerate(connection: sqlite3.Connection, user_id: str, digester: Digester, now: datetime) -> dict[str, Any]:
    former = own_key(connection, user_id)
    if former is not None:
        revoke_key(connection, user_id, former["id"], now)
    return add_key(connection, user_id, digester, OWN_NAME, now, own=True)
