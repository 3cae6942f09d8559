"""Runs the engine in a process apart: what a statement does ends with that process, and the server's loop never waits for it.

In: who asks, and a statement with the rows it reads. Out: an answer or a `Fault`. Processes are few and shared fairly among
callers; each statement gets a database of its own, and one that does not end in time ends with its process.
"""

from __future__ import annotations

import marshal
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import anyio
from anyio import CapacityLimiter, to_process, to_thread

from flintt_mcp.errors import Busy
from flintt_mcp.offers.insight import engine
from flintt_mcp.offers.insight.engine import Answer, Fault, Reads, Rows
from flintt_mcp.offers.insight.lists import Row
from flintt_mcp.offers.insight.tables import Schema, Table
from flintt_mcp.rest.sending.shares import Shares

GRACE = 0.7
"""Seconds beyond the engine's own limit after which its process is ended."""
WAIT = 20.0
"""Seconds to wait for a process while others are served."""
_ROWS_PER_SECOND = 50_000
_CHUNK = 500


class Apart:
    """A few processes for statements."""

    def __init__(self, processes: int | None = None) -> None:
        most = processes or max(2, os.cpu_count() or 2)
        self._shares = Shares(most)
        self._limiter = CapacityLimiter(most)

    async def reads(self, who: str, schema: Schema, sql: str) -> Reads | Fault:
        """What a statement would read.

        Raises:
            Busy: no process came free in time.
        """
        return await self._run(who, 0, engine.reads, schema, sql)

    async def answer(
        self, who: str, schema: Schema, sql: str, columns: Mapping[str, Sequence[str]], rows: Rows
    ) -> Answer | Fault:
        """The rows of a statement.

        Raises:
            Busy: no process came free in time.
        """
        chunks = sum(len(part) for part in rows.values())
        return await self._run(who, chunks * _CHUNK / _ROWS_PER_SECOND, engine.answer, schema, sql, columns, rows)

    async def _run(self, who: str, more: float, work: Callable[..., Any], *arguments: Any) -> Any:
        if not self._shares.take(who) and not await self._shares.wait(who, WAIT):
            raise Busy(
                "All places for questions are taken by other ones of this key or of others",
                advice="nothing was changed; ask again in a moment",
            )
        try:
            await self._ready()
            with anyio.fail_after(engine.SECONDS + GRACE + more):
                return await to_process.run_sync(work, *arguments, cancellable=True, limiter=self._limiter)
        except TimeoutError:
            return Fault("time")
        except anyio.BrokenWorkerProcess:
            return Fault("lost")
        finally:
            self._shares.give_back(who)

    async def _ready(self) -> None:
        """A process that has loaded the engine. One that died while it waited (a machine out of memory ends them) is replaced.

        Raises:
            anyio.BrokenWorkerProcess: none can be kept alive.
        """
        try:
            await to_process.run_sync(engine.start, cancellable=True, limiter=self._limiter)
        except anyio.BrokenWorkerProcess:
            await to_process.run_sync(engine.start, cancellable=True, limiter=self._limiter)


async def packed(table: Table, names: Sequence[str], rows: Sequence[Row]) -> list[bytes]:
    """Rows in chunks as the engine takes them, with these columns of the table; made in a thread, since there may be many."""
    columns = [column for column in table.columns if column.name in names]

    def pack() -> list[bytes]:
        cells = [tuple(column.cell(row.get(column.field)) for column in columns) for row in rows]
        return [marshal.dumps(cells[start : start + _CHUNK]) for start in range(0, len(cells), _CHUNK)]

    return await to_thread.run_sync(pack)
