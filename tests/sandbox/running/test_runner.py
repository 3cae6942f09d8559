"""The runner: one per data folder, takes up what was left, gives up what kills it, shuts out whoever was it before."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial

import anyio
import pytest

from flintt_mcp.sandbox.flintt.running.carrying import Carrier
from flintt_mcp.sandbox.flintt.running.judging.text_validator import TextValidator
from flintt_mcp.sandbox.flintt.running.judging.validator import CannotJudge
from flintt_mcp.sandbox.flintt.running.ledger import MAX_ATTEMPTS, begin_runner
from flintt_mcp.sandbox.flintt.running.runner import Tempo, run_signal, run_waiting, runner
from flintt_mcp.sandbox.flintt.running.runner_lock import Taken, hold
from flintt_mcp.sandbox.flintt.running.sources.fetching import open_fetcher
from tests.sandbox.running.source_server import rss

pytestmark = pytest.mark.anyio

QUICK = Tempo(poll=0.005, retry=0.005)


@pytest.fixture
async def signal_id(flintt, web, make_signal) -> str:
    await flintt.post("companies", json={"name": "Kestrel Machines"})
    news = [(f"Kestrel Machines raises €{n}M", "A round.", f"https://news.example/{n}") for n in range(1, 31)]
    return await make_signal({"kind": "feed", "url": web.put("/feed.xml", rss(*news))})


@pytest.fixture
def status_of(flintt):
    async def status(signal_id: str) -> list[str]:
        return [run["status"] for run in (await flintt.get(f"signals/{signal_id}/runs")).json()]

    return status


async def until(condition) -> None:
    """Look again until something is so; a test that waits too long fails."""
    with anyio.fail_after(30):
        while not await condition():  # noqa: ASYNC110 - what is waited for is in the database
            await anyio.sleep(0.005)


async def test_a_runner_in_the_background_carries_out_what_is_asked_for(sandbox, app, signal_id, status_of):
    async with anyio.create_task_group() as group:
        group.start_soon(runner, sandbox.ground, QUICK)
        await app.post(f"signals/{signal_id}/runs")

        async def completed() -> bool:
            return await status_of(signal_id) == ["completed"]

        await until(completed)
        group.cancel_scope.cancel()


async def test_a_second_runner_says_so_waits_and_takes_over(sandbox, app, signal_id, status_of, caplog):
    caplog.set_level(logging.WARNING)

    async def refused() -> bool:
        return "another process runs the signals of this data folder" in caplog.text

    async def completed() -> bool:
        return await status_of(signal_id) == ["completed"]

    async with anyio.create_task_group() as second:
        with hold(sandbox.database.path.parent):
            second.start_soon(runner, sandbox.ground, QUICK)
            await until(refused)
            await app.post(f"signals/{signal_id}/runs")
            assert await status_of(signal_id) == ["pending"]
            with pytest.raises(Taken):
                await run_waiting(sandbox.ground)
        await until(completed)
        second.cancel_scope.cancel()
    assert [record.getMessage() for record in caplog.records] == [
        "another process runs the signals of this data folder: this one serves without running them",
        "that process has ended: this one runs the signals of this data folder now",
    ]


class Patience:
    """The sleep of a runner, which tells how often it was asked to wait for its turn."""

    def __init__(self) -> None:
        self.waits = 0

    async def __call__(self, seconds: float) -> None:
        self.waits += seconds == QUICK.retry
        await anyio.sleep(seconds)

    async def tried(self) -> bool:
        return self.waits >= 3


async def test_workers_of_one_server_say_nothing_of_each_other_and_take_over(
    sandbox, app, signal_id, status_of, caplog, tmp_path
):
    caplog.set_level(logging.WARNING)
    waiting = Patience()

    async def once_done() -> bool:
        return await status_of(signal_id) == ["completed"]

    async def twice_done() -> bool:
        return await status_of(signal_id) == ["completed", "completed"]

    async with anyio.create_task_group() as second:
        async with anyio.create_task_group() as first:
            first.start_soon(partial(runner, sandbox.ground, Tempo(poll=0.005), siblings=tmp_path))
            await app.post(f"signals/{signal_id}/runs")
            await until(once_done)
            second.start_soon(
                partial(runner, sandbox.ground, replace(QUICK, poll=0.001, sleep=waiting), siblings=tmp_path)
            )
            await until(waiting.tried)
            first.cancel_scope.cancel()
        await app.post(f"signals/{signal_id}/runs")
        await until(twice_done)
        second.cancel_scope.cancel()
    assert caplog.records == []


async def test_of_the_workers_of_one_server_one_says_that_another_process_is_the_runner(sandbox, caplog, tmp_path):
    caplog.set_level(logging.WARNING)
    workers = [Patience(), Patience()]
    with hold(sandbox.database.path.parent):
        async with anyio.create_task_group() as group:
            for worker in workers:
                tempo = replace(QUICK, sleep=worker)
                group.start_soon(partial(runner, sandbox.ground, tempo, siblings=tmp_path))
            for worker in workers:
                await until(worker.tried)
            group.cancel_scope.cancel()
    assert [record.getMessage() for record in caplog.records] == [
        "another process runs the signals of this data folder: this one serves without running them"
    ]


async def test_a_worker_whose_shared_folder_is_gone_is_a_runner_like_any_other(
    sandbox, app, signal_id, status_of, tmp_path
):
    async def done() -> bool:
        return await status_of(signal_id) == ["completed"]

    async with anyio.create_task_group() as group:
        group.start_soon(partial(runner, sandbox.ground, QUICK, siblings=tmp_path / "gone"))
        await app.post(f"signals/{signal_id}/runs")
        await until(done)
        group.cancel_scope.cancel()


async def test_run_signal_waits_for_the_runner_that_there_is(sandbox, flintt, signal_id):
    user = (await flintt.get("companies")).json()[0]["user_id"]
    async with anyio.create_task_group() as group:
        group.start_soon(runner, sandbox.ground, QUICK)
        detail = await run_signal(sandbox.ground, user, signal_id, QUICK)
        group.cancel_scope.cancel()

    assert (detail["run"]["status"], detail["run"]["valid_count"]) == ("completed", 30)


@pytest.mark.parametrize("stop_after", ["taken", "read", "judged"])
async def test_a_run_that_was_left_is_taken_up_where_it_was(sandbox, app, web, flintt, signal_id, stop_after):
    class Stopped(Exception):
        pass

    def reached(step: str) -> None:
        if step == stop_after:
            raise Stopped

    run_id = (await app.post(f"signals/{signal_id}/runs")).json()["id"]
    with pytest.raises(ExceptionGroup):
        await run_waiting(sandbox.ground, Tempo(reached=reached))
    left = (await flintt.get(f"runs/{run_id}")).json()
    await run_waiting(sandbox.ground)
    run = (await flintt.get(f"runs/{run_id}")).json()

    assert (left["status"], left["ended_at"]) == ("running", None)
    assert len(left["raw_results"]) == (0 if stop_after == "taken" else 30)
    assert len(left["validation_results"]) == (20 if stop_after == "judged" else 0)
    assert (run["status"], run["raw_count"], run["valid_count"]) == ("completed", 30, 30)
    assert len({result["id"] for result in run["validation_results"]}) == len(run["validation_results"]) == 30
    assert web.asked == ["/feed.xml"]


async def test_a_runner_that_was_replaced_writes_nothing_more(sandbox, app, flintt, signal_id):
    run_id = (await app.post(f"signals/{signal_id}/runs")).json()["id"]
    number = await sandbox.database.write(begin_runner, 1, sandbox.ground.clock())

    async with open_fetcher(sandbox.ground.sources) as fetcher:
        former = Carrier(sandbox.database, sandbox.ground.clock, fetcher, TextValidator(), number)
        await sandbox.database.write(begin_runner, 2, sandbox.ground.clock())
        await former.carry_out(run_id)

    assert (await flintt.get(f"runs/{run_id}")).json()["status"] == "pending"


async def test_a_run_that_is_never_finished_is_given_up(sandbox, app, flintt, signal_id):
    def die(step: str) -> None:
        raise RuntimeError(step)

    run_id = (await app.post(f"signals/{signal_id}/runs")).json()["id"]
    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(ExceptionGroup):
            await run_waiting(sandbox.ground, Tempo(reached=die))
    await run_waiting(sandbox.ground)

    assert (await flintt.get(f"runs/{run_id}")).json()["status"] == "failed"


async def test_an_item_that_cannot_be_judged_makes_the_run_partial_and_the_others_are_judged(
    sandbox, app, flintt, signal_id
):
    class Choosy(TextValidator):
        async def judge(self, subject):
            if "€7M" in subject.title:
                raise CannotJudge("no answer")
            return await super().judge(subject)

    run_id = (await app.post(f"signals/{signal_id}/runs")).json()["id"]
    await run_waiting(sandbox.ground, Tempo(validator=Choosy()))
    run = (await flintt.get(f"runs/{run_id}")).json()

    assert (run["status"], run["raw_count"], len(run["validation_results"])) == ("partial", 30, 29)


async def test_a_validator_that_breaks_on_an_item_fails_that_item_alone_and_the_log_names_the_place_and_no_content(
    sandbox, app, flintt, signal_id, caplog
):
    class Fragile(TextValidator):
        async def judge(self, subject):
            return await super().judge(subject) if "€7M" not in subject.title else int(subject.title)

    run_id = (await app.post(f"signals/{signal_id}/runs")).json()["id"]
    await run_waiting(sandbox.ground, Tempo(validator=Fragile()))
    run = (await flintt.get(f"runs/{run_id}")).json()

    assert (run["status"], run["raw_count"], len(run["validation_results"])) == ("partial", 30, 29)
    assert "was not judged: the validator broke off (ValueError in test_runner.judge)" in caplog.text
    assert "€7M" not in caplog.text


async def test_one_run_that_breaks_off_does_not_end_the_runner(
    sandbox, app, flintt, signal_id, make_signal, web, status_of
):
    broken = []

    def reached(step: str) -> None:
        if step == "judged":
            broken.append(step)
            raise RuntimeError("broken")

    other = await make_signal({"kind": "feed", "url": web.put("/empty.xml", rss())})

    async def both_ended() -> bool:
        return [await status_of(signal_id), await status_of(other)] == [["completed"], ["completed"]]

    async with anyio.create_task_group() as group:
        group.start_soon(runner, sandbox.ground, Tempo(poll=0.005, reached=reached))
        await app.post(f"signals/{signal_id}/runs")
        await app.post(f"signals/{other}/runs")
        await until(both_ended)
        group.cancel_scope.cancel()
    assert len(broken) == 2  # thirty results, twenty of them at once


async def test_nothing_of_a_source_enters_the_log(sandbox, web, make_signal, run_now, caplog):
    caplog.set_level(logging.DEBUG)
    url = web.put("/feed-of-s3cret", "s3cret", 500)
    await run_now(await make_signal({"kind": "feed", "url": f"{url}?token=s3cret"}))

    assert "source 0 of signal" in caplog.text
    assert "s3cret" not in "".join(r.getMessage() for r in caplog.records if r.name.startswith("flintt_mcp"))
