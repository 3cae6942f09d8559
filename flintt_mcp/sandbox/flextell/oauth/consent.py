"""The authorization endpoint: a person sees who asks for what, and says yes or no.

GET checks the request and shows a page; POST of that page's form sends the browser back to the client with a code, or with
access_denied. Without a client and a redirect address that are known the browser is sent nowhere. The sandbox has no
passwords: the page asks which of its users signs in.
"""

from __future__ import annotations

import hmac
import re
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from urllib.parse import urlencode
from uuid import uuid4

from flintt_mcp.sandbox.flextell.oauth.clients import Client, find_client
from flintt_mcp.sandbox.flextell.oauth.refusals import PageRefused
from flintt_mcp.sandbox.flextell.oauth.token_rows import SCOPES
from flintt_mcp.sandbox.ground.clock import stamp
from flintt_mcp.sandbox.ground.secret import Digester

CODE_LIFETIME = timedelta(minutes=5)
PARAMETERS = (
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
)
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Asked:
    """A checked authorization request."""

    client: Client
    redirect_uri: str
    scope: str
    state: str | None
    challenge: str


@dataclass(frozen=True, slots=True)
class SendBack:
    """An answer that goes to the client through the browser."""

    redirect_uri: str
    parameters: Mapping[str, str]

    def address(self, issuer: str) -> str:
        """Where the browser goes; `iss` tells the client who answers (RFC 9207)."""
        join = "&" if "?" in self.redirect_uri else "?"
        return self.redirect_uri + join + urlencode({**self.parameters, "iss": issuer})


def checked(connection: sqlite3.Connection, parameters: Mapping[str, str]) -> Asked | SendBack:
    """The request, or the error to send back.

    Raises:
        PageRefused: client or redirect address are not known.
    """
    client = find_client(connection, parameters.get("client_id", ""))
    if client is None:
        raise PageRefused("No client with this client_id is registered here.")
    redirect_uri = parameters.get("redirect_uri", "")
    if not client.may_be_sent_to(redirect_uri):
        raise PageRefused("The redirect_uri is not one that this client registered.")
    state = parameters.get("state")
    scope = " ".join(dict.fromkeys(parameters.get("scope", " ".join(SCOPES)).split()))

    def refuse(error: str, description: str) -> SendBack:
        told = {"error": error, "error_description": description}
        return SendBack(redirect_uri, told if state is None else {**told, "state": state})

    if parameters.get("response_type") != "code":
        return refuse("unsupported_response_type", "response_type has to be code.")
    challenge = parameters.get("code_challenge", "")
    if parameters.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(challenge):
        return refuse("invalid_request", "PKCE with code_challenge_method S256 is required.")
    if not scope or not set(scope.split()) <= set(SCOPES):
        return refuse("invalid_scope", f"The scopes are {' and '.join(SCOPES)}.")
    return Asked(client, redirect_uri, scope, state, challenge)


def decided(connection: sqlite3.Connection, digester: Digester, form: Mapping[str, str], now: datetime) -> SendBack:
    """What follows from the form of the page.

    Raises:
        PageRefused: the form did not come from the page, or is too old.
    """
    if not _ticket_fits(digester, form, now):
        raise PageRefused("This page is too old or did not come from here. Start again from the program that sent you.")
    asked = checked(connection, form)
    if isinstance(asked, SendBack):
        return asked
    state = {} if asked.state is None else {"state": asked.state}
    user = connection.execute("SELECT id FROM flextell_users WHERE id = ?", (form.get("user"),)).fetchone()
    if form.get("decision") != "approve" or user is None:
        told = {"error": "access_denied", "error_description": "The person said no."}
        return SendBack(asked.redirect_uri, told | state)
    return SendBack(asked.redirect_uri, {"code": _new_code(connection, digester, asked, user["id"], now)} | state)


def users(connection: sqlite3.Connection) -> list[sqlite3.Row]:
    """Everybody who can sign in."""
    return connection.execute("SELECT id, name, email FROM flextell_users ORDER BY rowid").fetchall()


def form_html(digester: Digester, asked: Asked, people: list[sqlite3.Row], now: datetime) -> str:
    """The page's form: what is asked, who signs in, yes or no. Every text is escaped, whoever wrote it."""
    sent = {
        "response_type": "code",
        "client_id": asked.client.id,
        "redirect_uri": asked.redirect_uri,
        "scope": asked.scope,
        "code_challenge": asked.challenge,
        "code_challenge_method": "S256",
    }
    sent |= {} if asked.state is None else {"state": asked.state}
    sent |= {"until": stamp(now + CODE_LIFETIME)}
    sent |= {"ticket": _ticket(digester, sent)}
    hidden = "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in sent.items())
    choice = "".join(
        f'<p><label><input type="radio" name="user" value="{escape(person["id"])}"{" checked" if first else ""}> '
        f"{escape(person['name'])} ({escape(person['email'])})</label></p>"
        for first, person in ((number == 0, person) for number, person in enumerate(people))
    )
    return (
        f"<p><b>{escape(asked.client.name)}</b> asks to <b>{escape(' and '.join(asked.scope.split()))}</b> your Flextell "
        f"resources in this sandbox.</p>"
        f'<form method="post" action="authorize">{hidden}<p>Sign in as:</p>{choice}'
        '<p><button name="decision" value="approve">Allow</button> '
        '<button name="decision" value="deny">Do not allow</button></p></form>'
    )


def _new_code(connection: sqlite3.Connection, digester: Digester, asked: Asked, user_id: str, now: datetime) -> str:
    code = secrets.token_urlsafe(32)
    connection.execute(
        """INSERT INTO flextell_codes (code_digest, user_id, client_id, family, redirect_uri, scope, challenge, expires_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            digester.digest(code),
            user_id,
            asked.client.id,
            str(uuid4()),
            asked.redirect_uri,
            asked.scope,
            asked.challenge,
            stamp(now + CODE_LIFETIME),
        ),
    )
    return code


def _ticket(digester: Digester, sent: Mapping[str, str]) -> str:
    """Binds the form to the page: another site cannot post a form of its own, because it cannot make this."""
    return digester.digest("consent\n" + urlencode([(name, sent.get(name, "")) for name in (*PARAMETERS, "until")]))


def _ticket_fits(digester: Digester, form: Mapping[str, str], now: datetime) -> bool:
    fits = hmac.compare_digest(_ticket(digester, form).encode(), form.get("ticket", "").encode())
    return fits and form.get("until", "") > stamp(now)
