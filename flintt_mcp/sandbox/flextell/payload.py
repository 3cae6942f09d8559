"""Bodies of requests: one JSON object within bounds, read without ever holding more than the bound. RFC 7396 merges.

In: a request. Out: its fields, without those that belong to the server. Bounds: 64 KiB, ten levels, numbers that JSON can
hold and texts that UTF-8 can carry.
"""

from __future__ import annotations

import json
import math
from typing import Any

from fastapi import Request

from flintt_mcp.sandbox.flextell.answers import problem

MAX_BYTES = 64 * 1024
MAX_DEPTH = 10
OWN_FIELDS = ("id", "created_at", "updated_at")
"""Fields that the server sets. Whoever sends a resource back as it came may leave them in; they are not taken from there."""

BODY = {
    "requestBody": {
        "required": True,
        "description": f"A JSON object of at most {MAX_BYTES // 1024} KiB and {MAX_DEPTH} levels.",
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": dict.fromkeys(OWN_FIELDS, False),
                    "additionalProperties": True,
                    "example": {"key": "value"},
                }
            }
        },
    }
}
"""The OpenAPI entry of an operation whose body is read here."""


async def read_object(request: Request) -> dict[str, Any]:
    """The fields in a request's body.

    Raises:
        HTTPException: 415, 413, 400 or 422, in the order in which the faults are met.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("application/json", "application/merge-patch+json"):
        raise problem(415, "unsupported_media_type", "Send the body as JSON, with Content-Type: application/json.")
    try:
        value = json.loads(await _read(request), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise problem(400, "invalid_request", "The body is not valid JSON.") from None
    return bounded(value)


def bounded(value: Any) -> dict[str, Any]:
    """The value, when it is an object within the bounds.

    Raises:
        HTTPException: 422.
    """
    if not isinstance(value, dict):
        raise _unfit("The body must be a JSON object.")
    _check(value, 1)
    if len(json.dumps(value, ensure_ascii=False).encode()) > MAX_BYTES:
        raise _unfit(f"A resource holds at most {MAX_BYTES // 1024} KiB.")
    return value


def merged(target: Any, patch: Any) -> Any:
    """The JSON merge patch of RFC 7396: objects are merged, a null removes, anything else replaces."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def _check(value: Any, depth: int) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise _unfit("A number is too large.")
    if isinstance(value, str):
        _check_text(value)
    if not isinstance(value, dict | list):
        return
    if depth > MAX_DEPTH:
        raise _unfit(f"The body has more than {MAX_DEPTH} levels.")
    for name in value if isinstance(value, dict) else ():
        _check_text(name)
    for item in value.values() if isinstance(value, dict) else value:
        _check(item, depth + 1)


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _unfit("A text holds half of a surrogate pair.") from None


async def _read(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise problem(413, "payload_too_large", f"The body is larger than {MAX_BYTES // 1024} KiB.")
    return bytes(body)


def _refuse_constant(_name: str) -> None:
    raise ValueError


def _unfit(message: str) -> Exception:
    return problem(422, "invalid_resource", message)
