"""How many calls run at once, in all and for one caller: nobody takes the last place, and documentation is counted apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import anyio
import pytest

from flintt_mcp.calls.arguments.arguments import Arguments
from flintt_mcp.calls.call import Call
from flintt_mcp.calls.caller import Caller
from flintt_mcp.calls.pipeline import Pipeline
from flintt_mcp.calls.reply import Done, Refused, Reply
from flintt_mcp.calls.stages.limit import Limit
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue.operation import Effect
from flintt_mcp.errors import Busy, FlinttError

pytestmark = pytest.mark.anyio


def tool(handle: Any, api: str | None = "flintt", *, waits: bool = False) -> Tool:
    return Tool(
        name="say",
        title="Say",
        about="Says.",
        effect=Effect.READ,
        toolset="words",
        arguments=Arguments("say", ()),
        handle=handle,
        api=api,
        long_lived=waits,
    )


def caller(who: str) -> Caller:
    return Caller(who, principals={"flintt": who})


class Running:
    """A tool whose calls run until they are let go; `of` counts them by caller."""

    def __init__(self) -> None:
        self.end = anyio.Event()
        self.of: Counter[str] = Counter()

    async def __call__(self, call: Call) -> Reply:
        self.of[call.caller.principal] += 1
        await self.end.wait()
        return Done(text="done")


async def replies(
    pipeline: Pipeline, callers: Sequence[str], api: str | None = "flintt"
) -> tuple[list[Reply], Running]:
    """The replies to calls that all come before the first one ends; those that were refused at once come first."""
    running, given = Running(), []
    one = tool(running, api)

    async def run(who: str) -> None:
        given.append(await pipeline.run(Call(one, {}, caller(who))))

    async with anyio.create_task_group() as group:
        for who in callers:
            group.start_soon(run, who)
        await anyio.wait_all_tasks_blocked()
        running.end.set()
    return given, running


async def test_more_calls_of_one_caller_than_allowed_are_refused_and_others_go_on() -> None:
    pipeline = Pipeline([Limit(per_caller=2, total=10)])
    given, running = await replies(pipeline, ["a", "a", "a", "b"])
    assert running.of == {"a": 2, "b": 1}
    refused, *others = given
    assert others == [Done(text="done")] * 3
    assert isinstance(refused, Refused)
    assert isinstance(refused.error, Busy)
    assert (refused.error.message, refused.error.changed, refused.error.advice) == (
        "This server's own limit is reached: it runs at most 10 calls at once, 2 of them for one key",
        "no",
        "nothing was sent; call again when other calls have ended, or have the operator raise --calls or --calls-per-key",
    )
    again, _ = await replies(pipeline, ["a"])
    assert again == [Done(text="done")]


async def test_no_caller_takes_the_last_places_and_those_who_come_anew_find_one() -> None:
    _, running = await replies(Pipeline([Limit(per_caller=100, total=16)]), [*"a" * 20, *"b" * 20, *"c" * 20, "d"])
    assert running.of == {"a": 8, "b": 4, "c": 2, "d": 1}


async def test_more_calls_in_all_than_allowed_are_refused() -> None:
    given, running = await replies(Pipeline([Limit(per_caller=10, total=2)]), ["a", "b", "c"])
    assert (running.of, len(given)) == ({"a": 1, "b": 1}, 3)


async def test_documentation_is_read_while_all_other_calls_are_taken_and_takes_none_of_them() -> None:
    limit = Pipeline([Limit(per_caller=10, total=2)])
    reading, running = Running(), Running()
    async with anyio.create_task_group() as group:
        for who in ("a", "b", "c"):
            group.start_soon(limit.run, Call(tool(running), {}, caller(who)))
            group.start_soon(limit.run, Call(tool(reading, api=None), {}, caller(who)))
        await anyio.wait_all_tasks_blocked()
        assert (running.of, reading.of) == ({"a": 1, "b": 1}, {"a": 1, "b": 1})
        group.cancel_scope.cancel()


async def test_calls_that_wait_are_bounded_for_one_caller_and_take_no_place_of_others() -> None:
    limit = Pipeline([Limit(per_caller=2, total=10)])
    waiting, reading, running = Running(), Running(), Running()
    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(limit.run, Call(tool(waiting, api=None, waits=True), {}, caller("a")))
        await anyio.wait_all_tasks_blocked()
        for other in (tool(reading, api=None), tool(running)):
            for _ in range(2):
                group.start_soon(limit.run, Call(other, {}, caller("a")))
        await anyio.wait_all_tasks_blocked()
        assert (waiting.of, reading.of, running.of) == ({"a": 2}, {"a": 2}, {"a": 2})
        group.cancel_scope.cancel()


async def test_callers_without_a_key_read_documentation_up_to_half_of_the_limit_and_are_not_one_key() -> None:
    _, running = await replies(Pipeline([Limit(per_caller=1, total=10)]), ["nobody"] * 10, api=None)
    assert running.of == {"nobody": 5}


async def test_a_call_that_fails_gives_its_place_back() -> None:
    async def fail(call: Call) -> Reply:
        raise FlinttError("no")

    pipeline = Pipeline([Limit(per_caller=1, total=1)])
    for _ in range(3):
        reply = await pipeline.run(Call(tool(fail), {}, caller("a")))
        assert isinstance(reply, Refused)
        assert reply.error.message == "no"
