"""What the OpenAPI documents of the sandbox promise is what its APIs do: all checks of schemathesis, every operation.

`make fuzz` runs the same with many more examples. A failure shows the check, the request as a curl line, and the answer.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal
from fastapi import FastAPI
from starlette.responses import JSONResponse

from flintt_mcp.sandbox.flintt.running.sources.reach import Reach
from flintt_mcp.sandbox.server import APIS, open_sandbox
from tests.clock import SetClock
from tests.schemathesis.conformance import Failure, Report, check_document
from tests.schemathesis.subjects import SUBJECTS

EXAMPLES = int(os.environ.get("FLINTT_FUZZ_EXAMPLES", "6"))
"""Examples for each operation and each phase that draws them."""


@dataclass(frozen=True, slots=True)
class Excused:
    """Failures that are a rule at work: where, which check, the status, words of the failure or its answer, and the rule."""

    operation: str
    check: str
    status: int
    says: str
    reason: str

    def covers(self, failure: Failure) -> bool:
        """Whether the failure is this rule at work."""
        same = (self.check, self.status) == (failure.check, failure.status)
        return same and self.operation in (ANY, failure.operation) and self.says in failure.told


ANY = "any operation"
ACCEPTANCE = "positive_data_acceptance"
OPAQUE = "A cursor is opaque: its form is documented, and only those that a page gave are taken."
TWICE = "A client proves itself in the header or in the form, never in both (RFC 6749, 2.3); a schema knows no headers."
EXCUSED = {
    "flintt": (
        Excused(
            "PATCH /v1/signals/{signal_id}",
            ACCEPTANCE,
            422,
            '"type":"signal_not_built"',
            "A status is refused while the signal is a draft that is not built; a schema knows no rows.",
        ),
    ),
    "flowpilot": (),
    "flowmaticx": (
        Excused(
            "POST /jobs",
            ACCEPTANCE,
            402,
            '"code":"INSUFFICIENT_CREDITS"',
            "A good request for more leads than there are credits for is answered with 402, which is documented.",
        ),
    ),
    "flextell": (
        Excused("GET /{resource}", ACCEPTANCE, 400, "cursor: take it from meta.cursor", OPAQUE),
        Excused("GET /{parent}/{parent_id}/{resource}", ACCEPTANCE, 400, "cursor: take it from meta.cursor", OPAQUE),
    ),
    "flextell-oauth": (
        Excused(
            "GET /authorize",
            ACCEPTANCE,
            400,
            "No client with this client_id",
            "Clients are registered; for an unknown one the browser is sent nowhere (RFC 6749, 4.1.2.1).",
        ),
        Excused(
            "POST /authorize",
            ACCEPTANCE,
            400,
            "This page is too old or did not come from here",
            "The form is that of a page: its ticket is a MAC over the other fields, so that no other site can post one.",
        ),
        Excused(
            "POST /token",
            ACCEPTANCE,
            400,
            '"error":"invalid_grant"',
            "Codes and refresh tokens are the server's own and can be used once (RFC 6749, 5.2).",
        ),
        Excused("POST /token", ACCEPTANCE, 400, "Send the client's id and secret once.", TWICE),
        Excused("POST /revoke", ACCEPTANCE, 400, "Send the client's id and secret once.", TWICE),
    ),
}
"""Document -> what a check refuses and is right all the same. A row that a run does not meet fails the test: it is stale."""
SELDOM = (
    Excused(
        ANY,
        "negative_data_rejection",
        200,
        "(was integer, became array)",
        "Of a query parameter that is given twice the last counts; in a long run that may be a whole number, such as +0.0.",
    ),
)
"""The same for every document, where only a long run may meet it."""


CHECKS = {
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "positive_data_acceptance",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
    "use_after_free",
    "ensure_resource_availability",
    "ignored_auth",
}
"""The checks that every document meets."""


class MovingClock(SetClock):
    """A quarter of a second for every look: deterministic, and slow enough for the rate limits of the APIs."""

    def __call__(self) -> datetime:
        self.forward(milliseconds=250)
        return self.moment


def run(document: str, folder: Path) -> Report:
    """One run over one document, on a sandbox of its own."""
    subject = SUBJECTS[document]
    sources = folder / "sources"
    sources.mkdir()
    opening = open_sandbox(folder / "data", clock=MovingClock(), sources=Reach(folder=sources))
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(opening) as sandbox:
        values = portal.call(subject.prepare, sandbox)
        path, auth = f"/{document}/openapi.json", subject.auth(sandbox)
        return check_document(sandbox.app, path, examples=EXAMPLES, auth=auth, values=values)


def complaints(document: str, report: Report) -> Iterator[str]:
    """Everything about a run that is not as it should be."""
    met = set()
    for failure in report.failures:
        covering = [row for row in (*EXCUSED[document], *SELDOM) if row.covers(failure)]
        met.update(covering)
        if not covering:
            yield f"{failure.operation} {failure.check} {failure.status}\n{failure.told}"
    yield from report.errors
    yield from (f"{operation}: no answer was a success" for operation in sorted(report.never_succeeded()))
    yield from (f"{row.operation}: nothing met {row.says!r}" for row in EXCUSED[document] if row not in met)


@pytest.mark.parametrize("document", SUBJECTS)
def test_every_operation_answers_as_its_document_says(document, tmp_path):
    report = run(document, tmp_path)
    print(f"{document}: {report.cases} requests to {len(report.documented)} operations")

    assert "\n\n".join(complaints(document, report)) == ""
    assert report.checks >= CHECKS


def test_every_document_of_the_sandbox_is_run():
    assert set(SUBJECTS) == set(EXCUSED) == {listed.prefix for api in APIS for listed in api.listed}


def test_an_app_that_does_not_keep_its_document_is_found_out():
    app = FastAPI()

    @app.get("/failing")
    def failing() -> JSONResponse:
        return JSONResponse({}, 500)

    @app.get("/crashing")
    def crashing() -> dict[str, int]:
        raise ValueError

    @app.get("/other", responses={200: {"content": {"application/json": {"schema": {"type": "string"}}}}})
    def other() -> dict[str, int]:
        return {"number": 1}

    report = check_document(app, "/openapi.json", examples=2)

    assert {(failure.operation, failure.check) for failure in report.failures} == {
        ("GET /failing", "not_a_server_error"),
        ("GET /failing", "status_code_conformance"),
        ("GET /other", "response_schema_conformance"),
    }
    assert {error.partition(":")[0] for error in report.errors} == {"GET /crashing"}
    assert report.never_succeeded() == {"GET /failing", "GET /crashing"}
