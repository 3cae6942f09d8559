"""Clients: which there are, how one proves who it is, and where a code may be sent.

A public client has no secret and only names itself. A confidential one sends its secret with HTTP Basic or in the form, never
both. A redirect address has to be one of the client's, letter by letter; on the loopback interface the port is free, because a
command line listens where it can (RFC 8252, section 7.3).
"""

from __future__ import annotations

import base64
import binascii
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_plus, urlsplit

from flintt_mcp.sandbox.flextell.oauth.refusals import TokenRefused
from flintt_mcp.sandbox.ground.secret import Digester

LOOPBACK = ("127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client."""

    id: str
    name: str
    redirect_uris: tuple[str, ...]
    user_id: str | None
    secret_digest: str | None = field(repr=False)

    def may_be_sent_to(self, address: str) -> bool:
        """Whether a code may go to this address."""
        return address in self.redirect_uris or _without_port(address) in self.redirect_uris


def find_client(connection: sqlite3.Connection, client_id: str) -> Client | None:
    """The client of that id."""
    row = connection.execute("SELECT * FROM flextell_clients WHERE id = ?", (client_id,)).fetchone()
    if row is None:
        return None
    addresses = tuple(json.loads(row["redirect_uris"]))
    return Client(row["id"], row["name"], addresses, row["user_id"], row["secret_digest"])


def proven_client(
    connection: sqlite3.Connection, digester: Digester, authorization: str | None, form: Mapping[str, str]
) -> Client:
    """The client that sent this form, after it proved who it is.

    Raises:
        TokenRefused: invalid_client; the same for an unknown client and a wrong secret.
    """
    by_header = authorization is not None
    client_id, secret = _basic(authorization) if authorization else (form.get("client_id"), form.get("client_secret"))
    if by_header and ("client_secret" in form or form.get("client_id", client_id) != client_id):
        raise TokenRefused("invalid_request", "Send the client's id and secret once.")
    client = find_client(connection, client_id) if client_id else None
    if client is None or not _secret_fits(client, digester, secret):
        raise TokenRefused("invalid_client", "The client is unknown, or its secret is wrong.", by_header=by_header)
    return client


def _secret_fits(client: Client, digester: Digester, secret: str | None) -> bool:
    if client.secret_digest is None:
        return not secret
    return secret is not None and digester.matches(secret, client.secret_digest)


def _basic(authorization: str) -> tuple[str | None, str | None]:
    """Id and secret of a Basic header; both are form-encoded inside it (RFC 6749, section 2.3.1)."""
    scheme, _, value = authorization.partition(" ")
    try:
        name, colon, secret = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (ValueError, binascii.Error):
        return None, None
    if scheme.lower() != "basic" or not colon:
        return None, None
    return unquote_plus(name), unquote_plus(secret)


def _without_port(address: str) -> str | None:
    """A loopback address as it is registered, without its port; None for any other."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme != "http" or parts.hostname not in LOOPBACK or port is None:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    # Exactly host and port: user information in front of it would make another address of it.
    return parts._replace(netloc=host).geturl() if parts.netloc == f"{host}:{port}" else None
