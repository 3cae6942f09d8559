"""What the official suite looks at is there: the suite itself needs Node, and its fixtures must not break unseen without it."""

from __future__ import annotations

from pathlib import Path

import pytest
from mcp import Client

from flintt_mcp.app import open_app
from flintt_mcp.settings import Settings
from tests.conformance.fixtures import HEADER_SCHEMA, RICH_SCHEMA, conformance_additions

pytestmark = pytest.mark.anyio


async def test_the_server_with_the_fixtures_lists_every_tool_with_its_schema(tmp_path: Path) -> None:
    additions = conformance_additions()
    async with (
        open_app(Settings(sandbox=True, data_dir=str(tmp_path)), {}, additions) as app,
        Client(app.server(), cache=None) as client,
    ):
        listed = {tool.name: tool.input_schema for tool in (await client.list_tools()).tools}
    assert {tool.name for tool in additions.tools} <= listed.keys()
    assert listed["json_schema_2020_12_tool"] == RICH_SCHEMA
    assert listed["test_header_argument"] == HEADER_SCHEMA
