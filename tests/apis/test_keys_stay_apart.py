"""No key ever reaches another API: over all ordered pairs of APIs, all ways of giving a key, and all tools.

Two things are as they have to be. A token without a prefix in X-API-Key or `api_key` is a Flintt key by definition: the texts
name both as Flintt's own, and nothing in the token says otherwise; so tokens of APIs without a prefix are given by name. And the
two Flintt APIs share one host; there the header tells them apart, and neither takes the other's credential.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import asynccontextmanager
from itertools import permutations, product
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from flintt_mcp import app as composition
from flintt_mcp.app import App
from flintt_mcp.calls.call import Call, QuietChannel
from flintt_mcp.calls.caller import Caller
from flintt_mcp.calls.reply import Refused
from flintt_mcp.catalogue import APIS
from flintt_mcp.catalogue.base_urls import SANDBOX_URL
from flintt_mcp.catalogue.operation import Api
from flintt_mcp.errors import CallRefused, CredentialMissing, Unavailable
from flintt_mcp.rest.sending.message import UpstreamRequest, UpstreamResponse
from tests.apis.toolbox import case_arguments
from tests.case_files import every_operation
from tests.certain import there
from tests.fake_api import BASE_URLS, KEYS, open_fake

pytestmark = pytest.mark.anyio

Given = tuple[list[str], list[tuple[bytes, bytes]]]
"""Parts of a query string, and headers."""
HOSTED = {api.name: api.url or f"https://{api.name}.example/api" for api in APIS}
SANDBOX = {api.name: f"{SANDBOX_URL}/{api.beside or api.name}" for api in APIS}

WAYS: dict[str, Callable[[Api, str], Given]] = {
    "named header": lambda api, key: ([], [(api.own_header.encode(), key.encode())]),
    "named query": lambda api, key: ([f"{api.own_query}={key}"], []),
    "x-api-key": lambda api, key: ([], [(b"x-api-key", key.encode())]),
    "bearer": lambda api, key: ([], [(b"authorization", b"Bearer " + key.encode())]),
    "api_key": lambda api, key: ([f"api_key={key}"], []),
}
NAMED = ("named header", "named query")


def ways_of(api: Api) -> tuple[str, ...]:
    return tuple(WAYS) if api.prefixes else NAMED


def pairs_of_ways(one: Api, other: Api) -> list[tuple[str, str]]:
    """Every way for one beside every way for the other; a place that is no API's own holds one key."""
    return [pair for pair in product(ways_of(one), ways_of(other)) if pair[0] != pair[1] or pair[0] in NAMED]


def together(*parts: Given) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """The query and headers of one request that carries all of these."""
    return "&".join(piece for query, _ in parts for piece in query).encode(), [
        pair for _, pairs in parts for pair in pairs
    ]


class Witness:
    """A sender that keeps what it is sent and answers what nobody understands, so that no call takes long."""

    def __init__(self, status: int = 418, headers: dict[str, str] | None = None) -> None:
        self.requests: list[UpstreamRequest] = []
        self._answer = UpstreamResponse(status, headers or {}, b"{}")

    async def __call__(self, request: UpstreamRequest) -> UpstreamResponse:
        self.requests.append(request)
        return self._answer


@asynccontextmanager
async def hosted(folder: Path, witness: Witness, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The app against the documented base URLs."""
    no_variables = {f"{api.variable}_API_URL": "" for api in APIS}
    unknown = {f"{api.variable}_API_URL": HOSTED[api.name] for api in APIS if api.url is None}
    async with open_fake(folder, witness, no_variables | unknown) as app:
        yield app


@asynccontextmanager
async def sandboxed(folder: Path, witness: Witness, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The app as with --sandbox, with the witness in the sandbox's place."""

    @asynccontextmanager
    async def sandbox(*settings: Any, **more: Any) -> Any:
        yield composition._Played({SANDBOX_URL: witness})

    monkeypatch.setattr(composition, "_sandbox", sandbox)
    async with open_fake(folder, sandbox=True) as app:
        yield app


PLACES = {"hosted": (hosted, HOSTED), "sandbox": (sandboxed, SANDBOX)}
TOOLS = [(api, operation.name, case_arguments(operation.name)) for api, operation in every_operation()]


async def run(app: App, tool: str, arguments: dict[str, Any], caller: Caller) -> Any:
    return await app.pipeline.run(Call(there(app.inventory.get(tool)), arguments, caller, QuietChannel("http")))


def carried(request: UpstreamRequest) -> set[str]:
    """Whose keys stand anywhere in a request."""
    whole = f"{request.url} {dict(request.headers)} {request.body!r}"
    return {name for name, key in KEYS.items() if key in whole}


def is_below(url: str, base: str) -> bool:
    found, wanted = urlsplit(url), urlsplit(base)
    same_origin = (found.scheme, found.netloc) == (wanted.scheme, wanted.netloc)
    steps = found.path.split("/")
    return same_origin and found.path.startswith(wanted.path.rstrip("/") + "/") and not {".", ".."} & set(steps)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("one", "other"), [pytest.param(a, b, id=f"{a.name}-{b.name}") for a, b in permutations(APIS, 2)]
)
async def test_a_key_alone_opens_nothing_elsewhere_and_is_sent_nowhere(
    one: Api, other: Api, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, _ = PLACES[place]
    witness = Witness()
    async with opened(tmp_path, witness, monkeypatch) as app:
        for way in ways_of(one):
            caller = app.credentials.from_request(*together(WAYS[way](one, KEYS[one.name])))
            assert set(caller.secrets) == {one.name}
            for api, tool, arguments in TOOLS:
                if api is other:
                    reply = await run(app, tool, arguments, caller)
                    assert isinstance(reply, Refused), tool
                    assert isinstance(reply.error, CredentialMissing), tool
    assert witness.requests == []


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("one", "other"), [pytest.param(a, b, id=f"{a.name}-{b.name}") for a, b in permutations(APIS, 2)]
)
async def test_of_two_keys_on_one_request_each_goes_to_its_own_api_and_no_further(
    one: Api, other: Api, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, bases = PLACES[place]
    witness = Witness()
    async with opened(tmp_path, witness, monkeypatch) as app:
        for first, second in pairs_of_ways(one, other):
            given = together(WAYS[first](one, KEYS[one.name]), WAYS[second](other, KEYS[other.name]))
            caller = app.credentials.from_request(*given)
            assert caller.secrets == {one.name: KEYS[one.name], other.name: KEYS[other.name]}
            for api, tool, arguments in TOOLS:
                witness.requests.clear()
                await run(app, tool, arguments, caller)
                assert bool(witness.requests) is (api in (one, other)), tool
                for request in witness.requests:
                    assert carried(request) == {api.name}
                    assert is_below(request.url, bases[api.name])
                    assert request.headers[api.header.lower()] == f"{api.scheme} {KEYS[api.name]}".strip()


@pytest.mark.parametrize(
    ("one", "other"), [pytest.param(a, b, id=f"{a.name}-{b.name}") for a, b in permutations(APIS, 2) if a.prefixes]
)
async def test_a_key_under_the_name_of_another_api_is_sent_nowhere_when_its_prefix_gives_it_away(
    one: Api, other: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    witness = Witness()
    async with hosted(tmp_path, witness, monkeypatch) as app:
        for way in NAMED:
            caller = app.credentials.from_request(*together(WAYS[way](other, KEYS[one.name])))
            for _, tool, arguments in TOOLS:
                await run(app, tool, arguments, caller)
    assert witness.requests == []


async def test_every_key_at_once_in_every_way_still_goes_to_its_own_api_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place, (opened, bases) in PLACES.items():
        witness = Witness()
        async with opened(tmp_path / place, witness, monkeypatch) as app:
            for way in NAMED:
                caller = app.credentials.from_request(*together(*(WAYS[way](api, KEYS[api.name]) for api in APIS)))
                for api, tool, arguments in TOOLS:
                    witness.requests.clear()
                    await run(app, tool, arguments, caller)
                    assert witness.requests
                    assert {frozenset(carried(request)) for request in witness.requests} == {frozenset({api.name})}
                    assert all(is_below(request.url, bases[api.name]) for request in witness.requests)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_an_error_and_the_key_stays(status: int, tmp_path: Path) -> None:
    for name, elsewhere in BASE_URLS.items():
        witness = Witness(status, {"location": f"{elsewhere}/anywhere"})
        async with open_fake(tmp_path / name, witness) as app:
            for api, tool, arguments in TOOLS:
                witness.requests.clear()
                reply = await run(app, tool, arguments, app.credentials.with_secrets(KEYS))
                assert isinstance(reply, Refused)
                assert isinstance(reply.error, Unavailable)
                assert "redirect" in reply.error.message
                assert elsewhere not in reply.error.message + reply.error.advice
                assert [is_below(request.url, BASE_URLS[api.name]) for request in witness.requests] == [True]


HOSTILE = (
    "..",
    "../..",
    "..%2f..",
    "%2e%2e",
    "a/../../b",
    "//other.example/x",
    "https://other.example/",
    "@other.example",
    "x@other.example:80/",
    "?next=https://other.example",
    "#fragment",
    "\\\\other.example\\x",
    "a;b",
    "%00",
    "\r\nhost: other.example",
    "a\tb",
    "‥",
    "．．",
)


@pytest.mark.parametrize("value", HOSTILE)
async def test_a_hostile_argument_moves_no_request_from_its_api(value: str, tmp_path: Path) -> None:
    witness = Witness()
    async with open_fake(tmp_path, witness) as app:
        caller = app.credentials.with_secrets(KEYS)
        for api, operation in every_operation():
            texts = {arg.name: value for arg in operation.args if arg.kind.value == "string" and not arg.choices}
            witness.requests.clear()
            await run(app, operation.name, {**case_arguments(operation.name), **texts}, caller)
            for request in witness.requests:
                assert is_below(request.url, BASE_URLS[api.name])
                assert request.url.isascii()
                assert request.url.isprintable()
                assert not any("\r" in value or "\n" in value for value in request.headers.values())
                assert carried(request) == {api.name}


async def test_the_public_sandbox_keys_and_live_keys_are_not_sent_to_a_hosted_api(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    witness = Witness()
    async with hosted(tmp_path, witness, monkeypatch) as app:
        caller = app.credentials.with_secrets({api.name: api.sandbox_key for api in APIS})
        for _, tool, arguments in TOOLS:
            reply = await run(app, tool, arguments, caller)
            assert isinstance(reply, Refused)
            assert isinstance(reply.error, CredentialMissing | CallRefused), tool
    assert witness.requests == []
