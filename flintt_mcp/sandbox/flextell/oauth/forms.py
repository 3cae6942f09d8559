"""Forms and queries of OAuth requests: bounded, and every parameter once (RFC 6749, section 3.2)."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl

from starlette.requests import Request

MAX_BYTES = 16 * 1024
FORM = "application/x-www-form-urlencoded"
Refuse = Callable[[str], Exception]


async def read_form(request: Request, refuse: Refuse) -> dict[str, str]:
    """The fields of a form, without empty ones.

    Raises:
        what `refuse` makes of a sentence: the body is no form, too large, or names something twice.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise refuse(f"Send a form: Content-Type: {FORM}.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise refuse("The form is too large.")
    return read_pairs(bytes(body), refuse)


def read_pairs(raw: bytes, refuse: Refuse) -> dict[str, str]:
    """The pairs of a query or a form, without empty values.

    Raises:
        what `refuse` makes of a sentence: not UTF-8, or something is named twice.
    """
    try:
        pairs = parse_qsl(raw.decode("ascii"), errors="strict", max_num_fields=50)
    except ValueError:
        raise refuse("The parameters are not form-encoded UTF-8.") from None
    found = dict(pairs)
    if len(found) != len(pairs):
        raise refuse("A parameter is given twice.")
    if any("\x00" in value for value in found.values()):
        raise refuse("A parameter holds the character NUL.")
    return found
