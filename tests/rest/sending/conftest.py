"""Fixtures of the upstream tests: one fault server per test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from .fault_server import FaultServer, open_fault_server


@pytest.fixture
async def api() -> AsyncIterator[FaultServer]:
    async with open_fault_server() as server:
        yield server


@pytest.fixture(autouse=True)
def no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
