"""What a tool of an operation says of itself, whoever does it.

In: a row of the catalogue, and what does its work. Out: a `Tool`. Nothing here sends or reads anything, or loads what does, so that
the list of tools can be told before there is a way to any API.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from flintt_mcp.calls.arguments.arguments import Arguments
from flintt_mcp.calls.call import ALLOW_DUPLICATE, INTENT, Call
from flintt_mcp.calls.looking import Looked
from flintt_mcp.calls.reply import Done, Reply
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue.argument import FIELDS, Arg, Kind, local
from flintt_mcp.catalogue.operation import Effect, Operation, Toolset
from flintt_mcp.catalogue.result import Listing, Record
from flintt_mcp.rest.courses import watched_by
from flintt_mcp.rest.reading.cursors import LONGEST
from flintt_mcp.rest.reading.output_schema import output_schema


@dataclass(frozen=True, slots=True)
class Work:
    """What does the work of an operation: its handle, how to look for what it made, what a person is told who approves it, and what
    is there already of what it would add.
    """

    handle: Callable[[Call], Awaitable[Reply]]
    look: Callable[[Call], Awaitable[Looked]] | None = None
    facts: Callable[[Call], Awaitable[str]] | None = None
    twin: Callable[[Call], Awaitable[str]] | None = None


def described(toolset: Toolset, operation: Operation, work: Work) -> Tool:
    """The tool that a client sees."""
    return Tool(
        name=operation.name,
        title=operation.title,
        about=operation.about,
        effect=operation.effect,
        toolset=toolset.name,
        arguments=Arguments(operation.name, arguments_of(operation), operation.rules),
        handle=work.handle,
        api=toolset.api.name,
        output_schema=output_schema(operation.result),
        scopes=operation.scopes,
        spends=operation.spends,
        look=work.look,
        repeatable=operation.repeatable,
        gone=_gone(operation),
        amount=operation.amount,
        unit=operation.unit,
        replaces=operation.replaces,
        facts=None if operation.effect.reads else work.facts,
        twin=work.twin,
        watched=watched_by(toolset.api, operation),
    )


def arguments_of(operation: Operation) -> tuple[Arg, ...]:
    """The operation's own arguments and those that this server adds: a page where the result can grow, an intent to a write."""
    result = operation.result
    args = operation.args
    if isinstance(result, Listing):
        args = (*args, local(FIELDS, "Names with commas, or all.", low=1, high=500))
    if result.can_grow:
        limit = local("limit", "Rows.", kind=Kind.INTEGER, low=1, high=result.most, default=result.page)
        args = (*args, limit, local("cursor", "Last next_cursor.", low=1, high=LONGEST))
    if not operation.effect.reads:
        if operation.twin is not None:
            args = (*args, local(ALLOW_DUPLICATE, "Add it beside one like it.", kind=Kind.FLAG, default=False))
        about = "New id: a second equal call."
        args = (*args, local(INTENT, about, low=1, high=100))
    return args


def _gone(operation: Operation) -> Done | None:
    """The result of a deletion that was done before, as far as anybody can tell it."""
    record = operation.result
    if operation.effect is not Effect.DESTROY or not isinstance(record, Record):
        return None
    return Done(text=record.said, structured={record.noun: {}}, changed="yes")
