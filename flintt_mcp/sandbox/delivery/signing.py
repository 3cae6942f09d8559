"""The secrets of an endpoint and the proofs made with them. Pure.

A secret is never stored: it is derived from the endpoint's random salt under the secret of the data folder, so a copied
database signs nothing. `whsec_` is followed by 64 hex digits, which is base64 as well: the documented signature takes
the whole text as its key, Standard Webhooks (standardwebhooks.com) the decoded part, and one secret serves both.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from flintt_mcp.sandbox.ground.secret import Digester

PREFIX = "whsec_"


def new_salt() -> str:
    """128 random bits, for one secret."""
    return secrets.token_hex(16)


def signing_secret(digester: Digester, salt: str) -> str:
    """The secret that signs deliveries: `whsec_` and 256 bits."""
    return PREFIX + digester.derive(f"webhook signing {salt}").hex()


def auth_token(digester: Digester, salt: str) -> str:
    """The token that deliveries carry as a bearer: 256 bits."""
    return digester.derive(f"webhook token {salt}").hex()


def body_signature(secret: str, body: bytes) -> str:
    """`sha256=` and the HMAC-SHA256 of the raw body under the whole secret, in hex."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def standard_signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """One entry of webhook-signature: `v1,` and the base64 HMAC-SHA256 of `id.timestamp.body` under the decoded secret."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    content = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def standard_headers(secrets_in_use: list[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of Standard Webhooks; several secrets give several signatures, the newest first."""
    signatures = [standard_signature(secret, message_id, timestamp, body) for secret in secrets_in_use]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }
