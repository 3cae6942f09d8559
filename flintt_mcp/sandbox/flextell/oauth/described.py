"""The parameters of OAuth requests as the document shows them (RFC 6749, 7009 and 7636): words, patterns, and what goes together.

In: names. Out: parts of the OpenAPI document. What is enforced stands in `consent.py` and `exchange.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flintt_mcp.sandbox.flextell.oauth.forms import FORM

TEXT = {"type": "string", "pattern": r"^[^\x00]*$"}
PROOF = ("client_id", "client_secret")
_SCOPE = r"^(read|write)( (read|write))*$"
_PARAMETERS: dict[str, dict[str, Any]] = {
    "response_type": {"enum": ["code"], "description": "Only the authorization code flow."},
    "client_id": {"minLength": 1, "description": "The client's id, e.g. flextell_sandbox_client."},
    "client_secret": {"minLength": 1, "description": "A confidential client's secret, unless it is in the header."},
    "redirect_uri": {
        "minLength": 1,
        "description": "Where the code goes: one of the client's, on the loopback interface with any port.",
    },
    "scope": {"pattern": _SCOPE, "description": "read, write or both with a space between; both when left out."},
    "state": {"description": "Comes back as it was sent."},
    "code_challenge": {"pattern": "^[A-Za-z0-9_-]{43}$", "description": "SHA-256 of the verifier in base64url (PKCE)."},
    "code_challenge_method": {"enum": ["S256"], "description": "How code_challenge was made."},
    "user": {"minLength": 1, "description": "Who signs in, as the page offered."},
    "until": {"minLength": 1, "description": "From the page: how long it may be sent."},
    "ticket": {"minLength": 1, "description": "From the page: proves that the form is its own."},
    "decision": {"enum": ["approve", "deny"], "description": "What the person says."},
    "code": {"minLength": 1, "description": "The code that came to redirect_uri; it can be used once."},
    "code_verifier": {"pattern": "^[A-Za-z0-9._~-]{43,128}$", "description": "What code_challenge was made of (PKCE)."},
    "refresh_token": {"minLength": 1, "description": "The latest refresh token; it can be used once."},
    "token": {"minLength": 1, "description": "An access token or a refresh token."},
    "token_type_hint": {"description": "access_token or refresh_token; not needed."},
}


def form(*required: str, optional: Iterable[str] = (), **fixed: str) -> dict[str, Any]:
    """A form's schema; `optional` may name required ones too, which then are not; `fixed` fields have one value."""
    optional = tuple(optional)
    return {
        "type": "object",
        "properties": {name: {"type": "string", "const": value} for name, value in fixed.items()}
        | {name: _parameter(name, name in optional) for name in dict.fromkeys((*required, *optional))},
        "required": [*fixed, *(name for name in required if name not in optional)],
        "additionalProperties": TEXT,
    }


def query(names: Iterable[str], optional: Iterable[str] = ()) -> dict[str, Any]:
    """`openapi_extra` of an operation with these query parameters."""
    optional = tuple(optional)
    parameters = ((name, _parameter(name, name in optional)) for name in names)
    return {
        "parameters": [
            {
                "name": name,
                "in": "query",
                "required": name not in optional,
                "description": schema.pop("description"),
                "schema": schema,
            }
            for name, schema in parameters
        ]
    }


def body(schema: dict[str, Any]) -> dict[str, Any]:
    """`openapi_extra` of an operation that takes a form."""
    return {"requestBody": {"required": True, "content": {FORM: {"schema": schema}}}}


def _parameter(name: str, is_optional: bool) -> dict[str, Any]:
    """An optional parameter without a value counts as left out (RFC 6749, section 3.1)."""
    rules = TEXT | _PARAMETERS[name]
    if not is_optional:
        return rules
    return {"description": rules.pop("description"), "anyOf": [rules, {"type": "string", "maxLength": 0}]}


TOKEN_FORM = {
    "oneOf": [
        form("code", "redirect_uri", "code_verifier", optional=PROOF, grant_type="authorization_code"),
        form("refresh_token", optional=("scope", *PROOF), grant_type="refresh_token"),
        form(optional=("scope", *PROOF), grant_type="client_credentials"),
    ]
}
"""A token request: which fields go with which grant."""
