"""What goes to an OAuth server and what comes back. Pure: no network, no clock, no chance.

Addresses, forms and client authentication are made by Authlib; what comes back is read here, because it is from outside:
bounded, cleaned, and with no secret in any error. Authlib is loaded when the first message is made, not before.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping
from typing import Any, TypeGuard
from urllib.parse import parse_qsl, quote_plus, urlsplit

from flintt_mcp.errors import CredentialMissing, FlinttError, Unavailable
from flintt_mcp.oauth.registration import OAuthSettings
from flintt_mcp.oauth.tokens import Tokens, lifetime
from flintt_mcp.rest.sending.message import UpstreamRequest, UpstreamResponse
from flintt_mcp.text import excerpt

FORM = "application/x-www-form-urlencoded"
_TOKEN = re.compile(r"[\x21-\x7e]{1,8192}")


class LoginEnded(CredentialMissing):
    """The server does not take the code or refresh token, and never will again."""


def authorization_url(settings: OAuthSettings, redirect_uri: str, state: str, verifier: str) -> str:
    """The address a person opens to sign in."""
    from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
    from authlib.oauth2.rfc7636 import create_s256_code_challenge

    return prepare_grant_uri(
        settings.authorize_url,
        settings.client_id,
        "code",
        redirect_uri=redirect_uri,
        scope=settings.scopes or None,
        state=state,
        code_challenge=create_s256_code_challenge(verifier),
        code_challenge_method="S256",
    )


def code_request(settings: OAuthSettings, code: str, redirect_uri: str, verifier: str) -> UpstreamRequest:
    """Exchange the code that the browser brought back."""
    return _request(settings, "authorization_code", code=code, redirect_uri=redirect_uri, code_verifier=verifier)


def refresh_request(settings: OAuthSettings, refresh_token: str) -> UpstreamRequest:
    """Exchange a refresh token."""
    return _request(settings, "refresh_token", refresh_token=refresh_token)


def client_request(settings: OAuthSettings) -> UpstreamRequest:
    """Ask for a token of the client's own."""
    return _request(settings, "client_credentials", scope=settings.scopes or None)


def _request(settings: OAuthSettings, grant_type: str, **form: Any) -> UpstreamRequest:
    from authlib.oauth2.auth import ClientAuth
    from authlib.oauth2.rfc6749.parameters import prepare_token_request

    # Inside a Basic header both are form-encoded first (RFC 6749, section 2.3.1), which Authlib leaves to its caller.
    secret = settings.client_secret
    client_id = quote_plus(settings.client_id) if secret else settings.client_id
    method = "client_secret_basic" if secret else "none"
    headers = {"accept": "application/json", "content-type": FORM}
    url, headers, body = ClientAuth(client_id, quote_plus(secret), method).prepare(
        "POST", settings.token_url, headers, prepare_token_request(grant_type, **form)
    )
    return UpstreamRequest(
        operation=f"login {settings.name}", method="POST", url=url, headers=headers, body=body.encode()
    )


def read_redirect(settings: OAuthSettings, query: str, state: str) -> str | None:
    """The code that the browser brought back; None when the answer belongs to no sign-in of ours.

    Raises:
        CredentialMissing: the server or the person said no, or somebody else answered.
    """
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=50)
    except ValueError:
        return None
    given = dict(pairs)
    if len(given) != len(pairs) or not hmac.compare_digest(given.get("state", "").encode(), state.encode()):
        return None
    if not _is_issuer(settings, given.get("iss")):
        raise CredentialMissing(
            f"The answer names another issuer than {settings.title}'s",
            advice=f"if that is the right one, set {settings.variable}_ISSUER to it, and sign in again",
        )
    if "error" in given:
        raise _said_no(settings, given)
    if not given.get("code"):
        raise CredentialMissing(f"{settings.title} sent the browser back without a code", advice="sign in again")
    return given["code"]


def read_tokens(
    settings: OAuthSettings, response: UpstreamResponse, now: float, renews: Tokens | None = None
) -> Tokens:
    """The tokens in an answer of the token endpoint; `renews` are those that it replaces.

    Raises:
        CredentialMissing: the server refused.
        Unavailable: it failed, or its answer is not one.
    """
    answer = _object(response.body)
    if response.status != 200:
        raise _refused(settings, response, answer)
    access = answer.get("access_token")
    kind = answer.get("token_type", "Bearer")
    if not _is_token(access) or not isinstance(kind, str) or kind.lower() != "bearer":
        raise _failed(settings, response, "answered without a bearer token")
    expires_at, renew_at = lifetime(answer.get("expires_in"), now)
    refresh = answer.get("refresh_token")
    scope = answer.get("scope", settings.scopes)
    return Tokens(
        access_token=access,
        token_url=settings.token_url,
        client_id=settings.client_id,
        refresh_token=refresh if _is_token(refresh) else (renews.refresh_token if renews else None),
        expires_at=expires_at,
        renew_at=renew_at,
        scope=excerpt(scope) if isinstance(scope, str) else "",
    )


def _is_issuer(settings: OAuthSettings, issuer: str | None) -> bool:
    """Whether an answer comes from whom it should (RFC 9207). A server that never names itself passes, unless it is to."""
    if settings.issuer:
        return issuer == settings.issuer
    if issuer is None:
        return True
    try:
        named, known = urlsplit(issuer), urlsplit(settings.authorize_url)
    except ValueError:
        return False
    return (named.scheme, named.netloc) == (known.scheme, known.netloc)


def _said_no(settings: OAuthSettings, given: Mapping[str, str]) -> CredentialMissing:
    if given["error"] == "access_denied":
        return CredentialMissing(
            f"The sign-in to {settings.title} was not allowed", advice="sign in again and allow it"
        )
    said = excerpt(given.get("error_description") or given["error"])
    return CredentialMissing(
        f'{settings.title} refused the sign-in: "{said}"', advice=f"check {settings.variable}_CLIENT_ID and _SCOPES"
    )


def _refused(settings: OAuthSettings, response: UpstreamResponse, answer: Mapping[str, Any]) -> FlinttError:
    code = answer.get("error")
    if not 400 <= response.status < 500 or response.status == 429:
        return _failed(settings, response, f"failed ({response.status})")
    if code == "invalid_grant":
        return LoginEnded(f"The login to {settings.title} has ended", advice=settings.advice)
    told = f": {excerpt(code, 64)}" if isinstance(code, str) else ""
    variables = f"{settings.variable}_CLIENT_ID, _CLIENT_SECRET and _TOKEN_URL"
    return CredentialMissing(
        f"{settings.title}'s OAuth server refused this client ({response.status}){told}",
        advice=f"check {variables}, then {settings.advice}",
    )


def _failed(settings: OAuthSettings, response: UpstreamResponse, what: str) -> Unavailable:
    return Unavailable(
        f"{settings.title}'s OAuth server {what}",
        operation=f"login {settings.name}",
        status=response.status,
        retry_after=response.retry_after,
        advice=f"try again in a minute; if it lasts, check {settings.variable}_TOKEN_URL",
    )


def _object(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _is_token(value: Any) -> TypeGuard[str]:
    """Whether a value can stand in a header: visible ASCII, and not endless."""
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None
