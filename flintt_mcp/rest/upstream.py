"""What every operation stands on: the way to the APIs, and what this server knows, holds and allows beside it.

Put together once, in `app.py`. Each part is one subject: where the APIs are, which credentials live here, what may be spent, how
results come out. Nothing of a caller is kept in any of them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flintt_mcp.catalogue.operation import Api
from flintt_mcp.errors import ConfigError
from flintt_mcp.rest.reading.clients import Budgets
from flintt_mcp.rest.reading.cursors import Cursors
from flintt_mcp.rest.sending.message import UpstreamRequest, UpstreamResponse

if TYPE_CHECKING:
    from flintt_mcp.rest.keepers import Keepers

Token = Callable[[str], Awaitable[str]]
"""A token, and another one, where there is any, in place of a token that was refused; "" when none was."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the APIs are: `urls` maps an API's name to its base URL, `sandboxed` names those that are played on this machine."""

    urls: Mapping[str, str | None]
    sandboxed: frozenset[str] = frozenset()

    def base_url(self, api: Api) -> str:
        """The base URL of an API.

        Raises:
            ConfigError: nobody said where it is.
        """
        url = self.urls.get(api.name)
        if url is None:
            raise ConfigError(f"{api.title} has no URL here", advice=f"the operator sets {api.variable}_API_URL")
        return url


@dataclass(frozen=True, slots=True)
class Held:
    """Credentials that live in this process, by API.

    `tokens` are those of whoever started it and logged in; they never serve a caller over HTTP. `sessions` give the sandbox's
    token for whoever holds a published key of the API it is beside.
    """

    tokens: Mapping[str, Token] = field(default_factory=dict)
    sessions: Mapping[str, Callable[[str], str | None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may be spent: `live` lets keys through that move real money."""

    live: bool = False


@dataclass(frozen=True, slots=True)
class Results:
    """How results come out: as large as a client takes, in pages, and without what an API shows once, which `keepers` keep; None
    shows it."""

    cursors: Cursors
    budgets: Budgets
    keepers: Keepers | None = None


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where calls go: `send` is the client's, `deadline` the time of one call in seconds."""

    send: Callable[[UpstreamRequest], Awaitable[UpstreamResponse]]
    places: Places
    results: Results
    held: Held = Held()
    allowed: Allowed = Allowed()
    deadline: float = 30.0
