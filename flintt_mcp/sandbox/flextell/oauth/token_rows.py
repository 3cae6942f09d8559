"""Tokens in the database: issuing, rotating, finding and revoking them. Plain functions for `Database.read` and `.write`.

Only digests are stored. A code and all tokens that come of it are one family: when a refresh token or a code is used a second
time, somebody else has it, and the family is revoked (RFC 9700). Nothing here raises for a bad token: the change that
revokes has to be committed.
"""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flintt_mcp.sandbox.ground.clock import stamp
from flintt_mcp.sandbox.ground.secret import Digester

ACCESS_LIFETIME = timedelta(hours=1)
REFRESH_LIFETIME = timedelta(days=30)
SCOPES = ("read", "write")
SANDBOX_TOKEN = "flextell_sandbox_token"
"""Published on purpose: documentation examples work with it. It never expires, unlike those that are issued here."""
SECOND_SANDBOX_TOKEN = "flextell_sandbox_second_token"


@dataclass(frozen=True, slots=True)
class Access:
    """What a good access token opens."""

    user_id: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Grant:
    """Somebody's consent: who lets which client do what."""

    user_id: str
    client_id: str
    scope: str
    family: str


def find_access(connection: sqlite3.Connection, digester: Digester, token: str, now: str) -> Access | None:
    """What a token opens at this moment; the digest is keyed, so finding it by value tells nothing about others."""
    row = connection.execute(
        """SELECT user_id, scope FROM flextell_tokens WHERE token_digest = ? AND kind = 'access'
            AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)""",
        (digester.digest(token), now),
    ).fetchone()
    return None if row is None else Access(row["user_id"], frozenset(row["scope"].split()))


def issue(
    connection: sqlite3.Connection, digester: Digester, grant: Grant, now: datetime, *, refreshable: bool
) -> dict[str, Any]:
    """A new access token, and a refresh token when `refreshable`, as the token endpoint answers them."""
    _forget_old(connection, now)
    answer = {
        "access_token": _issue_one(connection, digester, grant, "access", now, ACCESS_LIFETIME),
        "token_type": "Bearer",
        "expires_in": int(ACCESS_LIFETIME.total_seconds()),
        "scope": grant.scope,
    }
    if refreshable:
        answer["refresh_token"] = _issue_one(connection, digester, grant, "refresh", now, REFRESH_LIFETIME)
    return answer


def rotate(
    connection: sqlite3.Connection, digester: Digester, token: str, client_id: str, scope: str | None, now: datetime
) -> dict[str, Any] | str:
    """New tokens for a refresh token, or the error code that says why not."""
    row = connection.execute(
        "SELECT * FROM flextell_tokens WHERE token_digest = ? AND kind = 'refresh' AND client_id = ?",
        (digester.digest(token), client_id),
    ).fetchone()
    if row is None or row["revoked_at"] is not None or row["expires_at"] <= stamp(now):
        return "invalid_grant"
    if row["used_at"] is not None:
        revoke_family(connection, row["family"], now)
        return "invalid_grant"
    narrowed = row["scope"] if scope is None else scope
    if not set(narrowed.split()) <= set(row["scope"].split()):
        return "invalid_scope"
    connection.execute(
        "UPDATE flextell_tokens SET used_at = ? WHERE token_digest = ?", (stamp(now), row["token_digest"])
    )
    grant = Grant(row["user_id"], client_id, narrowed, row["family"])
    return issue(connection, digester, grant, now, refreshable=True)


def revoke(connection: sqlite3.Connection, digester: Digester, token: str, client_id: str, now: datetime) -> None:
    """Revoke a client's own token: an access token alone, a refresh token with its family. Others are left alone.

    The published sandbox token, which never expires, cannot be revoked: documentation examples rely on it.
    """
    row = connection.execute(
        "SELECT * FROM flextell_tokens WHERE token_digest = ? AND client_id = ? AND expires_at IS NOT NULL",
        (digester.digest(token), client_id),
    ).fetchone()
    if row is None:
        return
    if row["kind"] == "refresh":
        revoke_family(connection, row["family"], now)
    else:
        connection.execute(
            "UPDATE flextell_tokens SET revoked_at = ? WHERE token_digest = ? AND revoked_at IS NULL",
            (stamp(now), row["token_digest"]),
        )


def revoke_family(connection: sqlite3.Connection, family: str, now: datetime) -> None:
    """Revoke every token that came of one consent."""
    connection.execute(
        "UPDATE flextell_tokens SET revoked_at = ? WHERE family = ? AND revoked_at IS NULL", (stamp(now), family)
    )


def _issue_one(
    connection: sqlite3.Connection, digester: Digester, grant: Grant, kind: str, now: datetime, lifetime: timedelta
) -> str:
    token = f"flextell_{kind}_{secrets.token_urlsafe(32)}"
    connection.execute(
        """INSERT INTO flextell_tokens (token_digest, user_id, client_id, family, kind, scope, expires_at, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            digester.digest(token),
            grant.user_id,
            grant.client_id,
            grant.family,
            kind,
            grant.scope,
            stamp(now + lifetime),
            stamp(now),
        ),
    )
    return token


def _forget_old(connection: sqlite3.Connection, now: datetime) -> None:
    """Drop what has long ended. What has ended is refused anyway; a day is kept for whoever looks into the database."""
    before = (stamp(now - timedelta(days=1)),)
    connection.execute("DELETE FROM flextell_tokens WHERE expires_at < ?", before)
    connection.execute("DELETE FROM flextell_codes WHERE expires_at < ?", before)
