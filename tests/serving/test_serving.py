"""`flintt-mcp serve` as a real process: how it says that it is ready, what it refuses, and how it ends."""

from __future__ import annotations

import os
import re
import signal
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest

from flintt_mcp import __version__
from flintt_mcp.calls.reply import objects_of
from flintt_mcp.sandbox.flintt.running.runner_lock import hold
from tests.certain import of_kind
from tests.processes import COMMAND, Process, Served, closed_port, environment, patiently, running, serving
from tests.wire import call, client, headers, message

KEY = "flt_sandbox_key"
SLOW = 20.0


class Upstream(ThreadingHTTPServer):
    """An API that answers an empty list, once it is let go."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.entered = threading.Event()
        self.go = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_: Any) -> None:
        """A server that ended does not wait for its answer."""


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/v1/"):
            server = of_kind(Upstream, self.server)
            server.entered.set()
            server.go.wait(SLOW)
        body = b"[]"
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def upstream() -> Iterator[Upstream]:
    api = Upstream()
    thread = threading.Thread(target=api.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield api
    finally:
        api.go.set()
        api.shutdown()
        thread.join()
        api.server_close()


def told(process: Process) -> list[str]:
    """What a server said on stderr beside its ready lines."""
    ready = re.compile(r"^flintt-mcp \S+ is ready.*?^  Stop +Ctrl-C\n", re.M | re.S)
    return ready.sub("", process.stderr).splitlines()


def test_a_sandbox_says_where_it_is_with_a_key_that_works(tmp_path: Path) -> None:
    with serving("--sandbox", env=environment(tmp_path)) as served, client() as http:
        first, _, *rest = served.process.stderr.splitlines()
        url = f"{served.mcp}?api_key={KEY}"
        assert first == f"flintt-mcp {__version__} is ready: {url}"
        assert call(http, url, "list_signals")["structuredContent"]["count"] == 12
        assert f"  Data          {tmp_path}/data" in rest
        assert [http.get(f"{served.base}{path}").status_code for path in ("/healthz", "/readyz")] == [200, 200]
        assert served.process.stop(signal.SIGINT) == 0
    assert told(served.process) == []


def test_without_a_sandbox_no_key_is_shown_and_every_path_is_there_below_the_prefix_too(tmp_path: Path) -> None:
    with upstream() as api:
        api.go.set()
        env = environment(tmp_path, FLINTT_API_URL=api.url)
        with serving("--path-prefix", "/flintt", env=env) as served, client() as http:
            origin = served.base.removesuffix("/flintt")
            assert served.process.stderr.splitlines()[0] == f"flintt-mcp {__version__} is ready: {origin}/flintt/mcp"
            assert call(http, f"{origin}/flintt/mcp", "list_companies", x_api_key="flt_a")["structuredContent"] == {
                "companies": {"columns": [], "rows": []},
                "count": 0,
                "complete": True,
                "total": 0,
            }
            assert call(http, f"{origin}/mcp", "list_docs")["isError"] is False
            for prefix in ("", "/flintt"):
                assert http.get(f"{origin}{prefix}/readyz").json() == {
                    "ready": True,
                    "apis": {"flintt": {"reachable": True}},
                }
                assert http.get(f"{origin}{prefix}/healthz").text == "ok\n"


def test_a_port_in_use_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with running([COMMAND, "serve", "--sandbox", "--port", str(port)], environment(tmp_path)) as process:
            assert process.end() == 2
    assert process.stderr == (
        f"flintt-mcp: cannot listen on 127.0.0.1 port {port}: address already in use. "
        "stop what uses it, or choose another --port (0 takes a free one)\n"
    )


@pytest.mark.parametrize(
    ("arguments", "variables", "line"),
    [
        (["--host", "0.0.0.0"], {}, "--host 0.0.0.0 can be reached from outside: name the Host headers to accept with "),
        (["--toolsets", "nope"], {}, "--toolsets: no toolset 'nope'; there are all, default, "),
        (["--toolsets", "nope", "--workers", "2"], {}, "--toolsets: no toolset 'nope'; there are all, default, "),
        (["--allowed-origin", "*"], {}, "allowed origin '*' must be exact, such as https://app.example.com"),
        (["--workers", "2"], {"FLINTT_API_URL": "http://api.example"}, "FLINTT_API_URL: plain http only to this machine; "),
        (["--sandbox", "--toolsets", "nope"], {}, "--toolsets: no toolset 'nope'; there are all, default, "),
        (["--sandbox", "--allowed-origin", "*"], {}, "allowed origin '*' must be exact, such as https://app.example.com"),
        (["--sandbox", "--data-dir", os.devnull], {}, f"the data folder {os.devnull} cannot be used: "),
        (["--port", "eight"], {}, "--port: a whole number"),
        ([], {"FLINTT_MCP_PROT": "1"}, "FLINTT_MCP_PROT: no such setting; "),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_work_is_one_line_and_exit_code_2(
    tmp_path: Path, arguments: list[str], variables: dict[str, str], line: str
) -> None:
    port = [] if "--port" in arguments else ["--port", "0"]
    with running([COMMAND, "serve", *port, *arguments], environment(tmp_path, **variables)) as process:
        assert process.end() == 2
    assert process.stderr.startswith(f"flintt-mcp: {line}")
    assert process.stderr.count("\n") == 1
    assert process.stdout == ""


@contextmanager
def event_stream(http: httpx2.Client, served: Served) -> Iterator[Iterator[str]]:
    """An open legacy SSE stream, after its first event."""
    with http.stream("GET", served.mcp, headers={"accept": "text/event-stream", "x-api-key": "flt_a"}) as stream:
        assert stream.status_code == 200
        lines = stream.iter_lines()
        assert next(lines) == "event: endpoint"
        yield lines


@pytest.mark.parametrize("workers", ["1", "2"])
def test_sigterm_ends_streams_at_once_lets_a_call_finish_and_then_the_process(tmp_path: Path, workers: str) -> None:
    with (
        upstream() as api,
        serving("--workers", workers, env=environment(tmp_path, FLINTT_API_URL=api.url)) as served,
        client() as http,
        ThreadPoolExecutor(1) as other,
        event_stream(http, served) as lines,
    ):
        running_call = other.submit(call, http, served.mcp, "list_companies", None, x_api_key="flt_a")
        assert api.entered.wait(SLOW)
        served.process.send(signal.SIGTERM)
        assert [line for line in lines if line.startswith("event")] == []
        assert not running_call.done()
        api.go.set()
        assert running_call.result(SLOW)["structuredContent"]["count"] == 0
        assert served.process.end() == 0
    assert told(served.process) == []


def test_a_second_signal_ends_several_workers_at_once(tmp_path: Path) -> None:
    with (
        upstream() as api,
        serving(
            "--workers", "2", env=environment(tmp_path, FLINTT_API_URL=api.url, FLINTT_MCP_SHUTDOWN_GRACE="300")
        ) as served,
        client() as http,
        ThreadPoolExecutor(1) as other,
        event_stream(http, served) as lines,
    ):
        running_call = other.submit(call, http, served.mcp, "list_companies", None, x_api_key="flt_a")
        assert api.entered.wait(SLOW)
        served.process.send(signal.SIGTERM)
        assert [line for line in lines if line.startswith("event")] == []
        served.process.send(signal.SIGTERM)
        assert served.process.end() == 0
        assert isinstance(running_call.exception(SLOW), httpx2.TransportError)


def test_a_call_that_does_not_end_is_answered_and_does_not_hold_the_process(tmp_path: Path) -> None:
    env = environment(tmp_path, FLINTT_MCP_SHUTDOWN_GRACE="0.1")
    with (
        upstream() as api,
        serving(env=env | {"FLINTT_API_URL": api.url}) as served,
        client() as http,
        ThreadPoolExecutor(1) as other,
    ):
        asked = other.submit(
            http.post,
            served.mcp,
            json=message("list_companies"),
            headers=headers("list_companies", x_api_key="flt_a"),
        )
        assert api.entered.wait(SLOW)
        assert served.process.stop(signal.SIGTERM) == 0
        answer = asked.result(SLOW)
    assert (answer.status_code, answer.json()["error"]["message"]) == (
        503,
        "The server is stopping; try again in a moment",
    )
    assert told(served.process) == []


@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_during_the_start_ends_it_without_a_traceback(tmp_path: Path, workers: str) -> None:
    data = tmp_path / "data"
    command = [COMMAND, "serve", "--sandbox", "--port", "0", "--workers", workers]
    with running(command, environment(tmp_path)) as process:
        assert patiently(data.exists, bool)
        assert process.stop(signal.SIGINT) in (0, 130)
    assert told(process) == []


def test_workers_share_keys_figures_and_sessions_and_end_together(tmp_path: Path) -> None:
    with serving("--sandbox", "--workers", "2", env=environment(tmp_path, TMPDIR=str(tmp_path))) as served:
        children = Path(f"/proc/{served.process.pid}/task/{served.process.pid}/children").read_text().split()
        assert len(children) >= 2
        # The server is ready with its first worker; until both have had a call, it is asked again.
        asked = [open_each_others_cursors(served)]
        while len({path.stem for path in tmp_path.glob("flintt-mcp-workers-*/counter_*.db")}) < 2 and len(asked) < 20:
            asked.append(open_each_others_cursors(served))
        calls = sum(asked)
        assert len(asked) < 20
        for _ in range(6):
            with client() as http:
                figures = http.get(f"{served.base}/metrics").text
            assert f'flintt_mcp_calls_total{{outcome="done",tool="list_companies"}} {calls}.0' in figures
        with client() as http:
            secret = (tmp_path / "data" / "approval.secret").read_text().strip()
            status = http.post(f"{served.base}/status", data={"secret": secret}).text
        assert "are those of one of 2 workers, process " in status
        assert f">{calls} done</p>" in status
        assert '"type": "sse"' in served.process.stderr
        assert served.process.stop() == 0
    assert gone(children)
    assert list(tmp_path.glob("flintt-mcp-workers-*")) == []
    assert told(served.process) == []


def test_workers_say_once_that_a_process_of_somebody_else_runs_the_signals(tmp_path: Path) -> None:
    waits = re.compile("another process runs the signals of this data folder: this one serves without running them")
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    with hold(data), serving("--sandbox", "--workers", "2", env=environment(tmp_path)) as served:
        served.process.wait_for(waits)
        open_each_others_cursors(served)
        assert served.process.stop() == 0
    assert len(told(served.process)) == len(waits.findall(served.process.stderr)) == 1


def open_each_others_cursors(served: Served) -> int:
    """Read a list to its end, each page over a connection of its own, so that any worker may get it."""
    rows: list[str] = []
    arguments: dict[str, Any] = {"limit": 5}
    calls = 0
    while arguments:
        with client() as http:
            page = call(http, f"{served.mcp}?api_key={KEY}", "list_companies", arguments)["structuredContent"]
        calls += 1
        rows += [row["id"] for row in objects_of(page["companies"])]
        arguments = {"limit": 5, "cursor": page["next_cursor"]} if "next_cursor" in page else {}
    assert (len(rows), len(set(rows)), calls) == (200, 200, 40)
    return calls


@pytest.mark.parametrize("name", ["mcp.example.com", "mcp.example.com:8443"])
def test_outside_loopback_the_ready_line_names_a_host_that_is_let_in(tmp_path: Path, name: str) -> None:
    # 127.1 is loopback for the network, not for the server, which takes it for any other address.
    port = str(closed_port())
    arguments = ["--host", "127.1", "--allowed-host", name, "--port", port]
    with serving(*arguments, env=environment(tmp_path)) as served, client() as http:
        shown = served.base.removeprefix("http://")
        assert shown == (name if ":" in name else f"{name}:{port}")
        for host, status in ((shown, 200), ("evil.example", 421)):
            answer = http.get(f"http://127.0.0.1:{port}/", headers={"accept": "text/html", "host": host})
            assert answer.status_code == status


def gone(pids: list[str]) -> bool:
    """Whether processes end, those of Python's own bookkeeping a moment after their parent."""
    return patiently(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), bool)


SECRETS = ["flt_wrong_key_1234567890", "Zq7-plain-secret-of-nobody", "fp_test_other_key_123", KEY]


def requests_with(key: str) -> Iterator[dict[str, Any]]:
    """Requests that carry a key in every place one may be, and in places where it may not."""
    ok = {"json": message("list_signals"), "headers": headers("list_signals")}
    for path in ("/mcp", "/mcp/", "/sse", "/messages/", "/nothing", "/healthz", "/metrics", "/"):
        for query in (f"api_key={key}", f"%61pi_key={key}", f"api_key={key}&api_key={key}", f"x=1;API_KEY={key}"):
            yield {"method": "POST", "url": f"{path}?{query}", **ok}
            yield {"method": "GET", "url": f"{path}?{query}", "headers": {"accept": "text/html"}}
        yield {"method": "OPTIONS", "url": f"{path}?api_key={key}", "headers": {"origin": "http://evil.example"}}
        yield {"method": "DELETE", "url": f"{path}?api_key={key}", "headers": {"mcp-session-id": "none"}}
    for name in ("X-API-Key", "X-Flintt-Key", "X-FlowPilot-Key", "Cookie", "X-Unknown-Header"):
        yield {"method": "POST", "url": "/mcp", **ok, "headers": {**ok["headers"], name: key}}
    bearer = {**ok["headers"], "authorization": f"Bearer {key}"}
    yield {"method": "POST", "url": "/mcp", **ok, "headers": bearer}
    yield {"method": "POST", "url": "/mcp", **ok, "headers": {**bearer, "host": "evil.example"}}
    yield {"method": "POST", "url": "/mcp", **ok, "headers": {**bearer, "origin": "https://evil.example"}}
    yield {"method": "POST", "url": f"/mcp?api_key={key}", "content": b"{not json", "headers": ok["headers"]}
    yield {"method": "POST", "url": f"/mcp?api_key={key}", "json": [1], "headers": ok["headers"]}
    wrong = message("list_signals", {"limit": key})
    yield {"method": "POST", "url": f"/mcp?api_key={key}", "json": wrong, "headers": ok["headers"]}


@pytest.mark.parametrize("answering", [True, False])
def test_no_key_is_ever_written_or_sent_back_not_even_at_debug(tmp_path: Path, answering: bool) -> None:
    nowhere = {"FLINTT_API_URL": f"http://127.0.0.1:{closed_port()}", "FLINTT_MCP_ATTEMPTS": "1"}
    env = environment(tmp_path, **({} if answering else nowhere))
    arguments = ["--sandbox"] if answering else []
    answers: list[str] = []
    with serving(*arguments, "--log-level", "debug", env=env) as served, client() as http:
        before = len(served.process.stderr)
        for key in SECRETS:
            for request in requests_with(key):
                url = served.base + request.pop("url")
                answers.append(answer_of(http, url=url, **request))
            raw(served, f"GET /mcp?api_key={key} HTTP/9.9\r\nX-API-Key: {key}\r\n\r\n")
            raw(served, f"POST /mcp?api_key={key} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: x\r\n\r\n")
        assert served.process.stop() == 0
        written = served.process.stderr[before:] + served.process.stdout
    assert len(answers) > 100
    assert [key for key in SECRETS if key in written] == []
    # The pages of a sandbox show its published key to everybody; nothing else shows even that one.
    told = [answer for answer in answers if "A sandbox: its workspace is invented" not in answer]
    assert [key for key in SECRETS if any(key in answer for answer in told)] == []
    assert [key for key in SECRETS if key != KEY and any(key in answer for answer in answers)] == []
    assert "Traceback" not in written


def answer_of(http: httpx2.Client, **request: Any) -> str:
    """Headers and text of an answer; of a stream its first event, which is not kept open."""
    with http.stream(**request) as answer:
        if answer.headers.get("content-type", "").startswith("text/event-stream"):
            text = "".join(line for _, line in zip(range(2), answer.iter_lines(), strict=False))
        else:
            text = answer.read().decode()
        return f"{answer.status_code} {answer.headers} {text}"


def raw(served: Served, text: str) -> None:
    """Send what no HTTP client would."""
    port = int(served.base.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(text.encode())
        while connection.recv(65536):
            pass
