"""What a person is told who has to approve a call: stored facts, read from the API just now, with the caller's own key.

In: the row of an operation, the other operations of its API, and a call of it. Out: a text. Nothing of it is the model's but what
the text of the catalogue names; what could not be read is said to be so. Nothing is changed here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from msgspec.structs import replace

from flintt_mcp.calls.call import Call
from flintt_mcp.calls.reply import Done
from flintt_mcp.catalogue.base_urls import SANDBOX_URL
from flintt_mcp.catalogue.operation import Operation, See, Toolset
from flintt_mcp.catalogue.result import Listing
from flintt_mcp.errors import (
    ConfigError,
    CredentialMissing,
    FlinttError,
    NotFound,
    Rejected,
    Unauthorized,
    UpstreamError,
)
from flintt_mcp.rest.endpoint import Endpoint
from flintt_mcp.rest.upstream import Upstream
from flintt_mcp.rest.walking import Walk
from flintt_mcp.text import excerpt

Handle = Callable[[Call], Awaitable[Done]]
_NO_KEY = (ConfigError, CredentialMissing, Unauthorized)
_NOT_THERE = (NotFound, Rejected)
"""Errors with which the call itself would end: nobody has to be asked."""


class FactReader:
    """Reads what a person is told of calls of one operation; `handles` are those of all operations of its API, by name."""

    def __init__(
        self, toolset: Toolset, operation: Operation, upstream: Upstream, handles: Mapping[str, Handle]
    ) -> None:
        self._api = toolset.api
        self._operations = {row.name: row for row in toolset.operations}
        self._operation = operation
        self._upstream = upstream
        self._handles = handles

    async def text(self, call: Call) -> str:
        """What this call would do.

        Raises:
            FlinttError: what it is about is not there, or the key is not good: it would fail.
        """
        facts = self._operation.facts
        lines = [f"{self._operation.title}?", f"Where: {self._where(call)}"]
        lines += [await self._seen(see, call) for see in facts.sees]
        lines += [*self._cost(call), *([f"For good: {facts.for_good}"] if facts.for_good else [])]
        return "\n".join(filter(None, lines))

    def _where(self, call: Call) -> str:
        api, url = self._api, self._upstream.places.urls.get(self._api.name) or ""
        if url.startswith(SANDBOX_URL):
            return f"{api.title}, in the sandbox: nothing is real"
        secret = call.caller.secrets.get(api.name, "")
        kind = ""
        if api.live_prefix:
            kind = ", with a LIVE key: real money" if secret.startswith(api.live_prefix) else ", with a test key"
        return f"{api.title} at {url}{kind}"

    def _cost(self, call: Call) -> list[str]:
        operation = self._operation
        if not operation.amount:
            return []
        amount = Decimal(str(call.arguments[operation.amount]))
        facts = operation.facts
        if not facts.price:
            return [f"Most it may cost: {amount:,} {operation.unit}"]
        cost = amount * facts.price
        return [f"Estimated cost: {cost:,} {facts.currency} ({facts.price} for each of {amount:,} {operation.unit})"]

    async def _seen(self, see: See, call: Call) -> str:
        """One line of the text; empty where there is nothing to tell."""
        try:
            return await (self._listed(see, call) if self._lists(see) else self._recorded(see, call))
        except FlinttError as error:
            # What an API says of an error may quote the arguments: only its status is told.
            if isinstance(error, _NO_KEY) or (see.needed and isinstance(error, _NOT_THERE)):
                raise
            status = error.status if isinstance(error, UpstreamError) else None
            return f"{see.label}: could not be read{f' (status {status})' if status else ''}"

    def _lists(self, see: See) -> bool:
        return isinstance(self._operations[see.of].result, Listing)

    async def _recorded(self, see: See, call: Call) -> str:
        done = await self._handles[see.of](replace(call, arguments=_given(see, call)))
        record = (done.structured or {})[self._operations[see.of].result.noun]  # type: ignore[union-attr]  # it is no listing
        return f"{see.label}: {_told(record, see.fields)}"

    async def _listed(self, see: See, call: Call) -> str:
        rows, complete = await self._rows(see, call)
        at_least = "" if complete else "at least "
        if see.counts:
            sums = [f"{_sum(rows, name):,} {noun}" for name, noun in see.sums.items()]
            return f"{see.label}: {at_least}{', '.join([f'{len(rows):,} {see.counts}', *sums])}"
        if rows:
            others = f" (and {at_least}{len(rows) - 1:,} more)" if len(rows) > 1 else ""
            return f"{see.label}: {_told(rows[0], see.fields)}{others}"
        if see.needed and complete:
            raise NotFound(
                f"{self._api.title} lists nothing with that {' and '.join(see.where.values())}",
                operation=self._operation.name,
                advice="take the id from the list tool and call again",
            )
        return f"{see.label}: none{'' if complete else ' among those that were looked at'}"

    async def _rows(self, see: See, call: Call) -> tuple[list[dict[str, Any]], bool]:
        """The rows of a list that are meant, and whether all were looked at."""
        walk = Walk(Endpoint(self._api, self._operations[see.of], self._upstream))
        rows, complete = await walk.rows(call, _given(see, call))
        return [row for row in rows if _is_meant(row, see, call)], complete


def _given(see: See, call: Call) -> dict[str, Any]:
    """The arguments with which something is read."""
    return {theirs: call.arguments[ours] for theirs, ours in see.given.items()}


def _is_meant(row: Mapping[str, Any], see: See, call: Call) -> bool:
    return all(_equal(row.get(theirs), call.arguments[ours]) for theirs, ours in see.where.items())


def _equal(one: Any, other: Any) -> bool:
    """Whether two values are one, also where one is spelt as a number and the other as a text."""
    if one == other or str(one) == str(other):
        return True
    try:
        return Decimal(str(one)) == Decimal(str(other))
    except InvalidOperation:
        return False


def _told(record: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """The fields of a record; all of them, where none are named."""
    told = [
        f"{excerpt(str(name), 60)}={excerpt(str(record[name]), 200)}"
        for name in names or record
        if record.get(name) not in (None, "")
    ]
    return excerpt(", ".join(told), 1500)


def _sum(rows: list[dict[str, Any]], name: str) -> int:
    return sum(value for row in rows if isinstance(value := row.get(name), int))
