"""The dispatcher's side of the outbox: which endpoints have something due, and taking it under a lease.

In: an open transaction and the moment, in seconds since 1970. Two leases: one for the data folder, so that one process delivers
at a time, and one on each delivery taken, so that what a killed process held is taken up again. Both end by themselves. The
work grows with what is taken and with the number of endpoints, never with what waits: the index of `ready` leads to both.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flintt_mcp.sandbox.delivery.schema import READY

_DUE = f"endpoint_id = e.id AND state = 'pending' AND {READY} <= :now"


@dataclass(frozen=True, slots=True)
class Claim:
    """Who takes deliveries, when, and for how many seconds."""

    holder: str
    now: float
    lease: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """An endpoint that has something due; `failing` when its last attempt was not accepted."""

    id: str
    url: str
    failing: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery that is ours for now, with what its endpoint looks like."""

    id: str
    endpoint_id: str
    scheme: str
    event: str
    body: bytes
    url: str
    signing_salt: str
    token_salt: str
    former_salt: str | None
    failing: bool


def waiting(connection: sqlite3.Connection, now: float) -> list[Waiting]:
    """The active endpoints that have something due; only reads."""
    rows = connection.execute(
        f"""SELECT id, endpoint_url, failures FROM webhook_endpoints e
            WHERE active = 1 AND EXISTS (SELECT 1 FROM webhook_deliveries WHERE {_DUE})""",
        {"now": now},
    )
    return [Waiting(row["id"], row["endpoint_url"], row["failures"] > 0) for row in rows]


def take(connection: sqlite3.Connection, claim: Claim, shares: Mapping[str, int]) -> list[Taken]:
    """Of each endpoint in `shares` up to that many due deliveries, the first due first, leased to the one who claims them."""
    taken = [one for endpoint, most in shares.items() for one in _due(connection, claim.now, endpoint, most)]
    connection.executemany(
        "UPDATE webhook_deliveries SET holder = ?, lease_until = ? WHERE id = ?",
        [(claim.holder, claim.now + claim.lease, one.id) for one in taken],
    )
    return taken


def is_free(connection: sqlite3.Connection, holder: str, now: float) -> bool:
    """Whether no process but `holder` delivers for this folder."""
    query = "SELECT 1 FROM webhook_lease WHERE holder != ? AND until > ?"
    return connection.execute(query, (holder, now)).fetchone() is None


def hold_folder(connection: sqlite3.Connection, claim: Claim) -> bool:
    """Become, or stay, the process that delivers for this folder; False while another one is."""
    if not is_free(connection, claim.holder, claim.now):
        return False
    connection.execute("REPLACE INTO webhook_lease VALUES (1, ?, ?)", (claim.holder, claim.now + claim.lease))
    return True


def release(connection: sqlite3.Connection, holder: str, held: Iterable[Taken] = ()) -> None:
    """Give the folder back at once, and what is `held`: nothing is left to send, or the process ends."""
    connection.execute("DELETE FROM webhook_lease WHERE holder = ?", (holder,))
    connection.executemany(
        "UPDATE webhook_deliveries SET holder = NULL, lease_until = NULL WHERE id = ? AND holder = ?",
        [(one.id, holder) for one in held],
    )


def _due(connection: sqlite3.Connection, now: float, endpoint_id: str, most: int) -> list[Taken]:
    rows = connection.execute(
        f"""SELECT d.id, d.endpoint_id, e.scheme, d.event, d.body, e.endpoint_url, e.signing_salt, e.token_salt,
                CASE WHEN e.former_until > :now THEN e.former_salt END AS former_salt, e.failures
            FROM webhook_endpoints e JOIN webhook_deliveries d ON {_DUE}
            WHERE e.id = :endpoint ORDER BY {READY}, d.rowid LIMIT :most""",
        {"now": now, "endpoint": endpoint_id, "most": most},
    )
    return [_taken(row) for row in rows]


def _taken(row: sqlite3.Row) -> Taken:
    return Taken(
        id=row["id"],
        endpoint_id=row["endpoint_id"],
        scheme=row["scheme"],
        event=row["event"],
        body=row["body"].encode(),
        url=row["endpoint_url"],
        signing_salt=row["signing_salt"],
        token_salt=row["token_salt"],
        former_salt=row["former_salt"],
        failing=row["failures"] > 0,
    )
