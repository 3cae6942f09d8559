"""The dispatcher's side of the outbox: take deliveries under a lease, and write down how an attempt ended.

In: an open transaction and the moment, in seconds since 1970. Two leases: one for the data folder, so that one process delivers
at a time, and one on each delivery taken, so that what a killed process held is taken up again. Both end by themselves; a
process that comes back late finds that the delivery is no longer its own and changes nothing. A process leaves alone what it
may not reach and another may (`Reaches`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flintt_mcp.sandbox.delivery.scheme import Scheme
from flintt_mcp.sandbox.ground.clock import stamp

PER_ENDPOINT = 4
"""Deliveries to one endpoint at a time: a slow one must not hold up the others."""

Reaches = Callable[[str], bool]
"""Whether deliveries to a URL are this process's to send."""

_DUE = """d.state = 'pending' AND e.active = 1 AND COALESCE(d.due_at, 0) <= :now
    AND COALESCE(d.lease_until, 0) <= :now AND reaches(e.endpoint_url)"""
_JOIN = "webhook_deliveries d JOIN webhook_endpoints e ON e.id = d.endpoint_id"


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


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended: `status` when there was an answer, `error` unless it was accepted. Times in seconds."""

    began: float
    took: float
    status: int | None = None
    error: str | None = None


def is_work_waiting(connection: sqlite3.Connection, now: float, reaches: Reaches) -> bool:
    """Whether any delivery is due; only reads, so that an idle sandbox writes nothing."""
    connection.create_function("reaches", 1, reaches)
    query = f"SELECT 1 FROM {_JOIN} WHERE {_DUE} LIMIT 1"
    return connection.execute(query, {"now": now}).fetchone() is not None


def take(
    connection: sqlite3.Connection, holder: str, most: int, now: float, lease: float, reaches: Reaches
) -> list[Taken]:
    """Up to `most` due deliveries, oldest first, each leased to `holder`; none while another process delivers."""
    connection.create_function("reaches", 1, reaches)
    if not hold_folder(connection, holder, now, lease):
        return []
    rows = connection.execute(
        f"""SELECT * FROM (
                SELECT d.rowid AS place, d.id, d.endpoint_id, e.scheme, d.event, d.body, e.endpoint_url, e.signing_salt,
                    e.token_salt, CASE WHEN e.former_until > :now THEN e.former_salt END AS former_salt,
                    row_number() OVER (PARTITION BY d.endpoint_id ORDER BY d.rowid) + (
                        SELECT count(*) FROM webhook_deliveries o
                        WHERE o.endpoint_id = d.endpoint_id AND o.state = 'pending' AND o.lease_until > :now
                    ) AS turn
                FROM {_JOIN} WHERE {_DUE})
            WHERE turn <= :turns ORDER BY place LIMIT :most""",
        {"now": now, "turns": PER_ENDPOINT, "most": most},
    ).fetchall()
    connection.executemany(
        "UPDATE webhook_deliveries SET holder = ?, lease_until = ? WHERE id = ?",
        [(holder, now + lease, row["id"]) for row in rows],
    )
    return [_taken(row) for row in rows]


def hold_folder(connection: sqlite3.Connection, holder: str, now: float, lease: float) -> bool:
    """Become, or stay, the process that delivers for this folder; False while another one is."""
    connection.execute(
        """INSERT INTO webhook_lease (id, holder, until) VALUES (1, :holder, :until)
            ON CONFLICT (id) DO UPDATE SET holder = :holder, until = :until WHERE holder = :holder OR until <= :now""",
        {"holder": holder, "until": now + lease, "now": now},
    )
    return connection.execute("SELECT holder FROM webhook_lease").fetchone()[0] == holder


def release(connection: sqlite3.Connection, holder: str) -> None:
    """Give everything back at once: nothing is left to send, or the process ends."""
    connection.execute("DELETE FROM webhook_lease WHERE holder = ?", (holder,))
    connection.execute(
        "UPDATE webhook_deliveries SET holder = NULL, lease_until = NULL WHERE state = 'pending' AND holder = ?",
        (holder,),
    )


def settle(
    connection: sqlite3.Connection,
    schemes: Mapping[str, Scheme],
    taken: Taken,
    holder: str,
    outcome: Outcome,
    random: float,
) -> None:
    """Write down an attempt, and what follows from it for the delivery and its endpoint."""
    row = connection.execute(
        "SELECT owner_id, tries FROM webhook_deliveries WHERE id = ? AND state = 'pending' AND holder = ?",
        (taken.id, holder),
    ).fetchone()
    if row is None:  # deleted with its endpoint, or another process took it over
        return
    ended = outcome.began + outcome.took
    connection.execute(
        "INSERT INTO webhook_attempts VALUES (?, ?, ?, ?, ?, ?)",
        (
            taken.id,
            row["owner_id"],
            _stamp(outcome.began),
            outcome.status,
            outcome.error,
            round(outcome.took * 1000),
        ),
    )
    if outcome.error is None:
        _accepted(connection, taken, ended)
    else:
        scheme = schemes[taken.scheme]
        wait = scheme.wait(row["tries"] + 1, random)
        _refused(connection, taken, row["tries"] + 1, None if wait is None else ended + wait, ended)
        _judge_endpoint(connection, scheme, taken, outcome, ended)


def _accepted(connection: sqlite3.Connection, taken: Taken, ended: float) -> None:
    connection.execute(
        """UPDATE webhook_deliveries SET state = 'delivered', ended_at = ?, holder = NULL, lease_until = NULL, due_at = NULL
            WHERE id = ?""",
        (_stamp(ended), taken.id),
    )
    connection.execute(
        "UPDATE webhook_endpoints SET failures = 0, failing_since = NULL WHERE id = ? AND failures > 0",
        (taken.endpoint_id,),
    )


def _refused(connection: sqlite3.Connection, taken: Taken, tries: int, due: float | None, ended: float) -> None:
    state, ended_at = ("failed", _stamp(ended)) if due is None else ("pending", None)
    connection.execute(
        """UPDATE webhook_deliveries SET state = ?, tries = ?, due_at = ?, ended_at = ?, holder = NULL, lease_until = NULL
            WHERE id = ?""",
        (state, tries, due, ended_at, taken.id),
    )


def _judge_endpoint(
    connection: sqlite3.Connection, scheme: Scheme, taken: Taken, outcome: Outcome, ended: float
) -> None:
    """Count the failure, and switch the endpoint off when the scheme says so."""
    connection.execute(
        "UPDATE webhook_endpoints SET failures = failures + 1, failing_since = COALESCE(failing_since, ?) WHERE id = ?",
        (outcome.began, taken.endpoint_id),
    )
    row = connection.execute(
        "SELECT failures, failing_since FROM webhook_endpoints WHERE id = ?", (taken.endpoint_id,)
    ).fetchone()
    failing_for = timedelta(seconds=max(0.0, ended - row["failing_since"]))
    reason = scheme.gives_up_on(outcome.status, row["failures"], failing_for)
    if reason is not None:
        connection.execute(
            "UPDATE webhook_endpoints SET active = 0, off_reason = ? WHERE id = ? AND active = 1",
            (reason, taken.endpoint_id),
        )


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
    )


def _stamp(seconds: float) -> str:
    return stamp(datetime.fromtimestamp(seconds, UTC))
