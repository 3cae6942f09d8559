"""Credentials: who calls, with which key for which API, and that hostile input neither crashes nor leaks."""

from __future__ import annotations

from dataclasses import replace as replace_caller
from itertools import product
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from flintt_mcp.calls.caller import Caller, Credentials
from flintt_mcp.calls.narrowing import Narrowing
from flintt_mcp.catalogue.flintt import FLINTT
from flintt_mcp.catalogue.operation import Api

PAY = replace(
    FLINTT,
    name="pay",
    title="Pay",
    variable="PAY",
    prefixes=("fp_live_", "fp_test_"),
    own_header="X-Pay-Key",
    own_query="pay_api_key",
    sandbox_key="fp_test_sandbox_key",
)
FREE = replace(
    FLINTT,
    name="free",
    title="Free",
    variable="FREE",
    prefixes=(),
    own_header="X-Free-Token",
    own_query="free_token",
    sandbox_key="free_sandbox_token",
    secret="TOKEN",
    key_hint="an access token",
)
APIS = (FLINTT, PAY, FREE)
CREDENTIALS = Credentials(APIS, b"d" * 32)

Headers = list[tuple[bytes, bytes]]


def caller(query: str = "", **headers: str) -> Caller:
    raw = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return CREDENTIALS.from_request(query.encode("latin-1"), raw)


@pytest.mark.parametrize(
    ("key", "api"),
    [
        ("flt_ab12", "flintt"),
        ("fp_live_1", "pay"),
        ("fp_test_1", "pay"),
        ("something-else", "flintt"),
        ("FLT_ab12", "flintt"),
    ],
)
@pytest.mark.parametrize("where", ["query", "x_api_key"])
def test_a_key_finds_its_api_by_its_prefix_and_else_is_flintts(key: str, api: str, where: str) -> None:
    found = caller(f"api_key={key}") if where == "query" else caller(x_api_key=key)
    assert found.secrets == {api: key}


@pytest.mark.parametrize(("key", "secrets"), [("flt_a", {"flintt": "flt_a"}), ("fp_live_a", {"pay": "fp_live_a"})])
@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER  ", ""])
def test_a_bearer_token_counts_when_its_prefix_is_known(scheme: str, key: str, secrets: dict[str, str]) -> None:
    assert caller(authorization=scheme + key).secrets == secrets


@pytest.mark.parametrize(
    "value",
    [
        "Bearer eyJhbGciOiJIUzI1NiJ9.e30.x",
        "eyJhbGciOiJIUzI1NiJ9.e30.x",
        "Basic flt_a",
        "Bearer",
        "Bearer ",
        "Bearer flt_a x",
    ],
)
def test_a_bearer_token_of_no_known_kind_is_not_handed_to_flintt(value: str) -> None:
    assert caller(authorization=value).secrets == {}


@pytest.mark.parametrize(
    ("api", "key"), [(FLINTT, "any-1"), (PAY, "any-2"), (FREE, "any-3")], ids=["flintt", "pay", "free"]
)
def test_a_named_header_or_query_parameter_says_the_api_whatever_the_key_looks_like(api: Api, key: str) -> None:
    assert caller(f"{api.own_query}={key}").secrets == {api.name: key}
    assert CREDENTIALS.from_request(b"", [(api.own_header.encode(), key.encode())]).secrets == {api.name: key}


@pytest.mark.parametrize(("api", "key"), [(PAY, "flt_a"), (FREE, "flt_a"), (FREE, "fp_live_a"), (FLINTT, "fp_test_a")])
def test_a_name_does_not_send_a_key_where_its_prefix_says_that_it_does_not_belong(api: Api, key: str) -> None:
    assert caller(f"{api.own_query}={key}").secrets == {}
    assert CREDENTIALS.from_request(b"", [(api.own_header.encode(), key.encode())]).secrets == {}
    assert CREDENTIALS.from_environment({f"{api.variable}_{api.secret}": key}).secrets == {}


PLACES = ("own header", "own query", "x-api-key", "bearer", "api_key")


def placed(keys: dict[str, str], api: Api) -> Caller:
    """A caller with a key in each of these places."""
    query = [f"{api.own_query}={keys['own query']}"] if "own query" in keys else []
    query += [f"api_key={keys['api_key']}"] if "api_key" in keys else []
    headers: Headers = []
    if "bearer" in keys:
        headers.append((b"authorization", b"Bearer " + keys["bearer"].encode()))
    if "x-api-key" in keys:
        headers.append((b"x-api-key", keys["x-api-key"].encode()))
    if "own header" in keys:
        headers.append((api.own_header.lower().encode(), keys["own header"].encode()))
    return CREDENTIALS.from_request("&".join(query).encode(), headers)


@pytest.mark.parametrize(("better", "worse"), [(a, b) for i, a in enumerate(PLACES) for b in PLACES[i + 1 :]])
@pytest.mark.parametrize(("api", "prefix"), [(FLINTT, "flt_"), (PAY, "fp_live_")], ids=["flintt", "pay"])
def test_of_two_keys_for_one_api_the_more_explicit_wins(api: Api, prefix: str, better: str, worse: str) -> None:
    assert placed({worse: prefix + "worse", better: prefix + "better"}, api).secrets == {api.name: prefix + "better"}


@pytest.mark.parametrize(("one", "two"), list(product(PLACES, PLACES)))
def test_keys_of_two_apis_travel_side_by_side(one: str, two: str) -> None:
    first, second = placed({one: "flt_one"}, FLINTT).secrets, placed({two: "fp_live_two"}, PAY).secrets
    assert (first, second) == ({"flintt": "flt_one"}, {"pay": "fp_live_two"})


def test_all_keys_of_one_request_are_kept_apart() -> None:
    found = caller("api_key=flt_a&free_token=tok", x_api_key="fp_test_b")
    assert found.secrets == {"flintt": "flt_a", "pay": "fp_test_b", "free": "tok"}


def test_a_key_that_cannot_be_used_does_not_hide_one_that_can() -> None:
    assert caller("flintt_api_key=flt_good", x_flintt_key="flt bad").secrets == {"flintt": "flt_good"}
    assert caller("api_key=flt_good", x_api_key="flt bad").secrets == {"flintt": "flt_good"}


@pytest.mark.parametrize(
    "key", ["", " ", "flt a", "flt_\x00", "flt_\r\nX: y", "flt_\x7f", "flt_é", "flt_" + "x" * 8189, "x" * 10_000]
)
def test_a_value_that_is_no_key_counts_as_none(key: str) -> None:
    for found in (
        caller("api_key=" + quote(key)),
        caller(x_api_key=key),
        caller(x_pay_key=key),
        caller("pay_api_key=" + quote(key)),
    ):
        assert found.secrets == {}
        assert found.principal == caller().principal


def test_the_longest_key_is_8192_characters() -> None:
    assert caller(x_api_key="flt_" + "x" * 8188).secrets == {"flintt": "flt_" + "x" * 8188}


def test_spaces_around_a_key_are_not_part_of_it() -> None:
    assert caller(x_api_key="  flt_a\t").secrets == {"flintt": "flt_a"}
    for query in ("api_key=flt_a%20", "api_key=+flt_a%0A", "flintt_api_key=%09flt_a+"):
        assert caller(query).secrets == {"flintt": "flt_a"}


PLACEHOLDERS = (
    *("${FLINTT_API_KEY}", "${env:FLINTT_API_KEY}", "${user_config.api_key}", "${input:flintt-key}", "$FLINTT_API_KEY"),
    *("{{api key}}", "<your key>", "<API_KEY>", "%FLINTT_API_KEY%"),
    *("YOUR_KEY", "flt_your_api_key", "your-api-key-here", "fp_test_your_key"),
)


@pytest.mark.parametrize("placeholder", PLACEHOLDERS)
def test_a_placeholder_is_no_key_and_is_known_as_one(placeholder: str) -> None:
    for found in (
        caller("api_key=" + quote(placeholder)),
        caller("flintt_api_key=" + quote(placeholder)),
        caller(x_api_key=placeholder),
        caller(x_pay_key=placeholder),
        CREDENTIALS.from_environment({"FLINTT_API_KEY": placeholder}),
    ):
        assert (found.secrets, found.unfilled, found.principal) == ({}, True, caller().principal)
    if " " not in placeholder:
        assert caller(authorization=f"Bearer {placeholder}").unfilled
    both = caller("api_key=flt_a", x_api_key=placeholder)
    assert (both.secrets, both.unfilled) == ({"flintt": "flt_a"}, True)


@pytest.mark.parametrize(
    "key", ["<flt_abcdef>", "${flt_abcdef}", "<4f1a>", "flt_yourself", "%41", "$1", "${}", "{{x9}}", "<flt_a1>"]
)
def test_what_may_hold_a_key_is_never_taken_for_a_placeholder(key: str) -> None:
    assert caller(x_api_key=key).unfilled is False


@given(st.sampled_from(["flt_", "fp_live_", ""]), st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789_-", min_size=20))
def test_a_key_is_a_key_whatever_letters_it_is_made_of(prefix: str, rest: str) -> None:
    assert list(caller(x_api_key=prefix + rest).secrets.values()) == [prefix + rest]


@pytest.mark.parametrize(
    "query", ["%61pi_key=flt_a", "api_key=%66lt_a", "&&api_key=flt_a&", "api_key=flt_a&api_key=flt_b"]
)
def test_a_query_is_read_as_urls_are(query: str) -> None:
    assert caller(query).secrets == {"flintt": "flt_a"}


def test_the_first_of_two_equal_headers_counts() -> None:
    found = CREDENTIALS.from_request(b"", [(b"X-API-Key", b"flt_a"), (b"x-api-key", b"flt_b")])
    assert found.secrets == {"flintt": "flt_a"}


def test_a_caller_may_narrow_what_it_sees_by_headers_and_by_the_url() -> None:
    assert caller().narrowing is None
    assert caller("toolsets=flintt,docs").narrowing == Narrowing(frozenset({"flintt", "docs"}))
    assert caller(x_mcp_toolsets=" docs ,, ").narrowing == Narrowing(frozenset({"docs"}))
    assert caller("toolsets=flintt", x_mcp_toolsets="docs").narrowing == Narrowing(frozenset({"docs"}))
    assert caller("readonly=1", x_mcp_tools="get_doc").narrowing == Narrowing(
        tools=frozenset({"get_doc"}), read_only=True
    )
    assert caller(x_api_key="flt_a", x_mcp_readonly="true").narrowing == Narrowing(read_only=True)


def test_narrowing_is_no_part_of_what_a_key_is() -> None:
    stream, post = caller("readonly=1", x_api_key="flt_a"), caller(x_mcp_tools="get_doc")
    assert stream.sent_by(post) == replace_caller(
        stream, narrowing=Narrowing(tools=frozenset({"get_doc"}), read_only=True)
    )
    assert caller(x_api_key="flt_a").sent_by(post).narrowing == post.narrowing
    assert stream.sent_by(caller()).narrowing == stream.narrowing


def test_narrowing_is_no_part_of_who_somebody_is() -> None:
    assert caller("toolsets=docs", x_api_key="flt_a").principal == caller(x_api_key="flt_a").principal


def test_equal_keys_make_equal_principals_wherever_they_stand() -> None:
    assert (
        len(
            {
                caller("api_key=flt_a").principal,
                caller(x_api_key="flt_a").principal,
                caller(x_flintt_key="flt_a").principal,
            }
        )
        == 1
    )


def test_different_callers_have_different_principals() -> None:
    callers = [
        caller(),
        caller(x_api_key="flt_a"),
        caller(x_api_key="flt_b"),
        caller(x_pay_key="any_a"),
        caller(x_api_key="flt_a", x_pay_key="any_a"),
        Credentials(APIS, b"e" * 32).with_secrets({"flintt": "flt_a"}),
    ]
    assert len({found.principal for found in callers}) == len(callers)


secrets = st.dictionaries(
    st.sampled_from([api.name for api in APIS]),
    st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1),
)


@given(one=secrets, two=secrets)
def test_a_principal_is_equal_exactly_when_all_keys_are(one: dict[str, str], two: dict[str, str]) -> None:
    equal = CREDENTIALS.with_secrets(one).principal == CREDENTIALS.with_secrets(two).principal
    assert equal is (one == two)


@given(one=secrets)
def test_a_caller_shows_no_key(one: dict[str, str]) -> None:
    found = CREDENTIALS.with_secrets(one)
    assert repr(found) == f"Caller(principal={found.principal!r}, narrowing=None)"
    assert len(found.principal) == 64


@given(
    query=st.binary() | st.text(st.sampled_from("api_key=%0123abf&;+?#\0\n"), max_size=200).map(str.encode),
    headers=st.lists(
        st.tuples(
            st.sampled_from([b"x-api-key", b"authorization", b"X-Flintt-Key", b"x-mcp-toolsets", b"\xff"]), st.binary()
        ),
        max_size=6,
    ),
)
def test_no_request_crashes_and_whatever_is_taken_for_a_key_is_visible_ascii(query: bytes, headers: Headers) -> None:
    found = CREDENTIALS.from_request(query, headers)
    assert all(
        key.isascii() and key.isprintable() and " " not in key and len(key) <= 8192 for key in found.secrets.values()
    )
    assert set(found.secrets) <= {api.name for api in APIS}


def test_a_query_of_thousands_of_fields_is_not_read_and_does_not_crash() -> None:
    assert caller("&".join(["api_key=flt_a"] * 5_000)).secrets == {}


def test_the_environment_names_a_key_for_each_api() -> None:
    found = CREDENTIALS.from_environment(
        {"FLINTT_API_KEY": " flt_a ", "PAY_API_KEY": "", "FREE_TOKEN": "tok", "FREE_API_KEY": "no"}
    )
    assert found.secrets == {"flintt": "flt_a", "free": "tok"}


@pytest.mark.parametrize("value", ["flt a", "flt_\udcff", "é", "x" * 8193, "${FLINTT KEY}"])
def test_a_variable_that_holds_no_key_counts_as_none(value: str) -> None:
    assert CREDENTIALS.from_environment({"FLINTT_API_KEY": value}).secrets == {}


@given(one=secrets, two=secrets)
def test_who_somebody_is_for_one_api_is_equal_exactly_when_the_key_for_it_is(
    one: dict[str, str], two: dict[str, str]
) -> None:
    for api in APIS:
        first, second = (CREDENTIALS.with_secrets(keys).principal_for(api.name) for keys in (one, two))
        assert (first == second) is (one.get(api.name) == two.get(api.name))


def test_who_brings_no_key_for_an_api_is_nobody_there() -> None:
    assert caller(x_api_key="flt_a").principal_for("pay") == caller().principal_for("flintt") == ""


def test_equal_keys_of_two_apis_are_two_callers() -> None:
    found = CREDENTIALS.with_secrets({"free": "same", "flintt": "same"})
    assert found.principal_for("free") != found.principal_for("flintt")


def test_the_key_of_the_api_it_is_beside_says_who_somebody_is_where_there_is_no_other() -> None:
    beside = replace(FREE, name="back", beside="flintt", own_header="X-Back", own_query="back")
    credentials = Credentials((FLINTT, beside), b"d" * 32)
    by_key = credentials.with_secrets({"flintt": "flt_a"})
    assert by_key.principal_for("back") == by_key.principal_for("flintt")
    own = credentials.with_secrets({"flintt": "flt_a", "back": "session"})
    assert own.principal_for("back") not in ("", own.principal_for("flintt"))
