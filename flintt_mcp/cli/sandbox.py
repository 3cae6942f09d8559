"""`flintt-mcp sandbox ACTION`: what a person does to a sandbox that no tool may do for them.

In: parsed options and settings. Out: an exit code. Each action opens the data folder by itself, beside a server that may be
running on it, and does one thing: a token, a decision, a build, a run, a receiver for webhooks.
"""

from __future__ import annotations

import argparse
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flintt_mcp.cli.outcome import ended, unwritten
from flintt_mcp.errors import FlinttError
from flintt_mcp.serving.console import show
from flintt_mcp.settings import Settings

if TYPE_CHECKING:
    import socket

    from flintt_mcp.sandbox.server import Sandbox


def run_action(settings: Settings, options: argparse.Namespace) -> int:
    """Run one action of `flintt-mcp sandbox`."""
    import anyio

    if options.action == "listen":
        settings = replace(settings, allow_loopback=True)
    actions: dict[str, Callable[[Sandbox, Settings, argparse.Namespace], Awaitable[int]]] = {
        "token": _token,
        "approve-run": _approve,
        "build-signal": _build,
        "run-signal": _run,
        "listen": _listen,
    }

    async def act() -> int:
        from flintt_mcp.sandbox.at_work import opened_sandbox

        async with opened_sandbox(settings) as sandbox:
            return await actions[options.action](sandbox, settings, options)

    return anyio.run(act)


async def _token(sandbox: Sandbox, settings: Settings, options: argparse.Namespace) -> int:
    from flintt_mcp.sandbox.flintt.session_door import local_token

    return ended(local_token(sandbox.ground, second=options.second))


async def _approve(sandbox: Sandbox, settings: Settings, options: argparse.Namespace) -> int:
    from flintt_mcp.sandbox.flowpilot.approvals import approve_run

    done = await approve_run(
        sandbox.database,
        options.run_id,
        not options.reject,
        sandbox.ground.clock,
        include_flagged=options.include_flagged,
    )
    return ended(
        f"{done.objective}: {done.status}{f' ({done.failure})' if done.failure else ''}\n"
        f"approved {done.approved_count}, rejected {done.rejected_count}, paid {done.paid} {done.currency}",
        "the run was decided",
    )


async def _build(sandbox: Sandbox, settings: Settings, options: argparse.Namespace) -> int:
    from flintt_mcp.sandbox.flintt.running.build import Build
    from flintt_mcp.sandbox.flintt.running.runner import build_signal

    sources = [
        {"kind": kind, ("path" if kind == "file" else "url"): address}
        for kind in ("feed", "page", "json", "file")
        for address in getattr(options, kind)
    ]
    if not sources:
        raise FlinttError("a signal needs a source", advice="give --feed, --page, --json or --file")
    with _one_line():
        wanted = Build.model_validate({"tools": sources, "opens_deals": options.opens_deals})
        built = await build_signal(sandbox.ground, _user(sandbox), options.signal_id, wanted)
    built_of = f"built: {built['name']} ({_counted(built['tool_count'], 'source')}, {built['status']})"
    return ended(built_of, "the signal was built")


async def _run(sandbox: Sandbox, settings: Settings, options: argparse.Namespace) -> int:
    from flintt_mcp.sandbox.flintt.running.routes import select_sources
    from flintt_mcp.sandbox.flintt.running.runner import run_signal

    with _one_line():
        run = await run_signal(sandbox.ground, _user(sandbox), options.signal_id)
    told = run["run"]
    counts = f"{told['raw_count']} found, {told['valid_count']} valid, {_counted(told['deal_count'], 'deal')}"
    sources = await sandbox.database.read(select_sources, _user(sandbox), told["id"])
    lines = [
        f"{told['status']}: {counts}",
        *(f"  not read: {one['problem']} (source {one['position'] + 1})" for one in sources if one["problem"]),
        *(f"  {one['company_name']}: {one['signal_summary']}" for one in run["validation_results"] if one["is_valid"]),
        f"  more: flintt-mcp call get_run --run-id {told['id']} --sandbox",
    ]
    return ended("\n".join(lines), "the signal ran")


async def _listen(sandbox: Sandbox, settings: Settings, options: argparse.Namespace) -> int:
    import anyio

    from flintt_mcp.sandbox.delivery.receiver import Receiver
    from flintt_mcp.sandbox.flowpilot.pulse import keep_moving
    from flintt_mcp.sandbox.server import deliver_webhooks, webhook_for
    from flintt_mcp.serving.process import bind

    with bind("127.0.0.1", settings.port) as bound:
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/"
        async with webhook_for(sandbox, options.api, url) as endpoint, anyio.create_task_group() as group:
            lines = _Lines()
            receiver = Receiver(options.api, endpoint["signing_secret"], endpoint.get("auth_token"), lines)
            events = ", ".join(endpoint["event_types"])
            lines.problem = show(f"Listening at {url} for {events}. Ctrl-C ends it and removes the webhook.")
            if lines.problem is None:
                group.start_soon(deliver_webhooks, sandbox)
                group.start_soon(keep_moving, sandbox.database, sandbox.ground.clock)
                await _serve_until_stopped(receiver, bound)
            group.cancel_scope.cancel()
    return unwritten(lines.problem)


class _Lines:
    """Writes lines; once one cannot be written it has the receiver stop, so that its webhook is removed."""

    def __init__(self) -> None:
        self.problem: OSError | None = None

    def __call__(self, line: str) -> None:
        if self.problem is None:
            self.problem = show(line)
            if self.problem is not None:
                signal.raise_signal(signal.SIGTERM)


async def _serve_until_stopped(app: Any, bound: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM. Stock uvicorn raises the signal again at its end, before the webhook is removed."""
    import uvicorn

    class Server(uvicorn.Server):
        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
            try:
                yield
            finally:
                for number, handler in before.items():
                    signal.signal(number, handler)

    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", ws="none", timeout_graceful_shutdown=2
    )
    await Server(config).serve(sockets=[bound])


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _user(sandbox: Sandbox) -> str:
    """The id of the local user."""
    from flintt_mcp.sandbox.ground.seeding import fixed_id

    return fixed_id("user", "you@workspace.example")


@contextmanager
def _one_line() -> Iterator[None]:
    """What the REST API refuses, as one line that says what to do."""
    from fastapi.exceptions import RequestValidationError
    from pydantic import ValidationError
    from starlette.exceptions import HTTPException

    try:
        yield
    except HTTPException as refused:
        raise FlinttError(str(refused.detail), advice=_advice(str(refused.detail))) from None
    except (RequestValidationError, ValidationError) as refused:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in item['loc'] if part != 'body')}: {item['msg']}"
            for item in refused.errors()
        )
        raise FlinttError(problems, advice=_advice(problems)) from None


def _advice(problem: str) -> str:
    hints = {
        "Signal not found": "take the id from list_signals",
        "has no sources here": "run `flintt-mcp sandbox build-signal`",
        "(loopback)": "add --allow-loopback to read from this machine",
        "no folder for them was named": "add --source-folder to say where local files lie",
    }
    return next((advice for words, advice in hints.items() if words in problem), "")
