"""changes_since: every change once, oldest first, whatever comes late, at the same second, or while pages are read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flintt_mcp.app import App
from flintt_mcp.calls.caller import Caller
from flintt_mcp.calls.reply import objects_of
from flintt_mcp.errors import ToolInputError
from flintt_mcp.offers.insight import snapshot
from flintt_mcp.offers.insight.changes import Change
from flintt_mcp.offers.insight.effort import Effort
from flintt_mcp.offers.insight.seen import MOST_MARKS, Seen
from tests.fake_api import open_fake
from tests.offers.insight.asking import refused, told
from tests.offers.insight.test_reading import Api

pytestmark = pytest.mark.anyio

START = datetime(2026, 3, 20, 6, tzinfo=UTC)


def moment(minutes: float) -> str:
    return (START + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")


def row(id: str, came: float, changed: float | None = None, **more: Any) -> dict[str, Any]:
    updated = came if changed is None else changed
    return {"id": id, "name": f"name of {id}", "created_at": moment(came), "updated_at": moment(updated), **more}


class Workspace:
    """An API whose rows a test changes."""

    def __init__(self) -> None:
        self.lists: dict[str, list[dict[str, Any]]] = {
            name: [] for name in ("companies", "prospects", "signals", "runs")
        }
        self.results: dict[str, list[dict[str, Any]]] = {}
        self.fails: set[str] = set()
        self.api = Api(self.answer)

    def answer(self, path: str, asked: Mapping[str, str]) -> Any:
        id = path.rpartition("/")[2]
        if id in self.lists:
            offset = int(asked.get("offset", 0))
            return self.lists[id][offset : offset + int(asked["limit"])] if "limit" in asked else self.lists[id]
        if id in self.fails:
            return 500
        run = next(run for run in self.lists["runs"] if run["id"] == id)
        return {"run": run, "validation_results": self.results.get(id, []), "raw_results": []}

    def run(self, id: str, started: float, ended: float | None = None, *found: str) -> None:
        run = {"id": id, "signal_id": "s1", "status": "running", "started_at": moment(started)}
        if ended is not None:
            run |= {"status": "completed", "ended_at": moment(ended)}
        self.lists["runs"] = [one for one in self.lists["runs"] if one["id"] != id] + [run]
        self.results[id] = [
            {
                "id": name,
                "company_name": "Acme",
                "is_valid": not name.startswith("no"),
                "signal_summary": f"about {name}",
            }
            for name in found
        ]


class Reader:
    """A client that goes on where it was."""

    def __init__(self, app: App, key: str = "flt_a") -> None:
        self.app = app
        self.caller: Caller = app.credentials.with_secrets({"flintt": key})
        self.cursor: str | None = None

    async def page(self, **arguments: Any) -> dict[str, Any]:
        given = arguments | ({"cursor": self.cursor} if self.cursor else {})
        page = await told(self.app, "changes_since", self.caller, **given)
        self.cursor = page["next_cursor"]
        return page

    async def all(self, **arguments: Any) -> list[str]:
        """What is new by now, page after page: the ids."""
        found: list[str] = []
        for _ in range(100):
            page = await self.page(**arguments)
            found += [change["id"] for change in objects_of(page["changes"])]
            arguments.pop("since", None)
            if page["complete"]:
                return found
        raise AssertionError("it does not end")


async def test_the_first_call_gives_a_cursor_and_the_next_one_what_came_since(tmp_path: Path) -> None:
    there = Workspace()
    there.lists["companies"] = [row("c1", -60)]
    async with open_fake(tmp_path, there.api) as app:
        reader = Reader(app)
        first = await reader.page()
        assert objects_of(first["changes"]) == []
        assert first["note"].startswith("From here on")
        there.lists["companies"] = [row("c1", -60, 5, domain="acme.io"), row("c2", 6)]
        there.lists["prospects"] = [row("p1", 7, company_id="c2", stage="won", next_step="call")]
        page = await reader.page()
    assert objects_of(page["changes"]) == [
        {"at": moment(5), "kind": "company", "change": "changed", "name": "name of c1", "what": "acme.io", "id": "c1"},
        {"at": moment(6), "kind": "company", "change": "new", "name": "name of c2", "what": "", "id": "c2"},
        {
            "at": moment(7),
            "kind": "deal",
            "change": "new",
            "name": "name of c2, name of p1",
            "what": "won call",
            "id": "p1",
        },
    ]
    assert page["complete"] is True


async def test_a_date_does_in_place_of_a_cursor(tmp_path: Path) -> None:
    there = Workspace()
    there.lists["signals"] = [row("s0", -3000, status="paused"), row("s1", -10, status="active")]
    async with open_fake(tmp_path, there.api) as app:
        assert await Reader(app).all(since="2026-03-20") == ["s1"]
        assert await Reader(app).all(since="2026-01-01") == ["s0", "s1"]


async def test_findings_come_when_their_run_ends_also_of_one_that_began_before_the_cursor(tmp_path: Path) -> None:
    there = Workspace()
    there.lists["signals"] = [row("s1", -60)]
    there.run("r1", 0)
    async with open_fake(tmp_path, there.api) as app:
        reader = Reader(app)
        assert await reader.all() == []
        there.run("r1", 0, 30, "f1", "no1", "f2")
        page = await reader.page()
        assert await reader.all() == []
    assert [(one["kind"], one["id"], one["change"]) for one in objects_of(page["changes"])] == [
        ("finding", "f1", "new"),
        ("finding", "f2", "new"),
        ("run", "r1", "changed"),
    ]
    assert objects_of(page["changes"])[2]["name"] == "name of s1"


async def test_a_row_that_shows_late_is_not_lost_and_none_comes_twice(tmp_path: Path) -> None:
    there = Workspace()
    there.lists["companies"] = [row("c1", 0), row("c2", 10)]
    async with open_fake(tmp_path, there.api) as app:
        reader = Reader(app)
        assert await reader.all(since="2026-03-01") == ["c1", "c2"]
        there.lists["companies"].append(row("late", 9))
        assert await reader.all() == ["late"]
        assert await reader.all() == []


@pytest.mark.parametrize("count", [1, 61])
async def test_rows_dated_ahead_wait_for_their_moment_and_hide_none_before_it(tmp_path: Path, count: int) -> None:
    there = Workspace()
    there.lists["companies"] = [row(f"ahead{number}", 60 * 24 * 365 * 50) for number in range(count)]
    async with open_fake(tmp_path, there.api) as app:
        reader = Reader(app)
        page = await reader.page(since="2026-03-01")
        assert (page["count"], page["note"]) == (0, f"{count} are dated later than now and are told then")
        there.lists["companies"].append({**row("c1", 0), "updated_at": datetime.now(UTC).isoformat()})
        assert await reader.all() == ["c1"]
        assert await reader.all() == []


async def test_findings_that_the_api_did_not_tell_come_once_it_does(tmp_path: Path) -> None:
    there = Workspace()
    there.run("r1", 0, 1, "f1", "f2")
    there.run("r2", 2, 3, "f3")
    there.lists["companies"] = [row("c1", 60)]
    there.fails = {"r1"}
    async with open_fake(tmp_path, there.api) as app:
        reader = Reader(app)
        assert await reader.all(since="2026-03-01") == ["r1", "f3", "r2", "c1"]
        assert await reader.all() == []
        there.lists["companies"].append(row("c2", 90))
        assert await reader.all() == ["c2"]
        there.fails = set()
        assert await reader.all(limit=1) == ["f1", "f2"]
        assert await reader.all() == []


async def test_more_runs_than_can_be_owed_hold_the_list_up_until_they_are_read(tmp_path: Path) -> None:
    there = Workspace()
    for number in range(35):
        there.run(f"r{number:02}", number, number + 1, f"f{number:02}")
    there.fails = {f"r{number:02}" for number in range(35)}
    async with open_fake(tmp_path, there.api) as app:
        reader = Reader(app)
        first = await reader.page(since="2026-03-01", limit=500)
        assert (first["count"], first["complete"]) == (30, False)
        there.fails = set()
        found = await reader.all(limit=500)
        assert await reader.all() == []
    told = [change["id"] for change in objects_of(first["changes"])] + found
    assert sorted(told) == sorted(id for number in range(35) for id in (f"f{number:02}", f"r{number:02}"))


async def test_a_run_that_ends_without_a_moment_of_its_end_is_told_again_with_its_findings(tmp_path: Path) -> None:
    there = Workspace()
    there.run("r1", 0, None, "early")
    there.lists["companies"] = [row("c1", 60)]
    async with open_fake(tmp_path, there.api) as app:
        reader = Reader(app)
        assert await reader.all(since="2026-03-01") == ["r1", "c1"]
        assert await reader.all() == []
        there.results["r1"] = []
        there.run("r1", 0, None, "f1")
        there.lists["runs"][0]["status"] = "completed"
        page = await reader.page()
        assert await reader.all() == []
    assert [(one["kind"], one["id"], one["change"]) for one in objects_of(page["changes"])] == [
        ("finding", "f1", "new"),
        ("run", "r1", "changed"),
    ]


async def test_a_row_that_the_api_tells_twice_is_one_and_equal_ids_of_other_kinds_and_runs_are_others(
    tmp_path: Path,
) -> None:
    there = Workspace()
    for name in ("companies", "prospects", "signals"):
        there.lists[name] = [row("same", 0)]
    there.run("same", 0, 0, "same", "same")
    there.run("r2", 0, 0, "same")
    async with open_fake(tmp_path, there.api) as app:
        reader = Reader(app)
        assert await reader.all(since="2026-03-01", limit=1) == ["same", "same", "same", "same", "r2", "same", "same"]
        assert await reader.all() == []


async def test_a_list_at_its_cap_does_not_go_on_for_ever(tmp_path: Path) -> None:
    there = Workspace()
    there.lists["prospects"] = [row(f"p{number:03}", number, stage="won") for number in range(100)]
    async with open_fake(tmp_path, there.api) as app:
        reader = Reader(app)
        assert len(await reader.all(since="2026-03-01")) == 100
        page = await reader.page()
    assert (page["count"], page["complete"]) == (0, True)
    assert "at the cap of 100" in page["coverage"]


@pytest.mark.parametrize("count", [60, 61, 300])
async def test_a_late_row_is_not_lost_among_many_that_came_together(tmp_path: Path, count: int) -> None:
    there = Workspace()
    there.lists["companies"] = [row(f"c{number:03}", 10) for number in range(count)]
    async with open_fake(tmp_path, there.api) as app:
        reader = Reader(app)
        assert len(await reader.all(since="2026-03-01", limit=500)) == count
        there.lists["companies"] += [row("late", 9), row("a", 10)]
        found = await reader.all(limit=500)
        assert {"late", "a"} <= set(found)
        assert count > 60 or sorted(found) == ["a", "late"]
        assert await reader.all(limit=500) == []


@pytest.mark.parametrize(
    "odd", ["2026-03-20T23:59:60Z", "2026-03-20T24:00:00Z", "2026-03-20T06:00:00", "2026-03-20t06:00:00z", "2026-03-20"]
)
async def test_moments_as_some_clocks_tell_them_stop_nothing(tmp_path: Path, odd: str) -> None:
    there = Workspace()
    there.lists["companies"] = [{**row("c1", -60), "updated_at": odd}]
    async with open_fake(tmp_path, there.api) as app:
        reader = Reader(app)
        assert await reader.all(since="2026-03-01") == ["c1"]
        there.lists["companies"].append(row("c2", 60))
        assert await reader.all() == ["c2"]


async def test_two_changes_within_one_second_are_two(tmp_path: Path) -> None:
    there = Workspace()
    there.lists["companies"] = [{**row("c1", -60), "updated_at": "2026-03-20T06:00:05.100Z"}]
    async with open_fake(tmp_path, there.api) as app:
        reader = Reader(app)
        assert await reader.all(since="2026-03-01") == ["c1"]
        there.lists["companies"][0]["updated_at"] = "2026-03-20T06:00:05.900Z"
        assert await reader.all() == ["c1"]
        assert await reader.all() == []


async def test_pages_are_read_to_the_end_also_where_many_came_in_one_second(tmp_path: Path) -> None:
    there = Workspace()
    there.lists["companies"] = [row(f"c{number:03}", 0) for number in range(120)]
    async with open_fake(tmp_path, there.api) as app:
        reader = Reader(app)
        assert await reader.all(since="2026-03-01", limit=50) == [f"c{number:03}" for number in range(120)]
        there.lists["companies"].append(row("c2", 1))
        assert await reader.all(limit=50) == ["c2"]


async def test_a_run_that_could_not_be_read_in_time_holds_the_list_up_until_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "Effort", lambda now: Effort(now, requests=9))
    there = Workspace()
    for number in range(12):
        there.run(f"r{number:02}", number, number + 1, f"f{number:02}")
    there.lists["companies"] = [row("c1", 30)]
    async with open_fake(tmp_path, there.api) as app:
        reader = Reader(app)
        first = await reader.page(since="2026-03-01")
        found = await reader.all()
    assert first["complete"] is False
    assert "ask again to go on" in first["coverage"]
    shown = [change["id"] for change in objects_of(first["changes"])] + found
    assert shown == [id for number in range(12) for id in (f"f{number:02}", f"r{number:02}")] + ["c1"]


async def test_many_changes_at_once_make_no_long_cursor_and_none_comes_twice(tmp_path: Path) -> None:
    there = Workspace()
    there.lists["companies"] = [row(f"c{number:03}", 0) for number in range(700)]
    async with open_fake(tmp_path, there.api) as app:
        reader = Reader(app)
        found = await reader.all(since="2026-03-01", limit=500)
        assert found == [f"c{number:03}" for number in range(700)]
        assert len(reader.cursor or "") < 1000
        assert await reader.all() == []


async def test_a_cursor_is_its_callers_and_stands_alone(tmp_path: Path) -> None:
    there = Workspace()
    async with open_fake(tmp_path, there.api) as app:
        reader = Reader(app)
        await reader.page()
        other = Reader(app, "flt_b").caller
        assert isinstance(await refused(app, "changes_since", other, cursor=reader.cursor), ToolInputError)
        both = await refused(app, "changes_since", reader.caller, cursor=reader.cursor, since="2026-03-01")
        assert both.message == "since: says nothing beside cursor"
        assert "ISO 8601" in (await refused(app, "changes_since", reader.caller, since="yesterday.")).message


async def test_what_has_no_moment_is_no_change(tmp_path: Path) -> None:
    there = Workspace()
    there.lists["companies"] = [{"id": "c1"}, {**row("c2", 0), "updated_at": "soon"}, {**row("c3", 1), "updated_at": 7}]
    async with open_fake(tmp_path, there.api) as app:
        assert await Reader(app).all(since="2026-03-01") == ["c2", "c3"]


moments = st.integers(0, 600)
ROUNDS = st.lists(
    st.tuples(st.lists(st.tuples(moments, st.integers(0, 119)), max_size=60), st.integers(1, 50)),
    min_size=1,
    max_size=6,
)


@given(rounds=ROUNDS)
def test_law_no_change_is_lost_in_whatever_order_and_pages_and_few_at_a_time_come_once(
    rounds: list[tuple[list[tuple[int, int]], int]],
) -> None:
    """Rows come with moments up to two minutes old, while pages of different lengths are read."""
    there: list[Change] = []
    seen, shown, now = Seen.since("2026-01-01"), list[str](), 0

    def tell(limit: int | None) -> None:
        nonlocal seen
        new = seen.unseen(there)
        page, left = (new, []) if limit is None else (new[:limit], new[limit:])
        shown.extend(change.id for change in page)
        seen = seen.after(there, left, {})

    for number, (coming, limit) in enumerate(rounds):
        now += max((step for step, _ in coming), default=0)
        for place, (_, age) in enumerate(coming):
            at = (START + timedelta(seconds=now - age)).isoformat().replace("+00:00", "Z")
            there.append(Change(at, "company", f"{number}-{place}", at, "", "", at, at))
        there.sort()
        tell(limit)
    tell(None)
    assert set(shown) == {change.id for change in there}
    assert len(there) > MOST_MARKS or len(shown) == len(there)
