"""The SDK's low-level Server with httpx2, as its documentation shows it: a line for reference.

The handler parses the stub's list and puts it into structured content and, as compact JSON, into the text. Its tools are
the eleven of the OpenAPI document. JSON answers, stateless or with sessions, the same pool as FastMCP's and the same
uvicorn options as the others. Nothing is tuned beyond that: no input schema look-up, the SDK's default middleware.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

import anyio
import httpx2
import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from starlette.requests import Request

from bench import openapi, payload, serving


def tools(upstream_url: str) -> tuple[list[types.Tool], dict[str, str]]:
    """The document's operations as tools, and the path of each one that reads a list."""
    found, paths = [], {}
    for path, methods in openapi.document(upstream_url)["paths"].items():
        for method, operation in methods.items():
            properties = {parameter["name"]: parameter["schema"] for parameter in operation["parameters"]}
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            schema = {"type": "object", "properties": properties | body.get("properties", {})}
            name = operation["operationId"]
            found.append(types.Tool(name=name, description=operation["summary"], input_schema=schema))
            if method == "get" and "{" not in path:
                paths[name] = path
    return found, paths


def build(upstream_url: str, key: str | None = None) -> Server[Any]:
    """The server; without a `key` of its own (stdio) it forwards the caller's X-API-Key."""
    listed, paths = tools(upstream_url)
    client = httpx2.AsyncClient(
        base_url=upstream_url,
        timeout=30,
        trust_env=False,
        limits=httpx2.Limits(max_connections=serving.POOL, max_keepalive_connections=serving.POOL),
    )

    async def list_tools(context: Any, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=listed)

    async def call_tool(context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        request: Request | None = context.request
        secret = key or (request.headers.get("x-api-key", "") if request is not None else "")
        response = await client.get(paths[params.name], params=params.arguments or {}, headers={"X-API-Key": secret})
        response.raise_for_status()
        rows = response.json()
        text = types.TextContent(type="text", text=json.dumps(rows, separators=(",", ":")))
        return types.CallToolResult(content=[text], structured_content={"result": rows})

    return Server("flintt", on_list_tools=list_tools, on_call_tool=call_tool)


def _make(arguments: argparse.Namespace) -> Any:
    return build(arguments.upstream).streamable_http_app(json_response=True, stateless_http=not arguments.stateful)


async def _talk(upstream_url: str) -> None:
    server = build(upstream_url, payload.API_KEY)
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


def _stdio(upstream_url: str) -> None:
    anyio.run(_talk, upstream_url)


if __name__ == "__main__":
    serving.main("the SDK's low-level Server in front of the stub", _make, _stdio)
