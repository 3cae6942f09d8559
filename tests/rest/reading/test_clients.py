"""A page as large as a client takes reaches its model whole: each client's own cut is played here."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import msgspec
import pytest

from flintt_mcp.catalogue.result import Listing, Whole, fields
from flintt_mcp.rest.reading.budget import Result
from flintt_mcp.rest.reading.clients import CLIENTS, FITS_EVERYWHERE, Budgets, Client
from flintt_mcp.rest.reading.paging import Page, find
from flintt_mcp.rest.reading.results import listing_result
from flintt_mcp.rest.reading.tables import wanted_columns
from tests.tokens import tokens

NAMES = {client.name for client in CLIENTS}
LISTING = Listing(rows="companies", fields=fields("id", "parent", "name"), paging=Whole())
CODEX_MOST = 10_240


def of_claude_code(text: str, structured: str) -> str:
    # It counts in tokens of its own, which may be a third more than these.
    return structured if len(structured) <= 50_000 and tokens(structured) * 4 / 3 <= 25_000 else "file"


def of_codex(text: str, structured: str) -> str:
    cut = structured.encode()
    if len(cut) <= CODEX_MOST:
        return structured
    return (cut[: CODEX_MOST // 2] + b"[...]" + cut[-CODEX_MOST // 2 :]).decode(errors="ignore")


def of_copilot(text: str, structured: str) -> str:
    return text + structured if len((text + structured).encode()) <= 20_000 else "file"


def of_gemini(text: str, structured: str) -> str:
    return text if len(text.encode()) <= 15_000 else "cut"


def of_opencode(text: str, structured: str) -> str:
    return text if len(text.encode()) <= 50 * 1024 and len(text.split("\n")) <= 2_000 else "file"


SHOWN_BY: dict[str, Callable[[str, str], str]] = {
    "claude-code": of_claude_code,
    "codex-mcp-client": of_codex,
    "github-copilot-developer": of_copilot,
    "gemini-cli-mcp-client": of_gemini,
    "opencode": of_opencode,
}
"""What a model reads of a result, by the client; of Copilot's and Gemini's limits only these sizes are known to pass."""


def fullest_page(client: str, row: Callable[[int], dict[str, Any]]) -> Result:
    """The largest page that this client gets of 1,500 rows."""
    found = find(LISTING, LISTING.paging, [row(number) for number in range(1_500)], Page(1_500))
    assert found is not None
    columns = wanted_columns(LISTING, None, found.rows, ())

    def made(count: int, dropped: Sequence[str]) -> Result:
        return listing_result("Simulated", LISTING, found.first(count, dropped), columns, lambda *_: "c" * 90)

    return Budgets().of(client).fullest(1_500, columns.first(found.rows), made)


def ids_alone(number: int) -> dict[str, Any]:
    random = Random(number)
    return {name: str(uuid.UUID(int=random.getrandbits(128))) for name in ("id", "parent")}


ROWS: list[Callable[[int], dict[str, Any]]] = [
    ids_alone,
    lambda number: {"id": number, "name": "x" * (number % 70)},
    lambda number: {"id": number, "name": "株式会社" * (number % 9)},
    lambda number: {"id": number, "name": 'quoted "name" | with\nbreaks\t\\' * (number % 4)},
    lambda number: {"id": number, "name": "شركة الاتصالات السعودية"},
    lambda number: {"id": number % 2},
]


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_no_page_is_cut_on_its_way_to_a_model(client: Client, row: Callable[[int], dict[str, Any]]) -> None:
    page = fullest_page(client.name, row)
    structured = msgspec.json.encode(page.structured).decode()
    whole = {"structured": structured, "text": page.text, "both": page.text + structured}[client.shows]
    assert SHOWN_BY[client.name](page.text, structured) == whole
    assert page.structured["count"] > 40


@pytest.mark.parametrize("client", ["", "a client that nobody knows", "Claude-Code", "x" * 10_000_000])
def test_a_client_that_is_not_known_gets_what_all_of_them_show_whole(client: str) -> None:
    assert Budgets().of(client).most == FITS_EVERYWHERE == min(known.most for known in CLIENTS)


def test_the_operators_limit_stands_above_all() -> None:
    assert {Budgets(5_000).of(name).most for name in (*NAMES, "")} == {5_000}
