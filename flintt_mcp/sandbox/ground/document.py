"""Finishes the OpenAPI document of an API: what FastAPI leaves generic gets words, and answers say where to go on.

In: an app whose routes are all there, and its links. Out: the same app, whose document is finished when it is first asked for.
Nothing here changes how a request is answered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI

Links = Mapping[str, Mapping[str, Mapping[str, str]]]
"""operationId -> operationId that its success leads to -> {parameter of that: runtime expression}."""
NO_LINKS: Links = {}
GENERIC = "Successful Response"
CHALLENGE = {"WWW-Authenticate": {"description": "How to prove who asks.", "schema": {"type": "string"}}}


def finish_document(app: FastAPI, links: Links = NO_LINKS, schemes: Mapping[str, Any] | None = None) -> None:
    """Let the app show a finished document; `schemes` are security schemes that no route declares by itself."""
    make = app.openapi
    finished: list[dict[str, Any]] = []

    def openapi() -> dict[str, Any]:
        if not finished:
            finished.append(_finished(make(), links, schemes or {}))
        return finished[0]

    app.openapi = openapi


def _finished(document: dict[str, Any], links: Links, schemes: Mapping[str, Any]) -> dict[str, Any]:
    components = document.setdefault("components", {})
    if schemes:
        components.setdefault("securitySchemes", {}).update(schemes)
    for operation in _operations(document):
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "path":
                parameter.setdefault("description", _id_of(parameter["name"]))
        for status, response in operation["responses"].items():
            if response["description"] == GENERIC:
                response["description"] = _described(response, components.get("schemas", {}))
            if status == "401":
                response.setdefault("headers", CHALLENGE)
        _link(operation, links.get(operation["operationId"], {}))
    return document


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (operation for methods in document["paths"].values() for operation in methods.values())


def _id_of(parameter: str) -> str:
    return f"The id of the {parameter.removesuffix('_id').replace('_', ' ')}."


def _described(response: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    """What the model of an answer says of itself."""
    schema = next(iter(response.get("content", {}).values()), {}).get("schema", {})
    if schema.get("type") == "array":
        return f"A list, each item: {_model(schema['items'], schemas)}"
    return _model(schema, schemas)


def _model(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    model = schemas.get(schema.get("$ref", "").rpartition("/")[2], schema)
    inner = model.get("properties", {}).get("data", {})
    return _model(inner, schemas) if "$ref" in inner else model.get("description", "Done.")


def _link(operation: dict[str, Any], targets: Mapping[str, Mapping[str, str]]) -> None:
    success = next(answer for status, answer in operation["responses"].items() if status[0] in "23")
    if targets:
        success["links"] = {
            target: {"operationId": target, "parameters": dict(parameters)} for target, parameters in targets.items()
        }
