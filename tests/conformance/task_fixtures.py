"""The tools that the conformance suite's scenarios of the Tasks extension call by name.

Each begins work as any tool of the product does, and a second tool, which no list shows, says how that stands: by the clock, by
the answers to its questions, or at once. They need a key, as everything does whose outcome is kept.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from flintt_mcp.calls.arguments.arguments import Arguments
from flintt_mcp.calls.call import Call, Next
from flintt_mcp.calls.reply import Ask, Done, Reply
from flintt_mcp.calls.standing import Begun, Stage, Standing, Watched
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue.argument import Arg, Kind, local
from flintt_mcp.catalogue.operation import Effect

Stands = Callable[[Mapping[str, Any], Call], Standing]
"""How work stands: by the arguments that began it, and by the call that looks, which knows the intent and the answers."""

PAUSE = 0.1
WORKING = Standing(stage=Stage.WORKING, said="Working")
ASKS_NAME = "test_tool_with_task"


def question(message: str) -> dict[str, Any]:
    schema = {"type": "object", "properties": {"confirm": {"type": "boolean"}}, "required": ["confirm"]}
    return {"method": "elicitation/create", "params": {"mode": "form", "message": message, "requestedSchema": schema}}


def begins(name: str, stands: Stands, *args: Arg, **more: Any) -> Tool:
    """A tool that begins work, which stands as `stands` says."""

    async def begin(call: Call) -> Reply:
        answers = {"user_name": (call.answers.get("user_name") or {}).get("content", {}).get("name", "")}
        return Done(text="Started", structured={"given": {**call.arguments, **answers}})

    async def look(call: Call) -> Reply:
        given = json.loads(call.arguments["given"])
        return Done(structured=msgspec.to_builtins(stands(given, call)))

    arg = local("given", required=True)
    by = Tool(
        name=f"{name}_stands",
        title=name,
        about="",
        effect=Effect.READ,
        toolset="conformance",
        arguments=Arguments(f"{name}_stands", (arg,)),
        handle=look,
        watched=Watched(name, arg, lambda done: msgspec.convert(done.structured, Standing), pause=PAUSE),
    )
    return Tool(
        name=name,
        title=name,
        about="Begins work that takes long.",
        effect=Effect.UPDATE,
        toolset="conformance",
        arguments=Arguments(name, args),
        handle=begin,
        api="flintt",
        begins=Begun(by, lambda done: {"given": json.dumps((done.structured or {})["given"])}, **more),
    )


def after(seconds: Callable[[Mapping[str, Any]], float], end: Standing) -> Stands:
    """Work that ends so, so many seconds after it began."""

    def stands(given: Mapping[str, Any], call: Call) -> Standing:
        assert call.intent is not None
        return end if time.time() - call.intent.made_at >= seconds(given) else WORKING

    return stands


def asking(*names: str) -> Stands:
    """Work that is done when these questions are answered."""

    def stands(given: Mapping[str, Any], call: Call) -> Standing:
        if set(names) <= call.answers.keys():
            return Standing(stage=Stage.DONE, said=f"Done as answered: {json.dumps(dict(call.answers))}")
        requests = {name: question(f"May I, for {name}?") for name in names}
        return Standing(stage=Stage.PERSON, said="Waits for an answer", requests=requests)

    return stands


def greeted(given: Mapping[str, Any], call: Call) -> Standing:
    return Standing(stage=Stage.DONE, said=f"Hello, {given['user_name']}!")


class AsksName:
    """A stage that asks for a name before the work of one tool begins, as approval asks a person."""

    def may_ask(self, tool: Tool) -> bool:
        return tool.name == ASKS_NAME

    async def __call__(self, call: Call, next: Next) -> Reply:
        if not self.may_ask(call.tool) or "user_name" in call.answers:
            return await next(call)
        schema = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
        params = {"mode": "form", "message": "What is your name?", "requestedSchema": schema}
        return Ask({"user_name": {"method": "elicitation/create", "params": params}})


async def greet(call: Call) -> Reply:
    return Done(text=f"Hello, {call.arguments['name']}!")


def task_tools() -> list[Tool]:
    computed = Standing(stage=Stage.DONE, said="Computed")
    failed = Standing(stage=Stage.FAILED, said="The job failed, as it always does")
    broken = Standing(stage=Stage.BROKEN, said="The job broke the protocol", code=-32603)
    seconds = local("seconds", kind=Kind.NUMBER, required=True, low=0, high=600)
    return [
        Tool(
            name="greet",
            title="greet",
            about="Greets.",
            effect=Effect.READ,
            toolset="conformance",
            arguments=Arguments("greet", (local("name", required=True, low=1),)),
            handle=greet,
        ),
        begins(
            "slow_compute",
            after(lambda given: given["seconds"], computed),
            seconds,
            local("label", high=100),
            stops=True,
        ),
        begins("failing_job", after(lambda given: 1.0, failed), required=True),
        begins("protocol_error_job", after(lambda given: 0.0, broken)),
        begins("confirm_delete", asking("confirm"), local("filename", high=100), stops=True),
        begins("multi_input", asking("first", "second")),
        begins(ASKS_NAME, greeted),
    ]
