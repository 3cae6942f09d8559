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
from flintt_mcp.offers.insight.changes import Change, Place
from flintt_mcp.offers.insight.changes_since import Seen, _mark
from flintt_mcp.offers.insight.effort import Effort
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
        self.api = Api(self.answer)

    def answer(self, path: str, asked: Mapping[str, str]) -> Any:
        id = path.rpartition("/")[2]
        if id in self.lists:
            offset = int(asked.get("offset", 0))
            return self.lists[id][offset : offset + int(asked["limit"])] if "limit" in asked else self.lists[id]
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


async def test_a_row_that_is_dated_ahead_hides_none_that_comes_before_it(tmp_path: Path) -> None:
    there = Workspace()
    there.lists["companies"] = [row("ahead", 60 * 24 * 365 * 50)]
    async with open_fake(tmp_path, there.api) as app:
        reader = Reader(app)
        assert await reader.all(since="2026-03-01") == ["ahead"]
        there.lists["companies"].append({**row("c1", 0), "updated_at": datetime.now(UTC).isoformat()})
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
    st.tuples(st.lists(st.tuples(moments, st.integers(0, 119)), max_size=8), st.integers(1, 5)), min_size=1, max_size=6
)


@given(rounds=ROUNDS)
def test_law_every_change_comes_exactly_once_in_whatever_order_and_pages(
    rounds: list[tuple[list[tuple[int, int]], int]],
) -> None:
    """Rows come with moments up to two minutes old, while pages of different lengths are read."""
    there: list[Change] = []
    seen, shown, now = Seen(Place()), list[str](), 0
    for number, (coming, limit) in enumerate(rounds):
        now += max((step for step, _ in coming), default=0)
        for place, (_, age) in enumerate(coming):
            at = (START + timedelta(seconds=now - age)).isoformat().replace("+00:00", "Z")
            there.append(Change(at, "company", f"{number}-{place}", at, "", ""))
        there.sort()
        new = [change for change in there if not seen.has(change)]
        shown += [change.id for change in new[:limit]]
        first, marks = _mark(there, new[limit:], seen.before, "2100-01-01T00:00:00Z")
        seen = Seen(first, frozenset(marks[at : at + 8] for at in range(0, len(marks), 8)))
    shown += [change.id for change in there if not seen.has(change)]
    assert sorted(shown) == sorted(change.id for change in there)
