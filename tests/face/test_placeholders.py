"""Who comes with a placeholder in place of a key hears of it with the first answer, and the placeholder is never repeated."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest
from mcp import Client

from flintt_mcp.calls.call import QuietChannel
from flintt_mcp.face.plain import PlainAnswers
from flintt_mcp.offers.instructions import INSTRUCTIONS
from flintt_mcp.serving.asgi import mcp_over_http
from tests.fake_api import open_fake
from tests.transports.fixture_app import BOTH, living
from tests.transports.stdio.spoken import ENVELOPE, NEWEST, initialize

pytestmark = pytest.mark.anyio

PLACEHOLDER = "${user_config.api_key}"


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_the_first_answer_tells_of_it(tmp_path: Path, mode: str) -> None:
    async with open_fake(tmp_path, environment={"FLINTT_API_KEY": PLACEHOLDER}) as app:
        async with Client(app.server(), mode=mode) as client:
            told = client.instructions or ""
        plain = PlainAnswers(app.face())
        params = initialize("2025-11-25")["params"] if mode == "legacy" else {"_meta": ENVELOPE}
        method = "initialize" if mode == "legacy" else "server/discover"
        early = await plain.answer(method, params, app.caller, QuietChannel("stdio"), NEWEST)
    assert told.startswith(INSTRUCTIONS + " A key that came with this connection is a placeholder")
    assert PLACEHOLDER not in told
    assert early is not None
    assert early["instructions"] == told


async def test_over_http_it_is_told_to_whoever_sent_it_alone(tmp_path: Path) -> None:
    async with open_fake(tmp_path) as app:
        over_http = mcp_over_http(app)
        transport = httpx2.ASGITransport(over_http)
        async with (
            living(over_http),
            httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client,
        ):
            heard = [
                (await client.post(f"/mcp?api_key={key}", json=initialize("2025-11-25"), headers=BOTH)).text
                for key in ("flt_abcdefgh123", "flt_your_api_key")
            ]
    assert ["is a placeholder" in text for text in heard] == [False, True]
    assert "flt_your_api_key" not in heard[1]
