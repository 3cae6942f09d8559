"""Stage: a person approves what deletes or spends, before anything is sent.

In: a call. Out: a question, a refusal that says where a person decides, or the call goes on with the intent that was approved.
Where the client can show a form, its person is asked there; a client that answers faster than a person reads is not believed, and
then only the page or the command counts. There is no argument that approves: an answer counts for the question it was given to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from flintt_mcp.calls.approvals import SECONDS, Approvals
from flintt_mcp.calls.asking import FORM, NAME, URL, answered, at_a_page, in_a_form, sent_with
from flintt_mcp.calls.call import Call, Next
from flintt_mcp.calls.intent import Intent, IntentReused, Intents, State
from flintt_mcp.calls.policy import Policy
from flintt_mcp.calls.reply import Refused, Reply
from flintt_mcp.calls.stages.once import stands_for_another, wanted_by
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue.operation import Effect
from flintt_mcp.errors import ApprovalRequired, CallRefused, FlinttError

READING = 0.8
"""Seconds below which no person has read a question and answered it."""
_GOES_ON = frozenset({State.APPROVED, State.EXECUTING, State.DONE, State.UNKNOWN, State.FAILED})
"""States of an intent that a person approved, or that was never asked about."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Where a person decides who is not asked in the client: below the URL `pages` (None: there is no page), and by `command`."""

    pages: str | None
    command: str

    def page(self, intent: Intent) -> str:
        """The address of the page of one intent."""
        return f"{self.pages}/approve/{intent.id}"


class Approval:
    """Asks a person about calls that the policy names. `remembered` is as for `Once`; `now` is the clock on the wall."""

    def __init__(
        self,
        intents: Intents,
        policy: Callable[[], Policy],
        elsewhere: Elsewhere,
        remembered: Mapping[Effect, float],
        now: Callable[[], float],
    ) -> None:
        self._intents = intents
        self._approvals = Approvals(intents, now)
        self._policy = policy
        self._elsewhere = elsewhere
        self._remembered = remembered
        self._now = now

    def concerns(self, tool: Tool) -> bool:
        return not tool.effect.reads and tool.api is not None

    def may_ask(self, tool: Tool) -> bool:
        """Whether a call of this tool waits for a person. While the policy cannot be read nothing is written, so nothing asked."""
        if not self.concerns(tool):
            return False
        try:
            policy, names = self._policy(), (tool.name, *tool.runs)
            return any(policy.asks_about(name, tool.effect, replaces=tool.replaces) for name in names)
        except FlinttError:
            return False

    async def __call__(self, call: Call, next: Next) -> Reply:
        if call.writer is None or call.under is not None or not self.may_ask(call.tool):
            return await next(call)
        intent = await (self._standing(call) if call.intent is None else self._latest(call.intent))
        if intent.state is State.DRAFT:
            if (late := await self._answered_late(call, intent)) is not None:
                return Refused(not_approved(late))
            intent = await self._shown(call, intent)
        elif intent.state is State.ASKED and call.state == intent.id:
            intent = await self._answered(call, intent)
        if intent.state in _GOES_ON:
            return await next(replace(call, intent=intent))
        if not self._approvals.waits(intent):
            return Refused(not_approved(intent))
        return await self._ask(call, intent)

    async def _standing(self, call: Call) -> Intent:
        """The intent that stands for this call."""
        wanted = wanted_by(call, self._remembered)
        try:
            intent, _ = await self._intents.claim(wanted, State.DRAFT, self._now() + SECONDS)
        except IntentReused:
            raise stands_for_another() from None
        return intent

    async def _latest(self, intent: Intent) -> Intent:
        return await self._intents.find(intent.id) or intent

    async def _answered_late(self, call: Call, intent: Intent) -> Intent | None:
        """The intent of the question that this call answers, if it was about the same and its time is over."""
        asked = None if call.state is None else await self._intents.find(call.state, call.writer)
        is_late = asked is not None and asked.wanted == intent.wanted and asked.state in (State.ASKED, State.EXPIRED)
        return asked if is_late else None

    async def _shown(self, call: Call, intent: Intent) -> Intent:
        """The intent with the text for the person: what is stored, read now, and what the caller wants sent."""
        text = call.tool.title if call.tool.facts is None else await call.tool.facts(call)
        shown = f"{text}\nSent as the assistant gave it:\n{sent_with(call)}"
        return await self._intents.step(intent, State.ASKED, before={State.DRAFT}, shown=shown) or await self._latest(
            intent
        )

    async def _ask(self, call: Call, intent: Intent) -> Reply:
        """Ask in the client, unless that was in vain: then the page, or the command, is the only way that is left.

        Who calls from the shell and can be asked is that person, whatever a client said before.
        """
        if call.channel.kind == "shell" and FORM in call.channel.asks:
            return in_a_form(intent)
        if call.state != intent.id and intent.how != "page":
            if FORM in call.channel.asks:
                asked = await self._intents.step(intent, State.ASKED, before={State.ASKED}, how="form")
                return in_a_form(asked) if asked is not None else Refused(self._required(call, intent))
            if URL in call.channel.asks and self._elsewhere.pages is not None:
                return at_a_page(intent, self._elsewhere.page(intent))
        await self._intents.step(intent, State.ASKED, before={State.ASKED}, how="page")
        return Refused(self._required(call, intent))

    async def _answered(self, call: Call, intent: Intent) -> Intent:
        """The intent after the answer to its form, if that is one."""
        says = answered(call.answers.get(NAME)) if intent.how == "form" else "nothing"
        if says == "nothing" or (says == "yes" and self._now() - intent.changed_at < READING):
            return intent
        decided = await self._approvals.decide(intent, "form", approved=says == "yes")
        return decided or await self._latest(intent)

    def _required(self, call: Call, intent: Intent) -> FlinttError:
        """The refusal that says where a person decides."""
        remote = call.channel.kind == "http"
        if remote and self._elsewhere.pages is None:
            return CallRefused(
                "A person has to approve this call; the client asked nobody, and this server has no page for it",
                advice="use a client that shows forms, or have the operator set FLINTT_MCP_APPROVAL_SECRET",
            )
        where = f"open {self._elsewhere.page(intent)}" if remote else f"run `{self._elsewhere.command} {intent.id}`"
        return ApprovalRequired(
            f"approval_required: a person has to approve this call, intent {intent.id}; nothing was sent",
            advice=f"have the person {where} within {SECONDS / 60:.0f} minutes, then call get_approval with this intent",
        )


def not_approved(intent: Intent) -> FlinttError:
    """Why an intent that is over is not done."""
    if intent.state is State.DECLINED:
        return CallRefused(
            "The person declined this call: nothing was sent",
            advice="ask the person what to do instead; do not repeat it",
        )
    return CallRefused(
        "Nobody approved this call in time: nothing was sent",
        advice="call again if it is still wanted; a person is asked anew",
    )
