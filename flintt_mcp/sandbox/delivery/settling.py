"""Writes down how an attempt ended, and what follows from it for the delivery and its endpoint.

In: an open transaction, an attempt that ended. Out: a row in the log, a delivery that is over or waits for its next attempt, an
endpoint that counts its failures and may be switched off. A delivery that is no longer the holder's own is left as it is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flintt_mcp.sandbox.delivery.queue import Taken
from flintt_mcp.sandbox.delivery.scheme import Scheme
from flintt_mcp.sandbox.ground.clock import stamp


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended: `status` when there was an answer, `error` unless it was accepted. Times in seconds."""

    began: float
    took: float
    status: int | None = None
    error: str | None = None

    @property
    def ended(self) -> float:
        return self.began + self.took


@dataclass(frozen=True, slots=True)
class Ended:
    """An attempt that is over; `random` from 0 to 1 spreads the next ones of deliveries that failed together."""

    taken: Taken
    outcome: Outcome
    random: float


def settle(connection: sqlite3.Connection, schemes: Mapping[str, Scheme], holder: str, ended: Ended) -> None:
    """Write down an attempt, and what follows from it."""
    taken, outcome = ended.taken, ended.outcome
    row = connection.execute(
        "SELECT owner_id, tries FROM webhook_deliveries WHERE id = ? AND state = 'pending' AND holder = ?",
        (taken.id, holder),
    ).fetchone()
    if row is None:  # deleted with its endpoint, or another process took it over
        return
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
        _accepted(connection, taken, outcome)
    else:
        scheme, tries = schemes[taken.scheme], row["tries"] + 1
        _refused(connection, ended, tries, scheme.wait(tries, ended.random))
        _judge_endpoint(connection, scheme, taken, outcome)


def _accepted(connection: sqlite3.Connection, taken: Taken, outcome: Outcome) -> None:
    connection.execute(
        """UPDATE webhook_deliveries SET state = 'delivered', ended_at = ?, holder = NULL, lease_until = NULL, due_at = NULL
            WHERE id = ?""",
        (_stamp(outcome.ended), taken.id),
    )
    connection.execute(
        "UPDATE webhook_endpoints SET failures = 0, failing_since = NULL WHERE id = ? AND failures > 0",
        (taken.endpoint_id,),
    )


def _refused(connection: sqlite3.Connection, ended: Ended, tries: int, wait: float | None) -> None:
    moment = ended.outcome.ended
    state, due, over = ("failed", None, _stamp(moment)) if wait is None else ("pending", moment + wait, None)
    connection.execute(
        """UPDATE webhook_deliveries SET state = ?, tries = ?, due_at = ?, ended_at = ?, holder = NULL, lease_until = NULL
            WHERE id = ?""",
        (state, tries, due, over, ended.taken.id),
    )


def _judge_endpoint(connection: sqlite3.Connection, scheme: Scheme, taken: Taken, outcome: Outcome) -> None:
    """Count the failure, and switch the endpoint off when the scheme says so."""
    connection.execute(
        "UPDATE webhook_endpoints SET failures = failures + 1, failing_since = COALESCE(failing_since, ?) WHERE id = ?",
        (outcome.began, taken.endpoint_id),
    )
    row = connection.execute(
        "SELECT failures, failing_since FROM webhook_endpoints WHERE id = ?", (taken.endpoint_id,)
    ).fetchone()
    failing_for = timedelta(seconds=max(0.0, outcome.ended - row["failing_since"]))
    reason = scheme.gives_up_on(outcome.status, row["failures"], failing_for)
    if reason is not None:
        connection.execute(
            "UPDATE webhook_endpoints SET active = 0, off_reason = ? WHERE id = ? AND active = 1",
            (reason, taken.endpoint_id),
        )


def _stamp(seconds: float) -> str:
    return stamp(datetime.fromtimestamp(seconds, UTC))
