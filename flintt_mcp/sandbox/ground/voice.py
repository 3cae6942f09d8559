"""How an API answers what none of its routes answers: a wrong method, a request that does not fit, a failure of its own.

In: the API's voice, which gives the shape and the words. Out: handlers on its app. A refused value is never repeated, and a field
name from a caller is bounded and cleaned before it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Match

Responses = dict[int | str, dict[str, Any]]
"""Error answers of an operation, for the OpenAPI document."""
Tell = Callable[[int, Mapping[str, str] | None], Response]
"""What an API says with a status that none of its routes gave: 405 and 500."""

MAX_NAME = 100
RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """The shape and the words of an API's refusals; `others` are exceptions that its own rooms raise."""

    tell: Tell
    refused: Callable[[RequestValidationError], Response]
    others: Mapping[type[Exception], Callable[[Any], Response]] = field(default_factory=dict)


def tell_detail(status: int, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The words of the framework, as a detail: for APIs whose texts say nothing else."""
    sentences = {405: "Method Not Allowed", 500: "Internal Server Error"}
    return JSONResponse({"detail": sentences[status]}, status, headers)


def answer_refusals(app: FastAPI, voice: Voice, routes: Sequence[BaseRoute]) -> None:
    """Let the app speak in this voice; `routes` are all routes it documents."""

    async def not_allowed(request: Request, _error: Exception) -> Response:
        # Starlette names the methods of the first route with this path; the others count as well.
        matching = [route for route in routes if route.matches(request.scope)[0] is not Match.NONE]
        allowed = {method for route in matching if isinstance(route, APIRoute) for method in route.methods or ()}
        return voice.tell(405, {"Allow": ", ".join(sorted(allowed))})

    app.add_exception_handler(405, not_allowed)
    _answer(app, RequestValidationError, voice.refused)
    for kind, say in voice.others.items():
        _answer(app, kind, say)
    _answer(app, Exception, lambda _error: voice.tell(500, None))


def printable_name(name: Any) -> str:
    """A caller's field name, short and without what UTF-8 cannot carry."""
    return str(name).encode(errors="replace").decode()[:MAX_NAME]


def _answer(app: FastAPI, kind: type[Exception], say: Callable[[Any], Response]) -> None:
    async def handle(_request: Request, error: Exception) -> Response:
        return say(error)

    app.add_exception_handler(kind, handle)
