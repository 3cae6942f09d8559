"""Runs signals and kills itself while it does, again and again: `python -m tests.sandbox.running.kill_driver FOLDER KILLS SEED`.

Each round is one run over new items. Up to four times per round a fork begins (or takes up) the run and is killed by SIGKILL after
a random time from when it took the run; then one fork runs to the end. Forks save the price of importing everything again.
Prints how many kills hit a run that was under way, and how many rounds there were.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import sys
import threading
import time
from pathlib import Path

import aiohttp  # noqa: F401 - so that no fork has to load it
import anyio
import feedparser  # noqa: F401 - the same

from flintt_mcp.sandbox.delivery.endpoints import NewEndpoint, Owner, register
from flintt_mcp.sandbox.flintt.changes import add_company
from flintt_mcp.sandbox.flintt.events import FLINTT_WEBHOOKS
from flintt_mcp.sandbox.flintt.running.asking import ask_run
from flintt_mcp.sandbox.flintt.running.build import Build, build
from flintt_mcp.sandbox.flintt.running.runner import Tempo, run_waiting
from flintt_mcp.sandbox.flintt.running.sources.reach import Reach
from flintt_mcp.sandbox.flintt.signals import insert_signal
from flintt_mcp.sandbox.server import open_sandbox
from tests.sandbox.running.source_server import rss

EVENTS = ("signal.run.completed", "signal.run.result", "prospect.created")
SOURCES = 3
ITEMS = 40
COMPANIES = ("Kestrel Machines", "Quill Robotics")
KILLS_PER_ROUND = 4
LONGEST = 0.3


def write_items(folder: Path, turn: int) -> None:
    """New news in each source: every second item is about both companies."""
    for source in range(SOURCES):
        items = [
            (
                f"{COMPANIES[item % 2]} raises €{item + 2}M",
                f"{COMPANIES[(item + 1) % 2]} raises €{item + 5}M as well." if item % 2 else "A round of funding.",
                f"https://news.example/{turn}/{source}/{item}",
            )
            for item in range(ITEMS)
        ]
        (folder / f"{source}.xml").write_text(rss(*items), encoding="utf-8")


async def with_sandbox(folder: Path, work) -> None:
    async with open_sandbox(folder / "data", sources=Reach(folder=folder)) as sandbox:
        await work(sandbox)


def in_fork(folder: Path, work) -> bool:
    """Do some work in a fork; answers whether it ended by itself."""
    child = os.fork()
    if child == 0:
        anyio.run(with_sandbox, folder, work)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    if not os.WIFSIGNALED(status) and os.WEXITSTATUS(status):
        sys.exit("a fork failed")
    return not os.WIFSIGNALED(status)


def killed_after(seconds: float):
    """Carry out the run and be killed so long after it was taken."""

    def reached(step: str) -> None:
        if step == "taken":
            threading.Thread(target=_kill_after, args=(seconds,), daemon=True).start()

    async def work(sandbox) -> None:
        await run_waiting(sandbox.ground, Tempo(reached=reached))

    return work


def _kill_after(seconds: float) -> None:
    time.sleep(seconds)
    os.kill(os.getpid(), signal.SIGKILL)


async def set_up(sandbox) -> None:
    def make(connection: sqlite3.Connection) -> None:
        now = sandbox.ground.clock()
        user = connection.execute("SELECT id FROM flintt_users ORDER BY rowid").fetchone()[0]
        endpoint = NewEndpoint(name="All", url="https://hooks.example.com/", events=EVENTS)
        register(connection, Owner(FLINTT_WEBHOOKS, user), sandbox.ground.digester, endpoint, now)
        stamp = "2026-09-30T09:00:00Z"
        for name in COMPANIES:
            add_company(connection, user, {"name": name}, stamp)
        made = insert_signal(connection, user, {"name": "Killed", "description": "Funding rounds"}, stamp)
        tools = [{"kind": "file", "path": f"{source}.xml"} for source in range(SOURCES)]
        wanted = Build.model_validate({"tools": tools, "opens_deals": True})
        build(connection, user, made["id"], wanted, sandbox.ground.sources, now)

    await sandbox.database.write(make)


async def ask(sandbox) -> None:
    def ask_killed(connection: sqlite3.Connection) -> None:
        row = connection.execute("SELECT id, user_id FROM flintt_signals WHERE name = 'Killed'").fetchone()
        ask_run(connection, row["user_id"], row["id"], sandbox.ground.clock())

    await sandbox.database.write(ask_killed)


async def carry_out(sandbox) -> None:
    await run_waiting(sandbox.ground)


def status_of_latest(folder: Path) -> str:
    connection = sqlite3.connect(folder / "data" / "sandbox.db")
    query = "SELECT status FROM flintt_runs JOIN flintt_run_work ON run_id = id ORDER BY flintt_runs.rowid DESC LIMIT 1"
    (status,) = connection.execute(query).fetchone()
    connection.close()
    return status


def main(folder: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    in_fork(folder, set_up)
    done = hit = turns = 0
    while done < kills:
        write_items(folder, turns)
        in_fork(folder, ask)
        for _ in range(min(KILLS_PER_ROUND, kills - done)):
            if in_fork(folder, killed_after(chance.uniform(0, LONGEST))):
                break
            done += 1
            hit += status_of_latest(folder) == "running"
        in_fork(folder, carry_out)
        turns += 1
    print(json.dumps({"kills": done, "hit": hit, "turns": turns}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
