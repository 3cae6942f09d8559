"""The shapes of every answer that is not a success, and the voice that gives them.

401, 404 and 400 carry `{"detail": sentence}`; 422 carries one entry per refused field: where it is, what is wrong, and a
word for programs. A refused value is never repeated, and a field name from a caller is bounded and cleaned before it is.
"""

from __future__ import annotations

from typing import Any

from fastapi import HTTPException
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse

from flintt_mcp.sandbox.ground.voice import Responses, Voice, printable_name, tell_detail


class Problem(BaseModel):
    """What went wrong, in a sentence."""

    detail: str


class RefusedField(BaseModel):
    """One field that was refused."""

    loc: list[str | int] = Field(description="Where the field is: body, query or path, then its name.")
    msg: str = Field(description="What is wrong with it.")
    type: str = Field(description="The same for programs.")


class Refusal(BaseModel):
    """The request was understood and refused, field by field."""

    detail: list[RefusedField]


class Deleted(BaseModel):
    """The row and everything below it are gone."""

    ok: bool


UNAUTHORIZED: Responses = {
    401: {"model": Problem, "description": "The X-API-Key header is missing, or holds no good key."}
}
NOT_FOUND: Responses = {404: {"model": Problem, "description": "Nothing with that id in this workspace."}}
REFUSED: Responses = {422: {"model": Refusal, "description": "A field is missing, unknown or not as documented."}}
UNREADABLE: Responses = {400: {"model": Problem, "description": "The body is not JSON."}}


def not_found(what: str) -> HTTPException:
    """404 for a row that is not in the caller's workspace, whether or not it is in another's."""
    return HTTPException(404, f"{what} not found")


def refuse(where: str, field: str, message: str, kind: str) -> RequestValidationError:
    """422 for one field, where only the database could tell that it does not fit."""
    return RequestValidationError([{"loc": (where, field), "msg": message, "type": kind}])


def _refused(error: RequestValidationError) -> JSONResponse:
    faults = error.errors()
    if any(fault["type"] == "json_invalid" for fault in faults):
        return JSONResponse({"detail": "The body is not valid JSON."}, 400)
    return JSONResponse({"detail": [_refused_field(fault) for fault in faults]}, 422)


def _refused_field(fault: dict[str, Any]) -> dict[str, Any]:
    loc = [part if isinstance(part, int) else printable_name(part) for part in fault["loc"]]
    return {"loc": loc, "msg": _sentence(fault), "type": fault["type"]}


def _sentence(fault: dict[str, Any]) -> str:
    """pydantic's sentence, but for the three that a user of an HTTP API would not understand."""
    if fault["loc"] == ("body",) and fault["type"] in ("model_attributes_type", "dict_type", "missing"):
        return "The body must be a JSON object, sent with Content-Type: application/json"
    if fault["type"] == "extra_forbidden":
        return "Extra fields are not permitted"
    if fault["type"] == "value_error":
        return fault["msg"].removeprefix("Value error, ")
    return fault["msg"]


VOICE = Voice(tell=tell_detail, refused=_refused)
