"""A tool and the sandbox of its API allow the same: neither a longer text or list, nor a number further out.

The texts are silent about most limits. Where a tool allows more, the sandbox refuses what the tool's own schema let through; where
it allows less, the tool cannot say what the API takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from flintt_mcp.catalogue.argument import Arg, Kind, Place
from flintt_mcp.catalogue.operation import Api, Operation
from flintt_mcp.sandbox.server import documents
from scripts.handbook.documented import shape
from tests.case_files import every_operation

HIGHEST = {Kind.TEXT: "maxLength", Kind.TEXTS: "maxItems", Kind.INTEGER: "maximum", Kind.NUMBER: "maximum"}
LOWEST = {Kind.INTEGER: "minimum", Kind.NUMBER: "minimum"}
TOLD = (Place.QUERY, Place.BODY)
EMPTY = {"type": "string", "maxLength": 0}
"""What clears a field."""

document = cache(documents)


def parts(api: str, schema: Any) -> Iterator[dict[str, Any]]:
    """A schema with everything that it refers to or is made of."""
    schema = document()[api]["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema
    yield schema
    for part in schema.get("anyOf", ()):
        yield from parts(api, part)


def described(api: str, operation: Operation) -> Iterator[tuple[Arg, dict[str, Any]]]:
    """The arguments that an operation tells its API, each with every schema that the sandbox's document has for it."""
    for route in operation.routes:
        paths = {shape(path): item for path, item in document()[api]["paths"].items()}
        at = paths.get(shape(route.path), {}).get(route.method.lower())
        assert at is not None, f"the sandbox of {api} lacks {route.method} {route.path}"
        body = at.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
        places = {
            Place.QUERY: {one["name"]: one["schema"] for one in at.get("parameters", ()) if one["in"] == "query"},
            Place.BODY: {name: one for part in parts(api, body) for name, one in part.get("properties", {}).items()},
        }
        for arg in operation.args:
            if arg.place in TOLD and arg.wire_name in places[arg.place]:
                yield from ((arg, part) for part in parts(api, places[arg.place][arg.wire_name]))


@pytest.mark.parametrize(("api", "operation"), every_operation(), ids=lambda part: part.name)
def test_a_tool_and_the_sandbox_set_the_same_limits(api: Api, operation: Operation) -> None:
    differing = [
        f"{arg.name}: {ours} and {part[limit]}"
        for arg, part in described(api.beside or api.name, operation)
        for ours, limit in ((arg.high, HIGHEST.get(arg.kind)), (arg.low, LOWEST.get(arg.kind)))
        if limit in part and part != EMPTY and part[limit] != ours
    ]

    assert differing == []


def test_every_argument_that_is_told_to_an_api_is_described_by_its_sandbox() -> None:
    told = {
        (one.name, arg.name)
        for _, one in every_operation()
        for arg in one.args
        if arg.place in TOLD and not any(arg.name in route.fields for route in one.routes)
    }
    found = {
        (one.name, arg.name) for api, one in every_operation() for arg, _ in described(api.beside or api.name, one)
    }

    assert told - found == set()
