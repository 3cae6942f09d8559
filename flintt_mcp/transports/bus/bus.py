"""The bus between the processes of one server, and its carrier within a process.

In: a message under a topic, a value that msgpack can carry. Out: what those who serve the topic answer. A request reaches whichever
worker is free; what it brings for another one goes over this. Who sends waits a bounded time and takes silence for a no.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

Serve = Callable[[Any], Awaitable[Any]]
"""Takes a message; its answer is another value, None for "not here"."""


class Bus(Protocol):
    """The way to the other processes. `name` is that of this one: short, of letters and digits, never used again."""

    @property
    def name(self) -> str: ...

    def serve(self, topic: str, serve: Serve) -> None:
        """From now on this takes what others send under the topic."""
        ...

    def reaches(self, name: str) -> bool:
        """Whether another one of that name seems to be there."""
        ...

    async def tell(self, topic: str, message: Any) -> None:
        """Send to all others; returns once each has taken it, has ended, or was given its time."""
        ...

    async def ask(self, name: str, topic: str, message: Any) -> Any:
        """Send to one other; None when it is not there, or gave no answer in its time."""
        ...


class Hub:
    """The carrier within one process: it joins servers that live side by side, usually a single one."""

    def __init__(self) -> None:
        self._members: dict[str, InProcess] = {}

    def join(self) -> InProcess:
        """A new member."""
        member = InProcess(f"h{len(self._members)}", self._members)
        self._members[member.name] = member
        return member


class InProcess:
    """One member of a `Hub`."""

    def __init__(self, name: str, members: dict[str, InProcess]) -> None:
        self.name = name
        self._members = members
        self._served: dict[str, Serve] = {}

    def serve(self, topic: str, serve: Serve) -> None:
        self._served[topic] = serve

    def reaches(self, name: str) -> bool:
        return name in self._members and name != self.name

    async def tell(self, topic: str, message: Any) -> None:
        for name in self._members.keys() - {self.name}:
            await self.ask(name, topic, message)

    async def ask(self, name: str, topic: str, message: Any) -> Any:
        return await self._members[name].take(topic, message) if self.reaches(name) else None

    async def take(self, topic: str, message: Any) -> Any:
        """What this member answers to a message."""
        served = self._served.get(topic)
        return None if served is None else await served(message)
