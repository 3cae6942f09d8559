"""What machines ask: is it alive, is it ready, how is it doing.

In: the questions that `app.py` can answer. Out: three small answers. Ready is a server that can serve: which of its APIs answer is
told beside it and decides nothing, since documentation and the other APIs are served meanwhile.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio
from starlette.responses import Response

from flintt_mcp.transports.http.exchanges.json_responses import json_answer

logger = logging.getLogger(__name__)

Reach = Callable[[], Awaitable[Mapping[str, str | None]]]
"""By API, None while it answers, else why it does not, in words that hold no secret. It takes no longer than a probe waits."""

REMEMBERED_SECONDS = 5.0
"""How long an answer of `Reach` is given again: anybody may ask, and each question asks every API."""
PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_NO_STORE = {"cache-control": "no-store"}


class Health:
    """Answers /healthz, /readyz and /metrics."""

    def __init__(self, reach: Reach, metrics: Callable[[], bytes], draining: Callable[[], bool]) -> None:
        self._reach = reach
        self._metrics = metrics
        self._draining = draining
        self._asking = anyio.Lock()
        self._apis: dict[str, dict[str, Any]] = {}
        self._good_until = 0.0

    async def answer(self, method: str, path: str) -> Response:
        """The answer to a GET or HEAD of one of `PATHS`."""
        if method not in ("GET", "HEAD"):
            return json_answer({"error": "only GET and HEAD are answered here"}, 405, {"allow": "GET, HEAD"})
        if path == "/healthz":
            return Response(b"ok\n", 200, _NO_STORE, "text/plain")
        if path == "/metrics":
            return Response(self._metrics(), 200, {**_NO_STORE, "content-type": _METRICS_TYPE})
        if self._draining():
            return json_answer({"ready": False, "reason": "the server is stopping"}, 503, _NO_STORE)
        return json_answer({"ready": True, "apis": await self._states()}, 200, _NO_STORE)

    async def _states(self) -> dict[str, dict[str, Any]]:
        """Which APIs answer. Whatever is asked meanwhile waits for the one question under way."""
        async with self._asking:
            if anyio.current_time() >= self._good_until:
                self._apis = await self._asked()
                self._good_until = anyio.current_time() + REMEMBERED_SECONDS
            return self._apis

    async def _asked(self) -> dict[str, dict[str, Any]]:
        try:
            reached = await self._reach()
        except Exception:
            logger.exception("The APIs could not be asked whether they answer")
            return {}
        return {
            api: {"reachable": True} if why is None else {"reachable": False, "reason": why}
            for api, why in reached.items()
        }
