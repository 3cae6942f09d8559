"""The sandbox's own database, read past the server: who has the published keys, and nothing that a tool made of it.

In: the folder of a sandbox, and what time it is there. Out: rows. Views named `my_...` hold what the callers with the published
keys own; everything else is the schema of the sandbox as it lies on the disk.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

_MY = "user_id = (SELECT id FROM flintt_users WHERE email = 'you@workspace.example')"
_OUR = "organisation_id = (SELECT id FROM flowpilot_organisations ORDER BY rowid LIMIT 1)"
_VIEWS = {
    "my_companies": f"SELECT * FROM flintt_companies WHERE {_MY}",
    "my_deals": f"SELECT * FROM flintt_prospects WHERE {_MY}",
    "my_signals": f"SELECT * FROM flintt_signals WHERE {_MY}",
    "my_runs": f"SELECT * FROM flintt_runs WHERE {_MY}",
    "my_results": "SELECT v.*, r.started_at, r.signal_id FROM flintt_validation_results v JOIN my_runs r ON r.id = v.run_id",
    "our_payment_runs": f"SELECT * FROM flowpilot_runs WHERE {_OUR}",
    "our_candidates": f"SELECT * FROM flowpilot_candidates WHERE {_OUR}",
    "our_transactions": f"SELECT * FROM flowpilot_transactions WHERE {_OUR}",
    "our_leads": "SELECT * FROM flowmaticx_leads WHERE workspace_id = 1",
}


class Truth:
    """The rows of one moment. `now` is what a clock at the sandbox shows, in ISO 8601."""

    def __init__(self, connection: sqlite3.Connection, now: str) -> None:
        self._connection = connection
        self._now = now

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """The rows of a statement; `:now` in it is the moment."""
        return self._connection.execute(sql.replace(":now", f"'{self._now}'"), values).fetchall()

    def column(self, sql: str, *values: Any) -> list[Any]:
        """The first column of a statement."""
        return [row[0] for row in self.rows(sql, *values)]


@contextmanager
def the_truth(folder: Path, now: str) -> Iterator[Truth]:
    """The truth about a folder, as it is now."""
    with closing(sqlite3.connect(folder / "sandbox.db")) as connection:
        for name, sql in _VIEWS.items():
            connection.execute(f"CREATE TEMP VIEW {name} AS {sql}")
        yield Truth(connection, now)
