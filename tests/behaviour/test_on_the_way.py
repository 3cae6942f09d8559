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

from .ways import WAYS, Servers, Way, connected

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings("ignore::mcp.MCPDeprecationWarning"),
    pytest.mark.parametrize(
        "way", [way for way in WAYS if way.transport != "workers"], indirect=True, ids=str, scope="session"
    ),
]

ANSWERS = {"name": "Ada", "color": "teal", "response": "yes", "ok": True, "username": "Ada", "context": "short"}
ELICITATION_SINCE = "2025-06-18"
ELICITING = {
    "test_elicitation",
    "test_input_required_result_request_state",
    "test_input_required_result_multiple_inputs",
    "test_input_required_result_multi_round",
}
CANNOT_BE_ASKED = "This call has to ask you something, and the client does not offer elicitation. Nothing was changed."


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
        return types.ListRootsResult(roots=[types.Root(uri="file:///work")])

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


async def test_progress_is_shown_step_by_step(meet: Meet) -> None:
    seen: list[tuple[float, float | None, str | None]] = []

    async def show(done: float, total: float | None, message: str | None) -> None:
        seen.append((done, total, message))

    async with meet() as (client, _):
        result = await client.call_tool("test_tool_with_progress", {}, progress_callback=show)
    assert seen == [(step, 100, f"Completed step {step} of 100") for step in (0, 50, 100)]
    assert result.content[0].text == "Progress reported"


async def test_log_messages_arrive(meet: Meet) -> None:
    async with meet() as (client, person):
        person.logs.clear()
        await client.call_tool("test_tool_with_logging", {})
    texts = ("Tool execution started", "Tool processing data", "Tool execution completed")
    assert person.logs == [("info", text) for text in texts]


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("test_elicitation", {"message": "Well?"}, 'User response: action=accept, content={"response": "yes"}'),
        ("test_sampling", {"prompt": "What is the capital of France?"}, "LLM response: Paris"),
        ("test_input_required_result_list_roots", {}, "Roots: file:///work"),
        ("test_input_required_result_request_state", {}, "state-ok: requestState validated"),
        ("test_input_required_result_multiple_inputs", {}, "All answered by Ada"),
        ("test_input_required_result_multi_round", {}, "Ada likes teal"),
    ],
)
async def test_a_question_reaches_the_person_and_the_answer_the_tool(
    meet: Meet, way: Way, tool: str, arguments: dict[str, Any], told: str
) -> None:
    async with meet() as (client, _):
        if way.revision < ELICITATION_SINCE and tool in ELICITING:
            with pytest.raises(MCPError) as caught:
                await client.call_tool(tool, arguments)
            assert caught.value.error.message == CANNOT_BE_ASKED
            return
        result = await client.call_tool(tool, arguments)
    assert (result.is_error, result.content[0].text) == (False, told)


async def test_a_prompt_may_ask_too(meet: Meet, way: Way) -> None:
    async with meet() as (client, _):
        if way.revision < ELICITATION_SINCE:
            with pytest.raises(MCPError, match=CANNOT_BE_ASKED):
                await client.get_prompt("test_input_required_result_prompt")
            return
        (message,) = (await client.get_prompt("test_input_required_result_prompt")).messages
    assert message.content.text == "Prompt with context: short"


async def test_a_client_that_cannot_be_asked_is_told_what_it_lacks(way: Way, servers: Servers) -> None:
    if way.transport == "stdio":
        return  # one more process would show what the others show
    async with connected(way, servers, fixtures=True) as client:
        with pytest.raises(MCPError) as caught:
            await client.call_tool("test_elicitation", {"message": "Well?"})
    assert caught.value.error.message == CANNOT_BE_ASKED


async def test_a_client_that_answers_a_question_with_an_error_is_told_so(way: Way, servers: Servers) -> None:
    if way.transport == "stdio" or way.modern:
        return  # there a question is part of a result, and its answer part of the next request

    async def sample(context: Any, params: Any) -> types.ErrorData:
        return types.ErrorData(code=-1, message="a person said no, in words that nobody asked for")

    async with connected(way, servers, fixtures=True, sampling_callback=sample) as client:
        with pytest.raises(MCPError) as caught:
            await client.call_tool("test_sampling", {"prompt": "Say something"})
    assert (caught.value.error.code, caught.value.error.message) == (
        -32600,
        "This call had to ask you something, and the client answered sampling/createMessage with error -1. Nothing was changed.",
    )
