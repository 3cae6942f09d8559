"""A process that is killed while it runs signals loses nothing and doubles nothing.

FLINTT_CRASHES says how often (`make soak`: 50); a few times otherwise.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sandbox.running import kill_driver
from tests.sandbox.running.kill_driver import COMPANIES, ITEMS, SOURCES

CRASHES = int(os.environ.get("FLINTT_CRASHES", "5"))
EACH_TURN = SOURCES * (ITEMS // 2 * 3)
ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the driver forks")


@pytest.fixture
def killed(seeded, tmp_path):
    """A folder whose runner was killed again and again, with a webhook that counts events; and what the driver says."""
    shutil.copytree(seeded, tmp_path / "data")
    command = [sys.executable, "-W", "error", "-m", kill_driver.__name__, str(tmp_path), str(CRASHES), "7"]
    driver = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=600)
    assert driver.returncode == 0, driver.stderr
    connection = sqlite3.connect(tmp_path / "data" / "sandbox.db")
    yield connection, json.loads(driver.stdout)
    connection.close()


def test_results_are_neither_lost_nor_doubled_and_each_event_is_told_once(killed):
    connection, driver = killed

    def rows(query: str) -> list[tuple]:
        return connection.execute(query).fetchall()

    turns = driver["turns"]
    assert driver["kills"] == CRASHES
    assert driver["hit"] >= 1, driver
    assert rows("PRAGMA integrity_check") == [("ok",)]
    assert rows("PRAGMA foreign_key_check") == []
    assert (
        rows(
            """SELECT status, raw_count, valid_count FROM flintt_runs JOIN flintt_run_work ON run_id = flintt_runs.id
            ORDER BY flintt_runs.rowid"""
        )
        == [("completed", EACH_TURN, EACH_TURN)] * turns
    )
    assert rows(
        """SELECT count(*), count(DISTINCT source_url || company_name), count(DISTINCT source_url) FROM flintt_raw_results
            WHERE run_id IN (SELECT run_id FROM flintt_run_work)"""
    ) == [(EACH_TURN * turns, EACH_TURN * turns, SOURCES * ITEMS * turns)]
    assert rows(
        """SELECT count(*), count(DISTINCT raw_result_id) FROM flintt_validation_results
            WHERE run_id IN (SELECT run_id FROM flintt_run_work)"""
    ) == [(EACH_TURN * turns, EACH_TURN * turns)]
    assert rows("SELECT event, count(*), count(DISTINCT body -> 'data') FROM webhook_deliveries GROUP BY event") == [
        ("prospect.created", len(COMPANIES), len(COMPANIES)),
        ("signal.run.completed", turns, turns),
        ("signal.run.result", EACH_TURN * turns, EACH_TURN * turns),
    ]
    assert rows("SELECT sum(deal_count) FROM flintt_runs JOIN flintt_run_work ON run_id = flintt_runs.id") == [
        (len(COMPANIES),)
    ]
    print(
        f"\nruns: {driver['kills']} kills, {driver['hit']} of them in the middle of a run; {turns} runs completed with "
        f"{EACH_TURN * turns} results, each there once and told once"
    )
