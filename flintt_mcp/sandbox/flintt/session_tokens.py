"""Session tokens of the management endpoints: signed JSON Web Tokens that name a user for a while.

In: the digester of the data folder, whose key (derived for this alone) signs. Out: a token, or the user a good one names.
HS256 and nothing else; iss, sub, iat and exp must be there; time comes from the sandbox's clock. Nothing is stored: a token
ends by itself, or with its user.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import jwt

from flintt_mcp.sandbox.ground.secret import Digester

ISSUER = "flintt-mcp-sandbox"
ALGORITHM = "HS256"
LIFETIME = timedelta(days=1)
CLAIMS = ("iss", "sub", "iat", "exp")


def mint_token(digester: Digester, user_id: str, now: datetime, lifetime: timedelta = LIFETIME) -> str:
    """A token that opens the management endpoints for a user until `lifetime` is over."""
    seconds = int(now.timestamp())
    claims = {"iss": ISSUER, "sub": user_id, "iat": seconds, "exp": seconds + int(lifetime.total_seconds())}
    return jwt.encode(claims, _key(digester), algorithm=ALGORITHM)


def read_token(digester: Digester, token: str, now: datetime) -> str | None:
    """The user that a good token names, or None for any other token."""
    try:
        claims = jwt.decode(
            token,
            _key(digester),
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            # The library would look at the machine's clock.
            options={"require": list(CLAIMS), "verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
    except (jwt.InvalidTokenError, ValueError, RecursionError):
        return None
    moments = [claims["iat"], claims["exp"]]
    if not all(isinstance(moment, int) and not isinstance(moment, bool) for moment in moments):
        return None
    return claims["sub"] if moments[0] <= now.timestamp() < moments[1] else None


def _key(digester: Digester) -> bytes:
    return digester.derive("flintt session token")
