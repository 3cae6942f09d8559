"""What a shell completes behind `flintt-mcp`: commands, options, hosts, tools, and the arguments and choices of a tool.

In: the line so far, in the variables that argcomplete's shell code sets. Out: words, on the descriptor that it reads. Only a shell
that completes comes here; what it asks about is never run.
"""

from __future__ import annotations

import argparse
import os

import argcomplete

from flintt_mcp.cli.parser import command_parser
from flintt_mcp.cli.tool_help import add_arguments, all_tools


def shell_code(shell: str) -> str:
    """What a person puts into the start file of that shell."""
    return argcomplete.shellcode(["flintt-mcp"], shell=shell)


def complete() -> None:
    """Answer the shell, and end the process."""
    argcomplete.autocomplete(command_parser(_with_arguments), always_complete_options=False)


def _with_arguments(name: str, command: argparse.ArgumentParser) -> None:
    """Tell the parser of `call` of the arguments of the tool that stands on the line."""
    named = os.environ.get("COMP_LINE", "").split()
    for tool in all_tools() if name == "call" else ():
        if tool.name in named:
            add_arguments(command, tool)
