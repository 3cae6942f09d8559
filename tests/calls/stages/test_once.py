"""A write is done once, however often it is asked for; what was lost is looked for before anything is answered."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from flintt_mcp.calls.arguments.arguments import Arguments
from flintt_mcp.calls.call import Call, QuietChannel
from flintt_mcp.calls.caller import Caller
from flintt_mcp.calls.intent import DAY, Intent, Intents, State
from flintt_mcp.calls.looking import Found, Looked
from flintt_mcp.calls.pipeline import Pipeline
from flintt_mcp.calls.reply import Done, Refused, Reply
from flintt_mcp.calls.stages.once import AGAIN, FOUND, Once, wanted_by
from flintt_mcp.calls.stages.validate import validate
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue.argument import local
from flintt_mcp.catalogue.operation import Effect
from flintt_mcp.errors import CallRefused, Changed, FlinttError
from flintt_mcp.state.intents import StoredIntents
from flintt_mcp.state.journal import Journal
from flintt_mcp.state.server_file import server_file
from tests.certain import of_kind, without_intent
from tests.clock import SetClock

pytestmark = pytest.mark.anyio

CALLER = Caller("somebody", {"flintt": "key"}, None, {"flintt": "somebody at flintt"})
LONGEST = 50.0
CREATES, SPENDS = 600.0, 86_400.0


@dataclass
class Api:
    """An API that makes things: `made` are those it has, `fails` what the next answers are instead, `hold` keeps it at work."""

    made: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    fails: list[FlinttError | BaseException] = field(default_factory=list)
    hold: anyio.Event | None = None
    looks: Looked | None = None
    looked: int = 0

    async def make(self, call: Call) -> Done:
        assert call.intent is not None
        self.keys.append(call.intent.key)
        if self.hold is not None:
            await self.hold.wait()
        if self.fails:
            raise self.fails.pop(0)
        self.made.append(call.arguments["name"])
        number = len(self.made)
        return Done(text=f"made {number}", structured={"thing": {"id": number}}, changed="yes")

    async def look(self, call: Call) -> Looked:
        self.looked += 1
        assert self.looks is not None
        return self.looks


@dataclass
class Bench:
    """One server over such an API: its stages, its intents, and a clock that a wait moves on."""

    api: Api
    intents: Intents
    clock: SetClock
    waiting: set[int] = field(default_factory=set)
    """The tasks whose calls have begun to wait for another one."""

    async def stand(self, seconds: float) -> None:
        """A sleep in which no time passes."""
        self.waiting.add(anyio.get_current_task().id)
        await anyio.lowlevel.checkpoint()

    def tool(self, effect: Effect = Effect.CREATE, *, repeatable: bool = False) -> Tool:
        arguments = Arguments("make", (local("name", required=True), local("intent_id")))
        look = None if self.api.looks is None else self.api.look
        return Tool(
            "make", "", "", effect, "flintt", arguments, self.api.make, "flintt", look=look, repeatable=repeatable
        )

    async def call(self, tool: Tool, name: str = "Acme", caller: Caller = CALLER, **more: Any) -> Reply:
        """One call; whoever waits in it lets time pass, unless the API is held at work."""
        once = Once(
            self.intents,
            {Effect.CREATE: CREATES, Effect.SPEND: SPENDS},
            LONGEST,
            self.clock.seconds,
            self.clock.sleep if self.api.hold is None else self.stand,
        )
        call = Call(tool, {"name": name, **more}, caller, QuietChannel("http"))
        return without_intent(await Pipeline([validate, once]).run(call))


@pytest.fixture
def bench(tmp_path: Path, clock: SetClock) -> Iterator[Bench]:
    file = server_file(tmp_path)
    yield Bench(Api(), StoredIntents(file, b"k" * 32, clock.seconds, Journal(b"k" * 32)), clock)
    file.close()


def made(number: int, note: str = "") -> Done:
    """The reply to a call that made the thing of that number."""
    thing: dict[str, Any] = {"thing": {"id": number}}
    if not note:
        return Done(text=f"made {number}", structured=thing, changed="yes")
    return Done(text=f"made {number}\n{note}", structured={**thing, "note": note}, changed="yes")


def lost(changed: Changed = "unknown") -> FlinttError:
    return FlinttError("The answer did not come", changed=changed)


def told(reply: Reply) -> tuple[str, Changed, str]:
    assert isinstance(reply, Refused)
    return reply.error.message, reply.error.changed, reply.error.advice


async def test_a_result_names_the_intent_that_it_is_kept_with(bench: Bench) -> None:
    once = Once(bench.intents, {Effect.CREATE: CREATES}, LONGEST, bench.clock.seconds, bench.clock.sleep)
    call = Call(bench.tool(), {"name": "Acme"}, CALLER, QuietChannel("http"))
    first, again = [of_kind(Done, await Pipeline([validate, once]).run(call)) for _ in range(2)]
    (row,) = await rows(bench)
    assert first.intent == again.intent == row.id


async def test_the_same_create_again_gets_the_first_result_and_is_told_that_nothing_was_done(bench: Bench) -> None:
    tool = bench.tool()
    assert await bench.call(tool) == made(1)
    bench.clock.forward(seconds=CREATES - 1)
    assert await bench.call(tool) == made(1, AGAIN)
    bench.clock.forward(seconds=1)
    assert await bench.call(tool) == made(2)
    assert bench.api.made == ["Acme", "Acme"]


async def test_a_spend_is_remembered_longer_than_a_create(bench: Bench) -> None:
    tool = bench.tool(Effect.SPEND)
    assert await bench.call(tool) == made(1)
    bench.clock.forward(seconds=SPENDS - 1)
    assert await bench.call(tool) == made(1, AGAIN)


async def test_what_was_named_is_remembered_for_a_day_whatever_was_deleted_meanwhile(bench: Bench) -> None:
    assert await bench.call(bench.tool(), intent_id="row-1") == made(1)
    await bench.call(bench.tool(Effect.DESTROY))
    bench.clock.forward(seconds=DAY - 1)
    assert await bench.call(bench.tool(), intent_id="row-1") == made(1, AGAIN)
    bench.clock.forward(seconds=1)
    assert await bench.call(bench.tool(), intent_id="row-1") == made(3)


@pytest.mark.parametrize("effect", [Effect.UPDATE, Effect.DESTROY])
async def test_an_update_or_a_deletion_that_is_over_is_done_again(effect: Effect, bench: Bench) -> None:
    tool = bench.tool(effect)
    assert [await bench.call(tool) for _ in range(3)] == [made(1), made(2), made(3)]


async def test_other_arguments_another_caller_and_another_intent_are_other_things(bench: Bench) -> None:
    tool = bench.tool()
    other = Caller("another", {"flintt": "key 2"}, None, {"flintt": "another at flintt"})
    replies = [
        await bench.call(tool),
        await bench.call(tool, "Globex"),
        await bench.call(tool, caller=other),
        await bench.call(tool, intent_id="on purpose"),
    ]
    assert replies == [made(1), made(2), made(3), made(4)]
    assert await bench.call(tool, intent_id="on purpose") == made(4, AGAIN)


async def test_an_intent_id_that_stands_for_something_else_is_refused(bench: Bench) -> None:
    tool = bench.tool()
    await bench.call(tool, intent_id="mine")
    assert told(await bench.call(tool, "Globex", intent_id="mine")) == (
        "intent_id: stands for another call already",
        "no",
        "take a new intent_id for another intent, or leave it out",
    )
    assert bench.api.made == ["Acme"]


async def test_a_result_that_holds_a_secret_is_kept_nowhere(bench: Bench, tmp_path: Path) -> None:
    async def show(call: Call) -> Done:
        return Done(text="the key is flt_shown_once", structured={"key": "flt_shown_once"}, shown_once=True)

    tool = Tool("make", "", "", Effect.CREATE, "flintt", bench.tool().arguments, show, "flintt")
    assert isinstance(await bench.call(tool), Done)
    assert told(await bench.call(tool)) == (
        "This was done before, and its result held a secret that is shown once: nothing was done again",
        "no",
        "use what was shown then, or call again with a new intent_id for another one",
    )
    assert [name for name in os.listdir(tmp_path) if b"flt_shown_once" in (tmp_path / name).read_bytes()] == []


async def test_a_read_leaves_no_trace(bench: Bench, tmp_path: Path) -> None:
    async def read(call: Call) -> Done:
        assert call.intent is None
        return Done(text="read")

    tool = Tool("read", "", "", Effect.READ, "flintt", Arguments("read", (local("name"),)), read, "flintt")
    assert await bench.call(tool) == Done(text="read")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("effect", [Effect.CREATE, Effect.UPDATE, Effect.DESTROY, Effect.SPEND])
async def test_calls_at_once_are_done_once_and_all_get_the_answer(effect: Effect, bench: Bench) -> None:
    tool = bench.tool(effect)
    replies: list[Reply] = []
    bench.api.hold = anyio.Event()

    async def call() -> None:
        replies.append(await bench.call(tool))

    async with anyio.create_task_group() as group:
        for _ in range(6):
            group.start_soon(call)
        while len(bench.waiting) < 5:
            await anyio.lowlevel.checkpoint()
        bench.api.hold.set()
    assert bench.api.made == ["Acme"]
    assert sorted(reply.text for reply in replies if isinstance(reply, Done)) == sorted(
        ["made 1", *[f"made 1\n{AGAIN}"] * 5]
    )


async def test_a_refusal_that_changed_nothing_leaves_the_way_free(bench: Bench) -> None:
    tool = bench.tool()
    bench.api.fails = [FlinttError("The API refused it", advice="correct the name")]
    assert told(await bench.call(tool)) == ("The API refused it", "no", "correct the name")
    assert await bench.call(tool) == made(1)


async def test_a_lost_answer_that_is_found_at_the_api_is_the_result(bench: Bench) -> None:
    bench.api.fails, bench.api.looks = [lost()], Found(made(7))
    tool = bench.tool()
    assert await bench.call(tool) == made(7, FOUND)
    assert await bench.call(tool) == Done(
        text=f"made 7\n{FOUND}\n{AGAIN}", structured={"thing": {"id": 7}, "note": AGAIN}, changed="yes"
    )
    assert (bench.api.made, bench.api.looked) == ([], 1)


async def test_what_is_not_there_yet_is_done_only_when_the_api_can_no_longer_be_at_work(bench: Bench) -> None:
    bench.api.fails, bench.api.looks = [lost()], "not there"
    tool = bench.tool()
    wait = "it is not there yet, and the API may still be at work: wait {} s, then call again with the same arguments"
    assert told(await bench.call(tool)) == ("The answer did not come", "unknown", wait.format(50))
    bench.clock.forward(seconds=LONGEST - 1)
    assert told(await bench.call(tool)) == (
        "The answer to this call was lost, and nobody knows yet whether it was done",
        "unknown",
        wait.format(1),
    )
    assert bench.api.made == []
    bench.clock.forward(seconds=1)
    assert await bench.call(tool) == made(1)


async def test_what_nobody_can_see_is_never_done_again_unasked(bench: Bench) -> None:
    bench.api.fails = [lost()]
    tool = bench.tool()
    by_hand = "look with the list tool whether it was done, and call again with a new intent_id only if it was not"
    assert told(await bench.call(tool)) == ("The answer did not come", "unknown", "")
    bench.clock.forward(hours=20)
    assert told(await bench.call(tool))[2] == by_hand
    assert bench.api.made == []
    assert await bench.call(tool, intent_id="it was not there") == made(1)


async def test_a_look_that_fails_says_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.api.fails, bench.api.looks = [lost()], "not there"

    async def failing(call: Call) -> Looked:
        raise FlinttError("The API is down")

    monkeypatch.setattr(bench.api, "look", failing)
    tool = bench.tool()
    assert told(await bench.call(tool)) == ("The answer did not come", "unknown", "")
    assert told(await bench.call(tool))[2].startswith("look with the list tool")


async def test_an_api_that_tells_attempts_by_their_key_gets_the_same_one_again(bench: Bench) -> None:
    bench.api.fails = [lost()]
    tool = bench.tool(Effect.SPEND, repeatable=True)
    assert told(await bench.call(tool)) == ("The answer did not come", "unknown", "")
    assert await bench.call(tool) == made(1)
    assert len(bench.api.keys) == 2
    assert len(set(bench.api.keys)) == 1


async def test_a_second_attempt_that_is_refused_says_nothing_of_the_first(bench: Bench) -> None:
    bench.api.fails = [lost(), FlinttError("Too many calls", advice="wait")]
    tool = bench.tool(Effect.SPEND, repeatable=True)
    assert told(await bench.call(tool)) == ("The answer did not come", "unknown", "")
    assert told(await bench.call(tool)) == ("Too many calls", "unknown", "wait")
    assert await bench.call(tool) == made(1)
    assert len(bench.api.keys) == 3
    assert len(set(bench.api.keys)) == 1


async def test_a_look_that_began_while_the_api_may_be_at_work_does_not_free_the_way(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.api.fails, bench.api.looks = [lost()], "not there"
    tool = bench.tool()
    await bench.call(tool)
    bench.clock.forward(seconds=LONGEST - 1)

    async def slow(call: Call) -> Looked:
        bench.clock.forward(seconds=2)
        return "not there"

    monkeypatch.setattr(bench.api, "look", slow)
    assert told(await bench.call(bench.tool()))[1] == "unknown"
    assert bench.api.made == []
    assert await bench.call(bench.tool()) == made(1)


async def test_an_intent_whose_process_died_is_looked_at_after_the_longest_time_of_an_attempt(bench: Bench) -> None:
    bench.api.looks = "not there"
    tool = bench.tool()
    died_at = bench.clock.seconds()
    bench.api.fails = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        await bench.call(tool)
    (intent,) = await rows(bench)
    assert intent.state is State.UNKNOWN
    bench.clock.forward(seconds=LONGEST)
    assert await bench.call(tool) == made(1)
    assert bench.clock.seconds() == died_at + LONGEST


async def rows(bench: Bench) -> list[Intent]:
    """All intents there are."""
    assert isinstance(bench.intents, StoredIntents)
    ids = await bench.intents._database.read(lambda connection: list(connection.execute("SELECT id FROM intents")))
    found = [await bench.intents.find(row["id"]) for row in ids]
    return [intent for intent in found if intent is not None]


async def test_whoever_comes_while_a_dead_process_still_counts_waits_its_time_out(bench: Bench) -> None:
    """The row says `executing` and nobody is at work: the clock is moved on by the waiting itself."""
    start = bench.clock.seconds()
    wanted = wanted_by(Call(bench.tool(), {"name": "Acme"}, CALLER, QuietChannel("http")), {Effect.CREATE: CREATES})
    await bench.intents.claim(wanted, State.EXECUTING, start + LONGEST + CREATES, start + LONGEST)

    bench.api.looks = Found(made(3))
    assert await bench.call(bench.tool()) == made(3, FOUND)
    assert start + LONGEST <= bench.clock.seconds() < start + LONGEST + 1
    assert bench.api.made == []


async def test_a_client_that_goes_away_does_not_cut_a_write_in_the_middle(bench: Bench) -> None:
    tool = bench.tool()
    bench.api.hold = anyio.Event()
    async with anyio.create_task_group() as group:
        group.start_soon(bench.call, tool)
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()
        bench.api.hold.set()
    assert bench.api.made == ["Acme"]
    assert await bench.call(tool) == made(1, AGAIN)


async def test_a_write_that_was_done_is_answered_also_when_its_end_cannot_be_noted(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def full(*_: Any, **__: Any) -> None:
        raise CallRefused("The server could not use its store (OperationalError), so nothing was sent")

    bench.api.looks = Found(made(1))
    tool = bench.tool()
    with monkeypatch.context() as patch:
        patch.setattr(bench.intents, "step", full)
        assert await bench.call(tool) == made(1)
    assert "its end could not be noted" in caplog.text
    assert await bench.call(tool) == made(1, FOUND)
    assert bench.api.made == ["Acme"]


async def test_when_the_store_cannot_be_used_nothing_is_sent(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: Any, **__: Any) -> None:
        raise CallRefused("The server could not use its store (OperationalError), so nothing was sent")

    monkeypatch.setattr(bench.intents, "claim", full)
    assert told(await bench.call(bench.tool()))[1] == "no"
    assert bench.api.keys == []


async def test_a_caller_without_a_key_writes_nothing_down(bench: Bench, tmp_path: Path) -> None:
    async def refuse(call: Call) -> Done:
        raise CallRefused("a key is missing")

    tool = Tool("make", "", "", Effect.CREATE, "flintt", bench.tool().arguments, refuse, "flintt")
    assert told(await bench.call(tool, caller=Caller("nobody")))[0] == "a key is missing"
    assert os.listdir(tmp_path) == []
