"""The composition root: what is opened together, for whom, and what it can reach."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mcp import Client, MCPError

from flintt_mcp.app import Additions, open_app
from flintt_mcp.calls.arguments.arguments import Arguments
from flintt_mcp.calls.call import Call, Next, Stage
from flintt_mcp.calls.reply import Done, Refused, Reply
from flintt_mcp.calls.stages.validate import validate
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue import APIS, TOOLSETS
from flintt_mcp.catalogue.argument import Kind
from flintt_mcp.catalogue.operation import Api, Effect, Operation
from flintt_mcp.errors import CredentialMissing
from flintt_mcp.rest.sending.message import TransportFault
from flintt_mcp.settings import Settings
from flintt_mcp.transports.http.exchanges.gate import sender_of
from tests.fake_api import BASE_URLS, KEYS, FakeApi, call, open_fake

pytestmark = pytest.mark.anyio


async def test_prompts_and_workspace_resources_come_with_their_toolset(tmp_path: Path) -> None:
    async with open_fake(tmp_path / "a", toolsets=("docs",)) as app:
        needed = [*(prompt.needs for prompt in app.prompts), *(row.needs for row in app.resources.templates)]
        assert [needs for needs in needed if app.inventory.offers(needs, app.caller)] == []
        assert app.resources.fixed != []
    async with open_fake(tmp_path / "b", toolsets=("default",)) as app:
        assert len(app.prompts) == 4
        assert len(app.resources.templates) == 2


async def test_what_somebody_adds_goes_through_the_same_pipeline(tmp_path: Path) -> None:
    async def shout(call: Call) -> Done:
        return Done(text="HELLO")

    async def stage(call: Call, next: Any) -> Any:
        reply = await next(call)
        return Done(text=reply.text + "!") if isinstance(reply, Done) else reply

    tool = Tool(
        name="shout",
        title="Shout",
        about="Shouts.",
        effect=Effect.READ,
        toolset="extra",
        arguments=Arguments("shout", ()),
        handle=shout,
        long_lived=True,
    )
    async with open_fake(tmp_path, additions=Additions(tools=[tool], stages={"spending": stage})) as app:
        assert await call(app, "shout", {}) == Done(text="HELLO!")
        assert app.needs_stream("shout")
        assert not app.needs_stream("list_docs")
        assert not app.needs_stream("nothing")
        assert isinstance(await call(app, "shout", {"x": 1}), Refused)


async def test_a_stage_is_added_behind_any_stage_of_the_list_by_its_name_even_one_that_is_off(tmp_path: Path) -> None:
    passed: list[str] = []

    def noting(name: str) -> Stage:
        async def stage(call: Call, next: Next) -> Reply:
            passed.append(name)
            return await next(call)

        return stage

    names = ("spending", "visible", "watch", "limit", "validate", "scopes")
    additions = Additions(stages={name: noting(name) for name in names})
    async with open_fake(tmp_path, additions=additions) as app:
        assert isinstance(await call(app, "list_docs", {"nobody": "knows this"}), Refused)
        assert isinstance(await call(app, "list_docs", {}), Done)
    before = ["watch", "scopes", "visible"]
    assert passed == [*before, *before, "validate", "limit", "spending"]


async def test_a_stage_that_would_stand_nowhere_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"behind one of watch, scopes, .* spending, policy, duplicates, approval, once"
    ):
        async with open_fake(tmp_path, additions=Additions(stages={"spendign": validate})):
            pass


@pytest.mark.parametrize("counted", [True, False])
async def test_calls_are_counted_where_somebody_reads_the_figures(tmp_path: Path, counted: bool) -> None:
    async with open_app(Settings(data_dir=str(tmp_path)), {}, counted=counted, sender=FakeApi()) as app:
        await call(app, "list_docs", {})
        assert (b'flintt_mcp_calls_total{outcome="done",tool="list_docs"} 1.0' in app.metrics.text()) is counted


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.name)
async def test_the_environment_gives_keys_and_urls(tmp_path: Path, api: Any) -> None:
    environment = {f"{api.variable}_{api.secret}": KEYS[api.name]}
    async with open_fake(tmp_path, environment=environment) as app:
        assert app.caller.secrets == {api.name: KEYS[api.name]}
        assert app.upstream.places.urls[api.name] == BASE_URLS[api.name]
    async with open_app(Settings(data_dir=str(tmp_path)), {}, sender=FakeApi()) as app:
        assert app.caller.secrets == {}
        assert app.upstream.places.urls[api.name] == api.url


async def test_over_http_nobody_counts_as_whoever_started_the_process(tmp_path: Path) -> None:
    async with open_fake(tmp_path, FakeApi(), {"FLINTT_API_KEY": "flt_own"}) as app:
        assert app.face().caller.secrets == {"flintt": "flt_own"}
        assert app.face(sender_of).caller.secrets == {}


async def test_the_sandbox_holds_its_own_keys_and_answers_in_this_process(tmp_path: Path) -> None:
    async with open_app(Settings(sandbox=True, data_dir=str(tmp_path)), {"FLINTT_API_KEY": "flt_real"}) as app:
        assert app.caller.secrets["flintt"] == "flt_sandbox_key"
        reply = await app.pipeline.run(Call(app.inventory.find("list_signals", app.caller), {"limit": 1}, app.caller))
        assert isinstance(reply, Done)
        assert await app.reach() == {"flintt": None}


async def test_every_api_that_is_on_is_told_with_why_it_does_not_answer_and_no_key_is_sent(tmp_path: Path) -> None:
    fake = FakeApi()
    async with open_fake(tmp_path, fake, toolsets=("flintt", "flextell")) as app:
        fake.will_answer({}, TransportFault("connection refused", sent=False), status=404)
        assert await app.reach() == {"flintt": None, "flextell": "connection refused"}
    assert [(request.method, request.url, dict(request.headers)) for request in fake.requests] == [
        ("GET", "https://flintt.example/base/", {}),
        ("GET", "https://flextell.example/base/", {}),
    ]


async def test_two_apis_at_one_address_are_one_question(tmp_path: Path) -> None:
    fake = FakeApi()
    async with open_fake(tmp_path, fake, toolsets=("flintt", "flintt-management")) as app:
        fake.will_answer({}, status=404)
        assert await app.reach() == {"flintt": None, "flintt-management": None}
    assert len(fake.requests) == 1


def _something(operation: Operation) -> dict[str, Any]:
    """Arguments that an operation takes."""
    values = {Kind.INTEGER: 1, Kind.NUMBER: 1, Kind.MONEY: "1", Kind.OBJECT: {}, Kind.FLAG: True, Kind.TEXTS: ["x"]}
    return {
        arg.name: arg.choices[0] if arg.choices else values.get(arg.kind, "x") for arg in operation.args if arg.required
    }


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.name)
async def test_a_key_of_the_sandbox_does_not_leave_for_a_hosted_api(tmp_path: Path, api: Api) -> None:
    fake = FakeApi()
    (operations,) = [toolset.operations for toolset in TOOLSETS if toolset.api is api]
    operation = next(one for one in operations if one.effect is Effect.READ)
    async with open_fake(tmp_path, fake) as app:
        keys = app.credentials.with_secrets({api.name: api.sandbox_key})
        reply = await call(app, operation.name, _something(operation), keys)
    assert isinstance(reply, Refused)
    assert isinstance(reply.error, CredentialMissing)
    assert fake.requests == []


async def test_names_that_no_tool_has_leave_nothing_behind(tmp_path: Path) -> None:
    """Whoever makes names up, without a key, must not make the server grow."""
    async with open_fake(tmp_path) as app, Client(app.server()) as client:
        for number in range(20):
            with pytest.raises(MCPError, match="Unknown tool"):
                await client.call_tool(f"no_such_tool_{number}", {})
        assert len(app.pipeline._ways) == 1
