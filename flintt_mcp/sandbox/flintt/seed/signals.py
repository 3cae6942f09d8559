"""Twelve signals over the statuses, frequencies and schedules there are, and the news that each of them finds.

In: the owner. Out: the rows, and the themes as `runs` needs them. A theme holds headlines with their summaries for what
the signal looks for, headlines that only look like it, and reasons to act.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from flintt_mcp.sandbox.ground.rows import insert
from flintt_mcp.sandbox.ground.seeding import before, fixed_id


@dataclass(frozen=True, slots=True)
class Theme:
    """One signal and its news; in the texts, {company}, {city}, {person}, {money}, {number} and {share} are filled in."""

    name: str
    description: str
    status: str
    age: int
    frequency: str | None = None
    schedule: str | None = None
    tools: int = 2
    runs: int = 12
    hits: tuple[tuple[str, str], ...] = ()
    misses: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """UUID of the signal."""
        return fixed_id("signal", self.name)


THEMES = (
    Theme(
        "Series A funding rounds",
        "European B2B companies that raise a Series A, or are about to",
        "active", 330, frequency="weekly", tools=3,
        hits=(
            ("{company} raised a {money} Series A round", "{company} closed a {money} Series A and is hiring in {city}."),
            ("{company} lands {money} to expand from {city}", "{company} took in {money} of growth capital for new markets."),
            ("Investors back {company} with {money}", "A group of funds put {money} into {company}; {person} joins the board."),
        ),
        misses=("{company} sponsors the founders' breakfast in {city}", "Five lessons on fundraising from {company}"),
        reasons=("Fresh capital signals expansion budget.", "New money is usually committed within two quarters."),
    ),
    Theme(
        "New sales leadership",
        "Companies that hire a VP Sales, CRO or head of revenue",
        "active", 310, frequency="daily",
        hits=(
            ("{company} appoints {person} as VP Sales", "{person} takes over sales at {company} and will rebuild the team."),
            ("{person} joins {company} as Chief Revenue Officer", "{company} created the post of CRO and gave it to {person}."),
        ),
        misses=("{person} of {company} speaks at a sales meet-up in {city}", "{company} praised for its sales training"),
        reasons=("New leaders review their tools in the first 90 days.", "A new sales head brings a new budget line."),
    ),
    Theme(
        "Offices opening in new cities",
        "Companies that open an office, a plant or a warehouse",
        "active", 290, schedule="0 7 * * 1",
        hits=(
            ("{company} opens an office in {city}", "{company} opens in {city} with {number} places and is recruiting locally."),
            ("{company} to build a site near {city} for {money}", "The {money} site near {city} will employ {number} people."),
        ),
        misses=("{company} shows visitors around in {city}", "Open day at {company} draws a crowd"),
        reasons=("A new site needs suppliers before it opens.", "Local hiring starts now; services are bought next."),
    ),
    Theme(
        "Cloud migrations",
        "Companies that announce a move of core systems to the cloud",
        "active", 270, frequency="weekly",
        hits=(
            ("{company} moves its core systems to the cloud", "{company} gives itself {number} weeks to leave its data centre."),
            ("{company} picks a cloud partner for {money} programme", "{company} set aside {money} to move its platform."),
        ),
        misses=("Cloudy outlook, says {person} of {company}", "{company} explains cloud costs in a webinar"),
        reasons=("Contracts around the old systems end with the move.", "Integration work is still to be awarded."),
    ),
    Theme(
        "Mergers and acquisitions",
        "Companies that buy, merge with or are bought by another",
        "active", 380, frequency="monthly", tools=4,
        hits=(
            ("{company} buys a competitor from {city} for {money}", "{company} pays {money} for a rival from {city}."),
            ("{company} agrees to merge with a partner in {city}", "The merger gives {company} {number} more employees."),
        ),
        misses=("{company} denies talks about a sale", "{company} acquires a taste for {city}: a canteen review"),
        reasons=("Two sets of tools become one within the year.", "Integration teams buy outside help early."),
    ),
    Theme(
        "Security certifications",
        "Companies that reach or begin ISO 27001 or SOC 2",
        "active", 230, schedule="30 6 * * 1-5",
        hits=(
            ("{company} is now certified to ISO 27001", "{company} passed its ISO 27001 audit after {number} weeks of work."),
            ("{company} starts its SOC 2 Type II audit", "{company} opened the SOC 2 window; {person} leads the work."),
        ),
        misses=("What is ISO 27001? {company} explains", "{company} publishes a guide to passwords"),
        reasons=("Certified companies sell to larger buyers next.", "An audit window makes every open gap urgent."),
    ),
    Theme(
        "Fast headcount growth",
        "Companies whose headcount grew by more than a fifth within a year",
        "active", 210, frequency="weekly", tools=1,
        hits=(
            ("{company} grows its team by {share} in a year", "Headcount at {company} rose by {share}, most of it in {city}."),
            ("{company} plans to hire {number} people in {city}", "{company} opened {number} positions in {city}."),
        ),
        misses=("{company} thanks its interns", "Team day: {company} climbs the hill above {city}"),
        reasons=("Growth at this pace strains every internal process.", "Hiring ahead of revenue means a funded plan."),
    ),
    Theme(
        "Public tenders won",
        "Companies that win a public contract of more than one million",
        "paused", 240, schedule="0 8 1,15 * *",
        hits=(
            ("{company} wins {money} contract of the city of {city}", "{company} will serve {city} for four years."),
            ("Region awards {money} framework to {company}", "{company} came first of {number} bidders."),
        ),
        misses=("{company} among {number} bidders for a tender in {city}", "How {company} reads a tender"),
        reasons=("Delivery starts within weeks and needs capacity.", "Public work brings new compliance duties."),
    ),
    Theme(
        "Product launches with AI",
        "Companies that launch a product whose core is machine learning",
        "paused", 190, frequency="daily",
        hits=(
            ("{company} launches an AI assistant for its customers", "{company} ships its assistant to {number} customers."),
            ("{company} puts machine learning into its core product", "{person} presented the new release in {city}."),
        ),
        misses=("{company} wonders what AI means for {city}", "{person} of {company} on the ethics of AI"),
        reasons=("Launch budgets are open for the next quarter.", "Usage will show where the stack has to grow."),
    ),
    Theme(
        "Finance leadership changes",
        "Companies with a new CFO or head of finance",
        "paused", 170, frequency="weekly", tools=1,
        hits=(
            ("{company} names {person} Chief Financial Officer", "{person} becomes CFO of {company} and moves to {city}."),
            ("CFO of {company} steps down after {number} months", "{company} is looking for a new CFO from {city}."),
        ),
        misses=("{person} of {company} explains the balance sheet", "{company} reports on time"),
        reasons=("A new CFO looks at every recurring cost.", "Finance tools are chosen again under a new head."),
    ),
    Theme(
        "Sustainability reports due", "Companies that have to report on sustainability for the first time",
        "draft", 24, frequency="monthly", tools=2, runs=0,
    ),
    Theme(
        "Competitor churn", "Customers of a competitor who complain in public or look for something else",
        "draft", 6, tools=0, runs=0,
    ),
)  # fmt: skip


def sow_signals(connection: sqlite3.Connection, user: str) -> tuple[Theme, ...]:
    """Write all signals of the local user; a draft with tools is built and only waits to be switched on."""
    for theme in THEMES:
        row = {
            "id": theme.id,
            "user_id": user,
            "name": theme.name,
            "description": theme.description,
            "frequency": theme.frequency,
            "schedule": theme.schedule,
            "status": theme.status,
            "tool_count": theme.tools,
            "built_at": before(days=theme.age - 1) if theme.tools else None,
            "created_at": before(days=theme.age),
            "updated_at": before(days=theme.age - 1),
        }
        insert(connection, "flintt_signals", row)
    return THEMES
