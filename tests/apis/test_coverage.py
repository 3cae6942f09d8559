"""Every endpoint that a text documents has a tool, a sandbox route and tests, or a reason; and no tool calls any other."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import httpx2
import pytest

from flintt_mcp.catalogue import APIS, TOOLSETS
from flintt_mcp.offers.handbook.documents import default_folder
from flintt_mcp.sandbox.server import SCHEMES, open_sandbox
from scripts.handbook.documented import ENDPOINTS, EVENTS, MCP_TOOLS, NO_TOOL, TESTS, TEXTS, Endpoint, Event, shape
from scripts.handbook.pages import MISSING, all_tools, coverage_page, sandbox_routes, tools_for
from tests.case_files import CASES, every_case, every_operation

SANDBOX_TESTS = CASES.parent / "sandbox"
ROUTES = frozenset((api, shape(call)) for api, call in sandbox_routes())

each_endpoint = pytest.mark.parametrize(
    "endpoint", ENDPOINTS, ids=lambda endpoint: f"{endpoint.text.removesuffix('.txt')} {endpoint.call}"
)
each_event = pytest.mark.parametrize("event", EVENTS, ids=lambda event: f"{event.api} {event.name}")


@cache
def functions_of(file: str) -> frozenset[str]:
    """The tests of one file of the sandbox's tests."""
    path = SANDBOX_TESTS / file
    assert path.exists(), f"there is no {path.relative_to(CASES.parent.parent)}"
    tree = ast.parse(path.read_text("utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@each_endpoint
def test_a_documented_endpoint_has_a_tool_or_a_reason_and_never_both(endpoint: Endpoint) -> None:
    reason = NO_TOOL.get(endpoint.api, {}).get(endpoint.call, "")
    tools = [operation.name for _, operation in tools_for(endpoint)]
    assert bool(tools) is not bool(reason), f"{endpoint.call} of {endpoint.text}: tools {tools}, reason {reason!r}"


@each_endpoint
def test_a_documented_endpoint_is_a_route_of_the_sandbox(endpoint: Endpoint) -> None:
    assert (endpoint.api, endpoint.call) in ROUTES, f"{endpoint.text} documents {endpoint.call}; the sandbox lacks it"


@each_endpoint
def test_every_tool_of_a_documented_endpoint_has_a_case_that_calls_it(endpoint: Endpoint) -> None:
    for toolset, operation in tools_for(endpoint):
        assert (CASES / toolset.api.name / f"{operation.name}.json").exists()
        requests = [request for case in every_case() if case.operation is operation for request in case.requests]
        called = [
            one for one in requests if one["method"] == endpoint.method and endpoint.pattern.fullmatch(one["url"])
        ]
        assert called, f"no case of {operation.name} calls {endpoint.call}"


@each_endpoint
def test_a_documented_endpoint_has_a_test_of_the_sandbox(endpoint: Endpoint) -> None:
    file, name = TESTS[endpoint.api][endpoint.call]
    assert f"test_{name}" in functions_of(file)


def test_no_test_and_no_reason_is_kept_for_what_nobody_documents() -> None:
    documented = {(endpoint.api, endpoint.call) for endpoint in ENDPOINTS}
    for table in (TESTS, NO_TOOL):
        assert {(api, call) for api, calls in table.items() for call in calls} <= documented


@pytest.mark.parametrize(("api", "operation"), every_operation(), ids=lambda part: part.name)
def test_a_tool_calls_only_what_a_text_documents(api, operation) -> None:
    documented = {endpoint.call for endpoint in ENDPOINTS if endpoint.api == (api.beside or api.name)}
    called = [f"{route.method} {shape(route.path)}" for route in operation.routes]
    assert [call for call in called if call not in documented] == [], "to say which text has it: documented.py"


def test_no_text_is_forgotten_and_none_lists_an_endpoint_twice() -> None:
    assert {endpoint.text for endpoint in ENDPOINTS} == set(TEXTS)
    rows = [(endpoint.text, endpoint.call) for endpoint in ENDPOINTS]
    assert len(rows) == len(set(rows))
    assert {endpoint.api for endpoint in ENDPOINTS} == {api.beside or api.name for api in APIS}


@pytest.mark.anyio
async def test_the_sandbox_answers_every_documented_endpoint_and_asks_for_the_key_first(tmp_path: Path) -> None:
    async with open_sandbox(tmp_path) as sandbox:
        transport = httpx2.ASGITransport(app=sandbox.app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://sandbox") as client:
            answers = {}
            for endpoint in ENDPOINTS:
                path = shape(endpoint.path).replace("{}", "00000000-0000-4000-8000-000000000000")
                answer = await client.request(endpoint.method, f"/{endpoint.api}{path}")
                answers[endpoint.api, endpoint.call] = answer.status_code
    assert {call: status for call, status in answers.items() if status != 401} == {}


@each_event
def test_a_documented_event_is_sent_by_the_sandbox_and_seen_by_a_test(event: Event) -> None:
    assert event.name in SCHEMES[event.api].events
    assert set(event.texts) <= set(TEXTS)
    assert f"test_{event.test}" in functions_of(event.file)


def test_the_sandbox_sends_no_event_that_no_text_documents_and_webhooks_can_be_asked_for_each() -> None:
    assert {(api, name) for api, scheme in SCHEMES.items() for name in scheme.events} == {
        (event.api, event.name) for event in EVENTS
    }
    create = next(operation for _, operation in every_operation() if operation.name == "create_webhook")
    types = next(arg for arg in create.args if arg.name == "event_types")
    assert set(types.choices) == {event.name for event in EVENTS if event.api == "flintt"}


@pytest.mark.parametrize(("name", "needs_key"), MCP_TOOLS.items())
def test_every_tool_that_the_public_beta_names_is_on_by_default_and_asks_for_a_key_where_it_should(
    name: str, needs_key: bool
) -> None:
    default = {toolset.name for toolset in TOOLSETS if toolset.default} | {"docs"}
    tool = next(tool for tools in all_tools().values() for tool in tools if tool.name == name)
    assert tool.toolset in default
    assert (tool.api is not None) is needs_key


def test_the_page_is_fresh_and_nothing_is_missing_in_it() -> None:
    page = coverage_page()
    assert MISSING not in page
    assert (default_folder() / "api-coverage.md").read_text("utf-8") == page, "run `make docs`"
