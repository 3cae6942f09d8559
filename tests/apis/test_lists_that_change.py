"""A list that changes while it is read page by page: what was there all the time comes once, and the change is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flintt_mcp.app import App
from flintt_mcp.calls.reply import Done, objects_of
from flintt_mcp.rest.reading.marks import CHANGED
from tests.apis.toolbox import ask, open_sandboxed

pytestmark = pytest.mark.anyio


async def told(app: App, tool: str, **arguments: Any) -> dict[str, Any]:
    reply = await ask(app, tool, **arguments)
    assert isinstance(reply, Done), reply
    return dict(reply.structured or {})


async def signals(app: App, **arguments: Any) -> tuple[list[str], dict[str, Any]]:
    """The ids of one page of signals, and the rest of the result."""
    found = await told(app, "list_signals", **arguments)
    return [row["id"] for row in objects_of(found.pop("signals"))], found


async def test_a_signal_that_goes_and_one_that_comes_between_two_pages_move_no_other(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_sandboxed(data_dir, monkeypatch) as app:
        everything, _ = await signals(app, limit=200)
        first, page = await signals(app, limit=3)
        await told(app, "delete_signal", signal_id=first[0])
        new = (await told(app, "create_signal", name="New on the way"))["signal"]["id"]
        rest, last = await signals(app, limit=200, cursor=page["next_cursor"])
    assert [id for id in first + rest if id != new] == everything
    assert (last["note"], last["complete"]) == (CHANGED, False)


async def test_a_signal_that_was_changed_and_moved_is_no_place_to_go_on_from(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_sandboxed(data_dir, monkeypatch) as app:
        first, page = await signals(app, limit=3)
        await told(app, "update_signal", signal_id=first[-1], name="Renamed on the way")
        rest, _ = await signals(app, limit=200, cursor=page["next_cursor"])
        everything, _ = await signals(app, limit=200)
    assert sorted(first + rest) == sorted(everything)


async def test_a_list_that_nobody_changes_says_nothing_of_changes(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_sandboxed(data_dir, monkeypatch) as app:
        everything, _ = await signals(app, limit=200)
        shown, page = await signals(app, limit=2)
        while "next_cursor" in page:
            more, page = await signals(app, limit=2, cursor=page["next_cursor"])
            shown += more
            assert "note" not in page
    assert (shown, page["complete"]) == (everything, True)


async def test_the_pages_of_a_run_together_are_its_results_once(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_sandboxed(data_dir, monkeypatch) as app:
        runs = objects_of((await told(app, "list_runs"))["runs"])
        run = next(row["id"] for row in runs if row["raw_count"] > 3)
        whole = await told(app, "get_run", run_id=run)
        page = await told(app, "get_run", run_id=run, limit=2)
        rest = await told(app, "get_run", run_id=run, limit=200, cursor=page["next_cursor"])
    for section in ("validation_results", "raw_results"):
        assert objects_of(page[section]) + objects_of(rest[section]) == objects_of(whole[section])
    assert rest["complete"] is True
