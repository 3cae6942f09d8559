"""The envelope of every answer: `{"ok": true, "data": ...}`, or `{"ok": false, "error": {code, message, status}}`.

All codes of the API's text are here, and some that it is silent about: METHOD_NOT_ALLOWED (405), for which it has no code,
INTERNAL_ERROR (500), three for a database that cannot be used (STORAGE_*), and NOT_FOUND also for a path that does not
exist. A refused value is never repeated; a field name from a caller is bounded and cleaned before it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, Literal, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from flintt_mcp.sandbox.ground.voice import FAILED, NOT_ALLOWED, RETRY_AFTER, Occasion, Responses, Voice, printable_name

T = TypeVar("T")
MAX_FAULTS = 8

STATUS = {
    "UNAUTHORIZED": 401,
    "FORBIDDEN": 403,
    "PLAN_FEATURE_LOCKED": 403,
    "NOT_FOUND": 404,
    "VALIDATION_ERROR": 400,
    "PLAN_LIMIT_EXCEEDED": 400,
    "INSUFFICIENT_CREDITS": 402,
    "RATE_LIMITED": 429,
    "NO_SUBSCRIPTION": 400,
    "METHOD_NOT_ALLOWED": 405,
    "INTERNAL_ERROR": 500,
    "STORAGE_BUSY": 503,
    "STORAGE_FULL": 507,
    "STORAGE_FAILED": 500,
}
Code = Literal[
    "UNAUTHORIZED",
    "FORBIDDEN",
    "PLAN_FEATURE_LOCKED",
    "NOT_FOUND",
    "VALIDATION_ERROR",
    "PLAN_LIMIT_EXCEEDED",
    "INSUFFICIENT_CREDITS",
    "RATE_LIMITED",
    "NO_SUBSCRIPTION",
    "METHOD_NOT_ALLOWED",
    "INTERNAL_ERROR",
    "STORAGE_BUSY",
    "STORAGE_FULL",
    "STORAGE_FAILED",
]


class Envelope(BaseModel, Generic[T]):
    """A success."""

    model_config = ConfigDict(json_schema_extra={"description": "A success; data holds the answer."})

    ok: Literal[True]
    data: T


class Problem(BaseModel):
    """What went wrong."""

    code: Code
    message: str = Field(description="For a person.")
    status: int = Field(description="The HTTP status once more.")


class Failure(BaseModel):
    """Anything but a success."""

    ok: Literal[False]
    error: Problem


class Refused(Exception):
    """The request cannot be answered; becomes the documented error."""

    def __init__(self, code: Code, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.headers = headers


def failures(*statuses: int) -> Responses:
    """The error answers of an operation, for the OpenAPI document; those of the door and of bad input go with each."""
    documented: Responses = {
        status: {
            "model": Failure,
            "description": ", ".join(code for code, its_status in STATUS.items() if its_status == status),
        }
        for status in sorted({400, 401, 403, 429, *statuses})
    }
    documented[429]["headers"] = RETRY_AFTER
    return {**documented, "default": {"model": Failure, "description": "Any other failure."}}


def succeeded(data: Any) -> Any:
    """A success with this data, for the response model of a route to check."""
    return {"ok": True, "data": data}


def _answer(code: str, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    status = STATUS[code]
    error = {"code": code, "message": message, "status": status}
    return JSONResponse({"ok": False, "error": error}, status, headers)


def _tell(occasion: Occasion, headers: Mapping[str, str] | None = None) -> JSONResponse:
    told = {
        NOT_ALLOWED: ("METHOD_NOT_ALLOWED", "Method not allowed"),
        FAILED: ("INTERNAL_ERROR", "Something went wrong on our side"),
    }
    return _answer(*told.get(occasion, ((occasion.code or "").upper(), occasion.words)), headers)


def _say_refused(refused: Refused) -> JSONResponse:
    return _answer(refused.code, refused.message, refused.headers)


def _say_plain(error: HTTPException) -> JSONResponse:
    """What the framework itself refuses: an unknown path, or a body that cannot be read."""
    if error.status_code == 404:
        return _answer("NOT_FOUND", "No such endpoint")
    return _answer("VALIDATION_ERROR", "The request could not be read")


def _not_valid(error: RequestValidationError) -> JSONResponse:
    faults = error.errors()
    if any(fault["type"] == "json_invalid" for fault in faults):
        return _answer("VALIDATION_ERROR", "The body is not valid JSON")
    sentences = [_sentence(fault) for fault in faults[:MAX_FAULTS]]
    return _answer("VALIDATION_ERROR", "; ".join(sentences))


def _sentence(fault: dict[str, Any]) -> str:
    if fault["loc"] == ("body",):
        return "The body must be a JSON object, sent with Content-Type: application/json"
    name = printable_name(fault["loc"][-1])
    if fault["type"] == "extra_forbidden":
        return f"{name}: unknown field"
    return f"{name}: {fault['msg'].removeprefix('Value error, ').removeprefix('Input ')}"


VOICE = Voice(tell=_tell, refused=_not_valid, others={Refused: _say_refused, HTTPException: _say_plain})
