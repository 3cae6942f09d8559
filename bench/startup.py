"""Start-up over stdio: spawn to the first tools/list answer, as a multiple of importing pydantic's BaseModel.

The yardstick, `python -c "from pydantic import BaseModel"` with the same interpreter, takes its turn in each round, so that
the ratio does not depend on the machine. One turn before the rounds is not counted: it writes byte code and warms the disk.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.contenders import FLOOR, LABELS, Fleet, Product, stdio_command, stdio_environment
from bench.process import StartFailed
from bench.ratio import Spread, per_round, spread
from bench.stdio import first_list_seconds, run_seconds

YARDSTICK = "import pydantic"
_YARDSTICK_COMMAND = [sys.executable, "-c", "from pydantic import BaseModel"]


@dataclass(slots=True)
class Startup:
    """Seconds by round for the yardstick and each contender; None where a start failed."""

    seconds: dict[str, list[float | None]]
    faults: dict[str, str] = field(default_factory=dict)

    def ratio(self, contender: str) -> Spread | None:
        """A contender's time over the yardstick's, per round."""
        return per_round(self.seconds[contender], self.seconds[YARDSTICK])

    def milliseconds(self, name: str) -> Spread | None:
        """The times themselves."""
        return spread([value * 1000 if value is not None else None for value in self.seconds[name]])


def measure(
    fleet: Fleet, product: Product, contenders: Sequence[str], rounds: int, progress: Callable[[str], None]
) -> Startup:
    """Runs the yardstick and each contender in turn. The floor has no stdio and is left out."""
    names = [name for name in contenders if name != FLOOR]
    started = Startup({name: [] for name in (YARDSTICK, *names)})
    for number in range(rounds + 1):
        for name in (YARDSTICK, *names):
            seconds = _once(name, fleet, product, started, progress)
            if number:
                started.seconds[name].append(seconds)
        progress(f"stdio: round {number}/{rounds}" if number else "stdio: warm-up")
    return started


def _once(name: str, fleet: Fleet, product: Product, started: Startup, progress: Callable[[str], None]) -> float | None:
    if name == YARDSTICK:
        return run_seconds(_YARDSTICK_COMMAND)
    if name in started.faults:
        return None
    command = stdio_command(name, product, fleet.upstream_url)
    try:
        return first_list_seconds(command, stdio_environment(fleet.upstream_url))
    except (StartFailed, ValueError) as error:
        started.faults[name] = str(error)
        progress(f"{LABELS[name]} is out of stdio: {error}")
        return None
