"""Three hundred deals: most with a company and a person, some with only one of them, over seven stages.

In: the owner and the companies. Out: rows. People are invented; their mail goes to the company's reserved domain.
"""

from __future__ import annotations

import sqlite3
import unicodedata
from typing import Any

from flintt_mcp.sandbox.flintt.seed.companies import SeededCompany
from flintt_mcp.sandbox.ground.rows import insert
from flintt_mcp.sandbox.ground.seeding import Draw, before, fixed_id, words

COUNT = 300

FIRST_NAMES = words(
    "Amélie Jonas Priya Mateo Sofia Kwame Ingrid Tomasz Leila Hugo Chiara Declan Yuki Omar Freya Nikolai Ana Rafael Mei "
    "Viktor Zoë Samuel Fatima Björn Elena Noor Patrick Ifeoma Lucas Hanna Diego Marta Aisha Oskar Camille Ravi"
)
LAST_NAMES = words(
    "Moreau Weber Sharma García Rossi Mensah Lund Kowalski Haddad Lefèvre Conti Byrne Tanaka Farouk Nilsen Petrov Silva "
    "Costa Chen Horváth Janssen Clarke Rahman Ström Popescu Vries Murphy Okafor Bernard Virtanen Fernández Nowak Khan "
    "Berg Dubois Iyer"
)
TITLES = (
    "Chief Executive Officer",
    "Chief Technology Officer",
    "Chief Financial Officer",
    "VP Sales",
    "VP Engineering",
    "Head of Operations",
    "Head of Procurement",
    "Head of Data",
    "IT Director",
    "Marketing Director",
    "Supply Chain Manager",
    "Founder",
)

# Stage, share of the deals, longest stay in days, lead scores, and what people note as the next step.
STAGES: tuple[tuple[str, int, int, tuple[int, int], tuple[str, ...]], ...] = (
    ("prospect", 90, 60, (10, 60), ("Find the right contact", "Write a first mail", "Check recent news", "")),
    ("contacted", 60, 30, (20, 70), ("Follow up by phone", "Send the case study", "Wait for the reply from their team")),
    ("qualified", 50, 25, (50, 90), ("Send proposal", "Book a demo with the technical team", "Confirm the budget")),
    ("proposal", 36, 21, (55, 92), ("Walk through the proposal", "Answer the security questionnaire")),
    ("negotiating", 28, 30, (65, 97), ("Agree on payment terms", "Get legal to review the contract", "Close by Friday")),
    ("won", 22, 120, (75, 99), ("Hand over to onboarding", "")),
    ("lost", 14, 150, (5, 55), ("Ask again in six months", "")),
)  # fmt: skip


def sow_deals(connection: sqlite3.Connection, user: str, companies: list[SeededCompany]) -> None:
    """Write all deals of the local user."""
    draw = Draw("flintt", "deals")
    stages = draw.some([stage for stage in STAGES for _ in range(stage[1])], COUNT)
    for number, stage in enumerate(stages):
        company = draw.one(companies)
        insert(connection, "flintt_prospects", _row(draw, user, number, stage, company))


def _row(draw: Draw, user: str, number: int, stage: tuple[Any, ...], company: SeededCompany) -> dict[str, Any]:
    key, _, longest, scores, steps = stage
    kind = draw.fraction()
    days = draw.number(0, longest)
    return {
        "id": fixed_id("deal", str(number)),
        "user_id": user,
        "company_id": company.id if kind < 0.92 else None,
        **(_person(draw, company) if kind > 0.12 else {}),
        "stage": key,
        "next_step": draw.one(steps) or None,
        "estimated_value": draw.number(8, 960) * 250 if draw.chance(0.85) else None,
        "lead_score": draw.number(*scores) if draw.chance(0.9) else None,
        "visibility": "archived" if key == "lost" and draw.chance(0.5) else "active",
        "stage_since": before(days=days, seconds=draw.number(0, 30_000)),
        "created_at": before(days=days + draw.number(1, 90)),
        "updated_at": before(days=days * draw.fraction()),
    }


def _person(draw: Draw, company: SeededCompany) -> dict[str, str | None]:
    first, last = draw.one(FIRST_NAMES), draw.one(LAST_NAMES)
    handle = f"{_plain(first)}.{_plain(last)}"
    return {
        "name": f"{first} {last}",
        "email": f"{handle}@{company.domain}" if draw.chance(0.85) else None,
        "title": draw.one(TITLES) if draw.chance(0.9) else None,
        "linkedin_url": f"https://linkedin.example/in/{handle.replace('.', '-')}" if draw.chance(0.6) else None,
    }


def _plain(name: str) -> str:
    """A name as it stands in a mail address: no accents, lower case."""
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
