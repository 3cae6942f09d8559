"""Prompts: workflows that a person starts by name, written once so that every client runs them the same way.

A `Prompt` is one row; its text names the tools to call, in order, and what to hand back. Nothing here knows the MCP wire.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flintt_mcp.calls.caller import Caller
from flintt_mcp.calls.reply import Ask
from flintt_mcp.offers.resources import Completer

Message = Mapping[str, Any]
"""One message: a role and an MCP content block."""


@dataclass(frozen=True, slots=True)
class PromptArgument:
    """One value a person fills in. `complete` suggests values while it is typed."""

    name: str
    about: str
    required: bool = False
    complete: Completer | None = None


@dataclass(frozen=True, slots=True)
class Filling:
    """One request for a prompt: the values given, who asks, and answers to what the prompt asked before."""

    values: Mapping[str, str]
    caller: Caller
    answers: Mapping[str, Any] = field(default_factory=dict)
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt, and the function that renders its messages. Whoever does not see all tools that it `needs` does not see it."""

    name: str
    title: str
    about: str
    arguments: tuple[PromptArgument, ...]
    render: Callable[[Filling], Awaitable[Sequence[Message] | Ask]] = field(repr=False)
    needs: tuple[str, ...] = ()


def written(text: Callable[[Mapping[str, str]], str]) -> Callable[[Filling], Awaitable[Sequence[Message]]]:
    """A renderer for a prompt that is one text in the person's name."""

    async def render(filling: Filling) -> Sequence[Message]:
        return [{"role": "user", "content": {"type": "text", "text": text(filling.values)}}]

    return render
