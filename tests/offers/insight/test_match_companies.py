"""match_companies: which of the caller's own companies a name means, in the caller's order, with how many were looked in."""

from __future__ import annotations

from pathlib import Path

import pytest

from flintt_mcp.calls.reply import Done, Refused
from flintt_mcp.errors import Unavailable
from tests.certain import of_kind
from tests.fake_api import KEYS, FakeApi, call, open_fake

pytestmark = pytest.mark.anyio

ROWS = [
    {"id": "c1", "name": "Acme Robotics GmbH", "website": "https://www.acme-robotics.de", "domain": None},
    {"id": "c2", "name": "ПАО Сбербанк", "domain": "sberbank.ru"},
    {"id": "c3", "name": "Nova Inc"},
    {"id": "c4", "name": "Nova GmbH"},
    {"name": "without an id"},
    {"id": "c5", "name": None, "website": 7},
    "loose",
]


async def test_each_name_is_answered_in_its_order_with_id_and_reason(tmp_path: Path) -> None:
    fake = FakeApi()
    async with open_fake(tmp_path, fake) as app:
        fake.will_answer(ROWS)
        names = ["acme-robotics.de", "Sberbank", "Nova", "Acme Robotics Inc", "without an id", "..."]
        done = of_kind(Done, await call(app, "match_companies", {"names": names}))
    assert done.structured is not None
    assert dict(done.structured) == {
        "matches": {
            "columns": ["name", "match", "id", "company", "reason", "others"],
            "rows": [
                ["acme-robotics.de", "exact", "c1", "Acme Robotics GmbH", "same domain acme-robotics.de", None],
                ["Sberbank", "exact", "c2", "ПАО Сбербанк", "same name but for the legal form", None],
                ["Nova", "likely", "c3", "Nova Inc", "same name but for the legal form as 2 companies", "c4"],
                ["Acme Robotics Inc", "likely", "c1", "Acme Robotics GmbH", "same name, other legal form", None],
                ["without an id", "none", None, None, "no company like that", None],
                ["...", "none", None, None, "names no company: neither a name nor a domain of its own", None],
            ],
        },
        "count": 6,
        "complete": True,
        "total": 6,
        "coverage": "companies 6 of 6",
    }
    assert [request.url.partition("/v1/")[2] for request in fake.requests] == ["companies"]
    assert fake.requests[0].headers["x-api-key"] == KEYS["flintt"]


async def test_a_hundred_names_among_five_thousand_companies_come_page_by_page(tmp_path: Path) -> None:
    rows = [{"id": f"c{number}", "name": f"{'abcdefghij'[number % 10] * 3} {number} Ltd"} for number in range(5000)]
    names = [f"{row['name']}" for row in rows[::50]]
    fake, seen = FakeApi(), []
    cursor: dict[str, str] = {}
    async with open_fake(tmp_path, fake) as app:
        for _ in range(5):
            fake.will_answer(rows)
            done = of_kind(Done, await call(app, "match_companies", {"names": names, **cursor}))
            assert done.structured is not None
            assert done.structured["coverage"] == "companies 5000 of 5000"
            seen += done.structured["matches"]["rows"]
            if done.structured["complete"]:
                break
            cursor = {"cursor": done.structured["next_cursor"]}
    assert [(row[0], row[1], row[2]) for row in seen] == [
        (name, "exact", row["id"]) for name, row in zip(names, rows[::50], strict=True)
    ]


async def test_what_cannot_be_read_is_told_and_nothing_is_guessed(tmp_path: Path) -> None:
    fake = FakeApi()
    async with open_fake(tmp_path, fake) as app:
        fake.will_answer({"error": "internal"}, status=500)
        refused = of_kind(Refused, await call(app, "match_companies", {"names": ["Acme"]}))
    assert isinstance(refused.error, Unavailable)


@pytest.mark.parametrize("names", [[], [""], ["x"] * 101, ["x" * 2001]])
async def test_a_list_of_names_has_its_bounds(tmp_path: Path, names: list[str]) -> None:
    async with open_fake(tmp_path) as app:
        refused = of_kind(Refused, await call(app, "match_companies", {"names": names}))
    assert refused.error.message.startswith("names")
