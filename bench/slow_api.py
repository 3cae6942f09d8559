"""An API with a large workspace that takes its time: 5,000 companies, 700 deals, 2,000 runs, and 50 ms for every answer.

In: HTTP/1.1 with keep-alive on a free loopback port. Out: rows as the documented API spells them, a run's results among them. Half
of the runs lie in the 90 days before the newest one.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import uvloop

from bench import payload
from bench.process import announce
from bench.stub import answer

COMPANIES, DEALS, RUNS, SIGNALS, RESULTS = 5_000, 700, 2_000, 20, 8
"""How many there are; of results in every run."""
SECONDS = 0.05
_NEWEST = datetime(2026, 9, 30, 6, tzinfo=UTC)
_APART = timedelta(days=180) / RUNS
_STAGES = ("prospect", "contacted", "qualified", "proposal", "negotiating", "won", "lost", "parked", "later")
_AT_MOST = 100


def _moment(number: int) -> str:
    return (_NEWEST - number * _APART).isoformat().replace("+00:00", "Z")


@cache
def _companies() -> list[dict[str, Any]]:
    return [
        {
            "id": f"c{number}",
            "name": f"Company {number}",
            "sector": "Fintech",
            "size": "51-200",
            "created_at": _moment(number % RUNS),
        }
        for number in range(COMPANIES)
    ]


@cache
def _deals() -> list[dict[str, Any]]:
    return [
        {"id": f"p{number}", "company_id": f"c{number}", "stage": _STAGES[number % len(_STAGES)], "estimated_value": 1000.5,
         "days_in_stage": number % 90, "updated_at": _moment(number)}
        for number in range(DEALS)
    ]  # fmt: skip


@cache
def _runs() -> list[dict[str, Any]]:
    return [
        {"id": f"r{number}", "signal_id": f"s{number % SIGNALS}", "status": "completed", "started_at": _moment(number),
         "completed_at": _moment(number), "raw_count": RESULTS, "valid_count": RESULTS}
        for number in range(RUNS)
    ]  # fmt: skip


def _results(run: dict[str, Any]) -> dict[str, Any]:
    judged = [
        {"id": f"{run['id']}-v{number}", "company_name": f"Company {number}", "is_valid": True, "confidence": 0.8,
         "signal_summary": "It raised money. " * 10, "why_now": "It grows now. " * 10,
         "evidence_sources": [{"url": f"https://news.example/{run['id']}/{number}"}]}
        for number in range(RESULTS)
    ]  # fmt: skip
    raw = [
        {
            "id": f"{run['id']}-x{number}",
            "company_name": f"Company {number}",
            "source_url": f"https://news.example/{number}",
        }
        for number in range(RESULTS)
    ]
    return {**run, "validation_results": judged, "raw_results": raw}


def found(target: str) -> Any:
    """What the API has at a path with its query."""
    parts = urlsplit(target)
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    match parts.path.strip("/").split("/"):
        case ["v1", "companies"]:
            return _companies()
        case ["v1", "prospects"]:
            return [row for row in _deals() if asked.get("stage") in (None, row["stage"])][:_AT_MOST]
        case ["v1", "signals"]:
            return [{"id": f"s{number}", "name": f"Signal {number}", "status": "active"} for number in range(SIGNALS)]
        case ["v1", "runs"]:
            offset = int(asked.get("offset", 0))
            return _runs()[offset : offset + int(asked.get("limit", 50))]
        case ["v1", *_, "runs", id]:
            return _results(_runs()[int(id[1:])])
    return {"detail": "Not found"}


@cache
def _bytes(target: str) -> bytes:
    return answer("200 OK", payload.encode(found(target)))


class SlowApi(asyncio.Protocol):
    """One connection; each answer goes out a while after its request came."""

    def __init__(self) -> None:
        self._buffer = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            target = self._buffer.split(b" ", 2)[1].decode("ascii")
            self._buffer = self._buffer[end + 4 :]
            asyncio.get_running_loop().call_later(SECONDS, self._send, target)

    def _send(self, target: str) -> None:
        if not self._transport.is_closing():
            self._transport.write(_bytes(target))


async def main() -> None:
    """Serves until the process is ended."""
    server = await asyncio.get_running_loop().create_server(SlowApi, "127.0.0.1", 0, backlog=512)
    announce(server.sockets[0].getsockname()[1])
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
