"""A small web server on loopback for sources: each path answers what a test puts there. Plain asyncio, HTTP/1.1, no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import escape


@dataclass
class SourceServer:
    port: int = 0
    answers: dict[str, tuple[int, Mapping[str, str], bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def put(self, path: str, body: str | bytes, status: int = 200, **headers: str) -> str:
        """Answer `body` at a path; answers its URL."""
        content = body.encode() if isinstance(body, str) else body
        self.answers[path] = (status, {name.replace("_", "-"): value for name, value in headers.items()}, content)
        return f"http://127.0.0.1:{self.port}{path}"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split(b" ")[1].decode()
        self.asked.append(path)
        status, headers, body = self.answers.get(path, (404, {}, b""))
        fields = {"content-length": str(len(body)), "connection": "close", **headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        writer.write(f"HTTP/1.1 {status} Answer\r\n{lines}\r\n".encode() + body)
        try:
            await writer.drain()
            writer.close()
            await writer.wait_closed()
        except ConnectionError:
            pass


@asynccontextmanager
async def serve_sources() -> AsyncIterator[SourceServer]:
    sources = SourceServer()
    server = await asyncio.start_server(sources.answer, "127.0.0.1", 0)
    sources.port = server.sockets[0].getsockname()[1]
    async with server:
        yield sources


def rss(*items: tuple[str, str, str], date: str = "Tue, 29 Sep 2026 07:00:00 GMT") -> str:
    """A feed of (title, text, link)."""
    entries = "".join(
        f"<item><title>{escape(title)}</title><description>{escape(text)}</description>"
        f"<link>{escape(link)}</link><pubDate>{date}</pubDate></item>"
        for title, text, link in items
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>{entries}</channel></rss>'
