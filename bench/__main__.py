"""`python -m bench`: the command line of the benchmark, and the order in which things are measured.

Progress goes to stderr, the report to stdout, `--json FILE` takes the same and every window behind it. Exit code 0 when
everything was measured, 1 when a contender gave a wrong answer or did not start (with --strict also when a target is
missed), 130 on Ctrl-C. A missing product is no error: the others are measured, and the report says why.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from bench import (
    burdens,
    cases,
    footprint,
    large,
    legacy,
    page,
    payload,
    piped,
    report,
    startup,
    tokens,
    upstream,
    wire,
)
from bench.contenders import FASTMCP, FLOOR, OURS, PRODUCT_SETTINGS, STOCK, Fleet, Product, find_product
from bench.driver import Job
from bench.load import KEY_HEADERS, Driver, Loader
from bench.process import StartFailed
from bench.results import Results, as_json, verdicts
from bench.tasks import replay

_PACKAGES = ("flintt-mcp", "mcp", "fastmcp", upstream.LIBRARY, "httpx2", "uvicorn", "httptools", "uvloop", "pydantic")

_QUIET_LOAD = 0.7


@dataclass(frozen=True, slots=True)
class Plan:
    """How long a run measures, and whom it compares the product with.

    `seconds` are those of a warm-up and of the window after it. Past `budget` seconds no further row is begun; what is
    left out then fails the run by name.
    """

    name: str
    budget: float
    rounds: int
    seconds: tuple[float, float]
    startup_rounds: int
    others: tuple[str, ...]


QUICK = Plan("quick", budget=180, rounds=5, seconds=(0.1, 0.25), startup_rounds=3, others=(FLOOR, FASTMCP))
FULL = Plan("full", budget=480, rounds=7, seconds=(0.2, 0.6), startup_rounds=7, others=(FLOOR, FASTMCP, STOCK))


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the benchmark and prints its report."""
    options = _parser().parse_args(argv)
    signal.signal(signal.SIGTERM, _interrupt)
    plan = QUICK if options.quick else FULL
    try:
        results = _run(plan, options.only or [])
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except StartFailed as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print(report.text(results))
    if options.json:
        options.json.write_text(json.dumps(as_json(results), indent=1) + "\n", encoding="utf-8")
    if options.page:
        page.write(results, options.page)
    missed = any(not verdict.met for verdict in verdicts(results))
    return 1 if results.faults() or (options.strict and missed) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure flintt-mcp side by side with others.")
    parser.add_argument("--quick", action="store_true", help="about two minutes instead of about 6")
    parser.add_argument(
        "--only",
        action="append",
        choices=cases.NAMES,
        metavar="NAME",
        help=f"one of: {', '.join(cases.NAMES)}; may be repeated",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything measured to FILE")
    parser.add_argument(
        "--page", type=Path, metavar="FILE", help="write the table into FILE, and the picture beside it"
    )
    parser.add_argument("--strict", action="store_true", help="exit with 1 when a target is missed")
    return parser


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


class _Progress:
    """Lines on stderr with the seconds since the start."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started

    def __call__(self, line: str) -> None:
        print(f"[{self.seconds:5.0f} s] {line}", file=sys.stderr, flush=True)


def _run(plan: Plan, only: Sequence[str]) -> Results:
    """Measures everything that is asked for; `only` names some, none means all."""
    progress = _Progress()
    product = find_product()
    contenders = [*plan.others] if product.missing else [*plan.others, OURS]
    names = only or cases.NAMES
    results = Results(plan.name, _versions(), _notes(product))
    for note in results.notes:
        progress(note)
    with Fleet(product) as fleet, Driver() as driver:
        results.ceiling = _ceiling(fleet, driver)
        loader = Loader(fleet, driver, contenders, progress, plan.seconds)
        for case, concurrency in _measurements(plan, only):
            if progress.seconds > plan.budget:
                results.left_out.append(f"{case.name} c{concurrency}: the run's {plan.budget:.0f} s were over")
                continue
            results.measured.append(loader.measure(case, concurrency, plan.rounds))
        if "stdio" in names:
            results.startup = startup.measure(fleet, product, contenders, plan.startup_rounds, progress)
            if not product.missing:
                results.piped = piped.measure(fleet, driver, product, plan.rounds, plan.seconds[1], progress)
        if "legacy-sse" in names and not product.missing:
            results.legacy = legacy.measure(fleet, driver, plan.rounds, plan.seconds[1], progress)
        if "burdens" in names and not product.missing:
            results.burdens = burdens.measure(fleet, progress)
        if "memory" in names:
            results.footprints = footprint.measure(fleet, driver, contenders, progress)
        if "tokens" in names:
            results.tokens["default"] = tokens.of_product(fleet, product)
            results.tokens["--toolsets all"] = tokens.of_product(fleet, product, ["--toolsets", "all"])
        if "large" in names and not product.missing:
            results.large = large.measure(product, progress)
        if "tasks" in names and not product.missing:
            results.tasks = replay.measure(progress)
    return results


def _measurements(plan: Plan, only: Sequence[str]) -> list[tuple[cases.Case, int]]:
    """The rows under load; a quick run leaves out rows without a target unless they are asked for by name."""
    found = []
    for case in cases.CASES:
        if only and case.name not in only:
            continue
        quick = case.quick or (case.concurrencies if only else ())
        found += [(case, concurrency) for concurrency in (quick if plan is QUICK else case.concurrencies)]
    return found


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def _notes(product: Product) -> list[str]:
    notes = []
    if product.missing:
        notes.append(f"flintt-mcp is not measured: {product.missing}")
    else:
        settings = ", ".join(f"{name}={value}" for name, value in PRODUCT_SETTINGS.items())
        notes.append(f"flintt-mcp runs with its defaults but for {settings}")
    library = upstream.product_library()
    if library not in (None, upstream.LIBRARY):
        notes.append(f"the floor uses {upstream.LIBRARY}, the product {library}: change bench/upstream.py")
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    if load > _QUIET_LOAD:
        notes.append(f"the machine was busy before the run (load {load:.1f}): trust the CPU columns more than calls/s")
    return notes


def _ceiling(fleet: Fleet, driver: Driver) -> float | None:
    """Calls per second of the driver on the stub alone."""
    assert fleet.stub is not None
    job = Job(
        port=fleet.stub.port,
        method="tools/call",
        params={},
        era=wire.MODERN,
        concurrency=16,
        seconds=0.5,
        wanted=[(payload.MARKER, 1)],
        headers=KEY_HEADERS,
    )
    window = driver.run(job)
    if window.errors:
        raise StartFailed(f"the driver and the stub do not understand each other: {window.fault}")
    return window.calls / window.seconds


if __name__ == "__main__":
    sys.exit(main())
