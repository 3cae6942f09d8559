"""Measures the rows of `cases.py`: contenders take turns, round by round, in front of the same driver process.

In: a fleet, a case, a concurrency. Out: a `Measured` with one window per round and contender. A contender's first answer
is read in full before anything is timed: all 25 companies, in both halves. One wrong answer fails the
contender in that measurement: all its numbers there are dropped, and the run ends with exit code 1.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from bench import payload
from bench.answer import Answer
from bench.cases import FLOOR_WANTED, Case
from bench.contenders import FLOOR, LABELS, Fleet
from bench.driver import Job, Window
from bench.process import Running, StartFailed, module, read_line, start
from bench.ratio import Spread, per_round, spread

KEY_HEADERS = {"X-API-Key": payload.API_KEY}


class Driver:
    """The driver process; `run` hands it one job and waits for the window."""

    def __init__(self) -> None:
        self._child = start(module("driver"))

    def __enter__(self) -> Driver:
        return self

    def __exit__(self, *details: object) -> None:
        self._child.stop()

    def run(self, job: Job) -> Window:
        """Carries out one job. Raises: StartFailed when the driver does not come back."""
        self._child.write_line(json.dumps(asdict(job)))
        return Window(**json.loads(read_line(self._child, 90)))


@dataclass(slots=True)
class Row:
    """One contender's windows in one measurement, one per round; None where it failed."""

    contender: str
    windows: list[Window | None] = field(default_factory=list)
    fault: str | None = None

    def rates(self) -> list[float | None]:
        """Calls per second, by round."""
        return [window.calls / window.seconds if window else None for window in self.windows]

    def per_cpu_second(self) -> list[float | None]:
        """Calls per CPU second of the server, by round."""
        return [window.calls / window.cpu if window and window.cpu else None for window in self.windows]

    def cpu_microseconds(self) -> Spread | None:
        """CPU time of the server per call."""
        return spread([1e6 / rate if rate else None for rate in self.per_cpu_second()])

    def milliseconds(self, which: str) -> Spread | None:
        """The latency quantile `which` ("p50", "p99")."""
        return spread([getattr(window, which) * 1000 if window else None for window in self.windows])


@dataclass(slots=True)
class Measured:
    """A case at one concurrency."""

    case: Case
    concurrency: int
    rows: dict[str, Row]

    def ratio(self, over: str, under: str, *, by_cpu: bool = False) -> Spread | None:
        """One contender over another, per round: in calls/s, or in calls per CPU second."""
        if over not in self.rows or under not in self.rows:
            return None
        if by_cpu:
            return per_round(self.rows[over].per_cpu_second(), self.rows[under].per_cpu_second())
        return per_round(self.rows[over].rates(), self.rows[under].rates())


class Loader:
    """Runs cases. `progress` gets one line per step; `seconds` are those of a warm-up and of a window."""

    def __init__(
        self,
        fleet: Fleet,
        driver: Driver,
        contenders: Sequence[str],
        progress: Callable[[str], None],
        seconds: tuple[float, float],
    ) -> None:
        self._fleet = fleet
        self._driver = driver
        self._contenders = contenders
        self._progress = progress
        self._warmup, self._seconds = seconds

    def measure(self, case: Case, concurrency: int, rounds: int) -> Measured:
        """One case at one concurrency. Contenders change places from round to round."""
        names = [name for name in self._contenders if name != FLOOR or case.has_floor]
        measured = Measured(case, concurrency, {name: Row(name) for name in names})
        servers = {name: server for name in names if (server := self._ready(case, measured.rows[name])) is not None}
        for number in range(rounds):
            for name in names[number % len(names) :] + names[: number % len(names)]:
                row = measured.rows[name]
                window = None
                if name in servers and row.fault is None:
                    window = self._window(case, concurrency, row, servers[name])
                row.windows.append(window)
                if row.fault is not None:
                    row.windows = [None] * len(row.windows)
            self._progress(f"{case.name} c{concurrency}: round {number + 1}/{rounds}")
        return measured

    def _ready(self, case: Case, row: Row) -> Running | None:
        """The server for a row, with its first answer checked in full."""
        try:
            server = self._fleet.server(row.contender, stateful=case.stateful, all_toolsets=case.all_toolsets)
            fault = self._first_answer(case, row.contender, server)
        except StartFailed as error:
            server, fault = None, str(error)
        if fault is not None:
            row.fault = fault
            self._progress(f"{LABELS[row.contender]} is out of {case.name}: {fault}")
            return None
        return server

    def _first_answer(self, case: Case, contender: str, server: Running) -> str | None:
        job = self._job(case, 1, contender, server)
        window = self._driver.run(replace(job, calls=2, first_answer=True))
        if window.fault is not None:
            return window.fault
        if contender == FLOOR or case.method != "tools/call":
            return None
        return incomplete(Answer(200, b"", (window.first_answer or "").encode()))

    def _window(self, case: Case, concurrency: int, row: Row, server: Running) -> Window | None:
        window = self._driver.run(self._job(case, concurrency, row.contender, server))
        if window.errors:
            row.fault = f"{window.errors} bad answers; the first: {window.fault}"
            self._progress(f"{LABELS[row.contender]} failed in {case.name} c{concurrency}: {row.fault}")
            return None
        return window

    def _job(self, case: Case, concurrency: int, contender: str, server: Running) -> Job:
        return Job(
            port=server.port,
            method=case.method,
            params=case.params,
            era=case.era,
            concurrency=concurrency,
            seconds=self._seconds,
            warmup_seconds=self._warmup,
            wanted=list(FLOOR_WANTED if contender == FLOOR else case.wanted),
            headers=KEY_HEADERS,
            sessions=concurrency if case.stateful and contender != FLOOR else 0,
            pid=server.pid,
        )


def result_of(answer: Answer) -> dict[str, Any]:
    """The JSON-RPC message in an answer, JSON or a stream with one message that has a result. Raises: ValueError."""
    text = answer.body.decode()
    if text.startswith("{"):
        return json.loads(text)["result"]
    for line in text.splitlines():
        if line.startswith("data:") and "result" in (message := json.loads(line[5:] or "{}")):
            return message["result"]
    raise ValueError("no message with a result")


def incomplete(answer: Answer) -> str | None:
    """What is missing from a list_companies answer; None when all companies are in its text and its structured content."""
    try:
        result = result_of(answer)
        structured = json.dumps(result["structuredContent"], ensure_ascii=False)
        text = "".join(block.get("text", "") for block in result["content"])
    except (ValueError, KeyError) as error:
        return f"the first answer cannot be read: {error!r}"
    for half, where in ((structured, "structured content"), (text, "text")):
        lost = [company["name"] for company in payload.COMPANIES if company["name"] not in half]
        if lost:
            return f"{len(lost)} of {payload.COMPANY_COUNT} companies are missing from the {where}, {lost[0]} first"
    lost_ids = [company["id"] for company in payload.COMPANIES if company["id"] not in structured]
    return f"{len(lost_ids)} company ids are missing from the structured content" if lost_ids else None
