"""A process that writes and delivers until it is killed: `python -m tests.sandbox.crash_child FOLDER`.

Every write that was acknowledged is told on stdout, one line with the id of the company, right after its answer came.
"""

from __future__ import annotations

import sys
from pathlib import Path

import anyio

from flintt_mcp.sandbox.delivery.dispatcher import Pace
from flintt_mcp.sandbox.server import Sandbox, deliver_webhooks, open_sandbox
from tests.sandbox.sandbox_client import talk

WRITERS = 3
PACE = Pace(poll=0.005, lease=0.4)


async def write(sandbox: Sandbox, writer: int) -> None:
    async with talk(sandbox, sandbox.flintt_key) as client:
        for number in range(1_000_000):
            answer = await client.post("companies", json={"name": f"Crash {writer} {number}"})
            sys.stdout.write(answer.json()["id"] + "\n")
            sys.stdout.flush()


async def main(folder: Path) -> None:
    async with open_sandbox(folder, loopback_webhooks=True) as sandbox, anyio.create_task_group() as group:
        group.start_soon(deliver_webhooks, sandbox, PACE)
        for writer in range(WRITERS):
            group.start_soon(write, sandbox, writer)


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1]))
