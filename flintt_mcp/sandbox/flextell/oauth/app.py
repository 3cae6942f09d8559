"""The OAuth server as one ASGI app, for mounting at /flextell-oauth: no resource of the API beside it can have that path.

In: what it stands on. Out: a FastAPI app that needs no lifespan. Its issuer is the address it is reached under, so it works
on any port and behind a path prefix; host names are checked by whoever serves it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from pydantic import BaseModel, Field
from starlette.responses import HTMLResponse, RedirectResponse, Response

from flintt_mcp.sandbox.flextell import answers
from flintt_mcp.sandbox.flextell.oauth import consent
from flintt_mcp.sandbox.flextell.oauth.clients import proven_client
from flintt_mcp.sandbox.flextell.oauth.described import PROOF, TOKEN_FORM, body, form, query
from flintt_mcp.sandbox.flextell.oauth.forms import read_form, read_pairs
from flintt_mcp.sandbox.flextell.oauth.grants import exchanged
from flintt_mcp.sandbox.flextell.oauth.refusals import NO_STORE, PageRefused, TokenRefused, tell_client
from flintt_mcp.sandbox.flextell.oauth.token_rows import SCOPES, revoke
from flintt_mcp.sandbox.ground.api import Description, api_app
from flintt_mcp.sandbox.ground.doors import Ground
from flintt_mcp.sandbox.ground.voice import Responses

METADATA = "/.well-known/oauth-authorization-server"
PAGE_HEADERS = {
    **NO_STORE,
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}

router = APIRouter()


class Tokens(BaseModel):
    """What the token endpoint answers."""

    access_token: str
    token_type: str
    expires_in: int = Field(description="Seconds.")
    scope: str
    refresh_token: str | None = None


class Refusal(BaseModel):
    """Why a client was refused."""

    error: str
    error_description: str


CLIENT = {
    "Client": {
        "type": "http",
        "scheme": "basic",
        "description": "A confidential client's id and secret; it may send them in the form instead.",
    }
}
_OF_CLIENTS: dict[str, Any] = {"security": [{"Client": []}, {}]}
ABOUT = Description(
    title="Flextell OAuth 2.0 (sandbox)",
    text="""The OAuth 2.0 server beside the Flextell sandbox: authorization code with PKCE, refresh tokens that rotate,
client credentials, revocation. Without an account: the page asks which of the sandbox's users signs in.""",
    schemes=CLIENT,
)

_PAGE: Responses = {
    200: {"description": "A page for the person.", "content": {"text/html": {}}},
    400: {"description": "A page: the browser is sent nowhere.", "content": {"text/html": {}}},
}
_REFUSED: Responses = {
    400: {"model": Refusal, "description": "The request is refused."},
    401: {"model": Refusal, "description": "The client is unknown, or its secret is wrong."},
}
_BACK: Responses = {303: {"description": "Back to the client, with a code or an error."}}


@router.get(METADATA, summary="Metadata", tags=["For clients"])
async def metadata(request: Request) -> dict[str, Any]:
    """Where the endpoints are, and what they can do (RFC 8414)."""
    return described(issuer_of(request))


@router.get(
    "/authorize",
    summary="Ask a person",
    response_class=HTMLResponse,
    responses=_PAGE | _BACK,
    tags=["For browsers"],
    openapi_extra=query(consent.PARAMETERS, optional=("scope", "state")),
)
async def ask(request: Request) -> Response:
    """Show who asks for what."""
    ground: Ground = request.app.state.ground
    asked = await ground.database.read(consent.checked, read_pairs(request.scope["query_string"], PageRefused))
    if isinstance(asked, consent.SendBack):
        return _back(request, asked)
    people = await ground.database.read(consent.users)
    return _page("Flextell sandbox: sign in", consent.form_html(ground.digester, asked, people, ground.clock()))


@router.post(
    "/authorize",
    summary="A person decides",
    status_code=303,
    response_class=RedirectResponse,
    responses={**_BACK, 400: _PAGE[400]},
    tags=["For browsers"],
    openapi_extra=body(form(*consent.PARAMETERS, "user", "until", "ticket", "decision", optional=("scope", "state"))),
)
async def decide(request: Request) -> Response:
    """Take the form of the page and send the browser back to the client."""
    ground: Ground = request.app.state.ground
    sent = await read_form(request, PageRefused)
    return _back(request, await ground.database.write(consent.decided, ground.digester, sent, ground.clock()))


@router.post(
    "/token",
    summary="Get tokens",
    response_model=Tokens,
    responses=_REFUSED,
    response_model_exclude_none=True,
    tags=["For clients"],
    openapi_extra=_OF_CLIENTS | body(TOKEN_FORM),
)
async def token(request: Request, response: Response) -> Any:
    """Exchange a code, a refresh token or the client's own secret for tokens."""
    ground: Ground = request.app.state.ground
    sent = await read_form(request, _invalid_request)
    authorization = request.headers.get("authorization")
    answer = await ground.database.write(exchanged, ground.digester, authorization, sent, ground.clock())
    if isinstance(answer, TokenRefused):
        raise answer
    response.headers.update(NO_STORE)
    return answer


@router.post(
    "/revoke",
    summary="Revoke a token",
    responses=_REFUSED,
    tags=["For clients"],
    openapi_extra=_OF_CLIENTS | body(form("token", optional=("token_type_hint", *PROOF))),
)
async def revoke_token(request: Request) -> dict[str, Any]:
    """End a token (RFC 7009); a token that is not this client's, or not known, is left alone with the same answer."""
    ground: Ground = request.app.state.ground
    sent = await read_form(request, _invalid_request)
    authorization = request.headers.get("authorization")
    client = await ground.database.read(proven_client, ground.digester, authorization, sent)
    if "token" not in sent:
        raise _invalid_request("token is missing.")
    await ground.database.write(revoke, ground.digester, sent["token"], client.id, ground.clock())
    return {}


def oauth_app(ground: Ground) -> FastAPI:
    """Build the app."""
    return api_app(ground, ABOUT, [router], VOICE)


def described(issuer: str) -> dict[str, Any]:
    """The metadata of the server that is reached under `issuer`."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "revocation_endpoint": f"{issuer}/revoke",
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
        "revocation_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
    }


def issuer_of(request: Request) -> str:
    """The address this app is reached under."""
    return str(request.url.replace(path=request.scope["root_path"], query="", fragment=""))


def _invalid_request(description: str) -> TokenRefused:
    return TokenRefused("invalid_request", description)


def _back(request: Request, answer: consent.SendBack) -> RedirectResponse:
    return RedirectResponse(answer.address(issuer_of(request)), 303, PAGE_HEADERS)


def _page_refused(refused: PageRefused) -> HTMLResponse:
    return _page("Flextell sandbox: this does not work", f"<p>{refused.message}</p>", 400)


def _page(title: str, body: str, status: int = 200) -> HTMLResponse:
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><h1>{title}</h1>'
    return HTMLResponse(f"{head}{body}</html>", status, PAGE_HEADERS)


VOICE = replace(answers.VOICE, others={**answers.VOICE.others, TokenRefused: tell_client, PageRefused: _page_refused})
