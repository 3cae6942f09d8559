"""One command line: argv -> settings -> a command, and what is wrong with it.

In: argv. Out: an exit code. What is wrong is one line on stderr and exit code 2; a tool that refuses is exit code 1. `--help` and
`--version` touch nothing but the parser and the rows of `settings.py`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from flintt_mcp.cli.parser import COMMANDS, command_parser
from flintt_mcp.errors import ConfigError
from flintt_mcp.settings import environment, load


def run(argv: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    arguments = list(argv)
    first = next((word for word in arguments if not word.startswith("-")), None)
    if first not in COMMANDS and not {"-h", "--help", "--version"} & set(arguments):
        if first is not None and arguments[0] == first:
            return _wrong(f"no command {first!r}; there are {', '.join(COMMANDS)}")
        arguments.insert(0, "stdio")
    parser = command_parser()
    try:
        options, rest = parser.parse_known_args(arguments)
        if options.command is None:
            parser.print_help()
            return 0
        if rest and options.command != "call":
            raise ConfigError(
                f"{options.command} does not take {rest[0]}; `flintt-mcp {options.command} --help` says more"
            )
        env = environment()
        settings = load(vars(options), env)
        from flintt_mcp.cli.commands import RUNS

        return RUNS[options.command](settings, env, options, rest)
    except ConfigError as error:
        return _wrong(". ".join(filter(None, (error.message.rstrip("."), error.advice))))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read the output (head, a pager) has seen enough; Python must not complain again while it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _wrong(message: str) -> int:
    print(f"flintt-mcp: {message}", file=sys.stderr)
    return 2
