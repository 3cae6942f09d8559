"""What the operator lets writes do: which of them a person approves, how much they may spend, and whether any goes out at all.

In: the text of a policy file (TOML). Out: a `Policy`, or an error that names the line. Nothing here reads a file or judges a call:
`state/policy_file.py` and `stages/policy.py` do.

    approve = ["destroy", "spend"]     # effects that a person approves, or "writes"
    stop = false                       # true: nothing is written
    test_mode_only = false             # true: keys that move real money are refused
    yes_in_scripts = false             # true: `flintt-mcp call --yes` works without a terminal

    [tools.flowmaticx_create_job]
    approve = false                    # whatever its effect says
    most_per_call = 100                # in the unit of the tool
    most_per_day = 500

    [tools.flowpilot_create_recipient]
    only.account_number = ["0123456789"]
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from flintt_mcp.catalogue.operation import Effect

WRITES = frozenset({Effect.CREATE, Effect.UPDATE, Effect.DESTROY, Effect.SPEND})
_FLAGS = ("stop", "test_mode_only", "yes_in_scripts")
_AMOUNTS = ("most_per_call", "most_per_day")


class ToolPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for one tool. `only` maps an argument to the values it may have."""

    approve: bool | None = None
    most_per_call: Decimal | None = None
    most_per_day: Decimal | None = None
    only: Mapping[str, frozenset[str]] = {}


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for all writes, and for single tools."""

    approve: frozenset[Effect] = frozenset({Effect.DESTROY, Effect.SPEND})
    stop: bool = False
    test_mode_only: bool = False
    yes_in_scripts: bool = False
    tools: Mapping[str, ToolPolicy] = {}

    def asks_about(self, tool: str, effect: Effect, *, replaces: bool = False) -> bool:
        """Whether a person approves calls of this tool; one that `replaces` what is there counts as one that deletes."""
        own = self.of(tool).approve
        return own if own is not None else effect in self.approve or (replaces and Effect.DESTROY in self.approve)

    def of(self, tool: str) -> ToolPolicy:
        """What holds for that tool beside the rest."""
        return self.tools.get(tool, ToolPolicy())


class WrongPolicy(Exception):
    """A policy that cannot be followed. `line` counts from 1; the message holds no value of the file."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def approved_effects(text: str) -> frozenset[Effect]:
    """The effects that a comma-separated text names: `none`, `writes`, or names of effects that write.

    Raises:
        ValueError: a word is none of these.
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    if words == ["none"]:
        return frozenset()
    if words == ["writes"]:
        return WRITES
    names = {effect.value: effect for effect in WRITES}
    if not words or not names.keys() >= set(words):
        raise ValueError(f"takes none, writes, or some of {', '.join(sorted(names))}")
    return frozenset(names[word] for word in words)


def read_policy(text: str, unasked: frozenset[Effect], tools: Mapping[str, Collection[str]]) -> Policy:
    """The policy that a file holds.

    Args:
        unasked: the effects that a person approves where the file says nothing of it.
        tools: the names of all tools that write, each with its arguments.

    Raises:
        WrongPolicy: it is not TOML, or holds what cannot be followed.
    """
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        raise WrongPolicy(int(found[1]) if found else text.count("\n") + 1, "is not TOML") from None
    return _Reader(text, tools).policy(told, unasked)


class _Reader:
    """Turns what a file holds into values; every refusal names the line of its key."""

    def __init__(self, text: str, tools: Mapping[str, Collection[str]]) -> None:
        self._lines = text.splitlines()
        self._tools = tools

    def policy(self, told: dict[str, Any], unasked: frozenset[Effect]) -> Policy:
        self._known(told, (*_FLAGS, "approve", "tools"), ())
        flags = {name: self._flag(told[name], (name,)) for name in _FLAGS if name in told}
        tools = told.get("tools", {})
        if not isinstance(tools, dict):
            raise self._wrong(("tools",), "takes tables: [tools.NAME]")
        approve = self._effects(told["approve"]) if "approve" in told else unasked
        return Policy(approve=approve, tools={name: self._tool(name, table) for name, table in tools.items()}, **flags)

    def _tool(self, name: str, table: Any) -> ToolPolicy:
        place = ("tools", name)
        if name not in self._tools:
            raise self._wrong(place, "names no tool that writes")
        if not isinstance(table, dict):
            raise self._wrong(place, "takes a table: [tools.NAME]")
        self._known(table, ("approve", "only", *_AMOUNTS), place)
        amounts = {key: self._amount(table[key], (*place, key)) for key in _AMOUNTS if key in table}
        approve = self._flag(table["approve"], (*place, "approve")) if "approve" in table else None
        return ToolPolicy(approve=approve, only=self._only(name, table.get("only", {})), **amounts)

    def _only(self, tool: str, told: Any) -> dict[str, frozenset[str]]:
        place = ("tools", tool, "only")
        if not isinstance(told, dict):
            raise self._wrong(place, "takes lists by argument: only.ARGUMENT = [...]")
        for argument, values in told.items():
            if argument not in self._tools[tool]:
                raise self._wrong((*place, argument), "names no argument of this tool")
            if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
                raise self._wrong((*place, argument), "takes a list of texts")
        return {argument: frozenset(values) for argument, values in told.items()}

    def _effects(self, told: Any) -> frozenset[Effect]:
        words = [told] if isinstance(told, str) else told
        try:
            return approved_effects(",".join(words) or "none")
        except (TypeError, ValueError):
            raise self._wrong(("approve",), 'takes "none", "writes", or a list of effects that write') from None

    def _flag(self, told: Any, place: tuple[str, ...]) -> bool:
        if not isinstance(told, bool):
            raise self._wrong(place, "takes true or false")
        return told

    def _amount(self, told: Any, place: tuple[str, ...]) -> Decimal:
        text = str(told)
        if isinstance(told, bool | float) or not re.fullmatch(r"\d{1,15}(\.\d{1,6})?", text):
            raise self._wrong(place, "takes a whole number, or a decimal in quotes")
        return Decimal(text)

    def _known(self, table: Mapping[str, Any], names: Collection[str], place: tuple[str, ...]) -> None:
        unknown = next((name for name in table if name not in names), None)
        if unknown is not None:
            raise self._wrong((*place, unknown), f"is no key of a policy here; there are {', '.join(names)}")

    def _wrong(self, place: tuple[str, ...], message: str) -> WrongPolicy:
        return WrongPolicy(self._line_of(place), f"{'.'.join(place)} {message}")

    def _line_of(self, place: tuple[str, ...]) -> int:
        """The line where that key is first spelt, after the lines of the tables it lies in."""
        line = 0
        for name in place:
            spelt = re.compile(rf"(?:^|[\[.\s\"'{{,]){re.escape(name)}(?:$|[\]\s.=\"'])")
            line = next((at for at in range(line, len(self._lines)) if spelt.search(self._lines[at])), line)
        return line + 1
