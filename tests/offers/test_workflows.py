"""Prompts and lookups of the Flintt toolset over a fake API."""

from __future__ import annotations

from pathlib import Path

import pytest

from flintt_mcp.app import App
from flintt_mcp.calls.call import QuietChannel
from flintt_mcp.calls.caller import Caller
from flintt_mcp.errors import NotFound
from flintt_mcp.offers.resources import Contents, Reading
from flintt_mcp.offers.workflows import Workspace
from tests.certain import of_kind
from tests.fake_api import KEYS, FakeApi, open_fake

pytestmark = pytest.mark.anyio


def workspace(app: App) -> tuple[Workspace, Caller]:
    return Workspace(app.inventory, app.pipeline), app.credentials.with_secrets(KEYS)


async def test_a_lookup_follows_the_list_over_its_pages(tmp_path: Path) -> None:
    fake = FakeApi()
    rows = [{"id": f"S{n}", "name": f"Signal {n}", "description": f"{n}" * 700} for n in range(6)]
    async with open_fake(tmp_path, fake, result_limit=2_500) as app:
        lookups, caller = workspace(app)
        fake.will_answer(rows, rows)
        assert await lookups.signal_ids("", caller, {}) == [row["id"] for row in rows]
        fake.will_answer(rows, rows)
        assert await lookups.signal_ids("signal 3", caller, {}) == ["S3"]
    assert len(fake.requests) == 4


async def test_what_is_typed_filters_companies_at_the_api_and_runs_here(tmp_path: Path) -> None:
    fake = FakeApi()
    async with open_fake(tmp_path, fake) as app:
        lookups, caller = workspace(app)
        fake.will_answer([{"id": "c1", "name": "Acme"}], [{"id": "c1", "name": "Acme"}], [{"id": "R1"}, {"id": "x1"}])
        assert await lookups.companies("ac", caller, {}) == ["Acme"]
        assert await lookups.companies("", caller, {}) == ["Acme"]
        assert await lookups.run_ids("r", caller, {}) == ["R1"]
    assert [request.url.partition("/v1/")[2] for request in fake.requests] == [
        "companies?name=ac",
        "companies",
        "runs?limit=50&offset=0",
    ]


@pytest.mark.parametrize("row", [{}, {"id": None, "name": None}, {"id": 7}, "loose", None])
async def test_rows_without_an_id_or_a_name_suggest_nothing(tmp_path: Path, row: object) -> None:
    fake = FakeApi()
    async with open_fake(tmp_path, fake) as app:
        lookups, caller = workspace(app)
        fake.will_answer([row], [row], [row])
        assert await lookups.signal_ids("", caller, {}) == []
        assert await lookups.companies("", caller, {}) == []
        assert await lookups.run_ids("", caller, {}) == []


@pytest.mark.parametrize("typed", ["\ud800", "x" * 10_000, "\x00"])
async def test_nothing_that_is_typed_breaks_a_lookup(tmp_path: Path, typed: str) -> None:
    fake = FakeApi()
    async with open_fake(tmp_path, fake) as app:
        lookups, caller = workspace(app)
        fake.will_answer([], [], [])
        assert await lookups.signal_ids(typed, caller, {}) == []
        assert await lookups.run_ids(typed, caller, {}) == []
        assert await lookups.companies(typed, caller, {}) == []


async def test_a_resource_reads_what_its_tool_answers_with_the_key_of_whoever_reads(tmp_path: Path) -> None:
    fake = FakeApi()
    async with open_fake(tmp_path, fake) as app:
        caller = app.credentials.with_secrets({"flintt": "flt_mine"})
        found = app.resources.find("flintt://signals/s%201")
        assert found is not None
        resource, values = found
        fake.will_answer({"id": "s 1"})
        contents = await resource.read(Reading("flintt://signals/s%201", values, caller, QuietChannel()))
        fake.will_answer({"detail": "no"}, status=404)
        with pytest.raises(NotFound):
            await resource.read(Reading("flintt://signals/s%201", values, caller, QuietChannel()))
    assert of_kind(Contents, contents).text == '{"signal":{"id":"s 1"}}'
    assert [request.url.rpartition("/")[2] for request in fake.requests] == ["s%201"] * 2
    assert {request.headers["x-api-key"] for request in fake.requests} == {"flt_mine"}
