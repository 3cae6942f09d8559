"""Arguments of a tool: its input schema, and the check of what a client sent against it.

In: the `Arg` rows of an operation and the raw arguments of a call. Out: a JSON Schema that every client can read (one object,
no anyOf, no $ref), and a dict that holds only what was set. Raises `ToolInputError` naming each wrong argument and never
repeating its value.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flintt_mcp.calls.arguments.names import close_names, shown_name
from flintt_mcp.calls.arguments.schemas import input_schema, told_schema
from flintt_mcp.catalogue.argument import Arg, Place, Rule
from flintt_mcp.errors import ToolInputError

if TYPE_CHECKING:
    from flintt_mcp.calls.arguments.checking import Check

ADDED_BY_CLIENTS = frozenset({"sessionId", "action", "chatInput", "toolCallId"})
"""What the agent of n8n adds to the arguments of every call (n8n-io/n8n, issues 21500 and 22787): no model can leave it out."""
_ERRORS_SHOWN = 8
_UNKNOWN_LOOKED_AT = 100
"""So many unknown arguments are enough to refuse a call; looking at each of a megabyte of them would hold up all others."""


class Arguments:
    """The check for one tool's arguments, the rows `args`; `schema` is their JSON Schema, `told` what clients hear of it.

    The validator is made at first use.
    """

    def __init__(self, tool: str, args: tuple[Arg, ...], rules: tuple[Rule, ...] = ()) -> None:
        self._names = tuple(arg.name for arg in args)
        self._clears = frozenset(arg.name for arg in args if arg.clears)
        self._steering = frozenset(arg.name for arg in args if arg.place is Place.LOCAL and not arg.required)
        self._rules = rules
        self._tool = tool
        self.args = args
        self.schema = input_schema(args)
        self.told = told_schema(self.schema)

    @cached_property
    def _validate(self) -> Check:
        """The check by types. Loaded at the first call: the schema alone has to be there early."""
        from flintt_mcp.calls.arguments.checking import checker

        return checker(self._tool, self.args)

    def check(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments that were set, in their right types.

        A null counts as not given, except where it could mean "clear it": there it is refused with the way to say so. So does an
        empty text for what only steers this server, a cursor above all, and what known clients add on their own.

        Raises:
            ToolInputError: names every argument that does not fit and what it takes.
        """
        unknown = [name for name in raw if name not in self._names]
        if len(unknown) > _UNKNOWN_LOOKED_AT:
            raise _input_error([self._unknown(shown_name(name)) for name in unknown[:_ERRORS_SHOWN]], len(unknown))
        given = self._given(raw) if unknown or None in raw.values() or "" in raw.values() else raw
        checked = self._validate(given)
        if isinstance(checked, list):
            raise _input_error([self._sentence(fault) for fault in checked[:_ERRORS_SHOWN]], len(checked))
        broken = [sentence for rule in self._rules if (sentence := rule.broken_by(checked))]
        if broken:
            raise _input_error(broken)
        return checked

    def _given(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """What was sent, without all that counts as not given."""
        for name in self._clears:
            if name in raw and raw[name] is None:
                raise _input_error([f'{name}: null is unclear; send "" to clear it, or leave it out'])
        return {name: value for name, value in raw.items() if not self._is_nothing(name, value)}

    def _is_nothing(self, name: str, value: Any) -> bool:
        if name not in self._names:
            return name in ADDED_BY_CLIENTS
        return value is None or (value == "" and name in self._steering)

    def _sentence(self, item: Mapping[str, Any]) -> str:
        # Below the argument's own name only positions are told: a key of an object is part of its value.
        name = shown_name(".".join(str(part) for i, part in enumerate(item["loc"]) if i == 0 or isinstance(part, int)))
        if item["type"] == "extra_forbidden":
            return self._unknown(name)
        if item["type"] == "missing":
            return f"{name}: required"
        return f"{name}: {item['msg'].removeprefix('Value error, ').removeprefix('Input should be ').strip()}"

    def _unknown(self, name: str) -> str:
        close = close_names(name, self._names, 1)
        hint = f"did you mean {close[0]}?" if close else f"this tool takes {', '.join(self._names) or 'no arguments'}"
        return f"{name}: unknown argument; {hint}"


def _input_error(sentences: list[str], found: int = 0) -> ToolInputError:
    """The error of these sentences; `found` is how many there would be, when not all of them are told."""
    more = [f"and {found - len(sentences)} more"] if found > len(sentences) else []
    return ToolInputError("; ".join(sentences + more), advice="correct the arguments and call again")
