"""The tests of the transports run on asyncio, as uvicorn does."""

from __future__ import annotations

import pytest


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
