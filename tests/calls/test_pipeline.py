"""The pipeline: stages in order, failures that become refusals, limits, and tools found by name."""

from __future__ import annotations

import logging
from typing import Any

import anyio
import pytest
from msgspec.structs import replace

from flintt_mcp.calls.arguments.arguments import Arguments
from flintt_mcp.calls.call import Call, Next, QuietChannel
from flintt_mcp.calls.caller import Caller
from flintt_mcp.calls.inventory import Inventory
from flintt_mcp.calls.narrowing import Narrowing
from flintt_mcp.calls.pipeline import Pipeline
from flintt_mcp.calls.reply import Done, Refused, Reply
from flintt_mcp.calls.stages.validate import validate
from flintt_mcp.calls.stages.visible import visible
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue.argument import Kind, local
from flintt_mcp.catalogue.operation import Effect
from flintt_mcp.errors import NotFound, UnknownTool

pytestmark = pytest.mark.anyio

NOBODY = Caller("nobody")
ARGS = (local("name"), local("count", kind=Kind.INTEGER), local("limit", kind=Kind.INTEGER), local("cursor"))


def tool(handle: Any = None, name: str = "say", effect: Effect = Effect.READ, toolset: str = "words") -> Tool:
    async def say(call: Call) -> Reply:
        return Done(text=str(dict(call.arguments)))

    return Tool(
        name=name,
        title="Say",
        about="Says its arguments.",
        effect=effect,
        toolset=toolset,
        arguments=Arguments(name, ARGS),
        handle=handle or say,
    )


def call(one: Tool | None = None, caller: Caller = NOBODY, **arguments: Any) -> Call:
    return Call(one or tool(), arguments, caller)


async def test_a_call_runs_through_the_stages_in_order_and_back() -> None:
    seen: list[str] = []

    def stage(name: str) -> Any:
        async def run(call: Call, next: Next) -> Reply:
            seen.append(name + " in")
            reply = await next(call)
            seen.append(name + " out")
            return reply

        return run

    assert await Pipeline([stage("a"), stage("b")]).run(call(name="x")) == Done(text="{'name': 'x'}")
    assert seen == ["a in", "b in", "b out", "a out"]


async def test_a_call_passes_the_stages_that_its_tool_concerns() -> None:
    seen: list[str] = []

    class OfWrites:
        def concerns(self, tool: Tool) -> bool:
            return not tool.effect.reads

        async def __call__(self, call: Call, next: Next) -> Reply:
            seen.append(call.tool.effect.value)
            return await next(call)

    pipeline = Pipeline([OfWrites()])
    for effect in (Effect.READ, Effect.CREATE, Effect.READ, Effect.SPEND):
        await pipeline.run(call(tool(effect=effect)))
    assert seen == [Effect.CREATE.value, Effect.SPEND.value]


async def test_a_stage_may_answer_for_the_tool_or_replace_the_call() -> None:
    async def answer(call: Call, next: Next) -> Reply:
        return Done(text="from the stage")

    async def rename(call: Call, next: Next) -> Reply:
        return await next(replace(call, arguments={"name": "y"}))

    assert await Pipeline([answer]).run(call()) == Done(text="from the stage")
    assert await Pipeline([rename]).run(call(name="x")) == Done(text="{'name': 'y'}")


async def test_an_error_on_purpose_becomes_a_refusal() -> None:
    error = NotFound("nothing there", operation="say")

    async def fail(call: Call) -> Reply:
        raise error

    reply = await Pipeline([]).run(call(tool(fail)))
    assert isinstance(reply, Refused)
    assert reply.error is error


@pytest.mark.parametrize(
    ("effect", "changed"), [(Effect.READ, "no"), (Effect.CREATE, "unknown"), (Effect.SPEND, "unknown")]
)
async def test_a_fault_of_our_own_is_told_without_its_words_and_logged_with_them(
    effect: Effect, changed: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(call: Call) -> Reply:
        raise RuntimeError("flt_secret in a traceback")

    with caplog.at_level(logging.ERROR):
        reply = await Pipeline([]).run(call(tool(fail, effect=effect)))
    assert isinstance(reply, Refused)
    assert (reply.error.message, reply.error.changed) == ("The server failed on this call", changed)
    assert reply.error.advice == "tell the operator"
    assert [record.getMessage() for record in caplog.records] == ["say failed inside the server"]


async def test_a_cancelled_call_is_not_swallowed() -> None:
    async def wait(call: Call) -> Reply:
        await anyio.sleep_forever()
        raise AssertionError

    with anyio.CancelScope() as scope:
        scope.cancel()
        await Pipeline([]).run(call(tool(wait)))
    assert scope.cancelled_caught


async def test_arguments_are_checked_and_only_what_was_set_is_handed_on() -> None:
    assert await Pipeline([validate]).run(call(count="3", name=None)) == Done(text="{'count': 3}")
    reply = await Pipeline([validate]).run(call(nmae="x"))
    assert isinstance(reply, Refused)
    assert reply.error.message == "nmae: unknown argument; did you mean name?"


async def test_a_tool_that_a_caller_does_not_see_cannot_be_called_either() -> None:
    narrow = Caller("narrow", narrowing=Narrowing(frozenset({"docs"})))
    reply = await Pipeline([visible]).run(call(caller=narrow))
    assert isinstance(reply, Refused)
    assert isinstance(reply.error, UnknownTool)
    wide = Caller("wide", narrowing=Narrowing(frozenset({"docs", "words"})))
    assert isinstance(await Pipeline([visible]).run(call(caller=wide)), Done)


def test_a_call_means_its_arguments_without_those_that_choose_a_page() -> None:
    one = call(name="é", count=1, limit=5, cursor="abc")
    assert one.canonical == '{"count":1,"name":"é"}'
    assert one.canonical == call(count=1, name="é").canonical


def test_a_channel_without_a_client_shows_nothing() -> None:
    assert QuietChannel().kind == "shell"


INVENTORY = Inventory(
    [tool(name="list_signals"), tool(name="get_signal"), tool(name="list_docs", toolset="docs")],
    {"delete_signal": "this server is read-only"},
)


def test_a_tool_is_found_by_name() -> None:
    assert INVENTORY.find("get_signal", NOBODY).name == "get_signal"
    assert INVENTORY.get("get_signal") is INVENTORY.find("get_signal", NOBODY)
    assert INVENTORY.get("nothing") is None
    assert [one.name for one in INVENTORY] == ["list_signals", "get_signal", "list_docs"]
    assert len(INVENTORY) == 3


@pytest.mark.parametrize(
    ("name", "message", "advice"),
    [
        ("get_signals", "Unknown tool: get_signals", "did you mean get_signal or list_signals?"),
        ("LIST_DOCS", "Unknown tool: LIST_DOCS", "did you mean list_docs?"),
        ("zzz", "Unknown tool: zzz", "tools/list names those that are on"),
        (
            "delete_signal",
            "delete_signal is switched off here: this server is read-only",
            "tell the person; only the operator of this server can switch it on",
        ),
        ("a\nb" + "c" * 100, "Unknown tool: a?b" + "c" * 37 + "...", "tools/list names those that are on"),
        ("\ud800", "Unknown tool: ?", "tools/list names those that are on"),
    ],
)
def test_an_unknown_tool_is_told_with_close_names_or_the_reason(name: str, message: str, advice: str) -> None:
    with pytest.raises(UnknownTool) as caught:
        INVENTORY.find(name, NOBODY)
    assert (caught.value.message, caught.value.advice) == (message, advice)


@pytest.mark.parametrize(
    ("narrowing", "left", "why"),
    [
        (Narrowing(frozenset({"docs"})), ["list_docs"], "it names other toolsets (X-MCP-Toolsets, ?toolsets)"),
        (
            Narrowing(tools=frozenset({"list_docs", "list_signals"})),
            ["list_signals", "list_docs"],
            "it names other tools (X-MCP-Tools, ?tools)",
        ),
        (
            Narrowing(excluded=frozenset({"get_signal"})),
            ["list_signals", "list_docs"],
            "it excludes this one (X-MCP-Exclude-Tools, ?exclude_tools)",
        ),
    ],
)
def test_a_caller_sees_and_finds_only_what_its_narrowing_leaves_on(
    narrowing: Narrowing, left: list[str], why: str
) -> None:
    narrow = Caller("narrow", narrowing=narrowing)
    assert [one.name for one in INVENTORY.visible_to(narrow)] == left
    assert [INVENTORY.offers([one.name], narrow) for one in INVENTORY] == [one.name in left for one in INVENTORY]
    with pytest.raises(UnknownTool) as caught:
        INVENTORY.find("get_signal", narrow)
    assert caught.value.message == f"get_signal is off for this request: {why}"


def test_the_wire_form_of_a_tool_without_an_output_schema_has_none() -> None:
    assert tool().wire.keys() == {"name", "title", "description", "inputSchema", "annotations"}
