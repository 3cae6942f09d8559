"""An answer that was lost is looked for at the API: what is there is the result, and what may be somebody else's leaves doubt."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import flintt_mcp.app
from flintt_mcp.app import App
from flintt_mcp.calls.reply import Done, Refused, Reply
from flintt_mcp.calls.stages.once import FOUND
from flintt_mcp.catalogue import TOOLSETS
from flintt_mcp.catalogue.operation import Effect, Operation, Toolset
from flintt_mcp.catalogue.result import Listing
from flintt_mcp.rest.looking import CLOCKS_DIFFER, DOUBTFUL, LOST_SECRET
from flintt_mcp.rest.sending.message import TransportFault, UpstreamResponse
from tests.clock import SetClock
from tests.fake_api import FakeApi, call, open_fake

pytestmark = pytest.mark.anyio

LONGEST = 50.0
LOST = TransportFault("the connection was reset", sent=True)
SEEN_BY_NOBODY = {
    "flextell_create": "its resources have no documented field by which a new one could be told from an old one",
    "get_api_key": "a second call shows the key that was made, without the secret",
    "regenerate_api_key": "it cannot be told from a key that was there",
    "rotate_webhook_secret": "no list shows when a secret was rotated",
}
WRITES = [(toolset, one) for toolset in TOOLSETS for one in toolset.operations if not one.effect.reads]


class Bench:
    """An app over a fake API; the moments of its rows are those of the test's clock."""

    def __init__(self, app: App, clock: SetClock) -> None:
        self.app = app
        self.clock = clock
        self.fake = FakeApi()

    def made(self, ago: float = 0.0, **row: Any) -> dict[str, Any]:
        """A row that the API made so many seconds ago."""
        moment = datetime.fromtimestamp(self.clock.seconds() - ago, UTC).isoformat()
        return {"id": "c1", "name": "Acme", "created_at": moment, **row}

    async def call(self, tool: str, **arguments: Any) -> Reply:
        return await call(self.app, tool, arguments)

    @property
    def sent(self) -> list[str]:
        return [f"{request.method} {request.url.rpartition('/')[2]}" for request in self.fake.requests]


@pytest.fixture
async def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: SetClock) -> AsyncIterator[Bench]:
    monkeypatch.setattr(flintt_mcp.app, "time", SimpleNamespace(time=clock.seconds, monotonic=clock.seconds))
    fake = FakeApi()
    async with open_fake(tmp_path, fake, call_deadline=30.0, attempt_timeout=20.0) as app:
        bench = Bench(app, clock)
        bench.fake = fake
        yield bench


def advice(reply: Reply) -> str:
    assert isinstance(reply, Refused)
    assert reply.error.changed == "unknown"
    return reply.error.advice


def structured(reply: Reply) -> Any:
    assert isinstance(reply, Done)
    return reply.structured


@pytest.mark.parametrize(("toolset", "operation"), WRITES, ids=lambda one: getattr(one, "name", ""))
def test_whatever_adds_or_spends_can_be_looked_for_or_says_why_not(toolset: Toolset, operation: Operation) -> None:
    trace = operation.trace
    if trace is not None:
        listed = next(one for one in toolset.operations if one.name == trace.listed)
        assert isinstance(listed.result, Listing)
        assert {*trace.same, trace.at} <= {field.name for field in listed.result.fields}
        assert {*trace.same, *trace.narrow.values()} <= {arg.name for arg in operation.args}
        assert trace.narrow.keys() <= {arg.name for arg in listed.args}
    assert operation.repeatable == (trace is None and operation.name not in SEEN_BY_NOBODY)
    assert (operation.effect in (Effect.CREATE, Effect.SPEND)) >= (trace is not None)


async def test_what_is_there_is_the_result(bench: Bench) -> None:
    ours = bench.made(domain="acme.com")
    bench.fake.will_answer(LOST, [bench.made(id="c0", name="Acme Holding"), ours])
    reply = await bench.call("create_company", name="acme ", domain="acme.com")
    assert structured(reply) == {"company": ours, "note": FOUND}
    assert bench.sent == ["POST companies", "GET companies?name=acme"]


@pytest.mark.parametrize(
    ("ago", "row"), [(DOUBTFUL + 1, {}), (0, {"name": "Acme Inc"}), (0, {"domain": "acme.org"}), (0, {"name": None})]
)
async def test_another_row_is_not_ours_and_the_call_is_done_once_it_can_no_longer_be_under_way(
    ago: float, row: dict[str, Any], bench: Bench
) -> None:
    company = {"name": "Acme", "domain": "acme.com"}
    there = [bench.made(ago, **{"domain": "acme.com", **row})]
    bench.fake.will_answer(LOST, there)
    assert advice(await bench.call("create_company", **company)) == (
        "it is not there yet, and the API may still be at work: wait 50 s, then call again with the same arguments"
    )
    bench.clock.forward(seconds=LONGEST)
    new = bench.made(id="c2")
    bench.fake.will_answer(there, new)
    assert structured(await bench.call("create_company", **company)) == {"company": new}
    assert bench.sent.count("POST companies") == 2


@pytest.mark.parametrize("ago", [CLOCKS_DIFFER + 1, DOUBTFUL - 1])
async def test_a_row_that_fits_and_is_a_little_older_leaves_doubt_and_nothing_is_made_again(
    ago: float, bench: Bench
) -> None:
    there = [bench.made(ago)]
    bench.fake.will_answer(LOST, there, there)
    assert "List or get what it would have changed" in advice(await bench.call("create_company", name="Acme"))
    assert "only if it was not" in advice(await bench.call("create_company", name="Acme"))
    assert bench.sent.count("POST companies") == 1


@pytest.mark.parametrize("moment", [None, "yesterday", 5, "2026-01-01T00:00:00"])
async def test_a_row_that_does_not_say_when_it_was_made_leaves_doubt(moment: Any, bench: Bench) -> None:
    bench.fake.will_answer(LOST, [{"id": "c1", "name": "Acme", "created_at": moment}])
    assert "List or get what it would have changed" in advice(await bench.call("create_company", name="Acme"))


async def test_a_list_that_ends_at_its_cap_does_not_say_that_nothing_is_there(bench: Bench) -> None:
    bench.fake.will_answer(LOST, [{"id": f"d{number}", "name": "somebody else"} for number in range(100)])
    assert "List or get what it would have changed" in advice(await bench.call("create_prospect", name="Ada"))


async def test_a_list_that_cannot_be_read_says_nothing(bench: Bench) -> None:
    bench.fake.will_answer(LOST, UpstreamResponse(500, {}, b"{}"))
    assert "List or get what it would have changed" in advice(await bench.call("create_signal", name="Series A"))


async def test_an_amount_is_the_same_however_it_is_spelt(bench: Bench) -> None:
    bench.fake.will_answer(LOST, {"data": [bench.made(id="r1", objective="Pay", budget_cap=100.5)], "total": 1})
    reply = await bench.call("flowpilot_create_run", objective="Pay", budget_cap="100.50")
    assert structured(reply)["run"]["id"] == "r1"


async def test_what_was_shown_once_is_said_to_be_lost_with_the_answer(bench: Bench) -> None:
    bench.fake.will_answer(LOST, [bench.made(id="k1", name="ci")])
    reply = await bench.call("create_api_key", name="ci")
    assert isinstance(reply, Done)
    assert LOST_SECRET in reply.text


async def test_a_deletion_whose_answer_was_lost_is_sent_again_and_finds_it_gone(bench: Bench) -> None:
    bench.fake.will_answer(LOST)
    assert advice(await bench.call("delete_signal", signal_id="s1"))
    bench.fake.will_answer({"detail": "Signal not found"}, status=404)
    assert structured(await bench.call("delete_signal", signal_id="s1")) == {"deletion": {}, "note": FOUND}

    bench.fake.will_answer({"detail": "Signal not found"}, status=404)
    gone = await bench.call("delete_signal", signal_id="s1")
    assert isinstance(gone, Refused)
    assert gone.error.changed == "no"
