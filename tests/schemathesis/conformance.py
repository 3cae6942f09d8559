"""One run of schemathesis over one OpenAPI document, in process: what was sent, what was answered, what does not conform.

In: an ASGI app, the path of its document, credentials, values that parameters may take. Out: a `Report`. No socket is opened. The
seed is fixed and Hypothesis derandomised; only ids and secrets that the app draws itself differ from run to run.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from hypothesis import strategies
from schemathesis.core.result import Ok
from schemathesis.engine import Status, events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder

from tests.certain import of_kind

CRON = ("0 8 * * 1-5", "*/15 * * * *", "30 6 1 * *", "0 0 * * 0")
"""The one format of the documents that schemathesis does not know."""

schemathesis.openapi.format("cron", strategies.sampled_from(CRON))


@dataclass(frozen=True, slots=True)
class Values:
    """Values for a parameter (`path.run_id`, `query.cursor`, `body.client_id`) of some operations, and how often they are taken."""

    operations: Sequence[str]
    parameter: str
    values: Sequence[str]
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Failure:
    """An answer that a check refuses; `told` holds the reason, the request and the answer."""

    operation: str
    check: str
    status: int | None
    told: str


@dataclass(slots=True)
class Report:
    """What a run saw: statuses by operation, the checks that were made, failures, and what kept an operation from being run."""

    statuses: defaultdict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    checks: set[str] = field(default_factory=set)
    failures: list[Failure] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    documented: set[str] = field(default_factory=set)

    @property
    def cases(self) -> int:
        return sum(counted.total() for counted in self.statuses.values())

    def never_succeeded(self) -> set[str]:
        """Operations none of whose answers was a success: what is below their first check was not reached."""
        return {
            operation
            for operation in self.documented
            if not any(200 <= status < 400 for status in self.statuses[operation])
        }


def check_document(
    app: Any, path: str, *, examples: int, auth: Mapping[str, Any] | None = None, values: Sequence[Values] = ()
) -> Report:
    """Run every phase (examples, coverage, fuzzing, stateful) with every check; `auth` goes by security scheme."""
    config = schemathesis.Config.from_dict(_config(examples, auth or {}, values))
    schema = schemathesis.openapi.from_asgi(path, app, config=config)
    report = Report()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            _note(report, event.phase.value, event.recorder)
        elif isinstance(event, events.NonFatalError):
            report.errors.append(f"{event.label}: {event.info.title}: {event.info.message}")
        elif isinstance(event, events.FatalError):
            raise event.exception
    report.documented = {of_kind(Ok, operation).ok().label for operation in schema.get_all_operations()}
    return report


def _config(examples: int, auth: Mapping[str, Any], values: Sequence[Values]) -> dict[str, Any]:
    return {
        "seed": 20260320,
        "generation": {"max-examples": examples, "deterministic": True, "database": "none", "no-shrink": True},
        "phases": {"examples": {"fill-missing": True}},
        "continue-on-failure": True,
        "suppress-health-check": ["all"],  # they look at the clock, and a shared machine has slow moments
        "cache": {"enabled": False},
        "analysis": {"constants": {"enabled": False}},  # values from the sources would change with every commit
        **({"auth": {"openapi": dict(auth)}} if auth else {}),
        "dictionaries": {f"values-{number}": {"values": list(row.values)} for number, row in enumerate(values)},
        "operations": [
            # One entry for each operation: of several that match, the parameters of one alone would count.
            {"include-operation-id": operation, "parameters": _bindings(operation, values)}
            for operation in dict.fromkeys(operation for row in values for operation in row.operations)
        ],
    }


def _bindings(operation: str, values: Sequence[Values]) -> dict[str, Any]:
    return {
        row.parameter: {"dictionary": f"values-{number}", "probability": row.share}
        for number, row in enumerate(values)
        if operation in row.operations
    }


def _note(report: Report, phase: str, recorder: ScenarioRecorder) -> None:
    for case_id, interaction in recorder.interactions.items():
        # Requests that a check makes of its own are recorded as cases too.
        operation = recorder.cases[case_id].value.operation.label
        report.statuses[operation][interaction.response.status_code if interaction.response else 0] += 1
    for case_id, checks in recorder.checks.items():
        case, response = recorder.cases[case_id].value, recorder.interactions[case_id].response
        for check in checks:
            report.checks.add(check.name)
            if check.status is Status.SUCCESS:
                continue
            failure = check.failure_info.failure if check.failure_info else None
            answer = response.content.decode(errors="replace") if response else ""
            told = f"{phase}: {failure.title if failure else ''}: {failure.message if failure else ''}\n"
            report.failures.append(
                Failure(
                    case.operation.label,
                    check.name,
                    response.status_code if response else None,
                    f"{told}{case.as_curl_command()}\n{answer[:500]}",
                )
            )
