"""Real processes of the installed command: started, watched on stderr, and ended by their own id.

In: the arguments of `flintt-mcp`. Out: a `Process` whose ready line was seen. Waiting is for a line or for the end, with a bound;
the environment holds nothing of whoever runs the tests.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from tests.certain import there

BIN = Path(sys.executable).parent
COMMAND = str(BIN / "flintt-mcp")
READY = re.compile(r"^flintt-mcp \S+ is ready: (?P<url>(?P<base>http://\S+?)/mcp\S*)$", re.M)
SANDBOX_READY = re.compile(r"^The sandbox is ready: (?P<base>http://\S+?)/$", re.M)
PATIENCE = 60.0
"""Seconds for anything that a process does; a loaded machine starts one in five."""


def environment(home: Path, **more: str) -> dict[str, str]:
    """A clean environment: the command on PATH, an empty home, all data inside it, and nobody who is asked."""
    return {
        "PATH": f"{BIN}{os.pathsep}/usr/local/bin{os.pathsep}/usr/bin{os.pathsep}/bin",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "FLINTT_MCP_DATA_DIR": str(home / "data"),
        "FLINTT_MCP_APPROVE": "none",
        **more,
    }


class Process:
    """One running process and what it has said so far."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], cwd: Path | None = None) -> None:
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            # A shell starts what runs in its background so, and processes that are started here would inherit it.
            signal.signal(signal.SIGINT, signal.default_int_handler)
        self._popen = subprocess.Popen(
            command, env=dict(env), cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self._news = threading.Condition()
        self._said = {"stdout": b"", "stderr": b""}
        self._open = 2
        self._streams = {"stdout": there(self._popen.stdout), "stderr": there(self._popen.stderr)}
        self._readers = [threading.Thread(target=self._read, args=item, daemon=True) for item in self._streams.items()]
        for reader in self._readers:
            reader.start()

    def _read(self, name: str, stream: IO[bytes]) -> None:
        while chunk := os.read(stream.fileno(), 65536):
            with self._news:
                self._said[name] += chunk
                self._news.notify_all()
        with self._news:
            self._open -= 1
            self._news.notify_all()

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def stderr(self) -> str:
        return self._said["stderr"].decode()

    @property
    def stdout(self) -> str:
        return self._said["stdout"].decode()

    def wait_for(self, pattern: re.Pattern[str], most: float = PATIENCE) -> re.Match[str]:
        """The first place on stderr that matches; fails when the process ends before, or takes too long."""
        with self._news:
            self._news.wait_for(lambda: pattern.search(self.stderr) or not self._open, most)
            found = pattern.search(self.stderr)
        assert found is not None, f"no {pattern.pattern} on stderr:\n{self.stderr}"
        return found

    def send(self, number: signal.Signals) -> None:
        self._popen.send_signal(number)

    def end(self, most: float = PATIENCE) -> int:
        """The exit code, after everything it said was read."""
        try:
            code = self._popen.wait(most)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait(most)
            raise
        for reader in self._readers:
            reader.join(most)
        return code

    def stop(self, number: signal.Signals = signal.SIGTERM, most: float = PATIENCE) -> int:
        """Send a signal and return the exit code."""
        self.send(number)
        return self.end(most)

    def close(self) -> None:
        """Ends it if it still runs: gently, so that it ends its own children, then for good."""
        if self._popen.poll() is None:
            self._popen.terminate()
            try:
                self._popen.wait(20)
            except subprocess.TimeoutExpired:
                self._popen.kill()
        self.end()
        for stream in self._streams.values():
            stream.close()


@contextmanager
def running(command: Sequence[str], env: Mapping[str, str], cwd: Path | None = None) -> Iterator[Process]:
    """A process for the length of the block."""
    process = Process(command, env, cwd)
    try:
        yield process
    finally:
        process.close()


@contextmanager
def serving(*arguments: str, env: Mapping[str, str], command: Sequence[str] = (COMMAND, "serve")) -> Iterator[Served]:
    """A server on a free port, once it says that it is ready."""
    with running([*command, "--port", "0", *arguments], env) as process:
        yield Served(process, process.wait_for(READY)["base"], Path(env["HOME"]))


class Served:
    """A server that is ready: its process, and its URL up to /mcp."""

    def __init__(self, process: Process, base: str, home: Path) -> None:
        self.process = process
        self.base = base
        self.mcp = f"{base}/mcp"
        self.home = home


def closed_port() -> int:
    with socket.socket() as once:
        once.bind(("127.0.0.1", 0))
        return once.getsockname()[1]


def patiently(look: Callable[[], Any], good: Callable[[Any], bool]) -> Any:
    """What is seen once it is good, or at last: an answer may be kept for a second, a process take a moment to start."""
    pause = threading.Event()
    for _ in range(int(PATIENCE / 0.02)):
        seen = look()
        if good(seen):
            return seen
        pause.wait(0.02)
    return look()
