"""No line break that JSON hides in its strings goes out on any way, and every client still reads what was meant."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flintt_mcp.transports.line_safe import line_safe, line_safe_bytes

from .fixture_app import (
    HIDDEN_BREAKS,
    INITIALIZE,
    JSON_ONLY,
    OLD,
    call,
    calling,
    modern,
    modern_headers,
    open_session,
    serving,
)
from .http.test_sse import streaming
from .test_stdio import COMMAND, TESTS

pytestmark = pytest.mark.anyio


def text_of(wire: bytes) -> str:
    """The text of the one result on the wire, whose lines are told apart in every way that some reader has."""
    lines = wire.decode().splitlines()
    (result,) = [line.removeprefix("data: ") for line in lines if '"result"' in line]
    content = json.loads(result)["result"]["content"]
    return content[0]["text"]


@given(st.text(st.sampled_from('a\u2028\u2029\x85\u0084é\\"\n🫐')))
def test_the_values_stay_and_the_breaks_go(text: str) -> None:
    raw = json.dumps({text: [text]}, ensure_ascii=False)
    assert json.loads(line_safe(raw)) == {text: [text]}
    assert line_safe_bytes(raw.encode()) == line_safe(raw).encode()
    assert len(line_safe(raw).splitlines()) == 1


def test_bytes_that_are_no_text_pass_as_they_are() -> None:
    assert line_safe_bytes(b"\xff\xe2\x80") == b"\xff\xe2\x80"


@pytest.mark.parametrize("revision", ["2026", "2025"])
async def test_in_a_json_body(revision: str) -> None:
    message = modern("lines") if revision == "2026" else call("lines")
    headers = (
        {**modern_headers("lines"), **JSON_ONLY} if revision == "2026" else {"mcp-protocol-version": OLD, **JSON_ONLY}
    )
    async with calling() as client:
        answer = await client.post("/mcp", json=message, headers=headers)
    assert text_of(answer.content) == HIDDEN_BREAKS
    assert answer.headers["content-length"] == str(len(answer.content))


async def test_in_the_event_stream_of_a_call() -> None:
    async with calling() as client:
        in_session = await client.post("/mcp", json=call("lines"), headers=await open_session(client))
        shown = {"progressToken": 1}
        alone = await client.post("/mcp", json=modern("lines", **shown), headers=modern_headers("lines"))
    assert [text_of(answer.content) for answer in (in_session, alone)] == [HIDDEN_BREAKS, HIDDEN_BREAKS]


async def test_in_a_legacy_stream() -> None:
    async with (
        serving() as running,
        httpx2.AsyncClient(base_url=running.url) as client,
        streaming(client) as stream,
    ):
        for message in (INITIALIZE, {"jsonrpc": "2.0", "method": "notifications/initialized"}, call("lines")):
            await stream.post(message)
        await stream.message()
        _, data = await stream.event()
    assert text_of(data.encode()) == HIDDEN_BREAKS


def test_on_stdio() -> None:
    messages: list[dict[str, Any]] = [modern("lines")]
    lines = b"".join(json.dumps(message).encode() + b"\n" for message in messages)
    done = subprocess.run(COMMAND, input=lines, capture_output=True, cwd=TESTS, check=True, timeout=60)
    assert text_of(done.stdout) == HIDDEN_BREAKS
