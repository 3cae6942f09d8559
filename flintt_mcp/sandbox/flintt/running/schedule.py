"""When a signal is due: pure arithmetic on moments in UTC, so that no clock change can double or drop one.

In: a frequency or a cron expression, when the signal was built, the moment after which moments count, and now. Out: the latest
moment that is due, or None. After a downtime that is one moment, however many were missed: a signal reads what its sources
hold now, and running it five times in a row would only find the same five times.
"""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta

from cronsim import CronSim

HOUR = 6
"""A frequency runs at 06:00 UTC, as the examples of the reference do."""


def latest_due(
    frequency: str | None, schedule: str | None, built_at: datetime, after: datetime, now: datetime
) -> datetime | None:
    """The last moment of the schedule that is later than `after` and not later than `now`."""
    if frequency is None and schedule is None:
        return None
    due = _last_cron(schedule, now) if schedule else _last_of(frequency or "", built_at, now)
    return due if due is not None and after < due <= now else None


def next_due(frequency: str | None, schedule: str | None, built_at: datetime, now: datetime) -> datetime | None:
    """The first moment of the schedule that is later than `now`."""
    if schedule:
        return next(CronSim(schedule, now.astimezone(UTC)), None)
    if frequency is None:
        return None
    day = now.astimezone(UTC).date()
    moments = (_at_hour(day + timedelta(days=ahead)) for ahead in range(63))
    return next(moment for moment in moments if moment > now and _falls_on(frequency, built_at, moment))


def _last_cron(schedule: str, now: datetime) -> datetime | None:
    """The last moment not after `now`. cronsim answers what lies before the moment it is given.

    That is a whole minute, since its versions differ in what they make of seconds: 2.6 cuts them off, later ones count them.
    """
    next_minute = now.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
    return next(CronSim(schedule, next_minute, reverse=True), None)


def _last_of(frequency: str, built_at: datetime, now: datetime) -> datetime:
    day = now.astimezone(UTC).date()
    moments = (_at_hour(day - timedelta(days=back)) for back in range(63))
    return next(moment for moment in moments if moment <= now and _falls_on(frequency, built_at, moment))


def _at_hour(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, HOUR, tzinfo=UTC)


def _falls_on(frequency: str, built_at: datetime, moment: datetime) -> bool:
    """Weekly on the weekday it was built on; monthly on that day of the month, or on the last of a shorter one."""
    if frequency == "daily":
        return True
    if frequency == "weekly":
        return moment.weekday() == built_at.weekday()
    last = calendar.monthrange(moment.year, moment.month)[1]
    return moment.day == min(built_at.day, last)
