"""A first start of `flintt-mcp stdio --sandbox` that is killed at any moment leaves a folder that works.

Some hosts kill a server that they think is slow, and that is while it makes its folder. FLINTT_CRASHES says how often this is
tried.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.certain import there
from tests.processes import COMMAND, environment
from tests.transports.stdio.spoken import READY, initialize, request

pytestmark = pytest.mark.long

CRASHES = int(os.environ.get("FLINTT_CRASHES", "6"))
LONGEST = 1.5
"""Seconds in which a start on a calm machine has made its folder."""
ASKED = [
    initialize("2025-11-25"),
    READY,
    request(1, "tools/list"),
    request(2, "tools/call", {"name": "list_companies"}),
]


def started(home: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [COMMAND, "stdio", "--sandbox"],
        env=environment(home),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    there(process.stdin).write(b"".join(json.dumps(line).encode() + b"\n" for line in ASKED))
    there(process.stdin).flush()
    return process


def companies(home: Path) -> Any:
    """What a start on this folder answers."""
    out, errors = started(home).communicate(timeout=60)
    assert errors == b""
    answers = {answer["id"]: answer["result"] for answer in map(json.loads, out.splitlines())}
    return answers[2]["structuredContent"]["companies"]


@pytest.mark.parametrize("seed", range(CRASHES))
def test_the_next_start_answers_as_on_a_new_folder(seed: int, tmp_path: Path) -> None:
    moment = random.Random(seed).uniform(0, LONGEST)
    first = started(tmp_path / "killed")
    try:
        first.communicate(timeout=moment)
    except subprocess.TimeoutExpired:
        first.kill()
        first.communicate()
    assert companies(tmp_path / "killed") == companies(tmp_path / "new")
