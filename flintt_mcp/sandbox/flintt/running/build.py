"""Builds a signal: gives it its sources and what to do with a valid result. From then on it can run.

In: the owner, the signal, a `Build`. Out: what it was built with. Building again replaces everything, and what its sources hold
counts as new. Silent in the texts, decided here: a build switches the signal on unless told not to; while a run of it is
under way it is refused (409); addresses are checked as far as their text tells, and again whenever they are dialled.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import HTTPException
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from flintt_mcp.sandbox.flintt.answers import refuse
from flintt_mcp.sandbox.flintt.fields import USUAL_URL, Stage, text
from flintt_mcp.sandbox.flintt.running.sources.fetching import SourceFailed, locate
from flintt_mcp.sandbox.flintt.running.sources.reach import MAX_TOOLS, Reach
from flintt_mcp.sandbox.flintt.signals import select_signal
from flintt_mcp.sandbox.ground.clock import stamp
from flintt_mcp.sandbox.ground.texts import Body
from flintt_mcp.sandbox.network.urls import Refused, check_url

SourceType = Literal["news", "blog", "press_release", "job_board", "registry", "social"]
PATH = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"
KEYS = r"^[^.\x00-\x1f\x7f]+(\.[^.\x00-\x1f\x7f]+)*$"
USUAL_PATH = (
    r"^([A-Za-z0-9_-][A-Za-z0-9._-]{0,60}/){0,4}[A-Za-z0-9_-][A-Za-z0-9._-]{0,60}\.(xml|rss|atom|json|html?|txt|md)$"
)
"""What the path of a local file usually looks like, for the document; `locate` decides."""
URL_OR_PATH: JsonDict = {
    "oneOf": [
        {
            "required": ["url"],
            "properties": {
                "kind": {"enum": ["feed", "page", "json"]},
                "url": {"type": "string", "pattern": USUAL_URL},
                "path": {"type": "null"},
            },
        },
        {
            "required": ["path"],
            "properties": {
                "kind": {"const": "file"},
                "path": {"type": "string", "pattern": USUAL_PATH},
                "url": {"type": "null"},
            },
        },
    ]
}


class Tool(Body):
    """A source: a feed, a page or a JSON document by its url, or a local file by its path."""

    model_config = ConfigDict(json_schema_extra=URL_OR_PATH)

    kind: Literal["feed", "page", "json", "file"] = Field(description="What the source is.")
    url: Annotated[str, text(PATH, 2048, "one line of text")] | None = Field(
        None, description="Where a feed, page or JSON document is."
    )
    path: Annotated[str, text(PATH, 1024, "one line of text")] | None = Field(
        None, description="Where a file is, below the folder that the sandbox may read; its ending says what it holds."
    )
    source_type: SourceType = Field("news", description="What its results are shown as.")
    items_at: Annotated[str, text(KEYS, 200, "keys with dots between them")] | None = Field(
        None, description='Where the list is in a JSON document, such as "data.items"; looked for when left out.'
    )

    @model_validator(mode="after")
    def _one_address(self) -> Tool:
        wanted, other = (self.path, self.url) if self.kind == "file" else (self.url, self.path)
        if wanted is None or other is not None:
            raise ValueError("Send path for a file, and url for any other source, not both")
        return self

    @property
    def address(self) -> str:
        """The url or the path: one of both is there."""
        return self.path or self.url or ""


class Build(Body):
    """What a signal is built with."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"tools": [{"kind": "feed", "url": "https://news.example.com/feed.xml"}]}]}
    )

    tools: list[Tool] = Field(min_length=1, max_length=MAX_TOOLS, description="Its sources.")
    opens_deals: bool = Field(False, description="Whether a valid result opens a deal with its company.")
    deal_stage: Stage = Field("prospect", description="Pipeline stage of the deals it opens.")
    activate: bool = Field(True, description="Whether to switch the signal on; its status stays as it is when false.")


class Built(BaseModel):
    """What a signal was built with."""

    tools: list[Tool]
    opens_deals: bool
    deal_stage: str


def build(
    connection: sqlite3.Connection, user_id: str, signal_id: str, wanted: Build, reach: Reach, now: datetime
) -> dict[str, Any]:
    """Give a signal its sources and answer the signal as a list would.

    Raises:
        HTTPException: 404 when the user has no such signal; 409 while a run of it is under way.
        RequestValidationError: an address that may not be read.
    """
    signal = select_signal(connection, user_id, signal_id)
    _check_addresses(wanted, reach)
    if is_under_way(connection, signal_id):
        raise HTTPException(409, "A run of this signal is under way: build it again when the run has ended.")
    connection.execute("DELETE FROM flintt_found_items WHERE signal_id = ?", (signal_id,))
    connection.execute("DELETE FROM flintt_signal_builds WHERE signal_id = ?", (signal_id,))
    connection.execute(
        "INSERT INTO flintt_signal_builds (signal_id, user_id, opens_deals, deal_stage, counted_from) VALUES (?, ?, ?, ?, ?)",
        (signal_id, user_id, wanted.opens_deals, wanted.deal_stage, stamp(now)),
    )
    for position, tool in enumerate(wanted.tools):
        _add_tool(connection, user_id, signal_id, position, tool)
    status = "active" if wanted.activate else signal["status"]
    connection.execute(
        "UPDATE flintt_signals SET tool_count = ?, built_at = ?, status = ?, updated_at = ? WHERE id = ?",
        (len(wanted.tools), stamp(now), status, stamp(now), signal_id),
    )
    return select_signal(connection, user_id, signal_id)


def select_build(connection: sqlite3.Connection, user_id: str, signal_id: str) -> dict[str, Any]:
    """What a signal was built with.

    Raises:
        HTTPException: 404 when the user has no such signal, 409 when it was not built here.
    """
    select_signal(connection, user_id, signal_id)
    row = connection.execute("SELECT * FROM flintt_signal_builds WHERE signal_id = ?", (signal_id,)).fetchone()
    if row is None:
        raise not_built()
    tools = connection.execute("SELECT * FROM flintt_signal_tools WHERE signal_id = ? ORDER BY position", (signal_id,))
    return {
        "tools": [
            {
                "kind": tool["kind"],
                "path" if tool["kind"] == "file" else "url": tool["address"],
                "source_type": tool["source_type"],
                "items_at": tool["items_at"],
            }
            for tool in tools
        ],
        "opens_deals": bool(row["opens_deals"]),
        "deal_stage": row["deal_stage"],
    }


def is_under_way(connection: sqlite3.Connection, signal_id: str) -> bool:
    """Whether a run of the signal waits or runs here."""
    query = """SELECT 1 FROM flintt_runs JOIN flintt_run_work ON run_id = id
        WHERE flintt_runs.signal_id = ? AND status IN ('pending', 'running')"""
    return connection.execute(query, (signal_id,)).fetchone() is not None


def not_built() -> HTTPException:
    """409 for a signal that has no sources here: a draft, or one that came with the example data."""
    return HTTPException(409, "This signal has no sources here: build it first.")


def _check_addresses(wanted: Build, reach: Reach) -> None:
    for tool in wanted.tools:
        try:
            if tool.kind == "file":
                locate(reach.folder, tool.address)
            else:
                check_url(tool.address, reach.policy)
        except (Refused, SourceFailed) as problem:
            field = "path" if tool.kind == "file" else "url"
            raise refuse(
                "body", f"tools.{field}", f"This source may not be read: {problem}", "source_refused"
            ) from None


def _add_tool(connection: sqlite3.Connection, user_id: str, signal_id: str, position: int, tool: Tool) -> None:
    connection.execute(
        """INSERT INTO flintt_signal_tools (signal_id, position, user_id, kind, address, source_type, items_at)
            VALUES (?, ?, ?, ?, ?, ?, ?)""",
        (signal_id, position, user_id, tool.kind, tool.address, tool.source_type, tool.items_at),
    )
