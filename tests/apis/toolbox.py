"""What the tests of all APIs share: arguments that fit, from the case files, and the app over a sandbox whose clock a test sets."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import flintt_mcp.sandbox.at_work
from flintt_mcp.app import App, open_app
from flintt_mcp.calls.call import Call, QuietChannel
from flintt_mcp.calls.reply import Reply
from flintt_mcp.rest.sending import in_process
from flintt_mcp.rest.sending.message import Sender
from flintt_mcp.sandbox.server import open_sandbox
from flintt_mcp.settings import Settings
from tests.case_files import every_operation, file_of
from tests.clock import SetClock
from tests.fake_api import SECRET

Wrap = Callable[[Sender], Sender]


def case_arguments(tool: str) -> dict[str, Any]:
    """The arguments of the tool's first case that succeeds; none for a tool that calls no API."""
    for api, operation in every_operation():
        if operation.name == tool:
            cases = json.loads(file_of(api, operation).read_text("utf-8"))["cases"]
            return next(case["arguments"] for case in cases if "structured" in case)
    return {}


@asynccontextmanager
async def open_sandboxed(
    data_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    clock: SetClock | None = None,
    wrap: Wrap | None = None,
    **more: Any,
) -> AsyncIterator[App]:
    """The real app with every toolset, where nobody is asked, over the sandbox of a folder; `wrap` stands between the two."""
    plain = in_process.asgi_sender
    monkeypatch.setattr(flintt_mcp.sandbox.at_work, "open_sandbox", partial(open_sandbox, clock=clock or SetClock()))
    with monkeypatch.context() as patch:
        if wrap is not None:
            patch.setattr(in_process, "asgi_sender", lambda app: wrap(plain(app)))
        chosen = {
            "toolsets": ("all",),
            "secret": SECRET,
            "data_dir": str(data_dir),
            "sandbox": True,
            "approve": ("none",),
            **more,
        }
        async with open_app(Settings(**chosen), {}) as app:
            yield app


async def ask(app: App, tool: str, **arguments: Any) -> Reply:
    """One call by whoever started this process."""
    return await app.pipeline.run(Call(app.inventory.find(tool, app.caller), arguments, app.caller, QuietChannel()))
