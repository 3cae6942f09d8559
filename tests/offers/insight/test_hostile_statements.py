"""Statements that mean no good are refused, in a process whose memory is bounded; FLINTT_TIMED=1 holds them to a clock too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.offers.insight.hostile import statements

pytestmark = pytest.mark.long

MOST_MB = 64
MOST_SECONDS = 3.0


def test_three_hundred_hostile_statements_are_refused_within_64_mb(data_dir: Path) -> None:
    command = [sys.executable, "-m", "tests.offers.insight.hostile", str(data_dir)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=True)
    told = json.loads(done.stdout.splitlines()[-1])
    print(told)
    assert (told["count"], told["answered"]) == (len(statements()), [])
    assert told["count"] >= 300
    assert told["memory"] <= MOST_MB
    assert told["slowest"] < MOST_SECONDS or not os.environ.get("FLINTT_TIMED")
