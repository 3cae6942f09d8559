"""Starts and ends the processes of a run. Each is ended by its pid, also after an error and on Ctrl-C.

A child of the bench binds port 0 and says which port it got on its first line of stdout (`announce`); the product's server
is given a port that was free a moment ago and is ready when /healthz answers 200. Children live in sessions of their own,
so that a Ctrl-C reaches only the bench, which then ends them in order.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

START_SECONDS = 30.0
"""A server that is not ready by then counts as broken."""

_STOP_SECONDS = 5.0
_PORT_LINE = "bench-port "


class StartFailed(RuntimeError):
    """A process ended or stayed silent instead of getting ready; the message holds the last line of its stderr."""


def announce(port: int) -> None:
    """Called by a child: says on stdout which port it serves."""
    print(f"{_PORT_LINE}{port}", flush=True)


def free_port() -> int:
    """A loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def module(name: str, *arguments: str) -> list[str]:
    """The command that runs a module of the bench with this interpreter."""
    return [sys.executable, "-m", f"bench.{name}", *arguments]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without settings of the contenders that may lie around in it."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("FLINTT_", "FASTMCP_", "UVICORN_"))
    }
    return kept | {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"} | dict(extra or {})


@dataclass(slots=True)
class Running:
    """A started process; `port` is 0 for one that serves none. `unread` holds bytes of stdout after the last line read."""

    process: subprocess.Popen[bytes]
    errors: IO[bytes]
    port: int = 0
    unread: bytes = b""

    @property
    def pid(self) -> int:
        return self.process.pid

    def last_words(self) -> str:
        """The last line it wrote to stderr: what an error is, without the way to it."""
        self.errors.seek(0)
        lines = self.errors.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:300] if lines else "nothing on stderr"

    def write_line(self, line: str) -> None:
        """Writes one line to its stdin."""
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def failed(self, what: str) -> StartFailed:
        """An error that says what went wrong and what the process wrote about it."""
        code = self.process.poll()
        state = "still running" if code is None else f"exit code {code}"
        return StartFailed(f"{what} ({state}): {self.last_words()}")

    def stop(self) -> None:
        """Ends the process and whatever it started in its own process group."""
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(_STOP_SECONDS)
        # The group is ours alone: it was made for this process. Workers that outlived it end here.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(_STOP_SECONDS)
        for stream in (self.process.stdin, self.process.stdout, self.errors):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def start(command: Sequence[str], extra: Mapping[str, str] | None = None) -> Running:
    """Starts a process with pipes on stdin and stdout; its stderr goes to a nameless file."""
    errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed in stop()
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        env=environment(extra),
        start_new_session=True,
    )
    return Running(process, errors)


@contextlib.contextmanager
def running(command: Sequence[str], extra: Mapping[str, str] | None = None) -> Iterator[Running]:
    """A process for the length of a block."""
    child = start(command, extra)
    try:
        yield child
    finally:
        child.stop()


def read_line(child: Running, seconds: float) -> str:
    """The next line of its stdout. Raises: StartFailed when none is complete in time."""
    assert child.process.stdout is not None
    deadline = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        selector.register(child.process.stdout, selectors.EVENT_READ)
        while b"\n" not in child.unread:
            left = deadline - time.monotonic()
            if left <= 0 or not selector.select(left):
                raise child.failed(f"no line within {seconds:.0f} s")
            more = os.read(child.process.stdout.fileno(), 1 << 16)
            if not more:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.process.wait(1)
                raise child.failed("stdout ended")
            child.unread += more
    line, _, child.unread = child.unread.partition(b"\n")
    return line.decode()


def await_announcement(child: Running) -> None:
    """Waits until a child of the bench has said its port."""
    line = read_line(child, START_SECONDS)
    if not line.startswith(_PORT_LINE):
        raise child.failed(f"expected a port, got {line[:80]!r}")
    child.port = int(line.removeprefix(_PORT_LINE))


def await_health(child: Running, port: int) -> None:
    """Waits until GET /healthz on `port` answers 200."""
    child.port = port
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if child.process.poll() is not None:
            raise child.failed("ended before it was ready")
        with contextlib.suppress(OSError, urllib.error.URLError):
            request = urllib.request.Request(f"http://127.0.0.1:{port}/healthz")
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(request, timeout=2) as response:
                if response.status == 200:
                    return
        time.sleep(0.05)
    raise child.failed(f"/healthz did not answer 200 within {START_SECONDS:.0f} s")
