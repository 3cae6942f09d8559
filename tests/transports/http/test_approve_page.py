"""The page on which a person approves: it shows what waits, wants the operator's secret, and decides once what was seen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import httpx2
import pytest

from flintt_mcp.errors import CallRefused
from flintt_mcp.transports.http.approve_page import Decisions
from tests.transports.fixture_app import calling

pytestmark = pytest.mark.anyio

SECRET = "what-the-operator-knows"
SHOWN = "Delete a signal?\nSignal: <script>alert('x')</script>"


class Waiting:
    """One call that waits, and what was decided about it."""

    def __init__(self, shown: str | None = SHOWN, fails: bool = False) -> None:
        self.text = shown
        self.fails = fails
        self.decided: list[bool] = []

    async def shown(self, id: str) -> str | None:
        if self.fails:
            raise CallRefused("The server could not use its store")
        return self.text if id == "int_1" and not self.decided else None

    async def decide(self, id: str, approved: bool) -> bool:
        self.decided.append(approved)
        return True

    def decisions(self, secret: str = SECRET) -> Decisions:
        return Decisions(self.shown, self.decide, secret)


def form_of(page: httpx2.Response, **more: str) -> Mapping[str, str]:
    seen = re.search(r'name="seen" value="(\w+)"', page.text)
    assert seen is not None
    return {"seen": seen[1], "secret": SECRET, "decision": "approve", **more}


async def test_it_shows_exactly_what_waits_and_keeps_it_nowhere() -> None:
    async with calling(decisions=Waiting().decisions()) as client:
        page = await client.get("/approve/int_1")
    assert page.status_code == 200
    assert "<pre>Delete a signal?\nSignal: &lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;</pre>" in page.text
    assert page.headers["cache-control"] == "no-store"
    assert "unsafe-inline" not in page.headers["content-security-policy"]
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")


@pytest.mark.parametrize(("decision", "approved"), [("approve", True), ("decline", False)])
async def test_whoever_knows_the_secret_decides_once(decision: str, approved: bool) -> None:
    waiting = Waiting()
    async with calling(decisions=waiting.decisions()) as client:
        form = form_of(await client.get("/approve/int_1"), decision=decision)
        assert (await client.post("/approve/int_1", data=form)).status_code == 200
        assert (await client.post("/approve/int_1", data=form)).status_code == 404
    assert waiting.decided == [approved]


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"secret": "wrong"}, 403),
        ({"secret": ""}, 403),
        ({"secret": "é"}, 403),
        ({"decision": "maybe"}, 400),
        ({"seen": "another text"}, 400),
    ],
    ids=str,
)
async def test_anything_else_decides_nothing(more: dict[str, str], status: int) -> None:
    waiting = Waiting()
    async with calling(decisions=waiting.decisions()) as client:
        form = form_of(await client.get("/approve/int_1"), **more)
        answer = await client.post("/approve/int_1", data=form)
    assert (answer.status_code, waiting.decided) == (status, [])


async def test_wrong_secrets_are_few_in_a_minute() -> None:
    waiting = Waiting()
    async with calling(decisions=waiting.decisions()) as client:
        page = await client.get("/approve/int_1")
        statuses = [
            (await client.post("/approve/int_1", data=form_of(page, secret=f"guess {number}"))).status_code
            for number in range(11)
        ]
        right = await client.post("/approve/int_1", data=form_of(page))
    assert statuses == [403] * 10 + [429]
    assert (right.status_code, waiting.decided) == (429, [])


@pytest.mark.parametrize(
    ("waiting", "secret", "method", "status"),
    [
        (Waiting(), "", "GET", 404),
        (Waiting(), "", "POST", 404),
        (Waiting(), SECRET, "DELETE", 405),
        (Waiting(None), SECRET, "GET", 404),
        (Waiting(fails=True), SECRET, "GET", 503),
    ],
    ids=["no secret", "no secret to send", "no page", "nothing waits", "no store"],
)
async def test_where_nothing_can_be_decided_the_page_says_so(
    waiting: Waiting, secret: str, method: str, status: int
) -> None:
    async with calling(decisions=waiting.decisions(secret)) as client:
        answer = await client.request(method, "/approve/int_1")
    assert (answer.status_code, waiting.decided) == (status, [])


@pytest.mark.parametrize(
    "body", [b"x" * 5000, b"\xff\xfe", b"&".join([b"a=b"] * 50)], ids=["long", "no text", "many fields"]
)
async def test_what_is_no_form_decides_nothing(body: bytes) -> None:
    waiting = Waiting()
    async with calling(decisions=waiting.decisions()) as client:
        answer = await client.post("/approve/int_1", content=body)
    assert (answer.status_code, waiting.decided) == (403, [])


async def test_another_host_or_origin_gets_no_page() -> None:
    waiting = Waiting()
    async with calling(decisions=waiting.decisions()) as client:
        answers: list[Any] = [
            await client.get("/approve/int_1", headers={"host": "evil.example"}),
            await client.post("/approve/int_1", headers={"origin": "https://evil.example"}, data={"secret": SECRET}),
        ]
    assert [answer.status_code for answer in answers] == [421, 403]
    assert waiting.decided == []
