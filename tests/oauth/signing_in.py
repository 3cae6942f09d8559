"""A person who signs in: reads what the program says, and opens the address in the scripted browser."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import anyio
import httpx2

from flintt_mcp.errors import FlinttError
from flintt_mcp.oauth.login import LoggedIn, log_in
from tests.oauth.browser import browse

Act = Callable[[str], Awaitable[httpx2.Response]]


@dataclass
class SignIn:
    """What came of it: the result or the error, the page at the end, and all that was said."""

    result: LoggedIn | None = None
    error: FlinttError | None = None
    page: httpx2.Response | None = None
    said: list[str] = field(default_factory=list)


async def sign_in(settings, client, store, lock, clock, act: Act = browse, **more) -> SignIn:
    """Run a sign-in to its end; `act` is what the person does with the address."""
    outcome = SignIn()

    async def go(url: str) -> None:
        outcome.page = await act(url)

    async with anyio.create_task_group() as group:

        def say(line: str) -> None:
            outcome.said.append(line)
            if line.startswith("http"):
                group.start_soon(go, line)

        parts = {
            "send": client.send,
            "store": store,
            "lock": lock,
            "clock": clock.seconds,
            "say": say,
            "open_browser": None,
        }
        try:
            outcome.result = await log_in(settings, **{**parts, **more})
        except FlinttError as error:
            outcome.error = error
    return outcome
