"""The sessions of one server, which lie in their ids and not in a process.

In: handshakes, and what is posted in sessions. Out: ids, sessions, and what reaches the request it is meant for in whichever worker
that runs. The bus takes to the others what this process does not find here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import Any

import msgspec

from flintt_mcp.transports.bus.bus import Bus, Hub
from flintt_mcp.transports.envelope import RequestId
from flintt_mcp.transports.http.sessions.ended import Ended, EndedStore, NoStore
from flintt_mcp.transports.http.sessions.questions import Questions
from flintt_mcp.transports.http.sessions.running import Running
from flintt_mcp.transports.http.sessions.statement import Seal, Session

DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Keeping:
    """What sessions stand on: a key and a list of ended ones that all processes of a server share, and the bus between these."""

    key: bytes = field(default_factory=lambda: token_bytes(32), repr=False)
    ended: EndedStore = field(default_factory=NoStore)
    bus: Bus = field(default_factory=lambda: Hub().join())
    lifetime: float = DAY
    now: Callable[[], float] = time.time


class Sessions:
    """Opens, finds and ends sessions."""

    def __init__(self, keeping: Keeping) -> None:
        self.running = Running()
        self.questions = Questions()
        self._seal = Seal(keeping.key, keeping.lifetime, keeping.now)
        self._ended = Ended(keeping.ended)
        self._bus = keeping.bus
        self._now = keeping.now
        self._listening: dict[bytes, set[Callable[[], None]]] = {}
        self._bus.serve("session ended", self._take_ended)
        self._bus.serve("request cancelled", self._take_cancelled)
        self._bus.serve("question answered", self._take_answer)

    async def load(self) -> None:
        """Learn which sessions have ended; from now on the bus tells."""
        await self._ended.load()

    def id(self, revision: str, client: str, capabilities: Any, principal: str) -> bytes:
        """The id of a new session."""
        return self._seal.id(revision, client, capabilities, principal)

    def find(self, id: bytes, principal: str) -> Session | None:
        """The session of an id; None when it is none of this caller's, or over."""
        session = self._seal.open(id, principal)
        return None if session is None or session in self._ended else session

    def seconds_left(self, session: Session) -> float:
        """How long a session lasts from now."""
        return session.ends - self._now()

    async def end(self, session: Session) -> None:
        """Ends a session in all workers: its id is none from now on, its listeners hear no more, and nothing is asked in it."""
        self._end_streams(session.name)
        await self._ended.end(session)
        await self._bus.tell("session ended", [session.name, session.ends])

    async def cancel(self, session: Session, id: RequestId) -> None:
        """Calls off a request of a session, wherever it runs."""
        if not self.running.call_off(session.name, id):
            await self._bus.tell("request cancelled", [session.name, msgspec.json.encode(id)])

    async def answer(self, session: Session, id: RequestId | None, answer: Mapping[str, Any]) -> None:
        """Gives a client's answer to the question that waits for it, wherever that is."""
        if not self.questions.answer(session.name, id, answer):
            # As JSON: a client's integers may be larger than those that the bus can carry.
            await self._bus.tell("question answered", [session.name, msgspec.json.encode([id, answer])])

    @contextmanager
    def listening(self, session: Session, end: Callable[[], None]) -> Iterator[None]:
        """While entered, the end of the session calls `end`."""
        ends = self._listening.setdefault(session.name, set())
        ends.add(end)
        try:
            yield
        finally:
            ends.discard(end)
            if not ends:
                self._listening.pop(session.name, None)

    def _end_streams(self, name: bytes) -> None:
        self.questions.end(name)
        for end in list(self._listening.get(name, ())):
            end()

    async def _take_ended(self, message: Any) -> None:
        name, ends = message
        self._ended.note(name, ends)
        self._end_streams(name)

    async def _take_cancelled(self, message: Any) -> None:
        name, id = message
        self.running.call_off(name, msgspec.json.decode(id))

    async def _take_answer(self, message: Any) -> None:
        name, answered = message
        self.questions.answer(name, *msgspec.json.decode(answered))
