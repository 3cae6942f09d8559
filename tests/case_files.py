"""The case files: what a call sends and what comes of it, as the API documents say, one file per operation.

    {"source": which document and place, "cases": [{
        "name": a sentence,
        "arguments": as a client gives them,
        "request": {"method", "url" below the base URL, "body" as JSON, and where it matters "headers" and "raw" text of the body},
        "reply": {"status", "headers", "body" as JSON or "raw" text},
        "structured": {...}, "text": [lines]}]}                     or "error": [lines]

Where one call makes several requests, `request` and `reply` are lists; where it makes none they are null. `<cursor>` stands for
the cursor that the result holds; as an argument, for the one that the case before it gave. `<any>` stands for any value.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flintt_mcp.catalogue import TOOLSETS
from flintt_mcp.catalogue.operation import Api, Operation

CASES = Path(__file__).parent / "cases"
CURSOR = "<cursor>"
SECRET_FILE = "<secret_file>"
ANY = "<any>"


@dataclass(frozen=True)
class Case:
    """One case of one operation; `before` is the case whose cursor this one goes on with."""

    api: Api
    operation: Operation
    told: dict[str, Any]
    before: Case | None = None

    @property
    def label(self) -> str:
        return f"{self.operation.name}: {self.told['name']}"

    @property
    def requests(self) -> list[dict[str, Any]]:
        return _several(self.told["request"])

    @property
    def replies(self) -> list[dict[str, Any]]:
        return _several(self.told["reply"])


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def file_of(api: Api, operation: Operation) -> Path:
    """Where the cases of an operation are."""
    return CASES / api.name / f"{operation.name}.json"


def every_operation() -> list[tuple[Api, Operation]]:
    """Every operation of the catalogue with its API."""
    return [(toolset.api, operation) for toolset in TOOLSETS for operation in toolset.operations]


def every_case() -> Iterator[Case]:
    """All cases of all operations that have a file."""
    for api, operation in every_operation():
        before = None
        if file_of(api, operation).exists():
            for told in json.loads(file_of(api, operation).read_text("utf-8"))["cases"]:
                goes_on = told["arguments"].get("cursor") == CURSOR
                before = Case(api, operation, told, before if goes_on else None)
                yield before


def same(expected: Any, found: Any) -> bool:
    """Whether two JSON values are equal, where `<any>` equals everything and 1, 1.0 and true are three values."""
    if expected == ANY:
        return True
    if isinstance(expected, dict) and isinstance(found, dict):
        return expected.keys() == found.keys() and all(same(expected[name], found[name]) for name in expected)
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(map(same, expected, found))
    return type(expected) is type(found) and expected == found


def filled(value: Any, cursor: str | None, secret_file: str = SECRET_FILE) -> Any:
    """The value with the real cursor where `<cursor>` stands."""
    if isinstance(value, str):
        return value.replace(CURSOR, CURSOR if cursor is None else cursor).replace(SECRET_FILE, secret_file)
    if isinstance(value, dict):
        return {name: filled(item, cursor, secret_file) for name, item in value.items()}
    return [filled(item, cursor, secret_file) for item in value] if isinstance(value, list) else value
