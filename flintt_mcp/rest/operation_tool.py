"""Tools out of operations: an operation's handle is build >> send >> read.

In: the rows of the catalogue and what the app composed. Out: one `Tool` per operation. `endpoint.py` builds and sends, a reader of
the kind of its result reads, `described.py` says what the tool is; this file only puts them together.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from flintt_mcp.calls.call import Call
from flintt_mcp.calls.reply import Done
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue.operation import Operation, Toolset
from flintt_mcp.catalogue.result import Listing, Lookup, Record
from flintt_mcp.errors import Changed
from flintt_mcp.rest.courses import begun_by
from flintt_mcp.rest.described import Work, described
from flintt_mcp.rest.endpoint import Endpoint
from flintt_mcp.rest.facts import FactReader
from flintt_mcp.rest.keepers import LINK
from flintt_mcp.rest.lists import ListReader
from flintt_mcp.rest.looking import look_for
from flintt_mcp.rest.lookup import LookupReader
from flintt_mcp.rest.readers import Reader, RecordReader
from flintt_mcp.rest.shown_once import SecretReader
from flintt_mcp.rest.twins import twin_of
from flintt_mcp.rest.upstream import Upstream


def operation_tools(toolset: Toolset, upstream: Upstream) -> list[Tool]:
    """The tools of one toolset, in the order of its rows."""
    handles = {row.name: OperationTool(toolset, row, upstream).handle for row in toolset.operations}

    def work(row: Operation) -> Work:
        facts = FactReader(toolset, row, upstream, handles)
        return Work(handles[row.name], look_for(toolset, row, upstream), facts.text, twin_of(toolset, row, upstream))

    tools = {row.name: described(toolset, row, work(row)) for row in toolset.operations}
    for row in toolset.operations:
        if row.long is not None and isinstance(row.result, Record):
            begins = begun_by(row.long, row.result, tools[row.long.of])
            tools[row.name] = dataclasses.replace(tools[row.name], begins=begins)
    return list(tools.values())


class OperationTool:
    """One operation of an API, as a tool."""

    def __init__(self, toolset: Toolset, operation: Operation, upstream: Upstream) -> None:
        self._operation = operation
        self._endpoint = Endpoint(toolset.api, operation, upstream)
        self._reader = _reader_of(self._endpoint, toolset)
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
        """Whether nobody may keep this result: it holds a secret, or the link that opens one."""
        record = self._operation.result
        held = isinstance(record, Record) and any(name in structured[record.noun] for name in record.secrets)
        return held or LINK in structured


def _reader_of(endpoint: Endpoint, toolset: Toolset) -> Reader:
    """What reads the results of this endpoint."""

    def other(name: str) -> Endpoint:
        return Endpoint(toolset.api, next(row for row in toolset.operations if row.name == name), endpoint.upstream)

    keepers = endpoint.upstream.results.keepers
    match endpoint.operation.result:
        case Listing() as listing:
            return ListReader(endpoint, listing, other)
        case Record(lookup=Lookup() as lookup) as record:
            return LookupReader(endpoint, record, lookup)
        case Record(secrets=(_, *_)) as record:
            showing = RecordReader(endpoint, replace(record, secrets=()))
            return showing if keepers is None else SecretReader(endpoint, record, keepers)
        case record:
            return RecordReader(endpoint, record)
