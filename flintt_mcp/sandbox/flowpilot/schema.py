"""The tables of the FlowPilot sandbox: the SQL that makes them, and one sentence for each table and column.

`TABLES` and the SQL stand side by side on purpose; a test holds each to the other. Released SQL never changes: add a
`Migration`, list it in `sandbox/server.py`, and describe its columns here. Amounts are whole kobo. Every row names its
organisation, so that no query has to trust a join for it.
"""

from __future__ import annotations

from flintt_mcp.sandbox.ground.rows import CREATED, Tables
from flintt_mcp.sqlite import Migration

_OWNER = "Organisation the row belongs to; no other ever sees it."

TABLES: Tables = {
    "flowpilot_organisations": (
        "An organisation with a treasury of its own.",
        {"id": "UUID of the organisation.", "name": "Its name.", "created_at": CREATED},
    ),
    "flowpilot_api_keys": (
        "A key for the public API; the key itself is never stored.",
        {
            "id": "UUID of the key.",
            "organisation_id": "Whose treasury the key opens.",
            "name": "Label a person gave the key.",
            "key_prefix": "First 12 characters, to find the key by.",
            "key_digest": "HMAC-SHA256 of the whole key under the secret of this data folder.",
            "scopes": "JSON array of the scopes the key has.",
            "expires_at": "From when on the key opens nothing; null when it does not expire.",
            "revoked_at": "When the key was revoked; from then on it opens nothing.",
            "created_at": CREATED,
        },
    ),
    "flowpilot_wallets": (
        "The one wallet of an organisation.",
        {
            "organisation_id": _OWNER,
            "currency": "NGN.",
            "opening_kobo": "What was in it at first; less all successful debits it is the balance.",
            "balance_kobo": "What is in it now.",
            "ai_credits": "AI credits left; planning a run takes one while there are any.",
            "updated_at": "When the balance or the credits last changed (ISO 8601, UTC).",
        },
    ),
    "flowpilot_recipients": (
        "A saved beneficiary.",
        {
            "id": "UUID of the recipient.",
            "organisation_id": _OWNER,
            "name": "Name as given.",
            "name_key": "The name as it is searched: Unicode NFKC, case folded.",
            "account_number": "Account number, ten digits.",
            "institution_code": "Bank code given by the CBN.",
            "bank_name": "Name of the bank; null when neither given nor known.",
            "narration_note": "Default narration; null for none.",
            "created_at": CREATED,
        },
    ),
    "flowpilot_runs": (
        "One payment batch.",
        {
            "id": "UUID of the run.",
            "organisation_id": _OWNER,
            "objective": "What is to be paid, in words.",
            "status": "pending, planning, scoring, awaiting_approval, completed or failed.",
            "risk_tolerance": "Up to which risk score a candidate is approved without a person, 0 to 1.",
            "budget_kobo": "The most that its candidates may come to.",
            "due_at": "When the run takes its next step by itself; null when it waits for a person, has ended or is held.",
            "failure": "Why it failed; null when it did not.",
            "created_at": CREATED,
            "updated_at": "When the status last changed (ISO 8601, UTC).",
        },
    ),
    "flowpilot_candidates": (
        "One payment of a run, with a copy of whom it goes to.",
        {
            "id": "UUID of the candidate.",
            "organisation_id": _OWNER,
            "run_id": "The run it belongs to.",
            "beneficiary_name": "Name of the recipient when the run was planned.",
            "account_number": "Account number then.",
            "institution_code": "Bank code then.",
            "amount_kobo": "What is to be paid.",
            "currency": "NGN.",
            "risk_score": "From 0 to 1; null until scored.",
            "risk_decision": "auto_approved, manual_review or flagged; null until scored.",
            "approval_status": "pending, approved or rejected.",
            "execution_status": "pending, processing, success, failed or cancelled.",
            "created_at": CREATED,
        },
    ),
    "flowpilot_transactions": (
        "One movement of funds: there is exactly one for each candidate that was executed.",
        {
            "id": "UUID of the transaction.",
            "organisation_id": _OWNER,
            "run_id": "The run that caused it.",
            "candidate_id": "The candidate that was paid.",
            "reference": "FP-YYYYMMDD-NNNNN, counted per day over all organisations.",
            "amount_kobo": "What was moved.",
            "currency": "NGN.",
            "direction": "debit.",
            "status": "SUCCESS (the wallet was debited), PENDING (the amount is set aside) or FAILED (nothing moved).",
            "channel": "NIP.",
            "settles_at": "When a pending one succeeds by itself; null when it is settled.",
            "created_at": CREATED,
        },
    ),
    "flowpilot_audit_events": (
        "One thing that an agent or a person did in a run.",
        {
            "id": "UUID of the event.",
            "organisation_id": _OWNER,
            "run_id": "The run it was done in.",
            "agent_type": "human, planner, risk, approval or execution.",
            "action": "What was done.",
            "detail": "JSON object with the numbers of it; amounts are exact.",
            "created_at": CREATED,
        },
    ),
}

_ORGANISATION = "organisation_id TEXT NOT NULL REFERENCES flowpilot_organisations (id) ON DELETE CASCADE"
_RUN = "run_id TEXT NOT NULL REFERENCES flowpilot_runs (id) ON DELETE CASCADE"

FIRST_TABLES = Migration(
    "flowpilot: organisations, keys, wallets, recipients, runs, candidates, transactions, audit events",
    (
        """CREATE TABLE flowpilot_organisations (
            id TEXT PRIMARY KEY NOT NULL,
            name TEXT NOT NULL,
            created_at TEXT NOT NULL
        )""",
        f"""CREATE TABLE flowpilot_api_keys (
            id TEXT PRIMARY KEY NOT NULL,
            {_ORGANISATION},
            name TEXT NOT NULL,
            key_prefix TEXT NOT NULL,
            key_digest TEXT NOT NULL UNIQUE,
            scopes TEXT NOT NULL CHECK (json_valid(scopes)),
            expires_at TEXT,
            revoked_at TEXT,
            created_at TEXT NOT NULL
        )""",
        "CREATE INDEX flowpilot_api_keys_by_prefix ON flowpilot_api_keys (key_prefix)",
        "CREATE INDEX flowpilot_api_keys_by_organisation ON flowpilot_api_keys (organisation_id)",
        """CREATE TABLE flowpilot_wallets (
            organisation_id TEXT PRIMARY KEY NOT NULL REFERENCES flowpilot_organisations (id) ON DELETE CASCADE,
            currency TEXT NOT NULL,
            opening_kobo INTEGER NOT NULL CHECK (typeof(opening_kobo) = 'integer' AND opening_kobo >= 0),
            balance_kobo INTEGER NOT NULL CHECK (typeof(balance_kobo) = 'integer' AND balance_kobo >= 0),
            ai_credits INTEGER NOT NULL CHECK (ai_credits >= 0),
            updated_at TEXT NOT NULL
        )""",
        f"""CREATE TABLE flowpilot_recipients (
            id TEXT PRIMARY KEY NOT NULL,
            {_ORGANISATION},
            name TEXT NOT NULL,
            name_key TEXT NOT NULL,
            account_number TEXT NOT NULL,
            institution_code TEXT NOT NULL,
            bank_name TEXT,
            narration_note TEXT,
            created_at TEXT NOT NULL
        )""",
        "CREATE INDEX flowpilot_recipients_by_organisation ON flowpilot_recipients (organisation_id, created_at)",
        f"""CREATE TABLE flowpilot_runs (
            id TEXT PRIMARY KEY NOT NULL,
            {_ORGANISATION},
            objective TEXT NOT NULL,
            status TEXT NOT NULL
                CHECK (status IN ('pending', 'planning', 'scoring', 'awaiting_approval', 'completed', 'failed')),
            risk_tolerance REAL NOT NULL CHECK (risk_tolerance BETWEEN 0 AND 1),
            budget_kobo INTEGER NOT NULL CHECK (typeof(budget_kobo) = 'integer' AND budget_kobo > 0),
            due_at TEXT CHECK (due_at IS NULL OR status IN ('pending', 'planning', 'scoring')),
            failure TEXT CHECK (failure IS NULL OR status = 'failed'),
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL
        )""",
        "CREATE INDEX flowpilot_runs_by_organisation ON flowpilot_runs (organisation_id, created_at)",
        "CREATE INDEX flowpilot_runs_due ON flowpilot_runs (due_at) WHERE due_at IS NOT NULL",
        f"""CREATE TABLE flowpilot_candidates (
            id TEXT PRIMARY KEY NOT NULL,
            {_ORGANISATION},
            {_RUN},
            beneficiary_name TEXT NOT NULL,
            account_number TEXT NOT NULL,
            institution_code TEXT NOT NULL,
            amount_kobo INTEGER NOT NULL CHECK (typeof(amount_kobo) = 'integer' AND amount_kobo > 0),
            currency TEXT NOT NULL,
            risk_score REAL CHECK (risk_score BETWEEN 0 AND 1),
            risk_decision TEXT CHECK (risk_decision IN ('auto_approved', 'manual_review', 'flagged')),
            approval_status TEXT NOT NULL DEFAULT 'pending'
                CHECK (approval_status IN ('pending', 'approved', 'rejected')),
            execution_status TEXT NOT NULL DEFAULT 'pending'
                CHECK (execution_status IN ('pending', 'processing', 'success', 'failed', 'cancelled')),
            created_at TEXT NOT NULL
        )""",
        "CREATE INDEX flowpilot_candidates_by_run ON flowpilot_candidates (run_id)",
        "CREATE INDEX flowpilot_candidates_by_account ON flowpilot_candidates (organisation_id, account_number)",
        f"""CREATE TABLE flowpilot_transactions (
            id TEXT PRIMARY KEY NOT NULL,
            {_ORGANISATION},
            {_RUN},
            candidate_id TEXT NOT NULL UNIQUE REFERENCES flowpilot_candidates (id) ON DELETE CASCADE,
            reference TEXT NOT NULL UNIQUE,
            amount_kobo INTEGER NOT NULL CHECK (typeof(amount_kobo) = 'integer' AND amount_kobo > 0),
            currency TEXT NOT NULL,
            direction TEXT NOT NULL CHECK (direction = 'debit'),
            status TEXT NOT NULL CHECK (status IN ('SUCCESS', 'PENDING', 'FAILED')),
            channel TEXT NOT NULL,
            settles_at TEXT CHECK (settles_at IS NULL OR status = 'PENDING'),
            created_at TEXT NOT NULL
        )""",
        "CREATE INDEX flowpilot_transactions_by_organisation ON flowpilot_transactions (organisation_id, created_at)",
        "CREATE INDEX flowpilot_transactions_by_run ON flowpilot_transactions (run_id)",
        "CREATE INDEX flowpilot_transactions_due ON flowpilot_transactions (settles_at) WHERE settles_at IS NOT NULL",
        f"""CREATE TABLE flowpilot_audit_events (
            id TEXT PRIMARY KEY NOT NULL,
            {_ORGANISATION},
            {_RUN},
            agent_type TEXT NOT NULL,
            action TEXT NOT NULL,
            detail TEXT NOT NULL CHECK (json_valid(detail)),
            created_at TEXT NOT NULL
        )""",
        "CREATE INDEX flowpilot_audit_events_by_organisation ON flowpilot_audit_events (organisation_id, created_at)",
        "CREATE INDEX flowpilot_audit_events_by_run ON flowpilot_audit_events (run_id)",
    ),
)
