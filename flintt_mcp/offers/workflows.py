"""Skills as prompts, and the workspace's resources: rows over the pipeline, with completions from the workspace.

A skill's text tells a model which tools to call and in which order, what to decide alone and what to ask the person. Lookups
run the same pipeline as tool calls, with the caller's own key; where they fail, nothing is suggested.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from flintt_mcp.calls.call import Call, QuietChannel
from flintt_mcp.calls.caller import Caller
from flintt_mcp.calls.inventory import Inventory
from flintt_mcp.calls.pipeline import Pipeline
from flintt_mcp.calls.reply import Done, Refused, objects_of
from flintt_mcp.catalogue.flintt import FREQUENCIES
from flintt_mcp.offers.prompts import Prompt, PromptArgument, written
from flintt_mcp.offers.resources import Completer, Contents, Reading, Resource
from flintt_mcp.offers.skills import Skill

STAGES = ("prospect", "qualified", "negotiating")
"""Stage keys that the API's text names; a workspace may have others."""

_LOOKUP_PAGES = 4
"""How far a lookup follows a list that does not fit one result."""


class Workspace:
    """Lookups in the caller's workspace, through the pipeline."""

    def __init__(self, inventory: Inventory, pipeline: Pipeline) -> None:
        self._inventory = inventory
        self._pipeline = pipeline

    async def rows(
        self, tool: str, rows: str, caller: Caller, pages: int = _LOOKUP_PAGES, **arguments: Any
    ) -> list[Mapping[str, Any]]:
        """The rows of a list, of its first `pages` pages; none when the tool is off or the call fails."""
        found = self._inventory.get(tool)
        collected: list[Mapping[str, Any]] = []
        if found is None:
            return collected
        for _ in range(pages):
            reply = await self._pipeline.run(Call(found, arguments, caller, QuietChannel("http")))
            if not isinstance(reply, Done) or not reply.structured:
                break
            collected += objects_of(reply.structured[rows])
            if "next_cursor" not in reply.structured:
                break
            arguments = {**arguments, "cursor": reply.structured["next_cursor"]}
        return collected

    async def signal_ids(self, typed: str, caller: Caller, so_far: Mapping[str, str]) -> list[str]:
        """Ids of signals whose id or name holds what is typed."""
        rows = await self.rows("list_signals", "signals", caller, limit=200)
        wanted = typed.lower()
        found = [row for row in rows if any(wanted in text.lower() for text in _texts([row], "id", "name"))]
        return _texts(found, "id")

    async def run_ids(self, typed: str, caller: Caller, so_far: Mapping[str, str]) -> list[str]:
        """Ids of the latest runs that start with what is typed."""
        rows = await self.rows("list_runs", "runs", caller, pages=1)
        return [id for id in _texts(rows, "id") if id.lower().startswith(typed.lower())]

    async def companies(self, typed: str, caller: Caller, so_far: Mapping[str, str]) -> list[str]:
        """Names of companies that hold what is typed."""
        filters: dict[str, Any] = {"name": typed} if typed else {}
        return _texts(await self.rows("list_companies", "companies", caller, limit=200, **filters), "name")

    async def read(self, tool: str, reading: Reading, **arguments: str) -> Contents:
        """What a get tool answers, as JSON.

        Raises:
            FlinttError: as the tool itself would refuse.
        """
        reply = await self._pipeline.run(
            Call(self._inventory.find(tool, reading.caller), arguments, reading.caller, reading.channel)
        )
        if isinstance(reply, Refused):
            raise reply.error
        structured = reply.structured if isinstance(reply, Done) else {}
        return Contents("application/json", text=msgspec.json.encode(structured).decode())


def _texts(rows: list[Any], *names: str) -> list[str]:
    """The texts under these names in rows of an API, which may lack them or be something else altogether."""
    return [row[name] for row in rows if isinstance(row, dict) for name in names if isinstance(row.get(name), str)]


def choices(*values: str) -> Completer:
    """A completer over fixed values."""

    async def complete(typed: str, caller: Caller, so_far: Mapping[str, str]) -> list[str]:
        return [value for value in values if value.startswith(typed.lower())]

    return complete


def workspace_resources(workspace: Workspace) -> list[Resource]:
    """Signals and runs by URI, for clients that attach what a person picks."""

    async def signal(reading: Reading) -> Contents:
        return await workspace.read("get_signal", reading, signal_id=reading.values["signal_id"])

    async def run(reading: Reading) -> Contents:
        return await workspace.read("get_run", reading, run_id=reading.values["run_id"])

    return [
        Resource(
            uri="flintt://signals/{signal_id}",
            name="signal",
            title="Flintt signal",
            about="One signal of the workspace, as JSON. Needs a Flintt key.",
            mime_type="application/json",
            read=signal,
            complete={"signal_id": workspace.signal_ids},
            needs=("get_signal",),
        ),
        Resource(
            uri="flintt://runs/{run_id}",
            name="run",
            title="Flintt run",
            about="One run with its validated and raw results, as JSON. Needs a Flintt key.",
            mime_type="application/json",
            read=run,
            complete={"run_id": workspace.run_ids},
            needs=("get_run",),
        ),
    ]


def workflow_prompts(skills: Iterable[Skill], workspace: Workspace) -> list[Prompt]:
    """One prompt for each skill, with what a person may fill in for it."""
    asked = _arguments(workspace)
    return [
        Prompt(
            name=skill.name.replace("-", "_"),
            title=skill.title,
            about=skill.about,
            arguments=asked.get(skill.name, ()),
            render=written(_filled_in(skill)),
            needs=skill.needs,
        )
        for skill in skills
    ]


def _arguments(workspace: Workspace) -> dict[str, tuple[PromptArgument, ...]]:
    """What a person may fill in, by skill."""
    return {
        "account-research": (PromptArgument("company", "Name of the company.", True, workspace.companies),),
        "daily-brief": (
            PromptArgument("since", "The day it begins, such as 2026-11-24; empty for yesterday."),
            PromptArgument(
                "signal_id", "Id of the one signal to look at; empty for all.", complete=workspace.signal_ids
            ),
        ),
        "icp-to-pipeline": (
            PromptArgument("profile", "Whom you sell to: trade, place, size, and what must not be there.", True),
            PromptArgument("leads", "How many leads to ask for; they cost credits."),
        ),
        "payout-reconciliation": (PromptArgument("run_id", "Id of the one payment run; empty for the newest ones."),),
        "pipeline-review": (
            PromptArgument("stage", "Stage of the pipeline; empty for all.", complete=choices(*STAGES)),
        ),
        "signal-setup": (
            PromptArgument("goal", "What should be noticed, and about whom; empty to check the signals there are."),
            PromptArgument("frequency", "daily, weekly or monthly.", complete=choices(*FREQUENCIES)),
        ),
    }


def _filled_in(skill: Skill) -> Callable[[Mapping[str, str]], str]:
    """The skill's text, with what the person filled in below it."""

    def text(values: Mapping[str, str]) -> str:
        given = "\n".join(f"- {name}: {value}" for name, value in values.items())
        return f"{skill.text}\n\n{'The person gave:' if given else 'The person gave nothing more.'}\n{given}".rstrip()

    return text
