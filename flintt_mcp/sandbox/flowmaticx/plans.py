"""What each plan includes, and what a lead costs.

From the API's text: API access needs AGENCY, AI needs STARTER or more, AGENCY has 1,500 credits a period; 50 leads are
estimated at 100 credits and 47 found ones cost 94, so a lead costs 2. Silent in the text, decided here: the numbers of the
smaller plans; a period is a calendar month in UTC, as in the example; AI costs nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flintt_mcp.sandbox.ground.clock import stamp

CREDITS_PER_LEAD = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """One plan: credits in a period, leads in one job, and what it opens."""

    credits: int
    max_leads: int
    api: bool
    ai: bool


PLANS = {
    "FREE": Plan(credits=100, max_leads=25, api=False, ai=False),
    "STARTER": Plan(credits=500, max_leads=100, api=False, ai=True),
    "AGENCY": Plan(credits=1500, max_leads=500, api=True, ai=True),
}


def period(now: datetime) -> tuple[str, str]:
    """The first and the last second of the period that holds a moment."""
    first = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    following = (first + timedelta(days=32)).replace(day=1)
    return stamp(first), stamp(following - timedelta(seconds=1))
