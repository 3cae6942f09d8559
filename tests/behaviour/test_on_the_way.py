"""What comes back while a call runs: progress, log messages and questions, from a server with the conformance suite's fixtures.

Several worker processes carry no fixtures; `tests/transports` shows progress there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import mcp_types as types
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from pydantic import FileUrl

from tests.certain import of_kind

from .ways import WAYS, Servers, Way, connected

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings("ignore::mcp.MCPDeprecationWarning"),
]

ANSWERS: dict[str, str | bool] = {
    "name": "Ada",
    "color": "teal",
    "response": "yes",
    "ok": True,
    "username": "Ada",
    "context": "short",
}
ELICITATION_SINCE = "2025-06-18"
QUESTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "test_elicitation": ({"message": "Well?"}, 'User response: action=accept, content={"response": "yes"}'),
    "test_sampling": ({"prompt": "What is the capital of France?"}, "LLM response: Paris"),
    "test_input_required_result_list_roots": ({}, "Roots: file:///work"),
    "test_input_required_result_request_state": ({}, "state-ok: requestState validated"),
    "test_input_required_result_multiple_inputs": ({}, "All answered by Ada"),
    "test_input_required_result_multi_round": ({}, "Ada likes teal"),
}
"""Tools that ask, with their arguments, and what they tell when they were answered."""
NOT_ELICITING = {"test_sampling", "test_input_required_result_list_roots"}
ASKING_PROMPT = "test_input_required_result_prompt"
CANNOT_BE_ASKED = "This call has to ask you something, and the client does not offer elicitation. Nothing was changed."
CARRYING_FIXTURES = [way for way in WAYS if way.transport != "workers"]


def knows_elicitation(way: Way) -> bool:
    return way.revision >= ELICITATION_SINCE


def is_older(way: Way) -> bool:
    return not knows_elicitation(way)


def each_way(which: Callable[[Way], bool] = lambda way: True) -> pytest.MarkDecorator:
    ways = [way for way in CARRYING_FIXTURES if which(way)]
    return pytest.mark.parametrize("way", ways, indirect=True, ids=str, scope="session")


class Person:
    """Whoever sits at the client: answers what is asked, and keeps what was shown."""

    def __init__(self) -> None:
        self.logs: list[tuple[str, Any]] = []

    async def elicit(self, context: Any, params: types.ElicitRequestFormParams) -> types.ElicitResult:
        fields = params.requested_schema["properties"]
        return types.ElicitResult(action="accept", content={name: ANSWERS[name] for name in fields})

    async def sample(self, context: Any, params: types.CreateMessageRequestParams) -> types.CreateMessageResult:
        content = types.TextContent(type="text", text="Paris")
        return types.CreateMessageResult(role="assistant", model="none", content=content)

    async def roots(self, context: Any) -> types.ListRootsResult:
        return types.ListRootsResult(roots=[types.Root(uri=FileUrl("file:///work"))])

    async def log(self, params: types.LoggingMessageNotificationParams) -> None:
        self.logs.append((params.level, params.data))

    @property
    def callbacks(self) -> dict[str, Any]:
        return {
            "elicitation_callback": self.elicit,
            "sampling_callback": self.sample,
            "list_roots_callback": self.roots,
            "logging_callback": self.log,
            "log_level": "info",
        }


Meet = Callable[[], AbstractAsyncContextManager[tuple[Client, Person]]]


@pytest.fixture(scope="session")
async def standing_person(way: Way, servers: Servers) -> AsyncIterator[tuple[Client, Person] | None]:
    """The connection that these tests share where each new one would start a server."""
    if not way.starts_server:
        yield None
        return
    person = Person()
    async with connected(way, servers, fixtures=True, **person.callbacks) as client:
        yield client, person


@pytest.fixture
def meet(way: Way, servers: Servers, standing_person: tuple[Client, Person] | None) -> Meet:
    @asynccontextmanager
    async def meet() -> AsyncIterator[tuple[Client, Person]]:
        if standing_person is not None:
            yield standing_person
            return
        person = Person()
        async with connected(way, servers, fixtures=True, **person.callbacks) as client:
            yield client, person

    return meet


@each_way()
async def test_progress_is_shown_step_by_step(meet: Meet) -> None:
    seen: list[tuple[float, float | None, str | None]] = []

    async def show(progress: float, total: float | None, message: str | None) -> None:
        seen.append((progress, total, message))

    async with meet() as (client, _):
        result = await client.call_tool("test_tool_with_progress", {}, progress_callback=show)
    assert seen == [(step, 100, f"Completed step {step} of 100") for step in (0, 50, 100)]
    assert of_kind(types.TextContent, result.content[0]).text == "Progress reported"


@each_way()
async def test_log_messages_arrive(meet: Meet) -> None:
    async with meet() as (client, person):
        person.logs.clear()
        await client.call_tool("test_tool_with_logging", {})
    texts = ("Tool execution started", "Tool processing data", "Tool execution completed")
    assert person.logs == [("info", text) for text in texts]


async def asked(meet: Meet, tool: str) -> tuple[bool, str]:
    """Whether a tool that asks failed, and what it told."""
    async with meet() as (client, _):
        result = await client.call_tool(tool, QUESTIONS[tool][0])
    return result.is_error, of_kind(types.TextContent, result.content[0]).text


@each_way(knows_elicitation)
@pytest.mark.parametrize("tool", QUESTIONS)
async def test_a_question_reaches_the_person_and_the_answer_the_tool(meet: Meet, tool: str) -> None:
    assert await asked(meet, tool) == (False, QUESTIONS[tool][1])


@each_way(is_older)
@pytest.mark.parametrize("tool", sorted(NOT_ELICITING))
async def test_a_client_of_an_older_revision_is_asked_what_its_revision_knows(meet: Meet, tool: str) -> None:
    assert await asked(meet, tool) == (False, QUESTIONS[tool][1])


@each_way(is_older)
@pytest.mark.parametrize("tool", sorted(QUESTIONS.keys() - NOT_ELICITING))
async def test_a_client_of_an_older_revision_is_told_that_it_cannot_be_asked(meet: Meet, tool: str) -> None:
    async with meet() as (client, _):
        with pytest.raises(MCPError) as caught:
            await client.call_tool(tool, QUESTIONS[tool][0])
    assert caught.value.error.message == CANNOT_BE_ASKED


@each_way(knows_elicitation)
async def test_a_prompt_may_ask_too(meet: Meet) -> None:
    async with meet() as (client, _):
        (message,) = (await client.get_prompt(ASKING_PROMPT)).messages
    assert of_kind(types.TextContent, message.content).text == "Prompt with context: short"


@each_way(is_older)
async def test_a_prompt_that_cannot_ask_says_so(meet: Meet) -> None:
    async with meet() as (client, _):
        with pytest.raises(MCPError) as caught:
            await client.get_prompt(ASKING_PROMPT)
    assert caught.value.error.message == CANNOT_BE_ASKED


# One more process of stdio would show what the others show.
@each_way(lambda way: way.transport != "stdio")
async def test_a_client_that_cannot_be_asked_is_told_what_it_lacks(way: Way, servers: Servers) -> None:
    async with connected(way, servers, fixtures=True) as client:
        with pytest.raises(MCPError) as caught:
            await client.call_tool("test_elicitation", {"message": "Well?"})
    assert caught.value.error.message == CANNOT_BE_ASKED


# At the newest revision a question is part of a result, and its answer part of the next request.
@each_way(lambda way: way.transport != "stdio" and not way.modern)
async def test_a_client_that_answers_a_question_with_an_error_is_told_so(way: Way, servers: Servers) -> None:
    async def sample(context: Any, params: Any) -> types.ErrorData:
        return types.ErrorData(code=-1, message="a person said no, in words that nobody asked for")

    async with connected(way, servers, fixtures=True, sampling_callback=sample) as client:
        with pytest.raises(MCPError) as caught:
            await client.call_tool("test_sampling", {"prompt": "Say something"})
    assert (caught.value.error.code, caught.value.error.message) == (
        -32600,
        "This call had to ask you something, and the client answered sampling/createMessage with error -1. Nothing was changed.",
    )
