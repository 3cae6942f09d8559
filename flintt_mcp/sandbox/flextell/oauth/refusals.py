"""How the OAuth server says no: to a client in JSON (RFC 6749, section 5.2), to a person on a page.

Messages name what is wrong and never repeat what was sent.
"""

from __future__ import annotations

from starlette.responses import JSONResponse

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class TokenRefused(Exception):
    """A request of a client that is refused; `by_header` says that it proved itself with the Authorization header."""

    def __init__(self, error: str, description: str, *, by_header: bool = False) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.by_header = by_header


class PageRefused(Exception):
    """A request of a browser that must not be sent on anywhere: the client or the redirect address is not known."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def tell_client(refused: TokenRefused) -> JSONResponse:
    """The JSON of a refused client."""
    headers = dict(NO_STORE)
    if refused.error == "invalid_client" and refused.by_header:
        headers["WWW-Authenticate"] = 'Basic realm="flextell"'
    status = 401 if refused.error == "invalid_client" else 400
    return JSONResponse({"error": refused.error, "error_description": refused.description}, status, headers)
