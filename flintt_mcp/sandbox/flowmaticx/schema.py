"""The tables of the FlowMaticX sandbox: the SQL that makes them, and one sentence for each table and column.

Nothing moves in them by itself: a job is written once, with the moments at which it will start and end and with all its
leads, and what a caller sees of it follows from the clock. So several processes agree, and a restart changes nothing.
Released SQL never changes: add a `Migration`, list it in `sandbox/server.py`, and describe its columns here.
"""

from __future__ import annotations

from flintt_mcp.sandbox.ground.rows import CREATED, Tables
from flintt_mcp.sqlite import Migration

_WORKSPACE = "Owner of the row; no other workspace ever sees it."

TABLES: Tables = {
    "flowmaticx_workspaces": (
        "A workspace with its plan.",
        {
            "id": "Number of the workspace.",
            "name": "Name of the workspace.",
            "plan": "FREE, STARTER or AGENCY; what each includes is in sandbox/flowmaticx/plans.py.",
            "subscribed": "1 while the subscription is active.",
            "api_pilot": "1 for a workspace that has API access although its plan does not include it.",
            "used_in_app": "Credits that people use up in the web app in every period.",
            "created_at": CREATED,
        },
    ),
    "flowmaticx_api_keys": (
        "A key of a workspace; the key itself is never stored.",
        {
            "id": "Number of the key.",
            "workspace_id": "Whose workspace the key opens.",
            "name": "Label a person gave the key.",
            "key_prefix": "First 12 characters, to tell keys apart.",
            "key_digest": "HMAC-SHA256 of the whole key under the secret of this data folder.",
            "scopes": "What the key may do, separated by spaces; * is everything.",
            "revoked_at": "When the key was revoked; from then on it opens nothing.",
            "created_at": CREATED,
        },
    ),
    "flowmaticx_jobs": (
        "A search for leads, with the course it takes.",
        {
            "id": "Number of the job.",
            "workspace_id": _WORKSPACE,
            "idempotency_key": "The Idempotency-Key it was created with, when there was one.",
            "workflow_type": "Where it searches.",
            "keyword": "What it searches for.",
            "location": "Where that should be.",
            "requested_leads": "How many leads were asked for.",
            "ai_enabled": "1 when its leads get an icebreaker, an email and an insight.",
            "include_risky": "1 when leads with a RISKY email count as billable.",
            "outcome": "How it ends: COMPLETED, FAILED or TIMED_OUT.",
            "last_progress": "Progress at its end, in percent; 100 when it completes.",
            "credits_held": "Credits set aside until its end: the price of all leads that were asked for.",
            "credits_charged": "Credits it has cost at its end: the price of its billable leads.",
            "created_at": CREATED,
            "started_at": "When it starts; QUEUED before.",
            "finished_at": "When it ends; RUNNING until then.",
        },
    ),
    "flowmaticx_leads": (
        "A business that a job finds; it is shown from processed_at on.",
        {
            "id": "Number of the lead.",
            "workspace_id": _WORKSPACE,
            "job_id": "The job that finds it.",
            "processed_at": "When it has been found and checked.",
            "business_name": "Name of the business.",
            "category": "Trade of the business.",
            "email": "Email address.",
            "email_status": "VALID, RISKY or INVALID.",
            "decision_maker_name": "Who decides there, when known.",
            "decision_maker_role": "Role of that person.",
            "phone": "Phone number in international form, when known.",
            "website": "Website, when there is one.",
            "domain": "Domain of the email address.",
            "address": "Street and number.",
            "city": "City.",
            "postal_code": "Postal code.",
            "country": "Country, two letters, when the location tells it.",
            "rating": "Stars from 1 to 5, where the source has ratings.",
            "reviews_count": "Number of ratings.",
            "icebreaker": "First sentence of an email; null without AI.",
            "email_subject": "Subject of an email; null without AI.",
            "email_body": "Text of an email; null without AI.",
            "ai_insight": "What stands out; null without AI.",
            "keyword": "The keyword that found it.",
            "is_billable": "1 when the lead costs credits.",
        },
    ),
}

FIRST_TABLES = Migration(
    "flowmaticx: workspaces, keys, jobs, leads",
    (
        """CREATE TABLE flowmaticx_workspaces (
            id INTEGER PRIMARY KEY NOT NULL,
            name TEXT NOT NULL,
            plan TEXT NOT NULL CHECK (plan IN ('FREE', 'STARTER', 'AGENCY')),
            subscribed INTEGER NOT NULL CHECK (subscribed IN (0, 1)),
            api_pilot INTEGER NOT NULL CHECK (api_pilot IN (0, 1)),
            used_in_app INTEGER NOT NULL CHECK (used_in_app >= 0),
            created_at TEXT NOT NULL
        )""",
        """CREATE TABLE flowmaticx_api_keys (
            id INTEGER PRIMARY KEY NOT NULL,
            workspace_id INTEGER NOT NULL REFERENCES flowmaticx_workspaces (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            key_prefix TEXT NOT NULL,
            key_digest TEXT NOT NULL UNIQUE,
            scopes TEXT NOT NULL,
            revoked_at TEXT,
            created_at TEXT NOT NULL
        )""",
        "CREATE INDEX flowmaticx_api_keys_by_prefix ON flowmaticx_api_keys (key_prefix)",
        """CREATE TABLE flowmaticx_jobs (
            id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
            workspace_id INTEGER NOT NULL REFERENCES flowmaticx_workspaces (id) ON DELETE CASCADE,
            idempotency_key TEXT,
            workflow_type TEXT NOT NULL,
            keyword TEXT NOT NULL,
            location TEXT NOT NULL,
            requested_leads INTEGER NOT NULL CHECK (requested_leads BETWEEN 1 AND 500),
            ai_enabled INTEGER NOT NULL CHECK (ai_enabled IN (0, 1)),
            include_risky INTEGER NOT NULL CHECK (include_risky IN (0, 1)),
            outcome TEXT NOT NULL CHECK (outcome IN ('COMPLETED', 'FAILED', 'TIMED_OUT')),
            last_progress INTEGER NOT NULL CHECK (last_progress BETWEEN 0 AND 100),
            credits_held INTEGER NOT NULL,
            credits_charged INTEGER NOT NULL CHECK (credits_charged BETWEEN 0 AND credits_held),
            created_at TEXT NOT NULL,
            started_at TEXT NOT NULL,
            finished_at TEXT NOT NULL,
            UNIQUE (workspace_id, idempotency_key)
        )""",
        "CREATE INDEX flowmaticx_jobs_by_creation ON flowmaticx_jobs (workspace_id, created_at)",
        """CREATE TABLE flowmaticx_leads (
            id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
            workspace_id INTEGER NOT NULL REFERENCES flowmaticx_workspaces (id) ON DELETE CASCADE,
            job_id INTEGER NOT NULL REFERENCES flowmaticx_jobs (id) ON DELETE CASCADE,
            processed_at TEXT NOT NULL,
            business_name TEXT NOT NULL,
            category TEXT NOT NULL,
            email TEXT NOT NULL,
            email_status TEXT NOT NULL CHECK (email_status IN ('VALID', 'RISKY', 'INVALID')),
            decision_maker_name TEXT,
            decision_maker_role TEXT,
            phone TEXT,
            website TEXT,
            domain TEXT NOT NULL,
            address TEXT NOT NULL,
            city TEXT,
            postal_code TEXT,
            country TEXT,
            rating REAL,
            reviews_count INTEGER,
            icebreaker TEXT,
            email_subject TEXT,
            email_body TEXT,
            ai_insight TEXT,
            keyword TEXT NOT NULL,
            is_billable INTEGER NOT NULL CHECK (is_billable IN (0, 1))
        )""",
        "CREATE INDEX flowmaticx_leads_by_time ON flowmaticx_leads (workspace_id, processed_at)",
        "CREATE INDEX flowmaticx_leads_by_job ON flowmaticx_leads (job_id, processed_at)",
    ),
)
