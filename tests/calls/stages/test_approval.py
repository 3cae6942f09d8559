"""A person approves what deletes or spends: only a whole, plain and slow enough yes to this question, or a decision elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from flintt_mcp.calls.approvals import SECONDS, Approvals
from flintt_mcp.calls.arguments.arguments import Arguments
from flintt_mcp.calls.asking import FORM, NAME, URL
from flintt_mcp.calls.call import Call, QuietChannel
from flintt_mcp.calls.caller import Caller
from flintt_mcp.calls.intent import State
from flintt_mcp.calls.own import OwnIntents
from flintt_mcp.calls.pipeline import Pipeline
from flintt_mcp.calls.policy import Policy, ToolPolicy
from flintt_mcp.calls.reply import Ask, Done, Refused, Reply
from flintt_mcp.calls.stages.approval import READING, Approval, Elsewhere
from flintt_mcp.calls.stages.once import AGAIN, Once
from flintt_mcp.calls.stages.validate import validate
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue.argument import local
from flintt_mcp.catalogue.operation import Effect
from flintt_mcp.errors import ApprovalRequired, CallRefused, NotFound, Unavailable
from flintt_mcp.offers.approvals import GetApproval
from flintt_mcp.state.intents import StoredIntents
from flintt_mcp.state.journal import Journal
from flintt_mcp.state.server_file import server_file
from tests.certain import without_intent
from tests.clock import SetClock

pytestmark = pytest.mark.anyio

YES = {NAME: {"action": "accept", "content": {"approve": True}}}
NO = {NAME: {"action": "decline"}}
CANCEL = {NAME: {"action": "cancel"}}
PERSON = Caller("somebody", {"flintt": "key"}, None, {"flintt": "somebody at flintt"})
OTHER = Caller("another", {"flintt": "key2"}, None, {"flintt": "another at flintt"})
FORMS = QuietChannel("http", frozenset({FORM}))
PAGES = QuietChannel("http", frozenset({URL}))
NOTHING = QuietChannel("http")
TERMINAL = QuietChannel("stdio")
MALFORMED: list[Any] = [
    None, True, "yes", [], {}, {"action": "accept"}, {"action": "accept", "content": None}, {"action": "accept", "content": {}},
    {"action": "accept", "content": {"approve": "true"}}, {"action": "accept", "content": {"approve": 1}},
    {"action": "accept", "content": [True]}, {"action": "yes", "content": {"approve": True}}, {"content": {"approve": True}},
    {"action": ["accept"], "content": {"approve": True}},
]  # fmt: skip


@dataclass
class Server:
    """One server over an API that deletes things: `deleted` are those, and `fails` what the next calls end with instead."""

    folder: Path
    policy: Policy = field(default_factory=Policy)
    clock: SetClock = field(default_factory=SetClock)
    deleted: list[str] = field(default_factory=list)
    fails: list[Exception] = field(default_factory=list)
    facts_fail: list[Exception] = field(default_factory=list)
    pages: str | None = "https://mcp.example"

    def __post_init__(self) -> None:
        database = server_file(self.folder)
        self.close = database.close
        self.intents = StoredIntents(database, b"k" * 32, self.clock.seconds, Journal(b"k" * 32))
        self.approvals = Approvals(self.intents, self.clock.seconds)
        elsewhere, now = Elsewhere(self.pages, "flintt-mcp approve"), self.clock.seconds
        approval = Approval(self.intents, lambda: self.policy, elsewhere, {}, now)
        self.pipeline = Pipeline([validate, approval, Once(self.intents, {}, 50.0, now, self.clock.sleep)])
        self.tool = Tool(
            name="delete_thing", title="Delete a thing", about="", effect=Effect.DESTROY, toolset="t", handle=self._delete,
            arguments=Arguments("delete_thing", (local("id", required=True), local("intent_id"), local("how", default="x"))),
            api="flintt", facts=self._facts,
        )  # fmt: skip
        self.own = OwnIntents(self.intents, {"delete_thing": self.tool}.get)
        self.getting = GetApproval(self.intents, self.approvals, self.own, self.pipeline.run, self.clock.sleep)

    async def _delete(self, call: Call) -> Done:
        if self.fails:
            raise self.fails.pop(0)
        self.deleted.append(call.arguments["id"])
        return Done(text="deleted", structured={"deletion": {"ok": True}}, changed="yes")

    async def _facts(self, call: Call) -> str:
        if self.facts_fail:
            raise self.facts_fail.pop(0)
        return "Delete a thing?"

    async def call(self, channel: QuietChannel = FORMS, caller: Caller = PERSON, id: str = "7", **more: Any) -> Reply:
        answers, state = more.pop("answers", {}), more.pop("state", None)
        reply = await self.pipeline.run(Call(self.tool, {"id": id, **more}, caller, channel, answers, state))
        return without_intent(reply)

    async def get(self, intent: str, caller: Caller = PERSON, **more: Any) -> Reply:
        call = Call(self.getting.tool, {"intent": intent, **more}, caller, NOTHING)
        return without_intent(await self.pipeline.run(call))

    async def asked(self, **more: Any) -> str:
        reply = await self.call(**more)
        assert isinstance(reply, Ask), reply
        assert reply.state is not None
        return reply.state

    async def left_to_the_page(self, **more: Any) -> str:
        """The intent of a call whose client asks nobody."""
        error = refusal(await self.call(NOTHING, **more))
        assert isinstance(error, ApprovalRequired)
        return error.message.split("intent ")[1].split(";")[0]

    async def decided(self, id: str, *, approved: bool) -> None:
        intent = await self.approvals.waiting(id)
        assert intent is not None
        assert await self.approvals.decide(intent, "page", approved=approved) is not None


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    server = Server(tmp_path)
    yield server
    server.close()


def refusal(reply: Reply) -> CallRefused:
    assert isinstance(reply, Refused), reply
    assert isinstance(reply.error, CallRefused)
    return reply.error


async def test_a_person_who_says_yes_in_a_form_has_it_done_once(server: Server) -> None:
    reply = await server.call(how="x")
    assert isinstance(reply, Ask)
    assert (
        reply.requests[NAME]["params"]["message"]
        == "Delete a thing?\nSent as the assistant gave it:\n  id = 7\n  how = x"
    )
    assert server.deleted == []
    server.clock.forward(seconds=2)
    done = await server.call(answers=YES, state=reply.state)
    assert done == Done(text="deleted", structured={"deletion": {"ok": True}}, changed="yes")
    assert server.deleted == ["7"]


async def test_an_answer_counts_once(server: Server) -> None:
    state = await server.asked()
    server.clock.forward(seconds=2)
    await server.call(answers=YES, state=state)
    assert isinstance(await server.call(answers=YES, state=state), Ask)
    assert server.deleted == ["7"]


async def test_a_person_who_declines_has_nothing_done(server: Server) -> None:
    state = await server.asked()
    error = refusal(await server.call(answers=NO, state=state))
    assert (error.message, error.changed) == ("The person declined this call: nothing was sent", "no")
    assert server.deleted == []


async def test_a_box_that_stays_empty_declines(server: Server) -> None:
    state = await server.asked()
    server.clock.forward(seconds=2)
    error = refusal(await server.call(answers={NAME: {"action": "accept", "content": {"approve": False}}}, state=state))
    assert error.message == "The person declined this call: nothing was sent"


@pytest.mark.parametrize("answer", MALFORMED, ids=str)
async def test_an_answer_that_cannot_be_read_approves_nothing(server: Server, answer: Any) -> None:
    state = await server.asked()
    server.clock.forward(seconds=2)
    assert isinstance(refusal(await server.call(answers={NAME: answer}, state=state)), ApprovalRequired)
    assert server.deleted == []


@pytest.mark.parametrize("answers", [YES, CANCEL, {}], ids=["accepts", "cancels", "fails"])
async def test_a_client_that_answers_before_a_person_can_read_is_not_believed_any_more(
    server: Server, answers: Mapping[str, Any]
) -> None:
    state = await server.asked()
    server.clock.forward(seconds=READING - 0.01)
    assert isinstance(refusal(await server.call(answers=answers, state=state)), ApprovalRequired)
    server.clock.forward(seconds=60)
    assert isinstance(refusal(await server.call(answers=YES, state=state)), ApprovalRequired)
    assert isinstance(refusal(await server.call()), ApprovalRequired)
    assert server.deleted == []
    await server.decided(state, approved=True)
    assert isinstance(await server.get(state), Done)
    assert server.deleted == ["7"]


async def test_a_question_that_is_asked_again_has_to_be_read_again(server: Server) -> None:
    state = await server.asked()
    server.clock.forward(seconds=60)
    assert await server.asked() == state
    assert isinstance(refusal(await server.call(answers=YES, state=state)), ApprovalRequired)
    assert server.deleted == []


async def test_an_answer_that_comes_too_late_is_to_no_question(server: Server) -> None:
    state = await server.asked()
    server.clock.forward(seconds=SECONDS)
    late = refusal(await server.call(answers=YES, state=state))
    assert late.message == "Nobody approved this call in time: nothing was sent"
    anew = await server.call()
    assert isinstance(anew, Ask)
    assert anew.state != state
    assert server.deleted == []


@pytest.mark.parametrize("other", [{"caller": OTHER}, {"id": "8"}, {"intent_id": "another"}], ids=str)
async def test_the_answer_to_another_question_approves_nothing(server: Server, other: Any) -> None:
    state = await server.asked()
    server.clock.forward(seconds=2)
    assert isinstance(await server.call(answers=YES, state=state, **other), Ask)
    assert server.deleted == []


async def test_an_answer_without_a_question_approves_nothing(server: Server) -> None:
    assert isinstance(await server.call(answers=YES), Ask)
    assert isinstance(await server.call(answers=YES, state="int_made_up"), Ask)
    assert server.deleted == []


async def test_a_client_that_asks_nobody_is_told_where_a_person_decides(server: Server) -> None:
    error = refusal(await server.call(NOTHING))
    intent = error.message.removesuffix("; nothing was sent").rsplit(" ", 1)[1]
    assert error.message == f"approval_required: a person has to approve this call, intent {intent}; nothing was sent"
    assert error.advice == (
        f"have the person open https://mcp.example/approve/{intent} within 10 minutes, then call get_approval with this intent"
    )
    assert f"run `flintt-mcp approve {intent}`" in refusal(await server.call(TERMINAL)).advice


async def test_a_server_without_a_page_says_so_in_words(tmp_path: Path) -> None:
    server = Server(tmp_path, pages=None)
    error = refusal(await server.call(NOTHING))
    server.close()
    assert (
        error.message
        == "A person has to approve this call; the client asked nobody, and this server has no page for it"
    )
    assert error.advice == "use a client that shows forms, or have the operator set FLINTT_MCP_APPROVAL_SECRET"


async def test_a_client_that_opens_pages_gets_one_and_its_word_counts_for_nothing(server: Server) -> None:
    reply = await server.call(PAGES)
    assert isinstance(reply, Ask)
    assert reply.requests[NAME]["params"]["url"] == f"https://mcp.example/approve/{reply.state}"
    server.clock.forward(seconds=5)
    assert isinstance(refusal(await server.call(PAGES, answers=YES, state=reply.state)), ApprovalRequired)
    assert server.deleted == []
    assert reply.state is not None
    await server.decided(reply.state, approved=True)
    assert isinstance(await server.call(PAGES, answers=YES, state=reply.state), Done)


async def test_what_was_approved_elsewhere_is_done_when_the_call_is_made_again(server: Server) -> None:
    await server.decided(await server.left_to_the_page(), approved=True)
    assert server.deleted == []
    assert isinstance(await server.call(NOTHING), Done)
    assert server.deleted == ["7"]


async def test_get_approval_tells_how_it_stands_and_does_it_once(server: Server) -> None:
    intent = await server.left_to_the_page()
    waiting = await server.get(intent, wait=3)
    assert isinstance(waiting, Done)
    assert waiting.structured == {"state": "asked"}
    assert server.clock.naps == [1.0, 1.0, 1.0]
    await server.decided(intent, approved=True)
    done = await server.get(intent)
    assert done == Done(
        text="deleted", structured={"state": "done", "result": {"deletion": {"ok": True}}}, changed="yes"
    )
    again = await server.get(intent)
    assert isinstance(again, Done)
    assert again.structured == {"state": "done", "result": {"deletion": {"ok": True}, "note": AGAIN}}
    assert server.deleted == ["7"]


async def test_get_approval_of_what_was_declined_or_is_too_old_says_so(server: Server) -> None:
    declined, old = await server.left_to_the_page(id="1"), await server.left_to_the_page(id="2")
    approved = await server.left_to_the_page(id="3")
    await server.decided(declined, approved=False)
    await server.decided(approved, approved=True)
    server.clock.forward(seconds=SECONDS)
    assert refusal(await server.get(declined)).message == "The person declined this call: nothing was sent"
    assert refusal(await server.get(old)).message == "Nobody approved this call in time: nothing was sent"
    assert refusal(await server.get(approved)).message == "It was approved and not done: nothing was changed"
    assert server.deleted == []


async def test_get_approval_shows_an_intent_to_its_own_caller_alone(server: Server) -> None:
    intent = await server.left_to_the_page()
    await server.decided(intent, approved=True)
    for id, caller in ((intent, OTHER), ("int_made_up", PERSON)):
        reply = await server.get(id, caller)
        assert isinstance(reply, Refused)
        assert reply.error.message == "intent: there is none of that id for this key"
    assert server.deleted == []


async def test_an_approved_call_whose_answer_was_lost_is_not_done_a_second_time(server: Server) -> None:
    intent = await server.left_to_the_page()
    await server.decided(intent, approved=True)
    server.fails.append(Unavailable("lost", operation="delete_thing", changed="unknown"))
    assert isinstance(await server.get(intent), Refused)
    for reply in (await server.get(intent), await server.call(NOTHING)):
        assert refusal(reply).changed == "unknown"
    assert server.deleted == []


async def test_what_is_not_there_is_said_before_anybody_is_asked(server: Server) -> None:
    server.facts_fail.append(NotFound("Flintt has no such signal", operation="delete_thing"))
    reply = await server.call()
    assert isinstance(reply, Refused)
    assert isinstance(reply.error, NotFound)
    assert isinstance(await server.call(), Ask)


async def test_the_policy_says_which_calls_are_asked_about(server: Server) -> None:
    server.policy = Policy(approve=frozenset({Effect.SPEND}))
    assert not server.pipeline.may_ask(server.tool)
    assert isinstance(await server.call(), Done)
    server.policy = Policy(approve=frozenset(), tools={"delete_thing": ToolPolicy(approve=True)})
    assert server.pipeline.may_ask(server.tool)
    assert isinstance(await server.call(), Ask)
    assert server.deleted == ["7"]


async def test_one_that_replaces_counts_as_one_that_deletes() -> None:
    assert Policy().asks_about("flextell_update", Effect.UPDATE, replaces=True)
    assert not Policy().asks_about("flextell_modify", Effect.UPDATE)
    assert not Policy(approve=frozenset({Effect.SPEND})).asks_about("flextell_update", Effect.UPDATE, replaces=True)


async def test_what_was_decided_is_decided(server: Server) -> None:
    id = await server.left_to_the_page()
    intent = await server.approvals.waiting(id)
    assert intent is not None
    assert (await server.approvals.decide(intent, "page", approved=False)).state is State.DECLINED  # type: ignore[union-attr]  # None fails the test
    assert await server.approvals.decide(intent, "page", approved=True) is None
    assert await server.approvals.waiting(id) is None
