"""Output schemas: they name what an API documents, and hold nothing against what it may send."""

from __future__ import annotations

from jsonschema import Draft202012Validator

from flintt_mcp.catalogue.result import Listing, Whole, fields
from flintt_mcp.rest.reading.output_schema import output_schema

LISTING = Listing(rows="rows", fields=fields("id", "text"), paging=Whole())


def test_an_output_schema_takes_what_an_api_may_add() -> None:
    validator = Draft202012Validator(output_schema(LISTING))
    table = {"columns": ["id", "text", "new"], "rows": [[None, 7, []], [{}, None, 3]]}
    validator.validate({"rows": table, "count": 2, "complete": True, "new": 1})
    assert not validator.is_valid({"rows": table, "count": 0})
    assert not validator.is_valid({"rows": [], "count": 0, "complete": True})
