"""FlowPilot, public API v1.0: payment runs, their candidates, saved recipients, wallet, transactions, audit log. Rows only.

Where the text names no scope for an endpoint, it is deduced from the scope table and marked so. The text gives no limits
for texts: those here only keep out what no API would take. Every description says FlowPilot, so that these payment runs
are never taken for the runs of a Flintt signal.
"""

from __future__ import annotations

from flintt_mcp.catalogue.argument import Kind, Route, body, path, query
from flintt_mcp.catalogue.course import Course, Long
from flintt_mcp.catalogue.operation import Api, Effect, Facts, Operation, See, Toolset, Trace
from flintt_mcp.catalogue.result import Field, Listing, Offset, Record, fields

FLOWPILOT = Api(
    name="flowpilot",
    title="FlowPilot",
    variable="FLOWPILOT",
    url="https://api.flowpilot.club/api/v1",
    header="X-API-Key",
    prefixes=("fp_live_", "fp_test_"),
    own_header="X-FlowPilot-Key",
    own_query="flowpilot_api_key",
    sandbox_key="fp_test_sandbox_key",
    live_prefix="fp_live_",
    key_hint="a key looks like fp_test_... or fp_live_... and comes from the FlowPilot dashboard, Settings, Developer",
    exact_numbers=True,
)

RUN = (
    *fields("id", "objective", "status", "risk_tolerance"),
    Field("budget_cap", money=True),
    *fields("candidate_count", "created_at", "updated_at"),
)
CANDIDATE = (
    *fields("id", "run_id", "beneficiary_name", "account_number", "institution_code"),
    Field("amount", money=True),
    *fields("currency", "risk_score", "risk_decision", "approval_status", "execution_status"),
)
RECIPIENT = fields("id", "name", "account_number", "institution_code", "bank_name", "narration_note", "created_at")
WALLET = (Field("balance", money=True), *fields("currency", "ai_credit_balance", "updated_at"))
TRANSACTION = (
    *fields("id", "run_id", "reference"),
    Field("amount", money=True),
    *fields("currency", "direction", "status", "channel", "created_at"),
)
AUDIT_EVENT = fields("id", "run_id", "agent_type", "action", "detail", "created_at")

RUN_STATUSES = ("pending", "planning", "scoring", "awaiting_approval", "completed", "failed")
APPROVAL_STATUSES = ("pending", "approved", "rejected")
TRANSACTION_STATUSES = ("SUCCESS", "PENDING", "FAILED")
AMOUNT = r"^(0|[1-9][0-9]{0,15})(\.[0-9]{1,2})?$"
PAGES = Offset(most=200, more="has_more", total="total")

OPERATIONS = (
    Operation(
        name="flowpilot_list_runs",
        title="List FlowPilot payment runs",
        about="FlowPilot payment runs (treasury payout batches, not Flintt signal runs) with status and budget.",
        effect=Effect.READ,
        routes=(Route("GET", "/public/runs"),),
        args=(query("status", "Only these.", choices=RUN_STATUSES),),
        result=Listing(
            rows="runs",
            at="data",
            fields=RUN,
            shown=("id", "objective", "status", "budget_cap", "candidate_count", "created_at"),
            paging=PAGES,
        ),
        scopes=("runs:read",),  # deduced: "Read runs and their metadata"
    ),
    Operation(
        name="flowpilot_get_run",
        title="Get a FlowPilot payment run",
        about="One FlowPilot payment run: status, budget, number of candidates. For its payments use flowpilot_list_candidates.",
        effect=Effect.READ,
        routes=(Route("GET", "/public/runs/{run_id}"),),
        args=(path("run_id", "From flowpilot_list_runs."),),
        result=Record(noun="run", fields=RUN),
        scopes=("runs:read",),  # deduced
        course=Course(
            noun="payment_run",
            arg="run_id",
            done=("completed",),
            failed=("failed",),
            person={
                "awaiting_approval": "a person approves or rejects its payments in FlowPilot; until then nothing is paid"
            },
            told=("candidate_count", "budget_cap"),
            then="see what was paid with flowpilot_list_transactions",
            after_failure="see why with flowpilot_list_audit_events, and what was paid with flowpilot_list_transactions",
        ),
    ),
    Operation(
        name="flowpilot_create_run",
        title="Create a FlowPilot payment run",
        about="Start a FlowPilot payment run, which SPENDS money: agents plan and score payouts, then a person approves them "
        "in FlowPilot. Agree objective and budget with the person first. Not repeatable: a second call is a second run.",
        effect=Effect.SPEND,
        routes=(Route("POST", "/public/runs"),),
        args=(
            body("objective", "Who is paid and for what.", required=True, low=1, high=2000),
            body("budget_cap", "Most it may pay out, NGN.", kind=Kind.MONEY, required=True, pattern=AMOUNT),
            body("risk_tolerance", "0 strict, 1 lax.", kind=Kind.NUMBER, low=0, high=1),
        ),
        result=Record(
            noun="run",
            fields=RUN,
            said="Payment run created. It pays nothing until a person approves it in FlowPilot.",
        ),
        scopes=("runs:write",),
        spends="up to {budget_cap} NGN",
        trace=Trace(listed="flowpilot_list_runs", same=("objective", "budget_cap")),
        amount="budget_cap",
        unit="NGN",
        facts=Facts(
            sees=(
                See(
                    of="flowpilot_get_wallet_balance",
                    label="Wallet",
                    fields=("balance", "currency", "ai_credit_balance"),
                ),
                See(
                    of="flowpilot_list_runs",
                    label="Equal earlier payment run",
                    where={"objective": "objective", "budget_cap": "budget_cap"},
                    fields=("id", "status", "created_at"),
                ),
            ),
            for_good="There is no call that ends a payment run; what it pays out does not come back.",
        ),
        long=Long(of="flowpilot_get_run"),
    ),
    Operation(
        name="flowpilot_list_candidates",
        title="List FlowPilot payment candidates",
        about="The single payments of one FlowPilot payment run, with risk, approval and execution. People approve in FlowPilot.",
        effect=Effect.READ,
        routes=(Route("GET", "/public/runs/{run_id}/candidates"),),
        args=(
            path("run_id", "From flowpilot_list_runs."),
            query("approval_status", "Only these.", choices=APPROVAL_STATUSES),
        ),
        result=Listing(
            rows="candidates",
            at="data",
            fields=CANDIDATE,
            shown=(
                *("id", "beneficiary_name", "account_number", "institution_code", "amount", "currency", "risk_score"),
                *("risk_decision", "approval_status", "execution_status"),
            ),
            paging=PAGES,
        ),
        scopes=("runs:read",),  # deduced: candidates are part of a run, and the table has no scope of their own
    ),
    Operation(
        name="flowpilot_list_recipients",
        title="List FlowPilot recipients",
        about="Saved FlowPilot payment recipients with bank account.",
        effect=Effect.READ,
        routes=(Route("GET", "/public/recipients"),),
        args=(query("search", "Part of name or account number.", low=1, high=200),),
        result=Listing(
            rows="recipients",
            at="data",
            fields=RECIPIENT,
            shown=("id", "name", "account_number", "institution_code", "bank_name"),
            paging=PAGES,
        ),
        scopes=("recipients:read",),
    ),
    Operation(
        name="flowpilot_create_recipient",
        title="Save a FlowPilot recipient",
        about="Save a bank account that FlowPilot payment runs may pay. Only with details the person gave; check "
        "flowpilot_list_recipients first. Returns the recipient.",
        effect=Effect.CREATE,
        routes=(Route("POST", "/public/recipients"),),
        args=(
            body("name", "Of the account holder.", required=True, low=1, high=200),
            body("account_number", "Leading zeros count.", required=True, low=1, high=34),
            body("institution_code", "CBN bank code, e.g. 058.", required=True, low=1, high=20),
            body("bank_name", "As people call it.", low=1, high=200),
            body("narration_note", "Default narration.", high=500),
        ),
        result=Record(noun="recipient", fields=RECIPIENT, said="Recipient saved."),
        trace=Trace(
            listed="flowpilot_list_recipients",
            same=("name", "account_number", "institution_code"),
            narrow={"search": "account_number"},
        ),
        scopes=("recipients:write",),
    ),
    Operation(
        name="flowpilot_delete_recipient",
        title="Delete a FlowPilot recipient",
        about="Delete a saved FlowPilot payment recipient for good. Ask the person first. Past payment runs stay as they are.",
        effect=Effect.DESTROY,
        routes=(Route("DELETE", "/public/recipients/{recipient_id}"),),
        args=(path("recipient_id", "From flowpilot_list_recipients."),),
        result=Record(noun="deletion", fields=fields("status", "id"), said="Recipient deleted."),
        facts=Facts(
            sees=(
                See(
                    of="flowpilot_list_recipients",
                    label="Recipient",
                    where={"id": "recipient_id"},
                    fields=("name", "account_number", "institution_code", "bank_name"),
                    needed=True,
                ),
            ),
            for_good="The recipient cannot be brought back; past payment runs stay.",
        ),
        scopes=("recipients:write",),
    ),
    Operation(
        name="flowpilot_get_wallet_balance",
        title="Get the FlowPilot wallet balance",
        about="Balance (NGN) of the FlowPilot treasury wallet that payment runs draw on, and the AI credits left.",
        effect=Effect.READ,
        routes=(Route("GET", "/public/wallet/balance"),),
        result=Record(noun="wallet", fields=WALLET),
        scopes=("wallet:read",),
    ),
    Operation(
        name="flowpilot_list_transactions",
        title="List FlowPilot transactions",
        about="Money that FlowPilot payment runs moved, one transaction per approved candidate, with settlement status.",
        effect=Effect.READ,
        routes=(Route("GET", "/public/transactions"),),
        args=(
            query("run_id", "Only of this payment run.", low=1, high=100),
            query("status", "Only these.", choices=TRANSACTION_STATUSES),
        ),
        result=Listing(
            rows="transactions",
            at="data",
            fields=TRANSACTION,
            shown=("id", "run_id", "reference", "amount", "currency", "direction", "status", "created_at"),
            paging=PAGES,
        ),
        scopes=("transactions:read",),
    ),
    Operation(
        name="flowpilot_list_audit_events",
        title="List FlowPilot audit events",
        about="What FlowPilot's agents and people did in payment runs, for compliance and to see why a run failed.",
        effect=Effect.READ,
        routes=(Route("GET", "/public/audit"),),
        args=(
            query("run_id", "Only of this payment run.", low=1, high=100),
            query("action", "e.g. scored_candidates, approved_candidate", low=1, high=100),
        ),
        result=Listing(rows="audit_events", at="data", fields=AUDIT_EVENT, paging=PAGES),
        scopes=("audit:read",),
    ),
)

FLOWPILOT_TOOLSET = Toolset(
    name="flowpilot",
    about="Payment runs, recipients, wallet, transactions and audit log of a FlowPilot treasury.",
    api=FLOWPILOT,
    operations=OPERATIONS,
)
