"""One command line: argv -> settings -> a command, and what is wrong with it.

In: argv. Out: an exit code. What is wrong is one line on stderr and exit code 2; a tool that refuses is exit code 1. `--help` and
`--version` touch nothing but the parser and the rows of `settings.py`.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from difflib import get_close_matches

from flintt_mcp.cli.outcome import FAILED, INTERRUPTED, WRONG, unwritten
from flintt_mcp.cli.parser import COMMANDS, OPTIONS, WITH_A_VALUE, command_parser
from flintt_mcp.errors import ConfigError, FlinttError
from flintt_mcp.serving.console import prepare, say, shown_whole
from flintt_mcp.settings import environment, load

_ASKED_BY_SHELL = "_ARGCOMPLETE"
"""The variable by which a shell asks for what it may complete."""
_ASKED = {"version": "--version", "help": "--help"}
"""What people type as a command and means an option."""


def run(argv: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    if _ASKED_BY_SHELL in os.environ:
        from flintt_mcp.cli.completing import complete

        complete()
    prepare()
    try:
        return _run(list(argv))
    except FlinttError as error:
        say("flintt-mcp: " + ". ".join(filter(None, (error.message.rstrip("."), error.advice))))
        return WRONG if isinstance(error, ConfigError) else FAILED
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(arguments: list[str]) -> int:
    options, rest = _parsed(arguments)
    if options is None:
        return unwritten(shown_whole())
    if rest and options.command != "call":
        raise ConfigError(f"{options.command} does not take {rest[0]}; `flintt-mcp {options.command} --help` says more")
    env = environment()
    settings = load(vars(options), env)
    from flintt_mcp.cli.commands import RUNS
    from flintt_mcp.serving.logs import configure_logging

    configure_logging(settings)
    return RUNS[options.command](settings, env, options, rest)


def _parsed(arguments: list[str]) -> tuple[argparse.Namespace | None, list[str]]:
    """The options, and words that no option took; no options when it was help or the version that was asked for."""
    parser = command_parser()
    try:
        options, rest = parser.parse_known_args(_command_first(arguments))
    except SystemExit:  # argparse has written help or the version
        return None, []
    if options.command is None:
        parser.print_help()
        return None, []
    return options, rest


def _command_first(words: list[str]) -> list[str]:
    """The words with the command before its options, wherever it stood; without a command it is stdio.

    Raises:
        ConfigError: a word stands where the command should, and is none.
    """
    place = 0
    while place < len(words) and words[place].startswith("-"):
        place += 2 if words[place] in WITH_A_VALUE else 1
    before, rest = words[:place], words[place:]
    if "--version" in before:
        return ["--version"]
    if not rest and {"-h", "--help"} & set(before):
        return ["--help"]
    if rest and rest[0] in _ASKED:
        return [*rest[1:2], _ASKED[rest[0]]] if rest[0] == "help" else [_ASKED[rest[0]]]
    if rest and rest[0] in COMMANDS:
        return [rest[0], *before, *rest[1:]]
    if rest and not _unknown(before):
        close = get_close_matches(rest[0], COMMANDS, 1)
        advice = f"did you mean `flintt-mcp {close[0]}`?" if close else ""
        raise ConfigError(f"no command {rest[0]!r}; there are {', '.join(COMMANDS)}", advice=advice)
    return ["stdio", *words]


def _unknown(words: list[str]) -> list[str]:
    """Options that no setting has: what stands behind one may be its value."""
    return [word for word in words if word[:1] == "-" and word.partition("=")[0] not in OPTIONS]
