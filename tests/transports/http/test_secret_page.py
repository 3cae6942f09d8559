"""The link behind which a secret waits: handed out once for the right key, and never to whoever only looks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import httpx2
import pytest

from flintt_mcp.errors import StoreFailed
from flintt_mcp.transports.http.secret_page import Opening
from tests.transports.fixture_app import CREDENTIALS, KEY, OTHER_KEY, calling, principal

pytestmark = pytest.mark.anyio

HELD = {"raw_key": "flt_<script>alert('x')</script>"}
PAGE = {"accept": "text/html,application/xhtml+xml"}
LINK = "/secret/id-of-a-link"


class Behind:
    """One secret behind one link, for one key; `asked` counts how often somebody tried."""

    def __init__(self, key: str = KEY, fails: bool = False) -> None:
        self.reader = principal(key)
        self.held: Mapping[str, Any] = HELD
        self.fails = fails
        self.asked = 0

    async def take(self, id: str, readers: Collection[str]) -> Mapping[str, Any] | None:
        self.asked += 1
        if self.fails:
            raise StoreFailed("The server could not use its store")
        if id != "id-of-a-link" or self.reader not in readers:
            return None
        held, self.held = self.held, {}
        return held

    @property
    def opening(self) -> Opening:
        return Opening(self.take, CREDENTIALS.readers)


@pytest.mark.parametrize("how", ["GET", "POST"])
async def test_with_the_key_in_a_header_it_is_handed_out_once(how: str) -> None:
    async with calling(opening=Behind().opening) as client:
        answers = [await client.request(how, LINK, headers={"x-api-key": KEY}) for _ in range(2)]
    assert [(one.status_code, one.headers["cache-control"]) for one in answers] == [
        (200, "no-store"),
        (410, "no-store"),
    ]
    assert answers[0].json() == HELD
    assert answers[1].json() == {
        "error": "This link was opened before, or it is too old. Make a new secret if you need one"
    }


async def test_a_browser_asks_for_the_key_and_shows_it_once() -> None:
    behind = Behind()
    async with calling(opening=behind.opening) as client:
        page = await client.get(LINK, headers=PAGE)
        shown = await client.post(LINK, data={"key": f" {KEY} "}, headers=PAGE)
        again = await client.post(LINK, data={"key": KEY}, headers=PAGE)
    assert '<input type="password" name="key" required autocomplete="off">' in page.text
    assert "<pre>flt_&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;</pre>" in shown.text
    assert [one.status_code for one in (page, shown, again)] == [200, 200, 410]
    for one in (page, shown, again):
        assert one.headers["cache-control"] == "no-store"
        assert "unsafe-inline" not in one.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("GET", {}, 401),
        ("HEAD", {}, 200),
        ("HEAD", {"x-api-key": KEY}, 200),
        ("GET", PAGE, 200),
        ("GET", {**PAGE, "x-api-key": KEY}, 200),
        ("POST", {}, 401),
        ("POST", PAGE, 400),
        ("DELETE", {"x-api-key": KEY}, 405),
        ("PUT", PAGE, 405),
    ],
    ids=str,
)
async def test_whoever_only_looks_takes_nothing(method: str, headers: dict[str, str], status: int) -> None:
    behind = Behind()
    async with calling(opening=behind.opening) as client:
        answer = await client.request(method, LINK, headers=headers)
    assert (answer.status_code, behind.asked) == (status, 0)


@pytest.mark.parametrize("headers", [PAGE, {}], ids=["a browser", "a program"])
async def test_another_key_and_no_link_get_the_same_answer(headers: dict[str, str]) -> None:
    behind = Behind()
    async with calling(opening=behind.opening) as client:
        answers = [
            await client.post(LINK, data={"key": OTHER_KEY}, headers=headers),
            await client.post("/secret/of-no-link", data={"key": KEY}, headers=headers),
            await client.post("/secret/", data={"key": KEY}, headers=headers),
        ]
        right = await client.post(LINK, data={"key": KEY}, headers=headers)
    assert {(one.status_code, one.text) for one in answers} == {(404, answers[0].text)}
    assert right.status_code == 200


async def test_wrong_keys_are_few_in_a_minute_and_the_right_one_counts_none() -> None:
    behind = Behind()
    async with calling(opening=behind.opening) as client:
        statuses = [
            (await client.get(LINK, headers={"x-api-key": f"fst_guess_{number}"})).status_code for number in range(10)
        ]
        locked = await client.get(LINK, headers={"x-api-key": KEY})
    assert (statuses, locked.status_code, behind.asked) == ([404] * 10, 429, 10)
    async with calling(opening=Behind().opening) as client:
        used = [(await client.get(LINK, headers={"x-api-key": KEY})).status_code for _ in range(12)]
    assert used == [200] + [410] * 11


@pytest.mark.parametrize(
    "content", [b"x" * 5000, b"\xff\xfe", b"key=", b"&".join([b"key=%s" % KEY.encode()] * 50)], ids=len
)
async def test_what_is_no_form_with_a_key_hands_out_nothing(content: bytes) -> None:
    behind = Behind()
    async with calling(opening=behind.opening) as client:
        answer = await client.post(LINK, content=content)
    assert (answer.status_code, behind.asked) == (401, 0)


async def test_when_the_store_fails_it_is_said_that_the_secret_is_still_there() -> None:
    async with calling(opening=Behind(fails=True).opening) as client:
        answer = await client.get(LINK, headers={"x-api-key": KEY})
    assert (answer.status_code, answer.json()["error"]) == (
        503,
        "The server could not use its store. The secret is still there",
    )


async def test_another_host_or_origin_gets_nothing() -> None:
    behind = Behind()
    async with calling(opening=behind.opening) as client:
        answers: list[httpx2.Response] = [
            await client.get(LINK, headers={"host": "evil.example", "x-api-key": KEY}),
            await client.post(LINK, headers={"origin": "https://evil.example", "x-api-key": KEY}),
        ]
    assert ([answer.status_code for answer in answers], behind.asked) == ([421, 403], 0)


async def test_a_key_in_the_wrong_place_is_in_no_answer() -> None:
    async with calling(opening=Behind().opening) as client:
        answer = await client.post(f"/secret/{OTHER_KEY}", data={"key": OTHER_KEY}, headers=PAGE)
    assert OTHER_KEY not in answer.text + str(answer.headers)
