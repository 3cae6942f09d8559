"""The example rows: how many, how believable, and the same on every machine."""

from __future__ import annotations

import hashlib
import sqlite3

import pytest

from flintt_mcp.sandbox.flowmaticx.keys import SANDBOX_KEYS
from flintt_mcp.sandbox.flowmaticx.schema import TABLES
from tests.sandbox.flowmaticx.flowmaticx_client import data_of

SEED_DIGEST = "8c5f00091d8aa352318e4c5bfc48142a1a2e73088fb4df2ddac23b57c55d8ffc"


def rows(folder, query: str) -> list[tuple]:
    connection = sqlite3.connect(folder / "sandbox.db")
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_the_seed_is_the_same_on_every_machine(seeded):
    digest = hashlib.sha256()
    for table, (_, columns) in sorted(TABLES.items()):
        # Digests of keys differ by folder, as the secret does.
        kept = ", ".join(column for column in columns if column != "key_digest")
        for row in rows(seeded, f"SELECT {kept} FROM {table} ORDER BY rowid"):
            digest.update(repr((table, row)).encode())

    # Change this line only together with the seed: people who follow the documentation see exactly these rows.
    assert digest.hexdigest() == SEED_DIGEST


@pytest.mark.anyio
async def test_the_first_job_is_the_one_of_the_text(leads):
    job = (await data_of(leads, "jobs", limit=100))["jobs"][-1]

    assert job | {"foundLeads": 47, "processedLeads": 47, "creditsUsed": 94} == {
        "id": 10042,
        "workflowType": "GOOGLE_MAPS",
        "keyword": "plumber",
        "location": "Manchester, UK",
        "requestedLeads": 50,
        "foundLeads": 47,
        "processedLeads": 47,
        "creditsUsed": 94,
        "status": "COMPLETED",
        "progress": 100,
        "createdAt": "2026-05-04T10:00:00Z",
        "startedAt": "2026-05-04T10:00:05Z",
        "finishedAt": "2026-05-04T10:02:15Z",
    }


@pytest.mark.anyio
async def test_the_seeded_workspace_is_at_rest_and_every_workflow_type_occurs(leads):
    jobs = (await data_of(leads, "jobs", limit=100))["jobs"]

    assert len(jobs) == 40
    assert {job["status"] for job in jobs} == {"COMPLETED", "FAILED", "TIMED_OUT"}
    assert {job["workflowType"] for job in jobs} == {
        "GOOGLE_MAPS",
        "LINKEDIN",
        "INSTAGRAM",
        "TIKTOK",
        "FACEBOOK",
        "YELLOW_PAGES",
        "CUSTOM",
    }


def test_no_month_of_the_seed_spent_more_than_the_plan_has(seeded):
    months = rows(
        seeded,
        """SELECT substr(created_at, 1, 7), sum(credits_held) FROM flowmaticx_jobs WHERE workspace_id = 1
           GROUP BY 1 HAVING sum(credits_held) > 1500""",
    )
    assert months == []


def test_nobody_real_is_in_it(seeded):
    found = rows(seeded, "SELECT email, domain, phone FROM flowmaticx_leads")

    assert all(email.split("@")[1] == domain and domain.endswith(".example") for email, domain, _ in found)
    assert all(phone is None or phone.startswith("+") for _, _, phone in found)


def test_within_a_job_every_business_occurs_once(seeded):
    twice = "SELECT job_id, domain FROM flowmaticx_leads GROUP BY job_id, domain HAVING count(*) > 1"
    assert rows(seeded, twice) == []


def test_no_key_lies_in_the_file(seeded):
    content = (seeded / "sandbox.db").read_bytes()

    assert [key for key in SANDBOX_KEYS.values() if key.encode() in content] == []
