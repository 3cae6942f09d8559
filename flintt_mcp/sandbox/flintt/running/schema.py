"""The tables of signals that run: what a signal was built with, how far each run has come, and what was found before.

They stand beside the tables of the API (`flintt/schema.py`) and go with their signal. As there, `TABLES` describes every
column, released SQL never changes, and every row names its owner, but for `sandbox_runner`, which is the machine's.
"""

from __future__ import annotations

from flintt_mcp.sqlite import Migration

_USER = "Owner of the row; no other user ever sees it."

TABLES: dict[str, tuple[str, dict[str, str]]] = {
    "flintt_signal_builds": (
        "How a signal was built, beside its sources.",
        {
            "signal_id": "The signal; one row for each that was built here.",
            "user_id": _USER,
            "opens_deals": "1 when a valid result opens a deal.",
            "deal_stage": "Stage of the deals it opens.",
            "counted_from": "Moments of the schedule after this one count; set when built, resumed or given another schedule.",
            "last_due_at": "The moment of the schedule that was last answered by a run; null before the first.",
        },
    ),
    "flintt_signal_tools": (
        "A source that a signal reads.",
        {
            "signal_id": "The signal.",
            "position": "Place among the sources of the signal, from 0.",
            "user_id": _USER,
            "kind": "feed, page, json or file.",
            "address": "URL, or the path of a file below the allowed folder.",
            "source_type": "What its results are shown as: news, blog, press_release, job_board, registry or social.",
            "items_at": "Where the list is in a JSON document, as keys with dots; null to look for it.",
        },
    ),
    "flintt_run_work": (
        "How a run is carried out; a run without such a row came with the example data.",
        {
            "run_id": "The run.",
            "user_id": _USER,
            "signal_id": "The signal that runs.",
            "due_at": "The moment of the schedule it answers, one run for each; null when somebody asked for it.",
            "runner": "Number of the runner that took it last; null while it waits.",
            "attempts": "How often it was taken up.",
        },
    ),
    "flintt_run_sources": (
        "A source that a run is done with.",
        {
            "run_id": "The run.",
            "position": "Place of the source among those of the signal.",
            "user_id": _USER,
            "item_count": "How many items it held; 0 when it failed.",
            "problem": "Why it could not be read; null when it was.",
            "read_at": "When it was read, or given up.",
        },
    ),
    "flintt_found_items": (
        "An item about a company that a signal has reported; it is not reported again until the signal is built anew.",
        {
            "signal_id": "The signal.",
            "item_key": "Digest of what the source calls the item, else of its address, else of its title.",
            "company_id": "The company it is about.",
            "user_id": _USER,
            "run_id": "The run that found it.",
            "raw_result_id": "The raw result that shows it.",
            "named_as": "How the item writes the company's name: a JSON array.",
            "title": "Headline of the item.",
            "text": "Text of the item, cut at 4000 characters.",
            "published_at": "When the item was published, where it says so.",
            "address_key": "Digest of the address of the item; null when it has none of its own.",
            "position": "Place of the source among those of the signal; null for items of before there was such a column.",
        },
    ),
    "sandbox_runner": (
        "The process that carries out runs; its number grows with each, and a former one can write no more.",
        {
            "id": "The number 1.",
            "number": "How many runners there have been.",
            "pid": "Process id of the latest.",
            "began_at": "When it began (ISO 8601, UTC).",
        },
    ),
}

FIRST_TABLES = Migration(
    "flintt: sources of signals, the work of runs, items found",
    (
        """CREATE TABLE flintt_signal_builds (
            signal_id TEXT PRIMARY KEY NOT NULL REFERENCES flintt_signals (id) ON DELETE CASCADE,
            user_id TEXT NOT NULL REFERENCES flintt_users (id) ON DELETE CASCADE,
            opens_deals INTEGER NOT NULL CHECK (opens_deals IN (0, 1)),
            deal_stage TEXT NOT NULL,
            counted_from TEXT NOT NULL,
            last_due_at TEXT
        )""",
        "CREATE INDEX flintt_signal_builds_by_user ON flintt_signal_builds (user_id)",
        """CREATE TABLE flintt_signal_tools (
            signal_id TEXT NOT NULL REFERENCES flintt_signal_builds (signal_id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            user_id TEXT NOT NULL REFERENCES flintt_users (id) ON DELETE CASCADE,
            kind TEXT NOT NULL CHECK (kind IN ('feed', 'page', 'json', 'file')),
            address TEXT NOT NULL,
            source_type TEXT NOT NULL,
            items_at TEXT,
            PRIMARY KEY (signal_id, position)
        )""",
        "CREATE INDEX flintt_signal_tools_by_user ON flintt_signal_tools (user_id)",
        """CREATE TABLE flintt_run_work (
            run_id TEXT PRIMARY KEY NOT NULL REFERENCES flintt_runs (id) ON DELETE CASCADE,
            user_id TEXT NOT NULL REFERENCES flintt_users (id) ON DELETE CASCADE,
            signal_id TEXT NOT NULL REFERENCES flintt_signals (id) ON DELETE CASCADE,
            due_at TEXT,
            runner INTEGER,
            attempts INTEGER NOT NULL DEFAULT 0,
            UNIQUE (signal_id, due_at)
        )""",
        "CREATE INDEX flintt_run_work_by_user ON flintt_run_work (user_id)",
        "CREATE INDEX flintt_runs_under_way ON flintt_runs (queued_at) WHERE status IN ('pending', 'running')",
        """CREATE TABLE flintt_run_sources (
            run_id TEXT NOT NULL REFERENCES flintt_run_work (run_id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            user_id TEXT NOT NULL REFERENCES flintt_users (id) ON DELETE CASCADE,
            item_count INTEGER NOT NULL,
            problem TEXT,
            read_at TEXT NOT NULL,
            PRIMARY KEY (run_id, position)
        )""",
        "CREATE INDEX flintt_run_sources_by_user ON flintt_run_sources (user_id)",
        """CREATE TABLE flintt_found_items (
            signal_id TEXT NOT NULL REFERENCES flintt_signals (id) ON DELETE CASCADE,
            item_key TEXT NOT NULL,
            company_id TEXT NOT NULL REFERENCES flintt_companies (id) ON DELETE CASCADE,
            user_id TEXT NOT NULL REFERENCES flintt_users (id) ON DELETE CASCADE,
            run_id TEXT NOT NULL REFERENCES flintt_runs (id) ON DELETE CASCADE,
            raw_result_id TEXT NOT NULL UNIQUE REFERENCES flintt_raw_results (id) ON DELETE CASCADE,
            named_as TEXT NOT NULL CHECK (json_valid(named_as)),
            title TEXT NOT NULL,
            text TEXT NOT NULL,
            published_at TEXT,
            PRIMARY KEY (signal_id, item_key, company_id)
        )""",
        "CREATE INDEX flintt_found_items_by_run ON flintt_found_items (run_id)",
        "CREATE INDEX flintt_found_items_by_company ON flintt_found_items (company_id)",
        "CREATE INDEX flintt_found_items_by_user ON flintt_found_items (user_id)",
        """CREATE TABLE sandbox_runner (
            id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
            number INTEGER NOT NULL,
            pid INTEGER NOT NULL,
            began_at TEXT NOT NULL
        )""",
    ),
)

ADDRESSES_OF_ITEMS = Migration(
    "flintt: items are recognised by their id, and by their address where ids cannot be compared",
    (
        "ALTER TABLE flintt_found_items ADD COLUMN address_key TEXT",
        "ALTER TABLE flintt_found_items ADD COLUMN position INTEGER",
        "UPDATE flintt_found_items SET address_key = item_key",
        "CREATE INDEX flintt_found_items_by_address ON flintt_found_items (signal_id, address_key)",
    ),
)
