"""docs/signals-architecture.md says what is so: its example can be sent, its paths exist, its words are those of the code."""

from __future__ import annotations

import json
import re
import sys
from typing import get_args

import anyio
import pytest

from flintt_mcp.sandbox.flintt.running.build import Build
from flintt_mcp.sandbox.flintt.running.runner_lock import FILE_NAME
from flintt_mcp.sandbox.flintt.runs import Run
from tests.sandbox.running.figures import PAGE

pytestmark = pytest.mark.anyio

TEXT = PAGE.read_text(encoding="utf-8")
LOADED = "import sys; import flintt_mcp.sandbox.server; print(*[name for name in {names} if name in sys.modules])"


async def test_the_example_build_can_be_sent_as_it_stands(app, flintt):
    (example,) = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    signal = (await flintt.post("signals", json={"name": "Example"})).json()
    answer = await app.post(f"signals/{signal['id']}/build", json=json.loads(example))

    assert (answer.status_code, answer.json()["tool_count"]) == (200, 4)


async def test_the_paths_of_the_page_are_those_of_the_app(anyone):
    document = (await anyone.get("http://sandbox/flintt/openapi.json")).json()
    paths = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}

    assert set(re.findall(r"\| ((?:GET|POST) /api/signals/\S+) ", TEXT)) == {
        path for path in paths if "/api/signals/" in path
    }


async def test_the_page_names_every_field_status_and_file():
    assert set(re.findall(r"^\| (\w+) \| ", TEXT, re.MULTILINE)) >= set(Build.model_fields)
    statuses = get_args(Run.model_fields["status"].annotation)
    assert set(re.findall(r"^\| (\w+) \| ", TEXT, re.MULTILINE)) >= set(statuses)
    assert f"`{FILE_NAME}`" in TEXT


async def test_a_server_that_runs_no_signals_loads_nothing_for_it():
    names = [
        "feedparser",
        "rapidfuzz",
        "w3lib",
        "flintt_mcp.sandbox.flintt.running.runner",
        "flintt_mcp.sandbox.flintt.running.judging.topics",
    ]
    loaded = await anyio.run_process([sys.executable, "-c", LOADED.format(names=names)])

    assert loaded.stdout.strip() == b""
