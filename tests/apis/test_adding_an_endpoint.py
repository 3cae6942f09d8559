"""docs/adding-an-endpoint.md does what it says: each row and each case on it are added to copies and run."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from msgspec.structs import replace

import flintt_mcp.offers.toolsets
import scripts.handbook.documented
from flintt_mcp.catalogue import TOOLSETS
from flintt_mcp.catalogue.flextell import _resource
from flintt_mcp.catalogue.operation import Operation, Toolset
from flintt_mcp.offers.handbook.documents import default_folder
from tests import case_files, test_cases
from tests.fake_api import FakeApi, open_fake

pytestmark = pytest.mark.anyio

PAGE = (default_folder() / "adding-an-endpoint.md").read_text("utf-8")


@dataclass(frozen=True)
class Lesson:
    """One API's part of the page: where its row goes, the row, where its case goes, the case."""

    title: str
    module: str
    row: str
    case_path: str
    case: str

    def operation(self) -> Operation:
        """The row, read where it would stand."""
        names = vars(import_module(f"flintt_mcp.catalogue.{self.module}")) | {"resource": _resource(())}
        (operation,) = eval(f"({self.row})", dict(names))
        return operation

    @property
    def toolset(self) -> Toolset:
        return next(toolset for toolset in TOOLSETS if toolset.name == self.module)


def _lessons() -> Iterator[Lesson]:
    for part in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]:
        module = re.search(r"`flintt_mcp/catalogue/(\w+)\.py`", part)
        row = re.search(r"```python\n(.*?)```", part, re.DOTALL)
        path = re.search(r"`(tests/cases/[\w/-]+\.json)`", part)
        case = re.search(r"```json\n(.*?)```", part, re.DOTALL)
        if module and row and path and case:
            yield Lesson(part.split("\n")[0], module[1], row[1], path[1], case[1])


LESSONS = list(_lessons())
each_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.title)


@pytest.fixture
def cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of all case files, which the walker reads in place of them."""
    copy = tmp_path / "tests" / "cases"
    shutil.copytree(case_files.CASES, copy)
    monkeypatch.setattr(case_files, "CASES", copy)
    monkeypatch.setattr(test_cases, "CASES", copy)
    return copy


def add_row(lesson: Lesson, monkeypatch: pytest.MonkeyPatch) -> Operation:
    """The one line in the catalogue."""
    operation = lesson.operation()
    more = tuple(
        replace(toolset, operations=(*toolset.operations, operation)) if toolset.name == lesson.module else toolset
        for toolset in TOOLSETS
    )
    for room in (flintt_mcp.offers.toolsets, case_files):
        monkeypatch.setattr(room, "TOOLSETS", more)
    return operation


def test_the_page_has_a_lesson_for_every_api() -> None:
    assert {lesson.toolset.api.title for lesson in LESSONS} == {toolset.api.title for toolset in TOOLSETS}
    for lesson in LESSONS:
        name = lesson.operation().name
        assert lesson.case_path == f"tests/cases/{lesson.toolset.api.name}/{name}.json"
        assert name not in {operation.name for toolset in TOOLSETS for operation in toolset.operations}


@each_lesson
async def test_one_row_and_one_case_make_a_tool_that_does_what_the_case_says(
    lesson: Lesson, cases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = add_row(lesson, monkeypatch)
    (cases / lesson.case_path.removeprefix("tests/cases/")).write_text(lesson.case, "utf-8")
    test_cases.test_every_operation_has_its_cases(lesson.toolset.api, operation)
    test_cases.test_every_case_file_has_its_operation()
    test_cases.test_every_case_file_says_where_its_cases_come_from(
        cases / lesson.toolset.api.name / f"{operation.name}.json"
    )
    mine = [case for case in case_files.every_case() if case.operation.name == operation.name]
    assert len(mine) == len(json.loads(lesson.case)["cases"]) >= 2
    fake = FakeApi()
    async with open_fake(tmp_path / "data", fake) as app:
        for case in mine:
            await test_cases._walk(app, fake, case)
        wire = {tool.name: tool.wire for tool in app.inventory.visible_to(app.caller)}[operation.name]
    _describes(wire, operation)


def _describes(wire: dict[str, Any], operation: Operation) -> None:
    """The tool is told with its arguments, its result and the hints of its effect."""
    schema = wire["inputSchema"]
    Draft202012Validator.check_schema(schema)
    Draft202012Validator.check_schema(wire["outputSchema"])
    assert schema.get("required", []) == [arg.name for arg in operation.args if arg.required]
    assert set(schema["properties"]) - {"fields", "limit", "cursor", "intent_id"} == {
        arg.name for arg in operation.args
    }
    assert wire["annotations"]["readOnlyHint"] is operation.effect.reads
    assert wire["annotations"]["destructiveHint"] is operation.effect.destructive


@each_lesson
def test_without_the_case_the_walker_fails_and_names_the_file_to_write(
    lesson: Lesson, cases: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = add_row(lesson, monkeypatch)
    assert (lesson.toolset.api, operation) in case_files.every_operation()
    with pytest.raises(pytest.fail.Exception, match=re.escape(f"write {lesson.case_path} from the API's document")):
        test_cases.test_every_operation_has_its_cases(lesson.toolset.api, operation)


@each_lesson
def test_without_the_row_the_walker_says_that_the_case_belongs_to_nothing(lesson: Lesson, cases: Path) -> None:
    (cases / lesson.case_path.removeprefix("tests/cases/")).write_text(lesson.case, "utf-8")
    with pytest.raises(AssertionError):
        test_cases.test_every_case_file_has_its_operation()


@each_lesson
def test_an_endpoint_that_no_text_documents_is_asked_about(lesson: Lesson) -> None:
    route = lesson.operation().routes[0]
    documented = {row.call for row in scripts.handbook.documented.ENDPOINTS if row.api == lesson.toolset.api.name}
    assert f"{route.method} {scripts.handbook.documented.shape(route.path)}" not in documented
