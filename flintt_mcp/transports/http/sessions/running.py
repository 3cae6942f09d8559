"""What runs in sessions, so that it can be called off, and no id has two requests at a time.

In: a session's name, the id of a request and what runs it. Out: leave to run, or none while the id is taken. An id is given back
before the last byte of its answer goes out: many clients send one id for ever, one request after the other.
"""

from __future__ import annotations

from typing import Protocol

from flintt_mcp.transports.envelope import RequestId


class CanBeCalledOff(Protocol):
    """One request while it runs."""

    def call_off(self) -> None: ...


class Running:
    """The requests that run in sessions, in this process. 1 and "1" are one id, as they are for the SDK."""

    def __init__(self) -> None:
        self._runs: dict[tuple[bytes, str], CanBeCalledOff] = {}

    def begin(self, session: bytes, id: RequestId, run: CanBeCalledOff) -> bool:
        """Takes an id; False while another request holds it."""
        return self._runs.setdefault((session, str(id)), run) is run

    def end(self, session: bytes, id: RequestId, run: CanBeCalledOff) -> None:
        """Gives an id back, if that has not been done."""
        if self._runs.get((session, str(id))) is run:
            del self._runs[session, str(id)]

    def call_off(self, session: bytes, id: RequestId) -> bool:
        """Ends a request at its client's word; False where none of that id runs here."""
        run = self._runs.get((session, str(id)))
        if run is not None:
            run.call_off()
        return run is not None
