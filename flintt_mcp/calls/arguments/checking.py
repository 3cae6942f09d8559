"""The check of all arguments of one tool together, by pydantic; the only module here, beside `kinds.py`, that loads it.

In: a tool's name and its `Arg` rows. Out: a function that gives the arguments in their right types, or their faults. It is made at
a tool's first call: the list of tools is told without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NotRequired, Required

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from flintt_mcp.calls.arguments.kinds import type_of
from flintt_mcp.catalogue.argument import Arg

Check = Callable[[Mapping[str, Any]], dict[str, Any] | list[Any]]
"""The arguments in their right types, or what is wrong with them: `loc`, `type` and `msg` of each fault, and no value."""


def checker(tool: str, args: tuple[Arg, ...]) -> Check:
    """The check of one tool's arguments."""
    shape = TypedDict(tool, {arg.name: _annotation(arg) for arg in args})  # type: ignore[misc]  # rows name the fields
    strict = with_config(ConfigDict(extra="forbid", hide_input_in_errors=True))(shape)
    # Only the validator is kept: the adapter's schema and serializer cost as much memory again, for every tool.
    validate = TypeAdapter(strict).validator.validate_python

    def check(given: Mapping[str, Any]) -> dict[str, Any] | list[Any]:
        try:
            return validate(given)
        except ValidationError as error:
            return error.errors(include_url=False, include_context=False, include_input=False)

    return check


def _annotation(arg: Arg) -> Any:
    typed = type_of(arg)
    return Required[typed] if arg.required else NotRequired[typed]
