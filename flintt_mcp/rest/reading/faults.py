"""From an HTTP answer that is not a success to the error that says so. Pure.

What the API itself says is handed on as data: one bounded, cleaned line, with the caller's key taken out. A 401 names no
other cause than the key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from flintt_mcp.catalogue.operation import Api, Operation
from flintt_mcp.errors import (
    Changed,
    Forbidden,
    NotFound,
    RateLimited,
    Rejected,
    Unauthorized,
    Unavailable,
    UpstreamError,
)
from flintt_mcp.rest.sending.message import UpstreamResponse
from flintt_mcp.text import excerpt

_PLACES = ("body", "query", "path")
"""Where a field error was, which a caller of a tool cannot see and need not know."""
_REQUEST_ID_HEADERS = ("x-request-id", "x-correlation-id", "request-id")


def error_for(api: Api, operation: Operation, response: UpstreamResponse, secret: str = "") -> UpstreamError:
    """The error for an answer whose status is not 2xx; `secret` is the key that was sent, to be taken out of it."""
    status = response.status
    code, said = _said(response, secret)
    advice = api.advice.get(code or "", "")
    told = f': "{said}"' if said else ""
    sure = operation.effect.reads or (status < 500 and not response.unsure)
    changed: Changed = "no" if sure else "unknown"
    scopes = _scopes_missing(api, operation, status, code, told)
    kind: type[UpstreamError]
    match status:
        case 401:
            kind, message = Unauthorized, f"{api.title} does not accept this {api.secret_noun} (401)"
            advice = advice or _fresh(api)
        case 403:
            kind, message = Forbidden, f"{api.title} does not allow this for this key (403){told}"
            if scopes:
                message += f"; it needs the scope {' and '.join(scopes)}"
            advice = advice or "use a key with that right; do not retry with the same one"
        case 404:
            kind, message = NotFound, f"{api.title} knows nothing under that id in this workspace (404){told}"
            advice = advice or "take the id from a list tool and call again"
        case 429:
            kind, message = RateLimited, f"{api.title} is receiving too many requests from this key (429){told}"
        case _ if 400 <= status < 500:
            kind, message = Rejected, f"{api.title} refused the request ({status}){told}"
            advice = advice or "correct what it names and call again"
        case _ if 300 <= status < 400:
            kind, message = Unavailable, f"{api.title} answered with a redirect ({status}), which is never followed"
            advice = f"the operator should check {api.variable}_API_URL"
        case _:
            kind, message = Unavailable, f"{api.title} failed ({status}){told}"
    if response.attempts > 1:
        message += f", after {response.attempts} attempts"
    wait = response.retry_after
    if kind is RateLimited:
        advice = "wait a moment, then call again" if wait is None else f"wait {wait:.0f} s, then call again"
    elif kind is Unavailable and not advice:
        advice = _after_failure(operation, changed)
    error = kind(
        message,
        operation=operation.name,
        changed=changed,
        advice=advice,
        status=status,
        request_id=_request_id(response.headers),
        retry_after=wait,
        code=code,
    )
    if isinstance(error, Forbidden):
        error.scopes = scopes
    return error


def _fresh(api: Api) -> str:
    if api.prefixes or not api.key_hint:
        return "check that the key is complete and not revoked, or make a new one"
    return f"give a fresh one: {api.key_hint}"


def _scopes_missing(api: Api, operation: Operation, status: int, code: str | None, told: str) -> tuple[str, ...]:
    """The scopes that a refusal is about; none when it is not the API that speaks, or not of scopes."""
    return operation.scopes if status == 403 and code == api.scope_code and (code or told) else ()


def not_understood(api: Api, operation: Operation, response: UpstreamResponse, found: str) -> UpstreamError:
    """The error for a success whose body is not what the API documents; `found` says what it is instead."""
    changed: Changed = "no" if operation.effect.reads else "unknown"
    return Unavailable(
        f"{api.title} answered {response.status} with {found}",
        operation=operation.name,
        changed=changed,
        advice=_after_failure(operation, changed),
        status=response.status,
        request_id=_request_id(response.headers),
    )


def _after_failure(operation: Operation, changed: Changed) -> str:
    if changed == "unknown" and operation.idempotency_key:
        return "make the same call again: it will not be done twice"
    if changed == "unknown":
        return "look with a list tool whether it took effect before trying again"
    return "try again later"


def _said(response: UpstreamResponse, secret: str) -> tuple[str | None, str]:
    """The API's error code and message, from any of the shapes these APIs use."""
    try:
        answer = msgspec.json.decode(response.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None, ""
    if not isinstance(answer, Mapping):
        return None, ""
    error = answer.get("error")
    inner = error if isinstance(error, Mapping) else answer
    code = inner.get("code") if isinstance(inner.get("code"), str) else error if isinstance(error, str) else None
    words = _words(inner.get("detail") or inner.get("message") or (error if isinstance(error, str) else ""))
    if secret:
        words = words.replace(secret, "[key]")
    return (None if code is None else excerpt(code, 64)), excerpt(words).replace('"', "'")


def _words(detail: Any) -> str:
    """A message, or a list of field errors (`loc` and `msg` only: their `input` echoes what was sent)."""
    if isinstance(detail, str):
        return detail
    if isinstance(detail, list):
        return "; ".join(_words(item) for item in detail[:8])
    if isinstance(detail, Mapping):
        where = detail.get("loc")
        name = ".".join(str(part) for part in where if part not in _PLACES) if isinstance(where, list) else ""
        words = detail.get("msg") or detail.get("message") or ""
        return f"{name}: {words}" if name else str(words)
    return ""


def _request_id(headers: Mapping[str, str]) -> str | None:
    found = next((headers[name] for name in _REQUEST_ID_HEADERS if headers.get(name)), None)
    return None if found is None else excerpt(found, 100)
