"""Questions over a large workspace at a slow API: how long each takes, and how much the server grows.

The product runs in a process of its own, over HTTP, with a fresh start; the API answers after 50 ms (`slow_api.py`). Memory is that
of the server with its processes for statements, shared pages divided among their users. Seconds are the wall's.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

import anyio
from mcp import Client

from bench import accounting, payload, slow_api
from bench.contenders import Product, start_product
from bench.process import StartFailed, await_announcement, module, running

QUERY = (
    "SELECT p.stage, count(*) AS deals, count(DISTINCT c.id) AS companies FROM prospects p JOIN companies c ON c.id = p.company_id "
    "GROUP BY p.stage"
)
FINDINGS = "SELECT count(*) AS findings, count(DISTINCT company_name) AS companies FROM findings"
QUERY_SECONDS, FIRST_SECONDS, SECOND_SECONDS, GROWTH = 2.0, 10.0, 1.0, 80.0
"""What the first question, findings the first and the second time may take, and by how many MB the server may grow."""


@dataclass(frozen=True, slots=True)
class Large:
    """Seconds of a question over companies and deals, of findings of 90 days the first and the second time; growth in MB."""

    query: float = 0.0
    first: float = 0.0
    second: float = 0.0
    growth: float = 0.0
    fault: str = ""


def measure(product: Product, progress: Callable[[str], None]) -> Large:
    """One fresh server over one large workspace."""
    with ExitStack() as stack:
        try:
            api = stack.enter_context(running(module("slow_api")))
            await_announcement(api)
            server = start_product(stack, product, f"http://127.0.0.1:{api.port}")
            found = anyio.run(_asked, server.port, server.pid)
        except (StartFailed, AssertionError) as error:
            found = Large(fault=str(error)[:300])
    progress(f"large workspace{f': {found.fault}' if found.fault else ''}")
    return found


async def _asked(port: int, pid: int) -> Large:
    before = accounting.memory(pid)
    async with Client(f"http://127.0.0.1:{port}/mcp?api_key={payload.API_KEY}") as client:
        query = await _seconds(client, QUERY, slow_api.DEALS)
        recent = slow_api.RUNS // 2
        first = await _seconds(client, FINDINGS, recent * slow_api.RESULTS)
        second = await _seconds(client, FINDINGS, recent * slow_api.RESULTS)
    after = accounting.memory(pid)
    if before is None or after is None:
        return Large(query, first, second, fault="this system does not tell a process's memory")
    return Large(query, first, second, ((after.pss or after.rss) - (before.pss or before.rss)) / 1e6)


async def _seconds(client: Client, sql: str, least: int) -> float:
    """How long a statement takes whose first numbers add up to so many at least."""
    began = time.monotonic()
    result = await client.call_tool("query_workspace", {"sql": sql})
    seconds = time.monotonic() - began
    assert not result.is_error, result.content
    table = (result.structured_content or {})["rows"]
    place = next(at for at, name in enumerate(table["columns"]) if name in ("deals", "findings"))
    counted = sum(row[place] for row in table["rows"])
    assert counted >= least, f"{counted} of {least} rows: {(result.structured_content or {}).get('coverage')}"
    return seconds
