"""The shapes of answers: exact JSON for what went well, and `{"detail": sentence}` for all that did not.

A refused request names each field and what it takes, in one sentence for people, and never repeats a value. A body that is
not JSON is a 422 as well: the text knows no 400.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Match

from flintt_mcp.sandbox.flowpilot.money import to_json

MAX_NAME, MAX_FAULTS = 100, 8


class Problem(BaseModel):
    """What went wrong."""

    detail: str = Field(description="A sentence for people.")


Responses = dict[int | str, dict[str, Any]]
RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}}
KEYED: Responses = {
    401: {"model": Problem, "description": "Missing or invalid API key."},
    403: {"model": Problem, "description": "Valid key but insufficient scope for this operation."},
    429: {"model": Problem, "description": "Too many requests.", "headers": RETRY_AFTER},
}
NOT_FOUND: Responses = {404: {"model": Problem, "description": "The requested resource does not exist."}}
REFUSED: Responses = {422: {"model": Problem, "description": "Validation failed; the detail says where."}}


def answer(content: Mapping[str, Any], status: int = 200) -> Response:
    """A JSON answer whose amounts are exact number tokens."""
    return Response(to_json(content), status, media_type="application/json")


def not_found(what: str) -> HTTPException:
    """404 for a row that this organisation does not have, whether or not another has it."""
    return HTTPException(404, f"{what} not found.")


def answer_refusals(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Give the app these shapes for everything it refuses; `routes` are all routes it documents."""

    async def not_allowed(request: Request, error: HTTPException) -> JSONResponse:
        # Starlette names the methods of the first route with this path; the others count as well.
        matching = (route for route in routes if route.matches(request.scope)[0] is not Match.NONE)
        allowed = sorted({method for route in matching for method in route.methods})
        return JSONResponse({"detail": error.detail}, 405, {"Allow": ", ".join(allowed)})

    app.add_exception_handler(405, not_allowed)
    app.add_exception_handler(RequestValidationError, _refused)
    app.add_exception_handler(Exception, _failed)


async def _refused(_request: Request, error: RequestValidationError) -> JSONResponse:
    told = dict.fromkeys(_sentence(fault) for fault in error.errors())
    return JSONResponse({"detail": "; ".join(list(told)[:MAX_FAULTS])}, 422)


def _sentence(fault: Mapping[str, Any]) -> str:
    if fault["type"] == "json_invalid":
        return "The body is not valid JSON"
    if fault["loc"] == ("body",):
        return "The body must be a JSON object, sent with Content-Type: application/json"
    where = ".".join(_printable(str(part)) for part in fault["loc"][1:])
    message = fault["msg"].removeprefix("Value error, ")
    known = {"missing": "is required", "extra_forbidden": "is not a field of this request"}
    return f"{where}: {known.get(fault['type'], message[:1].lower() + message[1:])}"


def _printable(name: str) -> str:
    """A caller's field name, short and without what does not show or UTF-8 cannot carry."""
    return "".join(letter if letter.isprintable() else "?" for letter in name[:MAX_NAME])


async def _failed(_request: Request, _error: Exception) -> JSONResponse:
    return JSONResponse({"detail": "Internal Server Error"}, 500)
