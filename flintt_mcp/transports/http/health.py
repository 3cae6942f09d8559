"""What machines ask: is it alive, is it ready, how is it doing.

In: the questions that `app.py` can answer. Out: three small answers. A reason never holds a secret: `ready` words it, and
when `ready` itself fails only the kind of failure is told.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import anyio
from starlette.responses import Response

from flintt_mcp.errors import FlinttError
from flintt_mcp.transports.http.json_responses import json_answer

logger = logging.getLogger(__name__)

Ready = Callable[[], Awaitable[str | None]]
"""None when the server can do its work, else one sentence why not."""

REMEMBERED_SECONDS = 2.0
"""How long an answer of `ready` is given again: anybody may ask, and each question asks every API."""
PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_NO_STORE = {"cache-control": "no-store"}


class Health:
    """Answers /healthz, /readyz and /metrics."""

    def __init__(self, ready: Ready, metrics: Callable[[], bytes], draining: Callable[[], bool]) -> None:
        self._ready = ready
        self._metrics = metrics
        self._draining = draining
        self._asking = anyio.Lock()
        self._reason: str | None = None
        self._good_until = 0.0

    async def answer(self, method: str, path: str) -> Response:
        """The answer to a GET or HEAD of one of `PATHS`."""
        if method not in ("GET", "HEAD"):
            return json_answer({"error": "only GET and HEAD are answered here"}, 405, {"allow": "GET, HEAD"})
        if path == "/healthz":
            return Response(b"ok\n", 200, _NO_STORE, "text/plain")
        if path == "/metrics":
            return Response(self._metrics(), 200, {**_NO_STORE, "content-type": _METRICS_TYPE})
        reason = "the server is stopping" if self._draining() else await self._why_not()
        if reason is None:
            return json_answer({"ready": True}, 200, _NO_STORE)
        return json_answer({"ready": False, "reason": reason}, 503, _NO_STORE)

    async def _why_not(self) -> str | None:
        """Whatever is asked meanwhile waits for the one question under way."""
        async with self._asking:
            if anyio.current_time() >= self._good_until:
                self._reason = await self._asked()
                self._good_until = anyio.current_time() + REMEMBERED_SECONDS
            return self._reason

    async def _asked(self) -> str | None:
        try:
            return await self._ready()
        except FlinttError as error:
            return error.message
        except Exception:
            logger.exception("The readiness check failed")
            return "the readiness check failed; the server's log says how"
