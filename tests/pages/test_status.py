"""The page for the operator: behind the secret that approves, true to what was counted, and with no secret in an address."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from flintt_mcp.pages.status import Calls, Status, shown, span
from flintt_mcp.serving.asgi import service
from flintt_mcp.settings import Settings
from tests.processes import closed_port
from tests.transports.fixture_app import living
from tests.transports.http.asked import NEW, request_of

pytestmark = pytest.mark.anyio

SECRET = "what-the-operator-knows"
BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@asynccontextmanager
async def looking(
    tmp_path: Path, env: Mapping[str, str] | None = None, **settings: Any
) -> AsyncIterator[httpx2.AsyncClient]:
    """An operator's browser in front of the whole server."""
    app = service(Settings(data_dir=str(tmp_path), **{"approval_secret": SECRET, **settings}), env or {})
    async with (
        living(app),
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app), base_url="http://127.0.0.1:8000", headers=BROWSER
        ) as http,
    ):
        yield http


async def look(http: httpx2.AsyncClient, secret: str = SECRET) -> httpx2.Response:
    return await http.post("/status", data={"secret": secret})


async def call(http: httpx2.AsyncClient, tool: str, **arguments: Any) -> None:
    message, headers = request_of("tools/call", {"name": tool, "arguments": arguments}, NEW)
    await http.post("/mcp", json=message, headers={**headers, "x-api-key": "flt_sandbox_key"})


def figures(page: str) -> dict[str, str]:
    """The rows of a name and a text."""
    return dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page))


def card(page: str, id: str) -> str:
    """The words of one card."""
    found = re.search(rf'<section class="card" aria-labelledby="{id}">(.*?)</section>', page, re.DOTALL)
    assert found is not None, id
    return html.unescape(" ".join(re.sub(r"<[^>]*>", " ", found[1]).split()))


async def test_nobody_sees_it_without_the_secret_and_the_secret_is_in_no_address(tmp_path: Path) -> None:
    async with looking(tmp_path) as http:
        pages = [
            await http.get("/status"),
            await http.get(f"/status?secret={SECRET}"),
            await look(http, "a-secret-that-is-wrong"),
            await look(http, ""),
            await http.post("/status", content=b"\xff" * 5000),
        ]
        right = await look(http)
    assert [page.status_code for page in pages] == [200, 200, 403, 403, 403]
    assert [page.text.count("Intents by state") for page in (*pages, right)] == [0, 0, 0, 0, 0, 1]
    assert [page for page in (*pages, right) if SECRET in page.text] == []
    assert {page.headers["cache-control"] for page in (*pages, right)} == {"no-store"}
    assert "unsafe" not in right.headers["content-security-policy"]
    assert re.findall(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=", right.text) == []


async def test_a_server_without_a_secret_shows_it_to_nobody_and_leads_nobody_there(tmp_path: Path) -> None:
    async with looking(tmp_path, approval_secret="") as http:
        answers = [await http.get("/status"), await look(http, ""), await look(http, "x")]
        front = await http.get("/")
    assert [answer.status_code for answer in answers] == [404] * 3
    assert "FLINTT_MCP_APPROVAL_SECRET" in answers[0].text
    assert "status" not in front.text


async def test_wrong_secrets_are_counted_together_on_every_page_that_wants_it(tmp_path: Path) -> None:
    async with looking(tmp_path) as http:
        wrong = [(await look(http, f"wrong-{number}")).status_code for number in range(10)]
        right = await look(http)
    assert wrong == [403] * 10
    assert (right.status_code, "Intents by state" in right.text) == (429, False)


async def test_it_tells_what_was_called_and_what_it_came_to(tmp_path: Path) -> None:
    async with looking(tmp_path, sandbox=True) as http:
        for _ in range(2):
            await call(http, "list_companies")
        await call(http, "list_companies", bogus=True)
        await call(http, "no_such_tool")
        await call(http, "create_company", name="Status Works")
        page = (await look(http)).text
    told = figures(page)
    assert card(page, "tool-list_companies").startswith("list_companies 3 2 done, 1 refused ")
    assert card(page, "tool-create_company").startswith("create_company 1 1 done ")
    assert card(page, "tool-unknown").startswith("unknown 1 1 refused ")
    assert re.match(
        r"flintt answers in [\d.]+ ms Last call: done, 0 s ago 3 done, 1 refused ", card(page, "api-flintt")
    )
    assert (told["refused"], told["failed here"], told["running calls"], told["open streams"]) == ("2", "0", "0", "0")
    assert {name: told[name] for name in ("done", "asked", "unknown")} == {"done": "1", "asked": "0", "unknown": "0"}
    assert told["protocol revisions"] == "2024-11-05, 2025-03-26, 2025-06-18, 2025-11-25, 2026-07-28"
    assert "Uptime, running calls" not in page


async def test_an_api_that_does_not_answer_is_named_with_the_reason(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    async with looking(tmp_path, {"FLINTT_API_URL": url}) as http:
        await call(http, "list_companies")
        page = (await look(http)).text
    told = card(page, "api-flintt")
    assert "does not answer: " in told
    assert re.search(r"Last call: the API failed, \d+ s ago 1 the API failed", told)


async def test_it_stands_under_the_prefix_of_the_server(tmp_path: Path) -> None:
    async with looking(tmp_path, path_prefix="/flintt") as http:
        page = await http.get("/flintt/status")
        front = await http.get("/flintt/")
    assert 'action="/flintt/status"' in page.text
    assert 'href="/flintt/status"' in front.text


def calls(within: list[int], **outcomes: int) -> Calls:
    return Calls("say", outcomes, within, (0.01, 0.1, 1))


def test_a_bar_is_as_long_as_what_it_shows_and_times_are_told_by_their_bounds() -> None:
    many = calls([6, 3, 0, 1], done=6, refused=3, cancelled=1)
    assert many.bar == [("done", 0, 60), ("refused", 60, 30), ("cancelled", 90, 10)]
    assert many.columns == [(0, 100), (1, 50), (2, 0), (3, 16.67)]
    assert many.times == "half within 10 ms, 95% over 1 s"
    assert calls([4, 0, 0, 0], done=4).times == "95% within 10 ms"
    assert (calls([]).bar, calls([]).times, calls([]).in_words) == ([], "no time counted", "")


@pytest.mark.parametrize(
    ("seconds", "told"), [(0, "0 s"), (59.6, "1 min 0 s"), (3_700, "1 h 1 min"), (200_000, "2 d 7 h"), (-1, "0 s")]
)
def test_a_span_is_told_in_its_two_largest_units(seconds: float, told: str) -> None:
    assert span(seconds) == told


def test_a_store_that_does_not_answer_takes_nothing_else_from_the_page() -> None:
    page = shown("/", Status("now", {"Python": "3"}, {"workers": "2"}, "of one worker", [], [], None)).body.decode()
    assert "The store does not answer." in page
    assert "of one worker" in page
    assert figures(page)["Python"] == "3"
