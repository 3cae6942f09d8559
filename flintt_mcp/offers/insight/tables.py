"""The tables that a question can read: their columns, and the list of an API that fills each.

A table's columns are the API's own fields. Money is two columns: `NAME_cents`, whole hundredths that sum, sort and compare exactly,
and `NAME_text` to show. Neither has the API's own name, so that nobody takes hundredths for units or sorts amounts as texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flintt_mcp.catalogue.flintt import FLINTT_TOOLSET
from flintt_mcp.catalogue.flowmaticx import FLOWMATICX_TOOLSET
from flintt_mcp.catalogue.flowpilot import FLOWPILOT_TOOLSET
from flintt_mcp.catalogue.operation import Toolset
from flintt_mcp.offers.insight import cells
from flintt_mcp.offers.insight.cells import Cell

TOOLSET = "insight"
Schema = dict[str, tuple[tuple[str, str], ...]]
"""Tables as the engine makes them: name -> its columns, each with its type."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the API's field that fills it, how, and what SQLite compares it as."""

    name: str
    field: str
    cell: Callable[[Any], Cell]
    type: str = "TEXT"


@dataclass(frozen=True)
class Table:
    """One table. `operation` names the list in the toolset whose rows it shows, or whose rows lead to its own.

    `about` says what a row is. `order` is the column by which its newest row is found.
    """

    name: str
    about: str
    toolset: Toolset
    operation: str
    columns: tuple[Column, ...]

    def row(self, fields: Mapping[str, Any]) -> tuple[Cell, ...]:
        """A row of the API as a row of this table."""
        return tuple(column.cell(fields.get(column.field)) for column in self.columns)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of its columns."""
        return tuple(column.name for column in self.columns)


def _columns(spelled: str) -> tuple[Column, ...]:
    """Columns from their names; `:number` and `:money` say what is no text. What ends in at or At is a moment."""
    found: list[Column] = []
    for word in spelled.split():
        name, _, kind = word.partition(":")
        if kind == "money":
            found.append(Column(f"{name}_cents", name, cells.cents, "INTEGER"))
            found.append(Column(f"{name}_text", name, cells.amount))
        elif kind == "number":
            found.append(Column(name, name, cells.plain, "NUMERIC"))
        else:
            found.append(Column(name, name, cells.moment if name.endswith(("_at", "At")) else cells.plain))
    return tuple(found)


COMPANIES = Table(
    "companies",
    "A company that is watched; enrichment_data is JSON.",
    FLINTT_TOOLSET,
    "list_companies",
    _columns("id name domain website linkedin_url sector size estimated_revenue enrichment_data created_at updated_at"),
)
PROSPECTS = Table(
    "prospects",
    "A deal: a company at a stage, a person, or both.",
    FLINTT_TOOLSET,
    "list_prospects",
    _columns(
        "id company_id stage next_step estimated_value:money lead_score:number visibility days_in_stage:number name email "
        "title linkedin_url created_at updated_at"
    ),
)
SIGNALS = Table(
    "signals",
    "What is watched for, and when.",
    FLINTT_TOOLSET,
    "list_signals",
    _columns("id name description status frequency schedule tool_count:number last_run_at created_at updated_at"),
)
RUNS = Table(
    "runs",
    "One execution of a signal, with counts of what it found.",
    FLINTT_TOOLSET,
    "list_runs",
    _columns(
        "id signal_id status run_mode started_at ended_at completed_at results_count:number raw_count:number "
        "valid_count:number deal_count:number"
    ),
)
FINDINGS = Table(
    "findings",
    "A validated result of a run; found_at is the run's date, company_id is there where exactly one company has that name.",
    FLINTT_TOOLSET,
    "list_runs",
    _columns("id run_id signal_id company_id company_name confidence:number summary why_now evidence_url found_at"),
)
RAW_FINDS = Table(
    "raw_finds",
    "What a run collected before it was judged.",
    FLINTT_TOOLSET,
    "list_runs",
    _columns("id run_id signal_id company_id company_name signal source_url source_type created_at"),
)
JOBS = Table(
    "flowmaticx_jobs",
    "A search for leads.",
    FLOWMATICX_TOOLSET,
    "flowmaticx_list_jobs",
    _columns(
        "id:number workflowType keyword location requestedLeads:number foundLeads:number processedLeads:number "
        "creditsUsed:number status progress:number createdAt startedAt finishedAt"
    ),
)
LEADS = Table(
    "flowmaticx_leads",
    "A business that a job found, whether or not it cost credits (isBillable).",
    FLOWMATICX_TOOLSET,
    "flowmaticx_list_leads",
    _columns(
        "id:number businessName category email emailStatus decisionMakerName decisionMakerRole phone website domain address "
        "city postalCode country rating:number reviewsCount:number icebreaker emailSubject emailBody aiInsight keyword "
        "isBillable:number createdAt"
    ),
)
PAYMENT_RUNS = Table(
    "flowpilot_runs",
    "A payment run.",
    FLOWPILOT_TOOLSET,
    "flowpilot_list_runs",
    _columns("id objective status risk_tolerance:number budget_cap:money candidate_count:number created_at updated_at"),
)
CANDIDATES = Table(
    "flowpilot_candidates",
    "One payment of a payment run, before and after it is approved.",
    FLOWPILOT_TOOLSET,
    "flowpilot_list_candidates",
    _columns(
        "id run_id beneficiary_name account_number institution_code amount:money currency risk_score:number risk_decision "
        "approval_status execution_status"
    ),
)
TRANSACTIONS = Table(
    "flowpilot_transactions",
    "Money that a payment run moved.",
    FLOWPILOT_TOOLSET,
    "flowpilot_list_transactions",
    _columns("id run_id reference amount:money currency direction status channel created_at"),
)
RECIPIENTS = Table(
    "flowpilot_recipients",
    "A saved bank account.",
    FLOWPILOT_TOOLSET,
    "flowpilot_list_recipients",
    _columns("id name account_number institution_code bank_name narration_note created_at"),
)

TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        *(COMPANIES, PROSPECTS, SIGNALS, RUNS, FINDINGS, RAW_FINDS, JOBS, LEADS),
        *(PAYMENT_RUNS, CANDIDATES, TRANSACTIONS, RECIPIENTS),
    )
}
"""Every table, by name."""


def schema_of(tables: Iterable[Table]) -> Schema:
    """Tables as the engine makes them."""
    return {table.name: tuple((column.name, column.type) for column in table.columns) for table in tables}
