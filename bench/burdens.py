"""What strangers and idle clients cost the product: sessions that lie open, large bodies of nothing, and bodies that never end.

Each on a server of its own. Out: megabytes (10**6 bytes) of RSS, and the slowest answer of /healthz meanwhile.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from bench import accounting, wire
from bench.contenders import OURS, Fleet
from bench.load import KEY_HEADERS
from bench.process import Running, StartFailed

SESSIONS = 10_000
BODY = b"[" + b"[]," * ((4 * 1024 * 1024 - 4) // 3) + b"[]]"
_BODIES = 5
_HALVES = 60
_PAUSE = 0.002


@dataclass(frozen=True, slots=True)
class Burdens:
    """What was found; `fault` says why there is nothing."""

    sessions_mb: float = 0.0
    bodies_mb: float = 0.0
    slowest_health: float = 0.0
    fault: str | None = None


def measure(fleet: Fleet, progress: Callable[[str], None]) -> Burdens:
    """Both burdens, one after the other."""
    try:
        with ExitStack() as stack:
            sessions = _open_sessions(fleet.start(stack, OURS))
        progress(f"{SESSIONS:,} idle sessions: {sessions:+.1f} MB")
        with ExitStack() as stack:
            bodies, slowest = _send_bodies(fleet.start(stack, OURS))
    except (StartFailed, OSError, http.client.HTTPException, ValueError) as error:
        return Burdens(fault=f"{type(error).__name__}: {error}")
    progress(f"bodies of nothing: {bodies:+.1f} MB, slowest /healthz {slowest:.3f} s")
    return Burdens(sessions, bodies, slowest)


def _open_sessions(server: Running) -> float:
    """By how much a server grows that holds so many sessions."""
    before = _megabytes(server)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    headers = {"Content-Type": "application/json", "Accept": wire.BOTH, **KEY_HEADERS}
    for _ in range(SESSIONS):
        connection.request("POST", wire.PATH, json.dumps(wire.INITIALIZE), headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200 or not answer.getheader("mcp-session-id"):
            raise ValueError(f"initialize: status {answer.status}")
    connection.close()
    return _megabytes(server) - before


def _send_bodies(server: Running) -> tuple[float, float]:
    """By how much a server grows, while the half-sent bodies lie open, and its slowest /healthz meanwhile in seconds."""
    before, done, slowest = _megabytes(server), threading.Event(), [0.0]
    looking = threading.Thread(target=_look, args=(server.port, done, slowest))
    looking.start()
    halves: list[socket.socket] = []
    try:
        statuses = [_send_body(server.port) for _ in range(_BODIES)]
        if set(statuses) != {400}:
            raise ValueError(f"bodies of nothing got {statuses}")
        for _ in range(_HALVES):
            halves.append(socket.create_connection(("127.0.0.1", server.port)))
            with contextlib.suppress(OSError):  # refused meanwhile: the server reads no more of them
                halves[-1].sendall(
                    wire.request_head(f"127.0.0.1:{server.port}", len(BODY), {}) + BODY[: len(BODY) // 2]
                )
        for _ in range(_BODIES):
            with contextlib.suppress(OSError):
                _send_body(server.port)
        return _megabytes(server) - before, slowest[0]
    finally:
        done.set()
        looking.join()
        for half in halves:
            half.close()


def _send_body(port: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", wire.PATH, BODY, {"Content-Type": "application/json", "Accept": wire.BOTH})
        return connection.getresponse().status
    finally:
        connection.close()


def _look(port: int, done: threading.Event, slowest: list[float]) -> None:
    """Asks /healthz again and again, and keeps the slowest answer."""
    health = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    while not done.is_set():
        asked = time.perf_counter()
        health.request("GET", "/healthz")
        health.getresponse().read()
        slowest[0] = max(slowest[0], time.perf_counter() - asked)
        time.sleep(_PAUSE)


def _megabytes(server: Running) -> float:
    found = accounting.memory(server.pid)
    if found is None:
        raise ValueError("this system does not tell a process's memory")
    return found.rss / 1e6
