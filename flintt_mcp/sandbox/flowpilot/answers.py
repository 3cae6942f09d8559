"""The shapes of answers: exact JSON for what went well, and `{"detail": sentence}` for all that did not.

A refused request names each field and what it takes, in one sentence for people, and never repeats a value. A body that is
not JSON is a 422 as well: the text knows no 400.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import HTTPException, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse

from flintt_mcp.sandbox.flowpilot.money import to_json
from flintt_mcp.sandbox.ground.voice import MAX_NAME, RETRY_AFTER, Responses, Voice, tell_detail

MAX_FAULTS = 8


class Problem(BaseModel):
    """What went wrong."""

    detail: str = Field(description="A sentence for people.")


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


def _refused(error: RequestValidationError) -> JSONResponse:
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


VOICE = Voice(tell=tell_detail, refused=_refused)
