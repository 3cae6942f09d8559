"""Reads HTTP/1.1 answers from a byte stream, and tells a good answer from a bad one. Pure: bytes in, answers out.

Knows only what an MCP server sends: Content-Length or chunked bodies, and no body for 202 and 204. A chunked body is put
together before it is looked at, so that text across two chunks is found. It must stay much cheaper than any server.
"""

from __future__ import annotations

from dataclasses import dataclass

_HEAD_END = b"\r\n\r\n"
_BODYLESS = (202, 204)


class MalformedAnswer(ValueError):
    """The stream is not HTTP/1.1 as this reader knows it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One complete answer: status, the head with header names in lower case, the body."""

    status: int
    head: bytes
    body: bytes

    def header(self, name: str) -> str | None:
        """The value of a header, or None."""
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key == name.lower().encode():
                return value.strip().decode("latin-1")
        return None


class AnswerReader:
    """Collects bytes with `feed`; returns an `Answer` as soon as one is complete, else None.

    One request is under way at a time on a connection, so bytes after a complete answer are an error.
    """

    __slots__ = ("_body_at", "_buffer", "_head", "_length", "_status")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._reset()

    def _reset(self) -> None:
        self._buffer.clear()
        self._status = 0
        self._head = b""
        self._body_at = 0
        self._length: int | None = None

    def feed(self, data: bytes) -> Answer | None:
        """Takes the next bytes of the stream. Raises: MalformedAnswer."""
        self._buffer += data
        if not self._status and not self._read_head():
            return None
        body = self._chunked_body() if self._length is None else self._plain_body(self._length)
        if body is None:
            return None
        answer = Answer(self._status, self._head, body)
        self._reset()
        return answer

    def _read_head(self) -> bool:
        end = self._buffer.find(_HEAD_END)
        if end < 0:
            return False
        # Header names are compared in lower case; a session id keeps its own case.
        lines = bytes(self._buffer[:end]).split(b"\r\n")
        if not lines[0].startswith(b"HTTP/1.1 "):
            raise MalformedAnswer("no HTTP/1.1 status line")
        self._status = int(lines[0][9:12])
        self._body_at = end + len(_HEAD_END)
        self._length = 0 if self._status in _BODYLESS else None
        chunked = False
        for number, line in enumerate(lines[1:], 1):
            name, _, value = line.partition(b":")
            name = name.lower()
            lines[number] = name + b":" + value
            if name == b"content-length":
                self._length = int(value)
            elif name == b"transfer-encoding":
                chunked = b"chunked" in value
        if chunked:
            self._length = None
        elif self._length is None:
            raise MalformedAnswer("neither Content-Length nor chunked")
        self._head = b"\r\n".join(lines)
        return True

    def _plain_body(self, length: int) -> bytes | None:
        end = self._body_at + length
        if len(self._buffer) > end:
            raise MalformedAnswer("bytes after the end of an answer")
        return bytes(self._buffer[self._body_at : end]) if len(self._buffer) == end else None

    def _chunked_body(self) -> bytes | None:
        if not self._buffer.endswith(b"0\r\n\r\n"):
            return None
        parts: list[bytes] = []
        at = self._body_at
        while True:
            line_end = self._buffer.find(b"\r\n", at)
            if line_end < 0:
                return None
            size = int(bytes(self._buffer[at:line_end]).split(b";")[0], 16)
            at = line_end + 2
            if size == 0:
                return b"".join(parts) if self._buffer[at:] == b"\r\n" else None
            if at + size + 2 > len(self._buffer):
                return None
            parts.append(bytes(self._buffer[at : at + size]))
            at += size + 2


@dataclass(frozen=True, slots=True)
class Expectation:
    """What every answer to one kind of request must hold, and how often at least."""

    wanted: tuple[tuple[bytes, int], ...]

    def fault(self, answer: Answer, number: int) -> str | None:
        """Why the answer to call `number` is not a correct one; None when it is."""
        if answer.status != 200:
            return f"status {answer.status}: {answer.body[:200].decode('utf-8', 'replace')}"
        if b"%d" % number not in answer.body:
            return "the answer carries another request's id"
        if b'"isError":true' in answer.body or b'"isError": true' in answer.body:
            return f"a tool error: {answer.body[:300].decode('utf-8', 'replace')}"
        for text, times in self.wanted:
            if answer.body.count(text) < times:
                return (
                    f"{text.decode()!r} occurs fewer than {times} times: {answer.body[:200].decode('utf-8', 'replace')}"
                )
        return None
