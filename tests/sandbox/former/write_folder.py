"""Writes a data folder as this version does, small, with something of everything in it: a fixture for all later versions.

Run once for each release that has a new schema step, from the root, with their number in the name:
`python -m tests.sandbox.former.write_folder tests/sandbox/former/folder-8.zip`. What it wrote is never written again:
`test_former_folders.py` opens it with whatever the code has become.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import anyio
import httpx2

from flintt_mcp.calls.intent import State, Wanted
from flintt_mcp.catalogue.operation import Effect
from flintt_mcp.sandbox.delivery.dispatcher import Dispatcher, Pace
from flintt_mcp.sandbox.flintt.running.runner import run_waiting
from flintt_mcp.sandbox.flintt.running.sources.reach import Reach
from flintt_mcp.sandbox.network.urls import Policy
from flintt_mcp.sandbox.server import SCHEMES, TABLES, Sandbox, open_sandbox
from flintt_mcp.state.intents import StoredIntents
from flintt_mcp.state.journal import Journal
from flintt_mcp.state.request_counts import RequestCounts
from flintt_mcp.state.server_file import server_file
from tests.clock import SetClock

JOB = Wanted(
    caller="a caller",
    tool="flowmaticx_create_job",
    effect=Effect.SPEND,
    canonical='{"keyword":"florist"}',
    remembered=86_400.0,
)
STORE_KEY = b"k" * 32
FEED = """<rss version="2.0"><channel><title>News</title><item><title>Acme raises a Series A round of 12 million</title>
<link>https://news.example/acme</link><description>Acme closed its round.</description></item></channel></rss>"""
FEWER = (
    "DELETE FROM flintt_signals WHERE rowid > 2",
    "DELETE FROM flintt_runs WHERE rowid % 6",
    "DELETE FROM flintt_companies WHERE rowid > 6",
    "DELETE FROM flintt_prospects WHERE rowid > 60",
    "DELETE FROM flowpilot_runs WHERE rowid % 8",
    "DELETE FROM flowpilot_recipients WHERE rowid % 5",
    "DELETE FROM flowmaticx_jobs WHERE id % 40",
    "DELETE FROM flowmaticx_leads WHERE id % 8",
    "DELETE FROM flextell_resources WHERE number % 8",
)


async def write_folder(folder: Path) -> dict[str, Any]:
    """Fill the folder; answers what is shown once, and what was made."""
    clock, sources = SetClock(), folder.parent / "sources"
    sources.mkdir()
    (sources / "news.xml").write_text(FEED)
    reach = Reach(Policy(loopback=True), sources)
    async with open_sandbox(folder, clock=clock, loopback_webhooks=True, sources=reach) as sandbox:
        await sandbox.database.write(lambda connection: [connection.execute(query) for query in FEWER])
        told = await _use_flintt(sandbox) | await _use_the_others(sandbox)
        clock.forward(seconds=10)
        await run_waiting(sandbox.ground)
        await Dispatcher(sandbox.database, sandbox.ground.digester, SCHEMES, _posted, Pace(clock=clock)).round()
        await sandbox.database.read(_all_are_there)
    file = server_file(folder)
    intent, _ = await StoredIntents(file, STORE_KEY, clock.seconds, Journal(b"k" * 32)).claim(
        JOB, State.EXECUTING, clock.seconds() + 50
    )
    told["idempotency_key"] = intent.key
    await RequestCounts(file, clock.seconds).take("bucket", 1, 60.0, 0)
    file.close()
    return told


async def _use_flintt(sandbox: Sandbox) -> dict[str, Any]:
    session = {"Authorization": f"Bearer {sandbox.session_for(sandbox.flintt_key)}"}
    async with _client(sandbox, "flintt", session) as app:
        key = await _made(app, "api/api-keys", {"name": "Made then"})
        hook = {"name": "Then", "endpoint_url": "http://127.0.0.1:9999/", "event_types": ["company.created"]}
        webhook = await _made(app, "api/outbound-webhooks", hook)
        keyed = {"X-API-Key": key["raw_key"]}
        company = await _made(app, "v1/companies", {"name": "Acme", "domain": "acme.example"}, keyed)
        await _made(app, "v1/prospects", {"company_id": company["id"]}, keyed)
        signal = await _made(app, "v1/signals", {"name": "Series A rounds", "schedule": "0 8 * * 1-5"}, keyed)
        await _made(app, f"api/signals/{signal['id']}/build", {"tools": [{"kind": "file", "path": "news.xml"}]})
        await _made(app, f"api/signals/{signal['id']}/runs", None)
    return {
        "flintt_key": key["raw_key"],
        "company": company,
        "webhook": webhook["id"],
        "signing_secret": webhook["signing_secret"],
    }


async def _use_the_others(sandbox: Sandbox) -> dict[str, Any]:
    async with _client(sandbox, "flowpilot/public", {"X-API-Key": sandbox.flowpilot_key}) as pilot:
        await _made(pilot, "runs", {"objective": "Consulting fees", "budget_cap": 100000.25})
    async with _client(sandbox, "flowmaticx", {"Authorization": f"Bearer {sandbox.flowmaticx_key}"}) as leads:
        job = {"workflow_type": "GOOGLE_MAPS", "keyword": "florist", "location": "Leeds, UK", "leads_requested": 3}
        await _made(leads, "jobs", job, {"Idempotency-Key": "then"})
    async with _client(sandbox, "flextell", {"Authorization": f"Bearer {sandbox.flextell_token}"}) as resources:
        await _made(resources, "contacts", {"name": "Ana Abel", "tags": ["then"]})
    form = {"grant_type": "client_credentials", "client_id": "flextell_sandbox_service"}
    async with _client(sandbox, "flextell-oauth", {}) as oauth:
        answer = await oauth.post("token", data=form | {"client_secret": "flextell_sandbox_client_secret"})
    return {"access_token": answer.json()["access_token"]}


def _client(sandbox: Sandbox, api: str, headers: dict[str, str]) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app=sandbox.app)
    return httpx2.AsyncClient(transport=transport, base_url=f"http://sandbox/{api}/", headers=headers)


async def _made(client: httpx2.AsyncClient, path: str, body: Any, headers: dict[str, str] | None = None) -> Any:
    answer = await client.post(path, json=body, headers=headers)
    assert answer.is_success, answer.text
    return answer.json()


async def _posted(*_delivery: Any) -> int:
    return 200


def _all_are_there(connection: sqlite3.Connection) -> None:
    idle = {"webhook_lease", "flextell_codes"}
    empty = [table for table in TABLES if not connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone()]
    assert set(empty) <= idle, empty


def _zip(archive: Path) -> None:
    with TemporaryDirectory() as parent:
        folder = Path(parent) / "data"
        told = anyio.run(write_folder, folder)
        for name in ("sandbox.db", "server.db"):
            with closing(sqlite3.connect(folder / name)) as connection:
                connection.execute("VACUUM")
        (folder / "told.json").write_text(json.dumps(told, indent=2))
        with ZipFile(archive, "x", ZIP_DEFLATED, compresslevel=9) as zipped:
            for path in sorted(folder.iterdir()):
                zipped.write(path, path.name)


if __name__ == "__main__":
    _zip(Path(sys.argv[1]))
