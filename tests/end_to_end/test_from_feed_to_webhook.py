"""A person tries the whole product on one machine: a feed becomes a run, a deal, and webhooks that the page's receiver verifies."""

from __future__ import annotations

import json
import ssl
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client

from flintt_mcp.calls.reply import objects_of
from tests.processes import environment, serving

from .scene import feed, flintt_mcp, receiver, until

pytestmark = pytest.mark.anyio

PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
HEADLINE = "Kestrel Machines raises €12M Series B to build a second plant"
SUMMARY = f"{HEADLINE}."
EVENTS = ["signal.run.completed", "signal.run.result", "prospect.created"]


async def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    return result.structured_content


def private_secrets(made: dict[str, Any]) -> dict[str, str]:
    """What the tool put behind a link instead of into its result."""
    return httpx2.get(made["secret_link"], headers={"X-API-Key": "flt_sandbox_key"}, verify=PLAIN).json()


async def test_a_feed_becomes_a_run_a_deal_an_enriched_company_and_verified_webhooks(tmp_path: Path) -> None:
    env = environment(tmp_path)
    with (
        feed() as news,
        serving("--sandbox", "--allow-loopback", "--toolsets", "default,flintt-management", env=env) as server,
    ):
        news.put(
            (HEADLINE, "The round was led by Northvale."),
            ("Kestrel Machines opens its canteen to neighbours", "Soup on Fridays."),
            ("Nobody you know raises €5M", "A round of funding."),
        )
        async with Client(f"{server.mcp}?api_key=flt_sandbox_key") as client:
            company = (await call(client, "create_company", name="Kestrel Machines"))["company"]
            made = await call(
                client,
                "create_webhook",
                name="End to end",
                endpoint_url="http://127.0.0.1:9999/",
                event_types=EVENTS,
                active=False,
            )
            secrets = private_secrets(made)
            assert not any(secret in json.dumps(made) for secret in secrets.values())

            with receiver(tmp_path, secrets["signing_secret"], secrets["auth_token"]) as hook:
                await call(
                    client, "update_webhook", webhook_id=made["webhook"]["id"], endpoint_url=hook.url, active=True
                )
                signal = (
                    await call(
                        client,
                        "create_signal",
                        name="Funding rounds",
                        description="Companies that raise a funding round",
                        frequency="weekly",
                    )
                )["signal"]
                assert signal["status"] == "draft"

                built = flintt_mcp(
                    "sandbox", "build-signal", signal["id"], "--feed", news.url, "--opens-deals", "--allow-loopback",
                    env=env,
                )  # fmt: skip
                assert built == "built: Funding rounds (1 source, active)\n"
                ran = flintt_mcp("sandbox", "run-signal", signal["id"], env=env)
                assert ran.startswith("completed: 2 found, 1 valid, 1 deal\n")
                assert f"  Kestrel Machines: {SUMMARY}\n" in ran

                until(lambda: len(hook.lines) >= len(EVENTS), "three webhooks")

            runs = await call(client, "list_runs", signal_id=signal["id"])
            [run] = objects_of(runs["runs"])
            detail = await call(client, "get_run", run_id=run["id"])
            deals = await call(client, "list_prospects")
            companies = await call(client, "list_companies", name="Kestrel", fields="all")
            signal = (await call(client, "get_signal", signal_id=signal["id"]))["signal"]

    assert (run["status"], run["raw_count"], run["valid_count"], run["deal_count"]) == ("completed", 2, 1, 1)
    [valid] = [result for result in objects_of(detail["validation_results"]) if result["is_valid"]]
    assert (valid["company_name"], valid["signal_summary"]) == ("Kestrel Machines", SUMMARY)
    [deal] = [deal for deal in objects_of(deals["prospects"]) if deal["company_name"] == company["name"]]
    assert deal["next_step"] == f"Look at: {HEADLINE}"
    [found] = objects_of(companies["companies"])
    assert [entry["summary"] for entry in found["enrichment_data"]["signals"]] == [SUMMARY]
    assert (signal["status"], signal["tool_count"], signal["last_run_at"]) == ("active", 1, run["started_at"])

    told = {event: json.loads(data) for event, _id, data in (line.split(" ", 2) for line in hook.lines)}
    assert sorted(told) == sorted(EVENTS)
    assert len(hook.lines) == len(EVENTS)
    assert told["signal.run.completed"] == {
        "signal_id": signal["id"],
        "run_id": run["id"],
        "status": "completed",
        "valid_count": 1,
        "raw_count": 2,
        "deal_count": 1,
    }
    assert told["signal.run.result"].items() >= {**valid, "company_id": company["id"], "run_id": run["id"]}.items()
    assert (told["prospect.created"]["id"], told["prospect.created"]["company_id"]) == (deal["id"], company["id"])
