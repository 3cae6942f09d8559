"""A task on real pipes and a real sandbox: begun by one process, which is killed, and followed to its end by the next."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.certain import there
from tests.processes import COMMAND, environment, patiently, serving

pytestmark = pytest.mark.long

JOB = {"workflow_type": "GOOGLE_MAPS", "keyword": "plumber", "location": "Leeds, UK", "leads_requested": 3}
META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {"extensions": {"io.modelcontextprotocol/tasks": {}}},
}


class Pipe:
    """A client of one process on stdio, one request after the other."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._id = 0

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """The answer to a request; notifications on the way are passed over."""
        self._id += 1
        self._send(method, params)
        while True:
            message = self._read()
            if message.get("id") == self._id:
                return message

    def news(self, method: str, **params: Any) -> Iterator[dict[str, Any]]:
        """The notifications on the way to the answer of a request."""
        self._id += 1
        self._send(method, params)
        while (message := self._read()).get("id") != self._id:
            yield message

    def _send(self, method: str, params: dict[str, Any]) -> None:
        message = {"jsonrpc": "2.0", "id": self._id, "method": method, "params": {**params, "_meta": META}}
        pipe = there(self._process.stdin)
        pipe.write(json.dumps(message) + "\n")
        pipe.flush()

    def _read(self) -> dict[str, Any]:
        line = there(self._process.stdout).readline()
        assert line, "the server ended"
        return json.loads(line)


@contextmanager
def stdio(home: Path) -> Iterator[Pipe]:
    """A server of its own, killed at the end."""
    command = [COMMAND, "stdio", "--sandbox", "--toolsets", "flowmaticx,waiting"]
    with subprocess.Popen(
        command,
        env=environment(home),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            yield Pipe(process)
        finally:
            process.kill()


def test_a_task_outlives_the_process_that_began_it(tmp_path: Path) -> None:
    with stdio(tmp_path) as pipe:
        task = pipe.ask("tools/call", name="flowmaticx_create_job", arguments=JOB)["result"]
        assert (task["resultType"], task["status"]) == ("task", "working")
    with stdio(tmp_path) as pipe:
        listed = pipe.ask("tools/call", name="flowmaticx_list_jobs", arguments={"limit": 1})["result"]
        done = patiently(
            lambda: pipe.ask("tasks/get", taskId=task["taskId"])["result"], lambda told: told["status"] == "completed"
        )
        again = pipe.ask("tools/call", name="flowmaticx_create_job", arguments=JOB)["result"]
    job = done["result"]["structuredContent"]["job"]
    assert job["status"] == "COMPLETED"
    assert 0 < job["foundLeads"] <= 3
    assert str(job["id"]) in json.dumps(listed["structuredContent"])
    assert again["taskId"] == task["taskId"]


def test_who_listens_is_told_how_a_task_goes_until_it_is_over(tmp_path: Path) -> None:
    with stdio(tmp_path) as pipe:
        task = pipe.ask("tools/call", name="flowmaticx_create_job", arguments=JOB)["result"]
        heard = list(pipe.news("subscriptions/listen", notifications={"taskIds": [task["taskId"], "int_of_nobody"]}))
    acknowledged, *told = heard
    assert acknowledged["method"] == "notifications/subscriptions/acknowledged"
    assert acknowledged["params"]["notifications"] == {"taskIds": [task["taskId"]]}
    assert {message["method"] for message in told} == {"notifications/tasks"}
    assert {message["params"]["taskId"] for message in told} == {task["taskId"]}
    assert [message["params"]["status"] for message in told][-1] == "completed"
    assert all(one["params"] != next["params"] for one, next in pairwise(told))


def test_who_listens_when_the_server_stops_is_told_the_end(tmp_path: Path) -> None:
    env = environment(tmp_path, FLINTT_MCP_TOOLSETS="flowmaticx")
    with serving("--sandbox", env=env) as served, httpx2.Client(timeout=60) as client:
        create = {"name": "flowmaticx_create_job", "arguments": JOB | {"leads_requested": 200}}
        with _posted(client, served.mcp, "tools/call", **create) as answer:
            task = json.loads(answer.read())["result"]["taskId"]
        with _posted(client, served.mcp, "subscriptions/listen", notifications={"taskIds": [task]}) as stream:
            lines = (json.loads(line[5:]) for line in stream.iter_lines() if line.startswith("data:"))
            assert next(lines)["params"]["notifications"] == {"taskIds": [task]}
            assert next(lines)["params"]["status"] == "working"
            assert served.process.stop() == 0
            assert [message["result"]["resultType"] for message in lines if "result" in message] == ["complete"]
    assert "graceful shutdown exceeded" not in served.process.stderr


def _posted(client: httpx2.Client, url: str, method: str, **params: Any) -> Any:
    """The open answer to one request of revision 2026-07-28."""
    headers = {
        "accept": "application/json, text/event-stream",
        "authorization": "Bearer lg_live_sandbox_key",
        "mcp-protocol-version": META["io.modelcontextprotocol/protocolVersion"],
        "mcp-method": method,
        **({"mcp-name": params["name"]} if "name" in params else {}),
    }
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, "_meta": META}}
    return client.stream("POST", url, json=message, headers=headers)
