"""One command line: argv -> settings -> a command, and what is wrong with it.

In: argv. Out: an exit code. What is wrong is one line on stderr and exit code 2; a tool that refuses is exit code 1. `--help` and
`--version` touch nothing but the parser and the rows of `settings.py`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from flintt_mcp.cli.outcome import FAILED, INTERRUPTED, WRONG, unwritten
from flintt_mcp.cli.parser import COMMANDS, command_parser
from flintt_mcp.errors import ConfigError, FlinttError
from flintt_mcp.serving.console import prepare, say, shown_whole
from flintt_mcp.settings import environment, load


def run(argv: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
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
    first = next((word for word in arguments if not word.startswith("-")), None)
    if first not in COMMANDS and not {"-h", "--help", "--version"} & set(arguments):
        if first is not None and arguments[0] == first:
            raise ConfigError(f"no command {first!r}; there are {', '.join(COMMANDS)}")
        arguments.insert(0, "stdio")
    parser = command_parser()
    try:
        options, rest = parser.parse_known_args(arguments)
    except SystemExit:  # argparse has written help or the version
        return None, []
    if options.command is None:
        parser.print_help()
        return None, []
    return options, rest
