"""Two callers ask at once, again and again, and neither ever sees a row, a cursor or a kept result of the other."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import pytest

from flintt_mcp.app import App
from flintt_mcp.calls.caller import Caller
from flintt_mcp.calls.reply import Done, Refused
from flintt_mcp.rest.sending.message import UpstreamRequest, UpstreamResponse
from tests.fake_api import open_fake
from tests.offers.insight.asking import ask

pytestmark = pytest.mark.anyio

CALLS = int(os.environ.get("FLINTT_CALLS", "240"))
"""How many calls are made together; `make soak` makes 10,000."""
WHOSE = ("anna", "bert")
RUNS = 12
STATEMENTS = (
    "SELECT id, name FROM companies ORDER BY id",
    "SELECT f.id, f.company_name FROM findings f ORDER BY f.id",
    "SELECT c.id, count(p.id) AS deals FROM companies c LEFT JOIN prospects p ON p.company_id = c.id GROUP BY c.id",
    "SELECT id, source_url FROM raw_finds ORDER BY id",
)


class TwoWorkspaces:
    """An API with two users. All that it tells of one bears the name of that one, under the same ids of runs and signals."""

    async def __call__(self, request: UpstreamRequest) -> UpstreamResponse:
        await anyio.lowlevel.checkpoint()
        key = next(value for name, value in request.headers.items() if name.lower() == "x-api-key")
        parts = urlsplit(request.url)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        found = self._answer(key.removeprefix("flt_"), parts.path.rpartition("/v1/")[2], asked)
        return UpstreamResponse(200, {}, json.dumps(found).encode())

    def _answer(self, who: str, path: str, asked: dict[str, str]) -> Any:
        if path == "companies":
            return [{"id": f"{who}-c{number}", "name": f"{who} {number}"} for number in range(30)]
        if path == "prospects":
            return [{"id": f"{who}-p{number}", "company_id": f"{who}-c{number}", "stage": "won"} for number in range(9)]
        if path == "signals":
            return [{"id": "s1", "name": f"{who} signal", "updated_at": "2026-03-01T00:00:00Z"}]
        if path == "runs":
            offset = int(asked["offset"])
            return [
                {
                    "id": f"r{number}",
                    "signal_id": "s1",
                    "status": "completed",
                    "started_at": f"2026-03-{number + 1:02}T06:00:00Z",
                }
                for number in range(RUNS)
            ][offset : offset + int(asked["limit"])]
        run = path.rpartition("/")[2]
        return {
            "run": {"id": run, "status": "completed"},
            "validation_results": [
                {"id": f"{who}-{run}-v", "company_name": f"{who} 1", "is_valid": True, "confidence": 0.9}
            ],
            "raw_results": [
                {"id": f"{who}-{run}-x", "company_name": f"{who} 1", "source_url": f"https://{who}.example"}
            ],
        }


def some_call(chance: random.Random, who: str) -> tuple[str, dict[str, Any]]:
    """A tool and its arguments."""
    calls: list[tuple[str, dict[str, Any]]] = [
        ("query_workspace", {"sql": chance.choice(STATEMENTS), "limit": chance.choice((5, 50))}),
        ("list_findings", {"company": f"{who} 1", "limit": chance.choice((2, 50))}),
        ("match_companies", {"names": [f"{name} 3" for name in WHOSE]}),
        ("changes_since", {"since": "2026-03-01", "limit": 7}),
    ]
    return chance.choice(calls)


async def work(app: App, who: str, number: int, cursors: dict[str, list[tuple[str, dict[str, Any]]]]) -> None:
    """One call, the next page of it, and that page asked for by the other one."""
    chance = random.Random(f"{who} {number}")
    other = next(name for name in WHOSE if name != who)
    tool, arguments = some_call(chance, who)
    reply = await ask(app, tool, caller_of(app, who), **arguments)
    assert isinstance(reply, Done), reply
    is_theirs(reply, who, other)
    cursor = (reply.structured or {}).get("next_cursor")
    if cursor:
        cursors[who].append((tool, {**arguments, "cursor": cursor} if tool != "changes_since" else {"cursor": cursor}))
    if cursors[other] and chance.random() < 0.3:
        stolen, given = chance.choice(cursors[other])
        refused = await ask(app, stolen, caller_of(app, who), **given)
        assert isinstance(refused, Refused), (stolen, given)
        assert other not in refused.error.message


def is_theirs(reply: Done, who: str, other: str) -> None:
    """Everything in a result is of that caller; names that were asked about may stand in it, ids of the other not."""
    text = reply.text + json.dumps(reply.structured)
    for left_out in (f"{other} 3", f'"{other}'):  # what match_companies was asked about
        text = text.replace(left_out, "")
    assert other not in text, text[:500]


def caller_of(app: App, who: str) -> Caller:
    return app.credentials.with_secrets({"flintt": f"flt_{who}"})


@pytest.mark.parametrize("kept", [0, 2_000, 32 << 20], ids=["nothing kept", "room for a few", "room for all"])
async def test_no_row_of_one_caller_reaches_the_other(tmp_path: Path, kept: int) -> None:
    cursors: dict[str, list[tuple[str, dict[str, Any]]]] = {who: [] for who in WHOSE}
    async with open_fake(tmp_path, TwoWorkspaces(), kept_results=kept) as app:
        limit = anyio.CapacityLimiter(8)

        async def limited(who: str, number: int) -> None:
            async with limit:
                await work(app, who, number, cursors)

        async with anyio.create_task_group() as group:
            for number in range(CALLS // 6):
                for who in WHOSE:
                    group.start_soon(limited, who, number)
    assert all(cursors.values())
