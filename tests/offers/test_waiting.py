"""wait_for: it looks, waits, and says where work stands, for as long as it was told and no longer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from flintt_mcp.app import App
from flintt_mcp.calls.call import LogLevel
from flintt_mcp.calls.caller import ChannelKind
from flintt_mcp.calls.reply import Done, Refused, Reply
from flintt_mcp.offers.waiting import WaitFor
from tests.certain import of_kind, structured, there
from tests.clock import SetClock
from tests.fake_api import FakeApi, call, open_fake

pytestmark = pytest.mark.anyio

LIMITED = {"error": {"code": "rate_limited", "message": "slow down"}}


class Heard:
    """A channel that keeps the progress it was told."""

    kind: ChannelKind = "http"
    asks: frozenset[str] = frozenset()
    client = ""
    follows = False

    def __init__(self) -> None:
        self.said: list[tuple[float, float | None, str | None]] = []

    async def log(self, level: LogLevel, data: Any) -> None:
        pass

    async def progress(self, done: float, total: float | None = None, message: str | None = None) -> None:
        self.said.append((done, total, message))


def payment(status: str) -> dict[str, Any]:
    return {"id": "r1", "status": status, "objective": "Pay", "candidate_count": 3}


@pytest.fixture
async def fake() -> FakeApi:
    return FakeApi()


@pytest.fixture
async def app(tmp_path: Path, fake: FakeApi) -> AsyncIterator[App]:
    async with open_fake(tmp_path, fake) as opened:
        yield opened


@pytest.fixture
def waits(app: App, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that it made; time passes in them alone."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await clock.sleep(seconds)
        await anyio.lowlevel.checkpoint()

    handle: Any = there(app.inventory.get("wait_for")).handle
    monkeypatch.setattr(of_kind(WaitFor, handle.__self__), "_sleep", sleep)
    monkeypatch.setattr(handle.__self__, "_clock", clock.seconds)
    return slept


def refusal(reply: Reply) -> str:
    return of_kind(Refused, reply).error.message


async def test_it_waits_in_growing_pauses_until_the_work_is_over(app: App, fake: FakeApi, waits: list[float]) -> None:
    fake.will_answer(payment("pending"), payment("planning"), payment("scoring"), payment("completed"))
    channel = Heard()
    told = structured(await call(app, "wait_for", {"payment_run": "r1"}, channel=channel))
    assert told == {
        "state": "done",
        "message": "The FlowPilot payment run is completed (candidate_count 3).",
        "next": "see what was paid with flowpilot_list_transactions",
        "result": {"run": payment("completed")},
    }
    assert waits == [1.0, 1.5, 2.25]
    assert [said[2] for said in channel.said] == [
        f"The FlowPilot payment run is {state} (candidate_count 3)" for state in ("pending", "planning", "scoring")
    ]
    assert [said[:2] for said in channel.said] == [(0.0, 50), (1.0, 50), (2.5, 50)]


async def test_a_person_who_is_waited_for_ends_the_wait(app: App, fake: FakeApi, waits: list[float]) -> None:
    fake.will_answer(payment("awaiting_approval"))
    told = structured(await call(app, "wait_for", {"payment_run": "r1"}))
    assert (told["state"], waits) == ("waits_for_person", [])
    assert "a person approves or rejects its payments in FlowPilot" in told["next"]


async def test_no_call_waits_longer_than_it_was_told(app: App, fake: FakeApi, waits: list[float]) -> None:
    fake.will_answer(*[payment("planning")] * 40)
    told = structured(await call(app, "wait_for", {"payment_run": "r1", "seconds": 20}))
    assert (told["state"], told["next"]) == ("working", "call wait_for again")
    assert sum(waits) == 20
    before = len(fake.requests)
    told = structured(await call(app, "wait_for", {"payment_run": "r1", "seconds": 0}))
    assert (told["state"], len(fake.requests)) == ("working", before + 1)


async def test_the_longest_wait_asks_the_api_a_dozen_times_at_most(app: App, fake: FakeApi, waits: list[float]) -> None:
    fake.will_answer(*[payment("planning")] * 60)
    await call(app, "wait_for", {"payment_run": "r1"})
    assert sum(waits) == 50
    assert len(fake.requests) <= 12


async def test_an_error_that_passes_ends_no_wait_and_a_limit_makes_it_slower(
    app: App, fake: FakeApi, waits: list[float]
) -> None:
    fake.will_answer(payment("planning"))
    fake.will_answer(LIMITED, status=429, headers={"retry-after": "7"})
    fake.will_answer({}, status=503)
    fake.will_answer(payment("completed"))
    assert structured(await call(app, "wait_for", {"payment_run": "r1"}))["state"] == "done"
    assert waits[:2] == [1.0, 7.0]


async def test_an_error_that_lasts_is_told_at_once(app: App, fake: FakeApi, waits: list[float]) -> None:
    fake.will_answer({"error": {"message": "no"}}, status=401)
    assert "does not accept this key (401)" in refusal(await call(app, "wait_for", {"payment_run": "r1"}))
    fake.will_answer(payment("planning"))
    fake.will_answer({"error": {"message": "gone"}}, status=404)
    assert "404" in refusal(await call(app, "wait_for", {"payment_run": "r1"}))


@pytest.mark.parametrize("arguments", [{}, {"seconds": 5}, {"run": "a", "job": 7}, {"run": "a", "intent": "int_a"}])
async def test_exactly_one_thing_is_waited_for(app: App, arguments: dict[str, Any]) -> None:
    assert "name one thing to wait for: run or payment_run or job or intent" in refusal(
        await call(app, "wait_for", arguments)
    )


async def test_an_intent_of_another_caller_is_not_there(app: App, fake: FakeApi) -> None:
    fake.will_answer({"ok": True, "data": {"job_id": 7, "status": "queued"}})
    job = {"workflow_type": "LINKEDIN", "keyword": "founder", "location": "Lyon", "leads_requested": 5}
    begun = of_kind(Done, await call(app, "flowmaticx_create_job", job)).intent
    other = app.credentials.with_secrets({"flowmaticx": "fmx_other"})
    assert begun
    for caller, id in ((other, begun), (None, "int_nothing")):
        reply = await call(app, "wait_for", {"intent": id}, caller)
        assert "there is none of that id for this key" in refusal(reply)


async def test_a_call_that_is_cancelled_asks_no_more(app: App, fake: FakeApi) -> None:
    fake.will_answer(*[payment("planning")] * 3)
    with anyio.move_on_after(0.2):
        await call(app, "wait_for", {"payment_run": "r1"})
    asked = len(fake.requests)
    await anyio.lowlevel.checkpoint()
    assert (asked, len(fake.requests)) == (1, 1)
