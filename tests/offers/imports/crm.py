"""An API that keeps companies and deals in a file, so that it outlives who writes to it; faults come where a test says.

As a program of its own it commits an import and is killed in the middle: python -m tests.offers.imports.crm FOLDER IMPORT AT
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import anyio

from flintt_mcp.app import App
from flintt_mcp.rest.sending.message import TransportFault, UpstreamRequest, UpstreamResponse
from tests.fake_api import open_fake

Fault = Callable[[], UpstreamResponse | TransportFault | None]
SOON = {"call_deadline": 0.3, "attempt_timeout": 0.2}


class Crm:
    """The API. `faults` are what happens at the n-th write: an answer or a fault in place of the work; None after it was done."""

    def __init__(self, folder: Path, faults: Mapping[int, Fault] | None = None) -> None:
        self._file = folder / "crm.jsonl"
        self._file.touch()
        self.faults = dict(faults or {})
        self.writes = 0
        self.reads = 0

    def rows(self, kind: str) -> list[dict[str, Any]]:
        lines = self._file.read_text("utf-8").splitlines()
        return [row["row"] for row in map(json.loads, lines) if row["kind"] == kind]

    def made(self, kind: str) -> list[dict[str, Any]]:
        """The rows without when they were made."""
        return [{name: value for name, value in row.items() if name != "created_at"} for row in self.rows(kind)]

    @property
    def names(self) -> list[str]:
        return [row["name"] for row in self.rows("companies")]

    def add(self, kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """A row that is there, as the API would answer it."""
        at = datetime.now(UTC).isoformat()
        count = self._file.read_text("utf-8").count(f'"kind": "{kind}"')
        row = {"id": f"{kind[0]}{count + 1}", **given, "created_at": at}
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"kind": kind, "row": row}) + "\n")
        return row

    async def __call__(self, request: UpstreamRequest) -> UpstreamResponse:
        kind = request.url.partition("?")[0].rpartition("/")[2]
        if request.method == "GET":
            self.reads += 1
            return _answer(self.rows(kind))
        self.writes += 1
        fault = self.faults.pop(self.writes, None)
        row = None
        if fault is not None:
            before = fault()
            if isinstance(before, TransportFault):
                raise before
            if before is not None:
                return before
        row = self.add(kind, json.loads(request.body or b"{}"))
        return _answer(row)


def _answer(value: Any, status: int = 200) -> UpstreamResponse:
    return UpstreamResponse(status, {}, json.dumps(value).encode())


def says(status: int, headers: Mapping[str, str] | None = None) -> Fault:
    """The API answers so, and does nothing."""
    return lambda: UpstreamResponse(status, dict(headers or {}), b'{"error": "not now"}')


@contextmanager
def at_once() -> Iterator[None]:
    """No pauses between rows, and a worker that says nothing for half a second is gone."""
    with patch("flintt_mcp.offers.imports.work.APART", 0.0), patch("flintt_mcp.state.imports.LEASE", 0.5):
        yield


@asynccontextmanager
async def opened(folder: Path, crm: Crm, **settings: Any) -> AsyncIterator[App]:
    """The app over this API, with the look for duplicates on."""
    with at_once():
        async with open_fake(folder, crm, no_duplicate_check=False, **{**SOON, **settings}) as app:
            yield app


async def _killed(folder: Path, id: str, at: int) -> None:
    from tests.fake_api import call

    crm = Crm(folder)

    def die() -> None:
        crm.add("companies", {"name": f"Company {at:03} AG", "website": f"https://c{at}.example"})
        os._exit(9)

    crm.faults[at] = die
    async with opened(folder, crm) as app:
        await call(app, "commit_import", {"import_id": id})


if __name__ == "__main__":
    anyio.run(_killed, Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
