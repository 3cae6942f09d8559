"""What is loaded when a client on stdio gets its first answers, and what never is: loading is what starting takes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.processes import environment
from tests.transports.stdio.spoken import ENVELOPE, READY, initialize, request

REPORTING = """
import json, sys
import flintt_mcp.transports.stdio.serve as serve
def tell(loading):
    sys.stderr.write(json.dumps([*sys.modules]))
    raise SystemExit
serve._Loading.begin = lambda loading: None
serve._Loading.finish = tell
from flintt_mcp.cli.main import run
run(sys.argv[1:])
"""
NEVER_EARLY = {
    "mcp",
    "mcp_types",
    "pydantic",
    "anyio",
    "asyncio",
    "starlette",
    "fastapi",
    "sqlite3",
    "aiohttp",
    "ssl",
    "flintt_mcp.app",
}


@pytest.mark.parametrize("options", [[], ["--sandbox"], ["--toolsets", "all"]])
@pytest.mark.parametrize(
    "frames",
    [
        [initialize("2025-11-25"), READY, request(1, "ping"), request(2, "tools/list")],
        [request(1, "server/discover", {"_meta": ENVELOPE}), request(2, "tools/list", {"_meta": ENVELOPE})],
    ],
    ids=["handshake", "modern"],
)
def test_the_first_answers_need_neither_the_app_nor_the_sdk(
    frames: list[dict[str, Any]], options: list[str], tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", REPORTING, "stdio", *options],
        input="".join(json.dumps(frame) + "\n" for frame in frames),
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["id"] for answer in answers] == [frame["id"] for frame in frames if "id" in frame]
    assert len(answers[-1]["result"]["tools"]) > 10
    assert NEVER_EARLY & set(json.loads(done.stderr)) == set()
    assert not (tmp_path / "data").exists()
