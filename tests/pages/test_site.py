"""The pages: each with what it is for, true for whoever opens it, safe whatever it shows, and never with a key."""

from __future__ import annotations

import base64
import html
import json
import re
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urldefrag, urljoin, urlsplit

import httpx2
import pytest
import yaml

from flintt_mcp.offers.handbook.documents import Handbook, default_folder
from flintt_mcp.serving.asgi import service
from flintt_mcp.settings import Settings
from tests.transports.fixture_app import living

pytestmark = pytest.mark.anyio

KEY = "flt_a_key_that_must_never_be_seen"
BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
LOCAL = "http://127.0.0.1:8000"
PUBLIC = "https://mcp.example.com"


@asynccontextmanager
async def browsing(tmp_path: Path, url: str = LOCAL, **settings: Any) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser of the whole server, under the URL that it wrote."""
    app = service(Settings(data_dir=str(tmp_path), allowed_host=("mcp.example.com",), **settings), {})
    async with (
        living(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=url, headers=BROWSER) as http,
    ):
        yield http


def connect_texts(page: str) -> dict[str, str]:
    """What the page gives each host."""
    found = re.findall(r'<code id="([\w-]+)-text">(.*?)</code>', page, re.DOTALL)
    return {name: html.unescape(text) for name, text in found}


def links_in(page: str) -> set[str]:
    return {html.unescape(link) for link in re.findall(r'(?:href|src|action)="([^"]*)"', page)}


async def test_a_host_with_a_link_gets_it_with_the_address_and_without_a_key(tmp_path: Path) -> None:
    async with browsing(tmp_path) as http:
        page = (await http.get("/")).text
    links = [link for link in links_in(page) if urlsplit(link).scheme in ("cursor", "vscode", "goose")]
    assert sorted(urlsplit(link).scheme for link in links) == ["cursor", "goose", "vscode"]
    for link in links:
        config = parse_qs(urlsplit(link).query).get("config")
        told = base64.b64decode(config[0]).decode() if config else unquote(link)
        assert "/mcp" in told
        assert "flt_" not in told


async def test_every_link_of_every_page_leads_to_a_page_or_out(tmp_path: Path) -> None:
    seen: dict[str, str] = {}
    wanted: dict[str, set[str]] = {"/flintt/": set()}
    async with browsing(tmp_path, toolsets=("all",), path_prefix="/flintt") as http:
        while waiting := [path for path in wanted if path not in seen]:
            answer = await http.get(waiting[0])
            assert (waiting[0], answer.status_code) == (waiting[0], 200)
            seen[waiting[0]] = answer.text if answer.headers["content-type"].startswith("text/html") else ""
            for link in links_in(seen[waiting[0]]):
                path, place = urldefrag(urljoin(waiting[0], link))
                if not urlsplit(path).scheme:
                    wanted.setdefault(path, set()).update({place} - {""})
    missing = [
        (path, place) for path, places in wanted.items() for place in places if f'id="{place}"' not in seen[path]
    ]
    documents = [document for document in Handbook(default_folder()) if not document.for_developers]
    assert missing == []
    assert {f"/flintt/docs/{document.slug}" for document in documents} <= set(seen)
    assert len([path for path in seen if path.startswith("/flintt/tools/")]) > 40


@pytest.mark.parametrize(
    "path", ["/", "/tools", "/tools/list_companies", "/docs", "/docs?q=webhook", "/docs/errors", "/x"]
)
async def test_no_page_shows_a_key_or_loads_anything_from_elsewhere(tmp_path: Path, path: str) -> None:
    async with browsing(tmp_path) as http:
        mark = "&" if "?" in path else "?"
        answer = await http.get(f"{path}{mark}api_key={KEY}", headers={"x-api-key": KEY})
    assert answer.status_code == (404 if path == "/x" else 200)
    assert KEY not in answer.text
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; ")
    assert answer.headers["cache-control"] == "no-store"
    loaded = re.findall(r'<(?:link|script|img)[^>]*(?:href|src)="([^"]*)"', answer.text)
    assert loaded
    assert [address for address in loaded if not address.startswith("/static/")] == []
    assert re.findall(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=", answer.text) == []


async def test_files_beside_the_pages_are_kept_for_ever_under_the_digest_of_their_content(tmp_path: Path) -> None:
    async with browsing(tmp_path) as http:
        page = (await http.get("/")).text
        addresses = sorted(link for link in links_in(page) if "/static/" in link)
        files = [await http.get(address, headers={"accept": "*/*"}) for address in addresses]
        other = await http.get("/static/page.000000000000.css", headers={"accept": "*/*"})
    assert [file.status_code for file in files] == [200, 200, 200]
    assert {file.headers["content-type"] for file in files} == {
        "image/svg+xml; charset=utf-8",
        "text/css; charset=utf-8",
        "text/javascript; charset=utf-8",
    }
    assert {file.headers["cache-control"] for file in files} == {"public, max-age=31536000, immutable"}
    assert other.status_code == 404


async def test_every_host_is_given_what_it_can_read_with_the_url_that_was_used(tmp_path: Path) -> None:
    async with browsing(tmp_path, PUBLIC) as http:
        texts = connect_texts((await http.get("/")).text)
    url = "https://mcp.example.com/mcp"
    assert list(texts)[:4] == ["claude-ai", "claude-desktop", "claude-code", "cursor"]
    assert texts["claude-ai"] == f"{url}?api_key=YOUR_KEY"
    assert json.loads(texts["claude-desktop"])["mcpServers"]["flintt"]["command"] == "flintt-mcp"
    assert json.loads(texts["cursor"])["mcpServers"]["flintt"] == {
        "url": url,
        "headers": {"X-API-Key": "${env:FLINTT_API_KEY}"},
    }
    vscode = json.loads(texts["vscode"])
    assert vscode["servers"]["flintt"]["headers"] == {"X-API-Key": "${input:flintt-api-key}"}
    assert [asked["id"] for asked in vscode["inputs"]] == ["flintt-api-key"]
    assert tomllib.loads(texts["codex"])["mcp_servers"]["flintt"]["url"] == url
    assert yaml.safe_load(texts["goose"])["extensions"]["flintt"]["uri"] == url
    assert f'claude mcp add-json --scope user flintt \'{{"type": "http", "url": "{url}"' in texts["claude-code"]


async def test_a_server_that_only_this_machine_reaches_is_not_offered_to_what_calls_from_the_internet(
    tmp_path: Path,
) -> None:
    async with browsing(tmp_path) as http:
        page = (await http.get("/")).text
    assert "claude-ai" not in connect_texts(page)
    assert "<svg" not in page


async def test_a_phone_gets_the_address_as_a_picture(tmp_path: Path) -> None:
    async with browsing(tmp_path, PUBLIC) as http:
        page = (await http.get("/")).text
    assert page.count("<svg") == 1


async def test_the_pages_of_a_sandbox_work_as_they_stand(tmp_path: Path) -> None:
    async with browsing(tmp_path, sandbox=True) as http:
        page = (await http.get("/")).text
        tool = (await http.get("/tools/list_companies")).text
    texts = connect_texts(page)
    assert json.loads(texts.pop("claude-desktop"))["mcpServers"]["flintt"] == {
        "command": "flintt-mcp",
        "args": ["stdio", "--sandbox"],
    }
    assert [name for name, text in texts.items() if "flt_sandbox_key" not in text] == []
    assert [page for page in (page, tool) if "YOUR_KEY" in page] == []
    assert 'data-published="flt_sandbox_key"' in tool


async def test_a_form_has_a_field_for_each_argument_with_what_it_means_and_what_it_takes(tmp_path: Path) -> None:
    async with browsing(tmp_path) as http:
        page = (await http.get("/tools/create_signal")).text
        schema = json.loads(html.unescape(re.search(r"<code>({.*?})</code></pre></details>", page, re.DOTALL)[1]))  # type: ignore[index]
    names = re.findall(r'<(?:input|select|textarea) id="field-(\w+)"', page)
    assert set(names) == set(schema["properties"])
    assert set(names[: len(schema["required"])]) == set(schema["required"])
    for name, told in schema["properties"].items():
        assert re.search(rf'<label for="field-{name}">{name}\b', page)
        assert f'<p class="about" id="field-{name}-about">{html.escape(told.get("description", ""))}' in page
    assert re.search(r'<select id="field-frequency"[^>]*>.*<option>weekly</option>', page)
    assert 'data-header="X-Flintt-Key"' in page


async def test_a_tool_that_is_off_or_not_there_has_no_page(tmp_path: Path) -> None:
    async with browsing(tmp_path, read_only=True) as http:
        statuses = [
            (await http.get(path)).status_code
            for path in ("/tools/list_signals", "/tools/delete_signal", "/tools/nothing", "/tools/list_signals/more")
        ]
    assert statuses == [200, 404, 404, 404]


async def test_search_finds_every_tool_in_the_handbook(tmp_path: Path) -> None:
    async with browsing(tmp_path, toolsets=("all",)) as http:
        tools = set(re.findall(r'href="/tools/(\w+)"', (await http.get("/tools")).text))
        missed = [
            name
            for name in tools
            if "/docs/" not in (await http.get("/docs", params={"q": name})).text.split("All pages")[0]
        ]
    assert len(tools) > 40
    assert missed == []


@pytest.mark.parametrize(
    "words", ["<script>alert(1)</script>", '"><b>', "%00", "x" * 5000, "'; DROP TABLE", "é" * 50, "NEAR("]
)
async def test_whatever_is_searched_for_is_shown_as_text(tmp_path: Path, words: str) -> None:
    async with browsing(tmp_path) as http:
        answer = await http.get("/docs", params={"q": words})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "<b>" not in answer.text
    assert html.escape(words[:200], quote=False) in html.escape(html.unescape(answer.text), quote=False)


@pytest.mark.parametrize("sent", ["{}", "webhook {}", "api_key={}", "“{}”"])
@pytest.mark.parametrize(
    "key", ["flt_breaker", "fp_live_breaker", "lg_live_breaker", "whsec_breaker", "eyJbreaker.e30.x-_"]
)
async def test_a_key_that_somebody_searches_for_does_not_come_back(tmp_path: Path, sent: str, key: str) -> None:
    async with browsing(tmp_path) as http:
        answer = await http.get("/docs", params={"q": sent.format(key)})
    assert answer.status_code == 200
    assert key not in html.unescape(answer.text)


async def test_the_handbook_is_shown_whole_and_without_marks_of_its_source(tmp_path: Path) -> None:
    async with browsing(tmp_path) as http:
        page = (await http.get("/docs/errors")).text
        developers = await http.get("/docs/architecture")
    document = Handbook(default_folder()).documents["errors"]
    assert page.count("<h1>") == 1
    assert [
        part.title for part in document.sections if f">{html.escape(part.title, quote=False)}</h2>" not in page
    ] == []
    assert "<table>" in page
    assert "&lt;!--" not in page
    assert developers.status_code == 404


async def test_programs_get_no_pages(tmp_path: Path) -> None:
    async with browsing(tmp_path) as http:
        asked = [await http.get(path, headers={"accept": "application/json"}) for path in ("/", "/tools", "/docs")]
        posted = await http.post("/tools")
    assert [answer.status_code for answer in (*asked, posted)] == [404] * 4
    assert "The MCP endpoint is /mcp" in asked[0].json()["error"]
