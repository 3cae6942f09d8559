"""The command line: argv -> settings -> app. Each command imports what it needs, when it runs.

`--help` and `--version` touch nothing but the rows of `settings.py`. What is wrong is one line on stderr and exit code 2; a
tool that refuses is exit code 1.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from flintt_mcp import __version__
from flintt_mcp.errors import ConfigError, FlinttError
from flintt_mcp.settings import ROWS, Settings, environment, load, option, parse, variable

COMMANDS = {
    "stdio": "speak MCP on stdin and stdout (what a desktop client starts); the default",
    "serve": "speak MCP over HTTP: Streamable HTTP and legacy SSE on one URL",
    "sandbox": "serve only the sandbox's REST APIs, or act in it as a person does",
    "call": "call one tool from the shell",
    "tools": "list the tools that are on",
    "login": "sign in to an API behind OAuth 2.0 (flextell) and keep its tokens on this machine",
}

DESCRIPTION = """Let an LLM client work with a Flintt workspace: companies, prospects, signals and their runs.

  try it, no account needed      flintt-mcp serve --sandbox
  in a desktop client            flintt-mcp stdio          with FLINTT_API_KEY in its environment
  from a shell                   flintt-mcp call list_companies --name acme --sandbox"""

EPILOG = """Keys come from the environment (FLINTT_API_KEY), or with each HTTP request. Every option is also a variable:
--log-level is FLINTT_MCP_LOG_LEVEL. `flintt-mcp COMMAND --help` says more."""


def run(argv: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    arguments = list(argv)
    first = next((word for word in arguments if not word.startswith("-")), None)
    if first not in COMMANDS and not {"-h", "--help", "--version"} & set(arguments):
        if first is not None and arguments[0] == first:
            return _wrong(f"no command {first!r}; there are {', '.join(COMMANDS)}")
        arguments.insert(0, "stdio")
    parser = _parser()
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
        return options.run(load(vars(options), env), env, options, rest)
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


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="flintt-mcp", description=DESCRIPTION, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"flintt-mcp {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    runs: dict[str, Callable[..., int]] = {
        "stdio": _stdio,
        "serve": _serve,
        "sandbox": _sandbox,
        "call": _call,
        "tools": _tools,
        "login": _login,
    }
    for name, about in COMMANDS.items():
        command = commands.add_parser(
            name, help=about, description=about[0].upper() + about[1:] + ".", epilog=EPILOG, allow_abbrev=False
        )
        command.usage = f"flintt-mcp {name} [options]"
        command.set_defaults(run=runs[name])
        if name == "call":
            command.usage = "flintt-mcp call TOOL [--ARGUMENT VALUE]... [--json OBJECT] [options]"
            command.add_argument("tool", metavar="TOOL", help="name of the tool; `flintt-mcp tools` lists them")
            command.add_argument(
                "--json", metavar="OBJECT", dest="json_arguments", help="all arguments as one JSON object"
            )
            command.add_argument("--structured", action="store_true", help="print the structured result as JSON")
        if name == "tools":
            command.add_argument(
                "--json", action="store_true", dest="as_json", help="print the tools as a client gets them"
            )
        if name == "login":
            command.usage = "flintt-mcp login flextell [options]"
            command.add_argument("api", choices=["flextell"], help="the API to sign in to")
            command.add_argument("--no-browser", action="store_true", help="print the address instead of opening it")
        if name == "sandbox":
            from flintt_mcp.sandbox_cli import add_actions

            add_actions(command, _add_settings)
        _add_settings(command, name)
    return parser


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


def _stdio(settings: Settings, env: dict[str, str], options: argparse.Namespace, rest: list[str]) -> int:
    import anyio

    from flintt_mcp.app import open_app
    from flintt_mcp.logs import configure_logging
    from flintt_mcp.memory import settle_memory

    configure_logging(settings.log_level)
    if sys.stdin.isatty():
        print("flintt-mcp speaks MCP on stdin and waits for a client; `flintt-mcp --help` shows more.", file=sys.stderr)

    async def serve() -> None:
        from flintt_mcp.transports.stdio import serve_stdio

        async with open_app(settings, env, at_work=True) as app:
            server = app.server()
            settle_memory()
            await serve_stdio(server, max_line_bytes=settings.body_limit)

    anyio.run(serve)
    return 0


def _serve(settings: Settings, env: dict[str, str], options: argparse.Namespace, rest: list[str]) -> int:
    from flintt_mcp.serving.process import serve_http

    return serve_http(settings, env)


def _sandbox(settings: Settings, env: dict[str, str], options: argparse.Namespace, rest: list[str]) -> int:
    if options.action is not None:
        from flintt_mcp.sandbox_cli import run_action

        return run_action(settings, options)
    from flintt_mcp.serving.process import serve_sandbox

    return serve_sandbox(settings)


def _call(settings: Settings, env: dict[str, str], options: argparse.Namespace, rest: list[str]) -> int:
    import anyio

    from flintt_mcp.app import open_app
    from flintt_mcp.logs import configure_logging
    from flintt_mcp.tools import Call, Done, QuietChannel, Refused
    from flintt_mcp.wording import told

    configure_logging(settings.log_level)
    arguments = {**_json_arguments(options.json_arguments), **_loose_arguments(rest)}

    async def call() -> Any:
        async with open_app(settings, env) as app:
            tool = app.inventory.find(options.tool, app.caller)
            return await app.pipeline.run(Call(tool, arguments, app.caller, QuietChannel("shell")))

    try:
        reply = anyio.run(call)
    except ConfigError:
        raise
    except FlinttError as error:
        reply = Refused(error)
    if isinstance(reply, Done):
        print(
            json.dumps(reply.structured, ensure_ascii=False, indent=2) if options.structured else reply.text, flush=True
        )
        return 0
    print(
        told(reply.error, options.tool) if isinstance(reply, Refused) else "this tool asks questions; use a client",
        file=sys.stderr,
    )
    return 1


def _json_arguments(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ConfigError('--json: one JSON object, e.g. \'{"name": "acme"}\'')
    return value


def _loose_arguments(words: list[str]) -> dict[str, str]:
    """`--name acme` and `--name=acme` as tool arguments; hyphens in a name stand for underscores."""
    arguments: dict[str, str] = {}
    queue = list(words)
    while queue:
        word = queue.pop(0)
        name, joined, value = word.partition("=")
        if not name.startswith("--") or (not joined and not queue):
            raise ConfigError(f"call: {word!r} is no --argument value; give arguments as --name value or with --json")
        arguments[name[2:].replace("-", "_")] = value if joined else queue.pop(0)
    return arguments


def _tools(settings: Settings, env: dict[str, str], options: argparse.Namespace, rest: list[str]) -> int:
    import anyio

    from flintt_mcp.app import open_app
    from flintt_mcp.logs import configure_logging

    configure_logging(settings.log_level)

    async def collect() -> list[Any]:
        async with open_app(settings, env) as app:
            return app.inventory.visible_to(app.caller)

    tools = anyio.run(collect)
    if options.as_json:
        print(json.dumps([tool.wire for tool in tools], ensure_ascii=False, indent=2))
        return 0
    width = max(len(tool.name) for tool in tools)
    for tool in tools:
        print(f"{tool.name:{width}}  {tool.effect.value:7}  {tool.title}")
    print(f"\n{variable('toolsets')} or --toolsets chooses; `flintt-mcp call TOOL --ARGUMENT VALUE` calls one.")
    return 0


def _login(settings: Settings, env: dict[str, str], options: argparse.Namespace, rest: list[str]) -> int:
    import anyio

    from flintt_mcp.logs import configure_logging
    from flintt_mcp.oauth.login import log_in, open_graphical_browser
    from flintt_mcp.oauth.settings import read_settings
    from flintt_mcp.oauth.store import open_store
    from flintt_mcp.upstream.client import open_client

    configure_logging(settings.log_level)
    oauth = read_settings(env)
    if oauth is None:
        stem = options.api.upper()
        raise ConfigError(
            f"login {options.api}: set {stem}_TOKEN_URL and {stem}_CLIENT_ID, and {stem}_AUTHORIZE_URL for people who sign in; "
            "docs/authentication.md says where they come from"
        )

    async def sign_in() -> str:
        folder = settings.data_path
        async with open_client() as client:
            done = await log_in(
                oauth,
                send=client.send,
                store=open_store(folder, options.api),
                lock=folder / f"{options.api}.lock",
                say=lambda line: print(line, file=sys.stderr),
                open_browser=None if options.no_browser else open_graphical_browser,
            )
        return f"Signed in; the tokens are kept in {done.kept_in}."

    try:
        print(anyio.run(sign_in))
    except ConfigError:
        raise
    except FlinttError as error:
        print(f"flintt-mcp: {error.message.rstrip('.')}. {error.advice}", file=sys.stderr)
        return 1
    return 0
