"""The Tasks extension as clients meet it over HTTP: who gets a task, what it tells, and who else may know of it.

The clock is the test's own, so that a look is made when a test says so. The conformance suite holds the shapes to the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest

from flintt_mcp.calls.call import QuietChannel
from flintt_mcp.calls.following import Following
from flintt_mcp.calls.reply import Done
from flintt_mcp.errors import StoreFailed, ToolInputError
from flintt_mcp.serving.asgi import mcp_over_http
from flintt_mcp.state.intents import StoredIntents
from tests.certain import of_kind, there
from tests.clock import SetClock
from tests.fake_api import KEYS, FakeApi, call, open_fake
from tests.transports.fixture_app import living

pytestmark = pytest.mark.anyio

TASKS = "io.modelcontextprotocol/tasks"
DECLARED: dict[str, Any] = {"extensions": {TASKS: {}}}
FORMS = {**DECLARED, "elicitation": {"form": {}}}
JOB = {"workflow_type": "LINKEDIN", "keyword": "founder", "location": "Lyon", "leads_requested": 5}
RUN = {"objective": "Pay suppliers", "budget_cap": "1250.50"}
BEGUN = {"ok": True, "data": {"job_id": 7, "status": "queued", "estimated_credits": 10, "credits_remaining": 90}}
OTHER = {"X-FlowMaticX-Key": "fmx_other", "X-FlowPilot-Key": "fp_other"}


def jobs(status: str, id: int = 7) -> dict[str, Any]:
    return {"ok": True, "data": {"jobs": [{"id": id, "status": status, "progress": 40}], "total": 1}}


class Asks:
    """A client: one request a call, at the newest revision, with what it declares on that request."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self._http = http

    async def __call__(
        self, method: str, declares: Any = None, headers: dict[str, str] | None = None, **params: Any
    ) -> dict[str, Any]:
        """The whole answer: a result or an error."""
        meta = {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": DECLARED if declares is None else declares,
        }
        name = params.get("name") or params.get("taskId")
        given = {"accept": "application/json, text/event-stream", "mcp-protocol-version": "2026-07-28"}
        given |= {"mcp-method": method, **({"mcp-name": name} if name else {}), **(headers or {})}
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, "_meta": meta}}
        answer = await self._http.post("/mcp", json=message, headers=given)
        data = [line[6:] for line in answer.text.splitlines() if line.startswith("data: ")]
        return json.loads(data[-1]) if data else answer.json()

    async def begun(self, tool: str = "flowmaticx_create_job", arguments: Any = None, **more: Any) -> dict[str, Any]:
        answer = await self("tools/call", name=tool, arguments=arguments or JOB, **more)
        return answer["result"]

    async def get(self, id: str, **more: Any) -> dict[str, Any]:
        answer = await self("tasks/get", taskId=id, **more)
        return answer["result"]


@asynccontextmanager
async def served(folder: Path, fake: FakeApi, **settings: Any) -> AsyncIterator[Asks]:
    async with open_fake(folder, fake, **settings) as app, living(mcp_over_http(app)) as asgi:
        keys = {"X-FlowMaticX-Key": KEYS["flowmaticx"], "X-FlowPilot-Key": KEYS["flowpilot"]}
        transport = httpx2.ASGITransport(app=asgi)
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", headers=keys) as http:
            yield Asks(http)


@pytest.fixture
def time(clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> SetClock:
    import time

    monkeypatch.setattr("flintt_mcp.app.time", SimpleNamespace(time=clock.seconds, monotonic=time.monotonic))
    return clock


async def test_a_client_that_follows_tasks_gets_one_and_reads_its_end(tmp_path: Path, time: SetClock) -> None:
    fake = FakeApi()
    async with served(tmp_path, fake) as asks:
        fake.will_answer(BEGUN)
        task = await asks.begun()
        fake.will_answer(jobs("RUNNING"))
        working = await asks.get(task["taskId"])
        time.forward(seconds=6)
        fake.will_answer(jobs("COMPLETED"))
        done = await asks.get(task["taskId"])
        again = await asks.get(task["taskId"])
    assert (task["resultType"], task["status"], task["pollIntervalMs"]) == ("task", "working", 5000)
    assert 0 < task["ttlMs"] <= 2 * 86_400_000
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", task["createdAt"])
    assert (working["status"], working["statusMessage"]) == ("working", "The FlowMaticX job is RUNNING (progress 40).")
    assert (done["status"], again["status"]) == ("completed", "completed")
    assert done["result"]["structuredContent"] == {"job": {"id": 7, "status": "COMPLETED", "progress": 40}}
    assert "read its leads with flowmaticx_list_leads" in done["result"]["content"][0]["text"]
    assert len(fake.requests) == 3


@pytest.mark.parametrize("declares", [{}, {"extensions": {}}, {"extensions": {"io.example/other": {}}}, {"tasks": {}}])
async def test_any_other_client_gets_the_result_of_the_call(tmp_path: Path, declares: dict[str, Any]) -> None:
    fake = FakeApi()
    async with served(tmp_path, fake) as asks:
        fake.will_answer(BEGUN)
        result = await asks.begun(declares=declares)
    assert result["structuredContent"]["job"]["job_id"] == 7
    assert result["resultType"] == "complete"


@pytest.mark.parametrize("method", ["tasks/get", "tasks/update", "tasks/cancel"])
async def test_what_a_client_declared_before_counts_for_no_later_request(tmp_path: Path, method: str) -> None:
    fake = FakeApi()
    async with served(tmp_path, fake) as asks:
        fake.will_answer(BEGUN)
        task = await asks.begun()
        more: dict[str, Any] = {"inputResponses": {}} if method == "tasks/update" else {}
        error = (await asks(method, declares={}, taskId=task["taskId"], **more))["error"]
    assert (error["code"], error["data"]) == (-32021, {"requiredCapabilities": DECLARED})
    assert len(fake.requests) == 1


@pytest.mark.parametrize("method", ["tasks/get", "tasks/update", "tasks/cancel"])
@pytest.mark.parametrize("who", ["another key", "no key", "no such id", "a long id"])
async def test_a_task_that_is_not_the_callers_is_not_there(tmp_path: Path, method: str, who: str) -> None:
    fake = FakeApi()
    async with served(tmp_path, fake) as asks:
        fake.will_answer(BEGUN)
        id = (await asks.begun())["taskId"]
        given = {"no such id": "int_nothing", "a long id": "x" * 5_000}.get(who, id)
        keys = OTHER if who == "another key" else dict.fromkeys(OTHER, "") if who == "no key" else {}
        more: dict[str, Any] = {"inputResponses": {}} if method == "tasks/update" else {}
        error = (await asks(method, headers=keys, taskId=given, **more))["error"]
    assert error["code"] == -32602
    assert error["message"] == "There is no task of that id for this key; a day after its last step it is forgotten"
    assert len(fake.requests) == 1


async def test_a_task_is_the_same_for_another_process_and_after_a_restart(tmp_path: Path, time: SetClock) -> None:
    fake = FakeApi()
    async with served(tmp_path, fake) as one:
        fake.will_answer(BEGUN)
        task = await one.begun()
        async with served(tmp_path, fake) as other:
            fake.will_answer(jobs("RUNNING"))
            seen = await other.get(task["taskId"])
        assert await one.get(task["taskId"]) == seen
    time.forward(seconds=60)
    async with served(tmp_path, fake) as later:
        fake.will_answer(jobs("TIMED_OUT"))
        ended = await later.get(task["taskId"])
    assert ended["status"] == "completed"
    assert ended["result"]["isError"] is True
    assert "The FlowMaticX job is TIMED_OUT" in ended["result"]["content"][0]["text"]
    assert "Changed: yes." in ended["result"]["content"][0]["text"]


async def test_of_many_who_ask_one_looks(tmp_path: Path, time: SetClock) -> None:
    fake = FakeApi()
    async with served(tmp_path, fake) as asks:
        fake.will_answer(BEGUN)
        task = await asks.begun()
        fake.will_answer(jobs("RUNNING"))
        told = [await asks.get(task["taskId"]) for _ in range(50)]
    assert len(fake.requests) == 2
    assert {each["status"] for each in told} == {"working"}


async def test_an_equal_call_is_the_same_task_and_spends_nothing(tmp_path: Path) -> None:
    fake = FakeApi()
    async with served(tmp_path, fake) as asks:
        fake.will_answer(BEGUN)
        first = await asks.begun()
        again = await asks.begun()
    assert again["taskId"] == first["taskId"]
    assert len(fake.requests) == 1


@pytest.mark.parametrize(("status", "body"), [(503, {}), (429, {"error": {"message": "slow"}}), (500, {})])
async def test_a_fault_of_the_api_ends_no_task_and_is_told(
    tmp_path: Path, time: SetClock, status: int, body: dict[str, Any]
) -> None:
    fake = FakeApi()
    async with served(tmp_path, fake) as asks:
        fake.will_answer(BEGUN)
        task = await asks.begun()
        fake.will_answer(body, status=status)
        troubled = await asks.get(task["taskId"])
        time.forward(seconds=6)
        fake.will_answer(jobs("COMPLETED"))
        done = await asks.get(task["taskId"])
    assert troubled["status"] == "working"
    assert "That is how it was last seen" in troubled["statusMessage"]
    assert done["status"] == "completed"


async def test_a_key_that_is_revoked_meanwhile_is_an_error_of_the_request_and_not_the_end(
    tmp_path: Path, time: SetClock
) -> None:
    fake = FakeApi()
    async with served(tmp_path, fake) as asks:
        fake.will_answer(BEGUN)
        task = await asks.begun()
        fake.will_answer({"error": {"message": "revoked"}}, status=401)
        error = (await asks("tasks/get", taskId=task["taskId"]))["error"]
        time.forward(seconds=6)
        fake.will_answer(jobs("RUNNING"))
        assert (await asks.get(task["taskId"]))["status"] == "working"
    assert error["code"] == -32603
    assert "does not accept this key (401)" in error["message"]


async def test_work_that_waits_for_a_person_asks_a_client_that_shows_forms_once(tmp_path: Path, time: SetClock) -> None:
    fake = FakeApi()
    waiting = {"id": "r1", "status": "awaiting_approval", "candidate_count": 3}
    async with served(tmp_path, fake) as asks:
        fake.will_answer({"id": "r1", "status": "pending"}, status=201)
        task = await asks.begun("flowpilot_create_run", RUN, declares=FORMS)
        fake.will_answer(waiting)
        asked = await asks.get(task["taskId"], declares=FORMS)
        plain = await asks.get(task["taskId"])
        (name,) = asked["inputRequests"]
        wrong = await asks(
            "tasks/update", declares=FORMS, taskId=task["taskId"], inputResponses={name: {"action": "x"}}
        )
        told = await asks(
            "tasks/update",
            declares=FORMS,
            taskId=task["taskId"],
            inputResponses={name: {"action": "accept"}, "other": 7},
        )
        fake.will_answer(waiting)
        after = await asks.get(task["taskId"], declares=FORMS)
        time.forward(seconds=6)
        fake.will_answer({"id": "r1", "status": "completed"})
        done = await asks.get(task["taskId"], declares=FORMS)
    assert asked["status"] == "input_required"
    assert "This form approves nothing" in asked["inputRequests"][name]["params"]["message"]
    assert plain["status"] == "working"
    assert wrong["error"]["code"] == -32602
    assert told["result"]["resultType"] == "complete"
    assert after["status"] == "working"
    assert done["status"] == "completed"
    assert [request.method for request in fake.requests] == ["POST", "GET", "GET", "GET"]


async def test_what_cannot_be_ended_goes_on_and_says_so_when_it_is_called_off(tmp_path: Path, time: SetClock) -> None:
    fake = FakeApi()
    async with served(tmp_path, fake) as asks:
        fake.will_answer(BEGUN)
        task = await asks.begun()
        cancelled = await asks("tasks/cancel", taskId=task["taskId"])
        fake.will_answer(jobs("RUNNING"))
        working = await asks.get(task["taskId"])
        time.forward(seconds=6)
        fake.will_answer(jobs("COMPLETED"))
        done = await asks.get(task["taskId"])
        late = await asks("tasks/cancel", taskId=task["taskId"])
    assert cancelled["result"]["resultType"] == "complete"
    assert working["status"] == "working"
    assert "Nothing here can end it, so it goes on" in working["statusMessage"]
    assert done["status"] == "completed"
    assert "result" in late
    assert [request.method for request in fake.requests] == ["POST", "GET", "GET"]


async def test_a_task_is_forgotten_when_its_time_is_over(tmp_path: Path, time: SetClock) -> None:
    fake = FakeApi()
    async with served(tmp_path, fake) as asks:
        fake.will_answer(BEGUN)
        task = await asks.begun()
        time.forward(seconds=task["ttlMs"] / 1000 + 1)
        error = (await asks("tasks/get", taskId=task["taskId"]))["error"]
    assert error["code"] == -32602


async def test_a_call_that_failed_begins_no_task(tmp_path: Path) -> None:
    fake = FakeApi()
    async with served(tmp_path, fake) as asks:
        fake.will_answer({"ok": False, "error": {"code": "INSUFFICIENT_CREDITS", "message": "no"}}, status=402)
        result = await asks.begun()
    assert result["isError"] is True
    assert result["resultType"] == "complete"


async def test_approval_comes_before_the_task(tmp_path: Path) -> None:
    fake = FakeApi()
    async with served(tmp_path, fake, approve=("spend",)) as asks:
        fake.will_answer({"ok": True, "data": {"remaining": 90}}, {"ok": True, "data": {"jobs": [], "total": 0}})
        result = await asks.begun(declares=DECLARED)
    assert result["resultType"] == "complete"
    assert "approv" in result["content"][0]["text"]
    assert [request.method for request in fake.requests if request.method == "POST"] == []


async def test_a_client_that_does_not_see_what_shows_the_work_gets_the_record(tmp_path: Path) -> None:
    fake = FakeApi()
    async with served(tmp_path, fake) as asks:
        fake.will_answer(BEGUN)
        result = await asks.begun(headers={"X-MCP-Tools": "flowmaticx_create_job"})
    assert result["resultType"] == "complete"
    assert result["structuredContent"]["job"]["job_id"] == 7


async def test_work_that_was_begun_is_told_also_when_the_store_fails_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(*_: Any) -> None:
        raise StoreFailed("The server could not use its store, so nothing was sent")

    fake = FakeApi()
    async with served(tmp_path, fake) as asks:
        fake.will_answer(BEGUN)
        monkeypatch.setattr(Following, "find", failing)
        result = await asks.begun()
    assert result["structuredContent"]["job"]["job_id"] == 7


async def test_a_store_that_fails_for_a_moment_ends_no_task(
    tmp_path: Path, time: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(*_: Any) -> None:
        raise StoreFailed("The server could not use its store, so nothing was sent")

    fake = FakeApi()
    async with served(tmp_path, fake) as asks:
        fake.will_answer(BEGUN)
        task = await asks.begun()
        with monkeypatch.context() as broken:
            broken.setattr(StoredIntents, "follow", failing)
            troubled = await asks.get(task["taskId"])
        fake.will_answer(jobs("COMPLETED"))
        done = await asks.get(task["taskId"])
    assert troubled["status"] == "working"
    assert "That is how it was last seen: The server could not use its store" in troubled["statusMessage"]
    assert done["status"] == "completed"


async def test_a_task_that_is_forgotten_while_somebody_listens_is_not_looked_at_any_more(
    tmp_path: Path, time: SetClock
) -> None:
    fake = FakeApi()
    async with open_fake(tmp_path, fake) as app:
        fake.will_answer(BEGUN)
        begun = of_kind(Done, await call(app, "flowmaticx_create_job", JOB))
        caller = app.credentials.with_secrets(KEYS)
        task = there(await app.following.find(begun.intent, caller, QuietChannel("http")))
        time.forward(days=3)
        with pytest.raises(ToolInputError, match="there is none of that id"):
            await app.following.look(task)
    assert len(fake.requests) == 1
