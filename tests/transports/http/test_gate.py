"""The outermost layer: keys leave the request whole, and only exact hosts and origins come in."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flintt_mcp.errors import ConfigError
from flintt_mcp.transports.http.app import HttpOptions
from flintt_mcp.transports.http.exchanges.gate import CALLER, Gate
from flintt_mcp.transports.http.exchanges.hosts import host_values, origin_values
from tests.transports.fixture_app import BOTH, CREDENTIALS, KEY, Bench, calling, modern, modern_headers, principal

pytestmark = pytest.mark.anyio

GATE = Gate(CREDENTIALS, HttpOptions())


def _scope(query: bytes = b"", headers: list[tuple[bytes, bytes]] | None = None) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "POST",
        "path": "/mcp",
        "query_string": query,
        "headers": headers or [(b"host", b"127.0.0.1:8000")],
        "client": ("127.0.0.1", 1),
    }


def _spellings(text: str) -> st.SearchStrategy[str]:
    """Every way to percent-encode a text: each character plain or encoded, in either case of the digits."""

    def ways(character: str) -> st.SearchStrategy[str]:
        encoded = "".join(f"%{byte:02x}" for byte in character.encode())
        return st.sampled_from([quote(character, safe=""), encoded, encoded.upper()])

    return st.tuples(*map(ways, text)).map("".join)


FIELDS = st.one_of(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=12),
    st.tuples(_spellings("api_key"), _spellings(KEY)).map("=".join),
    st.tuples(_spellings("api_key"), st.just("")).map("=".join),
    st.tuples(_spellings("first_api_key"), _spellings(KEY)).map("=".join),
    st.tuples(_spellings("session_id"), st.text("0123456789abcdef", max_size=32)).map("=".join),
)


@given(st.lists(FIELDS, max_size=5).map("&".join).map(str.encode) | st.binary(max_size=60))
@example(b"%61pi_key=" + KEY.encode())
@example(b"api_key=" + KEY.encode() + b"&api_key=other")
@example(b"api_key=&api_key=" + KEY.encode())
async def test_no_query_survives_and_the_caller_gets_what_a_parser_finds(query: bytes) -> None:
    scope = _scope(query)
    entry = GATE.enter(scope)
    assert scope["query_string"] == b""
    assert KEY not in repr({name: value for name, value in scope.items() if name != CALLER})
    found = parse_qsl(query.decode("latin-1"))
    first = {name: next(value for other, value in found if other == name) for name, _ in found}
    holds = KEY in (first.get("first_api_key"), first.get("api_key"))
    assert (KEY in entry.caller.secrets.values()) == holds
    assert entry.stream_id == first.get("session_id")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [
                    b"x-api-key",
                    b"authorization",
                    b"x-first-key",
                    b"x-second-key",
                    b"cookie",
                    b"proxy-authorization",
                    b"x-odd",
                ]
            ),
            st.sampled_from([KEY.encode(), b"Bearer " + KEY.encode()]),
        )
    )
)
async def test_no_header_with_a_key_survives(headers: list[tuple[bytes, bytes]]) -> None:
    scope = _scope(headers=[(b"host", b"127.0.0.1:8000"), *headers, (b"mcp-name", b"x")])
    GATE.enter(scope)
    assert scope["headers"] == [(b"host", b"127.0.0.1:8000"), (b"mcp-name", b"x")]
    assert KEY not in repr(scope["user"].__dict__)


async def test_handlers_see_the_caller_and_no_key() -> None:
    bench = Bench()
    async with calling(bench=bench) as client:
        headers = {**modern_headers("who", KEY), "authorization": "Bearer other", "x-second-key": "k", "cookie": "c"}
        answer = await client.post("/mcp?%61pi_key=snd_x", json=modern("who"), headers=headers)
    assert answer.status_code == 200
    assert not bench.headers[0].keys() & {"x-api-key", "authorization", "x-second-key", "cookie"}


async def test_a_query_with_too_many_fields_is_refused_unread() -> None:
    async with calling() as client:
        answer = await client.post("/mcp?" + "a=1&" * 100, json=modern("who"), headers=modern_headers("who"))
    assert (answer.status_code, answer.json()["error"]["message"]) == (
        400,
        "The URL has more than 100 query parameters",
    )


async def test_both_spellings_of_the_url_are_served_without_a_redirect() -> None:
    async with calling() as client:
        for path in ("/mcp", "/mcp/"):
            answer = await client.post(f"{path}?api_key={KEY}", json=modern("who"), headers=modern_headers("who"))
            assert answer.status_code == 200
            assert answer.json()["result"]["content"][0]["text"] == principal(KEY)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("localhost:8000", 200),
        ("LOCALHOST:8000", 200),
        ("[::1]:8000", 200),
        ("mcp.example.com", 200),
        ("mcp.example.com:443", 200),
        ("mcp.example.com:8000", 200),
        ("other.example.com:9000", 200),
        ("127.0.0.1:8000.evil.example", 421),
        ("127.0.0.1:80000", 421),
        ("127.0.0.1", 421),
        ("127.0.0.1:8001", 421),
        ("localhost", 421),
        ("evil.example", 421),
        ("mcp.example.com.", 421),
        ("mcp.example.com:9000", 421),
        ("other.example.com", 421),
        ("sub.mcp.example.com", 421),
        ("user@127.0.0.1:8000", 421),
        ("", 400),
    ],
)
async def test_only_exact_hosts_come_in(host: str, status: int) -> None:
    options = HttpOptions(allowed_hosts=("mcp.example.com", "Other.Example.com:9000"))
    async with calling(options) as client:
        headers = {**modern_headers("who"), "host": host}
        answer = await client.post("/mcp", json=modern("who"), headers=headers)
        assert answer.status_code == status
        assert (await client.get("/healthz", headers={"host": host})).status_code == 200


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 200),
        ("http://127.0.0.1:8000", 200),
        ("http://localhost:8000", 200),
        ("https://app.example.com", 200),
        ("https://app.example.com:444", 403),
        ("http://app.example.com", 403),
        ("https://app.example.com.evil.example", 403),
        ("http://127.0.0.1:8000.evil.example", 403),
        ("https://127.0.0.1:8000", 403),
        ("http://localhost:3000", 403),
        ("null", 403),
        ("", 403),
    ],
)
async def test_only_exact_origins_come_in(origin: str | None, status: int) -> None:
    options = HttpOptions(allowed_origins=("https://APP.example.com:443/",))
    async with calling(options) as client:
        headers = modern_headers("who") if origin is None else {**modern_headers("who"), "origin": origin}
        answer = await client.post("/mcp", json=modern("who"), headers=headers)
    assert answer.status_code == status
    assert answer.headers.get("access-control-allow-origin") == (origin if status == 200 else None)


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://mcp.example.com", 200),
        ("http://mcp.example.com:80", 403),
        ("https://mcp.example.com", 403),
        ("http://other.example.com", 403),
        ("http://mcp.example.com.evil.example", 403),
    ],
)
async def test_a_page_of_this_server_may_call_under_the_host_that_it_was_opened_with(origin: str, status: int) -> None:
    async with calling(HttpOptions(host="0.0.0.0", allowed_hosts=("mcp.example.com", "other.example.com"))) as client:
        headers = {**modern_headers("who"), "origin": origin, "host": "mcp.example.com"}
        assert (await client.post("/mcp", json=modern("who"), headers=headers)).status_code == status


@pytest.mark.parametrize("name", ["host", "origin", "content-type", "mcp-session-id", "mcp-protocol-version"])
async def test_a_deciding_header_must_not_come_twice(name: str) -> None:
    async with calling() as client:
        headers = [*modern_headers("who").items(), (name, "a"), (name, "a")]
        answer = await client.post("/mcp", json=modern("who"), headers=headers)
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, f"The header {name} must not be sent twice")


PAGES = HttpOptions(allowed_origins=("https://app.example.com",), key_headers=("X-First-Key",))
PREFLIGHT = {
    "origin": "https://app.example.com",
    "access-control-request-method": "POST",
    "access-control-request-headers": "content-type, X-First-Key, mcp-session-id",
}


async def test_a_preflight_of_an_allowed_origin_names_what_may_be_sent() -> None:
    async with calling(PAGES) as client:
        answer = await client.request("OPTIONS", "/mcp", headers=PREFLIGHT)
    assert answer.status_code == 200
    assert {name: value for name, value in answer.headers.items() if name.startswith("access-control")} == {
        "access-control-allow-origin": "https://app.example.com",
        "access-control-allow-methods": "GET, POST, DELETE, OPTIONS",
        "access-control-allow-headers": (
            "Accept, Accept-Language, Content-Language, Content-Type, X-First-Key, authorization, last-event-id, mcp-method, "
            "mcp-name, mcp-protocol-version, mcp-session-id, x-api-key, x-mcp-exclude-tools, x-mcp-readonly, x-mcp-tools, "
            "x-mcp-toolsets, x-request-id"
        ),
        "access-control-max-age": "600",
    }
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize(
    ("other", "status"),
    [
        ({"origin": "https://evil.example"}, 403),
        ({"host": "evil.example"}, 421),
        ({"access-control-request-headers": "x-evil"}, 400),
        ({"access-control-request-method": "PUT"}, 400),
    ],
)
async def test_a_preflight_of_anything_else_is_refused(other: dict[str, str], status: int) -> None:
    async with calling(PAGES) as client:
        refused = await client.request("OPTIONS", "/mcp", headers=PREFLIGHT | other)
    assert refused.status_code == status
    # What a stranger is told says nothing of whom this server lets in.
    allowed = [name for name in refused.headers if name.startswith("access-control")]
    assert (allowed == []) == (status in (403, 421))


async def test_an_allowed_page_may_read_answers_and_the_session_id() -> None:
    origin = "http://localhost:8000"
    async with calling() as client:
        answer = await client.post("/mcp", json=modern("who"), headers={**modern_headers("who"), "origin": origin})
        wrong = await client.post("/mcp", json=[], headers={**BOTH, "origin": origin})
        overlong = await client.post("/mcp?" + "a=1&" * 100, json=[], headers={**BOTH, "origin": origin})
    for each in (answer, wrong, overlong):
        assert each.headers["access-control-allow-origin"] == origin
        assert "mcp-session-id" in each.headers["access-control-expose-headers"]
        assert each.headers["vary"] == "Origin"
        assert "access-control-allow-credentials" not in each.headers
    assert (answer.status_code, wrong.status_code, overlong.status_code) == (200, 400, 400)


@pytest.mark.parametrize(
    "entry",
    ["*", "*.example.com", "https://a.example", "a.example/x", "a:b", "a:1:2", "a:*:1", "*:*", "", "::1", "a b"],
)
def test_a_host_that_is_not_exact_is_a_setting_error(entry: str) -> None:
    with pytest.raises(ConfigError, match="must be an exact name"):
        host_values(HttpOptions(allowed_hosts=(entry,)))


@pytest.mark.parametrize(
    "entry", ["*", "null", "a.example", "https://*.example", "https://a.example/x", "https://u@a.example", ""]
)
def test_an_origin_that_is_not_exact_is_a_setting_error(entry: str) -> None:
    with pytest.raises(ConfigError, match="must be exact"):
        origin_values(HttpOptions(allowed_origins=(entry,)))


def test_an_allowed_host_without_port_stands_for_the_usual_ports_and_our_own() -> None:
    loopback = {b"127.0.0.1:8000", b"localhost:8000", b"[::1]:8000"}
    assert host_values(HttpOptions()).exact == loopback
    assert host_values(HttpOptions(host="127.0.0.9")).exact == loopback | {b"127.0.0.9:8000"}
    assert host_values(HttpOptions(host="0.0.0.0", allowed_hosts=("[fd00::1]",))).exact == loopback | {
        b"[fd00::1]",
        b"[fd00::1]:80",
        b"[fd00::1]:443",
        b"[fd00::1]:8000",
    }
    assert host_values(HttpOptions(allowed_hosts=("a:443",))).exact == loopback | {b"a:443", b"a"}
    assert b"localhost" in host_values(HttpOptions(port=80))
