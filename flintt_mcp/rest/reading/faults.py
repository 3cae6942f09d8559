"""From an HTTP answer that is not a success to the error that says so. Pure.

What the API itself says is handed on as data: one bounded, cleaned line, with the caller's key taken out. A 401 names no
other cause than the key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

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


class _Meaning(NamedTuple):
    """What a status means: the error, what is said of it, and what to do next where the API's row has no better advice.

    The texts are formats, filled with `_words_about` the answer and with `after`, what a failure leaves to do. A `firm` advice
    stands whatever code the API sent.
    """

    error: type[UpstreamError]
    message: str
    advice: str
    firm: bool = False


_BY_STATUS = {
    401: _Meaning(Unauthorized, "{api.title} does not accept this {api.secret_noun} (401)", "{fresh}"),
    403: _Meaning(
        Forbidden,
        "{api.title} does not allow this for this key (403){said}{scopes}",
        "use a key with that right; do not retry with the same one",
    ),
    404: _Meaning(
        NotFound,
        "{api.title} knows nothing under that id in this workspace (404){said}",
        "take the id from a list tool and call again",
    ),
    429: _Meaning(
        RateLimited,
        "{api.title} is receiving too many requests from this key (429){said}",
        "wait {wait}, then call again",
        firm=True,
    ),
}
_REFUSED = _Meaning(
    Rejected, "{api.title} refused the request ({status}){said}", "correct what it names and call again"
)
_BY_CLASS = {
    3: _Meaning(
        Unavailable,
        "{api.title} answered with a redirect ({status}), which is never followed",
        "the operator should check {api.variable}_API_URL",
        firm=True,
    ),
    4: _REFUSED,
}
_FAILED = _Meaning(Unavailable, "{api.title} failed ({status}){said}", "{after}")


def error_for(api: Api, operation: Operation, response: UpstreamResponse, secret: str = "") -> UpstreamError:
    """The error for an answer whose status is not 2xx; `secret` is the key that was sent, to be taken out of it."""
    status = response.status
    meaning = _BY_STATUS.get(status) or _BY_CLASS.get(status // 100, _FAILED)
    code, said = _said(response, secret)
    scopes = _scopes_missing(api, operation, code, said) if status == 403 else ()
    sure = operation.effect.reads or ((status < 500 or response.undone) and not response.unsure)
    changed: Changed = "no" if sure else "unknown"
    words = _words_about(api, response, said, scopes)
    better = (
        "" if meaning.firm else api.advice.get(code or "", "") or (operation.refused if meaning is _REFUSED else "")
    )
    error = meaning.error(
        meaning.message.format(**words) + words["tries"],
        operation=operation.name,
        changed=changed,
        advice=better or meaning.advice.format(**words, after=_after_failure(operation, changed)),
        status=status,
        request_id=request_id(response),
        retry_after=response.retry_after,
        code=code,
    )
    if isinstance(error, Forbidden):
        error.scopes = scopes
    return error


def _words_about(api: Api, response: UpstreamResponse, said: str, scopes: tuple[str, ...]) -> dict[str, Any]:
    """What the texts of a meaning are filled with, but for `after`."""
    return {
        "api": api,
        "fresh": _fresh(api),
        "status": response.status,
        "said": f': "{said}"' if said else "",
        "scopes": f"; it needs the scope {' and '.join(scopes)}" if scopes else "",
        "wait": "a moment" if response.retry_after is None else f"{response.retry_after:.0f} s",
        "tries": f", after {response.attempts} attempts" if response.attempts > 1 else "",
    }


def _fresh(api: Api) -> str:
    if api.prefixes or not api.key_hint:
        return "check that the key is complete and not revoked, or make a new one"
    return f"give a fresh one: {api.key_hint}"


def _scopes_missing(api: Api, operation: Operation, code: str | None, said: str) -> tuple[str, ...]:
    """The scopes that a refusal is about; none when it is not the API that speaks, or not of scopes."""
    return operation.scopes if code == api.scope_code and (code or said) else ()


def not_understood(api: Api, operation: Operation, response: UpstreamResponse, found: str) -> UpstreamError:
    """The error for a success whose body is not what the API documents; `found` says what it is instead."""
    changed: Changed = "no" if operation.effect.reads else "unknown"
    return Unavailable(
        f"{api.title} answered {response.status} with {found}",
        operation=operation.name,
        changed=changed,
        advice=_after_failure(operation, changed),
        status=response.status,
        request_id=request_id(response),
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


def request_id(response: UpstreamResponse) -> str | None:
    """The API's own id of a request, for its support; None where it sent none."""
    headers = response.headers
    found = next((headers[name] for name in _REQUEST_ID_HEADERS if headers.get(name)), None)
    return None if found is None else excerpt(found, 100)
