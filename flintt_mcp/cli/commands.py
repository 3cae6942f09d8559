"""What each command does. Each imports what it needs, when it runs.

In: settings, the environment, parsed options, and the words that no option took. Out: an exit code. Results go to stdout and all
else to stderr; what cannot work is raised as a `ConfigError`, and what was refused as another error of the family.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flintt_mcp.cli.deciding import at_a_terminal, decide, run_asking
from flintt_mcp.cli.outcome import FAILED, ended
from flintt_mcp.errors import ConfigError, UnknownTool
from flintt_mcp.serving.console import as_json, say
from flintt_mcp.settings import Settings, variable

if TYPE_CHECKING:
    from flintt_mcp.calls.reply import Reply

_UNREAD = re.compile("[\udc80-\udcff]")
"""What stands in a word for bytes that the locale could not read."""


def _stdio(settings: Settings, env: dict[str, str], options: argparse.Namespace, rest: list[str]) -> int:
    from flintt_mcp.serving.child import serve_child

    if sys.stdin is not None and sys.stdin.isatty():
        say("flintt-mcp speaks MCP on stdin and waits for a client; `flintt-mcp --help` shows more.")
    serve_child(settings, env)
    return 0


def _serve(settings: Settings, env: dict[str, str], options: argparse.Namespace, rest: list[str]) -> int:
    from flintt_mcp.serving.process import serve_http

    return serve_http(settings, env)


def _sandbox(settings: Settings, env: dict[str, str], options: argparse.Namespace, rest: list[str]) -> int:
    if options.action is not None:
        from flintt_mcp.cli.sandbox import run_action

        return run_action(settings, options)
    from flintt_mcp.serving.process import serve_sandbox

    return serve_sandbox(settings)


def _call(settings: Settings, env: dict[str, str], options: argparse.Namespace, rest: list[str]) -> int:
    import anyio

    from flintt_mcp.calls.reply import Done, Refused
    from flintt_mcp.calls.wording import told
    from flintt_mcp.cli.showing import shown_as

    if options.help or options.tool is None:
        return _help_of_call(settings, env, options)
    arguments = {**_json_arguments(options.json_arguments), **_loose_arguments(rest)}
    reply = anyio.run(_reply_to, settings, env, options, arguments)
    if isinstance(reply, Done):
        return ended(shown_as(reply, options.how), "" if reply.changed == "no" else f"{options.tool} was done")
    say(told(reply.error, options.tool) if isinstance(reply, Refused) else "this tool asks questions; use a client")
    return FAILED


def _help_of_call(settings: Settings, env: dict[str, str], options: argparse.Namespace) -> int:
    """The help of one tool, or of `call` itself where no tool is named."""
    if options.tool is None:
        if options.help is None:
            raise ConfigError("call: say which tool", advice="`flintt-mcp tools` lists them")
        return ended(options.help().rstrip())
    from flintt_mcp.cli.tool_help import tool_help
    from flintt_mcp.offers.early import early_inventory

    tool = early_inventory(settings, env).get(options.tool)
    if tool is None:
        raise ConfigError(f"call: no tool {options.tool!r} is on", advice="`flintt-mcp tools` lists those that are")
    return ended(tool_help(tool))


async def _reply_to(
    settings: Settings, env: dict[str, str], options: argparse.Namespace, arguments: dict[str, Any]
) -> Reply:
    """The reply to one call by whoever started this process.

    Raises:
        ConfigError: a setting that cannot work.
    """
    from flintt_mcp.app import open_app
    from flintt_mcp.calls.asking import FORM
    from flintt_mcp.calls.call import Call
    from flintt_mcp.calls.inventory import no_tool
    from flintt_mcp.calls.reply import Refused
    from flintt_mcp.cli.progress import TerminalChannel

    async with open_app(settings, env) as app:
        channel = TerminalChannel("shell", frozenset({FORM}) if options.yes or at_a_terminal() else frozenset())
        try:
            found = app.inventory.find(options.tool, app.caller)
        except UnknownTool as error:
            await app.pipeline.run(Call(no_tool(), {}, app.caller, channel))
            return Refused(error)
        try:
            return await run_asking(app, Call(found, arguments, app.caller, channel), yes=options.yes)
        finally:
            channel.clear()


def _json_arguments(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        value = json.loads(_as_utf8(text))
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ConfigError('--arguments: one JSON object, e.g. \'{"name": "acme"}\'')
    return value


def _loose_arguments(words: list[str]) -> dict[str, str]:
    """`--name acme` and `--name=acme` as tool arguments; hyphens in a name stand for underscores."""
    arguments: dict[str, str] = {}
    queue = list(words)
    while queue:
        word = queue.pop(0)
        name, joined, value = word.partition("=")
        if not name.startswith("--") or (not joined and not queue):
            raise ConfigError(
                f"call: {word!r} is no --argument value; give arguments as --name value or with --arguments"
            )
        arguments[name[2:].replace("-", "_")] = _as_utf8(value if joined else queue.pop(0))
    return arguments


def _as_utf8(word: str) -> str:
    """A word of the command line; bytes that the locale could not read are taken as UTF-8, where they are."""
    try:
        return os.fsencode(word).decode() if not word.isascii() and _UNREAD.search(word) else word
    except UnicodeDecodeError:
        return word


def _tools(settings: Settings, env: dict[str, str], options: argparse.Namespace, rest: list[str]) -> int:
    import anyio

    from flintt_mcp.app import open_app

    async def collect() -> list[Any]:
        async with open_app(settings, env) as app:
            return app.inventory.visible_to(app.caller)

    tools = anyio.run(collect)
    if options.as_json:
        return ended(as_json([tool.wire for tool in tools]))
    width = max((len(tool.name) for tool in tools), default=0)
    rows = [f"{tool.name:{width}}  {tool.effect.value:7}  {tool.title}" for tool in tools]
    how = f"{variable('toolsets')} or --toolsets chooses; `flintt-mcp call TOOL --ARGUMENT VALUE` calls one."
    return ended("\n".join([*rows, "", how]))


def _login(settings: Settings, env: dict[str, str], options: argparse.Namespace, rest: list[str]) -> int:
    import anyio

    from flintt_mcp.oauth.login import log_in, open_graphical_browser
    from flintt_mcp.oauth.registration import read_settings
    from flintt_mcp.oauth.token_store import lock_path, open_store
    from flintt_mcp.rest.sending.client import open_client

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
                lock=lock_path(folder, options.api),
                say=say,
                open_browser=None if options.no_browser else open_graphical_browser,
            )
        return f"Signed in; the tokens are kept in {done.kept_in}."

    return ended(anyio.run(sign_in), "the sign-in was done")


def _audit(settings: Settings, env: dict[str, str], options: argparse.Namespace, rest: list[str]) -> int:
    from flintt_mcp.cli.audit import audit

    return audit(settings, options)


def _install(settings: Settings, env: dict[str, str], options: argparse.Namespace, rest: list[str]) -> int:
    from flintt_mcp.cli.installing import install

    return install(settings, env, options)


def _uninstall(settings: Settings, env: dict[str, str], options: argparse.Namespace, rest: list[str]) -> int:
    from flintt_mcp.cli.installing import uninstall

    return uninstall(settings, env, options)


def _links(settings: Settings, env: dict[str, str], options: argparse.Namespace, rest: list[str]) -> int:
    from flintt_mcp.cli.installing import links

    return links(settings, options)


def _completion(settings: Settings, env: dict[str, str], options: argparse.Namespace, rest: list[str]) -> int:
    from flintt_mcp.cli.completing import shell_code

    return ended(shell_code(options.shell).strip())


def _doctor(settings: Settings, env: dict[str, str], options: argparse.Namespace, rest: list[str]) -> int:
    from flintt_mcp.cli.doctor import doctor

    return doctor(settings, env, options)


RUNS: dict[str, Callable[[Settings, dict[str, str], argparse.Namespace, list[str]], int]] = {
    "stdio": _stdio,
    "serve": _serve,
    "sandbox": _sandbox,
    "call": _call,
    "tools": _tools,
    "approve": decide,
    "login": _login,
    "audit": _audit,
    "install": _install,
    "uninstall": _uninstall,
    "links": _links,
    "doctor": _doctor,
    "completion": _completion,
}
