"""The example rows: two organisations, the first with a believable treasury, the same on every machine.

In: an empty schema, inside one transaction. Out: rows. The history is not written but played: recipients are saved, runs
started, approved and rejected at fixed moments by the very code that serves the API, so that candidates, transactions, wallet
and audit trail add up by construction. Nothing here may look at the clock, the machine or the network, and nobody is told.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from flintt_mcp.sandbox.flowpilot.books import Books
from flintt_mcp.sandbox.flowpilot.keys import SCOPES, add_key
from flintt_mcp.sandbox.flowpilot.money import CURRENCY
from flintt_mcp.sandbox.flowpilot.seed.past import FixedIds, tell_nobody
from flintt_mcp.sandbox.flowpilot.seed.recipients import PEOPLE, SECOND_PEOPLE, sow_recipients
from flintt_mcp.sandbox.flowpilot.seed.runs import PAST, SECOND_PAST, play
from flintt_mcp.sandbox.ground.secret import Digester
from flintt_mcp.sandbox.ground.seeding import before

OPENING_KOBO, AI_CREDITS = 95_000_000_00, 500
READ_ONLY = tuple(scope for scope in SCOPES if scope.endswith(":read"))

__all__ = ["sow"]


def sow(connection: sqlite3.Connection, digester: Digester, key: str, second_key: str) -> None:
    """Write all example rows; the second key opens the second organisation, and may only read."""
    first = _sow_organisation(connection, "Lagoon Foods Ltd", digester, key, tuple(SCOPES))
    sow_recipients(first, PEOPLE)
    play(first, PAST)
    second = _sow_organisation(connection, "Harmattan Logistics Ltd", digester, second_key, READ_ONLY)
    sow_recipients(second, SECOND_PEOPLE)
    play(second, SECOND_PAST)


def _sow_organisation(
    connection: sqlite3.Connection, name: str, digester: Digester, key: str, scopes: Sequence[str]
) -> Books:
    new_id, since = FixedIds(name), before(days=400)
    books = Books(connection, new_id(), new_id, tell_nobody)
    books.change("INSERT INTO flowpilot_organisations VALUES (?, ?, ?)", books.organisation_id, name, since)
    books.change(
        "INSERT INTO flowpilot_wallets VALUES (?, ?, ?, ?, ?, ?)",
        books.organisation_id,
        CURRENCY,
        OPENING_KOBO,
        OPENING_KOBO,
        AI_CREDITS,
        since,
    )
    add_key(books, digester, key, scopes, since)
    return books
