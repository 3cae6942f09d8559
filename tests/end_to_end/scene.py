"""What the scenes play with: the code that the webhooks page shows, a web server with one feed, and the command line.

In: a folder of the test. Out: files, addresses and processes. Receivers are the page's own programs, run as they stand there.
"""

from __future__ import annotations

import email.utils
import http.server
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from html import escape
from pathlib import Path
from typing import TypeVar

from tests.processes import COMMAND, PATIENCE, Process, running

T = TypeVar("T")

PAGE = Path(__file__).parents[2] / "docs" / "webhooks.md"
SIGNALS = PAGE.with_name("signals-architecture.md")
SESSION = "Signals and webhooks, end to end"
"""The section of that page whose lines `test_session_of_signals.py` runs."""
LISTENING = re.compile(r"^listening on port (\d+)$", re.MULTILINE)


def block(language: str, number: int = 0) -> str:
    """One of the code blocks of docs/webhooks.md."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)[number]


def session_lines() -> list[str]:
    """The lines of both terminals of that section, the receiver's first."""
    section = SIGNALS.read_text("utf-8").split(f"\n## {SESSION}\n")[1].split("\n## ")[0]
    return [line for shell in re.findall(r"```sh\n(.*?)```", section, re.DOTALL) for line in shell.splitlines()]


def table(head: str, text: str) -> list[list[str]]:
    """The rows of the first table of a page with that first column."""
    lines = text[text.index(f"| {head} |") :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def until(look: Callable[[], T | None], what: str, most: float = PATIENCE) -> T:
    """The first true answer of `look`, asked every 20 ms; fails after `most` seconds."""
    end = time.monotonic() + most
    while not (seen := look()):
        assert time.monotonic() < end, f"not in {most:g} s: {what}"
        time.sleep(0.02)
    return seen


def said(process: Process, pattern: str, most: float = PATIENCE) -> re.Match[str]:
    """The first place on stdout that matches."""
    return until(lambda: re.search(pattern, process.stdout, re.MULTILINE), f"{pattern} on stdout", most)


def flintt_mcp(*words: str, env: Mapping[str, str], code: int = 0) -> str:
    """What a command line prints; fails on another exit code."""
    done = subprocess.run([COMMAND, *words], env=dict(env), capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout if code == 0 else done.stderr


@contextmanager
def receiver(folder: Path, secret: str, token: str, code: str | None = None, *command: str) -> Iterator[Receiver]:
    """The page's receiver (Python, unless other code and another command are given), listening."""
    file = folder / ("receiver.mts" if command else "receiver.py")
    file.write_text(code or block("python"), "utf-8")
    path = os.pathsep.join(sys.path)
    env = {"PORT": "0", "SIGNING_SECRET": secret, "AUTH_TOKEN": token, "PYTHONPATH": path, "PYTHONWARNINGS": "error"}
    with running([*(command or (sys.executable,)), str(file)], env) as process:
        yield Receiver(process, f"http://127.0.0.1:{said(process, LISTENING.pattern)[1]}/hook")


class Receiver:
    """A running receiver: its address, and the lines it has printed about deliveries."""

    def __init__(self, process: Process, url: str) -> None:
        self.process = process
        self.url = url

    @property
    def lines(self) -> list[str]:
        """Whole lines but the first, which says where it listens."""
        return self.process.stdout.rpartition("\n")[0].split("\n")[1:]


class Feed:
    """A web server with one RSS feed at /feed.xml; while `gate` is closed, who asks has to wait."""

    def __init__(self, server: http.server.ThreadingHTTPServer) -> None:
        self.url = f"http://127.0.0.1:{server.server_port}/feed.xml"
        self.body = b""
        self.asked = 0
        self.gate = threading.Event()
        self.gate.set()

    def put(self, *items: tuple[str, str]) -> None:
        """News of today: headline and text."""
        date = email.utils.formatdate(usegmt=True)
        entries = "".join(
            f"<item><title>{escape(title)}</title><description>{escape(text)}</description>"
            f"<link>https://news.example/{number}</link><pubDate>{date}</pubDate></item>"
            for number, (title, text) in enumerate(items)
        )
        self.body = f'<?xml version="1.0"?><rss version="2.0"><channel>{entries}</channel></rss>'.encode()


@contextmanager
def feed() -> Iterator[Feed]:
    """Serve a feed for the length of the block."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked += 1
            told.gate.wait(PATIENCE)
            self.send_response(200 if self.path == "/feed.xml" else 404)
            self.send_header("Content-Length", str(len(told.body)))
            self.end_headers()
            with suppress(ConnectionError):  # whoever asked may have been killed
                self.wfile.write(told.body)

        def log_message(self, *_words: object) -> None:
            """Silence."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told = Feed(server)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield told
        finally:
            told.gate.set()
            server.shutdown()
            thread.join()
