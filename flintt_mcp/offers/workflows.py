"""The prompts and workspace resources of the Flintt toolset: rows over the pipeline, with completions from the workspace.

A prompt's text tells a model which tools to call and in which order, what to decide alone and what to ask the person. Lookups
run the same pipeline as tool calls, with the caller's own key; where they fail, nothing is suggested.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from flintt_mcp.calls.call import Call, QuietChannel
from flintt_mcp.calls.caller import Caller
from flintt_mcp.calls.inventory import Inventory
from flintt_mcp.calls.pipeline import Pipeline
from flintt_mcp.calls.reply import Done, Refused
from flintt_mcp.catalogue.flintt import FREQUENCIES
from flintt_mcp.offers.prompts import Prompt, PromptArgument, written
from flintt_mcp.offers.resources import Completer, Contents, Reading, Resource

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
            collected += reply.structured[rows]
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
        ),
        Resource(
            uri="flintt://runs/{run_id}",
            name="run",
            title="Flintt run",
            about="One run with its validated and raw results, as JSON. Needs a Flintt key.",
            mime_type="application/json",
            read=run,
            complete={"run_id": workspace.run_ids},
        ),
    ]


def workflow_prompts(workspace: Workspace) -> list[Prompt]:
    """Five workflows of people who sell with Flintt."""
    stage = PromptArgument("stage", "Stage of the pipeline; empty for all.", complete=choices(*STAGES))
    signal = PromptArgument("signal_id", "Id of the signal.", True, workspace.signal_ids)
    return [
        Prompt(
            name="pipeline_review",
            title="Review the pipeline",
            about="Which deals move, which are stuck, and what to do next for each.",
            arguments=(stage,),
            render=written(_pipeline_review),
        ),
        Prompt(
            name="signal_setup",
            title="Set up a signal",
            about="From an idea of whom to watch for to a signal that is ready to be built.",
            arguments=(
                PromptArgument("goal", "What should be noticed, and about whom.", True),
                PromptArgument("frequency", "daily, weekly or monthly.", complete=choices(*FREQUENCIES)),
            ),
            render=written(_signal_setup),
        ),
        Prompt(
            name="account_brief",
            title="Brief on an account",
            about="One page on a company: who it is, its deals, what the signals found, why now.",
            arguments=(PromptArgument("company", "Name of the company.", True, workspace.companies),),
            render=written(_account_brief),
        ),
        Prompt(
            name="run_digest",
            title="Digest of a signal's latest run",
            about="What the newest run of a signal found that is worth acting on.",
            arguments=(signal,),
            render=written(_run_digest),
        ),
        Prompt(
            name="signal_checkup",
            title="Check up on the signals",
            about="Signals that fail, find nothing, or were never built, and what to change.",
            arguments=(),
            render=written(_signal_checkup),
        ),
    ]


def _pipeline_review(values: Mapping[str, str]) -> str:
    where = f'in the stage "{values["stage"]}"' if "stage" in values else "in every stage"
    ask = f'list_prospects with stage "{values["stage"]}"' if "stage" in values else "list_prospects"
    return f"""Review the deals of our Flintt pipeline {where}.

1. Call {ask} and follow next_cursor until the list is complete. If the result says that the API returns no more, go stage by stage.
2. Name the companies behind company_id with list_companies.
3. Sort the deals into: moving, stuck (long in their stage or without a next step), and doubtful (low lead score).
4. For every stuck deal propose one concrete next step, with the reason from the data.

Hand back: a table of the deals that need attention (company, stage, days in stage, value, proposed next step), then the total
value by stage. Quote numbers as they are in the data and say where a field is empty. Change nothing."""


def _signal_setup(values: Mapping[str, str]) -> str:
    often = values.get("frequency", "the frequency that suits it (daily, weekly or monthly; say why)")
    return f"""Set up a Flintt signal for this goal: {values["goal"]}

1. Call list_signals: if one already covers the goal, show it and ask whether to change it instead.
2. Read get_doc with slug "signals-architecture" if you are unsure what a signal can find.
3. Write a name (at most 160 characters) and a description that says what counts as a hit and what does not. Use {often}.
4. Show me name, description and schedule, and wait for my yes.
5. Call create_signal once, then get_signal to confirm what was stored.

Tell me at the end that the signal is a draft: somebody has to build it in the Flintt app before it runs."""


def _account_brief(values: Mapping[str, str]) -> str:
    return f"""Write a one-page brief on the account "{values["company"]}".

1. Find it with list_companies by name. If several match, ask which one; if none does, say so and stop.
2. Collect its deals: list_prospects, keeping rows with its company_id.
3. Collect what the signals found: list_runs, then get_run for the newest completed runs, keeping results with its name.
   Stop after ten runs.

Hand back: who they are (two sentences), open deals with stage and next step, findings with date, why now and source link, and three
questions for the next call. Mark what is data and what is your judgement."""


def _run_digest(values: Mapping[str, str]) -> str:
    return f"""Digest the newest run of the Flintt signal {values["signal_id"]}.

1. get_signal for what it looks for, list_runs with its signal_id for its runs; take the newest completed one.
2. get_run with both ids; follow next_cursor until it is complete.
3. Judge each validated result: is it about the right company, is the evidence real, is it recent?

Hand back: the three results most worth acting on (company, what happened, why now, evidence link, first step), then one line each
for the others, then what the raw results suggest was missed."""


def _signal_checkup(values: Mapping[str, str]) -> str:
    return """Check up on all Flintt signals.

1. list_signals, all of them.
2. For each active one, list_runs with its signal_id (the latest few are enough).
3. Find: runs that failed, signals that found nothing in their last three runs, drafts that were never built, paused ones that
   nobody seems to miss, and signals that overlap.

Hand back a table (signal, status, last run, finding, proposal). Propose changes, but call update_signal only after my yes, and
never delete_signal in this workflow."""
