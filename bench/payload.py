"""What the stub upstream answers, and what a correct answer of a contender must therefore contain.

Everything is fixed text: 25 companies with every field of both editions of the API, 8.5 KB as JSON, and small lists for the
other endpoints. No randomness and no clock, so that two runs carry the same bytes. Nothing here is used by the product.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

API_KEY = "flt_bench_key"
COMPANY_COUNT = 25
MARKER = "Quillonbridge"
"""The name of the last company, a word that occurs nowhere else: a complete answer holds it in each of its two halves."""

_FIRST = ("Acme", "Borealis", "Cobalt", "Delphine", "Everline", "Fathom", "Granite", "Harbour", "Indigo", "Juniper")
_SECOND = ("Systems", "Foods", "Robotics", "Logistics", "Health")
_SECTORS = ("SaaS", "Food and drink", "Industrial automation", "Freight", "Medical devices")
_SIZES = ("11-50", "51-200", "201-500", "501-1000")


def _identifier(kind: str, number: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"https://bench.invalid/{kind}/{number}"))


def _company(number: int) -> dict[str, Any]:
    name = f"{_FIRST[number % 10]} {_SECOND[number // 10]}" if number < COMPANY_COUNT - 1 else MARKER
    domain = name.lower().replace(" ", "-") + ".example"
    return {
        "id": _identifier("company", number),
        "user_id": _identifier("user", 1),
        "name": name,
        "sector": _SECTORS[number % 5],
        "size": _SIZES[number % 4],
        "website": f"https://{domain if number < COMPANY_COUNT - 1 else 'last.example'}",
        "estimated_revenue": None if number % 3 else "2M-10M",
        "logo_url": None,
        "enrichment_data": {},
        "created_at": f"2026-03-{number + 1:02d}T09:00:00Z",
        "updated_at": f"2026-04-{number + 1:02d}T14:00:00Z",
    }


def _prospect(number: int) -> dict[str, Any]:
    return {
        "id": _identifier("prospect", number),
        "company_id": _identifier("company", number),
        "stage": "qualified",
        "next_step": "Send proposal",
        "estimated_value": 12000,
        "created_at": "2026-03-10T08:00:00Z",
        "updated_at": "2026-03-15T10:00:00Z",
    }


def _signal(number: int) -> dict[str, Any]:
    return {
        "id": _identifier("signal", number),
        "name": f"Funding rounds {number}",
        "description": "French B2B SaaS companies raising Series A",
        "frequency": "weekly",
        "status": "active",
        "tool_count": 2,
        "last_run_at": "2026-03-20T06:00:00Z",
        "created_at": "2026-03-01T09:00:00Z",
    }


def _run(number: int) -> dict[str, Any]:
    return {
        "id": _identifier("run", number),
        "signal_id": _identifier("signal", 0),
        "status": "completed",
        "run_mode": "scheduled",
        "started_at": "2026-03-20T06:00:00Z",
        "ended_at": "2026-03-20T06:04:32Z",
    }


COMPANIES = [_company(number) for number in range(COMPANY_COUNT)]


def encode(value: object) -> bytes:
    """JSON without spaces, as an API would send it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


LISTS: dict[str, bytes] = {
    "/v1/companies": encode(COMPANIES),
    "/v1/prospects": encode([_prospect(number) for number in range(10)]),
    "/v1/signals": encode([_signal(number) for number in range(10)]),
    "/v1/runs": encode([_run(number) for number in range(10)]),
}
"""Path of a list endpoint -> the body of its answer."""
