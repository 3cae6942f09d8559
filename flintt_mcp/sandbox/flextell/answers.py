"""The shape of every answer of the resource API: `data` and `meta` when it worked, `error` and `message` when not.

`error` is for programs and `message` for people, as the text shows them. A refused value is never repeated.
"""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import HTTPException
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from starlette import exceptions
from starlette.responses import JSONResponse

from flintt_mcp.sandbox.ground.voice import FAILED, NOT_ALLOWED, Occasion, Responses, Voice

_MOMENT: JsonValue = {"type": "string", "format": "date-time"}


class Resource(BaseModel):
    """A resource: its id, the fields it was given, and when it was made and changed."""

    # Declared in the schema only: as fields of the model the two moments would come before what a caller gave.
    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "properties": {"id": {"type": "string"}, "created_at": _MOMENT, "updated_at": _MOMENT},
            "required": ["id", "created_at", "updated_at"],
        },
    )

    id: str


class Meta(BaseModel):
    """Where a page stands in its list."""

    cursor: str | None = Field(description="Send it as the query parameter cursor for the next page; null on the last.")
    has_more: bool
    total: int = Field(description="Resources in the whole list.")


class Page(BaseModel):
    """One page of a list."""

    data: list[Resource]
    meta: Meta


class One(BaseModel):
    """One resource."""

    data: Resource


class Deletion(BaseModel):
    """Which resource is gone."""

    id: str
    deleted: bool


class Deleted(BaseModel):
    """The resource and everything below it are gone."""

    data: Deletion


class Problem(BaseModel):
    """What went wrong."""

    error: str = Field(description="For programs.")
    message: str = Field(description="For people.")


def documented(*statuses: int, body: bool = False) -> Responses:
    """The OpenAPI entries of these error statuses, of an operation with a body or without."""
    described = _DESCRIPTIONS | _OF_BODIES if body else _DESCRIPTIONS
    return {status: {"model": Problem, "description": described[status]} for status in statuses}


_DESCRIPTIONS = {
    400: "A query parameter is not as documented.",
    401: "The access token is missing, unknown, expired or revoked.",
    403: "The access token lacks the scope.",
    404: "No such resource.",
    422: "A name in the path is not of the right form.",
}
_OF_BODIES = {
    400: "The body is not JSON.",
    413: "The body is larger than 64 KiB.",
    415: "The body is not sent as application/json.",
    422: "The body is no JSON object within the bounds, or a name in the path is not of the right form.",
}


def problem(status: int, error: str, message: str, headers: Mapping[str, str] | None = None) -> HTTPException:
    """An answer that is not a success, for raising."""
    return HTTPException(status, {"error": error, "message": message}, dict(headers or {}))


def not_found() -> HTTPException:
    """404 for a resource that is not this user's, whether or not it is another's."""
    return problem(404, "not_found", "No such resource.")


def _told(error: exceptions.HTTPException) -> JSONResponse:
    """What `problem` made, or what the framework says of an unknown path."""
    if isinstance(error.detail, dict):
        return JSONResponse(error.detail, error.status_code, error.headers)
    return _answer(404, "not_found", "No such endpoint.")


def _refused(error: RequestValidationError) -> JSONResponse:
    """Only names in the path and query parameters are checked by FastAPI here; bodies are read by `payload.py`."""
    fault = error.errors()[0]
    place, name = fault["loc"][0], fault["loc"][-1]
    if place == "path":
        return _answer(422, "invalid_name", f"{name}: letters, digits, _ and - only, at most 100 characters.")
    return _answer(400, "invalid_request", f"{name}: {fault['msg']}.")


def _tell(occasion: Occasion, headers: Mapping[str, str] | None = None) -> JSONResponse:
    told = {
        NOT_ALLOWED: ("method_not_allowed", "This endpoint does not take that method."),
        FAILED: ("internal_error", "Something went wrong."),
    }
    return _answer(occasion.status, *told.get(occasion, (occasion.code or "", f"{occasion.words}.")), headers)


def _answer(status: int, error: str, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": error, "message": message}, status, headers)


VOICE = Voice(tell=_tell, refused=_refused, others={exceptions.HTTPException: _told})
