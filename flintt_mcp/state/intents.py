"""Intents on SQLite, shared by all processes of a server: one row from the first call to the last answer about it.

In: what a caller wants done, and steps of its state. Out: rows as `calls/intent.py` knows them. A step is one conditional
update in one transaction, so of two processes one takes it. Callers are keyed digests; arguments and results lie in the row, in
a private file, until they are forgotten; keys of callers never do.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sqlite3
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from typing import Any, TypeVar
from uuid import uuid4

from flintt_mcp.calls.intent import DAY, STEPS, Intent, IntentReused, OverCap, State, Wanted
from flintt_mcp.catalogue.operation import Effect
from flintt_mcp.settings import Settings
from flintt_mcp.sqlite import Database
from flintt_mcp.state.journal import Journal
from flintt_mcp.state.server_file import refusing, server_file
from flintt_mcp.state.server_keys import derive_keys

T = TypeVar("T")

_COUNTED = (State.EXECUTING, State.DONE, State.UNKNOWN)
"""States that have used what they may cost."""
_WAITING = (State.DRAFT, State.ASKED, State.APPROVED)
"""States that end by the clock when nobody answers."""
_UNSETTLED = (State.EXECUTING, State.UNKNOWN)
"""States of what somebody is at work on, or was: as the index `intents_unsettled` lists them."""
_CHANGEABLE = frozenset({"ends_at", "settles_at", "shown", "how", "reply"})


@contextmanager
def open_intents(settings: Settings) -> Iterator[StoredIntents]:
    """The intents of the servers on a data folder, for whoever decides about them there."""
    with closing(server_file(settings.data_path)) as database:
        key = derive_keys(settings).digest
        yield StoredIntents(database, key, time.time, Journal(key, arguments=settings.audit_arguments))


class StoredIntents:
    """`Intents` on one file.

    `digest_key` keys the digest of what is wanted; `now` is the clock on the wall; `journal` is told of every step in the
    transaction that takes it.
    """

    def __init__(self, database: Database, digest_key: bytes, now: Callable[[], float], journal: Journal) -> None:
        self._database = database
        self._journal = journal
        self._key = hmac.digest(digest_key, b"flintt-mcp intents", hashlib.sha256)
        self._now = now

    async def claim(
        self, wanted: Wanted, state: State, ends_at: float, settles_at: float = 0.0, most: Decimal | None = None
    ) -> tuple[Intent, bool]:
        """As `Intents` says."""

        def claim(connection: sqlite3.Connection) -> tuple[Intent, bool]:
            now = self._now()
            digest = self._digest(wanted)
            _forget(connection, now)
            _refuse_reuse(connection, wanted, digest, now)
            row = _current(connection, wanted, digest, now)
            if row is not None:
                return _intent(row), False
            _hold_to(most, connection, wanted, now)
            intent = Intent(
                id=f"int_{secrets.token_urlsafe(16)}",
                wanted=wanted,
                state=state,
                key=str(uuid4()),
                made_at=now,
                changed_at=now,
                ends_at=ends_at,
                settles_at=settles_at,
            )
            _insert(connection, intent, digest)
            self._journal.note(connection, intent)
            return intent, True

        return await self._run(claim)

    async def standing(self, wanted: Wanted) -> Intent | None:
        """As `Intents` says."""
        digest = self._digest(wanted)

        def standing(connection: sqlite3.Connection) -> Intent | None:
            row = _current(connection, wanted, digest, self._now())
            return None if row is None else _intent(row)

        return await self._run(standing, reading=True)

    async def find(self, id: str, caller: str | None = None) -> Intent | None:
        """As `Intents` says."""

        def find(connection: sqlite3.Connection) -> Intent | None:
            row = connection.execute("SELECT * FROM intents WHERE id = ?", (id,)).fetchone()
            return None if row is None or caller not in (None, row["caller"]) else _intent(row)

        return await self._run(find, reading=True)

    async def step(
        self,
        intent: Intent,
        after: State,
        *,
        before: Collection[State] | None = None,
        request_id: str = "",
        most: Decimal | None = None,
        **changes: Any,
    ) -> Intent | None:
        """As `Intents` says."""
        allowed = {state for state, following in STEPS.items() if after in following}
        befores = sorted(allowed if before is None else allowed & set(before))
        unknown = changes.keys() - _CHANGEABLE
        if unknown:
            raise TypeError(f"no field of an intent changes under the name {', '.join(sorted(unknown))}")

        def step(connection: sqlite3.Connection) -> Intent | None:
            now = self._now()
            sets = ", ".join(f"{name} = :{name}" for name in changes)
            row = connection.execute(
                f"UPDATE intents SET state = :after, changed_at = :now{', ' + sets if sets else ''} "
                f"WHERE id = :id AND state IN ({_listed(befores)}) "
                f"AND (state NOT IN ({_listed(_WAITING)}) OR ends_at > :now OR :after = 'expired') RETURNING *",
                {**changes, "after": after, "now": now, "id": intent.id},
            ).fetchone()
            if row is None:
                return None
            if after is State.DONE and row["effect"] == Effect.DESTROY.value:
                _end_creates(connection, row["caller"], now)
            taken = _intent(row)
            _hold_to(most, connection, taken.wanted, now, but=taken.id)
            self._journal.note(connection, taken, request_id)
            return taken

        return await self._run(step)

    async def follow(self, intent: Intent, change: Callable[[bytes], bytes | None]) -> Intent | None:
        """As `Intents` says."""

        def follow(connection: sqlite3.Connection) -> Intent | None:
            row = connection.execute("SELECT followed FROM intents WHERE id = ?", (intent.id,)).fetchone()
            followed = None if row is None else change(row["followed"])
            if followed is None:
                return None
            row = connection.execute(
                "UPDATE intents SET followed = ? WHERE id = ? RETURNING *", (followed, intent.id)
            ).fetchone()
            return _intent(row)

        return await self._run(follow)

    async def used(self, wanted: Wanted, since: float) -> Decimal:
        """As `Intents` says."""
        digest = self._digest(wanted)

        def used(connection: sqlite3.Connection) -> Decimal:
            same = _current(connection, wanted, digest, self._now())
            return _used(connection, wanted, since, but="" if same is None else same["id"])

        return await self._run(used, reading=True)

    async def by_state(self) -> dict[State, int]:
        """As `Intents` says."""

        def by_state(connection: sqlite3.Connection) -> dict[State, int]:
            rows = connection.execute("SELECT state, COUNT(*) AS many FROM intents GROUP BY state")
            return {State(row["state"]): row["many"] for row in rows}

        return await self._run(by_state, reading=True)

    def _digest(self, wanted: Wanted) -> bytes:
        return hmac.digest(self._key, f"{wanted.tool}\n{wanted.canonical}".encode(), hashlib.sha256)

    async def _run(self, work: Callable[[sqlite3.Connection], T], *, reading: bool = False) -> T:
        with refusing():
            return await (self._database.read(work) if reading else self._database.write(work))


def _forget(connection: sqlite3.Connection, now: float) -> None:
    """Take out what is over and counts for nothing any more."""
    connection.execute(
        "DELETE FROM intents WHERE changed_at <= :before AND ends_at <= :now",
        {"now": now, "before": now - DAY},
    )


def _end_creates(connection: sqlite3.Connection, caller: str, now: float) -> None:
    """Remember no result of a create any longer: what it made may be what was just deleted. One that was named is the same
    intent all the same.
    """
    connection.execute(
        "UPDATE intents SET ends_at = ? WHERE caller = ? AND effect = ? AND state = ? AND named = '' AND ends_at > ?",
        (now, caller, Effect.CREATE.value, State.DONE, now),
    )


def _used(connection: sqlite3.Connection, wanted: Wanted, since: float, but: str) -> Decimal:
    """What the caller of `wanted` has used of its tool since then, without the intent `but`."""
    rows = connection.execute(
        f"SELECT amount FROM intents WHERE caller = ? AND tool = ? AND unit = ? AND changed_at >= ? AND id <> ? "
        f"AND amount IS NOT NULL AND state IN ({_listed(_COUNTED)})",
        (wanted.caller, wanted.tool, wanted.unit, since, but),
    )
    return sum((Decimal(row["amount"]) for row in rows), Decimal(0))


def _hold_to(
    most: Decimal | None, connection: sqlite3.Connection, wanted: Wanted, now: float, *, but: str = ""
) -> None:
    """Undo the transaction where what is wanted and what was used in a day are more than `most` together."""
    if most is not None and _used(connection, wanted, now - DAY, but) + (wanted.amount or 0) > most:
        raise OverCap


def _refuse_reuse(connection: sqlite3.Connection, wanted: Wanted, digest: bytes, now: float) -> None:
    """An `intent_id` stands for one call for a day."""
    if (
        wanted.named
        and connection.execute(
            "SELECT 1 FROM intents WHERE caller = ? AND named = ? AND made_at > ? AND (tool <> ? OR digest <> ?)",
            (wanted.caller, wanted.named, now - DAY, wanted.tool, digest),
        ).fetchone()
    ):
        raise IntentReused


def _current(connection: sqlite3.Connection, wanted: Wanted, digest: bytes, now: float) -> sqlite3.Row | None:
    """The row that stands for `wanted` now: it waits for somebody, it runs, nobody knows, or its result is remembered."""
    same = "SELECT * FROM intents WHERE caller = :caller AND tool = :tool AND digest = :digest AND named = :named"
    return connection.execute(
        f"SELECT * FROM ({same} AND state IN ({_listed((*_WAITING, State.DONE))}) AND ends_at > :now "
        f"UNION ALL {same} AND state IN ({_listed(_UNSETTLED)}) AND changed_at > :now - :day) "
        "ORDER BY made_at DESC LIMIT 1",
        {"caller": wanted.caller, "tool": wanted.tool, "digest": digest, "named": wanted.named, "now": now, "day": DAY},
    ).fetchone()


def _insert(connection: sqlite3.Connection, intent: Intent, digest: bytes) -> None:
    wanted = intent.wanted
    row = {
        **{name: getattr(wanted, name) for name in ("caller", "tool", "canonical", "named", "unit", "remembered")},
        **{name: getattr(intent, name) for name in ("id", "state", "key", "made_at", "changed_at", "ends_at")},
        **{name: getattr(intent, name) for name in ("settles_at", "shown", "how", "reply")},
        "effect": wanted.effect.value,
        "amount": None if wanted.amount is None else str(wanted.amount),
        "digest": digest,
    }
    names = ", ".join(row)
    connection.execute(f"INSERT INTO intents ({names}) VALUES ({', '.join(f':{name}' for name in row)})", row)


def _intent(row: sqlite3.Row) -> Intent:
    wanted = Wanted(
        effect=Effect(row["effect"]),
        amount=None if row["amount"] is None else Decimal(row["amount"]),
        **{name: row[name] for name in ("caller", "tool", "canonical", "named", "unit", "remembered")},
    )
    times = ("made_at", "changed_at", "ends_at", "settles_at")
    rest = {name: row[name] for name in ("id", "key", "shown", "how", "reply", "followed", *times)}
    return Intent(wanted=wanted, state=State(row["state"]), **rest)


def _listed(states: Collection[State]) -> str:
    return ", ".join(f"'{state}'" for state in sorted(states))
