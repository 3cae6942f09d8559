"""The token endpoint: tokens for a code, for a refresh token, or for the client itself.

In: a checked client and its form, inside one transaction. Out: the answer, or a refusal as a value, because what a
refusal changes (a revoked family) has to be committed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from flintt_mcp.sandbox.flextell.oauth.clients import Client, proven_client
from flintt_mcp.sandbox.flextell.oauth.refusals import TokenRefused
from flintt_mcp.sandbox.flextell.oauth.token_rows import SCOPES, Grant, issue, revoke_family, rotate
from flintt_mcp.sandbox.ground.clock import stamp
from flintt_mcp.sandbox.ground.secret import Digester

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_REFUSALS = {
    "invalid_grant": "The code or refresh token is unknown, ended, already used or revoked.",
    "invalid_scope": f"The scopes are {' and '.join(SCOPES)}, and no more than were granted.",
}


def exchanged(
    connection: sqlite3.Connection,
    digester: Digester,
    authorization: str | None,
    form: Mapping[str, str],
    now: datetime,
) -> dict[str, Any] | TokenRefused:
    """The answer to a token request.

    Raises:
        TokenRefused: before anything could have changed.
    """
    client = proven_client(connection, digester, authorization, form)
    match form.get("grant_type"):
        case "authorization_code":
            answer = _for_code(connection, digester, client, form, now)
        case "refresh_token":
            token = _needed(form, "refresh_token")
            answer = rotate(connection, digester, token, client.id, form.get("scope"), now)
        case "client_credentials":
            answer = _for_client(connection, digester, client, form, now)
        case None:
            raise TokenRefused("invalid_request", "grant_type is missing.")
        case _:
            raise TokenRefused("unsupported_grant_type", "authorization_code, refresh_token or client_credentials.")
    return TokenRefused(answer, _REFUSALS[answer]) if isinstance(answer, str) else answer


def _for_code(
    connection: sqlite3.Connection, digester: Digester, client: Client, form: Mapping[str, str], now: datetime
) -> dict[str, Any] | str:
    verifier = _needed(form, "code_verifier")
    row = connection.execute(
        "SELECT * FROM flextell_codes WHERE code_digest = ? AND client_id = ?",
        (digester.digest(_needed(form, "code")), client.id),
    ).fetchone()
    if row is None or row["expires_at"] <= stamp(now):
        return "invalid_grant"
    if row["used_at"] is not None:
        revoke_family(connection, row["family"], now)
        return "invalid_grant"
    if row["redirect_uri"] != form.get("redirect_uri") or not _answers(verifier, row["challenge"]):
        return "invalid_grant"
    connection.execute("UPDATE flextell_codes SET used_at = ? WHERE code_digest = ?", (stamp(now), row["code_digest"]))
    grant = Grant(row["user_id"], client.id, row["scope"], row["family"])
    return issue(connection, digester, grant, now, refreshable=True)


def _for_client(
    connection: sqlite3.Connection, digester: Digester, client: Client, form: Mapping[str, str], now: datetime
) -> dict[str, Any] | str:
    if client.user_id is None or client.secret_digest is None:
        raise TokenRefused("unauthorized_client", "This client may not ask for tokens of its own.")
    scope = " ".join(dict.fromkeys(form.get("scope", " ".join(SCOPES)).split()))
    if not scope or not set(scope.split()) <= set(SCOPES):
        return "invalid_scope"
    grant = Grant(client.user_id, client.id, scope, str(uuid4()))
    return issue(connection, digester, grant, now, refreshable=False)


def _needed(form: Mapping[str, str], name: str) -> str:
    if name not in form:
        raise TokenRefused("invalid_request", f"{name} is missing.")
    return form[name]


def _answers(verifier: str, challenge: str) -> bool:
    """Whether a PKCE verifier answers the challenge (RFC 7636, S256)."""
    if not _VERIFIER.fullmatch(verifier):
        return False
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return hmac.compare_digest(digest, challenge)
