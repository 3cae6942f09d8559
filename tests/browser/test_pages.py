"""Every page in a browser: nothing wrong in the console, nothing from elsewhere, nothing that keeps people out, on every screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.conftest import SECRET, Opens
from tests.processes import Served

PAGES = {
    "connect": "/",
    "tools": "/tools",
    "tool": "/tools/create_signal",
    "search": "/docs?q=webhook",
    "document": "/docs/settings",
    "status": "/status",
    "missing": "/nothing",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 390, 1280, 1440])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_and_open_to_everybody(
    opens: Opens, served: Served, axe: str, shots: Path, name: str, width: int, scheme: str
) -> None:
    with opens(width, scheme, past_policy=True) as (page, seen):
        answer = page.goto(PAGES[name], wait_until="networkidle")
        page.screenshot(path=shots / f"{name}-{width}-{scheme}.png", full_page=True)
        page.evaluate(axe)
        found = page.evaluate("axe.run()")["violations"]
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    expected = ["Failed to load resource: the server responded with a status of 404 (Not Found)"] * (name == "missing")
    assert answer is not None
    assert answer.status == (404 if name == "missing" else 200)
    assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in found] == []
    assert seen.wrong == expected
    assert [url for url in seen.requests if not url.startswith(f"{served.base}/")] == []
    assert wide == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_the_operator_types_the_secret_and_sees_how_the_server_does(
    opens: Opens, served: Served, axe: str, shots: Path, width: int, scheme: str
) -> None:
    with opens(width, scheme, past_policy=True) as (page, seen):
        page.goto("/tools/list_companies")
        page.get_by_role("button", name="Run").click()
        page.get_by_role("status").get_by_text("Done.").wait_for()
        page.get_by_role("link", name="Status, for the operator").click()
        page.get_by_label("Approval secret of the operator").fill(SECRET)
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Calls by tool").wait_for()
        page.screenshot(path=shots / f"status-shown-{width}-{scheme}.png", full_page=True)
        plots = page.get_by_role("region", name="list_companies").get_by_role("img").count()
        page.evaluate(axe)
        found = page.evaluate("axe.run()")["violations"]
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        address = page.url
    assert (plots, address, wide) == (2, f"{served.base}/status", 0)
    assert [each["id"] for each in found] == []
    assert seen.wrong == []
    assert [url for url in seen.requests if SECRET in url or not url.startswith(f"{served.base}/")] == []


def test_the_status_keeps_to_its_own_policy_and_needs_no_script(opens: Opens) -> None:
    with opens(scripts=False) as (page, seen):
        page.goto("/status")
        page.get_by_label("Approval secret of the operator").fill(SECRET)
        page.get_by_role("button", name="Show the status").click()
        page.get_by_role("heading", name="Intents by state").wait_for()
    assert seen.wrong == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_keeps_to_its_own_policy(opens: Opens, name: str) -> None:
    with opens() as (page, seen):
        page.goto(PAGES[name], wait_until="networkidle")
        shown = page.locator("main").inner_text()
    assert len(shown) > 50
    assert [line for line in seen.wrong if "Content Security Policy" in line] == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_everything_without_scripts(opens: Opens, name: str) -> None:
    with opens(scripts=False) as (page, _):
        page.goto(PAGES[name])
        assert page.locator("h1").is_visible()
        assert page.locator("section.tab:visible").count() == page.locator("section.tab").count()


def test_hosts_are_chosen_with_the_keyboard_and_the_text_is_copied(opens: Opens) -> None:
    with opens() as (page, seen):
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.goto("/")
        page.get_by_role("tab", name="Claude Desktop").focus()
        page.keyboard.press("ArrowRight")
        assert page.get_by_role("tab", name="Claude Code").get_attribute("aria-selected") == "true"
        assert page.get_by_role("tabpanel").count() == 1
        page.keyboard.press("Tab")
        page.get_by_role("button", name="Copy for Claude Code").press("Enter")
        page.get_by_text("Copied").wait_for()
        copied = page.evaluate("navigator.clipboard.readText()")
        page.get_by_role("tab", name="Claude Code").press("End")
        last = page.get_by_role("tab").last.get_attribute("aria-selected")
    assert copied.startswith("claude mcp add-json --scope user flintt")
    assert last == "true"
    assert seen.wrong == []


def test_the_first_stop_of_the_keyboard_leads_to_the_content(opens: Opens) -> None:
    with opens() as (page, _):
        page.goto("/docs")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.url.endswith("/docs#main")
