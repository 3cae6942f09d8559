"""A folder with a seeded sandbox, made once and copied for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import anyio
import pytest

from flintt_mcp.sandbox.server import open_sandbox
from tests.apis.toolbox import SetClock


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("seeded") / "data"

    async def make() -> None:
        async with open_sandbox(folder):
            pass

    anyio.run(make)
    return folder


@pytest.fixture
def data_dir(seeded: Path, tmp_path: Path) -> Path:
    return shutil.copytree(seeded, tmp_path / "data")
