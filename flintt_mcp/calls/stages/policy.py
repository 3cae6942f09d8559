"""Stage: what the operator lets writes do, as the policy says it now: stopped, test keys alone, allow-lists, caps.

In: a call. Out: a refusal that says what of the policy stood in its way, or the call goes on. Reads pass untouched.
Nothing was sent where this stage refused.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from msgspec.structs import replace

from flintt_mcp.calls.call import Call, Next
from flintt_mcp.calls.intent import DAY, Intents, OverCap, Wanted
from flintt_mcp.calls.play import Play
from flintt_mcp.calls.policy import Policy, ToolPolicy
from flintt_mcp.calls.reply import Reply
from flintt_mcp.calls.stages.once import wanted_by
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue.operation import Effect
from flintt_mcp.errors import CallRefused

_TO_DO = "tell the person; only the operator can change the policy"


class KeepsPolicy:
    """Holds every write to the policy, which is asked for anew each time. `now` is the clock on the wall."""

    def __init__(self, policy: Callable[[], Policy], intents: Intents, play: Play, now: Callable[[], float]) -> None:
        self._policy = policy
        self._intents = intents
        self._play = play
        self._now = now

    def concerns(self, tool: Tool) -> bool:
        return not tool.effect.reads and tool.api is not None

    async def __call__(self, call: Call, next: Next) -> Reply:
        policy = self._policy()
        if policy.stop:
            raise CallRefused("The operator has stopped all writes: nothing was sent", advice=_TO_DO)
        if policy.test_mode_only and self._is_earnest(call):
            raise CallRefused(
                "The policy lets test keys write alone, and this moves real money: nothing was sent", advice=_TO_DO
            )
        own = policy.of(call.tool.name)
        _check_values(call, own)
        if call.writer is None or not call.tool.amount:
            return await next(call)
        wanted = wanted_by(call, {})
        await self._check_amount(wanted, own)
        try:
            return await next(replace(call, most_per_day=own.most_per_day))
        except OverCap:  # others were quicker since the look
            raise await self._over_the_day(wanted, own.most_per_day or Decimal(0)) from None

    def _is_earnest(self, call: Call) -> bool:
        return self._play.is_live(call) or (call.tool.effect is Effect.SPEND and not self._play.covers(call))

    async def _check_amount(self, wanted: Wanted, own: ToolPolicy) -> None:
        """Refuse what cannot fit before a person is asked about it.

        Raises:
            CallRefused: it is too much.
        """
        amount = wanted.amount or Decimal(0)
        if own.most_per_call is not None and amount > own.most_per_call:
            raise _too_much(f"{own.most_per_call:,} {wanted.unit} in one call")
        if own.most_per_day is not None and await self._used(wanted) + amount > own.most_per_day:
            raise await self._over_the_day(wanted, own.most_per_day)

    async def _over_the_day(self, wanted: Wanted, most: Decimal) -> CallRefused:
        left = max(most - await self._used(wanted), Decimal(0))
        return _too_much(f"{most:,} {wanted.unit} in 24 hours, of which {left:,} are left")

    async def _used(self, wanted: Wanted) -> Decimal:
        return await self._intents.used(wanted, self._now() - DAY)


def _check_values(call: Call, own: ToolPolicy) -> None:
    """Refuse an argument whose value is not on its list; one that is left out has none that could be."""
    for name, allowed in own.only.items():
        if name in call.arguments and str(call.arguments[name]) not in allowed:
            raise CallRefused(
                f"{name}: its value is not among those that the policy allows; nothing was sent", advice=_TO_DO
            )


def _too_much(cap: str) -> CallRefused:
    return CallRefused(f"The policy allows at most {cap}: nothing was sent", advice=_TO_DO)
