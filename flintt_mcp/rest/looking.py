"""Looks for what a write made, when its answer was lost: the list of such rows is read, and compared with what was wanted.

In: the trace of an operation, and the call whose answer was lost. Out: what was found, "not there", or "cannot tell" where the rows
do not say it: the list ends early, or a row that fits is a little older than the call, and clocks differ.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from msgspec.structs import replace

from flintt_mcp.calls.call import Call
from flintt_mcp.calls.looking import Found, Looked
from flintt_mcp.calls.reply import Done
from flintt_mcp.catalogue.operation import Operation, Toolset, Trace
from flintt_mcp.catalogue.result import Record
from flintt_mcp.rest.endpoint import Endpoint
from flintt_mcp.rest.readers import RecordReader
from flintt_mcp.rest.reading.answers import Answer
from flintt_mcp.rest.reading.paging import Page
from flintt_mcp.rest.upstream import Upstream
from flintt_mcp.rest.walking import Walk

CLOCKS_DIFFER = 120.0
"""Seconds by which the API's clock may be behind ours: a row that fits and is that much older is ours all the same."""
DOUBTFUL = 3600.0
"""Seconds before the call from which on an older row that fits leaves doubt."""
LOST_SECRET = "What is shown once was lost with the answer: make a new one."


def look_for(toolset: Toolset, operation: Operation, upstream: Upstream) -> Callable[[Call], Awaitable[Looked]] | None:
    """How to look for what this operation made; None where no list shows it."""
    trace, record = operation.trace, operation.result
    if trace is None or not isinstance(record, Record):
        return None
    listed = next(other for other in toolset.operations if other.name == trace.listed)
    return _Trail(
        trace, Endpoint(toolset.api, listed, upstream), Endpoint(toolset.api, operation, upstream), record
    ).look


class _Trail:
    """The list where the rows of one operation can be seen."""

    def __init__(self, trace: Trace, listed: Endpoint, made: Endpoint, record: Record) -> None:
        self._trace = trace
        self._list = Walk(listed)
        self._made = made
        self._record = record
        self._row = RecordReader(made, replace(record, at=""))

    async def look(self, call: Call) -> Looked:
        """Whether the list shows what this call wanted to make.

        Raises:
            FlinttError: the list cannot be read.
        """
        assert call.intent is not None
        doubt = False
        async for answer, found in self._list.pages(call, self._narrowed(call)):
            for row in found.rows:
                match self._age(call, row, call.intent.made_at):
                    case "ours":
                        return Found(await self._result(call, answer, row))
                    case "doubtful":
                        doubt = True
            if found.next is None:
                return "cannot tell" if doubt or not found.complete else "not there"
        return "cannot tell"

    def _narrowed(self, call: Call) -> dict[str, Any]:
        """The arguments of the list that leave out most other rows."""
        given = call.arguments
        return {name: given[other].strip() for name, other in self._trace.narrow.items() if other in given}

    def _age(self, call: Call, row: Any, began: float) -> Literal["ours", "doubtful", "another"]:
        wanted = {name: call.arguments[name] for name in self._trace.same if name in call.arguments}
        if not isinstance(row, dict) or not all(_alike(row.get(name), value) for name, value in wanted.items()):
            return "another"
        made_at = _seconds(row.get(self._trace.at))
        if made_at is None:
            return "doubtful"
        if made_at >= began - CLOCKS_DIFFER:
            return "ours"
        return "doubtful" if made_at >= began - DOUBTFUL else "another"

    async def _result(self, call: Call, answer: Answer, row: Any) -> Done:
        result = self._row.result(await self._made.call(call), replace(answer, json=row), Page(1))
        note = [LOST_SECRET] if self._record.secrets else []
        return Done(text="\n".join([result.text, *note]), structured=result.structured, changed="yes")


def _alike(one: Any, other: Any) -> bool:
    """Whether an API's value is the one that was given: amounts by their number, texts in any case."""
    if isinstance(one, str) and isinstance(other, str) and one.strip().casefold() == other.strip().casefold():
        return True
    try:
        return one is not None and Decimal(str(one)) == Decimal(str(other))
    except InvalidOperation:
        return one == other


def _seconds(moment: Any) -> float | None:
    """Seconds since 1970, None for what is no moment with a zone."""
    try:
        read = datetime.fromisoformat(moment)
    except (TypeError, ValueError):
        return None
    return None if read.tzinfo is None else read.timestamp()
