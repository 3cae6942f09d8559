"""Fair shares of a whole, whatever the order in which calls of many keys come, end and go away."""

from __future__ import annotations

from collections import Counter

import anyio
import pytest
from anyio.abc import TaskGroup
from hypothesis import given
from hypothesis import strategies as st

from flintt_mcp.rest.sending.shares import Shares

pytestmark = pytest.mark.anyio


class Crowd:
    """Calls that keep their place until they are told to end; `served` holds their keys in the order they got one."""

    def __init__(self, total: int, group: TaskGroup) -> None:
        self.shares = Shares(total)
        self.served: list[str] = []
        self.refused: list[str] = []
        self._group = group
        self._ends: list[tuple[str, anyio.Event]] = []

    async def come(self, *keys: str, seconds: float = 3600) -> list[anyio.CancelScope]:
        """Calls of these keys come one after the other; each is answered by the scope that makes it go away."""
        scopes = [anyio.CancelScope() for _ in keys]
        for key, scope in zip(keys, scopes, strict=True):
            self._group.start_soon(self._call, key, seconds, scope)
            await anyio.wait_all_tasks_blocked()
        return scopes

    async def end_oldest(self) -> None:
        self._ends[0][1].set()
        await anyio.wait_all_tasks_blocked()

    def held(self) -> Counter[str]:
        return Counter(key for key, _ in self._ends)

    async def _call(self, key: str, seconds: float, scope: anyio.CancelScope) -> None:
        with scope:
            if not self.shares.take(key) and not await self.shares.wait(key, seconds):
                self.refused.append(key)
                return
            place = key, anyio.Event()
            self.served.append(key)
            self._ends.append(place)
            try:
                await place[1].wait()
            finally:
                self._ends.remove(place)
                self.shares.give_back(key)


async def test_a_key_alone_gets_half_and_the_next_ones_find_room() -> None:
    async with anyio.create_task_group() as group:
        crowd = Crowd(100, group)
        await crowd.come(*["a"] * 110, *["b"] * 110, "c")
        assert crowd.held() == {"a": 50, "b": 25, "c": 1}
        group.cancel_scope.cancel()


async def test_keys_that_wait_are_served_in_turn_and_the_calls_of_one_key_in_order() -> None:
    async with anyio.create_task_group() as group:
        crowd = Crowd(2, group)
        await crowd.come("a", "b", "a", "a", "a", "b", "c")
        for _ in range(6):
            await crowd.end_oldest()
        assert crowd.served == ["a", "b", "a", "b", "c", "a", "a"]
        group.cancel_scope.cancel()


async def test_a_key_that_holds_much_waits_while_others_come_up_to_it() -> None:
    async with anyio.create_task_group() as group:
        crowd = Crowd(9, group)
        await crowd.come(*["a"] * 9, *["b"] * 9)
        assert crowd.held() == {"a": 5, "b": 2}
        for _ in range(3):
            await crowd.end_oldest()
        assert crowd.held() == {"a": 3, "b": 3}
        group.cancel_scope.cancel()


async def test_who_waited_too_long_leaves_the_line_and_the_next_one_moves_up() -> None:
    async with anyio.create_task_group() as group:
        crowd = Crowd(1, group)
        await crowd.come("a")
        await crowd.come("b", seconds=0)
        await crowd.come("c")
        await crowd.end_oldest()
        assert (crowd.served, crowd.refused) == (["a", "c"], ["b"])
        group.cancel_scope.cancel()


async def test_a_call_that_goes_away_in_the_moment_it_is_served_leaves_its_place_to_the_next() -> None:
    async with anyio.create_task_group() as group:
        crowd = Crowd(1, group)
        assert crowd.shares.take("a")
        gone, _ = await crowd.come("b", "c")
        crowd.shares.give_back("a")
        gone.cancel()
        await anyio.wait_all_tasks_blocked()
        assert crowd.held() == {"c": 1}
        group.cancel_scope.cancel()


@given(
    total=st.integers(1, 9),
    steps=st.lists(st.tuples(st.sampled_from(["come", "come", "end", "go"]), st.integers(0, 3)), max_size=60),
)
def test_law_nobody_gets_more_than_a_fair_share_who_may_have_a_place_has_it_and_none_is_lost(
    total: int, steps: list[tuple[str, int]]
) -> None:
    async def play() -> None:
        async with anyio.create_task_group() as group:
            crowd = Crowd(total, group)
            scopes: list[anyio.CancelScope] = []
            for step, number in steps:
                free = total - crowd.held().total()
                may_have_one = crowd.held()[f"key {number}"] < free
                if step == "come":
                    before = len(crowd.served)
                    scopes += await crowd.come(f"key {number}")
                    assert len(crowd.served) - before == may_have_one
                elif step == "end" and crowd.held():
                    await crowd.end_oldest()
                elif scopes:
                    scopes.pop(number % len(scopes)).cancel()
                    await anyio.wait_all_tasks_blocked()
                assert crowd.held().total() <= total
                assert max(crowd.held().values(), default=0) <= (total + 1) // 2
            group.cancel_scope.cancel()
        assert all(crowd.shares.take(f"another {number}") for number in range(total))
        assert not crowd.shares.take("one too many")

    anyio.run(play)
