"""What every test shares: asyncio as the event loop, property tests that depend on no clock, and one seeded sandbox to copy."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
from hypothesis import HealthCheck, settings

from flintt_mcp.sandbox.server import open_sandbox
from tests.browser.chromium import can_browse
from tests.clock import SetClock

collect_ignore = [] if can_browse() else ["browser"]

# A shared machine has slow moments: a law holds however long it took to see it.
# The same cases on every run: a change is judged by what it changed. What chance finds belongs to `make soak`.
settings.register_profile("default", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", parent=settings.get_profile("default"), derandomize=False, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    # aiohttp runs on asyncio only, and so does uvicorn.
    return "asyncio"


@pytest.fixture(autouse=True)
def nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No key, URL or setting of whoever runs the tests reaches them."""
    stems = ("FLINTT", "FLOWPILOT_", "FLOWMATICX_", "FLEXTELL_")
    for name in [name for name in os.environ if name.startswith(stems)]:
        monkeypatch.delenv(name)


LOGGERS = (None, "mcp", "httpx2", "httpcore2", "sse_starlette", "uvicorn", "uvicorn.access", "uvicorn.error")
"""The root, and those that a command or a web server sets up."""


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """A command sets up logging for its own process, and a web server its access log: neither stays for the next test."""
    loggers = [logging.getLogger(name) for name in LOGGERS]
    before = [(logger, logger.level, logger.propagate, list(logger.handlers)) for logger in loggers]
    yield
    for logger, level, propagate, handlers in before:
        logger.setLevel(level)
        logger.propagate = propagate
        logger.handlers[:] = handlers


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sandbox's folder that was seeded once and is only copied from."""
    folder = tmp_path_factory.mktemp("seeded") / "data"

    async def make() -> None:
        async with open_sandbox(folder):
            pass

    anyio.run(make)
    return folder


@pytest.fixture
def data_dir(seeded: Path, tmp_path: Path) -> Path:
    """A fresh copy of it."""
    return shutil.copytree(seeded, tmp_path / "data")
