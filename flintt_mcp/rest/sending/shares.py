"""Fair shares of the connections to one API: no key takes the last one, and none is passed over.

In: the key of a call. Out: a place for it, at once or after a wait, until it is given back. A key may take another while it
holds fewer than are free: alone it gets half of the whole, beside one that does the same a third, and a new one finds room.
Calls that wait are served key by key in turn, those of one key in order. Keys are forgotten with their last place.
"""

from __future__ import annotations

from collections import deque

import anyio


class Shares:
    """`total` places, shared by keys. It is for one event loop, and knows nothing of what they are for."""

    __slots__ = ("_free", "_held", "_lines", "total")

    def __init__(self, total: int) -> None:
        self.total = total
        self._free = total
        self._held: dict[str, int] = {}
        # In the order of turns. All of them wait for good reason: whoever may take a place has been served.
        self._lines: dict[str, deque[anyio.Event]] = {}

    def take(self, key: str) -> bool:
        """Take a place at once; False when this key may not have another one now."""
        held = self._held.get(key, 0)
        if held >= self._free:
            return False
        self._held[key] = held + 1
        self._free -= 1
        return True

    async def wait(self, key: str, seconds: float) -> bool:
        """Take a place when it is this key's turn; False when that has not come after `seconds`."""
        served = anyio.Event()
        self._lines.setdefault(key, deque()).append(served)
        try:
            with anyio.move_on_after(seconds):
                await served.wait()
        except BaseException:
            if served.is_set():
                self.give_back(key)
            raise
        finally:
            if not served.is_set():
                self._leave(key, served)
        return served.is_set()

    def give_back(self, key: str) -> None:
        """The place that `key` took is free again, and goes to whose turn it is."""
        held = self._held.pop(key) - 1
        if held:
            self._held[key] = held
        self._free += 1
        if self._lines:
            self._serve()

    def held(self, key: str) -> int:
        """How many places this key holds."""
        return self._held.get(key, 0)

    def _serve(self) -> None:
        while (key := next((key for key in self._lines if self.take(key)), None)) is not None:
            line = self._lines.pop(key)
            line.popleft().set()
            if line:
                self._lines[key] = line  # behind all others

    def _leave(self, key: str, served: anyio.Event) -> None:
        line = self._lines[key]
        line.remove(served)
        if not line:
            del self._lines[key]
