"""Whatever goes wrong between a client, two servers and the API, a write is done once, and no intent says otherwise.

In: an API that commits and then loses, fails or delays its answer; clients that go away; servers that are killed at random points.
FLINTT_INTENTS says how many intents (`make soak`: 10,000); 200 otherwise. The random numbers are seeded.
"""

from __future__ import annotations

import http.server
import json
import os
import random
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx2

from flintt_mcp.state.server_file import FILE_NAME
from tests import wire
from tests.processes import Served, environment, serving

from .scene import flintt_mcp

INTENTS = int(os.environ.get("FLINTT_INTENTS", "200"))
KILLS = max(4, INTENTS // 100)
AT_ONCE = 8
FAULTS = ("none", "none", "lost", "500 after", "lost before", "late")
SHORT = ("--call-deadline", "2.5", "--attempt-timeout", "0.5", "--remember-creates", "86400")


class Companies:
    """The rows of the API, and what goes wrong on the way: for each name its first answer, the later ones come as they should."""

    def __init__(self, seed: int) -> None:
        self._lock = threading.Lock()
        self._random = random.Random(seed)
        self._seen: set[str] = set()
        self.rows: list[dict[str, Any]] = []

    def fault(self, name: str) -> str:
        with self._lock:
            fault = "none" if name in self._seen else self._random.choice(FAULTS)
            self._seen.add(name)
            return fault

    def add(self, name: str) -> dict[str, Any]:
        with self._lock:
            row = {"id": str(uuid4()), "name": name, "created_at": datetime.now(UTC).isoformat()}
            self.rows.append(row)
            return row

    def named(self, part: str) -> list[dict[str, Any]]:
        with self._lock:
            return [row for row in self.rows if part in row["name"]]


@contextmanager
def api(companies: Companies) -> Iterator[str]:
    """That API on a port of its own."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            return None

        def do_GET(self) -> None:
            self.reply(200, companies.named(parse_qs(urlsplit(self.path).query).get("name", [""])[0]))

        def do_POST(self) -> None:
            name = json.loads(self.rfile.read(int(self.headers["content-length"])))["name"]
            fault = companies.fault(name)
            if fault == "lost before":
                return
            if fault == "late":  # longer than the attempt waits, shorter than it may count
                time.sleep(0.7)
            row = companies.add(name)
            if fault == "500 after":
                self.reply(500, {"error": "internal"})
            elif fault != "lost":
                self.reply(201, row)

        def reply(self, status: int, body: Any) -> None:
            told = json.dumps(body).encode()
            with suppress(OSError):
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(told)))
                self.end_headers()
                self.wfile.write(told)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


class Pair:
    """Two servers on one data folder; one of them is killed and started again, and the journal looked at in between."""

    def __init__(self, env: dict[str, str], stack: ExitStack) -> None:
        self._env = env
        self._stack = stack
        self.servers: list[Served] = [self._start(), self._start()]

    def kill(self, number: int) -> None:
        assert self.servers[number].process.stop(signal.SIGKILL) == -signal.SIGKILL
        flintt_mcp("audit", "verify", env=self._env)  # fails the test when it is not as it was written
        self.servers[number] = self._start()

    def _start(self) -> Served:
        return self._stack.enter_context(serving(*SHORT, env=self._env))


def ask(pair: Pair, name: str, seed: int) -> None:
    """Ask for one company, at either server and sometimes without waiting for the answer, until one says that it is there."""
    chance = random.Random(seed)
    end = time.monotonic() + 60
    with wire.client() as http:
        while time.monotonic() < end:
            server = pair.servers[chance.randrange(2)]
            patience = 0.05 if chance.random() < 0.2 else 10
            with suppress(httpx2.HTTPError):
                answer = http.post(
                    server.mcp,
                    json=wire.message("create_company", {"name": name}),
                    headers=wire.headers("create_company", x_api_key="flt_key"),
                    timeout=patience,
                )
                if answer.status_code == 200 and not answer.json()["result"].get("isError"):
                    return
            time.sleep(0.1)
    raise AssertionError(f"{name} was not made in a minute")


def test_effects_on_the_api_equal_distinct_intents_whatever_fails(tmp_path: Path) -> None:
    companies, chance = Companies(seed=10), random.Random(10)
    names = [f"Company <{number}>" for number in range(INTENTS)]
    asked = [(name, 2 * number + twin) for number, name in enumerate(names) for twin in range(2)]
    with api(companies) as url, ExitStack() as stack, ThreadPoolExecutor(AT_ONCE) as pool:
        env = environment(tmp_path, FLINTT_API_URL=url)
        pair = Pair(env, stack)
        share = -(-len(asked) // (KILLS + 1))
        for start in range(0, len(asked), share):
            waiting = [pool.submit(ask, pair, *each) for each in asked[start : start + share]]
            if start:
                time.sleep(chance.uniform(0.0, 0.5))
                pair.kill(chance.randrange(2))
            for each in waiting:
                each.result()
        assert Counter(row["name"] for row in companies.rows) == Counter(names)
        flintt_mcp("audit", "verify", env=env)
    assert ended(tmp_path / "data") == {"done": INTENTS}


def ended(folder: Path) -> Counter[str]:
    """How many intents ended in which state, those left out that changed nothing."""
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection:
        rows = connection.execute("SELECT state, count(*) FROM intents WHERE state <> 'failed' GROUP BY state")
        return Counter(dict(rows.fetchall()))
