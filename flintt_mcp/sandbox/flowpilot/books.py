"""What a change to an organisation's rows writes with: the open transaction, new ids, audit events and webhook events.

In: a connection inside a transaction. Out: rows. The seed brings its own ids and tells nobody; everything else takes
the defaults. Table and column names come from code, never from a request.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from flintt_mcp.sandbox.flowpilot.events import Tell, tell
from flintt_mcp.sandbox.flowpilot.money import to_json
from flintt_mcp.sandbox.ground.rows import insert


def random_id() -> str:
    """A new UUID."""
    return str(uuid4())


@dataclass(frozen=True, slots=True)
class Books:
    """One organisation, one transaction."""

    connection: sqlite3.Connection
    organisation_id: str
    new_id: Callable[[], str] = random_id
    tell_with: Tell = tell

    def insert(self, table: str, row: Mapping[str, Any]) -> str:
        """Insert a row of this organisation and answer its new id."""
        row = {"id": self.new_id(), "organisation_id": self.organisation_id, **row}
        return insert(self.connection, table, row)

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        """All rows of a query."""
        return self.connection.execute(query, values).fetchall()

    def value(self, query: str, *values: Any) -> Any:
        """The first column of the first row."""
        return self.connection.execute(query, values).fetchone()[0]

    def change(self, query: str, *values: Any) -> None:
        """Run one statement."""
        self.connection.execute(query, values)

    def change_each(self, query: str, values: Iterable[tuple[Any, ...]]) -> None:
        """Run one statement for each of the values."""
        self.connection.executemany(query, values)

    def audit(self, run_id: str, agent: str, action: str, detail: Mapping[str, Any], moment: str) -> None:
        """Write what an agent or a person did in a run."""
        row = {"run_id": run_id, "agent_type": agent, "action": action, "created_at": moment}
        self.insert("flowpilot_audit_events", row | {"detail": to_json(detail).decode()})

    def tell(self, event: str, data: Mapping[str, Any], moment: str) -> None:
        """Tell an event to this organisation's webhooks."""
        self.tell_with(self.connection, event, self.organisation_id, data, moment)
