"""Where a secret that an API shows once waits for the person: in a private file on this machine, or behind a link for one reading.

In: whoever called, and after the call the secrets. Out: what the result says instead of them. Room is taken before the call is
sent: where there is none, nothing is sent, so that no secret is made that nobody would ever see.
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any, Protocol

from flintt_mcp.rest.endpoint import ApiCall
from flintt_mcp.state.secret_file import secret_file
from flintt_mcp.state.secret_links import SecretLinks

LINK = "secret_link"
"""The field of a result that holds a link."""
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Kept:
    """Where secrets lie: in words, and as one more field of the result."""

    where: str
    field: str
    value: str


Keep = Callable[[Any, Mapping[str, Any]], Awaitable[Kept]]
"""Keep the secrets (by field) of the API's answer.

Raises OSError when that fails: then they lie nowhere, and only whoever holds them can still hand them on.
"""


class Keeper(Protocol):
    """Keeps the secrets of one call."""

    def room(self, call: ApiCall) -> AbstractAsyncContextManager[Keep]:
        """Room for what this call may bring.

        Raises:
            ConfigError, StoreFailed: there is none; nothing was sent.
        """
        ...


class InFile:
    """Secrets lie in files of `folder`: for a person at this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @asynccontextmanager
    async def room(self, call: ApiCall) -> AsyncIterator[Keep]:
        with secret_file(self._folder) as keep:

            async def kept(answer: Any, held: Mapping[str, Any]) -> Kept:
                path = str(keep(_file_name(call, answer), held))
                return Kept(f"in {path}", "secret_file", path)

            yield kept


class BehindLink:
    """Secrets lie behind a link below `url`, for the key of the call: for a person on another machine."""

    def __init__(self, links: SecretLinks, url: str) -> None:
        self._links = links
        self._url = url

    @asynccontextmanager
    async def room(self, call: ApiCall) -> AsyncIterator[Keep]:
        id, filled = await self._links.reserve(), False

        async def kept(answer: Any, held: Mapping[str, Any]) -> Kept:
            nonlocal filled
            ends_at = await self._links.fill(id, call.who, held)
            filled = True
            link, until = f"{self._url}/secret/{id}", time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(ends_at))
            where = f"behind a link until {until}, for one reading, with the key that this call came with: {link}"
            return Kept(where, LINK, link)

        try:
            yield kept
        finally:
            if not filled:
                await self._links.release(id)


@dataclass(frozen=True, slots=True)
class Keepers:
    """Who keeps secrets for a person at this machine, and who for one that may be at another."""

    here: Keeper
    afar: Keeper

    def room(self, call: ApiCall) -> AbstractAsyncContextManager[Keep]:
        """Room with the one that this call takes."""
        return (self.afar if call.is_remote else self.here).room(call)


def _file_name(call: ApiCall, answer: Any) -> str:
    """What the file is called: the tool and the id of the row; where that is no name for a file, one that nothing else has."""
    row = answer.get("id") if isinstance(answer, Mapping) else None
    return f"{call.call.tool.name} {row if isinstance(row, str) and _NAME.fullmatch(row) else token_hex(8)}"
