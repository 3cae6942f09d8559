"""Prompts: the list of them, and one filled with a client's values.

In: rows of `offers/prompts.py`. Out: handlers. The SDK checks no values, so missing and unknown ones are told here; an empty
value counts as not given, since clients send one for every field of their form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, GetPromptRequestParams

from flintt_mcp.calls.arguments.names import shown_name
from flintt_mcp.face.face import Face
from flintt_mcp.face.questions import AskAgain, rounds
from flintt_mcp.face.shown import Context, listing
from flintt_mcp.offers.prompts import Filling, Prompt


def list_prompts(face: Face) -> Callable[..., Any]:
    """Answers `prompts/list`."""
    return listing(face, "prompts/list")


def get_prompt(face: Face) -> Callable[..., Any]:
    """Answers `prompts/get`: checks the values and renders, in rounds while the prompt has questions."""
    prompts = {prompt.name: prompt for prompt in face.prompts}

    async def answer(ctx: Context, params: GetPromptRequestParams) -> dict[str, Any]:
        caller = face.caller_of(ctx)
        prompt = prompts.get(params.name)
        if prompt is None or not face.shows(prompt, caller):
            there = ", ".join(one.name for one in face.prompts if face.shows(one, caller)) or "none for this request"
            raise MCPError(INVALID_PARAMS, f"Unknown prompt: {shown_name(params.name)}. There are: {there}")
        values = {name: value for name, value in (params.arguments or {}).items() if value != ""}
        _check_values(prompt, values)

        async def run(again: AskAgain) -> Any:
            return await prompt.render(Filling(values, caller, again.answers, again.state))

        messages = await rounds(ctx, params, run)
        if isinstance(messages, dict):
            return messages
        return {"description": prompt.about, "messages": list(messages), "resultType": "complete"}

    return answer


def _check_values(prompt: Prompt, values: Mapping[str, str]) -> None:
    known = [arg.name for arg in prompt.arguments]
    missing = [arg.name for arg in prompt.arguments if arg.required and arg.name not in values]
    unknown = [shown_name(name) for name in values if name not in known]
    if missing:
        raise MCPError(INVALID_PARAMS, f"The prompt {prompt.name} needs {', '.join(missing)}")
    if unknown:
        raise MCPError(
            INVALID_PARAMS, f"The prompt {prompt.name} takes {', '.join(known) or 'nothing'}, not {unknown[0]}"
        )
