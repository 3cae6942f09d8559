"""Two worker processes of one server: sessions, questions and legacy SSE on both, through a kill and a restart."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from os import kill
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.processes import Served, environment, patiently, serving

KEY = {"x-api-key": "flt_sandbox_key", "accept": "application/json, text/event-stream"}
ABLE: dict[str, Any] = {"elicitation": {"form": {}}}
READING = 1.0
"""Seconds that a person takes to read; the server believes no faster answer."""


class Workers:
    """A server of two workers, and clients each of whose connection belongs to one of them."""

    def __init__(self, served: Served, stack: ExitStack) -> None:
        self.served = served
        self._stack = stack

    @property
    def pids(self) -> list[int]:
        """The worker processes that run."""
        children = Path(f"/proc/{self.served.process.pid}/task/{self.served.process.pid}/children").read_text().split()
        return [int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    def client(self, of: int) -> httpx2.Client:
        """A client whose one connection is taken by that worker, because all others stand still meanwhile."""
        others = [pid for pid in self.pids if pid != of]
        client = self._stack.enter_context(httpx2.Client(base_url=self.served.base, headers=KEY, timeout=20))
        for pid in others:
            kill(pid, signal.SIGSTOP)
        try:
            assert client.get("/healthz").status_code == 200
        finally:
            for pid in others:
                kill(pid, signal.SIGCONT)
        return client


@contextmanager
def two(home: Path, **more: str) -> Iterator[Workers]:
    env = environment(home, FLINTT_MCP_APPROVE="destroy,spend", **more)
    with serving("--sandbox", "--workers", "2", env=env) as served, ExitStack() as stack:
        workers = Workers(served, stack)
        assert len(patiently(lambda: workers.pids, lambda pids: len(pids) == 2)) == 2
        # Each has to accept connections before the other may stand still.
        for _ in range(20):
            httpx2.get(f"{served.base}/healthz")
        yield workers


def _session(client: httpx2.Client, capabilities: Any = None) -> dict[str, str]:
    said = {
        "protocolVersion": "2025-11-25",
        "capabilities": capabilities or {},
        "clientInfo": {"name": "t", "version": "1"},
    }
    opened = client.post("/mcp", json={"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": said})
    assert opened.status_code == 200
    return {"mcp-session-id": opened.headers["mcp-session-id"], "mcp-protocol-version": "2025-11-25"}


_ids = count(1)


def _call(name: str, **arguments: Any) -> dict[str, Any]:
    return {
        "jsonrpc": "2.0",
        "id": next(_ids),
        "method": "tools/call",
        "params": {"name": name, "arguments": arguments},
    }


def _works(client: httpx2.Client, session: dict[str, str]) -> int:
    return client.post("/mcp", json=_call("list_companies", limit=1), headers=session).status_code


def _data(lines: Iterator[str]) -> Any:
    """The next message of a stream."""
    line = next(line for line in lines if line.startswith("data: "))
    return json.loads(line[6:]) if line[6:].startswith("{") else line[6:]


def test_a_session_is_ended_for_all_workers_and_outlives_a_restart_otherwise(tmp_path: Path) -> None:
    with two(tmp_path) as workers:
        one, other = map(workers.client, workers.pids)
        kept, ended = _session(one), _session(other)
        assert [_works(client, session) for client in (one, other) for session in (kept, ended)] == [200] * 4
        assert one.delete("/mcp", headers=ended).status_code == 200
        assert [_works(client, session) for client in (one, other) for session in (kept, ended)] == [200, 404] * 2
    with two(tmp_path) as workers:
        one, other = map(workers.client, workers.pids)
        assert [_works(client, session) for client in (one, other) for session in (kept, ended)] == [200, 404] * 2


@pytest.mark.parametrize("accepts", [True, False])
def test_a_question_of_one_worker_is_answered_by_way_of_the_other(tmp_path: Path, accepts: bool) -> None:
    with two(tmp_path) as workers:
        one, other = map(workers.client, workers.pids)
        session = _session(other, ABLE)
        listed = one.post("/mcp", json=_call("list_signals"), headers=session).json()["result"]["structuredContent"]
        signal_id = listed["signals"]["rows"][0][listed["signals"]["columns"].index("id")]
        delete = _call("delete_signal", signal_id=signal_id)
        with one.stream("POST", "/mcp", json=delete, headers=session) as stream:
            lines = stream.iter_lines()
            question = _data(lines)
            assert question["method"] == "elicitation/create"
            time.sleep(READING)
            fields = question["params"]["requestedSchema"]["properties"]
            content = dict.fromkeys(fields, True)
            result = {"action": "accept", "content": content} if accepts else {"action": "decline"}
            answer = {"jsonrpc": "2.0", "id": question["id"], "result": result}
            assert other.post("/mcp", json=answer, headers=session).status_code == 202
            reply = _data(lines)
        assert (reply["id"], reply["result"]["isError"]) == (delete["id"], not accepts)
        found = other.post("/mcp", json=_call("get_signal", signal_id=signal_id), headers=session).json()
        assert found["result"]["isError"] is accepts


def test_messages_for_a_legacy_stream_are_taken_by_every_worker(tmp_path: Path) -> None:
    said = {"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    with two(tmp_path) as workers:
        first, second = workers.pids
        one, other, streaming = workers.client(first), workers.client(second), workers.client(first)
        with streaming.stream("GET", "/sse") as stream:
            lines = stream.iter_lines()
            endpoint = _data(lines)
            hello = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": said}
            assert other.post(endpoint, json=hello).status_code == 202
            assert _data(lines)["result"]["protocolVersion"] == "2024-11-05"
            for client in (one, other):
                call = _call("list_companies", limit=1)
                assert client.post(endpoint, json=call).status_code == 202
                assert (reply := _data(lines))["id"] == call["id"]
                assert reply["result"]["isError"] is False
                narrow = {"x-mcp-exclude-tools": "list_companies"}
                assert client.post(endpoint, json=call, headers=narrow).status_code == 202
                assert _data(lines)["error"]["message"].startswith("list_companies is off for this request")
            stranger = {"x-api-key": "flt_sandbox_second_key"}
            assert other.post(endpoint, json=_call("list_companies"), headers=stranger).status_code == 404
        gone = patiently(
            lambda: other.post(endpoint, json=_call("list_companies")).status_code, lambda status: status == 404
        )
        assert gone == 404


def test_when_a_worker_is_killed_its_streams_end_and_its_sessions_live_on(tmp_path: Path) -> None:
    with two(tmp_path) as workers:
        doomed, spared = workers.pids
        streaming, other = workers.client(doomed), workers.client(spared)
        legacy, session = workers.client(doomed), _session(workers.client(doomed))
        with (
            streaming.stream("GET", "/mcp", headers=session) as listening,
            legacy.stream("GET", "/sse") as old,
        ):
            lines = old.iter_lines()
            endpoint = _data(lines)
            kill(doomed, signal.SIGKILL)
            with suppress(httpx2.HTTPError):  # cut in the middle, as the kernel does it
                assert [line for line in listening.iter_lines() if line.startswith("data")] == []
            with suppress(httpx2.HTTPError):
                assert list(lines) == []
        assert other.post(endpoint, json=_call("list_companies")).status_code == 404
        assert _works(other, session) == 200
        assert other.delete("/mcp", headers=session).status_code == 200
        pids = patiently(lambda: workers.pids, lambda pids: len(pids) == 2 and doomed not in pids)
        assert len(pids) == 2
        (new,) = set(pids) - {spared}
        again = patiently(lambda: workers.client(new), bool)
        assert _works(again, session) == 404
        assert _works(again, _session(other)) == 200
