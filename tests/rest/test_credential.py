"""What a caller without a credential is told, by where the call came from."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from flintt_mcp.calls.call import QuietChannel
from flintt_mcp.calls.reply import Refused
from flintt_mcp.calls.wording import told
from flintt_mcp.catalogue.flintt import FLINTT
from flintt_mcp.rest.credential import how_to_give_key
from tests.fake_api import FakeApi, call, open_fake

pytestmark = pytest.mark.anyio

FREE = replace(
    FLINTT,
    variable="FREE",
    prefixes=(),
    own_header="X-Free-Token",
    own_query="free_token",
    secret="TOKEN",
    key_hint="an access token",
)


def test_each_channel_is_told_how_to_give_a_key_there() -> None:
    hint = FLINTT.key_hint
    assert how_to_give_key(FLINTT, "http") == (
        f"add ?api_key=KEY to the MCP URL or send the header X-API-Key: KEY ({hint})"
    )
    assert how_to_give_key(FLINTT, "stdio") == (
        "set FLINTT_API_KEY in the env block of this server's entry in the client's configuration and restart the "
        f"client ({hint})"
    )
    assert how_to_give_key(FLINTT, "shell") == (
        f"set the environment variable FLINTT_API_KEY, or add --sandbox to try without an account ({hint})"
    )


def test_a_key_without_a_prefix_has_to_be_given_by_name() -> None:
    assert how_to_give_key(FREE, "http") == (
        f"send the header X-Free-Token: TOKEN or add ?free_token=TOKEN to the MCP URL ({FREE.key_hint})"
    )
    assert how_to_give_key(FREE, "shell").startswith("set the environment variable FREE_TOKEN")


async def test_a_placeholder_that_no_client_filled_in_is_told_and_sent_nowhere(tmp_path: Path) -> None:
    fake = FakeApi()
    async with open_fake(tmp_path, fake) as app:
        caller = app.credentials.from_request(b"", [(b"x-api-key", b"${FLINTT_API_KEY}")])
        reply = await call(app, "list_companies", {}, caller, QuietChannel("http"))
    assert isinstance(reply, Refused)
    assert told(reply.error, "list_companies") == (
        "list_companies failed: list_companies needs a Flintt key, and what came in its place is a "
        "placeholder that nobody filled in: nothing was sent."
        "\nChanged: no.\n"
        f"Next: put the key itself in its place, or {how_to_give_key(FLINTT, 'http')}."
    )
    assert fake.requests == []
