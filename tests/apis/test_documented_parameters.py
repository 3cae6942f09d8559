"""Every parameter, limit, enum and result field that a text documents is in the tools, transcribed by hand a second time.

One line for each endpoint: its query or body parameters, `!` where the text requires one, an enum as a|b, bounds as (low..high), a
default as =value; and the fields that the text shows in an answer. `limit` and `offset` are the API's own pages, which tools hide
behind a cursor.
"""

from __future__ import annotations

import re

import pytest

from flintt_mcp.catalogue.argument import Arg, Kind, Place
from flintt_mcp.catalogue.operation import Operation
from flintt_mcp.catalogue.result import Capped, Listing, Offset
from scripts.handbook.documented import BETA, ENDPOINTS, FLEXTELL, FLOWMATICX, FLOWPILOT, NO_TOOL, REFERENCE, Endpoint
from scripts.handbook.pages import tools_for
from tests.case_files import every_operation
from tests.certain import there

EVENTS = "signal.run.completed|signal.run.result|company.created|prospect.created"
PAGES = "limit:integer(..200) offset:integer"
RUN_STATUS = "pending|planning|scoring|awaiting_approval|completed|failed"
WORKFLOWS = "GOOGLE_MAPS|LINKEDIN|INSTAGRAM|TIKTOK|FACEBOOK|YELLOW_PAGES|CUSTOM"

PARAMETERS: dict[tuple[str, str], str] = {
    (REFERENCE, "POST /api/api-keys"): "body name:string",
    (
        REFERENCE,
        "POST /api/outbound-webhooks",
    ): f"body name:string endpoint_url:string event_types:{EVENTS} active:boolean=true",
    (
        REFERENCE,
        "PATCH /api/outbound-webhooks/{}",
    ): f"body name:string endpoint_url:string event_types:{EVENTS} active:boolean",
    (REFERENCE, "GET /v1/companies"): "query name:string",
    (REFERENCE, "POST /v1/companies"): (
        "body name:string! sector:string size:string website:string estimated_revenue:string logo_url:string"
    ),
    (REFERENCE, "GET /v1/prospects"): "query stage:string limit:integer(1..100)",
    (
        REFERENCE,
        "POST /v1/prospects",
    ): "body company_id:string stage:string=prospect next_step:string estimated_value:number",
    (REFERENCE, "POST /v1/signals"): "body name:string(..160)! description:string frequency:daily|weekly|monthly",
    (REFERENCE, "PATCH /v1/signals/{}"): (
        "body name:string description:string frequency:daily|weekly|monthly status:active|paused"
    ),
    (REFERENCE, "GET /v1/signals/{}/runs"): "query from_date:string to_date:string",
    (
        BETA,
        "POST /api/outbound-webhooks",
    ): f"body name:string! endpoint_url:string! event_types:{EVENTS}! active:boolean=true",
    (
        BETA,
        "PATCH /api/outbound-webhooks/{}",
    ): f"body name:string endpoint_url:string event_types:{EVENTS} active:boolean",
    (BETA, "POST /v1/companies"): "body name:string! domain:string linkedin_url:string",
    (BETA, "POST /v1/prospects"): "body name:string email:string title:string linkedin_url:string company_id:string",
    (BETA, "POST /v1/signals"): "body name:string! description:string schedule:string",
    (BETA, "PATCH /v1/signals/{}"): "body name:string status:active|paused schedule:string",
    (BETA, "GET /v1/runs"): "query signal_id:string limit:integer offset:integer",
    (FLOWPILOT, "GET /public/runs"): f"query {PAGES} status:{RUN_STATUS}",
    (FLOWPILOT, "POST /public/runs"): "body objective:string risk_tolerance:number budget_cap:money",
    (FLOWPILOT, "GET /public/runs/{}/candidates"): f"query {PAGES} approval_status:pending|approved|rejected",
    (FLOWPILOT, "GET /public/recipients"): f"query {PAGES} search:string",
    (FLOWPILOT, "POST /public/recipients"): (
        "body name:string account_number:string institution_code:string bank_name:string narration_note:string"
    ),
    (FLOWPILOT, "GET /public/transactions"): f"query {PAGES} run_id:string status:SUCCESS|PENDING|FAILED",
    (FLOWPILOT, "GET /public/audit"): f"query {PAGES} run_id:string action:string",
    (FLOWMATICX, "POST /jobs"): (
        f"body workflow_type:{WORKFLOWS}! keyword:string! location:string! leads_requested:integer(1..500)! "
        "ai_enabled:boolean=true include_risky:boolean=false"
    ),
    (FLOWMATICX, "GET /jobs"): (
        "query limit:integer(1..100) offset:integer status:QUEUED|RUNNING|COMPLETED|FAILED|TIMED_OUT"
    ),
    (FLOWMATICX, "GET /leads"): (
        "query limit:integer(1..100) offset:integer job_id:integer billable_only:boolean=true email_status:VALID|RISKY|INVALID"
    ),
}
"""The beta requires a prospect's name and the reference a company_id; the union takes either, so neither is marked here."""

CANDIDATE = "id run_id beneficiary_name account_number institution_code amount currency risk_score risk_decision"
RESULTS: dict[tuple[str, str], str] = {
    (REFERENCE, "GET /api/api-keys"): "id name key_prefix last_used_at revoked_at created_at",
    (REFERENCE, "POST /api/api-keys"): "id name key_prefix created_at secret:raw_key",
    (REFERENCE, "DELETE /api/api-keys/{}"): "ok",
    (REFERENCE, "GET /api/outbound-webhooks"): "id name endpoint_url event_types active created_at updated_at",
    (
        REFERENCE,
        "POST /api/outbound-webhooks",
    ): "id name endpoint_url event_types active created_at secret:signing_secret",
    (REFERENCE, "DELETE /api/outbound-webhooks/{}"): "ok",
    (REFERENCE, "POST /api/outbound-webhooks/{}/rotate-secret"): "secret:signing_secret",
    (REFERENCE, "GET /v1/companies"): (
        "id user_id name sector size website estimated_revenue logo_url enrichment_data created_at updated_at"
    ),
    (REFERENCE, "GET /v1/prospects"): (
        "id user_id company_id stage next_step estimated_value lead_score visibility days_in_stage created_at updated_at"
    ),
    (REFERENCE, "GET /v1/signals"): "id name description frequency status tool_count last_run_at created_at",
    (REFERENCE, "DELETE /v1/signals/{}"): "ok",
    (REFERENCE, "GET /v1/signals/{}/runs"): "id signal_id status run_mode started_at ended_at",
    (REFERENCE, "GET /v1/signals/{}/runs/{}"): (
        "id signal_id status run_mode started_at ended_at company_name signal source_url source_type created_at is_valid "
        "confidence signal_summary why_now evidence_sources"
    ),
    (BETA, "GET /api/outbound-webhooks"): "id name endpoint_url event_types active created_at",
    (BETA, "POST /api/outbound-webhooks"): "secret:auth_token",
    (BETA, "GET /v1/companies"): "id name domain created_at",
    (BETA, "GET /v1/prospects"): "id name email company_id created_at",
    (BETA, "GET /v1/signals"): "id name status schedule created_at",
    (BETA, "GET /v1/runs"): "id signal_id status results_count completed_at",
    (FLOWPILOT, "GET /public/runs"): (
        "id objective status risk_tolerance budget_cap candidate_count created_at updated_at"
    ),
    (FLOWPILOT, "GET /public/runs/{}"): (
        "id objective status risk_tolerance budget_cap candidate_count created_at updated_at"
    ),
    (FLOWPILOT, "POST /public/runs"): "id status objective created_at",
    (FLOWPILOT, "GET /public/runs/{}/candidates"): f"{CANDIDATE} approval_status execution_status",
    (
        FLOWPILOT,
        "GET /public/recipients",
    ): "id name account_number institution_code bank_name narration_note created_at",
    (
        FLOWPILOT,
        "POST /public/recipients",
    ): "id name account_number institution_code bank_name narration_note created_at",
    (FLOWPILOT, "DELETE /public/recipients/{}"): "status id",
    (FLOWPILOT, "GET /public/wallet/balance"): "balance currency ai_credit_balance updated_at",
    (FLOWPILOT, "GET /public/transactions"): "id run_id reference amount currency direction status channel created_at",
    (FLOWPILOT, "GET /public/audit"): "id run_id agent_type action detail created_at",
    (FLOWMATICX, "POST /jobs"): "job_id status estimated_credits credits_remaining",
    (FLOWMATICX, "GET /jobs"): (
        "id workflowType keyword location requestedLeads foundLeads processedLeads creditsUsed status progress createdAt "
        "startedAt finishedAt"
    ),
    (FLOWMATICX, "GET /leads"): (
        "id businessName category email emailStatus decisionMakerName decisionMakerRole phone website domain address city "
        "postalCode country rating reviewsCount icebreaker emailSubject emailBody aiInsight keyword isBillable createdAt"
    ),
    (FLOWMATICX, "GET /credits"): (
        "planId creditsTotal creditsUsed creditsRemaining currentPeriodStart currentPeriodEnd status"
    ),
}
SCOPES = {
    "GET /public/runs": "runs:read",
    "GET /public/runs/{}": "runs:read",
    "POST /public/runs": "runs:write",
    "GET /public/runs/{}/candidates": "runs:read",
    "GET /public/recipients": "recipients:read",
    "POST /public/recipients": "recipients:write",
    "DELETE /public/recipients/{}": "recipients:write",
    "GET /public/wallet/balance": "wallet:read",
    "GET /public/transactions": "transactions:read",
    "GET /public/audit": "audit:read",
    "POST /jobs": "jobs:write",
    "GET /jobs": "jobs:read",
    "GET /leads": "leads:read",
    "GET /credits": "credits:read",
}
ADVISED = (
    "UNAUTHORIZED FORBIDDEN PLAN_FEATURE_LOCKED NOT_FOUND VALIDATION_ERROR PLAN_LIMIT_EXCEEDED INSUFFICIENT_CREDITS "
    "RATE_LIMITED NO_SUBSCRIPTION"
)
"""FlowMaticX's error codes."""

CALLED = [endpoint for endpoint in ENDPOINTS if endpoint.call not in NO_TOOL.get(endpoint.api, {})]


def each(endpoints: list[Endpoint]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "endpoint", endpoints, ids=lambda endpoint: f"{endpoint.text.removesuffix('.txt')} {endpoint.call}"
    )


each_endpoint = each(CALLED)
PARAMETER = re.compile(r"(\w+):([\w.|]+)(?:\((\d*)\.\.(\d*)\))?(!?)(?:=(\w+))?")
DEFAULTS = {"true": True, "false": False}
KINDS = {"string": Kind.TEXT, "integer": Kind.INTEGER, "number": Kind.NUMBER, "boolean": Kind.FLAG, "money": Kind.MONEY}


def operations_of(endpoint: Endpoint) -> list[Operation]:
    """The tools of an endpoint, without one that only looks something up in its list."""
    return [one for _, one in tools_for(endpoint) if not (getattr(one.result, "lookup", None))]


def pages(operation: Operation, name: str, high: str) -> bool:
    """Whether the API's own paging parameter is one that this tool's paging sends, up to the documented bound."""
    assert isinstance(operation.result, Listing)
    paging = operation.result.paging
    if name == "offset":
        return isinstance(paging, Offset)
    return isinstance(paging, Offset | Capped) and (not high or paging.most == int(high))


@each_endpoint
def test_every_documented_parameter_is_an_argument_of_that_kind_and_default_within_those_limits(
    endpoint: Endpoint,
) -> None:
    place, *told = PARAMETERS.get((endpoint.text, endpoint.call), "none").split(" ")
    for operation in operations_of(endpoint):
        args = {arg.wire_name: arg for arg in operation.args}
        for text in told:
            name, kind, low, high, required, default = there(PARAMETER.fullmatch(text)).groups()
            if name in ("limit", "offset"):
                assert pages(operation, name, high)
            else:
                _is_kind(args[name], kind)
                assert args[name].place.value in (place, "path")
                assert args[name].required or not required
                assert not low or args[name].low == int(low)
                assert not high or args[name].high == int(high)
                assert args[name].default == DEFAULTS.get(default, default)


def _is_kind(arg: Arg, kind: str) -> None:
    if "|" in kind:
        assert arg.choices == tuple(kind.split("|")) or set(arg.choices) == set(kind.split("|"))
    else:
        assert arg.kind is KINDS[kind]
        assert not arg.choices


# The text of Flextell documents no parameters at all.
@each([endpoint for endpoint in CALLED if endpoint.text != FLEXTELL])
def test_no_tool_sends_a_parameter_that_no_text_documents(endpoint: Endpoint) -> None:
    lines = [line for (_, call), line in PARAMETERS.items() if call in _calls_beside(endpoint)]
    documented = {text.split(":")[0] for line in lines for text in line.split(" ")[1:]}
    for operation in operations_of(endpoint):
        in_paths = {name for route in operation.routes for name in route.fields}
        sent = {arg.wire_name for arg in operation.args if arg.place is not Place.LOCAL} - in_paths
        assert sent - documented == set()


def _calls_beside(endpoint: Endpoint) -> set[str]:
    """This endpoint and those that the same tool calls with other arguments."""
    names = {operation.name for operation in operations_of(endpoint)}
    return {other.call for other in CALLED if names & {operation.name for operation in operations_of(other)}}


@each_endpoint
def test_every_documented_field_of_an_answer_is_in_the_result(endpoint: Endpoint) -> None:
    told = RESULTS.get((endpoint.text, endpoint.call), "").split()
    for _, operation in tools_for(endpoint):
        parts = [operation.result.fields, *(section.fields for section in getattr(operation.result, "sections", ()))]
        known = {field.name for part in parts for field in part}
        known |= {f"secret:{name}" for name in getattr(operation.result, "secrets", ())}
        assert [name for name in told if name not in known] == []


def test_every_line_is_of_an_endpoint_that_is_documented() -> None:
    documented = {(endpoint.text, endpoint.call) for endpoint in CALLED}
    assert set(PARAMETERS) <= documented
    assert set(RESULTS) <= documented


def test_every_scope_of_the_texts_is_asked_for_by_the_tools_that_need_it() -> None:
    for endpoint in CALLED:
        for _, operation in tools_for(endpoint):
            wanted = () if endpoint.api in ("flintt", "flextell") else (SCOPES[endpoint.call],)
            assert operation.scopes == wanted, operation.name


def test_every_error_code_of_flowmaticx_has_its_advice() -> None:
    api = next(api for api, _ in every_operation() if api.name == "flowmaticx")
    assert set(api.advice) == set(ADVISED.split())
    assert api.per_minute == 300
