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


@dataclass(frozen=True, slots=True)
class Occasion:
    """Something that none of an API's routes answers: the status, the words, and for what may pass a code for programs."""

    status: int
    words: str
    code: str | None = None


NOT_ALLOWED = Occasion(405, "Method Not Allowed")
FAILED = Occasion(500, "Internal Server Error")
Tell = Callable[[Occasion, Mapping[str, str] | None], Response]
"""What an API says on an occasion, with these headers."""

MAX_NAME = 100
RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """The shape and the words of an API's refusals; `others` are exceptions that its own rooms raise."""

    tell: Tell
    refused: Callable[[RequestValidationError], Response]
    others: Mapping[type[Exception], Callable[[Any], Response]] = field(default_factory=dict)


def tell_detail(occasion: Occasion, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The words as a detail, and the code beside it: for APIs whose texts say nothing else."""
    code = {} if occasion.code is None else {"code": occasion.code}
    return JSONResponse({"detail": occasion.words, **code}, occasion.status, headers)


def answer_refusals(app: FastAPI, voice: Voice, routes: Sequence[BaseRoute]) -> None:
    """Let the app speak in this voice; `routes` are all routes it documents."""

    async def not_allowed(request: Request, _error: Exception) -> Response:
        # Starlette names the methods of the first route with this path; the others count as well.
        matching = [route for route in routes if route.matches(request.scope)[0] is not Match.NONE]
        allowed = {method for route in matching if isinstance(route, APIRoute) for method in route.methods or ()}
        return voice.tell(NOT_ALLOWED, {"Allow": ", ".join(sorted(allowed))})

    app.add_exception_handler(405, not_allowed)
    _answer(app, RequestValidationError, voice.refused)
    for kind, say in voice.others.items():
        _answer(app, kind, say)
    _answer(app, Exception, lambda _error: voice.tell(FAILED, None))


def printable_name(name: Any) -> str:
    """A caller's field name, short and without what UTF-8 cannot carry."""
    return str(name).encode(errors="replace").decode()[:MAX_NAME]


def _answer(app: FastAPI, kind: type[Exception], say: Callable[[Any], Response]) -> None:
    async def handle(_request: Request, error: Exception) -> Response:
        return say(error)

    app.add_exception_handler(kind, handle)
