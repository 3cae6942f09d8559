"""The tokens of one login, and their JSON. The repr shows no token."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

SKEW = 60.0
"""Seconds before its end at which an access token is renewed; half its life for one that lives shorter than twice this."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """One access token and what renews it.

    `expires_at` and `renew_at` count seconds since 1970; None is a token whose end nobody told. `token_url` and `client_id`
    say whose they are: tokens of another server or client are never used.
    """

    access_token: str = field(repr=False)
    token_url: str
    client_id: str
    refresh_token: str | None = field(default=None, repr=False)
    expires_at: float | None = None
    renew_at: float | None = None
    scope: str = ""

    def is_fresh(self, now: float) -> bool:
        """Whether it is good for a while yet."""
        return self.renew_at is None or now < self.renew_at

    def is_alive(self, now: float) -> bool:
        """Whether it has not ended."""
        return self.expires_at is None or now < self.expires_at

    def to_json(self) -> str:
        return json.dumps(asdict(self))


def from_json(text: str) -> Tokens | None:
    """What `to_json` wrote; None for anything else."""
    try:
        found = json.loads(text)
        tokens = Tokens(**found)
    except (ValueError, TypeError, RecursionError):
        return None
    texts = (tokens.access_token, tokens.token_url, tokens.client_id, tokens.scope, tokens.refresh_token or "")
    return tokens if all(isinstance(text, str) for text in texts) and _moments(tokens) else None


def lifetime(expires_in: Any, now: float) -> tuple[float | None, float | None]:
    """When a token ends and when it is to be renewed, from `expires_in` of an answer, which may be missing or a text."""
    try:
        seconds = float(expires_in)
    except (TypeError, ValueError):
        return None, None
    if not 0 < seconds < 1e10:
        return None, None
    return now + seconds, now + max(seconds - SKEW, seconds / 2)


def _moments(tokens: Tokens) -> bool:
    return all(moment is None or type(moment) in (int, float) for moment in (tokens.expires_at, tokens.renew_at))
