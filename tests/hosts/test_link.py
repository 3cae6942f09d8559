"""Each one-click link says what installing writes, and holds no key."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

import pytest

from flintt_mcp.hosts.server import Server
from flintt_mcp.hosts.table import BY_NAME, HOSTS
from tests.certain import there
from tests.hosts.machine import LOCAL, REMOTE

SANDBOX = replace(LOCAL, words=("/opt/flintt-mcp", "stdio", "--sandbox", "--toolsets", "a,b"), keys=())
SERVERS = {"local": LOCAL, "remote": REMOTE, "sandbox": SANDBOX}


def link_of(host: str, server: Server) -> str:
    return there(BY_NAME[host].link)(server, BY_NAME[host].places[0].shape)


def test_three_hosts_have_links() -> None:
    assert [host.name for host in HOSTS if host.link] == ["cursor", "vscode", "goose"]


@pytest.mark.parametrize("server", SERVERS.values(), ids=SERVERS)
def test_the_link_of_cursor_holds_the_entry(server: Server) -> None:
    shape = BY_NAME["cursor"].places[0].shape
    url = urlsplit(link_of("cursor", server))
    fields = parse_qs(url.query)
    assert (url.scheme, url.netloc, url.path) == ("cursor", "anysphere.cursor-deeplink", "/mcp/install")
    assert fields["name"] == ["flintt"]
    assert json.loads(base64.b64decode(fields["config"][0], validate=True)) == shape.entry(server)


@pytest.mark.parametrize("server", SERVERS.values(), ids=SERVERS)
def test_the_link_of_vs_code_holds_the_entry_its_name_and_its_questions(server: Server) -> None:
    shape = BY_NAME["vscode"].places[0].shape
    head, text = link_of("vscode", server).split("?")
    told = json.loads(unquote(text))
    assert head == "vscode:mcp/install"
    assert told.pop("name") == "flintt"
    assert told.pop("inputs", []) == shape.inputs(server)
    assert told == shape.entry(server)


def test_the_link_of_goose_starts_a_command_that_goose_allows_or_calls_the_url() -> None:
    told = {name: parse_qsl(urlsplit(link_of("goose", one)).query) for name, one in SERVERS.items()}
    about = [("id", "flintt"), ("name", "flintt"), ("description", "Companies, prospects, signals and runs of Flintt")]
    words = ["flintt-mcp", "stdio"]
    asked = ("env", "FLINTT_API_KEY=FLINTT_API_KEY for flintt")
    assert told == {
        "local": [("cmd", "uvx"), *(("arg", word) for word in words), *about, asked],
        "sandbox": [("cmd", "uvx"), *(("arg", word) for word in [*words, "--sandbox", "--toolsets", "a,b"]), *about],
        "remote": [("url", REMOTE.url), ("type", "streamable_http"), *about],
    }
