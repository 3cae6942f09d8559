"""Where work stands, by what the APIs' texts say of their states, and by whatever else an API may say."""

from __future__ import annotations

from typing import Any

import pytest

from flintt_mcp.calls.reply import Done
from flintt_mcp.calls.standing import Stage, Standing
from flintt_mcp.catalogue import TOOLSETS
from flintt_mcp.catalogue.operation import Operation
from flintt_mcp.catalogue.result import Record
from flintt_mcp.rest.courses import watched_by
from tests.certain import of_kind, there

ROWS = {row.name: (toolset, row) for toolset in TOOLSETS for row in toolset.operations}
FLINTT, JOB, PAYMENT = "get_run", "flowmaticx_get_job", "flowpilot_get_run"


def stands(tool: str, **record: Any) -> Standing:
    toolset, row = ROWS[tool]
    noun = of_kind(Record, row.result).noun
    return there(watched_by(toolset.api, row)).stands(Done(text="as told", structured={noun: record}))


@pytest.mark.parametrize(
    ("tool", "status", "stage"),
    [
        (FLINTT, "pending", Stage.WORKING),
        (FLINTT, "running", Stage.WORKING),
        (FLINTT, "completed", Stage.DONE),
        (FLINTT, "failed", Stage.FAILED),
        (JOB, "queued", Stage.WORKING),
        (JOB, "QUEUED", Stage.WORKING),
        (JOB, "RUNNING", Stage.WORKING),
        (JOB, "COMPLETED", Stage.DONE),
        (JOB, "completed", Stage.DONE),
        (JOB, "FAILED", Stage.FAILED),
        (JOB, "TIMED_OUT", Stage.FAILED),
        (PAYMENT, "pending", Stage.WORKING),
        (PAYMENT, "planning", Stage.WORKING),
        (PAYMENT, "scoring", Stage.WORKING),
        (PAYMENT, "awaiting_approval", Stage.PERSON),
        (PAYMENT, "completed", Stage.DONE),
        (PAYMENT, "failed", Stage.FAILED),
        (PAYMENT, "a state of tomorrow", Stage.WORKING),
        (PAYMENT, "", Stage.WORKING),
        (PAYMENT, None, Stage.WORKING),
        (PAYMENT, 7, Stage.WORKING),
        (PAYMENT, ["completed"], Stage.WORKING),
    ],
)
def test_a_state_means_what_the_text_of_its_api_says(tool: str, status: Any, stage: Stage) -> None:
    assert stands(tool, status=status).stage is stage


def test_a_record_without_a_state_is_work_that_goes_on() -> None:
    assert stands(JOB).stage is Stage.WORKING


def test_what_is_over_says_what_to_do_next_and_shows_its_record() -> None:
    job = stands(JOB, status="COMPLETED", progress=100, foundLeads=47, creditsUsed=94)
    assert job.said == "The FlowMaticX job is COMPLETED (progress 100, foundLeads 47, creditsUsed 94)"
    assert job.next == "read its leads with flowmaticx_list_leads"
    assert there(job.told).structured == {
        "job": {"status": "COMPLETED", "progress": 100, "foundLeads": 47, "creditsUsed": 94}
    }
    assert "ask the person before another job" in stands(JOB, status="TIMED_OUT").next


def test_a_person_is_told_in_a_form_without_fields_that_approves_nothing() -> None:
    (request,) = stands(PAYMENT, status="awaiting_approval").requests.values()
    assert request["method"] == "elicitation/create"
    assert request["params"]["requestedSchema"] == {"type": "object", "properties": {}}
    assert "This form approves nothing" in request["params"]["message"]


def test_what_an_api_says_is_bounded_and_cleaned() -> None:
    said = stands(JOB, status="x" * 5_000 + "\u202e\x00", progress="\u200b" * 9).said
    assert len(said) < 400
    assert not {"\u202e", "\x00", "\u200b"} & set(said)


def long_ones() -> list[tuple[str, Operation]]:
    return [(name, row) for name, (_, row) in ROWS.items() if row.long is not None]


def test_every_call_that_begins_work_names_an_operation_of_its_toolset_that_shows_it() -> None:
    assert [name for name, _ in long_ones()] == ["flowpilot_create_run", "flowmaticx_create_job"]
    for name, row in long_ones():
        toolset, shows = ROWS[there(row.long).of]
        assert toolset is ROWS[name][0]
        assert shows.course is not None
        assert there(row.long).id in {field.name for field in of_kind(Record, row.result).fields}


def test_every_name_that_a_course_gives_to_read_is_that_of_a_tool() -> None:
    import re

    courses = [row.course for _, row in ROWS.values() if row.course is not None]
    text = " ".join(f"{course.then} {course.after_failure}" for course in courses)
    assert set(re.findall(r"\b\w+_(?:list|get)_\w+|\b(?:list|get)_\w+", text)) <= ROWS.keys()
