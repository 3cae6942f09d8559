"""The sandbox's own database, seen as the tables of query_workspace: what a snapshot has to equal. It shares no code with it.

In: the folder of a sandbox and its moment. Out: a connection with one view for each table, of the local user's rows.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime
from pathlib import Path

FLINTT = "(SELECT id FROM flintt_users WHERE email = 'you@workspace.example')"
FOUND = f"""
    SELECT {{columns}}, r.id AS run_id, r.signal_id, x.company_name, r.started_at AS found_at,
        (SELECT CASE WHEN count(*) = 1 THEN min(c.id) END FROM flintt_companies c
         WHERE c.name = x.company_name AND c.user_id = r.user_id) AS company_id
    FROM {{table}} x JOIN flintt_runs r ON r.id = x.run_id WHERE r.user_id = {FLINTT}
        AND r.started_at >= (SELECT date(max(started_at), '-90 days') FROM flintt_runs WHERE user_id = {FLINTT})
"""
JUDGED = "x.id, x.confidence, x.signal_summary AS summary, x.why_now, x.evidence_sources ->> '$[0].url' AS evidence_url"
RAW = "x.id, x.signal, x.source_url, x.source_type, x.created_at"
VIEWS = {
    "companies": f"SELECT * FROM flintt_companies WHERE user_id = {FLINTT}",
    "prospects": f"""SELECT *, CAST(estimated_value * 100 AS INTEGER) AS estimated_value_cents,
        max(0, (unixepoch('{{now}}') - unixepoch(stage_since)) / 86400) AS days_in_stage
        FROM flintt_prospects WHERE user_id = {FLINTT}""",
    "signals": f"SELECT *, (SELECT max(started_at) FROM flintt_runs r WHERE r.signal_id = s.id) AS last_run_at "
    f"FROM flintt_signals s WHERE user_id = {FLINTT}",
    "runs": f"""SELECT *, valid_count AS results_count,
        CASE WHEN status IN ('completed', 'partial') THEN ended_at END AS completed_at
        FROM flintt_runs WHERE user_id = {FLINTT}""",
    "findings": FOUND.format(columns=JUDGED, table="flintt_validation_results") + " AND x.is_valid = 1",
    "raw_finds": FOUND.format(columns=RAW, table="flintt_raw_results"),
}


def witness(data_dir: Path, now: datetime) -> sqlite3.Connection:
    """The views over the folder's file."""
    connection = sqlite3.connect(data_dir / "sandbox.db")
    for name, sql in VIEWS.items():
        connection.execute(f"CREATE TEMP TABLE {name} AS {sql.replace('{now}', now.isoformat())}")
    return connection
