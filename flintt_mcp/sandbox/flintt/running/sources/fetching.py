"""Gets the bytes of a source: over the network through the guard, or from a file below the allowed folder.

In: a kind and an address, as attached. Out: the bytes, what they turned out to be, and the address that answered. Redirects are
followed by hand, at most three, each checked as if a stranger had sent it. `SourceFailed` says why a source cannot be
read; its text holds nothing of the answer and may be shown to the owner of the signal.
"""

from __future__ import annotations

import os
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal, Protocol
from urllib.parse import urljoin

from anyio import to_thread

from flintt_mcp.sandbox.flintt.running.sources.content import Content, Kind
from flintt_mcp.sandbox.flintt.running.sources.reach import FETCH_SECONDS, MAX_BYTES, MAX_REDIRECTS, Reach
from flintt_mcp.sandbox.network.guard import Answer, Failed, Guard, open_guard
from flintt_mcp.sandbox.network.urls import Refused

ACCEPT = "application/rss+xml, application/atom+xml, application/json, text/html;q=0.9, */*;q=0.5"
SourceKind = Literal["feed", "page", "json", "file"]
"""What a source is attached as; the content of a file is of one of the other kinds."""
FILE_KINDS: dict[str, Kind] = {
    **dict.fromkeys((".xml", ".rss", ".atom"), "feed"),
    ".json": "json",
    **dict.fromkeys((".html", ".htm", ".txt", ".md"), "page"),
}
"""What a local file holds, by the end of its name."""


class SourceFailed(Exception):
    """A source cannot be read now; the reason is its text."""


class Fetcher(Protocol):
    """Whatever gets a source; a test may bring its own."""

    async def fetch(self, kind: SourceKind, address: str) -> Content:
        """The content of a source.

        Raises:
            SourceFailed: it cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class GuardedFetcher:
    """The fetcher of the sandbox; made by `open_fetcher`."""

    guard: Guard
    reach: Reach

    async def fetch(self, kind: SourceKind, address: str) -> Content:
        """As the protocol says."""
        if kind == "file":
            return await to_thread.run_sync(read_file, self.reach.folder, address)
        url = address
        for _ in range(MAX_REDIRECTS + 1):
            answer = await self._send(url)
            if answer.status not in (301, 302, 303, 307, 308):
                return Content(_whole(answer), kind, address, url, answer.headers.get("content-type", ""))
            url = urljoin(url, answer.headers.get("location", "")).partition("#")[0]
        raise SourceFailed(f"more than {MAX_REDIRECTS} redirects")

    async def _send(self, url: str) -> Answer:
        try:
            return await self.guard.send("GET", url, {"accept": ACCEPT}, most=MAX_BYTES)
        except Refused as refused:
            raise SourceFailed(f"not allowed: {refused}") from None
        except Failed as failed:
            raise SourceFailed(str(failed)) from None


@asynccontextmanager
async def open_fetcher(reach: Reach) -> AsyncIterator[Fetcher]:
    """Open the network guard for sources."""
    async with open_guard(reach.policy, seconds=FETCH_SECONDS, user_agent="flintt-mcp-sandbox (signals)") as guard:
        yield GuardedFetcher(guard, reach)


def _whole(answer: Answer) -> bytes:
    if answer.status != 200:
        raise SourceFailed(f"the source answered {answer.status}")
    if not answer.complete:
        raise SourceFailed(f"longer than {MAX_BYTES // 1024**2} MiB")
    if answer.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        raise SourceFailed("the source sent a compressed answer that was not asked for")
    return answer.body


def read_file(folder: Path | None, name: str) -> Content:
    """A regular file below the folder, whatever links lead to it.

    Raises:
        SourceFailed: it lies elsewhere, is no such file, or is too long.
    """
    path = locate(folder, name)
    try:
        # Not blocking: a pipe put in place of the file would never answer.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise SourceFailed("not a regular file")
            body = file.read(MAX_BYTES + 1)
    except OSError:
        raise SourceFailed("the file cannot be read") from None
    if len(body) > MAX_BYTES:
        raise SourceFailed(f"longer than {MAX_BYTES // 1024**2} MiB")
    address = f"file:{PurePosixPath(name)}"
    return Content(body, FILE_KINDS[path.suffix.lower()], address, address)


def locate(folder: Path | None, name: str) -> Path:
    """Where a file of a source really lies; it need not exist.

    Raises:
        SourceFailed: files are off, it would lie outside the folder, or its name does not say what it holds.
    """
    if folder is None:
        raise SourceFailed("local files are off: no folder for them was named")
    try:
        root = folder.resolve()
        path = (root / name).resolve()
    except (OSError, ValueError, RuntimeError):
        raise SourceFailed("not a path") from None
    if not path.is_relative_to(root):
        raise SourceFailed("outside the folder that sources may lie in")
    if path.suffix.lower() not in FILE_KINDS:
        raise SourceFailed(f"the name of a file must end in one of {', '.join(FILE_KINDS)}")
    return path
