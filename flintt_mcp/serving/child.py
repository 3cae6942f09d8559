"""The server as a child process of its client, over stdio: what answers first, and what is loaded meanwhile.

In: settings and the environment. Out: the client, served. Nothing heavy is imported here: the list of tools is told from
descriptions, the app is loaded and opened while the client reads it, and the SDK when something needs it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from flintt_mcp.calls.call import QuietChannel
from flintt_mcp.calls.caller import Caller, Credentials
from flintt_mcp.catalogue import APIS
from flintt_mcp.errors import FlinttError
from flintt_mcp.face import spans
from flintt_mcp.face.greeting import STAMP, Greeting
from flintt_mcp.face.replies import tools_listed
from flintt_mcp.face.revisions import MODERN
from flintt_mcp.face.shapes import client_of
from flintt_mcp.offers.early import early_inventory
from flintt_mcp.offers.instructions import told_to
from flintt_mcp.settings import Settings
from flintt_mcp.transports.stdio.serve import serve_stdio
from flintt_mcp.transports.stdio.service import Early, Opened, Result, Service

if TYPE_CHECKING:
    from flintt_mcp.app import Additions, App


def serve_child(settings: Settings, environment: Mapping[str, str], additions: Additions | None = None) -> None:
    """Serve the client at the other end of stdin and stdout.

    Raises:
        ConfigError: a setting that cannot work; some show only when the app opens.
    """
    service = Service(
        modern=frozenset(MODERN),
        early=_only_sdk if additions or spans.are_wanted() else _early(settings, environment),
        load=partial(_load, settings),
        opened=partial(_opened, settings, environment, additions),
        reason=_reason,
    )
    serve_stdio(service, max_line_bytes=settings.body_limit)


def _early(settings: Settings, environment: Mapping[str, str]) -> Early:
    """What is answered before anything is open."""
    # Who calls is a matter of the server's keys, which nobody has read yet; what came in place of a key shows without.
    caller = Caller("") if settings.sandbox else Credentials(APIS, bytes(32)).from_environment(environment)
    greeting, inventory = Greeting(told_to(caller)), early_inventory(settings, environment)

    def early(method: str, params: Mapping[str, Any], version: str) -> Result | None:
        if method == "tools/list":
            return tools_listed(inventory, params, caller, version, STAMP)
        return greeting.answer(method, params, version)

    return early


def _only_sdk(method: str, params: Mapping[str, Any], version: str) -> None:
    """Where the SDK has to see every message."""


def _load(settings: Settings) -> None:
    """Load what opening the app takes, and what its first calls do."""
    import flintt_mcp.app
    import flintt_mcp.calls.arguments.checking
    import flintt_mcp.face.plain
    import flintt_mcp.transports.stdio.talk

    if settings.sandbox:
        import flintt_mcp.rest.sending.in_process
        import flintt_mcp.sandbox.at_work  # noqa: F401 - loaded, not used


@asynccontextmanager
async def _opened(
    settings: Settings, environment: Mapping[str, str], additions: Additions | None
) -> AsyncIterator[Opened]:
    from flintt_mcp.app import open_app
    from flintt_mcp.serving.memory import settle_memory

    async with open_app(settings, environment, additions, at_work=True) as app:
        settle_memory()
        yield answers_of(app)


def answers_of(app: App) -> Opened:
    """What answers once the app is open."""
    from flintt_mcp.face.plain import PlainAnswers

    plain = PlainAnswers(app.face())

    async def answer(method: str, params: Mapping[str, Any], version: str, client: str) -> Result | None:
        # What answers plainly shows nothing on the way and asks nothing.
        channel = QuietChannel("stdio", client=client or client_of(params))
        return await plain.answer(method, params, app.caller, channel, version)

    return Opened(plain.greeting.answer, answer, app.server)


def _reason(failure: Exception) -> str:
    """Why nothing can be answered, for whoever waits."""
    if isinstance(failure, FlinttError):
        return ". ".join(filter(None, ("This server cannot work: " + failure.message, failure.advice)))
    return "This server could not be started; its log on stderr says why"
