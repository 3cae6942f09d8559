"""The arguments of one tool as options of the shell: for its help, and for what a shell completes.

In: a tool, whose input schema says what it takes. Out: options of an argparse parser, and its help as text. Nothing is called.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flintt_mcp.settings import Settings

if TYPE_CHECKING:
    from flintt_mcp.calls.tool import Tool


OF_EVERY_CALL = frozenset({"arguments", "csv", "json", "yes"})
"""Options of `call` itself: an argument of that name goes into the JSON of --arguments."""


def all_tools() -> list[Tool]:
    """Every tool there is, on or off; nothing is opened for it."""
    from flintt_mcp.offers.early import early_inventory

    return list(early_inventory(Settings(toolsets=("all",)), {}))


def tool_help(tool: Tool) -> str:
    """The help of `flintt-mcp call TOOL --help`."""
    parser = argparse.ArgumentParser(
        prog=f"flintt-mcp call {tool.name}",
        usage=f"flintt-mcp call {tool.name} [--ARGUMENT VALUE]... [--arguments OBJECT] [--json] [options]",
        description=tool.about,
        epilog="`flintt-mcp call --help` lists the options that every call takes.",
        add_help=False,
        allow_abbrev=False,
    )
    add_arguments(parser, tool)
    return parser.format_help().rstrip()


def add_arguments(parser: argparse.ArgumentParser, tool: Tool) -> None:
    """Add an option for each argument of the tool."""
    schema = tool.arguments.schema
    required = schema.get("required", ())
    group = parser.add_argument_group(f"arguments of {tool.name}")
    for name, about in schema["properties"].items():
        group.add_argument(
            "--" + name.replace("_", "-"),
            dest=f"argument_{name}",
            metavar=_metavar(about),
            choices=about.get("enum"),
            help=_help(name, about, name in required).replace("%", "%%"),
        )


def _metavar(about: Mapping[str, Any]) -> str:
    if "enum" in about:
        return "{" + ",".join(str(one) for one in about["enum"]) + "}"
    return {"integer": "N", "number": "NUMBER", "boolean": "true|false", "array": "A,B", "object": "JSON"}.get(
        about.get("type", ""), "TEXT"
    )


def _help(name: str, about: Mapping[str, Any], required: bool) -> str:
    bounds = [
        f"{words} {about[name]}"
        for name, words in {"minimum": "from", "maximum": "to", "maxLength": "at most", "default": "default"}.items()
        if name in about
    ]
    elsewhere = [f"give it in --arguments: --{name} is an option of every call"] if name in OF_EVERY_CALL else []
    notes = [*(["required"] if required else []), *bounds, *elsewhere]
    return about.get("description", "") + (f" [{', '.join(notes)}]" if notes else "")
