"""`python -m tests.clocked WORDS`: the process of `flintt-mcp WORDS`, with a clock on the wall that a test moves.

In: the words and the environment of the command, and FLINTT_TEST_AHEAD, a file that says how many seconds the clock is ahead; who
moves it from outside is a `ClockFile`. Workers import this anew, so theirs is the same clock. Time-outs run by the machine's.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "FLINTT_TEST_AHEAD"
CLOCKED = (sys.executable, "-m", "tests.clocked")


@dataclass
class ClockFile:
    """The clock of the processes that are told of this file; at first it shows what the machine's does."""

    file: Path
    ahead: float = 0.0

    def __post_init__(self) -> None:
        self.forward(0)

    def forward(self, seconds: float) -> None:
        self.ahead += seconds
        draft = self.file.with_suffix(".draft")
        draft.write_text(str(self.ahead), "utf-8")
        draft.replace(self.file)


if __name__ in ("__main__", "__mp_main__"):
    machine, shown = time.time, Path(os.environ[VARIABLE])
    time.time = lambda: machine() + float(shown.read_text("utf-8"))  # before anything takes it

if __name__ == "__main__":
    from flintt_mcp.__main__ import main

    main()
