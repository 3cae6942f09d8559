"""When the example history happened, and under which ids: the same on every machine, for ever."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid5

from flintt_mcp.sandbox.ground.clock import stamp

EPOCH = datetime(2026, 9, 30, 9, 0, tzinfo=UTC)
"""The present moment of the example treasury; nothing in it is later."""
NAMESPACE = UUID("0f10a7e5-5eed-4c0b-b0d0-7ea5a12e2026")


class FixedIds:
    """New ids in a fixed sequence."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._numbers = count()

    def __call__(self) -> str:
        return str(uuid5(NAMESPACE, f"{self._name}/{next(self._numbers)}"))


def before(*, days: float = 0, seconds: float = 0) -> str:
    """The stamp of some time before the present moment."""
    return stamp(EPOCH - timedelta(days=days, seconds=seconds))


def tell_nobody(
    _connection: sqlite3.Connection, _event: str, _organisation_id: str, _data: Mapping[str, Any], _moment: str
) -> None:
    """The past is told to no webhook."""
