"""A fake in place of the network: it keeps the requests it is sent and answers what a test has laid out for it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from flintt_mcp.app import Additions, App, open_app
from flintt_mcp.calls.call import Call, Channel, QuietChannel
from flintt_mcp.calls.caller import Caller
from flintt_mcp.calls.reply import Reply
from flintt_mcp.catalogue import APIS
from flintt_mcp.catalogue.operation import Api
from flintt_mcp.rest.sending.message import Sender, TransportFault, UpstreamRequest, UpstreamResponse
from flintt_mcp.settings import Settings

SECRET = "a-secret-of-the-tests-alone-that-keys-cursors"
BASE_URLS = {api.name: f"https://{api.beside or api.name}.example/base" for api in APIS}
"""Where each API is for these tests: a path of its own shows whether a request stays below it."""


class FakeApi:
    """A `Sender` without a network; `requests` are those it got, `answers` those still to be given."""

    def __init__(self) -> None:
        self.requests: list[UpstreamRequest] = []
        self.answers: list[UpstreamResponse | TransportFault] = []

    async def __call__(self, request: UpstreamRequest) -> UpstreamResponse:
        self.requests.append(request)
        assert self.answers, f"nothing is laid out to answer {request.method} {request.url}"
        answer = self.answers.pop(0)
        if isinstance(answer, TransportFault):
            raise answer
        return answer

    def will_answer(self, *answers: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Lay out answers: a response or a fault as it is, text and bytes as the body, anything else as JSON."""
        for answer in answers:
            if not isinstance(answer, UpstreamResponse | TransportFault):
                answer = UpstreamResponse(status, dict(headers or {}), body_of(answer))
            self.answers.append(answer)


def body_of(value: Any) -> bytes:
    """The bytes of a body: text and bytes as they are, anything else as JSON."""
    if isinstance(value, bytes):
        return value
    return value.encode() if isinstance(value, str) else json.dumps(value, ensure_ascii=False).encode()


def key_of(api: Api) -> str:
    """A key that looks like one of this API and is nobody's."""
    return f"{api.prefixes[0] if api.prefixes else 'token_'}{api.name}_key_that_nobody_may_read"


KEYS = {api.name: key_of(api) for api in APIS}
URL_VARIABLES = {f"{api.variable}_API_URL": BASE_URLS[api.name] for api in APIS}


@asynccontextmanager
async def open_fake(
    data_dir: Path,
    fake: Sender | None = None,
    environment: Mapping[str, str] | None = None,
    additions: Additions | None = None,
    **settings: Any,
) -> AsyncIterator[App]:
    """The real app with everything on and allowed above a fake network: nobody is asked, nothing looked for, one call sent once."""
    allowed = {"toolsets": ("all",), "allow_live": True, "allow_spend": True, "approve": ("none",)}
    allowed |= {"attempts": 1, "no_duplicate_check": True}
    chosen = {**allowed, "secret": SECRET, "data_dir": str(data_dir), **settings}
    names = URL_VARIABLES | dict(environment or {})
    async with open_app(Settings(**chosen), names, additions, sender=fake or FakeApi()) as app:
        yield app


async def call(
    app: App, tool: str, arguments: Mapping[str, Any], caller: Caller | None = None, channel: Channel | None = None
) -> Reply:
    """One call through the app's own pipeline; the caller holds a key for every API unless one is given."""
    who = app.credentials.with_secrets(KEYS) if caller is None else caller
    return await app.pipeline.run(Call(app.inventory.find(tool, who), arguments, who, channel or QuietChannel()))


def bodies(requests: Sequence[UpstreamRequest]) -> list[Any]:
    """The JSON bodies of requests, None where there was none."""
    return [None if request.body is None else json.loads(request.body) for request in requests]
