"""Keys that no API has accepted yet share a bound by address; a key that an API accepted is bounded by its own limit alone."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from flintt_mcp.calls.arguments.arguments import Arguments
from flintt_mcp.calls.call import Call
from flintt_mcp.calls.caller import Caller
from flintt_mcp.calls.pipeline import Pipeline
from flintt_mcp.calls.reply import Done, Refused, Reply
from flintt_mcp.calls.stages.strangers import Strangers
from flintt_mcp.calls.tool import Tool
from flintt_mcp.calls.trace import Trace
from flintt_mcp.catalogue.operation import Effect
from flintt_mcp.errors import Busy, FlinttError, Forbidden, NotFound, Unauthorized

pytestmark = pytest.mark.anyio

DONE = Done("done")


class Api:
    """A tool's handle that waits until it is let go, and then gives this reply or raises this."""

    def __init__(self, reply: Reply | FlinttError = DONE) -> None:
        self.reply = reply
        self.entered = 0
        self.go = anyio.Event()

    async def __call__(self, call: Call) -> Reply:
        self.entered += 1
        await self.go.wait()
        if isinstance(self.reply, FlinttError):
            raise self.reply
        return self.reply


def tool(handle: Any, api: str | None = "flintt") -> Tool:
    arguments = Arguments("say", ())
    return Tool("say", "Say", "Says.", Effect.READ, "words", arguments, handle, api=api)


def caller(key: str, address: str = "10.0.0.1") -> Caller:
    return Caller(key, principals={"flintt": key} if key else {}, trace=Trace(address=address) if address else None)


async def refusals(pipeline: Pipeline, calls: list[Call], api: Api) -> list[Reply]:
    """The replies of calls that are begun one after the other while none ends."""
    replies: list[Reply] = []

    async def run(call: Call) -> None:
        replies.append(await pipeline.run(call))

    async with anyio.create_task_group() as group:
        for call in calls:
            group.start_soon(run, call)
        await anyio.wait_all_tasks_blocked()
        early = list(replies)
        api.go.set()
    return early


async def test_invented_keys_at_one_address_share_a_bound() -> None:
    api = Api(Unauthorized("no", operation="say", status=401))
    pipeline = Pipeline([Strangers(3)])
    calls = [Call(tool(api), {}, caller(f"invented {number}")) for number in range(5)]
    calls.append(Call(tool(api), {}, caller("invented", "10.0.0.2")))
    refused = await refusals(pipeline, calls, api)
    assert [type(reply.error) for reply in refused if isinstance(reply, Refused)] == [Busy, Busy]
    assert (len(refused), api.entered) == (2, 4)


@pytest.mark.parametrize(
    ("reply", "known"),
    [
        (DONE, True),
        (Forbidden("no", operation="say", status=403), True),
        (Unauthorized("no", operation="say", status=401), False),
        (NotFound("no", operation="say", status=404), False),
        (FlinttError("no"), False),
    ],
)
async def test_a_key_is_known_once_its_api_has_shown_that_it_is_good(reply: Reply | FlinttError, known: bool) -> None:
    pipeline = Pipeline([Strangers(1)])
    first = Api(reply)
    first.go.set()
    await pipeline.run(Call(tool(first), {}, caller("key")))
    api = Api()
    refused = await refusals(pipeline, [Call(tool(api), {}, caller("key")) for _ in range(4)], api)
    assert (len(refused), api.entered) == ((0, 4) if known else (3, 1))


@pytest.mark.parametrize(
    ("who", "api_name"),
    [(caller("", "10.0.0.1"), "flintt"), (caller("key", ""), "flintt"), (caller("key"), None)],
    ids=["without a key", "at this machine", "documentation"],
)
async def test_who_has_no_key_or_no_address_or_needs_no_api_is_no_stranger(who: Caller, api_name: str | None) -> None:
    api = Api()
    pipeline = Pipeline([Strangers(1)])
    refused = await refusals(pipeline, [Call(tool(api, api_name), {}, who) for _ in range(4)], api)
    assert (refused, api.entered) == ([], 4)


async def test_only_so_many_keys_are_kept_and_the_one_unused_for_longest_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("flintt_mcp.calls.stages.strangers._MOST_KNOWN", 2)
    strangers = Strangers(1)
    quick = Api()
    quick.go.set()
    for key in ("a", "b", "a", "c"):
        await Pipeline([strangers]).run(Call(tool(quick), {}, caller(key)))
    assert list(strangers._known) == ["a", "c"]
    assert not strangers._running
