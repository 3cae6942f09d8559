"""The load: a process of its own that keeps N requests under way on N keep-alive connections, and checks every answer.

In: one job per line on stdin, as JSON (`Job`). Out: one line per job on stdout (`Window`). Sockets are plain asyncio
protocols on uvloop with requests built beforehand, so that the load costs a fraction of any server's work. A window opens
after a warm-up in which every connection had an answer, at the end of one call, and closes at the end of another: its rate
has no partial calls at its edges.
The same code drives every contender; it must know nothing about any of them.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, cast

import uvloop

from bench import wire
from bench.accounting import cpu_seconds
from bench.answer import Answer, AnswerReader, Expectation, MalformedAnswer
from bench.session import STALL_SECONDS, close_session, open_session

_clock = time.perf_counter


@dataclass(frozen=True, slots=True)
class Job:
    """One window of load on one server.

    `calls` asks for exactly that many calls instead of a time window. `sessions` is the number of 2025-11-25 sessions to
    open first, shared out over the connections; 0 sends no session id. `pid` is the process whose CPU time is measured.
    """

    port: int
    method: str
    params: dict[str, Any]
    era: wire.Era
    concurrency: int
    seconds: float
    wanted: list[tuple[str, int]]
    headers: dict[str, str] = field(default_factory=dict)
    warmup_seconds: float = 0.2
    sessions: int = 0
    calls: int | None = None
    pid: int | None = None
    first_answer: bool = False
    """Hand the first answer's body back, for a reader that takes its time."""


@dataclass(slots=True)
class Window:
    """What one job measured. `errors` counts bad answers of the whole job, warm-up included; `fault` is the first."""

    calls: int = 0
    seconds: float = 0.0
    errors: int = 0
    fault: str | None = None
    cpu: float | None = None
    p50: float | None = None
    p99: float | None = None
    driver_cpu: float = 0.0
    content_type: str | None = None
    bytes_per_answer: int = 0
    first_answer: str | None = None


class Load:
    """Counts for all connections of a job, and decides when the window opens and closes."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._started = _clock()
        self._answered: set[int] = set()
        self._opened: float | None = None
        self._cpu_at_open: float | None = None
        self._driver_cpu_at_open = 0.0
        self._latencies: list[float] = []
        self._next_id = wire.FIRST_ID
        self._sent = 0
        self.last_progress = self._started
        self.closed = False
        self.window = Window()
        self.expectation = Expectation(tuple((text.encode(), times) for text, times in job.wanted))

    def may_send(self) -> bool:
        """Whether another call should start now."""
        return not self.closed and (self._job.calls is None or self._sent < self._job.calls)

    def next_id(self) -> int:
        """A JSON-RPC id that no other call of this job has."""
        self._next_id += 1
        self._sent += 1
        return self._next_id

    def fail(self, fault: str) -> None:
        """Counts one bad answer; the job goes on, so that a count is worth something, but not for long."""
        self.window.errors += 1
        self.window.fault = self.window.fault or fault
        if self.window.errors >= 50:
            self.closed = True

    def done(self, answer: Answer, number: int, sent_at: float, connection: int) -> None:
        """Takes one complete answer, which came on that connection."""
        now = self.last_progress = _clock()
        fault = self.expectation.fault(answer, number)
        if fault is not None:
            self.fail(fault)
        if self.closed:
            return
        if self._opened is None:
            self._answered.add(connection)
            self._maybe_open(answer, now)
            return
        self._latencies.append(now - sent_at)
        self._maybe_close(now)

    def _maybe_open(self, answer: Answer, now: float) -> None:
        exact = self._job.calls is not None
        # A web server takes new connections one by one between the calls of the others: that is no part of a call's time.
        all_there = len(self._answered) >= self._job.concurrency or self.window.errors > 0
        if exact or (all_there and now - self._started >= self._job.warmup_seconds):
            self.window.content_type = (answer.header("content-type") or "").partition(";")[0]
            self.window.bytes_per_answer = len(answer.body)
            if self._job.first_answer:
                self.window.first_answer = answer.body.decode()
            self._cpu_at_open = cpu_seconds(self._job.pid) if self._job.pid else None
            self._driver_cpu_at_open = time.process_time()
            self._opened = _clock()

    def _maybe_close(self, now: float) -> None:
        assert self._opened is not None
        if self._job.calls is not None:
            finished = len(self._latencies) + 1 >= self._job.calls
        else:
            long_enough = now - self._opened >= self._job.seconds
            finished = long_enough and (
                len(self._latencies) >= 3 * self._job.concurrency or now - self._opened >= 5 * self._job.seconds
            )
        if finished:
            self._close(now)

    def _close(self, now: float) -> None:
        assert self._opened is not None
        self.closed = True
        window = self.window
        if self._job.pid and self._cpu_at_open is not None:
            used = cpu_seconds(self._job.pid)
            window.cpu = used - self._cpu_at_open if used is not None else None
        window.driver_cpu = time.process_time() - self._driver_cpu_at_open
        window.calls, window.seconds = len(self._latencies), now - self._opened
        self._latencies.sort()
        window.p50 = self._latencies[len(self._latencies) // 2]
        window.p99 = self._latencies[len(self._latencies) * 99 // 100]


class Connection(asyncio.Protocol):
    """One keep-alive connection: sends a call, waits for its answer, sends the next."""

    def __init__(self, load: Load, request: wire.RequestTemplate) -> None:
        self._load = load
        self._request = request
        self._reader = AnswerReader()
        self._transport: asyncio.Transport
        self._number = 0
        self._sent_at = 0.0
        self.finished = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # TCP's can be written to
        self._send()

    def data_received(self, data: bytes) -> None:
        try:
            answer = self._reader.feed(data)
        except (MalformedAnswer, ValueError) as error:
            self._load.fail(f"malformed answer: {error}")
            self._end()
            return
        if answer is not None:
            self._load.done(answer, self._number, self._sent_at, id(self))
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.finished.done():
            self._load.fail("the server closed the connection")
            self.finished.set_result(None)

    def _send(self) -> None:
        if not self._load.may_send():
            self._end()
            return
        self._number = self._load.next_id()
        data = self._request.with_id(self._number)
        self._sent_at = _clock()
        self._transport.write(data)

    def _end(self) -> None:
        if not self.finished.done():
            self.finished.set_result(None)
        if self._transport is not None:
            self._transport.close()


async def run(job: Job) -> Window:
    """Carries out one job."""
    load = Load(job)
    sessions: list[str] = []
    try:
        for _ in range(job.sessions):
            sessions.append(await open_session(job.port, job.headers))
        await _drive(job, load, sessions)
    except Exception as error:
        load.fail(f"{type(error).__name__}: {error}")
    finally:
        for session in sessions:
            try:
                await close_session(job.port, job.headers, session)
            except Exception as error:
                load.fail(f"closing a session: {type(error).__name__}: {error}")
    if not load.window.calls and not load.window.errors:
        load.fail("no call was completed in the window")
    return load.window


async def _drive(job: Job, load: Load, sessions: list[str]) -> None:
    loop = asyncio.get_running_loop()
    connections = []
    for number in range(job.concurrency):
        extra = job.headers | ({"Mcp-Session-Id": sessions[number % len(sessions)]} if sessions else {})
        request = wire.template(f"127.0.0.1:{job.port}", job.method, job.params, job.era, extra)
        make = partial(Connection, load, request)
        connections.append((await loop.create_connection(make, "127.0.0.1", job.port))[1])
    pending = {connection.finished for connection in connections}
    while pending:
        _, pending = await asyncio.wait(pending, timeout=1.0)
        if pending and _clock() - load.last_progress > STALL_SECONDS:
            load.closed = True
            raise TimeoutError(f"no answer for {STALL_SECONDS:.0f} s")


async def serve() -> None:
    """Takes jobs from stdin until it ends."""
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        window = await run(Job(**json.loads(line)))
        print(json.dumps(asdict(window)), flush=True)


if __name__ == "__main__":
    uvloop.run(serve())
