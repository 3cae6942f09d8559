"""Finishes the OpenAPI document of an API: what FastAPI leaves generic gets words, and answers say where to go on.

In: what FastAPI makes of the routes, and links between them. Out: the finished document. Nothing here changes how a request is
answered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI

Links = Mapping[str, Mapping[str, Mapping[str, str]]]
"""operationId -> operationId that its success leads to -> {parameter of that: runtime expression}."""
GENERIC = "Successful Response"
CHALLENGE = {"WWW-Authenticate": {"description": "How to prove who asks.", "schema": {"type": "string"}}}


class DocumentedApp(FastAPI):
    """An app whose document is finished when it is first asked for; `schemes` are security schemes that no route declares."""

    def __init__(self, *, links: Links, schemes: Mapping[str, Any], **settings: Any) -> None:
        super().__init__(**settings)
        self._links = links
        self._schemes = schemes

    def openapi(self) -> dict[str, Any]:
        """The document, finished."""
        if self.openapi_schema is None:
            _finish(super().openapi(), self._links, self._schemes)
        return super().openapi()


def _finish(document: dict[str, Any], links: Links, schemes: Mapping[str, Any]) -> None:
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


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (operation for methods in document["paths"].values() for operation in methods.values())


def _id_of(parameter: str) -> str:
    return f"The id of the {parameter.removesuffix('_id').replace('_', ' ')}."


def _described(response: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    """What the model of an answer says of itself."""
    contents: list[Any] = list(response.get("content", {}).values())
    schema = contents[0].get("schema", {}) if contents else {}
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
