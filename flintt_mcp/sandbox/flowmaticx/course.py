"""The course of a job, decided when it is created: how long it waits and runs, how it ends, how many leads it finds. Pure.

The example of the API's text starts 5 seconds after its creation and runs 130 for 50 requested leads, of which it finds 47:
so do these, but for the share that is found, which is drawn. A keyword that holds #fail or #timeout plays those endings.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from flintt_mcp.sandbox.ground.clock import stamp
from flintt_mcp.sandbox.ground.seeding import Draw

QUEUED_SECONDS = 5
SECONDS_PER_LEAD = 2.6
CHECK = timedelta(seconds=5)
"""How long a found lead is checked before it is processed and shown."""

_ENDINGS = (("#fail", "FAILED", 40), ("#timeout", "TIMED_OUT", 75))


@dataclass(frozen=True, slots=True)
class Course:
    """When a job starts and ends, how, at which progress, and when each of its leads is processed (stamps, in order)."""

    started_at: str
    finished_at: str
    outcome: str
    last_progress: int
    leads: tuple[str, ...]


def plan_course(job_id: int, keyword: str, requested: int, created: datetime) -> Course:
    """The course of a job; the same for the same job on every machine."""
    outcome, last = _ending(keyword)
    started = created.replace(microsecond=0) + timedelta(seconds=QUEUED_SECONDS)
    seconds = math.ceil(requested * SECONDS_PER_LEAD * last / 100)
    share = 0.9 + 0.1 * Draw("flowmaticx", f"course of job {job_id}").fraction()
    count = max(1, math.floor(requested * share * last / 100))
    moments = (started + timedelta(seconds=math.ceil(seconds * number / count)) for number in range(1, count + 1))
    return Course(
        stamp(started),
        stamp(started + timedelta(seconds=seconds)),
        outcome,
        last,
        tuple(stamp(moment) for moment in moments),
    )


def progress(now: datetime, started: datetime, finished: datetime, last: int) -> int:
    """Progress in percent at a moment between start and end."""
    done = (now - started) / max(finished - started, timedelta(seconds=1))
    return min(math.floor(done * last), last - 1)


def _ending(keyword: str) -> tuple[str, int]:
    found = (ending[1:] for ending in _ENDINGS if ending[0] in keyword.casefold())
    return next(found, ("COMPLETED", 100))
