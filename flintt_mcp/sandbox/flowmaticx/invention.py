"""Believable leads out of nothing: the businesses that a search finds, the same for the same job on every machine. Pure.

In: a search. Out: one dict for each lead, ready for its table but for the job and the moment. All of them are invented:
domains lie under the reserved .example, phone numbers in ranges that countries keep for fiction.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from flintt_mcp.sandbox.flowmaticx.places import FIRST_NAMES, LAST_NAMES, STREETS, City, cities_of
from flintt_mcp.sandbox.flowmaticx.trades import STEMS, Trade, trade_of
from flintt_mcp.sandbox.ground.seeding import Draw

RATED = ("GOOGLE_MAPS", "YELLOW_PAGES", "FACEBOOK")
"""Where businesses have stars."""
_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"


@dataclass(frozen=True, slots=True)
class Search:
    """What a job looks for."""

    job_id: int
    workflow_type: str
    keyword: str
    location: str
    ai_enabled: bool
    include_risky: bool


@dataclass(frozen=True, slots=True)
class Business:
    """One business that was found, and who decides there."""

    name: str
    slug: str
    trade: Trade
    city: City
    first: str
    last: str
    rating: float | None
    reviews: int | None


def invent(search: Search, count: int) -> list[dict[str, Any]]:
    """`count` leads for a search, each business once."""
    draw = Draw("flowmaticx", f"leads of job {search.job_id}")
    trade, cities = trade_of(search.keyword), cities_of(search.location)
    taken: set[str] = set()
    return [_lead(search, _business(draw, trade, draw.one(cities), search, taken), draw) for _ in range(count)]


def _business(draw: Draw, trade: Trade, city: City, search: Search, taken: set[str]) -> Business:
    first, last = draw.one(FIRST_NAMES[city.tongue]), draw.one(LAST_NAMES[city.tongue])
    name = f"{last if draw.chance(0.35) else draw.one(STEMS)} {draw.one(trade.ends)}"
    slug = _slug(name)
    if slug in taken:
        name, number = f"{name} {city.name}", 2
        slug = f"{slug}-{_slug(city.name)}"
        while slug in taken:
            name, slug, number = (
                f"{name.rsplit(' No. ')[0]} No. {number}",
                f"{slug.rsplit('--')[0]}--{number}",
                number + 1,
            )
    taken.add(slug)
    rated = search.workflow_type in RATED and draw.chance(0.92)
    rating = draw.number(34, 50) / 10 if rated else None
    return Business(name, slug, trade, city, first, last, rating, draw.number(1, 480) if rated else None)


def _lead(search: Search, found: Business, draw: Draw) -> dict[str, Any]:
    status = _status(draw)
    domain = f"{found.slug}.example"
    known = draw.chance(0.85)
    mailbox = _slug(found.first) if known and status != "RISKY" else draw.one(("info", "hello", "office", "contact"))
    lead = {
        "business_name": found.name,
        "category": found.trade.category,
        "email": f"{mailbox}@{domain}",
        "email_status": status,
        "decision_maker_name": f"{found.first} {found.last}" if known else None,
        "decision_maker_role": draw.one(found.trade.roles) if known else None,
        "phone": _filled(draw, found.city.phone) if found.city.phone and draw.chance(0.9) else None,
        "website": domain if draw.chance(0.88) else None,
        "domain": domain,
        "address": _address(draw, found.city),
        "city": found.city.name or None,
        "postal_code": _filled(draw, draw.one(found.city.postal)) if found.city.postal else None,
        "country": found.city.country or None,
        "rating": found.rating,
        "reviews_count": found.reviews,
        "keyword": search.keyword,
        "is_billable": status == "VALID" or (status == "RISKY" and search.include_risky),
    }
    return lead | (_words(draw, found, known) if search.ai_enabled else dict.fromkeys(_AI_FIELDS))


_AI_FIELDS = ("icebreaker", "email_subject", "email_body", "ai_insight")


def _words(draw: Draw, found: Business, known: bool) -> dict[str, str]:
    """What the AI writes about a lead."""
    topic, place = found.trade.topic, found.city.name
    if found.rating is not None and found.rating >= 4.2:
        icebreaker = f"Congrats on the {found.rating} rating from {found.reviews} customers in {place}."
        insight = f"Strong reviews ({found.rating} from {found.reviews}); likely to care about {topic}."
    else:
        icebreaker = (
            f"I came across {found.name} while looking at {found.trade.category.lower()} businesses in {place}."
        )
        insight = f"Little visible activity online; {topic} could be a way in."
    subject = draw.one(
        (f"Quick question about {topic}", f"An idea for {found.name}", f"{topic.capitalize()} at {found.name}")
    )
    greeting = f"Hi {found.first}," if known else f"Hello {found.name} team,"
    ask = draw.one(
        ("Would a short call next week suit you?", "May I send you two examples?", "Is this on your list this year?")
    )
    text = f"{greeting}\n\n{icebreaker} We help businesses like yours with {topic}. {ask}\n\nBest regards"
    return {"icebreaker": icebreaker, "email_subject": subject, "email_body": text, "ai_insight": insight}


def _status(draw: Draw) -> str:
    chance = draw.fraction()
    if chance < 0.78:
        return "VALID"
    return "RISKY" if chance < 0.92 else "INVALID"


def _address(draw: Draw, city: City) -> str:
    number, street = draw.number(1, 180), draw.one(STREETS[city.tongue])
    return f"{number} {street}" if city.tongue in ("en", "fr") else f"{street} {number}"


def _filled(draw: Draw, pattern: str) -> str:
    """A pattern with a digit for every # and a letter for every @."""
    digit_or_letter = {"#": "0123456789", "@": _LETTERS}
    return "".join(draw.one(digit_or_letter[sign]) if sign in digit_or_letter else sign for sign in pattern)


def _slug(name: str) -> str:
    """A name as a domain label: ASCII letters and digits, at most 50 of them."""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss").replace("ı", "i")).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:50].strip("-") or "business"
