"""Work that takes long, as an API tells it: from the answer of a reading operation to where the work stands. Pure.

In: the course of such an operation, and its answers. Out: a `Standing`. States are compared in any case; one that the API's text
does not name means that the work goes on. What the API says is quoted, bounded and cleaned.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from flintt_mcp.calls.reply import Done
from flintt_mcp.calls.standing import Begun, Stage, Standing, Watched
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue.argument import Place
from flintt_mcp.catalogue.course import Course, Long
from flintt_mcp.catalogue.operation import Api, Operation
from flintt_mcp.catalogue.result import Record
from flintt_mcp.text import excerpt

_LONGEST = 60


def watched_by(api: Api, operation: Operation) -> Watched | None:
    """What this operation shows of work that takes long, if it does."""
    course, record = operation.course, operation.result
    if course is None or not isinstance(record, Record):
        return None
    arg = next(arg for arg in operation.args if arg.name == course.arg)
    about = f"{api.title} {course.noun.replace('_', ' ')} id."
    return Watched(
        noun=course.noun,
        arg=replace(arg, about=about, place=Place.LOCAL),
        stands=lambda done: standing_of(course, f"The {api.title} {course.noun.replace('_', ' ')}", record.noun, done),
        pause=course.pause,
        aside={"limit": 1} if record.can_grow else {},
    )


def begun_by(long: Long, record: Record, by: Tool) -> Begun:
    """What an operation of that record begins, which the tool `by` shows."""
    assert by.watched is not None
    arg, aside = by.watched.arg.name, by.watched.aside

    def given(done: Done) -> Mapping[str, Any]:
        return {arg: (done.structured or {})[record.noun].get(long.id), **aside}

    return Begun(by, given)


def standing_of(course: Course, subject: str, noun: str, done: Done) -> Standing:
    """Where work stands by an answer that holds its record under `noun`; `subject` names it to a reader."""
    record = (done.structured or {}).get(noun, {})
    status = record.get(course.status)
    stage, person = stage_of(course, status), _person(course, status)
    far = ", ".join(f"{name} {_quoted(record[name])}" for name in course.told if record.get(name) is not None)
    said = f"{subject} is {_quoted(status)}{f' ({far})' if far else ''}"
    then = {Stage.DONE: course.then, Stage.FAILED: course.after_failure, Stage.PERSON: person}.get(stage, "")
    requests = {f"{course.noun}_{status}".lower(): _notice(f"{said}: {person}.")} if stage is Stage.PERSON else {}
    return Standing(stage=stage, said=said, next=then, told=Done(done.text, {noun: record}), requests=requests)


def stage_of(course: Course, status: Any) -> Stage:
    """What a state of the API means; anything that no row names means that the work goes on."""
    word = status.casefold() if isinstance(status, str) else None
    rows = ((Stage.DONE, course.done), (Stage.FAILED, course.failed), (Stage.PERSON, course.person))
    return next((stage for stage, states in rows for state in states if state.casefold() == word), Stage.WORKING)


def _person(course: Course, status: Any) -> str:
    """What a person has to do in that state, if anything."""
    word = status.casefold() if isinstance(status, str) else None
    return next((text for state, text in course.person.items() if state.casefold() == word), "")


def _notice(message: str) -> dict[str, Any]:
    """A form without fields, which tells a person something and approves nothing."""
    text = f"{message} This form approves nothing; it is not shown again."
    params = {"mode": "form", "message": text, "requestedSchema": {"type": "object", "properties": {}}}
    return {"method": "elicitation/create", "params": params}


def _quoted(value: Any) -> str:
    return excerpt(str(value), _LONGEST)
