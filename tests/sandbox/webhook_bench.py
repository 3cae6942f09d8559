"""What webhook tests share: receivers, real and played, and a dispatcher whose time and chance tests set."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import anyio
import uvicorn

from flintt_mcp.sandbox.delivery.dispatcher import Dispatcher, Pace
from flintt_mcp.sandbox.delivery.endpoints import NewEndpoint, Owner, register
from flintt_mcp.sandbox.delivery.scheme import Scheme
from flintt_mcp.sandbox.flintt.events import EVENTS, FLINTT_WEBHOOKS
from flintt_mcp.sandbox.server import SCHEMES, Sandbox

URL = "https://receiver.example/hook"


@dataclass
class Receiver:
    """Stands for the network: keeps what it gets and answers the next status or raises the next fault, then 200."""

    answers: list[int | Exception] = field(default_factory=list)
    got: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        self.got.append((url, headers, body))
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def envelopes(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, _, body in self.got]


def dispatcher(sandbox: Sandbox, receiver: Any, clock: Any, **more: Any) -> Dispatcher:
    """A dispatcher on a sandbox that draws no chance."""
    pace = Pace(clock=clock, random=lambda: 0.0, poll=0.01)
    return Dispatcher(sandbox.ground.database, sandbox.ground.digester, SCHEMES, receiver, pace, **more)


async def run_until_idle(sender: Dispatcher) -> None:
    """Run a dispatcher until it rests and has given the folder back."""
    idle = anyio.Event()

    async def rest(_seconds: float) -> None:
        query = "SELECT count(*) FROM webhook_lease"
        if not await sender.database.read(lambda connection: connection.execute(query).fetchone()[0]):
            idle.set()
        await anyio.sleep(0.01)

    sender.pace = replace(sender.pace, sleep=rest)
    async with anyio.create_task_group() as group:
        group.start_soon(sender.run)
        with anyio.fail_after(20):
            await idle.wait()
        group.cancel_scope.cancel()


async def user_id(sandbox: Sandbox, name: str = "Local User") -> str:
    def find(connection):
        return connection.execute("SELECT id FROM flintt_users WHERE name = ?", (name,)).fetchone()[0]

    return await sandbox.database.read(find)


async def hook(
    sandbox: Sandbox,
    owner: str | None = None,
    events: tuple[str, ...] = EVENTS,
    scheme: Scheme = FLINTT_WEBHOOKS,
    url: str = URL,
) -> dict[str, Any]:
    """Register an endpoint for the first user, or for `owner`."""
    whose = Owner(scheme, owner or await user_id(sandbox))
    new = NewEndpoint(name="Receiver", url=url, events=events)
    return await sandbox.database.write(register, whose, sandbox.ground.digester, new, sandbox.ground.clock())


async def rows(sandbox: Sandbox, table: str) -> list[dict[str, Any]]:
    """All rows of a table."""
    return await sandbox.database.read(
        lambda connection: [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY rowid")]
    )


class Server(uvicorn.Server):
    """Says when it is up, and leaves signals alone."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = anyio.Event()

    async def startup(self, sockets=None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def served(app) -> AsyncIterator[str]:
    """Serve an ASGI app on a free port of loopback."""
    server = Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    async with anyio.create_task_group() as group:
        group.start_soon(server.serve)
        await server.up.wait()
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/hook"
        server.should_exit = True
