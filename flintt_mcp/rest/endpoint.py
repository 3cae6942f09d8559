"""One endpoint of an API as this server reaches it, and one call to it: build >> send, as often as reading it takes.

In: a row of the catalogue, what the app composed, and a call. Out: answers of the API, decoded, or an error of the house. What is
in an answer is read by `readers.py` and its neighbours; a key is only sent below the base URL of its own API.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

from flintt_mcp.calls.call import Call
from flintt_mcp.catalogue.operation import Api, Operation
from flintt_mcp.rest.credential import Credential
from flintt_mcp.rest.reading.answers import Answer, decode
from flintt_mcp.rest.reading.budget import Budget
from flintt_mcp.rest.reading.cursors import Cursors
from flintt_mcp.rest.reading.faults import error_for, request_id
from flintt_mcp.rest.reading.paging import Page
from flintt_mcp.rest.sending.message import UpstreamRequest, UpstreamResponse
from flintt_mcp.rest.sending.request import Access, build_request
from flintt_mcp.rest.upstream import Upstream

WHOLE: Mapping[str, str | int] = {}
"""The query parameters of an answer that does not come in pages."""


class Endpoint:
    """An operation of an API, and all it takes to call it."""

    __slots__ = ("api", "credential", "operation", "upstream")

    def __init__(self, api: Api, operation: Operation, upstream: Upstream) -> None:
        self.api = api
        self.operation = operation
        self.upstream = upstream
        self.credential = Credential(api, upstream)

    async def call(self, call: Call) -> ApiCall:
        """This call, ready to be sent.

        Raises:
            CredentialMissing, CallRefused: as `Credential.of`.
            ConfigError: nobody said where the API is.
        """
        secret = await self.credential.of(call)
        parent = "" if call.caller.trace is None else call.caller.trace.parent
        return ApiCall(self, call, Access(self.api, self.upstream.places.base_url(self.api), secret, parent))


class ApiCall:
    """One call of a tool on its way to its API: where it goes, with which key, and which page it wants.

    `status` is that of the API's last answer, `request_id` the API's own id of it.
    """

    __slots__ = ("_access", "_call", "_endpoint", "arguments", "request_id", "route", "status")

    def __init__(self, endpoint: Endpoint, call: Call, access: Access) -> None:
        self._endpoint = endpoint
        self._call = call
        self._access = access
        self.arguments = call.arguments
        self.route = endpoint.operation.route_for(call.arguments)
        self.status: int | None = None
        self.request_id = ""

    @property
    def call(self) -> Call:
        """The call of the tool."""
        return self._call

    @property
    def is_remote(self) -> bool:
        """Whether whoever called may be on another machine."""
        return self._call.channel.kind == "http"

    @property
    def who(self) -> str:
        """Who the caller is for this API: the keyed digest of the key for it."""
        return self._call.caller.principal_for(self._endpoint.api.name)

    async def answer(self, parameters: Mapping[str, str | int] = WHOLE) -> Answer:
        """The API's answer to this call, asked with these query parameters.

        Raises:
            UpstreamError: there is none, it is no success, or it is no JSON.
        """
        response = await self._sent(parameters)
        self.status = response.status
        if not self._endpoint.operation.effect.reads:
            self.request_id = request_id(response) or ""
        api, operation = self._endpoint.api, self._endpoint.operation
        if not 200 <= response.status < 300:
            raise error_for(api, operation, response, self._access.secret)
        return Answer(api, operation, response, decode(api, operation, response))

    def page(self, rows: int) -> Page:
        """The page that is wanted: `rows` unless the call says how many, from its cursor on.

        Raises:
            ToolInputError: the cursor is none of this tool, these filters and this caller.
        """
        limit, cursor = self.arguments.get("limit", rows), self.arguments.get("cursor")
        return Page(limit) if cursor is None else Page(limit, *self._cursors.open(self._scope, cursor))

    def cursor(self, position: Any, kept: Sequence[int]) -> str | None:
        """The cursor of a position in the list and of the columns that were shown, None at its end."""
        return None if position is None else self._cursors.seal(self._scope, [position, kept])

    @property
    def budget(self) -> Budget:
        """How large the result may be for the client that asks."""
        return self._endpoint.upstream.results.budgets.of(self._call.channel.client)

    @property
    def _cursors(self) -> Cursors:
        return self._endpoint.upstream.results.cursors

    @property
    def _scope(self) -> str:
        """What a cursor is bound to: the tool, the filters and whoever the caller is for this API."""
        return "\n".join((self._endpoint.operation.name, self._call.canonical, self.who))

    async def _sent(self, parameters: Mapping[str, str | int]) -> UpstreamResponse:
        send = self._endpoint.upstream.send
        key = self._idempotency_key
        response = await send(self._request(parameters, key))
        if response.status == 401:
            # Nothing was done, so a write may go again: the token was revoked, or somebody signed in anew.
            another = await self._endpoint.credential.in_place_of(self._access.secret, self._call)
            if another is not None:
                self._access = replace(self._access, secret=another)
                response = await send(self._request(parameters, key))
        return response

    @property
    def _idempotency_key(self) -> str | None:
        """The key of every attempt at this intent; a call that is none of an intent has one of its own."""
        if not self._endpoint.operation.idempotency_key:
            return None
        return uuid4().hex if self._call.intent is None else self._call.intent.key

    def _request(self, parameters: Mapping[str, str | int], key: str | None) -> UpstreamRequest:
        return build_request(
            self._access,
            self._endpoint.operation,
            self.route,
            self.arguments,
            paging=parameters,
            idempotency_key=key,
        )
