"""Flintt, API version v1: companies, prospects, signals and runs. Rows only.

The union of the two published editions: where one has a field, a parameter or a path that the other lacks, it is here.
"""

from __future__ import annotations

from flintt_mcp.catalogue.argument import AnyOf, InOrder, Kind, Needs, NotBoth, Route, body, path, query
from flintt_mcp.catalogue.course import Course
from flintt_mcp.catalogue.operation import Api, Effect, Facts, Operation, See, Toolset, Trace, Twin
from flintt_mcp.catalogue.result import Capped, Joined, Listing, Offset, Record, Section, Shown, Whole, fields

FLINTT = Api(
    name="flintt",
    title="Flintt",
    variable="FLINTT",
    url="https://api.flintt.co",
    header="X-API-Key",
    prefixes=("flt_",),
    own_header="X-Flintt-Key",
    own_query="flintt_api_key",
    sandbox_key="flt_sandbox_key",
    key_hint="a key looks like flt_... and comes from the workspace settings of Flintt",
)

COMPANY = fields(
    "id",
    "name",
    "domain",
    "website",
    "linkedin_url",
    "sector",
    "size",
    "estimated_revenue",
    "logo_url",
    "enrichment_data",
    "user_id",
    "created_at",
    "updated_at",
)
PROSPECT = fields(
    "id",
    "company_id",
    "stage",
    "next_step",
    "estimated_value",
    "lead_score",
    "visibility",
    "days_in_stage",
    "name",
    "email",
    "title",
    "linkedin_url",
    "user_id",
    "created_at",
    "updated_at",
)
SIGNAL = fields(
    "id",
    "name",
    "description",
    "status",
    "frequency",
    "schedule",
    "tool_count",
    "last_run_at",
    "created_at",
    "updated_at",
)
RUN = fields(
    "id",
    "signal_id",
    "status",
    "run_mode",
    "started_at",
    "ended_at",
    "completed_at",
    "results_count",
    "raw_count",
    "valid_count",
    "deal_count",
)
VALID_RESULTS = Section(
    name="validation_results",
    fields=fields("id", "is_valid", "confidence", "company_name", "signal_summary", "why_now", "evidence_sources"),
)
RAW_RESULTS = Section(
    name="raw_results",
    fields=fields("id", "company_name", "signal", "source_url", "source_type", "created_at"),
    unless=Shown(field="source_url", section="validation_results", at="evidence_sources", as_="url"),
)

FREQUENCIES = ("daily", "weekly", "monthly")
DATE = r"^\d{4}-\d\d-\d\d"
SCHEDULE = "Cron, e.g. 0 8 * * 1-5."

OPERATIONS = (
    Operation(
        name="list_companies",
        title="List Flintt companies",
        about="Companies watched in the Flintt workspace, latest update first. For deals use list_prospects.",
        effect=Effect.READ,
        routes=(Route("GET", "/v1/companies"),),
        args=(query("name", "Part of the name, any case.", low=1, high=200),),
        result=Listing(
            rows="companies",
            fields=COMPANY,
            shown=("id", "name", "domain", "website", "sector", "size", "estimated_revenue"),
            paging=Whole(),
        ),
    ),
    Operation(
        name="create_company",
        title="Add a Flintt company",
        about="Add one company to watch. A likely duplicate is refused with its row.",
        effect=Effect.CREATE,
        routes=(Route("POST", "/v1/companies"),),
        args=(
            body("name", "As people call it.", required=True, low=1, high=200),
            body("domain", "e.g. acme.com", high=253),
            body("website", "URL.", high=2048),
            body("linkedin_url", "URL.", high=2048),
            body("sector", "e.g. Fintech", high=200),
            body("size", "e.g. 51-200", high=50),
            body("estimated_revenue", "e.g. 2M-10M", high=100),
            body("logo_url", "URL.", high=2048),
        ),
        result=Record(noun="company", fields=COMPANY, said="Company added."),
        trace=Trace(listed="list_companies", same=("name", "domain"), narrow={"name": "name"}),
        twin=Twin(
            listed="list_companies",
            company="name",
            sites=("domain", "website"),
            same=(("linkedin_url",),),
            shown=("id", "name", "domain", "website"),
        ),
    ),
    Operation(
        name="list_prospects",
        title="List Flintt prospects",
        about="Pipeline deals (a company at a stage, sometimes with a person). The API gives at most 100: filter by stage.",
        effect=Effect.READ,
        routes=(Route("GET", "/v1/prospects"),),
        args=(query("stage", "e.g. prospect, qualified, negotiating", low=1, high=100),),
        result=Listing(
            rows="prospects",
            fields=PROSPECT,
            shown=(
                *("id", "company_name", "stage", "next_step", "estimated_value", "lead_score", "days_in_stage"),
                *("name", "title", "email", "company_id"),
            ),
            joined=Joined(by="company_id", listed="list_companies", field="name", name="company_name"),
            told_when_empty="stage",
            paging=Capped(most=100, narrow="call again with a stage to see the deals of one stage"),
            most=100,
        ),
    ),
    Operation(
        name="create_prospect",
        title="Add a Flintt prospect",
        about="Add a deal for a company, a person or both. A likely duplicate is refused with its row.",
        effect=Effect.CREATE,
        routes=(Route("POST", "/v1/prospects"),),
        args=(
            body("company_id", "From list_companies.", low=1, high=100),
            body("name", "Of the person.", low=1, high=200),
            body("stage", "Of the pipeline.", low=1, high=100, default="prospect"),
            body("next_step", "What to do next.", high=2000),
            body("estimated_value", "In the account's currency.", kind=Kind.NUMBER, low=0, high=1_000_000_000_000_000),
            body("email", "Of the person.", high=320),
            body("title", "Job title.", high=200),
            body("linkedin_url", "URL.", high=2048),
        ),
        rules=(AnyOf(("company_id", "name")),),
        result=Record(noun="prospect", fields=PROSPECT, said="Prospect added."),
        trace=Trace(listed="list_prospects", same=("company_id", "name", "email", "stage"), narrow={"stage": "stage"}),
        twin=Twin(
            listed="list_prospects",
            same=(("company_id", "name"), ("email",), ("linkedin_url",)),
            shown=("id", "company_id", "name", "email", "stage"),
        ),
    ),
    Operation(
        name="list_signals",
        title="List Flintt signals",
        about="Signals: triggers that look for buying signals on a schedule. For what they found use list_runs.",
        effect=Effect.READ,
        routes=(Route("GET", "/v1/signals"),),
        result=Listing(
            rows="signals",
            fields=SIGNAL,
            shown=("id", "name", "description", "status", "frequency", "schedule", "last_run_at"),
            paging=Whole(),
        ),
    ),
    Operation(
        name="get_signal",
        title="Get a Flintt signal",
        about="One signal by id: what it looks for, schedule, status, last run.",
        effect=Effect.READ,
        routes=(Route("GET", "/v1/signals/{signal_id}"),),
        args=(path("signal_id", "From list_signals."),),
        result=Record(noun="signal", fields=SIGNAL),
    ),
    Operation(
        name="create_signal",
        title="Create a Flintt signal",
        about="Create a signal as a draft. It runs only after a person has built it in the Flintt app.",
        effect=Effect.CREATE,
        routes=(Route("POST", "/v1/signals"),),
        args=(
            body("name", "A label.", required=True, low=1, high=160),
            body("description", "What it looks for.", high=5000),
            body("frequency", "How often.", choices=FREQUENCIES),
            body("schedule", SCHEDULE, low=1, high=100),
        ),
        rules=(NotBoth("frequency", "schedule"),),
        result=Record(
            noun="signal",
            fields=SIGNAL,
            said="Signal created. It must be built in the Flintt app before it can run.",
        ),
        trace=Trace(listed="list_signals", same=("name", "description")),
    ),
    Operation(
        name="update_signal",
        title="Update a Flintt signal",
        about="Change a signal; only what is given changes. status pauses or resumes it, but no draft: a person has to build that "
        "in the Flintt app first.",
        effect=Effect.UPDATE,
        routes=(Route("PATCH", "/v1/signals/{signal_id}"),),
        args=(
            path("signal_id", "From list_signals."),
            body("name", "A label.", low=1, high=160),
            body("description", "What it looks for.", high=5000),
            body("status", "Stop or resume.", choices=("active", "paused")),
            body("frequency", "How often.", choices=FREQUENCIES),
            body("schedule", SCHEDULE + " Empty clears it.", high=100, clears=True),
        ),
        rules=(
            AnyOf(("name", "description", "status", "frequency", "schedule")),
            NotBoth("frequency", "schedule"),
        ),
        result=Record(noun="signal", fields=SIGNAL, said="Signal updated."),
        refused="a draft can be neither paused nor resumed: leave status out until a person has built it in the Flintt app; "
        "correct whatever else it names",
    ),
    Operation(
        name="delete_signal",
        title="Delete a Flintt signal",
        about="Delete a signal and ALL its runs and results for good. Ask the person first; to stop it use update_signal (paused).",
        effect=Effect.DESTROY,
        routes=(Route("DELETE", "/v1/signals/{signal_id}"),),
        args=(path("signal_id", "From list_signals."),),
        result=Record(noun="deletion", fields=fields("ok"), said="Signal deleted, with all its runs and results."),
        facts=Facts(
            sees=(
                See(
                    of="get_signal",
                    label="Signal",
                    given={"signal_id": "signal_id"},
                    fields=("name", "status"),
                    needed=True,
                ),
                See(
                    of="list_runs",
                    label="Goes with it",
                    given={"signal_id": "signal_id"},
                    counts="runs",
                    sums={"raw_count": "finds", "valid_count": "valid results"},
                ),
            ),
            for_good="The signal, its runs and their results cannot be brought back.",
        ),
    ),
    Operation(
        name="list_runs",
        title="List Flintt signal runs",
        about="Runs of all signals or of one, newest first, without results: see get_run. Dates need signal_id.",
        effect=Effect.READ,
        routes=(
            Route("GET", "/v1/signals/{signal_id}/runs", when=("from_date", "to_date"), paging=Whole()),
            Route("GET", "/v1/runs"),
        ),
        args=(
            query("signal_id", "Only runs of this one.", low=1, high=100),
            query("from_date", "First day or time.", low=1, high=40, pattern=DATE),
            query("to_date", "Last day or time.", low=1, high=40, pattern=DATE),
        ),
        rules=(Needs("from_date", "signal_id"), Needs("to_date", "signal_id"), InOrder("from_date", "to_date")),
        result=Listing(
            rows="runs",
            fields=RUN,
            shown=(
                "id",
                "signal_id",
                "status",
                "started_at",
                "results_count",
                "raw_count",
                "valid_count",
                "deal_count",
            ),
            paging=Offset(most=50),
            most=50,
        ),
    ),
    Operation(
        name="get_run",
        title="Get a Flintt signal run",
        about="One run with its results: those that were validated (is_valid says how; why now, evidence), then raw finds. Give "
        "signal_id when known.",
        effect=Effect.READ,
        routes=(
            Route("GET", "/v1/signals/{signal_id}/runs/{run_id}", when=("signal_id",)),
            Route("GET", "/v1/runs/{run_id}"),
        ),
        args=(path("run_id", "From list_runs."), query("signal_id", "Its signal.", low=1, high=100)),
        result=Record(noun="run", fields=RUN, head="run", sections=(VALID_RESULTS, RAW_RESULTS)),
        course=Course(
            noun="run",
            arg="run_id",
            done=("completed",),
            failed=("failed",),
            told=("raw_count", "valid_count"),
            then="read its results with get_run",
            after_failure="what it had found by then is in get_run; the signal runs again on its schedule",
        ),
    ),
)

FLINTT_TOOLSET = Toolset(
    name="flintt",
    about="Companies, prospects, signals and runs of a Flintt workspace.",
    api=FLINTT,
    operations=OPERATIONS,
    default=True,
)
