"""A clock that tests set."""

from __future__ import annotations

import pytest

from tests.apis.toolbox import SetClock


@pytest.fixture
def clock() -> SetClock:
    return SetClock()
