"""The runner of a data folder: asks for what the schedule is due, carries out what waits, and waits for more.

In: the ground of an open sandbox. Out: runs, until it is cancelled. Of all processes on a folder one is the runner; the others say
so, serve without running, and take over when it ends. It takes up first what a killed runner left. Nothing is imported
here before it is needed: a server that runs no signals pays nothing.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from anyio.abc import TaskGroup

from flintt_mcp.errors import ConfigError
from flintt_mcp.sandbox.flintt.door import Ground
from flintt_mcp.sandbox.flintt.running import asking
from flintt_mcp.sandbox.flintt.running.build import Build, build
from flintt_mcp.sandbox.flintt.running.carrying import Carrier
from flintt_mcp.sandbox.flintt.running.judging.text_validator import TextValidator
from flintt_mcp.sandbox.flintt.running.judging.validator import Validator
from flintt_mcp.sandbox.flintt.running.ledger import begin_runner, waiting_runs
from flintt_mcp.sandbox.flintt.running.runner_lock import Taken, hold
from flintt_mcp.sandbox.flintt.running.sources.fetching import Fetcher, open_fetcher
from flintt_mcp.sandbox.flintt.running.sources.reach import Reach
from flintt_mcp.sandbox.flintt.runs import select_run

logger = logging.getLogger(__name__)

OpenFetcher = Callable[[Reach], AbstractAsyncContextManager[Fetcher]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tempo:
    """How a runner works: seconds between looks at the database, and before it asks again to be the runner."""

    sleep: Callable[[float], Awaitable[None]] = anyio.sleep
    poll: float = 1.0
    retry: float = 2.0
    at_once: int = 4
    validator: Validator = field(default_factory=TextValidator)
    open_fetcher: OpenFetcher = open_fetcher
    reached: Callable[[str], None] = lambda _step: None


async def runner(ground: Ground, tempo: Tempo | None = None, *, siblings: Path | None = None) -> None:
    """Be the runner of the data folder until cancelled; wait in line while another process is.

    The workers of one server share the folder `siblings`. One of them stands in line for all; the others wait for that one and
    say nothing, so that what is said is about processes that somebody else started.
    """
    tempo = tempo or Tempo()
    if siblings is None:
        await _stand_in_line(ground, tempo)
        return
    # Somebody may empty the folder for temporary files: from then on each stands in line by itself.
    while await anyio.Path(siblings).is_dir():
        with suppress(Taken), hold(siblings):
            await _stand_in_line(ground, tempo)
        await tempo.sleep(tempo.retry)
    await _stand_in_line(ground, tempo)


async def _stand_in_line(ground: Ground, tempo: Tempo) -> None:
    told = False
    while True:
        try:
            with hold(ground.database.path.parent):
                if told:
                    logger.warning("that process has ended: this one runs the signals of this data folder now")
                await _run(ground, tempo)
        except Taken:
            if not told:
                logger.warning(
                    "another process runs the signals of this data folder: this one serves without running them"
                )
            told = True
            await tempo.sleep(tempo.retry)


async def run_waiting(ground: Ground, tempo: Tempo | None = None) -> None:
    """Be the runner for as long as runs wait: ask for what is due, carry out all that waits, end.

    Raises:
        Taken: another process is the runner.
    """
    tempo = tempo or Tempo()
    with hold(ground.database.path.parent):
        async with tempo.open_fetcher(ground.sources) as fetcher:
            carrier = await _carrier(ground, tempo, fetcher)
            await _ask_due(ground)
            limit = anyio.CapacityLimiter(tempo.at_once)
            async with anyio.create_task_group() as group:
                for run_id in await ground.database.read(waiting_runs):
                    group.start_soon(_carry, carrier, run_id, limit)


async def build_signal(ground: Ground, user_id: str, signal_id: str, wanted: Build) -> dict[str, Any]:
    """Build a signal and answer it as /v1/signals would; for the command line.

    Raises:
        HTTPException: 404, 409. RequestValidationError: an address that may not be read.
    """
    return await ground.database.write(
        lambda connection: build(connection, user_id, signal_id, wanted, ground.sources, ground.clock())
    )


async def run_signal(
    ground: Ground, user_id: str, signal_id: str, tempo: Tempo | None = None, *, seconds: float = 600.0
) -> dict[str, Any]:
    """Run a signal now and answer the run with its results, as /v1/runs/{run_id} would; for the command line.

    When another process is the runner, that one carries it out while this one waits.

    Raises:
        HTTPException: 404, 409. ConfigError: no end after `seconds`.
    """
    tempo = tempo or Tempo()
    run = await ground.database.write(asking.ask_run, user_id, signal_id, ground.clock())
    try:
        with anyio.fail_after(seconds):
            while True:
                detail = await ground.database.read(select_run, user_id, run["id"])
                if detail["run"]["status"] not in ("pending", "running"):
                    return detail
                try:
                    await run_waiting(ground, tempo)
                except Taken:
                    await tempo.sleep(tempo.poll / 4)
    except TimeoutError:
        raise ConfigError(
            "the run did not end in time", advice="It goes on: look at it with GET /v1/runs/{run_id}."
        ) from None


async def _run(ground: Ground, tempo: Tempo) -> None:
    async with tempo.open_fetcher(ground.sources) as fetcher, anyio.create_task_group() as group:
        carrier = await _carrier(ground, tempo, fetcher)
        under_way: set[str] = set()
        while True:
            try:
                await _ask_due(ground)
                await _begin(ground, tempo, carrier, group, under_way)
            except sqlite3.OperationalError as error:  # busy or full: what waits goes on waiting
                logger.warning("signals wait: %s", error)
            await tempo.sleep(tempo.poll)


async def _begin(ground: Ground, tempo: Tempo, carrier: Carrier, group: TaskGroup, under_way: set[str]) -> None:
    """Start what waits, as far as there is room."""
    for run_id in await ground.database.read(waiting_runs):
        if run_id not in under_way and len(under_way) < tempo.at_once:
            under_way.add(run_id)
            group.start_soon(_carry_once, carrier, run_id, under_way)


async def _carry_once(carrier: Carrier, run_id: str, under_way: set[str]) -> None:
    try:
        await carrier.carry_out(run_id)
    except Exception:  # one run must not end the others; it is taken up again, five times at most
        logger.exception("run %s broke off", run_id)
    finally:
        under_way.discard(run_id)


async def _carry(carrier: Carrier, run_id: str, limit: anyio.CapacityLimiter) -> None:
    async with limit:
        await carrier.carry_out(run_id)


async def _carrier(ground: Ground, tempo: Tempo, fetcher: Fetcher) -> Carrier:
    number = await ground.database.write(begin_runner, os.getpid(), ground.clock())
    return Carrier(ground.database, ground.clock, fetcher, tempo.validator, number, tempo.reached)


async def _ask_due(ground: Ground) -> None:
    if await ground.database.read(asking.is_any_due, ground.clock()):
        await ground.database.write(asking.ask_due, ground.clock())
