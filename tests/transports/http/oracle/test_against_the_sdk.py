"""Written requests and such of chance get what the SDK's session manager answers, but for differences that are argued.

FLINTT_REQUESTS says how many are made by chance, 20,000 if it is not set.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from .cases import INITIALIZE, by_chance, written
from .differences import DIFFERENCES, difference
from .sides import Case, Side, post, sides

pytestmark = pytest.mark.anyio

PARTS = 8
BY_CHANCE = int(os.environ.get("FLINTT_REQUESTS", "20000")) // PARTS


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """The SDK tells every refusal and every session; kept for twenty thousand requests that is much."""
    caplog.set_level("CRITICAL")


async def _faults(cases: Iterable[Case], folder: Path) -> tuple[list[str], set[str], int]:
    """What differs without a reason, the rules that were used, and how many cases there were."""
    faults: list[str] = []
    used: set[str] = set()
    number = 0
    async with sides(folder) as (ours, theirs):
        for case in cases:
            number += 1
            mine, its = await ours.answer(case), await theirs.answer(case)
            if mine.told == its.told:
                continue
            rule = difference(case, mine, its)
            used |= {rule.name} if rule else set()
            if rule is None:
                faults.append(f"{case}\n  ours   {mine.told}\n  theirs {its.told}")
    return faults, used, number


async def test_every_written_request_is_answered_as_by_the_sdk_but_for_what_is_argued(tmp_path: Path) -> None:
    faults, used, number = await _faults(written(), tmp_path)
    assert faults == []
    assert number >= 300
    assert {rule.name for rule in DIFFERENCES} - used == set()


@pytest.mark.parametrize("part", range(PARTS))
async def test_every_request_of_chance_is_answered_as_by_the_sdk_but_for_what_is_argued(
    part: int, tmp_path: Path
) -> None:
    faults, _, number = await _faults(by_chance(part, BY_CHANCE), tmp_path)
    assert faults[:5] == []
    assert number == BY_CHANCE


async def test_a_handshake_that_succeeds_opens_a_session_as_with_the_sdk(tmp_path: Path) -> None:
    """The SDK tells the id with every answer, also of a handshake that failed; we tell it once, where there is one."""
    told: list[tuple[bool, bool]] = []
    async with sides(tmp_path) as (ours, theirs):
        for params in INITIALIZE:
            case = post({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params})
            told.append(("mcp-session-id" in (await ours.answer(case)).headers, await _opens(theirs, case)))
    assert [ours for ours, _ in told] == [theirs for _, theirs in told]
    assert set(told) == {(True, True), (False, False)}


async def _opens(side: Side, case: Case) -> bool:
    answer = await side.answer(case)
    return "mcp-session-id" in answer.headers and answer.error is None
