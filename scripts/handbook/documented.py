"""What the five texts of the APIs document, transcribed by hand, line by line: endpoints, webhook events and MCP tools.

An independent list: it is made neither from the catalogue nor from the sandbox, and both are held against it, so that neither
can forget an endpoint or invent one. `pages.py` makes docs/api-coverage.md of it. Paths stand below the API's base URL, their
parameters named as the text names them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

REFERENCE = "flintt-reference.txt"
BETA = "flintt-public-beta.txt"
FLOWPILOT = "flowpilot.txt"
FLOWMATICX = "flowmaticx.txt"
FLEXTELL = "flextell.txt"

TEXTS = {
    REFERENCE: "Flintt, developer reference",
    BETA: "Flintt, public beta",
    FLOWPILOT: "FlowPilot, API reference v1.0",
    FLOWMATICX: "FlowMaticX, REST API reference v1",
    FLEXTELL: "Flextell, v0.0.1",
}
"""Every text, by its file in references/."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint of one text and the heading it stands under. `api` is the API's place in the sandbox."""

    text: str
    api: str
    heading: str
    method: str
    path: str

    @property
    def call(self) -> str:
        """Method and path, whatever the parameters are called: its name in `TESTS` and `NO_TOOL`."""
        return f"{self.method} {shape(self.path)}"

    @property
    def pattern(self) -> re.Pattern[str]:
        """What a request to this endpoint looks like below the base URL, its query included."""
        parts = [r"[^/?]+" if part == "{}" else re.escape(part) for part in shape(self.path).split("/")]
        return re.compile("/".join(parts) + r"(\?.*)?")


@dataclass(frozen=True, slots=True)
class Event:
    """One webhook event of one API, the texts that name it, and the sandbox's test of it: file and name, as in `TESTS`."""

    api: str
    name: str
    texts: tuple[str, ...]
    file: str
    test: str


def shape(path: str) -> str:
    """A path with its parameters unnamed."""
    return re.sub(r"{[^}]*}", "{}", path)


def _endpoints(text: str, api: str, *rows: tuple[str, str]) -> tuple[Endpoint, ...]:
    """Endpoints from (heading, method and path)."""
    return tuple(Endpoint(text, api, heading, *call.split(" ")) for heading, call in rows)


ENDPOINTS: tuple[Endpoint, ...] = (
    *_endpoints(
        REFERENCE,
        "flintt",
        ("API Keys", "GET /api/api-keys"),
        ("API Keys", "POST /api/api-keys"),
        ("API Keys", "DELETE /api/api-keys/{key_id}"),
        ("Webhooks", "GET /api/outbound-webhooks"),
        ("Webhooks", "POST /api/outbound-webhooks"),
        ("Webhooks", "PATCH /api/outbound-webhooks/{endpoint_id}"),
        ("Webhooks", "DELETE /api/outbound-webhooks/{endpoint_id}"),
        ("Webhooks", "POST /api/outbound-webhooks/{endpoint_id}/rotate-secret"),
        ("Companies", "GET /v1/companies"),
        ("Companies", "POST /v1/companies"),
        ("Prospects", "GET /v1/prospects"),
        ("Prospects", "POST /v1/prospects"),
        ("Signals", "GET /v1/signals"),
        ("Signals", "POST /v1/signals"),
        ("Signals", "GET /v1/signals/{signal_id}"),
        ("Signals", "PATCH /v1/signals/{signal_id}"),
        ("Signals", "DELETE /v1/signals/{signal_id}"),
        ("Runs", "GET /v1/signals/{signal_id}/runs"),
        ("Runs", "GET /v1/signals/{signal_id}/runs/{run_id}"),
    ),
    *_endpoints(
        BETA,
        "flintt",
        ("API Key: Get", "GET /api/api-key"),
        ("API Key: Regenerate", "POST /api/api-key/regenerate"),
        ("Webhooks: List", "GET /api/outbound-webhooks"),
        ("Webhooks: Create", "POST /api/outbound-webhooks"),
        ("Webhooks: Update", "PATCH /api/outbound-webhooks/{webhook_id}"),
        ("Webhooks: Delete", "DELETE /api/outbound-webhooks/{webhook_id}"),
        ("Companies: List", "GET /v1/companies"),
        ("Companies: Create", "POST /v1/companies"),
        ("Prospects: List", "GET /v1/prospects"),
        ("Prospects: Create", "POST /v1/prospects"),
        ("Signals: List", "GET /v1/signals"),
        ("Signals: Create", "POST /v1/signals"),
        ("Signals: Get", "GET /v1/signals/{signal_id}"),
        ("Signals: Update", "PATCH /v1/signals/{signal_id}"),
        ("Signals: Delete", "DELETE /v1/signals/{signal_id}"),
        ("Runs: List", "GET /v1/runs"),
        ("Runs: Get", "GET /v1/runs/{run_id}"),
    ),
    *_endpoints(
        FLOWPILOT,
        "flowpilot",
        ("Runs", "GET /public/runs"),
        ("Runs", "GET /public/runs/{run_id}"),
        ("Runs", "POST /public/runs"),
        ("Candidates", "GET /public/runs/{run_id}/candidates"),
        ("Recipients", "GET /public/recipients"),
        ("Recipients", "POST /public/recipients"),
        ("Recipients", "DELETE /public/recipients/{recipient_id}"),
        ("Wallet", "GET /public/wallet/balance"),
        ("Transactions", "GET /public/transactions"),
        ("Audit Log", "GET /public/audit"),
    ),
    *_endpoints(
        FLOWMATICX,
        "flowmaticx",
        ("Start a new lead generation job", "POST /jobs"),
        ("GET /api/v1/jobs", "GET /jobs"),
        ("GET /api/v1/leads", "GET /leads"),
        ("GET /api/v1/credits", "GET /credits"),
    ),
    *_endpoints(
        FLEXTELL,
        "flextell",
        ("Operations: List", "GET /{endpoint}"),
        ("Operations: Read", "GET /{endpoint}/{id}"),
        ("Operations: Create", "POST /{endpoint}"),
        ("Operations: Update", "PUT /{endpoint}/{id}"),
        ("Operations: Modify", "PATCH /{endpoint}/{id}"),
        ("Operations: Delete", "DELETE /{endpoint}/{id}"),
    ),
)
"""The beta prints no methods; they follow from its headings. FlowMaticX's text shows POST /jobs by its body and a mention."""

NO_TOOL: dict[str, dict[str, str]] = {}
"""Endpoints that no tool calls, and why. All others have a tool, a sandbox route and tests."""

KEYS = "test_sandbox_management.py"
COMPANIES = "test_sandbox_companies.py"
PROSPECTS = "test_sandbox_prospects.py"
SIGNALS = "test_sandbox_signals.py"
RUNS = "test_sandbox_runs.py"
PAYMENT_RUNS = "flowpilot/test_flowpilot_runs.py"
RECIPIENTS = "flowpilot/test_flowpilot_recipients.py"
APPROVALS = "flowpilot/test_flowpilot_approvals.py"
PAYMENT_EVENTS = "flowpilot/test_flowpilot_events.py"
JOBS = "flowmaticx/test_flowmaticx_jobs.py"
LEADS = "flowmaticx/test_flowmaticx_leads.py"
CREDITS = "flowmaticx/test_flowmaticx_credits.py"
RESOURCES = "flextell/test_flextell_resources.py"
DELIVERY = "test_webhook_delivery.py"
SIGNAL_RUNS = "running/test_running_signals.py"

TESTS: dict[str, dict[str, tuple[str, str]]] = {
    "flintt": {
        "GET /api/api-keys": (KEYS, "revoking_again_keeps_the_first_moment"),
        "POST /api/api-keys": (KEYS, "a_new_key_is_shown_once_and_opens_the_workspace_until_it_is_revoked"),
        "DELETE /api/api-keys/{}": (KEYS, "a_new_key_is_shown_once_and_opens_the_workspace_until_it_is_revoked"),
        "GET /api/api-key": (KEYS, "the_one_key_is_made_when_first_asked_for_and_then_only_described"),
        "POST /api/api-key/regenerate": (KEYS, "regenerate_revokes_the_one_key_and_no_other"),
        "GET /api/outbound-webhooks": (
            KEYS,
            "a_webhook_is_made_with_both_secrets_listed_without_them_changed_and_deleted",
        ),
        "POST /api/outbound-webhooks": (
            KEYS,
            "a_webhook_is_made_with_both_secrets_listed_without_them_changed_and_deleted",
        ),
        "PATCH /api/outbound-webhooks/{}": (KEYS, "a_change_without_fields_changes_nothing"),
        "DELETE /api/outbound-webhooks/{}": (
            KEYS,
            "a_webhook_is_made_with_both_secrets_listed_without_them_changed_and_deleted",
        ),
        "POST /api/outbound-webhooks/{}/rotate-secret": (KEYS, "after_a_rotation_only_the_new_secret_signs"),
        "GET /v1/companies": (COMPANIES, "a_name_is_found_by_any_part_in_any_case_and_unicode_form"),
        "POST /v1/companies": (COMPANIES, "a_company_takes_the_optional_fields_of_both_editions"),
        "GET /v1/prospects": (PROSPECTS, "a_limit_from_1_to_100_is_kept_and_50_without_one"),
        "POST /v1/prospects": (PROSPECTS, "a_deal_for_a_company_shows_every_field"),
        "GET /v1/signals": (SIGNALS, "the_seeded_signals_show_all_statuses_and_kinds_of_timing"),
        "POST /v1/signals": (SIGNALS, "a_new_signal_is_a_draft"),
        "GET /v1/signals/{}": (SIGNALS, "a_new_signal_is_a_draft"),
        "PATCH /v1/signals/{}": (SIGNALS, "a_change_touches_what_it_names_and_nothing_else"),
        "DELETE /v1/signals/{}": (SIGNALS, "deleting_a_signal_takes_its_runs_and_results_and_nothing_else"),
        "GET /v1/signals/{}/runs": (RUNS, "runs_are_found_between_two_dates_both_included"),
        "GET /v1/signals/{}/runs/{}": (RUNS, "the_detail_of_a_run_holds_what_it_collected_and_the_judgement_on_it"),
        "GET /v1/runs": (RUNS, "all_runs_are_listed_in_pages_that_join_without_a_gap"),
        "GET /v1/runs/{}": (RUNS, "the_flat_detail_is_the_nested_one_with_the_fields_of_the_run_on_top"),
    },
    "flowpilot": {
        "GET /public/runs": (PAYMENT_RUNS, "pages_are_exact_and_the_largest_is_200"),
        "GET /public/runs/{}": (PAYMENT_RUNS, "a_run_moves_through_its_states_by_the_clock_alone"),
        "POST /public/runs": (PAYMENT_RUNS, "a_new_run_is_pending_and_answers_the_four_documented_fields"),
        "GET /public/runs/{}/candidates": (PAYMENT_RUNS, "a_candidate_has_the_documented_fields"),
        "GET /public/recipients": (RECIPIENTS, "a_search_finds_parts_of_names_in_any_case_and_of_account_numbers"),
        "POST /public/recipients": (RECIPIENTS, "a_saved_recipient_comes_back_whole_and_first_in_the_list"),
        "DELETE /public/recipients/{}": (RECIPIENTS, "a_deleted_recipient_is_gone"),
        "GET /public/wallet/balance": (APPROVALS, "an_approval_pays_each_candidate_once_and_debits_the_wallet"),
        "GET /public/transactions": (
            APPROVALS,
            "a_transaction_has_the_documented_fields_and_references_count_up_each_day",
        ),
        "GET /public/audit": (APPROVALS, "the_audit_trail_tells_every_step_of_a_run"),
    },
    "flowmaticx": {
        "POST /jobs": (JOBS, "a_new_job_answers_at_once_with_its_price_and_what_is_left"),
        "GET /jobs": (JOBS, "a_status_filters_by_what_jobs_are_now"),
        "GET /leads": (LEADS, "a_lead_has_exactly_the_documented_fields"),
        "GET /credits": (CREDITS, "the_balance_is_told_in_the_documented_fields"),
    },
    "flextell": {
        "GET /{}": (RESOURCES, "a_page_is_in_the_documented_envelope_and_its_cursor_in_the_documented_form"),
        "GET /{}/{}": (RESOURCES, "a_resource_lives_from_create_to_delete"),
        "POST /{}": (RESOURCES, "a_resource_lives_from_create_to_delete"),
        "PUT /{}/{}": (RESOURCES, "a_resource_lives_from_create_to_delete"),
        "PATCH /{}/{}": (RESOURCES, "a_resource_lives_from_create_to_delete"),
        "DELETE /{}/{}": (RESOURCES, "a_resource_lives_from_create_to_delete"),
    },
}
"""The sandbox's own test of each endpoint: its file below tests/sandbox/ and its name."""

EVENTS: tuple[Event, ...] = (
    Event(
        "flintt",
        "signal.run.completed",
        (REFERENCE, BETA),
        SIGNAL_RUNS,
        "every_event_of_a_run_is_written_with_its_change",
    ),
    Event(
        "flintt", "signal.run.result", (REFERENCE, BETA), SIGNAL_RUNS, "every_event_of_a_run_is_written_with_its_change"
    ),
    Event(
        "flintt",
        "company.created",
        (REFERENCE, BETA),
        DELIVERY,
        "a_new_company_is_told_in_the_documented_envelope_with_both_proofs",
    ),
    Event("flintt", "prospect.created", (REFERENCE, BETA), DELIVERY, "a_new_prospect_is_told_as_a_list_would_show_it"),
    Event("flowpilot", "run.completed", (FLOWPILOT,), PAYMENT_EVENTS, "a_run_that_is_approved_tells_every_step"),
    Event("flowpilot", "run.failed", (FLOWPILOT,), PAYMENT_EVENTS, "a_rejected_run_tells_that_it_failed"),
    Event("flowpilot", "approval.requested", (FLOWPILOT,), PAYMENT_EVENTS, "a_run_that_is_approved_tells_every_step"),
    Event("flowpilot", "approval.completed", (FLOWPILOT,), PAYMENT_EVENTS, "a_run_that_is_approved_tells_every_step"),
    Event("flowpilot", "payout.succeeded", (FLOWPILOT,), PAYMENT_EVENTS, "a_run_that_is_approved_tells_every_step"),
    Event(
        "flowpilot",
        "payout.failed",
        (FLOWPILOT,),
        PAYMENT_EVENTS,
        "declined_and_slow_transfers_are_told_when_it_is_known",
    ),
    Event("flowpilot", "candidate.flagged", (FLOWPILOT,), PAYMENT_EVENTS, "a_run_that_is_approved_tells_every_step"),
    Event(
        "flowpilot",
        "webhook.test",
        (FLOWPILOT,),
        DELIVERY,
        "flowpilot_has_its_own_envelope_and_headers_and_a_test_event_on_registration",
    ),
)

MCP_TOOLS: dict[str, bool] = {
    "list_companies": True,
    "create_company": True,
    "list_prospects": True,
    "create_prospect": True,
    "list_signals": True,
    "get_signal": True,
    "create_signal": True,
    "update_signal": True,
    "delete_signal": True,
    "list_docs": False,
    "get_doc": False,
}
"""The MCP tools that the public beta names, and whether it asks for a key."""
