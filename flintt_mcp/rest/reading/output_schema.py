"""The output schema of a tool, from the row that says what its operation answers. Pure.

In: a record or a listing of the catalogue. Out: JSON Schema of what `results.py` makes of it. Fields of the API are named and
not typed: clients raise when content breaks its schema, so that it must promise no more than the API's text does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flintt_mcp.catalogue.result import Field, Listing, Record


def output_schema(result: Record | Listing) -> dict[str, Any]:
    """The JSON Schema of a result. Fields of the API are named, not typed: an added field, a null or another type passes."""
    count = {"type": "integer", "minimum": 0}
    margin = {
        "total": {**count, "description": "Rows in the whole list, where known."},
        "cap": {**count, "description": "The most rows that the API gives, where the list has reached it."},
        "left_out": {**count, "description": "Rows of this page left out for size; the cursor brings them."},
        "not_shown": {"type": "array", "items": {"type": "string"}, "description": "Columns left out; see fields."},
        "next_cursor": {"type": "string", "description": "Give as cursor for the next page."},
        "note": {"type": "string"},
        "hint": {"type": "string", "description": "On rows that are not listed."},
    }
    complete = {"type": "boolean", "description": "False when there is more than this."}
    if isinstance(result, Listing):
        properties = {result.rows: table_schema(result.columns), "count": count, "complete": complete, **margin}
        return {"type": "object", "properties": properties, "required": [result.rows, "count", "complete"]}
    properties = {result.noun: _row_schema(result.fields)}
    required = [result.noun]
    if result.sections:
        properties |= {section.name: table_schema(section.fields) for section in result.sections}
        properties |= {"complete": complete, **margin}
        required += [*(section.name for section in result.sections), "complete"]
    if result.secrets:
        properties["secret_file"] = {"type": "string", "description": "Private file that holds what is shown once."}
        properties["secret_link"] = {"type": "string", "description": "Where the person reads it, once."}
    return {"type": "object", "properties": {**properties, "note": {"type": "string"}}, "required": required}


def table_schema(documented: Sequence[Field]) -> dict[str, Any]:
    """The schema of a table: each of its rows holds the values of its columns in their order, null for what is empty."""
    properties = {
        "columns": {"type": "array", "items": {"type": "string"}, "description": _columns(documented)},
        "rows": {"type": "array", "items": {"type": "array"}, "description": "Values in the order of columns."},
        "same_in_all": {"type": "object", "description": "Columns that hold one value in all rows."},
    }
    return {"type": "object", "properties": properties, "required": ["columns", "rows"]}


def _columns(documented: Sequence[Field]) -> str:
    """What may stand in `columns`, and what is said of it."""
    told = (f"{field.name} ({about})" if (about := _about(field)) else field.name for field in documented)
    return f"Some of: {', '.join(told)}." if documented else "Names."


def _about(field: Field) -> str:
    return field.about or ("decimal" if field.money else "")


def _row_schema(documented: Sequence[Field]) -> dict[str, Any]:
    described = {
        field.name: {"type": "string", "description": _about(field)}
        if field.money
        else ({"description": field.about} if field.about else {})
        for field in documented
    }
    return {"type": "object", "properties": described}
