"""Every request has an id, which its answer names, and leaves one line in the log that says how it was answered."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest

from flintt_mcp.calls.lines import Line
from tests.transports.fixture_app import KEY, call, calling, modern, modern_headers, open_session, principal

pytestmark = pytest.mark.anyio

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
UUID = "0198d4a1-7f3e-7c11-9d2a-5f6b7c8d9e0f"


@pytest.fixture(autouse=True)
def wanted(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "flintt_mcp.requests")


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """The lines of requests, without how long each took."""
    found = [record.msg for record in caplog.records if isinstance(record.msg, Line)]
    assert all(0 <= line["ms"] < 60_000 for line in found)
    return [{name: value for name, value in line.items() if name != "ms"} for line in found]


async def test_the_id_and_the_trace_that_a_client_sends_stand_in_the_answer_and_the_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    headers = {**modern_headers("who", KEY), "x-request-id": UUID, "traceparent": TRACEPARENT}
    async with calling() as client:
        answer = await client.post("/mcp", json=modern("who"), headers=headers)
    assert (answer.status_code, answer.headers.get_list("x-request-id")) == (200, [UUID])
    assert lines(caplog) == [
        {
            "request": UUID,
            "caller": principal(KEY)[:12],
            "method": "POST",
            "path": "/mcp",
            "status": 200,
            "outcome": "done",
            "trace": TRACEPARENT,
        }
    ]


@pytest.mark.parametrize(
    "sent",
    [
        {"x-request-id": "two words"},
        {"x-request-id": "a" * 65},
        {"x-request-id": "flt_looks_like_a_key"},
        {"x-request-id": "eyJ.looks.like-a-token"},
        {"x-request-id": "é"},
        {"x-request-id": "KEYWITHOUTPREFIX", "x-second-key": "KEYWITHOUTPREFIX"},
        {"traceparent": TRACEPARENT.upper()},
        {"traceparent": f"{TRACEPARENT}-more"},
        {"traceparent": "00-00000000000000000000000000000000-00f067aa0ba902b7-01"},
        {},
    ],
)
async def test_what_is_not_sane_counts_as_not_sent(sent: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    headers = {name.encode(): value.encode("latin-1") for name, value in {**modern_headers("who"), **sent}.items()}
    async with calling() as client:
        ids = [
            (await client.post("/mcp", json=modern("who"), headers=headers)).headers["x-request-id"] for _ in range(2)
        ]
    assert len(set(ids)) == 2
    assert all(re.fullmatch("[0-9a-f]{16}", id) for id in ids)
    assert [(line["request"], line.get("trace")) for line in lines(caplog)] == [(id, None) for id in ids]


async def test_refusals_of_every_layer_leave_a_line_and_nothing_that_a_client_made_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    page = {"origin": "http://127.0.0.1:8000", "x-api-key": KEY}
    async with calling() as client:
        await client.get(f"/{KEY}")
        await client.request("SECRETMETHOD", "/mcp")
        await client.post("/mcp", headers={"host": "evil.example"})
        await client.get("/mcp", headers={"origin": "http://evil.example"})
        await client.post("/mcp/", content=b"{", headers={"content-type": "application/json"})
        await client.post("/mcp", content=b"x", headers={"content-type": "text/plain"})
        await client.post("/messages/?session_id=SECRET", json={})
        answer = await client.get("/nothing", headers=page)
    assert [
        (line["method"], line["path"], line["status"], line["outcome"], line["caller"]) for line in lines(caplog)
    ] == [
        ("GET", "other", 404, "refused", "none"),
        ("other", "/mcp", 405, "refused", "none"),
        ("POST", "/mcp", 421, "refused", "none"),
        ("GET", "/mcp", 403, "refused", "none"),
        ("POST", "/mcp", 400, "refused", "none"),
        ("POST", "/mcp", 415, "refused", "none"),
        ("POST", "/messages", 404, "refused", "none"),
        ("GET", "other", 404, "refused", principal(KEY)[:12]),
    ]
    assert "SECRET" not in caplog.text
    assert KEY not in caplog.text
    assert "x-request-id" in answer.headers["access-control-expose-headers"].lower()


async def test_probes_leave_no_line(caplog: pytest.LogCaptureFixture) -> None:
    async with calling() as client:
        for path in ("/healthz", "/readyz", "/metrics"):
            assert (await client.get(path)).status_code == 200
    assert lines(caplog) == []


async def test_a_session_leaves_a_line_for_each_request_and_none_for_a_notification(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with calling() as client:
        headers = await open_session(client, KEY)
        await client.post("/mcp", json=call("steps"), headers=headers)
        await client.delete("/mcp", headers=headers)
    assert [(line["method"], line["path"], line["status"]) for line in lines(caplog)] == [
        ("POST", "/mcp", 200),
        ("POST", "/mcp", 200),
        ("DELETE", "/mcp", 200),
    ]


async def test_nothing_is_told_when_nobody_reads_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "flintt_mcp.requests")
    async with calling() as client:
        assert "x-request-id" in (await client.get("/nothing")).headers
    assert caplog.records == []
