"""Base URLs: whose word counts, and which APIs count as played on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from flintt_mcp.app import open_app
from flintt_mcp.catalogue import APIS
from flintt_mcp.catalogue.base_urls import SANDBOX_URL, base_url, base_urls, on_this_machine
from flintt_mcp.errors import ConfigError
from flintt_mcp.settings import Settings

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
        "another number": "http://127.0.0.2:8100",
        "hosted": "https://api.example.com/v1",
        "dressed up": "https://localhost.example.com",
        "dressed up as played": f"{SANDBOX_URL}.example.com/flintt",
        "unknown": None,
    }
    assert on_this_machine(urls) == {"played", "name", "number", "six", "another number"}


@pytest.mark.anyio
async def test_a_url_that_cannot_be_a_base_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        async with open_app(Settings(data_dir=str(tmp_path)), {"FLINTT_API_URL": "http://elsewhere.example"}):
            pass
    assert caught.value.message.startswith("FLINTT_API_URL: plain http only to this machine")


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://api.flintt.co", "https://api.flintt.co"),
        (" https://api.example.com/base/ ", "https://api.example.com/base"),
        ("http://127.0.0.1:8080/flintt", "http://127.0.0.1:8080/flintt"),
        ("http://[::1]:80", "http://[::1]:80"),
        ("http://127.0.0.2:80", "http://127.0.0.2:80"),
    ],
)
def test_a_base_url_is_cleaned_of_its_last_slash(text: str, url: str) -> None:
    assert base_url(text, "X_URL") == url


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("api.flintt.co", "X_URL: a URL such as https://api.example.com"),
        ("ftp://x", "X_URL: a URL such as https://api.example.com"),
        ("https://", "X_URL: a URL such as https://api.example.com"),
        ("https://[", "X_URL: not a URL"),
        ("https://x:99999", "X_URL: not a URL"),
        ("https://user:pass@x", "X_URL: without user, password, query or fragment"),
        ("https://@x", "X_URL: without user, password, query or fragment"),
        ("https://x?key=1", "X_URL: without user, password, query or fragment"),
        ("https://x?", "X_URL: without user, password, query or fragment"),
        ("https://x#y", "X_URL: without user, password, query or fragment"),
        (
            "http://127.0.0.1.example.com",
            "X_URL: plain http only to this machine; a key would cross the network in the clear",
        ),
        ("http://api.flintt.co", "X_URL: plain http only to this machine; a key would cross the network in the clear"),
        ("https://x/a/../b", "X_URL: a path without . and .. and nothing that has to be encoded"),
        ("https://x/a b", "X_URL: a path without . and .. and nothing that has to be encoded"),
        ("https://x/a\nb", "X_URL: a path without . and .. and nothing that has to be encoded"),
    ],
)
def test_a_url_that_cannot_be_a_base_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        base_url(text, "X_URL")
    assert caught.value.message == message
