"""What every test shares: asyncio as the event loop, and property tests that depend on no clock."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# A shared machine has slow moments: a law holds however long it took to see it.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", parent=settings.get_profile("default"), max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No key, URL or setting of whoever runs the tests reaches them."""
    stems = ("FLINTT", "FLOWPILOT_", "FLOWMATICX_", "FLEXTELL_")
    for name in [name for name in os.environ if name.startswith(stems)]:
        monkeypatch.delenv(name)
