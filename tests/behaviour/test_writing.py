"""What clients write: it is in the sandbox's file afterwards, and the next client sees it."""

from __future__ import annotations

import pytest

from flintt_mcp.calls.reply import objects_of

from .conftest import Connect
from .test_reading import done, refused
from .ways import Truth, Way

pytestmark = pytest.mark.anyio


async def test_a_company_and_a_deal_are_kept_and_the_next_client_sees_them(
    connect: Connect, way: Way, truth: Truth
) -> None:
    name = f"Written over {way}, 100% Ünïcode 🦉"
    async with connect() as client:
        made = await done(client, "create_company", name=name, domain="written.example", size="1-10")
        company = made["company"]
        deal = (await done(client, "create_prospect", company_id=company["id"], estimated_value="1250.50"))["prospect"]
    async with connect() as client:
        found = await done(client, "list_companies", name=name, fields="all")
        deals = await done(client, "list_prospects", limit=1)
    assert objects_of(found["companies"]) == [company]
    assert truth.rows("SELECT id, name, domain, size FROM flintt_companies WHERE name = ?", name) == [
        (company["id"], name, "written.example", "1-10")
    ]
    [newest] = objects_of(deals["prospects"])
    assert (newest["id"], newest["estimated_value"]) == (deal["id"], 1250.5)
    assert truth.rows("SELECT company_id, estimated_value FROM flintt_prospects WHERE id = ?", deal["id"]) == [
        (company["id"], 1250.5)
    ]


async def test_a_signal_is_made_changed_and_deleted(connect: Connect, way: Way, truth: Truth) -> None:
    in_file = "SELECT name, schedule, frequency FROM flintt_signals WHERE id = ?"
    async with connect() as client:
        id = (await done(client, "create_signal", name=f"Over {way}", schedule="0 8 * * 1-5"))["signal"]["id"]
        assert truth.rows(in_file, id) == [(f"Over {way}", "0 8 * * 1-5", None)]
        changed = await done(client, "update_signal", signal_id=id, schedule="", frequency="weekly", name="Renamed")
        assert truth.rows(in_file, id) == [("Renamed", None, "weekly")]
        assert changed["signal"]["frequency"] == "weekly"
        assert await done(client, "delete_signal", signal_id=id) == {"deletion": {"ok": True}}
        assert truth.rows(in_file, id) == []
        assert "(404)" in await refused(client, "delete_signal", signal_id=id)
        assert "(404)" in await refused(client, "get_signal", signal_id=id)
