"""Calls a second over stdio, beside the floor over HTTP: sixteen requests under way at any time, each answer checked for its end.

The floor has no stdio: it takes its turn in each round over HTTP, at the same concurrency, so that the ratio says what a client on
a pipe gets of what the machine can do.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bench import cases, payload, wire
from bench.contenders import FLOOR, OURS, Fleet, Product, stdio_command, stdio_environment
from bench.driver import Job
from bench.load import KEY_HEADERS, Driver
from bench.process import Running, StartFailed, running
from bench.ratio import Spread, per_round, spread
from bench.stdio import ask

CONCURRENCY = 16
_MARKER = payload.MARKER.encode()


@dataclass(slots=True)
class Piped:
    """Calls a second by round, of the floor and of the product; None where it failed."""

    floor: list[float | None] = field(default_factory=list)
    product: list[float | None] = field(default_factory=list)
    fault: str | None = None

    @property
    def ratio(self) -> Spread | None:
        """The product over the floor, per round."""
        return per_round(self.product, self.floor)

    @property
    def rate(self) -> Spread | None:
        """The product's calls a second."""
        return spread(self.product)


def measure(
    fleet: Fleet, driver: Driver, product: Product, rounds: int, seconds: float, progress: Callable[[str], None]
) -> Piped:
    """Both in turn."""
    found = Piped()
    floor = fleet.server(FLOOR, stateful=False)
    try:
        with running(stdio_command(OURS, product, fleet.upstream_url), stdio_environment(fleet.upstream_url)) as child:
            ask(child, wire.INITIALIZE)
            _rate(child, seconds)
            for number in range(rounds):
                found.floor.append(floor_rate(driver, floor, seconds))
                found.product.append(_rate(child, seconds))
                progress(f"calls on stdio: round {number + 1}/{rounds}")
    except StartFailed as error:
        found.fault = str(error)
    return found


def floor_rate(driver: Driver, server: Running, seconds: float) -> float | None:
    """Calls a second of the floor, at the same concurrency."""
    job = Job(
        port=server.port,
        method="tools/call",
        params=cases.CALL,
        era=wire.MODERN,
        concurrency=CONCURRENCY,
        seconds=seconds,
        wanted=list(cases.FLOOR_WANTED),
        headers=KEY_HEADERS,
        pid=server.pid,
    )
    window = driver.run(job)
    return None if window.errors else window.calls / window.seconds


def _rate(child: Running, seconds: float) -> float:
    """Calls a second, with a new request for each answer until the time is over.

    Raises:
        StartFailed: an answer without all companies, or none.
    """
    assert child.process.stdin is not None
    assert child.process.stdout is not None
    into, out = child.process.stdin.fileno(), child.process.stdout.fileno()
    started, sent, answered = time.perf_counter(), 0, 0
    unread = bytearray()
    while answered < sent or not sent:
        under_way = sent - answered
        if time.perf_counter() - started < seconds:
            os.write(into, b"".join(_request(sent + number) for number in range(CONCURRENCY - under_way)))
            sent += CONCURRENCY - under_way
        chunk = os.read(out, 1 << 16)
        if not chunk:
            raise child.failed("stdout ended")
        unread += chunk
        *lines, rest = unread.split(b"\n")
        unread = bytearray(rest)
        answered += len(lines)
        if any(line.count(_MARKER) != 2 for line in lines):
            raise child.failed("an answer does not hold the last company twice")
    return answered / (time.perf_counter() - started)


def _request(number: int) -> bytes:
    message = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": cases.CALL}
    return json.dumps(message).encode() + b"\n"
