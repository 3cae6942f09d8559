"""The journal of writes: every step of every intent is there, and nothing can be changed, taken out or cut off unseen."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from datetime import UTC, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from flintt_mcp.calls.intent import State, Wanted
from flintt_mcp.catalogue.operation import Effect
from flintt_mcp.cli.main import run
from flintt_mcp.sqlite import Database
from flintt_mcp.state.intents import StoredIntents
from flintt_mcp.state.journal import Broken, Journal, as_line
from flintt_mcp.state.server_file import FILE_NAME, server_file
from tests.clock import SetClock
from tests.fake_api import SECRET

pytestmark = pytest.mark.anyio

KEY = b"k" * 32
RUN = Wanted(
    caller="lg_live_nobody_may_read",
    tool="flowpilot_create_run",
    effect=Effect.SPEND,
    canonical='{"objective":"Pay the plumber"}',
    amount=Decimal("100.50"),
    unit="NGN",
)


@pytest.fixture
async def file(tmp_path: Path) -> AsyncIterator[Database]:
    opened = server_file(tmp_path)
    yield opened
    opened.close()


async def filled(file: Database, clock: SetClock, journal: Journal) -> None:
    """A journal of three intents: one goes all the way, one is declined, one is lost."""
    intents = StoredIntents(file, KEY, clock.seconds, journal)
    paths = (
        (State.ASKED, State.APPROVED, State.EXECUTING, State.DONE),
        (State.ASKED, State.DECLINED),
        (State.EXECUTING, State.UNKNOWN),
    )
    for number, path in enumerate(paths):
        intent, _ = await intents.claim(replace(RUN, named=str(number)), State.DRAFT, clock.seconds() + 600)
        for state in path:
            clock.forward(seconds=1)
            more: dict[str, Any] = {"shown": "Pay up to 100.50 NGN"} if state is State.ASKED else {}
            more |= {"how": "form"} if state is State.APPROVED else {}
            more |= {"request_id": "req_1"} if state is State.DONE else {}
            assert await intents.step(intent, state, **more) is not None


async def test_every_step_is_there_in_its_order_and_says_no_more_than_it_may(file: Database, clock: SetClock) -> None:
    journal, start = Journal(KEY), clock().astimezone(UTC)
    await filled(file, clock, journal)
    entries = await file.read(lambda connection: list(journal.entries(connection)))

    assert [entry.number for entry in entries] == list(range(1, 12))
    assert [entry.state for entry in entries] == (
        [
            "draft",
            "asked",
            "approved",
            "executing",
            "done",
            "draft",
            "asked",
            "declined",
            "draft",
            "executing",
            "unknown",
        ]
    )
    done = entries[4]
    assert as_line(replace(done, intent="", caller="", arguments="", asked="")) == {
        "number": 5,
        "at": (start + timedelta(seconds=4)).isoformat(timespec="milliseconds"),
        "tool": "flowpilot_create_run",
        "effect": "spend",
        "state": "done",
        "how": "form",
        "amount": "100.50 NGN",
        "request_id": "req_1",
    }
    assert len({entry.caller for entry in entries}) == len({entry.arguments for entry in entries}) == 1
    told = b"".join(
        await file.read(lambda connection: [row["entry"] for row in connection.execute("SELECT entry FROM journal")])
    )
    assert [word for word in (b"lg_live", b"plumber", b"Pay up") if word in told] == []


async def test_arguments_are_kept_where_the_operator_wants_them(file: Database, clock: SetClock) -> None:
    journal = Journal(KEY, arguments=True)
    await filled(file, clock, journal)
    entries = await file.read(lambda connection: list(journal.entries(connection)))
    assert {entry.said for entry in entries} == {RUN.canonical}


async def test_what_was_written_verifies_and_an_empty_journal_as_well(file: Database, clock: SetClock) -> None:
    journal = Journal(KEY)
    assert await file.read(journal.verify) == 0
    await filled(file, clock, journal)
    assert await file.read(journal.verify) == 11


def _changed(connection: sqlite3.Connection) -> None:
    (told,) = connection.execute("SELECT entry FROM journal WHERE number = 8").fetchone()
    connection.execute("UPDATE journal SET entry = ? WHERE number = 8", (told.replace(b"declined", b"approved"),))


def _resealed(connection: sqlite3.Connection) -> None:
    """Changed, and sealed anew by somebody without the key."""
    other = Journal(b"x" * 32)
    rows = connection.execute("SELECT entry FROM journal ORDER BY number").fetchall()
    connection.execute("DELETE FROM journal")
    before = bytes(32)
    for number, (told,) in enumerate(rows, start=1):
        before = other._seal(before, told)
        connection.execute("INSERT INTO journal VALUES (?, ?, ?)", (number, told, before))
    connection.execute("UPDATE journal_end SET seal = ?", (other._seal(b"end", before),))


def _swapped(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE journal SET number = 100 WHERE number = 3")
    connection.execute("UPDATE journal SET number = 3 WHERE number = 4")
    connection.execute("UPDATE journal SET number = 4 WHERE number = 100")


def _cut_off(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM journal WHERE number > 7")


def _cut_off_with_its_end(connection: sqlite3.Connection) -> None:
    _cut_off(connection)
    connection.execute("UPDATE journal_end SET number = 7, seal = (SELECT seal FROM journal WHERE number = 7)")


def _emptied(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM journal")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (_changed, "row 8 was changed, or a row before it"),
        (_resealed, "row 1 was changed, or a row before it"),
        (_swapped, "row 3 was changed, or a row before it"),
        (lambda connection: connection.execute("DELETE FROM journal WHERE number = 5"), "row 5 is missing"),
        (
            lambda connection: connection.execute("UPDATE journal SET entry = x'00' WHERE number = 2"),
            "row 2 was changed",
        ),
        (
            lambda connection: connection.execute(
                "UPDATE journal SET entry = replace(entry, 'asked', 'draft') WHERE number = 2"
            ),
            "row 2 was changed, or a row before it",
        ),
        (
            lambda connection: connection.execute("UPDATE journal_end SET seal = 'a text'"),
            "the end was cut off or changed: the last row there is is number 11",
        ),
        (_cut_off, "the end was cut off or changed: the last row there is is number 7"),
        (_cut_off_with_its_end, "the end was cut off or changed: the last row there is is number 7"),
        (_emptied, "the end was cut off or changed: the last row there is is number 0"),
    ],
)
async def test_whatever_is_changed_taken_out_or_cut_off_is_found(
    change: Callable[[sqlite3.Connection], Any], named: str, file: Database, clock: SetClock
) -> None:
    journal = Journal(KEY)
    await filled(file, clock, journal)
    await file.write(change)
    with pytest.raises(Broken) as broken:
        await file.read(journal.verify)
    assert str(broken.value) == named


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (_cut_off, "row 8 was changed, or a row before it"),
        (_emptied, "row 1 was changed, or a row before it"),
        (lambda connection: connection.execute("DELETE FROM journal_end"), "row 12 was changed, or a row before it"),
        (
            lambda connection: connection.execute("UPDATE journal SET seal = 'a text' WHERE number = 11"),
            "row 11 was changed, or a row before it",
        ),
    ],
)
async def test_what_is_written_afterwards_does_not_make_it_good(
    change: Callable[[sqlite3.Connection], Any], named: str, file: Database, clock: SetClock
) -> None:
    journal = Journal(KEY)
    await filled(file, clock, journal)
    await file.write(change)
    intents = StoredIntents(file, KEY, clock.seconds, journal)
    await intents.claim(replace(RUN, named="later"), State.DRAFT, clock.seconds() + 600)
    await intents.claim(replace(RUN, named="later still"), State.DRAFT, clock.seconds() + 600)
    with pytest.raises(Broken) as broken:
        await file.read(journal.verify)
    assert str(broken.value) == named


async def test_a_step_and_its_row_are_one_change(file: Database, clock: SetClock) -> None:
    class Full(Journal):
        def note(self, connection: sqlite3.Connection, intent: Any, request_id: str = "") -> None:
            raise sqlite3.OperationalError("database or disk is full")

    intents = StoredIntents(file, KEY, clock.seconds, Journal(KEY))
    intent, _ = await intents.claim(RUN, State.EXECUTING, clock.seconds())
    full = StoredIntents(file, KEY, clock.seconds, Full(KEY))
    with pytest.raises(Exception, match="could not use its store"):
        await full.step(intent, State.DONE)
    assert await intents.find(intent.id) == intent


def test_the_command_lists_exports_and_verifies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FLINTT_MCP_SECRET", SECRET)
    where = ["--data-dir", str(tmp_path)]
    assert run(["audit", "verify", *where]) == 2
    assert "there is no journal in" in capsys.readouterr().err

    assert run(["call", "create_company", "--name", "Kestrel", "--sandbox", *where]) == 0
    capsys.readouterr()
    assert run(["audit", "export", *where]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["number"], row["state"], row["tool"]) for row in rows] == [
        (1, "executing", "create_company"),
        (2, "done", "create_company"),
    ]
    assert run(["audit", "list", "--last", "1", *where]) == 0
    assert capsys.readouterr().out == f"{rows[1]['at']}  done  create_company  {rows[1]['caller']}\n"
    assert run(["audit", "verify", *where]) == 0
    assert capsys.readouterr().out == "The journal is as it was written: 2 steps\n"

    for change in ("UPDATE journal SET entry = 'none' WHERE number = 2", "DELETE FROM journal WHERE number = 2"):
        with sqlite3.connect(tmp_path / FILE_NAME) as connection:
            connection.execute(change)
        connection.close()
        assert run(["audit", "verify", *where]) == 1
        assert capsys.readouterr().out.startswith("The journal is NOT as it was written: ")
    assert run(["audit", "list", *where]) == 0
