"""A small OpenAPI document of the stub, for FastMCP.from_openapi: the eleven operations behind the product's keyed tools.

It is written as an API's own document would be: parameters, request bodies and response schemas from the API's public
description. The product does not read it.
"""

from __future__ import annotations

from typing import Any


def _string(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


def _optional(description: str) -> dict[str, Any]:
    return {"type": ["string", "null"], "description": description}


_COMPANY = {
    "id": _string("UUID of the company."),
    "user_id": _string("UUID of the owner."),
    "name": _string("Company name."),
    "sector": _optional("Industry sector."),
    "size": _optional('Headcount range, e.g. "51-200".'),
    "website": _optional("Company website URL."),
    "estimated_revenue": _optional("Revenue estimate."),
    "logo_url": _optional("URL of the company logo."),
    "enrichment_data": {"type": "object", "description": "Enrichment found for the company."},
    "created_at": _string("ISO 8601 creation timestamp."),
    "updated_at": _string("ISO 8601 timestamp of the last change."),
}
_PROSPECT = {
    "id": _string("UUID of the deal."),
    "company_id": _optional("UUID of the company."),
    "stage": _string("Pipeline stage key."),
    "next_step": _optional("Short note on the next action."),
    "estimated_value": {"type": ["number", "null"], "description": "Deal value in your account currency."},
    "created_at": _string("ISO 8601 creation timestamp."),
    "updated_at": _string("ISO 8601 timestamp of the last change."),
}
_SIGNAL = {
    "id": _string("UUID of the signal."),
    "name": _string("Display name."),
    "description": _optional("What the signal looks for."),
    "frequency": _optional("daily, weekly or monthly."),
    "status": _string("active, paused or draft."),
    "tool_count": {"type": "integer", "description": "Number of tools."},
    "last_run_at": _optional("ISO 8601 timestamp of the last run."),
    "created_at": _string("ISO 8601 creation timestamp."),
}
_RUN = {
    "id": _string("UUID of the run."),
    "signal_id": _string("UUID of the parent signal."),
    "status": _string("pending, running, completed or failed."),
    "run_mode": _string("How the run was started."),
    "started_at": _optional("ISO 8601 start timestamp."),
    "ended_at": _optional("ISO 8601 end timestamp."),
}
_SIGNAL_ID = {"name": "signal_id", "in": "path", "required": True, "schema": _string("UUID of the signal.")}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def _list_of(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": _object(properties)}


def _query(name: str, description: str, kind: str = "string") -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": {"type": kind, "description": description}}


def _operation(
    name: str, summary: str, result: dict[str, Any], parameters: list[Any] | None = None, body: list[str] | None = None
) -> dict[str, Any]:
    content = {"application/json": {"schema": result}}
    operation: dict[str, Any] = {
        "operationId": name,
        "summary": summary,
        "parameters": parameters or [],
        "responses": {"200": {"description": "Success", "content": content}},
    }
    if body:
        schema = _object({field: _string(field.replace("_", " ")) for field in body})
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return operation


def document(base_url: str) -> dict[str, Any]:
    """The document, with the stub's base URL as its server."""
    paths = {
        "/v1/companies": {
            "get": _operation(
                "list_companies",
                "List all companies in your workspace, ordered by most recently updated.",
                _list_of(_COMPANY),
                [_query("name", "Filter by company name (case-insensitive partial match).")],
            ),
            "post": _operation(
                "create_company",
                "Add a company to your workspace.",
                _object(_COMPANY),
                body=["name", "sector", "size", "website", "estimated_revenue", "logo_url"],
            ),
        },
        "/v1/prospects": {
            "get": _operation(
                "list_prospects",
                "List pipeline deals, optionally filtered by stage.",
                _list_of(_PROSPECT),
                [_query("stage", "Filter by stage key."), _query("limit", "Max results (1-100).", "integer")],
            ),
            "post": _operation(
                "create_prospect",
                "Create a pipeline deal for an existing company.",
                _object(_PROSPECT),
                body=["company_id", "name", "email", "title", "stage", "next_step"],
            ),
        },
        "/v1/signals": {
            "get": _operation("list_signals", "List all signals in your workspace.", _list_of(_SIGNAL)),
            "post": _operation(
                "create_signal",
                "Create a new signal. A signal must be built before it can run.",
                _object(_SIGNAL),
                body=["name", "description", "frequency"],
            ),
        },
        "/v1/signals/{signal_id}": {
            "get": _operation("get_signal", "Retrieve a single signal by ID.", _object(_SIGNAL), [_SIGNAL_ID]),
            "patch": _operation(
                "update_signal",
                "Update a signal's name, description, frequency or status.",
                _object(_SIGNAL),
                [_SIGNAL_ID],
                ["name", "description", "frequency", "status"],
            ),
            "delete": _operation(
                "delete_signal",
                "Permanently delete a signal and all its associated runs and results.",
                _object({"ok": {"type": "boolean"}}),
                [_SIGNAL_ID],
            ),
        },
        "/v1/runs": {
            "get": _operation(
                "list_runs",
                "List all signal runs, newest first.",
                _list_of(_RUN),
                [
                    _query("signal_id", "Filter runs for a specific signal."),
                    _query("limit", "Max results. Defaults to 50.", "integer"),
                    _query("offset", "Pagination offset. Defaults to 0.", "integer"),
                ],
            )
        },
        "/v1/runs/{run_id}": {
            "get": _operation(
                "get_run",
                "Retrieve a single run and its results.",
                _object({"run": _object(_RUN)}),
                [{"name": "run_id", "in": "path", "required": True, "schema": _string("UUID of the run.")}],
            )
        },
    }
    info = {"title": "Flintt API", "version": "v1"}
    return {"openapi": "3.1.0", "info": info, "servers": [{"url": base_url}], "paths": paths}
