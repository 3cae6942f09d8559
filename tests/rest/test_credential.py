"""What a caller without a credential is told, by where the call came from."""

from __future__ import annotations

from msgspec.structs import replace

from flintt_mcp.catalogue.flintt import FLINTT
from flintt_mcp.rest.credential import how_to_give_key

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
