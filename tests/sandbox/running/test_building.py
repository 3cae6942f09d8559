"""Building: what a source may be, who may build, what a signal shows afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.running.source_server import rss

pytestmark = pytest.mark.anyio

FEED = {"kind": "feed", "url": "https://news.example.com/feed.xml"}


@pytest.fixture
async def draft(flintt) -> str:
    return (await flintt.post("signals", json={"name": "Funding", "frequency": "weekly"})).json()["id"]


async def test_a_draft_becomes_active_with_the_number_of_its_sources(app, flintt, draft):
    tools = [FEED, {"kind": "page", "url": "https://news.example.com/"}, {"kind": "file", "path": "a/b.json"}]
    answer = await app.post(f"signals/{draft}/build", json={"tools": tools})
    signal = (await flintt.get(f"signals/{draft}")).json()

    assert (answer.status_code, answer.json()) == (200, signal)
    assert (signal["status"], signal["tool_count"], signal["last_run_at"]) == ("active", 3, None)


async def test_a_signal_that_is_built_without_switching_it_on_stays_a_draft_and_can_be_switched_on(app, flintt, draft):
    await app.post(f"signals/{draft}/build", json={"tools": [FEED], "activate": False})
    assert (await flintt.get(f"signals/{draft}")).json()["status"] == "draft"

    assert (await flintt.patch(f"signals/{draft}", json={"status": "paused"})).json()["status"] == "paused"


async def test_what_a_signal_was_built_with_is_shown_and_replaced_by_the_next_build(app, draft):
    await app.post(f"signals/{draft}/build", json={"tools": [FEED, FEED]})
    last: dict[str, Any] = {
        "tools": [{"kind": "file", "path": "x.xml", "source_type": "social"}],
        "opens_deals": True,
        "deal_stage": "new",
    }
    await app.post(f"signals/{draft}/build", json=last)

    (tool,) = last["tools"]
    assert (await app.get(f"signals/{draft}/build")).json() == last | {
        "tools": [tool | {"url": None, "items_at": None}]
    }


@pytest.mark.parametrize(
    ("tool", "told"),
    [
        ({"kind": "feed", "url": "http://10.0.0.8/feed"}, "may not be read"),
        ({"kind": "page", "url": "https://localhost.evil.local/x"}, "may not be read"),
        ({"kind": "json", "url": "ftp://example.com/x"}, "may not be read"),
        ({"kind": "file", "path": "../sandbox.secret"}, "outside the folder"),
        ({"kind": "file", "path": "/etc/passwd"}, "outside the folder"),
        ({"kind": "file", "path": "notes.exe"}, "must end in"),
        ({"kind": "feed", "path": "a.xml"}, "Send path for a file"),
        ({"kind": "file", "path": "a.xml", "url": "https://example.com"}, "Send path for a file"),
        ({"kind": "telepathy", "url": "https://example.com"}, "Input should be"),
        ({"kind": "feed", "url": "https://example.com", "cookie": "x"}, "Extra fields"),
    ],
)
async def test_a_source_that_may_not_be_read_is_refused_and_nothing_changes(app, flintt, draft, tool, told):
    answer = await app.post(f"signals/{draft}/build", json={"tools": [FEED, tool]})

    assert (answer.status_code, told in answer.text) == (422, True)
    assert "10.0.0.8" not in answer.text
    assert (await flintt.get(f"signals/{draft}")).json()["tool_count"] == 0


@pytest.mark.parametrize("tools", [[], [FEED] * 11])
async def test_a_signal_has_one_to_ten_sources(app, draft, tools):
    assert (await app.post(f"signals/{draft}/build", json={"tools": tools})).status_code == 422


async def test_a_link_that_leads_out_of_the_folder_is_refused(app, draft, folder, data_dir):
    (folder / "link.xml").symlink_to(data_dir / "sandbox.secret")
    (folder / "away.xml").symlink_to("/etc")

    for path in ("link.xml", "away.xml"):
        answer = await app.post(f"signals/{draft}/build", json={"tools": [{"kind": "file", "path": path}]})
        assert answer.status_code == 422


async def test_a_signal_of_another_user_is_not_there(app, other_app, flintt, web, make_signal):
    signal_id = await make_signal({"kind": "feed", "url": web.put("/f", rss())})
    run = (await app.post(f"signals/{signal_id}/runs")).json()

    assert (await other_app.post(f"signals/{signal_id}/build", json={"tools": [FEED]})).status_code == 404
    assert (await other_app.get(f"signals/{signal_id}/build")).status_code == 404
    assert (await other_app.post(f"signals/{signal_id}/runs")).status_code == 404
    assert (await other_app.get(f"signals/runs/{run['id']}/sources")).status_code == 404


async def test_an_api_key_opens_none_of_it_and_a_token_is_needed(flintt, anyone, draft):
    for client in (flintt, anyone):
        for method, path in (("POST", "build"), ("GET", "build"), ("POST", "runs")):
            answer = await client.request(method, f"http://sandbox/flintt/api/signals/{draft}/{path}")
            assert answer.status_code == 401
        assert (await client.get(f"http://sandbox/flintt/api/signals/runs/{draft}/sources")).status_code == 401


async def test_a_draft_and_an_example_signal_do_not_run_and_say_why(app, flintt, draft):
    example = next(signal for signal in (await flintt.get("signals")).json() if signal["status"] == "active")

    for signal_id in (draft, example["id"]):
        answer = await app.post(f"signals/{signal_id}/runs")
        assert (answer.status_code, answer.json()["detail"]) == (
            409,
            "This signal has no sources here: build it first.",
        )


async def test_a_run_that_is_under_way_is_answered_to_whoever_asks_and_keeps_the_signal_from_being_rebuilt(
    app, web, make_signal, run_now
):
    tool = {"kind": "feed", "url": web.put("/f", rss())}
    signal_id = await make_signal(tool)
    first = await app.post(f"signals/{signal_id}/runs")
    second = await app.post(f"signals/{signal_id}/runs")
    refused = await app.post(f"signals/{signal_id}/build", json={"tools": [tool]})

    assert first.json() == second.json()
    assert (first.json()["status"], first.json()["started_at"]) == ("pending", None)
    assert refused.status_code == 409
    assert (await run_now(signal_id))["id"] == first.json()["id"]


async def test_a_paused_signal_runs_when_somebody_asks(flintt, web, make_signal, run_now):
    signal_id = await make_signal({"kind": "feed", "url": web.put("/f", rss())}, frequency="daily")
    await flintt.patch(f"signals/{signal_id}", json={"status": "paused"})

    assert (await run_now(signal_id))["status"] == "completed"
    assert (await flintt.get(f"signals/{signal_id}")).json()["status"] == "paused"


async def test_the_document_declares_every_answer_of_these_paths(anyone):
    document = (await anyone.get("http://sandbox/flintt/openapi.json")).json()

    assert {
        f"{method.upper()} {path}": " ".join(operation["responses"])
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if path.startswith("/api/signals/")
    } == {
        "POST /api/signals/{signal_id}/build": "200 401 404 422 400 409",
        "GET /api/signals/{signal_id}/build": "200 401 404 422 409",
        "POST /api/signals/{signal_id}/runs": "202 401 404 422 409",
        "GET /api/signals/runs/{run_id}/sources": "200 401 404 422",
    }
