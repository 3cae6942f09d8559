"""Whether the APIs answer: each is asked at once, on a connection of its own, and no answer is waited for long.

In: base URLs by API. Out: by API, None or why it does not answer. No key is sent, and any HTTP answer counts: a probe asks whether
somebody is there, not whether calls would succeed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import anyio

SECONDS = 0.8
"""How long one question may take: platforms give a probe a second."""

_NOWHERE = "nobody said where it is"

Ask = Callable[[str, float], Awaitable[str | None]]
"""Asks one URL within some seconds: None when something answers, else why not (`UpstreamClient.reach`)."""


class Reach:
    """Asks the APIs of a server. `urls` maps an API's name to its base URL, None where nobody said where it is."""

    def __init__(self, ask: Ask, urls: Mapping[str, str | None]) -> None:
        self._ask = ask
        self._urls = dict(urls)

    @property
    def apis(self) -> tuple[str, ...]:
        """The names of the APIs."""
        return tuple(self._urls)

    async def one(self, api: str) -> str | None:
        """Whether one API answers: None, or why not."""
        url = self._urls[api]
        return _NOWHERE if url is None else await self._ask(url + "/", SECONDS)

    async def __call__(self) -> dict[str, str | None]:
        """By API, None when it answers, else why not."""
        reasons: dict[str | None, str | None] = {None: _NOWHERE}

        async def ask(url: str) -> None:
            reasons[url] = await self._ask(url + "/", SECONDS)

        async with anyio.create_task_group() as group:
            # By URL: two APIs at one address are one question.
            for url in filter(None, dict.fromkeys(self._urls.values())):
                group.start_soon(ask, url)
        return {api: reasons[url] for api, url in self._urls.items()}
