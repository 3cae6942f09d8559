"""The data folder: made once, private, the same everywhere, shared by processes, and never lost."""

from __future__ import annotations

import hashlib
import sqlite3
import stat
import sys
from contextlib import closing
from pathlib import Path

import anyio
import pytest

from flintt_mcp.errors import ConfigError
from flintt_mcp.sandbox.server import MIGRATIONS, TABLES, open_sandbox
from flintt_mcp.sqlite import database, opening
from tests.sandbox.sandbox_client import talk

pytestmark = pytest.mark.anyio

# Digests of keys and tokens differ by folder, as the secret does; everything else is the same on every machine.
UNLIKE = "_digest"
SEED_DIGEST = "04a3ef4198791dd2d7dfc0d8810bb76d88f7a84e839e8233826b8d52b8053b1b"
OPEN = """
import anyio, pathlib, sys
from flintt_mcp.sandbox.server import open_sandbox

async def main():
    async with open_sandbox(pathlib.Path(sys.argv[1])):
        pass

anyio.run(main)
"""


def content_digest(folder: Path, api: str = "") -> str:
    """A digest of every row of every table, or of those of one API, in the order of insertion."""
    digest = hashlib.sha256()
    connection = sqlite3.connect(folder / "sandbox.db")
    for table, (_, columns) in sorted(TABLES.items()):
        if not table.startswith(api):
            continue
        kept = ", ".join(column for column in columns if not column.endswith(UNLIKE))
        for row in connection.execute(f"SELECT {kept} FROM {table} ORDER BY rowid"):
            digest.update(repr((table, row)).encode())
    connection.close()
    return digest.hexdigest()


async def test_the_seed_is_the_same_in_every_folder_and_on_every_machine(seeded, tmp_path):
    async with open_sandbox(tmp_path / "again"):
        pass

    # Change this line only together with the seed: people who follow the documentation see exactly these rows.
    assert content_digest(tmp_path / "again") == content_digest(seeded)
    assert content_digest(seeded, "flintt_") == SEED_DIGEST


async def test_the_seeded_workspace_has_the_promised_size(sandbox):
    def count(connection):
        return {
            table: connection.execute(
                f"SELECT count(*) FROM {table} WHERE user_id = (SELECT id FROM flintt_users WHERE name = 'Local User')"
            ).fetchone()[0]
            for table in ("flintt_companies", "flintt_prospects", "flintt_signals", "flintt_runs")
        }

    assert await sandbox.database.read(count) == {
        "flintt_companies": 200,
        "flintt_prospects": 300,
        "flintt_signals": 12,
        "flintt_runs": 120,
    }


async def test_counts_of_seeded_runs_are_those_of_their_results(sandbox):
    def wrong(connection):
        return connection.execute(
            """SELECT id FROM flintt_runs WHERE
                raw_count != (SELECT count(*) FROM flintt_raw_results WHERE run_id = flintt_runs.id) OR
                valid_count != (SELECT total(is_valid) FROM flintt_validation_results WHERE run_id = flintt_runs.id) OR
                user_id != (SELECT user_id FROM flintt_signals WHERE id = signal_id) OR
                started_at > '2026-09-30T09:00:00Z' OR ended_at <= started_at OR deal_count > valid_count"""
        ).fetchall()

    assert await sandbox.database.read(wrong) == []


async def test_writes_survive_a_restart_and_the_seed_is_not_sown_again(data_dir):
    async with open_sandbox(data_dir) as sandbox, talk(sandbox, sandbox.flintt_key) as client:
        company = (await client.post("companies", json={"name": "Kept"})).json()
        for signal in (await client.get("signals")).json():
            await client.delete(f"signals/{signal['id']}")
    async with open_sandbox(data_dir) as sandbox, talk(sandbox, sandbox.flintt_key) as client:
        assert (await client.get("companies", params={"name": "Kept"})).json() == [company]
        assert (await client.get("signals")).json() == []
        assert len((await client.get("companies")).json()) == 201


async def test_a_write_is_there_for_a_process_that_comes_while_the_first_still_runs(data_dir):
    async with (
        open_sandbox(data_dir) as first,
        open_sandbox(data_dir) as second,
        talk(first, first.flintt_key) as one,
        talk(second, second.flintt_key) as two,
    ):
        company = (await one.post("companies", json={"name": "Shared"})).json()

        assert (await two.get("companies", params={"name": "Shared"})).json() == [company]


async def test_processes_that_open_a_new_folder_together_seed_it_once(seeded, tmp_path):
    folder = tmp_path / "new"
    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(anyio.run_process, [sys.executable, "-W", "error", "-c", OPEN, str(folder)])

    assert content_digest(folder) == content_digest(seeded)
    assert sorted(path.name for path in folder.iterdir()) == ["sandbox.db", "sandbox.secret"]
    async with open_sandbox(folder) as sandbox, talk(sandbox, sandbox.flintt_key) as client:
        assert (await client.get("signals")).status_code == 200


async def test_tasks_that_open_a_new_folder_together_seed_it_once(seeded, tmp_path):
    async def open_once():
        async with open_sandbox(tmp_path / "new"):
            pass

    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(open_once)

    assert content_digest(tmp_path / "new") == content_digest(seeded)


async def test_writes_from_many_clients_at_once_are_all_kept(data_dir):
    async with open_sandbox(data_dir) as first, open_sandbox(data_dir) as second, anyio.create_task_group() as group:
        for number, sandbox in enumerate((first, second) * 10):
            group.start_soon(_add_company, sandbox, f"Crowd {number}")
    async with open_sandbox(data_dir) as sandbox, talk(sandbox, sandbox.flintt_key) as client:
        assert len((await client.get("companies", params={"name": "Crowd"})).json()) == 20


async def _add_company(sandbox, name: str) -> None:
    async with talk(sandbox, sandbox.flintt_key) as client:
        assert (await client.post("companies", json={"name": name})).status_code == 201


async def test_the_folder_and_its_files_are_private(tmp_path):
    folder = tmp_path / "deep" / "data"
    async with open_sandbox(folder) as sandbox, talk(sandbox, sandbox.flintt_key) as client:
        await client.post("companies", json={"name": "Acme"})
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert modes == dict.fromkeys(("sandbox.db", "sandbox.db-shm", "sandbox.db-wal", "sandbox.secret"), 0o600)


async def test_a_transaction_that_raises_leaves_nothing_behind(sandbox, flintt):
    class Interrupted(Exception):
        pass

    def half(connection):
        connection.execute("DELETE FROM flintt_signals")
        raise Interrupted

    with pytest.raises(Interrupted):
        await sandbox.database.write(half)

    assert len((await flintt.get("signals")).json()) == 12


async def test_a_read_cannot_write(sandbox):
    def write(connection):
        connection.execute("DELETE FROM flintt_signals")

    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await sandbox.database.read(write)


async def test_every_connection_has_the_promised_settings(sandbox):
    def settings(connection):
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    assert await sandbox.database.read(settings) == ["wal", 2, 1, 10_000]
    assert await sandbox.database.write(settings) == ["wal", 2, 1, 10_000]


async def test_the_described_tables_are_those_of_the_database(sandbox):
    def actual(connection):
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        return {
            table["name"]: [column["name"] for column in connection.execute(f"PRAGMA table_info({table['name']})")]
            for table in tables
        }

    assert await sandbox.database.read(actual) == {table: list(columns) for table, (_, columns) in TABLES.items()}
    for description, columns in TABLES.values():
        assert all(text and text.endswith(".") and "\n" not in text for text in (description, *columns.values()))


async def test_every_flintt_row_names_its_owner(sandbox):
    owned = {table for table in TABLES if table.startswith("flintt_")} - {"flintt_users"}

    assert all("user_id" in TABLES[table][1] for table in owned)


async def test_a_folder_of_a_newer_version_is_left_alone(data_dir):
    connection = sqlite3.connect(data_dir / "sandbox.db")
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()

    with pytest.raises(ConfigError, match="newer version"):
        async with open_sandbox(data_dir):
            pass


async def test_a_folder_that_another_process_changes_is_told_as_such(data_dir, monkeypatch):
    monkeypatch.setattr(opening, "BUSY_SECONDS", 0.05)
    with closing(sqlite3.connect(data_dir / "sandbox.db", isolation_level=None)) as other:
        other.execute("DELETE FROM sandbox_seeds WHERE name = 'flowpilot'")
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(ConfigError, match="another process holds the data folder"):
            async with open_sandbox(data_dir):
                pass


async def test_a_disk_without_room_for_a_new_folder_is_told_as_such(tmp_path, monkeypatch):
    def cramped(path: Path, *settings: str) -> sqlite3.Connection:
        return opening.connect(path, *settings, "max_page_count = 50")

    monkeypatch.setattr(database, "connect", cramped)
    with pytest.raises(ConfigError, match="the disk has no room") as told:
        async with open_sandbox(tmp_path / "data"):
            pass
    assert told.value.advice == "Make room, then start again."


@pytest.mark.parametrize("name", ["sandbox.db", "sandbox.secret"])
async def test_a_file_that_is_something_else_is_a_clear_error(data_dir, name):
    (data_dir / name).write_bytes(b"no such thing " * 100)

    with pytest.raises(ConfigError, match="cannot be used"):
        async with open_sandbox(data_dir):
            pass


async def test_a_database_without_its_secret_is_a_clear_error_and_no_new_secret_is_made(data_dir):
    (data_dir / "sandbox.secret").unlink()

    with pytest.raises(ConfigError, match=r"sandbox\.secret"):
        async with open_sandbox(data_dir):
            pass
    assert [path.name for path in data_dir.iterdir()] == ["sandbox.db"]


async def test_a_folder_that_is_a_file_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("x")

    with pytest.raises(ConfigError, match="cannot be used"):
        async with open_sandbox(tmp_path / "file"):
            pass
