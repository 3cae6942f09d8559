"""The sessions that the pages of FlowPilot, FlowMaticX and Flextell show: their lines, and what each line has to print.

`test_sessions.py` runs every line.
"""

from __future__ import annotations

import re
from pathlib import Path

import flintt_mcp

DOCS = Path(flintt_mcp.__file__).parent.parent / "docs"

PRINTS: dict[str, list[str]] = {
    "flowpilot_create_run": [
        r"^Payment run created\. It pays nothing until a person approves it in FlowPilot\.$",
        r"^status: pending$",
        r"^objective: Field agents, July$",
    ],
    "flowpilot_get_run": [r"^status: awaiting_approval$", r"^budget_cap: 250000\.00$", r"^candidate_count: [1-9]\d*$"],
    "flowpilot_list_candidates": [r"^candidates: \d+ of \d+ ", r"beneficiary_name", r"\b\d+\.\d\d\b", r"\bNGN\b"],
    "approve-run": [r"approved", r"NGN"],
    "flowpilot_get_wallet_balance": [r"^balance: \d+\.\d\d$", r"^currency: NGN$"],
    "flowmaticx_get_credits": [r"^planId: AGENCY$", r"^creditsRemaining: \d+$"],
    "flowmaticx_create_job": [r"^job_id: \d+$", r"^estimated_credits: 10$"],
    "flowmaticx_get_job": [r"^status: COMPLETED$", r"^requestedLeads: 5$"],
    "flowmaticx_list_leads": [r"^leads: [12] of \d+ ", r"Leeds"],
    "flextell_create": [r"^Flextell resource created\.$", r"^name: Ada Lovelace$"],
    "flextell_modify": [r"^Flextell resource changed\.$", r"^stage: won$", r"^name: Ada Lovelace$"],
    "flextell_read": [r"^stage: won$"],
    "flextell_list": [r"^resources: 2 of 25 ", r"^more: cursor="],
    "flextell_delete": [r"^Flextell resource deleted\.$"],
}
"""Tool or action -> what its output must hold."""


def session_of(title: str) -> list[str]:
    """The lines of the shell session on the page of one API."""
    page = (DOCS / f"{title.lower()}.md").read_text("utf-8")
    part = re.search(r"^## A session in the sandbox$(.*?)(?=^## |\Z)", page, re.DOTALL | re.MULTILINE)
    assert part, f"the page of {title} has no session"
    blocks = re.findall(r"^```sh\n(.*?)^```", part[1], re.DOTALL | re.MULTILINE)
    assert len(blocks) == 1, f"one session on the page of {title}"
    return blocks[0].splitlines()


TITLES = ("FlowPilot", "FlowMaticX", "Flextell")
