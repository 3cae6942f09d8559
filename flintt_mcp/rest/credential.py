"""Which credential goes along with a call to one API, and what to tell a caller who has none.

In: a call, and the credentials that live in this process. Out: the key or token to send, or a refusal that says how to give one on
the call's channel. A key is only ever handed on for its own API, and the published sandbox keys go nowhere but to the sandbox.
"""

from __future__ import annotations

from flintt_mcp.calls.call import Call
from flintt_mcp.calls.caller import ChannelKind
from flintt_mcp.catalogue.operation import Api
from flintt_mcp.errors import CallRefused, CredentialMissing
from flintt_mcp.rest.upstream import Token, Upstream


class Credential:
    """The credential of one API, found anew for each call."""

    def __init__(self, api: Api, upstream: Upstream) -> None:
        self._api = api
        self._token = upstream.held.tokens.get(api.name)
        self._session = upstream.held.sessions.get(api.name)
        self._allows_live = upstream.allowed.live
        self._is_sandboxed = api.name in upstream.places.sandboxed

    async def of(self, call: Call) -> str:
        """The key that this call goes with.

        Raises:
            CredentialMissing: there is none, or it is the sandbox's and this API is not the sandbox.
            CallRefused: it moves real money, and this server does not.
        """
        secret = await self._found(call)
        if secret is None:
            raise self._missing(call)
        if self._api.live_prefix and secret.startswith(self._api.live_prefix) and not self._allows_live:
            raise CallRefused(
                f"This is a live {self._api.title} key, and this server works in test mode: nothing was sent",
                advice="use a test key, or have the operator start the server with --allow-live",
            )
        if secret == self._api.sandbox_key and not self._is_sandboxed:
            raise CredentialMissing(
                f"This is the public sandbox key, and this server works with the real {self._api.title} API",
                advice=f"start the server with --sandbox, or {how_to_give_key(self._api, call.channel.kind)}",
            )
        return secret

    async def in_place_of(self, refused: str, call: Call) -> str | None:
        """Another token for a call whose token the API refused; None when there is no other, or the key was the caller's own."""
        token = self._own_token(call)
        another = None if token is None else await token(refused)
        return None if another == refused else another

    async def _found(self, call: Call) -> str | None:
        secret = call.caller.secrets.get(self._api.name)
        token = self._own_token(call)
        if token is not None:
            secret = await token("")
        if secret in (None, self._api.sandbox_key) and self._session is not None:
            return self._session(call.caller.secrets.get(self._api.beside, ""))
        return secret

    def _own_token(self, call: Call) -> Token | None:
        """The login of whoever started this process, where this call runs on it."""
        return None if call.channel.kind == "http" or self._api.name in call.caller.secrets else self._token

    def _missing(self, call: Call) -> CredentialMissing:
        needed = f"{call.tool.name} needs a {self._api.title} {self._api.secret_noun}"
        advice = self._how_to_give(call.channel.kind)
        if not call.caller.unfilled:
            return CredentialMissing(needed, advice=advice)
        return CredentialMissing(
            f"{needed}, and what came in its place is a placeholder that nobody filled in: nothing was sent",
            advice=f"put the {self._api.secret_noun} itself in its place, or {advice}",
        )

    def _how_to_give(self, kind: ChannelKind) -> str:
        """How to give the credential; in the sandbox also what is enough instead."""
        advice = how_to_give_key(self._api, kind)
        if self._session is None:
            return advice
        return f"come with the sandbox's published key, or {advice}; `flintt-mcp sandbox token` prints one"


def how_to_give_key(api: Api, kind: ChannelKind) -> str:
    """One sentence: how a person gives this API's key where the call came from."""
    variable = f"{api.variable}_{api.secret}"
    match kind:
        case "http" if api.prefixes:
            return f"add ?api_key=KEY to the MCP URL or send the header X-API-Key: KEY ({api.key_hint})"
        case "http":  # a credential that nothing tells apart has to be named
            word = api.secret.removeprefix("API_")
            hint = f" ({api.key_hint})" if api.key_hint else ""
            return f"send the header {api.own_header}: {word} or add ?{api.own_query}={word} to the MCP URL{hint}"
        case "stdio":
            return (
                f"set {variable} in the env block of this server's entry in the client's configuration and restart the "
                f"client ({api.key_hint})"
            )
        case "shell":
            return (
                f"set the environment variable {variable}, or add --sandbox to try without an account ({api.key_hint})"
            )
