"""A person at a terminal decides about a call: one of `flintt-mcp call`, or with `flintt-mcp approve` one of another process.

In: an intent that waits, with what was shown of it. Out: it is approved or declined, or nothing is decided. Only whoever sits at a
terminal is asked: stdin and the stream of the question both are one.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING, TextIO

from flintt_mcp.errors import CallRefused, ConfigError
from flintt_mcp.serving.console import say, show
from flintt_mcp.settings import Settings

if TYPE_CHECKING:
    from flintt_mcp.app import App
    from flintt_mcp.calls.call import Call
    from flintt_mcp.calls.reply import Reply

_ALL_ANSWERS = {"yes": True, "no": False}


def at_a_terminal() -> bool:
    """Whether a person can be asked here. Results go to stdout, which may be a file; questions go to stderr."""
    return _is_terminal(sys.stdin) and _is_terminal(sys.stderr)


def _is_terminal(stream: TextIO | None) -> bool:
    """Whether a person is at the other end; a stream that was closed before the start is None."""
    return stream is not None and not stream.closed and stream.isatty()


def asked(shown: str) -> bool:
    """What the person says to it; the end of the input says no."""
    say(shown, "")
    while True:
        say("Do this, once? yes or no:")
        line = sys.stdin.readline()
        if not line or line.strip().lower() in _ALL_ANSWERS:
            return _ALL_ANSWERS.get(line.strip().lower(), False)


def decide(settings: Settings, env: dict[str, str], options: argparse.Namespace, rest: list[str]) -> int:
    """`flintt-mcp approve INTENT`.

    Raises:
        ConfigError: there is no terminal, or nothing of that id waits.
    """
    if not at_a_terminal() or not _is_terminal(sys.stdout):
        raise ConfigError("approve: works at a terminal alone, where a person reads what would be done")
    import anyio

    from flintt_mcp.calls.approvals import Approvals
    from flintt_mcp.state.intents import open_intents

    async def decided() -> str:
        with open_intents(settings) as intents:
            approvals = Approvals(intents, time.time)
            intent = await approvals.waiting(options.intent)
            if intent is None:
                raise ConfigError(
                    "approve: nothing of that id waits here: it was decided, is too old, or has another --data-dir"
                )
            yes = asked(intent.shown)
            if await approvals.decide(intent, "terminal", approved=yes) is None:
                raise ConfigError("approve: it waits no more, so nothing was decided")
            return "Approved: the assistant can go on now." if yes else "Declined: nothing was done."

    try:
        show(anyio.run(decided))
    except CallRefused as error:
        raise ConfigError(error.message) from None
    return 0


async def run_asking(app: App, call: Call, *, yes: bool) -> Reply:
    """The reply to a call from the shell, whose questions the person at this terminal answers.

    Raises:
        ConfigError: `yes` was said, and nobody sits here.
    """
    from msgspec.structs import replace

    from flintt_mcp.calls.reply import Ask

    if yes and not _is_terminal(sys.stdin) and not app.policy().yes_in_scripts:
        raise ConfigError(
            "call: --yes is for a person at a terminal, and stdin is none",
            advice="a policy file with yes_in_scripts = true allows it in scripts",
        )
    reply = await app.pipeline.run(call)
    intent = await app.approvals.waiting(reply.state or "") if isinstance(reply, Ask) else None
    if intent is None:
        return reply
    approved = yes or asked(intent.shown)
    await app.approvals.decide(intent, "yes" if yes else "terminal", approved=approved)
    return await app.pipeline.run(replace(call, intent=intent))
