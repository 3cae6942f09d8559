"""The tables of the Flintt sandbox: the SQL that makes them, and one sentence for each table and column.

`TABLES` and the SQL stand side by side on purpose; a test holds each to the other, and docs/sql-structure.md to both.
Released SQL never changes: add a `Migration`, list it in `sandbox/server.py`, and describe its columns here. Every row
names its owner in user_id, also where it could be looked up, so that no query has to trust a join for it.
"""

from __future__ import annotations

from flintt_mcp.sandbox.ground.rows import CREATED, UPDATED, Tables
from flintt_mcp.sqlite import Migration

_USER = "Owner of the row; no other user ever sees it."

TABLES: Tables = {
    "flintt_users": (
        "A person with a workspace of their own.",
        {
            "id": "UUID of the user.",
            "name": "Full name.",
            "email": "Email address.",
            "created_at": CREATED,
        },
    ),
    "flintt_api_keys": (
        "A key for the /v1 endpoints; the key itself is never stored.",
        {
            "id": "UUID of the key.",
            "user_id": "Whose workspace the key opens.",
            "name": "Label a person gave the key.",
            "key_prefix": "First 12 characters, to tell keys apart.",
            "key_digest": "HMAC-SHA256 of the whole key under the secret of this data folder.",
            "last_used_at": "When the key last opened a request, kept to the minute; null when never.",
            "revoked_at": "When the key was revoked; from then on it opens nothing.",
            "created_at": CREATED,
            "own": "1 for the key that /api/api-key made, of which a user has one at a time; else 0.",
        },
    ),
    "flintt_companies": (
        "A company that is watched.",
        {
            "id": "UUID of the company.",
            "user_id": _USER,
            "name": "Company name as given.",
            "name_key": "The name as it is searched: Unicode NFKC, case folded.",
            "domain": "Primary website domain.",
            "sector": "Industry sector.",
            "size": "Headcount range, such as 51-200.",
            "website": "URL of the website.",
            "estimated_revenue": "Revenue estimate, as text.",
            "logo_url": "URL of the logo.",
            "linkedin_url": "URL of the LinkedIn page.",
            "enrichment_data": "What runs found out about the company: a JSON object.",
            "created_at": CREATED,
            "updated_at": UPDATED,
        },
    ),
    "flintt_prospects": (
        "A pipeline deal: a company at a stage, a person, or both.",
        {
            "id": "UUID of the deal.",
            "user_id": _USER,
            "company_id": "The company the deal is with; null for a person without one.",
            "name": "Full name of the person.",
            "email": "Work email address of the person.",
            "title": "Job title of the person.",
            "linkedin_url": "LinkedIn profile of the person.",
            "stage": "Key of the pipeline stage.",
            "next_step": "Short note on the next action.",
            "estimated_value": "Deal value in the currency of the account.",
            "lead_score": "Score from 0 to 100; null until scored.",
            "visibility": "Whether the deal is shown: active or archived.",
            "stage_since": "When the deal entered its stage; days_in_stage is counted from it.",
            "created_at": CREATED,
            "updated_at": UPDATED,
        },
    ),
    "flintt_signals": (
        "Something to watch for, and when to look.",
        {
            "id": "UUID of the signal.",
            "user_id": _USER,
            "name": "Name, at most 160 characters.",
            "description": "What the signal looks for.",
            "frequency": "daily, weekly or monthly; null when a schedule or nothing decides.",
            "schedule": "Cron expression with five fields; null when a frequency or nothing decides.",
            "status": "draft, active or paused.",
            "tool_count": "How many sources were attached when the signal was built.",
            "built_at": "When the signal was built; null until then, and until then it stays a draft.",
            "created_at": CREATED,
            "updated_at": UPDATED,
        },
    ),
    "flintt_runs": (
        "One execution of a signal; goes when its signal goes.",
        {
            "id": "UUID of the run.",
            "user_id": _USER,
            "signal_id": "The signal that ran.",
            "status": "pending, running, completed, partial or failed.",
            "run_mode": "scheduled or manual.",
            "queued_at": "When the run was asked for; orders runs that have not started.",
            "started_at": "When the run started; null while pending.",
            "ended_at": "When the run ended, well or not; null until then.",
            "raw_count": "How many raw results were collected.",
            "valid_count": "How many results were found valid.",
            "deal_count": "How many deals the run opened.",
        },
    ),
    "flintt_raw_results": (
        "One item that a run collected, before it is judged; goes when its run goes.",
        {
            "id": "rr_ and a UUID.",
            "user_id": _USER,
            "run_id": "The run that collected it.",
            "company_name": "Company the item is about.",
            "signal": "What the item says.",
            "source_url": "Where the item was found.",
            "source_type": "news, blog, press_release, job_board, registry or social.",
            "created_at": CREATED,
        },
    ),
    "flintt_validation_results": (
        "The judgement on one raw result; goes when its run goes.",
        {
            "id": "vr_ and a UUID.",
            "user_id": _USER,
            "run_id": "The run that judged.",
            "raw_result_id": "The raw result that was judged.",
            "is_valid": "1 when the item is what the signal looks for, else 0.",
            "confidence": "How sure the judgement is, from 0 to 1.",
            "company_name": "Company the item is about.",
            "signal_summary": "The item in one sentence.",
            "why_now": "Why it is a reason to act now; null when it is not valid.",
            "evidence_sources": "JSON array of {url, title}.",
            "created_at": CREATED,
        },
    ),
}

FIRST_TABLES = Migration(
    "flintt: users, keys, companies, prospects, signals, runs and results",
    (
        """CREATE TABLE flintt_users (
            id TEXT PRIMARY KEY NOT NULL,
            name TEXT NOT NULL,
            email TEXT NOT NULL UNIQUE,
            created_at TEXT NOT NULL
        )""",
        """CREATE TABLE flintt_api_keys (
            id TEXT PRIMARY KEY NOT NULL,
            user_id TEXT NOT NULL REFERENCES flintt_users (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            key_prefix TEXT NOT NULL,
            key_digest TEXT NOT NULL UNIQUE,
            last_used_at TEXT,
            revoked_at TEXT,
            created_at TEXT NOT NULL
        )""",
        "CREATE INDEX flintt_api_keys_by_prefix ON flintt_api_keys (key_prefix)",
        "CREATE INDEX flintt_api_keys_by_user ON flintt_api_keys (user_id)",
        """CREATE TABLE flintt_companies (
            id TEXT PRIMARY KEY NOT NULL,
            user_id TEXT NOT NULL REFERENCES flintt_users (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            name_key TEXT NOT NULL,
            domain TEXT,
            sector TEXT,
            size TEXT,
            website TEXT,
            estimated_revenue TEXT,
            logo_url TEXT,
            linkedin_url TEXT,
            enrichment_data TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(enrichment_data)),
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL
        )""",
        "CREATE INDEX flintt_companies_by_update ON flintt_companies (user_id, updated_at)",
        """CREATE TABLE flintt_prospects (
            id TEXT PRIMARY KEY NOT NULL,
            user_id TEXT NOT NULL REFERENCES flintt_users (id) ON DELETE CASCADE,
            company_id TEXT REFERENCES flintt_companies (id) ON DELETE CASCADE,
            name TEXT,
            email TEXT,
            title TEXT,
            linkedin_url TEXT,
            stage TEXT NOT NULL DEFAULT 'prospect',
            next_step TEXT,
            estimated_value NUMERIC,
            lead_score INTEGER CHECK (lead_score BETWEEN 0 AND 100),
            visibility TEXT NOT NULL DEFAULT 'active' CHECK (visibility IN ('active', 'archived')),
            stage_since TEXT NOT NULL,
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL,
            CHECK (company_id IS NOT NULL OR name IS NOT NULL)
        )""",
        "CREATE INDEX flintt_prospects_by_update ON flintt_prospects (user_id, updated_at)",
        "CREATE INDEX flintt_prospects_by_stage ON flintt_prospects (user_id, stage, updated_at)",
        "CREATE INDEX flintt_prospects_by_company ON flintt_prospects (company_id)",
        """CREATE TABLE flintt_signals (
            id TEXT PRIMARY KEY NOT NULL,
            user_id TEXT NOT NULL REFERENCES flintt_users (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            description TEXT,
            frequency TEXT CHECK (frequency IN ('daily', 'weekly', 'monthly')),
            schedule TEXT,
            status TEXT NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'active', 'paused')),
            tool_count INTEGER NOT NULL DEFAULT 0,
            built_at TEXT,
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL,
            CHECK (frequency IS NULL OR schedule IS NULL),
            CHECK (status = 'draft' OR built_at IS NOT NULL)
        )""",
        "CREATE INDEX flintt_signals_by_user ON flintt_signals (user_id, created_at)",
        """CREATE TABLE flintt_runs (
            id TEXT PRIMARY KEY NOT NULL,
            user_id TEXT NOT NULL REFERENCES flintt_users (id) ON DELETE CASCADE,
            signal_id TEXT NOT NULL REFERENCES flintt_signals (id) ON DELETE CASCADE,
            status TEXT NOT NULL CHECK (status IN ('pending', 'running', 'completed', 'partial', 'failed')),
            run_mode TEXT NOT NULL CHECK (run_mode IN ('scheduled', 'manual')),
            queued_at TEXT NOT NULL,
            started_at TEXT,
            ended_at TEXT,
            raw_count INTEGER NOT NULL DEFAULT 0,
            valid_count INTEGER NOT NULL DEFAULT 0,
            deal_count INTEGER NOT NULL DEFAULT 0
        )""",
        "CREATE INDEX flintt_runs_by_user ON flintt_runs (user_id, COALESCE(started_at, queued_at))",
        "CREATE INDEX flintt_runs_by_signal ON flintt_runs (signal_id, COALESCE(started_at, queued_at))",
        """CREATE TABLE flintt_raw_results (
            id TEXT PRIMARY KEY NOT NULL,
            user_id TEXT NOT NULL REFERENCES flintt_users (id) ON DELETE CASCADE,
            run_id TEXT NOT NULL REFERENCES flintt_runs (id) ON DELETE CASCADE,
            company_name TEXT NOT NULL,
            signal TEXT NOT NULL,
            source_url TEXT NOT NULL,
            source_type TEXT NOT NULL,
            created_at TEXT NOT NULL
        )""",
        "CREATE INDEX flintt_raw_results_by_run ON flintt_raw_results (run_id, created_at)",
        "CREATE INDEX flintt_raw_results_by_user ON flintt_raw_results (user_id)",
        """CREATE TABLE flintt_validation_results (
            id TEXT PRIMARY KEY NOT NULL,
            user_id TEXT NOT NULL REFERENCES flintt_users (id) ON DELETE CASCADE,
            run_id TEXT NOT NULL REFERENCES flintt_runs (id) ON DELETE CASCADE,
            raw_result_id TEXT NOT NULL REFERENCES flintt_raw_results (id) ON DELETE CASCADE,
            is_valid INTEGER NOT NULL CHECK (is_valid IN (0, 1)),
            confidence REAL NOT NULL CHECK (confidence BETWEEN 0 AND 1),
            company_name TEXT NOT NULL,
            signal_summary TEXT NOT NULL,
            why_now TEXT,
            evidence_sources TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(evidence_sources)),
            created_at TEXT NOT NULL
        )""",
        "CREATE INDEX flintt_validation_results_by_run ON flintt_validation_results (run_id, created_at)",
        "CREATE INDEX flintt_validation_results_by_raw_result ON flintt_validation_results (raw_result_id)",
        "CREATE INDEX flintt_validation_results_by_user ON flintt_validation_results (user_id)",
    ),
)

OWN_KEY = Migration(
    "flintt: the one key that /api/api-key makes",
    (
        "ALTER TABLE flintt_api_keys ADD COLUMN own INTEGER NOT NULL DEFAULT 0 CHECK (own IN (0, 1))",
        "CREATE UNIQUE INDEX flintt_api_keys_own ON flintt_api_keys (user_id) WHERE own = 1 AND revoked_at IS NULL",
    ),
)
