"""Operations as tools: keys, arguments that this server adds, look-ups, and answers that cannot be used."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flintt_mcp.calls.call import Call, QuietChannel
from flintt_mcp.calls.caller import Caller, ChannelKind
from flintt_mcp.calls.reply import Done, Refused
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue.argument import Route, body, path
from flintt_mcp.catalogue.flintt import FLINTT, FLINTT_TOOLSET
from flintt_mcp.catalogue.flowmaticx import FLOWMATICX_TOOLSET
from flintt_mcp.catalogue.operation import Effect, Operation, Toolset
from flintt_mcp.catalogue.result import Listing, Record, Section, Whole, fields
from flintt_mcp.errors import ConfigError, CredentialMissing, FlinttError, NotFound, Unauthorized
from flintt_mcp.rest.described import arguments_of
from flintt_mcp.rest.operation_tool import operation_tools
from flintt_mcp.rest.reading.clients import Budgets
from flintt_mcp.rest.reading.cursors import Cursors
from flintt_mcp.rest.sending.message import TransportFault
from flintt_mcp.rest.upstream import Held, Places, Results, Upstream
from tests.certain import of_kind
from tests.fake_api import KEYS, FakeApi, call, open_fake

pytestmark = pytest.mark.anyio

KEY = "flt_a_key_that_nobody_may_read"
MARK = "Zq7xMarker"


RESULTS = Results(Cursors(bytes(32)), Budgets())
HERE = Places({"flintt": "https://flintt.example"})


def tool_over(fake: FakeApi, name: str = "list_companies", places: Places = HERE, **more: Any) -> Tool:
    upstream = Upstream(fake, places, RESULTS, **more)
    return next(tool for tool in operation_tools(FLINTT_TOOLSET, upstream) if tool.name == name)


def call_of(tool: Tool, key: str | None = KEY, kind: ChannelKind = "shell", **arguments: Any) -> Call:
    return Call(tool, arguments, Caller("p", {} if key is None else {"flintt": key}), QuietChannel(kind))


async def failure(call: Call) -> FlinttError:
    with pytest.raises(FlinttError) as caught:
        await call.tool.handle(call)
    return caught.value


@pytest.mark.parametrize(
    ("kind", "advice"),
    [
        ("http", "add ?api_key=KEY to the MCP URL or send the header X-API-Key: KEY"),
        ("stdio", "set FLINTT_API_KEY in the env block"),
        ("shell", "set the environment variable FLINTT_API_KEY, or add --sandbox"),
    ],
)
async def test_without_a_key_nothing_is_sent_and_the_way_to_give_one_is_told(kind: ChannelKind, advice: str) -> None:
    fake = FakeApi()
    error = await failure(call_of(tool_over(fake), None, kind))
    assert isinstance(error, CredentialMissing)
    assert error.message == "list_companies needs a Flintt key"
    assert error.advice.startswith(advice)
    assert fake.requests == []


async def test_the_published_sandbox_key_goes_to_a_sandbox_only() -> None:
    fake = FakeApi()
    error = await failure(call_of(tool_over(fake), "flt_sandbox_key"))
    assert isinstance(error, CredentialMissing)
    assert error.advice.startswith("start the server with --sandbox, or ")
    assert fake.requests == []
    fake.will_answer([])
    sandbox = tool_over(fake, places=replace(HERE, sandboxed=frozenset({"flintt"})))
    assert isinstance(await sandbox.handle(call_of(sandbox, "flt_sandbox_key")), Done)


async def test_an_api_without_a_url_is_told_as_a_setting() -> None:
    error = await failure(call_of(tool_over(FakeApi(), places=Places({"flintt": None}))))
    assert isinstance(error, ConfigError)
    assert (error.message, error.advice) == ("Flintt has no URL here", "the operator sets FLINTT_API_URL")


async def test_a_key_that_the_api_repeats_is_taken_out_of_what_it_says() -> None:
    fake = FakeApi()
    fake.will_answer({"detail": f"no such key: {KEY}", "message": KEY}, status=400)
    error = await failure(call_of(tool_over(fake)))
    assert KEY not in error.message + error.advice
    assert "[key]" in error.message


async def test_a_401_names_no_other_cause() -> None:
    fake = FakeApi()
    fake.will_answer({"detail": "the database is down"}, status=401)
    error = await failure(call_of(tool_over(fake)))
    assert isinstance(error, Unauthorized)
    assert error.message == "Flintt does not accept this key (401)"


@given(said=st.text(max_size=400), status=st.sampled_from([400, 403, 404, 409, 422, 429, 500, 503]))
async def test_what_an_api_says_stays_one_bounded_line_in_quotes(said: str, status: int) -> None:
    fake = FakeApi()
    fake.will_answer({"detail": said + "\u202e\n" + "x" * 500}, status=status)
    error = await failure(call_of(tool_over(fake)))
    assert len(error.message) < 500
    assert error.message.isprintable() or error.message.splitlines() == [error.message]
    assert error.message.count('"') == 2
    error.message.encode()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"detail": "plain"}, '"plain"'),
        ({"message": "plain"}, '"plain"'),
        ({"error": "plain"}, '"plain"'),
        ({"error": {"code": "X", "message": "plain"}}, '"plain"'),
        ({"detail": [{"loc": ["body", "name"], "msg": "too long", "input": MARK}]}, '"name: too long"'),
        ({"detail": [{"loc": ["body", "tags", 0], "msg": "bad"}, "loose"]}, '"tags.0: bad; loose"'),
        ({"detail": [{"msg": "no place"}]}, '"no place"'),
        ({"detail": 7}, None),
        ({"detail": None}, None),
        ([], None),
        ("<html>", None),
        ("[" * 100_000, None),
        (b"\xff", None),
    ],
)
async def test_an_error_is_read_in_every_shape_these_apis_use(answer: Any, said: str | None) -> None:
    fake = FakeApi()
    fake.will_answer(answer, status=422)
    error = await failure(call_of(tool_over(fake)))
    assert error.message == "Flintt refused the request (422)" + (f": {said}" if said else "")
    assert MARK not in error.message


@pytest.mark.parametrize(
    ("tool", "arguments", "status", "changed"),
    [
        ("list_companies", {}, 500, "no"),
        ("create_company", {"name": "a"}, 422, "no"),
        ("create_company", {"name": "a"}, 500, "unknown"),
        ("create_company", {"name": "a"}, 502, "unknown"),
        ("create_company", {"name": "a"}, 302, "no"),
        ("delete_signal", {"signal_id": "s"}, 404, "no"),
        ("delete_signal", {"signal_id": "s"}, 503, "unknown"),
    ],
)
async def test_a_failure_says_whether_anything_was_changed(
    tool: str, arguments: Any, status: int, changed: str
) -> None:
    fake = FakeApi()
    fake.will_answer({}, status=status)
    assert (await failure(call_of(tool_over(fake, tool), **arguments))).changed == changed


async def test_a_success_that_changed_something_says_so() -> None:
    fake = FakeApi()
    fake.will_answer({"id": "c1"}, [])
    made, listed = tool_over(fake, "create_company"), tool_over(fake)
    assert of_kind(Done, await made.handle(call_of(made, name="a"))).changed == "yes"
    assert of_kind(Done, await listed.handle(call_of(listed))).changed == "no"


def _names(result: Record | Listing, effect: Effect = Effect.READ) -> list[str]:
    operation = Operation(
        name="x",
        title="",
        about="",
        effect=effect,
        routes=(Route("POST", "/x"),),
        args=(body("a"),),
        result=result,
    )
    return [arg.name for arg in arguments_of(operation)]


def test_arguments_of_this_server_are_added_where_they_make_sense() -> None:
    sectioned = Record(noun="x", fields=(), sections=(Section(name="rows", fields=()),))
    assert _names(Record(noun="x", fields=())) == ["a"]
    assert _names(sectioned) == ["a", "limit", "cursor"]
    assert _names(Listing(rows="rows", fields=(), paging=Whole())) == ["a", "fields", "limit", "cursor"]
    writes = [effect for effect in Effect if effect is not Effect.READ]
    assert [_names(Record(noun="x", fields=()), effect) for effect in writes] == [["a", "intent_id"]] * 4


SLASHED = Toolset(
    name="slashed",
    about="",
    api=FLINTT,
    operations=(
        Operation(
            name="get_thing",
            title="Get",
            about="Gets.",
            effect=Effect.READ,
            routes=(Route("GET", "/things/{id}"),),
            args=(path("id"),),
            result=Record(noun="thing", fields=fields("id")),
        ),
    ),
)


@given(id=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
async def test_no_argument_takes_the_key_out_of_the_base_url(id: str) -> None:
    fake = FakeApi()
    fake.will_answer({"id": "x"})
    upstream = Upstream(fake, Places({"flintt": "https://flintt.example/base"}), RESULTS)
    (tool,) = operation_tools(SLASHED, upstream)
    try:
        await tool.handle(call_of(tool, id=id))
    except FlinttError:
        assert (id in (".", ".."), fake.requests) == (True, [])
    else:
        (request,) = fake.requests
        assert request.url.startswith("https://flintt.example/base/things/")
        assert "/" not in request.url.removeprefix("https://flintt.example/base/things/")


async def test_the_same_job_twice_has_one_idempotency_key_and_a_new_intent_another(tmp_path: Path) -> None:
    fake = FakeApi()
    job = {"workflow_type": "LINKEDIN", "keyword": "a", "location": "b", "leads_requested": 1}
    async with open_fake(tmp_path, fake) as app:
        fake.will_answer(TransportFault("the connection was reset", sent=True))
        assert isinstance(await call(app, "flowmaticx_create_job", job), Refused)
        for more in ({}, {"intent_id": "again"}, {"keyword": "other"}):
            fake.will_answer({"ok": True, "data": {"job_id": 1}})
            assert isinstance(await call(app, "flowmaticx_create_job", {**job, **more}), Done)
        assert isinstance(await call(app, "flowmaticx_create_job", job), Done)
        fake.will_answer({"ok": True, "data": {"job_id": 1}})
        other = app.credentials.with_secrets({**KEYS, "flowmaticx": "lg_live_other"})
        assert isinstance(await call(app, "flowmaticx_create_job", job, other), Done)
    keys = [request.headers["idempotency-key"] for request in fake.requests]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 4
    assert all(request.repeatable for request in fake.requests)


async def test_a_look_up_stops_where_the_list_ends(tmp_path: Path) -> None:
    fake = FakeApi()
    async with open_fake(tmp_path, fake) as app:
        fake.will_answer({"ok": True, "data": {"jobs": [{"id": 1}], "total": 1}})
        reply = await call(app, "flowmaticx_get_job", {"job_id": 2})
        assert isinstance(reply, Refused)
        assert isinstance(reply.error, NotFound)
        assert reply.error.changed == "no"
    assert len(fake.requests) == 1


async def test_a_look_up_of_a_list_without_an_end_ends(tmp_path: Path) -> None:
    fake = FakeApi()
    async with open_fake(tmp_path, fake) as app:
        fake.will_answer(*[{"ok": True, "data": {"jobs": [{"id": 1}], "total": 10**9}}] * 200)
        reply = await call(app, "flowmaticx_get_job", {"job_id": 2})
        assert isinstance(reply, Refused)
        assert reply.error.message.endswith("among the first 50 rows, and no further ones were looked at")
    assert len(fake.requests) == 50


async def test_a_look_up_whose_time_is_over_ends(tmp_path: Path) -> None:
    fake = FakeApi()
    upstream = Upstream(fake, Places({"flowmaticx": "https://flowmaticx.example"}), RESULTS, deadline=0)
    tools = operation_tools(FLOWMATICX_TOOLSET, upstream)
    tool = next(tool for tool in tools if tool.name == "flowmaticx_get_job")
    fake.will_answer({"ok": True, "data": {"jobs": [{"id": number} for number in range(100)], "total": 1000}})
    with pytest.raises(NotFound, match="among the first 100 rows, and no further ones were looked at"):
        await tool.handle(Call(tool, {"job_id": 500}, Caller("p", {"flowmaticx": KEYS["flowmaticx"]})))
    assert len(fake.requests) == 1


def login_of(*tokens: str) -> tuple[list[str], Held]:
    """A login at Flintt that hands out these tokens one after the other, and what it was told of refused ones."""
    told: list[str] = []

    async def token(refused: str) -> str:
        told.append(refused)
        return tokens[len(told) - 1]

    return told, Held(tokens={"flintt": token})


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("list_companies", {}), ("create_company", {"name": "Acme"}), ("delete_signal", {"signal_id": "s"})],
)
async def test_a_call_whose_token_was_refused_goes_again_with_another(name: str, arguments: dict[str, str]) -> None:
    fake = FakeApi()
    told, held = login_of("old", "new")
    fake.will_answer({"detail": "Invalid"}, status=401)
    fake.will_answer([] if name == "list_companies" else {"id": "c"})
    tool = tool_over(fake, name, held=held)
    assert isinstance(await tool.handle(call_of(tool, None, "stdio", **arguments)), Done)
    assert told == ["", "old"]
    assert [request.headers["x-api-key"] for request in fake.requests] == ["old", "new"]
    assert len({(request.method, request.url, request.body) for request in fake.requests}) == 1


async def test_a_second_token_that_is_refused_is_the_end() -> None:
    fake = FakeApi()
    told, held = login_of("old", "new")
    fake.will_answer(*[{"detail": "Invalid"}] * 2, status=401)
    assert isinstance(await failure(call_of(tool_over(fake, held=held), None, "shell")), Unauthorized)
    assert (told, len(fake.requests)) == (["", "old"], 2)


async def test_a_token_that_is_given_back_is_not_sent_again() -> None:
    fake = FakeApi()
    told, held = login_of("old", "old")
    fake.will_answer({"detail": "Invalid"}, status=401)
    assert isinstance(await failure(call_of(tool_over(fake, held=held), None, "shell")), Unauthorized)
    assert (told, len(fake.requests)) == (["", "old"], 1)


async def test_a_key_that_is_refused_is_not_replaced_by_somebodys_login() -> None:
    fake = FakeApi()
    told, held = login_of("old", "new")
    fake.will_answer({"detail": "Invalid"}, status=401)
    assert isinstance(await failure(call_of(tool_over(fake, held=held))), Unauthorized)
    assert isinstance(await failure(call_of(tool_over(fake, held=held), None, "http")), CredentialMissing)
    assert (told, len(fake.requests)) == ([], 1)
