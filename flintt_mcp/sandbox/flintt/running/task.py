"""A run that a runner has taken, as the rooms that carry it out hand it on: what to read, and whom to look for.

In: nothing. Out: frozen values; `ledger` makes them of rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flintt_mcp.sandbox.flintt.running.finding.names import Name
from flintt_mcp.sandbox.flintt.running.sources.fetching import SourceKind


@dataclass(frozen=True, slots=True)
class Source:
    """A source of a signal."""

    position: int
    kind: SourceKind
    address: str
    source_type: str
    items_at: str | None


@dataclass(frozen=True, slots=True)
class Task:
    """A run that a runner has taken: what to read, and where to look for whom."""

    run_id: str
    user_id: str
    signal_id: str
    signal_name: str
    description: str
    sources: Sequence[Source]
    names: Sequence[Name]
    given_up: bool
