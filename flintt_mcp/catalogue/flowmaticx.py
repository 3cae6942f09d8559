"""FlowMaticX, API version v1: lead jobs, the leads they found, and credits. Rows only.

Answers come in an envelope, `{"ok": true, "data": ...}`; rows and totals are named by their dotted paths in it. The API has
no endpoint for one job: flowmaticx_get_job looks for it in the list.
"""

from __future__ import annotations

from flintt_mcp.catalogue.argument import Kind, Route, body, local, query
from flintt_mcp.catalogue.course import Course, Long
from flintt_mcp.catalogue.operation import Api, Effect, Facts, Operation, See, Toolset
from flintt_mcp.catalogue.result import Listing, Lookup, Offset, Record, fields

FLOWMATICX = Api(
    name="flowmaticx",
    title="FlowMaticX",
    variable="FLOWMATICX",
    url="https://app.flowmaticx.com/api/v1",
    header="Authorization",
    scheme="Bearer",
    prefixes=("lg_live_",),
    own_header="X-FlowMaticX-Key",
    own_query="flowmaticx_api_key",
    sandbox_key="lg_live_sandbox_key",
    per_minute=300,
    scope_code="FORBIDDEN",
    key_hint="a key looks like lg_live_... and comes from Settings, API Keys in FlowMaticX; it needs the Agency plan",
    advice={
        "UNAUTHORIZED": "check that the key is complete and not revoked, or make a new one",
        "FORBIDDEN": "use a key with that scope, or a plan with that feature; do not retry with the same one",
        "PLAN_FEATURE_LOCKED": "the plan has to be upgraded in FlowMaticX (API access: Agency; ai_enabled: Starter or more)",
        "NOT_FOUND": "take the id from flowmaticx_list_jobs and call again",
        "VALIDATION_ERROR": "correct what it names and call again",
        "PLAN_LIMIT_EXCEEDED": "ask for fewer leads in one job, or start several smaller jobs",
        "INSUFFICIENT_CREDITS": "ask for fewer leads, or have a person add credits; flowmaticx_get_credits shows what is left",
        "RATE_LIMITED": "wait, then call again: 300 requests a minute for each key",
        "NO_SUBSCRIPTION": "a person has to start a subscription in FlowMaticX first",
    },
)

JOB = fields(
    "id",
    "workflowType",
    "keyword",
    "location",
    "requestedLeads",
    "foundLeads",
    "processedLeads",
    "creditsUsed",
    "status",
    "progress",
    "createdAt",
    "startedAt",
    "finishedAt",
)
LEAD = fields(
    "id",
    "businessName",
    "category",
    "email",
    "emailStatus",
    "decisionMakerName",
    "decisionMakerRole",
    "phone",
    "website",
    "domain",
    "address",
    "city",
    "postalCode",
    "country",
    "rating",
    "reviewsCount",
    "icebreaker",
    "emailSubject",
    "emailBody",
    "aiInsight",
    "keyword",
    "isBillable",
    "createdAt",
)
CREDITS = fields(
    "planId",
    "creditsTotal",
    "creditsUsed",
    "creditsRemaining",
    "currentPeriodStart",
    "currentPeriodEnd",
    "status",
)

WORKFLOWS = ("GOOGLE_MAPS", "LINKEDIN", "INSTAGRAM", "TIKTOK", "FACEBOOK", "YELLOW_PAGES", "CUSTOM")
JOB_STATUSES = ("QUEUED", "RUNNING", "COMPLETED", "FAILED", "TIMED_OUT")
EMAIL_STATUSES = ("VALID", "RISKY", "INVALID")
JOBS_PAGING = Offset(most=100, total="data.total")

OPERATIONS = (
    Operation(
        name="flowmaticx_create_job",
        title="Start a FlowMaticX lead job",
        about="Start a FlowMaticX search for leads. SPENDS credits: ask the person first. Returns the job id at once; follow "
        "it with flowmaticx_get_job, then read flowmaticx_list_leads.",
        effect=Effect.SPEND,
        routes=(Route("POST", "/jobs"),),
        args=(
            body("workflow_type", "Where to search.", required=True, choices=WORKFLOWS),
            body("keyword", "Keyword or hashtag.", required=True, low=1, high=200),
            body("location", "City, region or country.", required=True, low=1, high=200),
            body("leads_requested", "Most leads it may find.", kind=Kind.INTEGER, required=True, low=1, high=500),
            body("ai_enabled", "Write personal texts.", kind=Kind.FLAG, default=True),
            body("include_risky", "Also leads with a RISKY email.", kind=Kind.FLAG, default=False),
        ),
        result=Record(
            noun="job",
            at="data",
            fields=fields("job_id", "status", "estimated_credits", "credits_remaining"),
            said="FlowMaticX job started. The same call again within 24 h returns this job.",
        ),
        scopes=("jobs:write",),
        idempotency_key=True,
        spends="credits for up to {leads_requested} leads",
        amount="leads_requested",
        unit="leads",
        facts=Facts(
            sees=(
                See(
                    of="flowmaticx_get_credits",
                    label="Credits",
                    fields=("creditsRemaining", "creditsTotal", "currentPeriodEnd"),
                ),
                See(
                    of="flowmaticx_list_jobs",
                    label="Equal earlier job",
                    where={
                        "workflowType": "workflow_type",
                        "keyword": "keyword",
                        "location": "location",
                        "requestedLeads": "leads_requested",
                    },
                    fields=("id", "status", "foundLeads", "creditsUsed", "createdAt"),
                ),
            ),
            price=2,  # the text's own example: 100 credits for 50 leads
            currency="credits",
            for_good="There is no call that ends a job; credits that are used do not come back.",
        ),
        long=Long(of="flowmaticx_get_job", id="job_id"),
    ),
    Operation(
        name="flowmaticx_list_jobs",
        title="List FlowMaticX lead jobs",
        about="FlowMaticX lead jobs: what was searched, status, progress, leads found, credits used.",
        effect=Effect.READ,
        routes=(Route("GET", "/jobs"),),
        args=(query("status", "Only these.", choices=JOB_STATUSES),),
        result=Listing(
            rows="jobs",
            at="data.jobs",
            fields=JOB,
            shown=(
                *("id", "workflowType", "keyword", "location", "status", "requestedLeads", "foundLeads"),
                *("creditsUsed", "createdAt", "finishedAt"),
            ),
            paging=JOBS_PAGING,
            most=100,
        ),
        scopes=("jobs:read",),
    ),
    Operation(
        name="flowmaticx_get_job",
        title="Get a FlowMaticX lead job",
        about="One FlowMaticX lead job by its id: status, progress, leads found. The API has no endpoint for one job: it is looked "
        "for in the list.",
        effect=Effect.READ,
        routes=(Route("GET", "/jobs"),),
        args=(
            local(
                "job_id",
                "From flowmaticx_list_jobs.",
                kind=Kind.INTEGER,
                required=True,
                low=1,
                high=9_007_199_254_740_991,
            ),
        ),
        result=Record(
            noun="job", fields=JOB, lookup=Lookup(arg="job_id", field="id", at="data.jobs", paging=JOBS_PAGING)
        ),
        scopes=("jobs:read",),
        course=Course(
            noun="job",
            arg="job_id",
            done=("COMPLETED",),
            failed=("FAILED", "TIMED_OUT"),
            told=("progress", "foundLeads", "creditsUsed"),
            then="read its leads with flowmaticx_list_leads",
            after_failure="what it found is in flowmaticx_list_leads; used credits stay used, so ask the person before another job",
        ),
    ),
    Operation(
        name="flowmaticx_list_leads",
        title="List FlowMaticX leads",
        about="Leads that FlowMaticX jobs found: business, email, decision maker; icebreaker and draft email by fields.",
        effect=Effect.READ,
        routes=(Route("GET", "/leads"),),
        args=(
            query("job_id", "Only leads of this job.", kind=Kind.INTEGER, low=1, high=9_007_199_254_740_991),
            query(
                "billable_only",
                "Leave out leads that cost nothing.",
                kind=Kind.FLAG,
                default=True,
                hides="leads that cost nothing",
            ),
            query("email_status", "Only these.", choices=EMAIL_STATUSES),
        ),
        result=Listing(
            rows="leads",
            at="data.leads",
            fields=LEAD,
            shown=(
                *("id", "businessName", "category", "email", "emailStatus", "decisionMakerName", "decisionMakerRole"),
                *("phone", "website", "city", "country", "rating"),
            ),
            paging=Offset(most=100, total="data.total"),
            page=20,
            most=100,
        ),
        scopes=("leads:read",),
    ),
    Operation(
        name="flowmaticx_get_credits",
        title="Get FlowMaticX credits",
        about="Credits of the FlowMaticX workspace: plan, total, used and left in this period.",
        effect=Effect.READ,
        routes=(Route("GET", "/credits"),),
        result=Record(noun="credits", at="data", fields=CREDITS),
        scopes=("credits:read",),
    ),
)

FLOWMATICX_TOOLSET = Toolset(
    name="flowmaticx",
    about="Lead jobs, leads and credits of a FlowMaticX workspace. Jobs spend credits.",
    api=FLOWMATICX,
    operations=OPERATIONS,
)
