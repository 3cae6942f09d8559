"""Memory of a server of its own: when it is ready, before any call, and after 1,000 calls of tools/call list_companies.

RSS is what the targets speak of; PSS divides pages shared with other processes among them and is shown beside it. The
calls are 2026-07-28 ones, 16 at a time, all checked. Megabytes are 10**6 bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from bench import accounting
from bench.cases import CASES, FLOOR_WANTED, MEMORY_CALLS
from bench.contenders import FLOOR, LABELS, Fleet
from bench.driver import Job
from bench.load import KEY_HEADERS, Driver
from bench.process import Running, StartFailed

_CASE = CASES[0]
_CONCURRENCY = 16


@dataclass(frozen=True, slots=True)
class Footprint:
    """Megabytes at the start and after the calls; `fault` says why there are none."""

    start_rss: float = 0.0
    after_rss: float = 0.0
    start_pss: float | None = None
    after_pss: float | None = None
    fault: str | None = None

    @property
    def growth(self) -> float:
        """What the calls added to RSS."""
        return self.after_rss - self.start_rss


def measure(
    fleet: Fleet, driver: Driver, contenders: Sequence[str], progress: Callable[[str], None]
) -> dict[str, Footprint]:
    """One fresh server per contender, one after the other."""
    found = {}
    for name in contenders:
        with ExitStack() as stack:
            try:
                found[name] = _measure(fleet.start(stack, name), driver, name)
            except StartFailed as error:
                found[name] = Footprint(fault=str(error))
        fault = found[name].fault
        progress(f"memory: {LABELS[name]}{f': {fault}' if fault else ''}")
    return found


def _measure(server: Running, driver: Driver, contender: str) -> Footprint:
    before = accounting.memory(server.pid)
    job = Job(
        port=server.port,
        method=_CASE.method,
        params=_CASE.params,
        era=_CASE.era,
        concurrency=_CONCURRENCY,
        seconds=0,
        wanted=list(FLOOR_WANTED if contender == FLOOR else _CASE.wanted),
        headers=KEY_HEADERS,
        calls=MEMORY_CALLS,
    )
    window = driver.run(job)
    after = accounting.memory(server.pid)
    if window.errors:
        return Footprint(fault=f"{window.errors} bad answers; the first: {window.fault}")
    if before is None or after is None:
        return Footprint(fault="this system does not tell a process's memory")
    return Footprint(
        start_rss=before.rss / 1e6,
        after_rss=after.rss / 1e6,
        start_pss=before.pss / 1e6 if before.pss is not None else None,
        after_pss=after.pss / 1e6 if after.pss is not None else None,
    )
