"""Trying a tool in the page: by keyboard alone, with the visitor's key in a header and nowhere else, and with an approval."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import SECRET, Opens
from tests.processes import Served

OTHER_KEY = "flt_some_other_key"


def result_of(page: Page) -> dict[str, object]:
    """The result that the page received."""
    received = json.loads(page.locator("#received").text_content() or "")
    return received["result"]


def test_a_tool_is_run_with_the_keyboard_alone(opens: Opens, axe: str, shots: Path) -> None:
    with opens(past_policy=True) as (page, seen):
        page.goto("/tools/list_companies")
        page.get_by_label("limit").focus()
        page.keyboard.type("5")
        page.keyboard.press("Enter")
        page.get_by_role("status").get_by_text("Done.").wait_for()
        rows = page.locator("#result table").first.locator("tbody tr").count()
        page.screenshot(path=shots / "tried.png", full_page=True)
        page.evaluate(axe)
        found = page.evaluate("axe.run()")["violations"]
    assert rows == 5
    assert [each["id"] for each in found] == []
    assert seen.wrong == []


def test_a_key_goes_along_as_a_header_and_stays_nowhere(opens: Opens, served: Served) -> None:
    with opens() as (page, seen):
        page.goto("/tools/list_companies")
        page.get_by_label("Your key").fill(OTHER_KEY)
        with page.expect_request(f"{served.base}/mcp") as sent:
            page.get_by_role("button", name="Run").click()
        page.get_by_role("status").get_by_text("It did not work.").wait_for()
        told = page.locator("#result").inner_text()
        stored = page.evaluate("[localStorage.length, sessionStorage.length, document.cookie, location.href]")
        body = page.locator("body").inner_html()
        headers = sent.value.all_headers()
    assert headers["x-flintt-key"] == OTHER_KEY
    assert OTHER_KEY not in (sent.value.post_data or "")
    assert stored == [0, 0, "", f"{served.base}/tools/list_companies"]
    assert OTHER_KEY not in body
    assert "does not accept this key (401)" in told
    assert [url for url in seen.requests if OTHER_KEY in url] == []


def test_what_is_missing_or_wrong_is_said_before_anything_is_sent(opens: Opens, served: Served) -> None:
    with opens() as (page, seen):
        page.goto("/tools/create_signal")
        page.get_by_role("button", name="Run").click()
        missing = page.evaluate("document.activeElement.name")
        page.goto("/tools/flextell_create")
        page.get_by_label("resource").fill("contacts")
        page.get_by_label("data").fill("{no json")
        page.get_by_role("button", name="Run").click()
        wrong = page.evaluate("document.activeElement.name")
    assert (missing, wrong) == ("name", "data")
    assert [url for url in seen.requests if url == f"{served.base}/mcp"] == []


@pytest.mark.parametrize("text", ["<img src=x onerror=alert(1)>", "</code><script>alert(1)</script>"])
def test_what_comes_back_is_shown_as_text(opens: Opens, text: str) -> None:
    with opens() as (page, seen):
        page.goto("/tools/create_company")
        page.locator("#field-name").fill(text)
        page.get_by_role("button", name="Run").click()
        page.locator("#messages").wait_for()
        page.get_by_role("status").get_by_text(re.compile("Done|did not work")).wait_for()
        page.goto("/tools/list_companies")
        page.get_by_label("name").fill("alert(1)")
        page.get_by_role("button", name="Run").click()
        page.get_by_role("status").get_by_text("Done.").wait_for()
        shown = page.locator("#result").inner_text()
        made = page.locator("#result img, #result script").count()
    assert "alert(1)" in shown
    assert made == 0
    assert seen.wrong == []


def test_a_deletion_waits_for_the_approval_that_its_link_leads_to(opens: Opens) -> None:
    with opens() as (page, _):
        page.goto("/tools/list_signals")
        page.get_by_role("button", name="Run").click()
        page.get_by_role("status").get_by_text("Done.").wait_for()
        found = re.search(r"[0-9a-f]{8}-[0-9a-f-]{27}", page.locator("#result table tbody").first.inner_text())
        assert found is not None
        page.goto("/tools/delete_signal")
        page.get_by_label("signal_id").fill(found[0])
        page.get_by_role("button", name="Run").click()
        page.get_by_role("status").get_by_text("It did not work.").wait_for()
        with page.context.expect_page() as opened:
            page.locator("#result a").click()
        approval = opened.value
        approval.get_by_label("Approval secret of the operator").fill(SECRET)
        approval.get_by_role("button", name="Approve").click()
        approval.get_by_role("heading", name="Approved").wait_for()
        page.get_by_role("button", name="Run").click()
        page.get_by_role("status").get_by_text("Done.").wait_for()
        assert result_of(page).get("isError") in (None, False)


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """A page of another origin."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>elsewhere</title>")

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("mode", ["cors", "no-cors"])
def test_no_page_of_another_origin_can_call_or_read(opens: Opens, served: Served, elsewhere: str, mode: str) -> None:
    call = """async ([url, mode]) => {
        try {
            const answer = await fetch(url, { method: "POST", mode, body: "{}", headers: { "Content-Type": "text/plain" } });
            return [answer.type, answer.status, await answer.text()];
        } catch (error) { return ["failed"]; }
    }"""
    with opens() as (page, _):
        page.goto(elsewhere)
        with page.expect_request(f"{served.base}/mcp") as sent:
            read = page.evaluate(call, [f"{served.base}/mcp", mode])
        answer = sent.value.response() if mode == "no-cors" else None
    assert read == (["failed"] if mode == "cors" else ["opaque", 0, ""])
    assert answer is None or answer.status == 403
