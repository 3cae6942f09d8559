"""Base URLs: whose word counts, and which APIs count as played on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from flintt_mcp.app import open_app
from flintt_mcp.catalogue import APIS
from flintt_mcp.catalogue.base_urls import SANDBOX_URL, base_urls, on_this_machine
from flintt_mcp.errors import ConfigError
from flintt_mcp.settings import Settings

pytestmark = pytest.mark.anyio

VARIABLES = {f"{api.variable}_API_URL": f"https://{api.name}.example/base/" for api in APIS}


def test_the_environment_counts_before_what_is_documented_and_the_sandbox_before_both() -> None:
    assert base_urls({}, sandbox=False) == {api.name: api.url for api in APIS}
    assert base_urls(VARIABLES, sandbox=False) == {
        api.name: VARIABLES[f"{api.variable}_API_URL"].removesuffix("/") for api in APIS
    }
    assert {str(url).startswith(f"{SANDBOX_URL}/") for url in base_urls(VARIABLES, sandbox=True).values()} == {True}


def test_only_what_is_on_this_machine_can_be_a_sandbox() -> None:
    urls = {
        "played": f"{SANDBOX_URL}/flintt",
        "name": "http://localhost:8100/flintt",
        "number": "http://127.0.0.1:8100",
        "six": "http://[::1]:8100",
        "hosted": "https://api.example.com/v1",
        "dressed up": "https://localhost.example.com",
        "dressed up as played": f"{SANDBOX_URL}.example.com/flintt",
        "unknown": None,
    }
    assert on_this_machine(urls) == {"played", "name", "number", "six"}


async def test_a_url_that_cannot_be_a_base_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        async with open_app(Settings(data_dir=str(tmp_path)), {"FLINTT_API_URL": "http://elsewhere.example"}):
            pass
    assert caught.value.message.startswith("FLINTT_API_URL: plain http only to this machine")
