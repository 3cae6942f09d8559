"""Every command with its options and help, as an argparse parser: the settings' options follow from the rows of `settings.py`.

In: the rows. Out: a parser whose complaints are a `ConfigError` of one line. It runs no command and knows none of their modules:
`--help` and `--version` run through here.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from flintt_mcp import __version__
from flintt_mcp.errors import ConfigError
from flintt_mcp.hosts import HOST_NAMES
from flintt_mcp.settings import ROWS, option, parse

COMMANDS = {
    "stdio": "speak MCP on stdin and stdout (what a desktop client starts); the default",
    "serve": "speak MCP over HTTP: Streamable HTTP and legacy SSE on one URL",
    "sandbox": "serve only the sandbox's REST APIs, or act in it as a person does",
    "call": "call one tool from the shell",
    "tools": "list the tools that are on",
    "install": "put this server into an application: Claude Desktop, Cursor, VS Code, Codex and others",
    "uninstall": "take it out of an application again",
    "links": "print the links that put this server into Cursor, VS Code and Goose with a click",
    "doctor": "look at all that can be wrong between an application and an API, and say what to do",
    "completion": "print what makes a shell complete commands, tools and their arguments",
    "audit": "show, export or verify the journal of every write and every approval",
    "approve": "decide, as a person at a terminal, about a call that waits for it",
    "login": "sign in to an API behind OAuth 2.0 (flextell) and keep its tokens on this machine",
}

OPTIONS = frozenset({"-h", "--help", *map(option, ROWS)})
"""Every option that may stand before the command as well."""
WITH_A_VALUE = frozenset(option(name) for name, row in ROWS.items() if not isinstance(row.default, bool))
"""Those of them that take the word behind them."""

ACTIONS = {
    "token": "print a session token of the local user, for the management API",
    "approve-run": "decide a FlowPilot payment run, as a person does in the dashboard",
    "build-signal": "give a signal its sources, so that it can run",
    "run-signal": "run a built signal now and show what it found",
    "listen": "receive webhooks here, verify them and print them",
}

DESCRIPTION = """Let an LLM client work with a Flintt workspace: companies, prospects, signals and their runs.

  try it, no account needed      flintt-mcp serve --sandbox
  in a desktop client            flintt-mcp stdio          with FLINTT_API_KEY in its environment
  from a shell                   flintt-mcp call list_companies --name acme --sandbox"""

EPILOG = """Keys come from the environment (FLINTT_API_KEY), or with each HTTP request. Every option is also a variable:
--log-level is FLINTT_MCP_LOG_LEVEL. `flintt-mcp COMMAND --help` says more."""


Extend = Callable[[str, argparse.ArgumentParser], None]
"""Adds to the parser of the command of that name."""


def command_parser(extend: Extend | None = None) -> argparse.ArgumentParser:
    """The parser of the whole command line; `command`, and for the sandbox `action`, say what was chosen."""
    parser = _Parser(
        prog="flintt-mcp", description=DESCRIPTION, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"flintt-mcp {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    own = {
        "call": _add_call,
        "tools": _add_tools,
        "login": _add_login,
        "approve": _add_approval,
        "audit": _add_audit,
        "install": _add_install,
        "uninstall": _add_uninstall,
        "doctor": _add_doctor,
        "links": _add_links,
        "completion": _add_completion,
        "sandbox": _add_actions,
    }
    for name, about in COMMANDS.items():
        command = commands.add_parser(
            name,
            help=about,
            description=about[0].upper() + about[1:] + ".",
            epilog=EPILOG,
            allow_abbrev=False,
            add_help=name != "call",
        )
        command.usage = f"flintt-mcp {name} [options]"
        if name in own:
            own[name](command)
        _add_settings(command, name)
        if extend is not None:
            extend(name, command)
    return parser


def _add_call(command: argparse.ArgumentParser) -> None:
    command.usage = "flintt-mcp call TOOL [--ARGUMENT VALUE]... [--arguments OBJECT] [--json | --csv] [options]"
    tool = command.add_argument(
        "tool", metavar="TOOL", nargs="?", help="name of the tool; `flintt-mcp tools` lists them"
    )
    _completes(tool, _tool_names)
    command.add_argument(
        "-h", "--help", action="store_const", const=command.format_help, help="show this, or the arguments of TOOL"
    )
    command.add_argument("--arguments", metavar="OBJECT", dest="json_arguments", help="all arguments as a JSON object")
    how = command.add_mutually_exclusive_group()
    for name, about in {"json": "the whole result as JSON", "csv": "the rows of a list as CSV"}.items():
        how.add_argument(f"--{name}", action="store_const", const=name, dest="how", default="", help=f"print {about}")
    command.add_argument(
        "--yes", action="store_true", help="approve what would be asked; a person types this, at a terminal"
    )


def _add_approval(command: argparse.ArgumentParser) -> None:
    command.usage = "flintt-mcp approve INTENT [options]"
    command.add_argument(
        "intent", metavar="INTENT", help="id of the intent, from the answer that said approval_required"
    )


def _add_tools(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", dest="as_json", help="print the tools as a client gets them")


def _add_audit(command: argparse.ArgumentParser) -> None:
    command.usage = "flintt-mcp audit {list,export,verify} [--last N] [options]"
    command.add_argument(
        "action",
        choices=["list", "export", "verify"],
        help="list: a line for each step; export: JSON lines; verify: whether it is as it was written",
    )
    command.add_argument("--last", type=int, metavar="N", default=0, help="only the last N steps [all]")


def _add_install(command: argparse.ArgumentParser) -> None:
    command.usage = "flintt-mcp install HOST [--remote URL] [options]\n       flintt-mcp install --list"
    host = command.add_argument("app", metavar="HOST", nargs="?", help=f"one of {', '.join(HOST_NAMES)}")
    _completes(host, lambda: HOST_NAMES)
    command.add_argument("--list", action="store_true", help="say which of them are here, and where flintt is in")
    command.add_argument("--remote", metavar="URL", help="connect to a server that runs, instead of starting one")
    _add_entry(command)


def _add_uninstall(command: argparse.ArgumentParser) -> None:
    command.usage = "flintt-mcp uninstall HOST [options]"
    host = command.add_argument("app", metavar="HOST", help=f"one of {', '.join(HOST_NAMES)}")
    _completes(host, lambda: HOST_NAMES)
    _add_entry(command)


def _add_doctor(command: argparse.ArgumentParser) -> None:
    command.usage = "flintt-mcp doctor [--host HOST] [--json] [--fix] [options]"
    host = command.add_argument("--host", metavar="HOST", dest="app", help=f"look at this one: {', '.join(HOST_NAMES)}")
    _completes(host, lambda: HOST_NAMES)
    command.add_argument("--json", action="store_true", dest="as_json", help="print what was found as JSON")
    command.add_argument("--fix", action="store_true", help="mend what can be mended safely, and look again")


def _add_links(command: argparse.ArgumentParser) -> None:
    command.usage = "flintt-mcp links [--remote URL] [options]"
    command.add_argument("--remote", metavar="URL", help="link to a server that runs, instead of starting one")
    command.add_argument("--name", default="flintt", help="name of the entry [flintt]")
    command.add_argument("--json", action="store_true", dest="as_json", help="print them as JSON")


def _add_completion(command: argparse.ArgumentParser) -> None:
    command.usage = "flintt-mcp completion {bash,zsh,fish}"
    start = 'eval "$(flintt-mcp completion bash)"'
    command.description = f"In the start file of bash or zsh: {start}. For fish: `flintt-mcp completion fish | source`."
    command.add_argument("shell", choices=["bash", "zsh", "fish"], help="the shell")


def _completes(action: argparse.Action, words: Callable[[], Sequence[str]]) -> None:
    """Say what a shell completes there; argcomplete looks for this."""
    vars(action)["completer"] = lambda **about: words()


def _tool_names() -> list[str]:
    from flintt_mcp.cli.tool_help import all_tools

    return [tool.name for tool in all_tools()]


def _add_entry(command: argparse.ArgumentParser) -> None:
    command.add_argument("--name", default="flintt", help="name of the entry [flintt]")
    command.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    command.add_argument("--json", action="store_true", dest="as_json", help="print what was done as JSON")


def _add_login(command: argparse.ArgumentParser) -> None:
    command.usage = "flintt-mcp login flextell [options]"
    command.add_argument("api", choices=["flextell"], help="the API to sign in to")
    command.add_argument("--no-browser", action="store_true", help="print the address instead of opening it")


def _add_actions(command: argparse.ArgumentParser) -> None:
    """The parsers of all actions of `flintt-mcp sandbox`; without one the sandbox is served."""
    command.usage = "flintt-mcp sandbox [ACTION] [options]"
    actions = command.add_subparsers(
        dest="action",
        metavar="ACTION",
        title="actions (without one the REST APIs are served)",
        prog="flintt-mcp sandbox",
    )
    own = {
        "token": _add_token,
        "approve-run": _add_approve,
        "build-signal": _add_build,
        "run-signal": _add_run,
        "listen": _add_listen,
    }
    for name, about in ACTIONS.items():
        action = actions.add_parser(
            name, help=about, description=about[0].upper() + about[1:] + ".", allow_abbrev=False
        )
        takes = {"approve-run": " RUN_ID", "build-signal": " SIGNAL_ID", "run-signal": " SIGNAL_ID"}.get(name, "")
        action.usage = f"flintt-mcp sandbox {name}{takes} [options]"
        own[name](action)
        _add_settings(action, f"sandbox {name}")


def _add_token(action: argparse.ArgumentParser) -> None:
    action.add_argument("--second", action="store_true", help="of the second user, who has a workspace of their own")


def _add_approve(action: argparse.ArgumentParser) -> None:
    action.add_argument(
        "run_id", metavar="RUN_ID", help="id of a run that awaits approval; flowpilot_list_runs shows them"
    )
    action.add_argument("--reject", action="store_true", help="reject it instead")
    action.add_argument("--include-flagged", action="store_true", help="pay flagged candidates too")


def _add_build(action: argparse.ArgumentParser) -> None:
    action.add_argument("signal_id", metavar="SIGNAL_ID", help="id of the signal; list_signals shows them")
    for kind in ("feed", "page", "json", "file"):
        what = "path below --source-folder" if kind == "file" else "URL"
        action.add_argument(
            f"--{kind}", action="append", default=[], metavar=what.split()[0].upper(), help=f"a source: {kind} ({what})"
        )
    action.add_argument("--opens-deals", action="store_true", help="open a deal with the company of each valid result")


def _add_run(action: argparse.ArgumentParser) -> None:
    action.add_argument("signal_id", metavar="SIGNAL_ID", help="id of a built signal")


def _add_listen(action: argparse.ArgumentParser) -> None:
    action.add_argument("--api", choices=["flintt", "flowpilot"], default="flintt", help="whose webhooks [flintt]")


class _Parser(argparse.ArgumentParser):
    """argparse, whose complaints are one line like all others."""

    def error(self, message: str) -> NoReturn:
        raise ConfigError(
            f"{self.prog.removeprefix('flintt-mcp ')}: {message}", advice=f"`{self.prog} --help` says more"
        )


def _add_settings(command: argparse.ArgumentParser, name: str) -> None:
    group = command.add_argument_group("settings")
    for row in ROWS.values():
        about = row.metadata
        if not about.get("option", True) or name.split()[0] not in about.get("commands", COMMANDS):
            continue
        default = about.get("shown") or (",".join(row.default) if isinstance(row.default, tuple) else row.default)
        words = f"{about['about']} [{default if default not in ('', False) else 'off' if default is False else 'none'}]"
        words = words.replace("%", "%%")
        if isinstance(row.default, bool):
            group.add_argument(
                option(row.name), action="store_const", const=True, default=argparse.SUPPRESS, help=words
            )
        elif isinstance(row.default, tuple):
            group.add_argument(option(row.name), action=_Collect, metavar="A,B", default=argparse.SUPPRESS, help=words)
        else:
            group.add_argument(
                option(row.name), action=_Typed, metavar=_metavar(row), default=argparse.SUPPRESS, help=words
            )


def _metavar(row: Any) -> str:
    if "choices" in row.metadata:
        return "{" + ",".join(row.metadata["choices"]) + "}"
    return {int: "N", float: "SECONDS"}.get(type(row.default), row.name.rsplit("_", 1)[-1].upper())


class _Typed(argparse.Action):
    """An option whose text is read as its setting's kind."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        value = parse(self.dest, values, option_string or self.dest, type(ROWS[self.dest].default))
        setattr(namespace, self.dest, value)


class _Collect(argparse.Action):
    """An option that may be given several times, each time with one value or several joined by commas."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        more = parse(self.dest, values, option_string or self.dest, tuple)
        setattr(namespace, self.dest, (*getattr(namespace, self.dest, ()), *more))
