"""What a run found: raw results, each one item about one company, and which of them wait for their judgement.

In: an open transaction, a task, items and the companies they name. Out: rows, and what to judge. Results have ids made of run, item
and company; an item that the signal has reported is not reported again, however often and through whichever source it comes.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from flintt_mcp.sandbox.flintt.running.finding.matching import Mention
from flintt_mcp.sandbox.flintt.running.sources.identity import Item
from flintt_mcp.sandbox.flintt.running.task import Source, Task
from flintt_mcp.sandbox.ground.clock import read_stamp, stamp
from flintt_mcp.sandbox.ground.rows import insert


@dataclass(frozen=True, slots=True)
class Reading:
    """What a source was found to hold: how many items, and those that name companies, with where they do."""

    items: int
    named: Sequence[tuple[Item, Sequence[Mention]]]


@dataclass(frozen=True, slots=True)
class Found:
    """A raw result that waits for its judgement."""

    raw_result_id: str
    company_id: str
    company: str
    names: tuple[str, ...]
    title: str
    text: str
    url: str
    published_at: datetime | None


def add_raw_result(
    connection: sqlite3.Connection, task: Task, source: Source, item: Item, mention: Mention, now: datetime
) -> None:
    """Add what an item says about a company, unless the signal has reported it before."""
    if _is_reported(connection, task, source, item, mention):
        return
    raw_id = f"rr_{uuid5(UUID(task.run_id), f'{item.key}/{mention.company_id}')}"
    owner = {"user_id": task.user_id, "run_id": task.run_id}
    shown = {
        "id": raw_id,
        "company_name": mention.name,
        "signal": item.title,
        "source_url": item.url,
        "source_type": source.source_type,
        "created_at": stamp(now),
    }
    insert(connection, "flintt_raw_results", owner | shown)
    kept = {
        "signal_id": task.signal_id,
        "item_key": item.key,
        "address_key": item.address_key,
        "position": source.position,
        "company_id": mention.company_id,
        "raw_result_id": raw_id,
        "named_as": json.dumps(sorted(mention.as_written), ensure_ascii=False),
        "title": item.title,
        "text": item.text,
        "published_at": item.published_at,
    }
    insert(connection, "flintt_found_items", owner | kept)


def _is_reported(connection: sqlite3.Connection, task: Task, source: Source, item: Item, mention: Mention) -> bool:
    """Whether the signal has reported the item about this company before.

    The same key says so. The same address does where keys cannot be compared: one of the two has no id (its key is that of its
    address), or they came from different sources, which call one article by different ids.
    """
    return (
        connection.execute(
            """SELECT 1 FROM flintt_found_items WHERE signal_id = :signal AND company_id = :company AND (item_key = :key
                OR (address_key = :address AND (:key = :address OR item_key = address_key OR position IS NOT :position)))""",
            {
                "signal": task.signal_id,
                "company": mention.company_id,
                "key": item.key,
                "address": item.address_key,
                "position": source.position,
            },
        ).fetchone()
        is not None
    )


def count_results(connection: sqlite3.Connection, task: Task) -> None:
    """Make the counts of a run those of its results."""
    connection.execute(
        """UPDATE flintt_runs SET raw_count = (SELECT count(*) FROM flintt_raw_results WHERE run_id = :run),
            valid_count = (SELECT total(is_valid) FROM flintt_validation_results WHERE run_id = :run) WHERE id = :run""",
        {"run": task.run_id},
    )


def unjudged(connection: sqlite3.Connection, task: Task) -> list[Found]:
    """The raw results of a run that wait for their judgement, in the order in which they were found."""
    rows = connection.execute(
        """SELECT raw.id, items.company_id, raw.company_name, items.named_as, items.title, items.text, raw.source_url,
            items.published_at
            FROM flintt_raw_results AS raw JOIN flintt_found_items AS items ON items.raw_result_id = raw.id
            WHERE raw.run_id = ? AND NOT EXISTS (SELECT 1 FROM flintt_validation_results WHERE raw_result_id = raw.id)
            ORDER BY raw.rowid""",
        (task.run_id,),
    )
    return [
        Found(
            raw_result_id=row["id"],
            company_id=row["company_id"],
            company=row["company_name"],
            names=tuple(json.loads(row["named_as"])),
            title=row["title"],
            text=row["text"],
            url=row["source_url"],
            published_at=read_stamp(row["published_at"]) if row["published_at"] else None,
        )
        for row in rows
    ]
