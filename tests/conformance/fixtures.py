"""The tools, resources, prompts and handlers that the conformance suite calls by name.

Each is an ordinary `Tool`, `Resource` or `Prompt` of the product, so the suite exercises the product's own pipeline, questions
and rendering, not a server made for the test.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, PromptsListChanged, ToolsListChanged
from mcp_types import (
    EmptyResult,
    SetLevelRequestParams,
    SubscribeRequestParams,
    SubscriptionsListenRequestParams,
    UnsubscribeRequestParams,
)

from flintt_mcp.app import Additions
from flintt_mcp.calls.arguments.arguments import Arguments
from flintt_mcp.calls.call import Call
from flintt_mcp.calls.reply import Ask, Done, Reply
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue.argument import Arg, local
from flintt_mcp.catalogue.operation import Effect
from flintt_mcp.errors import FlinttError
from flintt_mcp.offers.prompts import Filling, Prompt, PromptArgument
from flintt_mcp.offers.resources import Contents, Reading, Resource
from tests.conformance.task_fixtures import AsksName, task_tools

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg=="
WAV = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA="

Handle = Callable[[Call], Awaitable[Reply]]


class OpenArguments(Arguments):
    """Arguments with a schema of their own, checked by nobody: for a tool whose schema is what the suite looks at."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = self.told = dict(schema)

    def check(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        return dict(raw)


def tool(name: str, about: str, handle: Handle, *args: Arg, live: bool = False) -> Tool:
    return Tool(
        name=name,
        title=name,
        about=about,
        effect=Effect.READ,
        toolset="conformance",
        arguments=Arguments(name, args),
        handle=handle,
        long_lived=live,
    )


def says(text: str) -> Handle:
    async def handle(call: Call) -> Reply:
        return Done(text=text)

    return handle


def shows(*content: Mapping[str, Any]) -> Handle:
    async def handle(call: Call) -> Reply:
        return Done(content=content)

    return handle


def form(message: str, **properties: Mapping[str, Any]) -> dict[str, Any]:
    """An elicitation request whose fields are all required."""
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {"method": "elicitation/create", "params": {"mode": "form", "message": message, "requestedSchema": schema}}


def sampling(text: str) -> dict[str, Any]:
    message = {"role": "user", "content": {"type": "text", "text": text}}
    return {"method": "sampling/createMessage", "params": {"messages": [message], "maxTokens": 100}}


ROOTS = {"method": "roots/list", "params": {}}
TEXT = {"type": "string"}
FLAG = {"type": "boolean"}


def asks(name: str, request: Mapping[str, Any], answer: Callable[[Any], str | None]) -> Handle:
    """A handle that asks one question and tells the answer; an answer it cannot use makes it ask again."""

    async def handle(call: Call) -> Reply:
        told = answer(call.answers[name]) if name in call.answers else None
        return Ask({name: request}) if told is None else Done(text=told)

    return handle


def field_of(answer: Any, name: str) -> Any:
    content = answer.get("content") if isinstance(answer, Mapping) else None
    return content.get(name) if isinstance(content, Mapping) else None


def greeting(answer: Any) -> str | None:
    name = field_of(answer, "name")
    return f"Hello, {name}!" if isinstance(name, str) else None


def sampled(answer: Any) -> str | None:
    content = answer.get("content") if isinstance(answer, Mapping) else None
    return f"LLM response: {content.get('text', '')}" if isinstance(content, Mapping) else None


def rooted(answer: Any) -> str | None:
    roots = answer.get("roots") if isinstance(answer, Mapping) else None
    return f"Roots: {', '.join(root['uri'] for root in roots)}" if isinstance(roots, list) else None


def outcome(answer: Any) -> str:
    return f"action={answer.get('action')}, content={json.dumps(answer.get('content') or {}, sort_keys=True)}"


async def with_progress(call: Call) -> Reply:
    for step in (0, 50, 100):
        await call.channel.progress(step, 100, f"Completed step {step} of 100")
    return Done(text="Progress reported")


async def with_logging(call: Call) -> Reply:
    for text in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        await call.channel.log("info", text)
    return Done(text="Tool with logging executed successfully")


async def fails(call: Call) -> Reply:
    raise FlinttError("This tool intentionally returns an error for testing")


async def keeps_state(call: Call) -> Reply:
    if call.state is not None and "confirm" in call.answers:
        return Done(text="state-ok: requestState validated")
    return Ask({"confirm": form("Please confirm", ok=FLAG)}, state=json.dumps({"kind": "request-state"}))


async def asks_several(call: Call) -> Reply:
    if call.state is not None and {"user_name", "greeting", "client_roots"} <= set(call.answers):
        return Done(text=f"All answered by {field_of(call.answers['user_name'], 'name')}")
    requests = {
        "user_name": form("What is your name?", name=TEXT),
        "greeting": sampling("Generate a greeting"),
        "client_roots": ROOTS,
    }
    return Ask(requests, state=json.dumps({"kind": "several"}))


async def asks_twice(call: Call) -> Reply:
    state = json.loads(call.state) if call.state is not None else {"round": 0}
    if state["round"] == 0:
        return Ask({"step1": form("Step 1: What is your name?", name=TEXT)}, state=json.dumps({"round": 1}))
    if state["round"] == 1:
        name = field_of(call.answers.get("step1"), "name")
        question = form("Step 2: What is your favorite color?", color=TEXT)
        return Ask({"step2": question}, state=json.dumps({"round": 2, "name": name}))
    return Done(text=f"{state['name']} likes {field_of(call.answers.get('step2'), 'color')}")


async def asks_what_it_can(call: Call) -> Reply:
    if call.answers:
        return Done(text=f"capabilities-ok: received {', '.join(sorted(call.answers))}")
    possible = {
        "elicit_input": ("elicitation", form("Elicitation input", value=TEXT)),
        "sample_input": ("sampling", sampling("Sample request")),
    }
    requests = {name: request for name, (needs, request) in possible.items() if needs in call.channel.asks}
    return Ask(requests, state="capabilities") if requests else Done(text="No supported capabilities declared")


DEFAULTS_FORM = {
    "method": "elicitation/create",
    "params": {
        "message": "Please review and update the form fields with defaults",
        "requestedSchema": {
            "type": "object",
            "properties": {
                "name": {"type": "string", "description": "User name", "default": "John Doe"},
                "age": {"type": "integer", "description": "User age", "default": 30},
                "score": {"type": "number", "description": "User score", "default": 95.5},
                "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
                "verified": {"type": "boolean", "description": "Verification status", "default": True},
            },
            "required": [],
        },
    },
}
PLAIN_OPTIONS = ["option1", "option2", "option3"]
TITLED_OPTIONS = [
    {"const": "value1", "title": "First Option"},
    {"const": "value2", "title": "Second Option"},
    {"const": "value3", "title": "Third Option"},
]
ENUMS_FORM = {
    "method": "elicitation/create",
    "params": {
        "message": "Please select options from the enum fields",
        "requestedSchema": {
            "type": "object",
            "properties": {
                "untitledSingle": {"type": "string", "enum": PLAIN_OPTIONS},
                "titledSingle": {"type": "string", "oneOf": TITLED_OPTIONS},
                "legacyEnum": {
                    "type": "string",
                    "enum": ["opt1", "opt2", "opt3"],
                    "enumNames": ["Option One", "Option Two", "Option Three"],
                },
                "untitledMulti": {"type": "array", "items": {"type": "string", "enum": PLAIN_OPTIONS}, "minItems": 1},
                "titledMulti": {"type": "array", "items": {"anyOf": TITLED_OPTIONS}, "minItems": 1},
            },
            "required": [],
        },
    },
}
RICH_SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}
HEADER_SCHEMA = {
    "type": "object",
    "properties": {"region": {"type": "string", "x-mcp-header": "Region"}},
    "required": ["region"],
    "additionalProperties": False,
}


def image(data: str = PNG) -> dict[str, Any]:
    return {"type": "image", "data": data, "mimeType": "image/png"}


def embedded(uri: str, text: str, mime_type: str = "text/plain") -> dict[str, Any]:
    return {"type": "resource", "resource": {"uri": uri, "mimeType": mime_type, "text": text}}


def fixture_tools(bus: InMemorySubscriptionBus) -> list[Tool]:
    def tells(event: Any) -> Handle:
        async def handle(call: Call) -> Reply:
            await bus.publish(event)
            return Done(text="Mutation triggered")

        return handle

    async def elicits(call: Call) -> Reply:
        if "response" in call.answers:
            return Done(text=f"User response: {outcome(call.answers['response'])}")
        return Ask({"response": form(call.arguments["message"], response=TEXT)})

    async def samples(call: Call) -> Reply:
        told = sampled(call.answers.get("completion"))
        return Ask({"completion": sampling(call.arguments["prompt"])}) if told is None else Done(text=told)

    def fills(request: Mapping[str, Any]) -> Handle:
        return asks("form", request, lambda answer: f"Elicitation completed: {outcome(answer)}")

    rich = tool("json_schema_2020_12_tool", "Has a schema with the whole vocabulary.", says("called"))
    rich = replace(rich, arguments=OpenArguments(RICH_SCHEMA))
    header = tool("test_header_argument", "Has an argument that travels in a header too.", says("called"))
    header = replace(header, arguments=OpenArguments(HEADER_SCHEMA))
    several = (
        {"type": "text", "text": "Multiple content types test:"},
        image(),
        embedded("test://mixed-content-resource", json.dumps({"test": "data", "value": 123}), "application/json"),
    )
    audio = {"type": "audio", "data": WAV, "mimeType": "audio/wav"}
    return [
        tool("test_simple_text", "Answers one text.", says("This is a simple text response for testing.")),
        tool("test_image_content", "Answers an image.", shows(image())),
        tool("test_audio_content", "Answers audio.", shows(audio)),
        tool(
            "test_embedded_resource",
            "Answers a resource.",
            shows(embedded("test://embedded-resource", "This is an embedded resource content.")),
        ),
        tool("test_multiple_content_types", "Answers several kinds of content.", shows(*several)),
        tool("test_tool_with_logging", "Logs while it runs.", with_logging, live=True),
        tool("test_tool_with_progress", "Shows progress.", with_progress, live=True),
        tool("test_error_handling", "Always fails.", fails),
        tool(
            "test_sampling", "Asks the client's model.", samples, local("prompt", required=True, high=2000), live=True
        ),
        tool("test_elicitation", "Asks the user.", elicits, local("message", required=True, high=2000), live=True),
        tool("test_elicitation_sep1034_defaults", "Asks with defaults.", fills(DEFAULTS_FORM), live=True),
        tool("test_elicitation_sep1330_enums", "Asks with enums.", fills(ENUMS_FORM), live=True),
        rich,
        header,
        tool(
            "test_missing_capability",
            "Needs sampling.",
            asks("completion", sampling("Say something"), sampled),
            live=True,
        ),
        tool(
            "test_input_required_result_elicitation",
            "Asks for a name.",
            asks("user_name", form("What is your name?", name=TEXT), greeting),
            live=True,
        ),
        tool(
            "test_input_required_result_sampling",
            "Asks the client's model.",
            asks("capital_question", sampling("What is the capital of France?"), sampled),
            live=True,
        ),
        tool(
            "test_input_required_result_list_roots", "Asks for roots.", asks("client_roots", ROOTS, rooted), live=True
        ),
        tool("test_input_required_result_request_state", "Keeps state.", keeps_state, live=True),
        tool("test_input_required_result_multiple_inputs", "Asks three questions.", asks_several, live=True),
        tool("test_input_required_result_multi_round", "Asks in two rounds.", asks_twice, live=True),
        tool("test_input_required_result_tampered_state", "Keeps sealed state.", keeps_state, live=True),
        tool("test_input_required_result_capabilities", "Asks what it can.", asks_what_it_can, live=True),
        tool("test_streaming_elicitation", "Streams progress.", with_progress, live=True),
        tool("test_logging_tool", "Logs when asked to.", with_logging, live=True),
        tool("test_trigger_tool_change", "Announces a changed tool list.", tells(ToolsListChanged())),
        tool("test_trigger_prompt_change", "Announces a changed prompt list.", tells(PromptsListChanged())),
    ]


def fixture_resources() -> list[Resource]:
    def holds(mime_type: str, text: str | None = None, blob: bytes | None = None) -> Any:
        async def read(reading: Reading) -> Contents:
            return Contents(mime_type, text, blob)

        return read

    async def templated(reading: Reading) -> Contents:
        value = reading.values["id"]
        return Contents(
            "application/json", json.dumps({"id": value, "templateTest": True, "data": f"Data for ID: {value}"})
        )

    def resource(uri: str, mime_type: str, read: Any) -> Resource:
        return Resource(
            uri=uri, name=uri, title=uri, about="For the conformance suite.", mime_type=mime_type, read=read
        )

    text = "This is the content of the static text resource."
    return [
        resource("test://static-text", "text/plain", holds("text/plain", text)),
        resource("test://static-binary", "image/png", holds("image/png", blob=base64.b64decode(PNG))),
        resource("test://template/{id}/data", "application/json", templated),
        resource("test://watched-resource", "text/plain", holds("text/plain", "Watched resource content")),
    ]


def message(content: Mapping[str, Any]) -> dict[str, Any]:
    return {"role": "user", "content": dict(content)}


def fixture_prompts() -> list[Prompt]:
    async def simple(filling: Filling) -> Any:
        return [message({"type": "text", "text": "This is a simple prompt for testing."})]

    async def with_arguments(filling: Filling) -> Any:
        told = f"Prompt with arguments: arg1='{filling.values['arg1']}', arg2='{filling.values['arg2']}'"
        return [message({"type": "text", "text": told})]

    async def with_resource(filling: Filling) -> Any:
        resource = embedded(filling.values["resourceUri"], "Embedded resource content for testing.")
        return [message(resource), message({"type": "text", "text": "Please process the embedded resource above."})]

    async def with_image(filling: Filling) -> Any:
        return [message(image()), message({"type": "text", "text": "Please analyze the image above."})]

    async def asking(filling: Filling) -> Any:
        context = field_of(filling.answers.get("user_context"), "context")
        if context is None:
            return Ask({"user_context": form("What context should the prompt use?", context=TEXT)})
        return [message({"type": "text", "text": f"Prompt with context: {context}"})]

    def prompt(name: str, render: Any, *arguments: str) -> Prompt:
        fields = tuple(PromptArgument(argument, argument, True) for argument in arguments)
        return Prompt(name=name, title=name, about="For the conformance suite.", arguments=fields, render=render)

    return [
        prompt("test_simple_prompt", simple),
        prompt("test_prompt_with_arguments", with_arguments, "arg1", "arg2"),
        prompt("test_prompt_with_embedded_resource", with_resource, "resourceUri"),
        prompt("test_prompt_with_image", with_image),
        prompt("test_input_required_result_prompt", asking),
    ]


async def accepts(ctx: Any, params: Any) -> EmptyResult:
    return EmptyResult()


def conformance_additions() -> Additions:
    """Everything the suite needs, in the product's own vocabulary."""
    bus = InMemorySubscriptionBus()
    listener = ListenHandler(bus)
    return Additions(
        tools=[*fixture_tools(bus), *task_tools()],
        stages={"approval": AsksName()},
        resources=fixture_resources(),
        prompts=fixture_prompts(),
        handlers={
            "resources/subscribe": (SubscribeRequestParams, accepts),
            "resources/unsubscribe": (UnsubscribeRequestParams, accepts),
            "logging/setLevel": (SetLevelRequestParams, accepts),
            "subscriptions/listen": (SubscriptionsListenRequestParams, listener),
        },
        closers=[listener.close],
    )
