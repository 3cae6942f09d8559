"""Tools out of operations: an operation's handle is build >> send >> read.

In: the rows of the catalogue and what the app composed. Out: one `Tool` per operation. `endpoint.py` builds and sends, a reader of
the kind of its result reads; this file only puts the three together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from flintt_mcp.calls.arguments import Arguments
from flintt_mcp.calls.call import INTENT, Call
from flintt_mcp.calls.reply import Done
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue.operation import FIELDS, Arg, Effect, Kind, Listing, Lookup, Operation, Record, Toolset, local
from flintt_mcp.errors import Changed
from flintt_mcp.rest.endpoint import Endpoint
from flintt_mcp.rest.facts import FactReader
from flintt_mcp.rest.looking import look_for
from flintt_mcp.rest.lookup import LookupReader
from flintt_mcp.rest.readers import ListReader, Reader, RecordReader
from flintt_mcp.rest.reading.cursors import LONGEST
from flintt_mcp.rest.reading.output_schema import output_schema
from flintt_mcp.rest.shown_once import SecretReader
from flintt_mcp.rest.upstream import Upstream


def operation_tools(toolset: Toolset, upstream: Upstream) -> list[Tool]:
    """The tools of one toolset, in the order of its rows."""
    rows = {operation.name: OperationTool(toolset, operation, upstream) for operation in toolset.operations}
    handles = {name: row.handle for name, row in rows.items()}
    return [
        row.tool(FactReader(toolset, operation, upstream, handles))
        for row, operation in zip(rows.values(), toolset.operations, strict=True)
    ]


class OperationTool:
    """One operation of an API, as a tool."""

    def __init__(self, toolset: Toolset, operation: Operation, upstream: Upstream) -> None:
        self._toolset = toolset.name
        self._operation = operation
        self._endpoint = Endpoint(toolset.api, operation, upstream)
        self._look = look_for(toolset, operation, upstream)
        self._reader = _reader_of(self._endpoint)
        self._changed: Changed = "no" if operation.effect.reads else "yes"

    async def handle(self, call: Call) -> Done:
        """Build, send, read.

        Raises:
            FlinttError: what came between; nothing else.
        """
        api_call = await self._endpoint.call(call)
        result = await self._reader.read(api_call)
        return Done(
            text=result.text,
            structured=result.structured,
            changed=self._changed,
            shown_once=self._shows_a_secret(result.structured),
            api_status=api_call.status,
            request_id=api_call.request_id,
        )

    def _shows_a_secret(self, structured: Mapping[str, Any]) -> bool:
        record = self._operation.result
        return isinstance(record, Record) and any(name in structured[record.noun] for name in record.secrets)

    def tool(self, facts: FactReader) -> Tool:
        """The tool that a client sees; `facts` tells a person what a call of it does."""
        operation, api = self._operation, self._endpoint.api
        return Tool(
            name=operation.name,
            title=operation.title,
            about=operation.about,
            effect=operation.effect,
            toolset=self._toolset,
            arguments=Arguments(operation.name, arguments_of(operation), operation.rules),
            handle=self.handle,
            api=api.name,
            output_schema=output_schema(operation.result),
            scopes=operation.scopes,
            spends=operation.spends,
            look=self._look,
            repeatable=operation.repeatable,
            gone=_gone(operation),
            amount=operation.amount,
            unit=operation.unit,
            replaces=operation.replaces,
            facts=None if operation.effect.reads else facts.text,
        )


def arguments_of(operation: Operation) -> tuple[Arg, ...]:
    """The operation's own arguments and those that this server adds: a page where the result can grow, an intent to a write."""
    result = operation.result
    args = operation.args
    if isinstance(result, Listing):
        args = (*args, local(FIELDS, "Columns: names with commas, or all.", low=1, high=500))
    if result.can_grow:
        limit = local("limit", "Rows.", kind=Kind.INTEGER, low=1, high=result.most, default=result.page)
        args = (*args, limit, local("cursor", "next_cursor of the last page.", low=1, high=LONGEST))
    if not operation.effect.reads:
        about = "A new id makes a deliberate second one of equal calls."
        args = (*args, local(INTENT, about, low=1, high=100))
    return args


def _gone(operation: Operation) -> Done | None:
    """The result of a deletion that was done before, as far as anybody can tell it."""
    record = operation.result
    if operation.effect is not Effect.DESTROY or not isinstance(record, Record):
        return None
    return Done(text=record.said, structured={record.noun: {}}, changed="yes")


def _reader_of(endpoint: Endpoint) -> Reader:
    """What reads the results of this endpoint."""
    folder = endpoint.upstream.results.secrets
    match endpoint.operation.result:
        case Listing() as listing:
            return ListReader(endpoint, listing)
        case Record(lookup=Lookup() as lookup) as record:
            return LookupReader(endpoint, record, lookup)
        case Record(secrets=(_, *_)) as record:
            showing = RecordReader(endpoint, replace(record, secrets=()))
            return showing if folder is None else SecretReader(endpoint, record, folder)
        case record:
            return RecordReader(endpoint, record)
