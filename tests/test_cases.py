"""Every case of every operation, through the real pipeline: the exact request, and the exact result of the exact reply."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import flintt_mcp.catalogue
from flintt_mcp.calls.reply import Done, Refused
from flintt_mcp.calls.wording import told
from flintt_mcp.catalogue.operation import Api
from flintt_mcp.rest.sending.message import TransportFault, UpstreamRequest, UpstreamResponse
from tests.case_files import ANY, CASES, Case, every_case, every_operation, file_of, filled, same
from tests.certain import structured
from tests.fake_api import BASE_URLS, KEYS, FakeApi, body_of, call, open_fake

pytestmark = pytest.mark.anyio

EXAMPLE = (
    '{"source": "document, place", "cases": [{"name": ..., "arguments": {}, "request": {"method": ..., "url": ..., '
)
EXAMPLE += '"body": null}, "reply": {"status": 200, "headers": {}, "body": ...}, "structured": {...}, "text": [...]}]}'
CATALOGUE = {
    value.name
    for path in Path(flintt_mcp.catalogue.__file__).parent.glob("[a-z]*.py")
    for value in vars(import_module(f"flintt_mcp.catalogue.{path.stem}")).values()
    if isinstance(value, Api)
}
"""Every API that has rows, also one that no toolset offers yet."""


@pytest.mark.parametrize("case", list(every_case()), ids=lambda case: case.label)
async def test_a_call_sends_the_documented_request_and_returns_the_documented_result(
    case: Case, tmp_path: Path
) -> None:
    fake = FakeApi()
    async with open_fake(tmp_path, fake) as app:
        await _walk(app, fake, case)


@pytest.mark.parametrize(("api", "operation"), every_operation(), ids=lambda part: part.name)
def test_every_operation_has_its_cases(api: Any, operation: Any) -> None:
    path = file_of(api, operation)
    if not path.exists():
        pytest.fail(f"write {path.relative_to(CASES.parent.parent)} from the API's document: {EXAMPLE}", pytrace=False)
    cases = json.loads(path.read_text("utf-8"))["cases"]
    names = [case["name"] for case in cases]
    assert len(names) == len(set(names))
    assert [name for name, case in zip(names, cases, strict=True) if "structured" in case], "no case that succeeds"
    assert [name for name, case in zip(names, cases, strict=True) if "error" in case], "no case that fails"


def test_every_case_file_has_its_operation() -> None:
    known = {file_of(api, operation) for api, operation in every_operation()}
    registered = {api.name for api, _ in every_operation()}
    found = [path for path in CASES.rglob("*") if path.is_file()]
    assert [path for path in found if path.parent.name not in CATALOGUE] == []
    assert [path for path in found if path.parent.name in registered and path not in known] == []


@pytest.mark.parametrize("path", sorted(CASES.rglob("*.json")), ids=lambda path: path.stem)
def test_every_case_file_says_where_its_cases_come_from(path: Path) -> None:
    cases = json.loads(path.read_text("utf-8"))
    assert cases.keys() == {"source", "cases"}
    assert cases["source"].startswith("references/")


def _look(case: Case) -> str | None:
    """The operation that looks for what this one made."""
    return None if case.operation.trace is None else case.operation.trace.listed


async def _walk(app: Any, fake: FakeApi, case: Case) -> str | None:
    """Runs one case, after those whose cursor it goes on with, and returns the cursor that it gives."""
    cursor = None if case.before is None else await _walk(app, fake, case.before)
    fake.requests.clear()
    fake.answers = [UpstreamResponse(item["status"], item["headers"], _body(item)) for item in case.replies]
    if case.operation.trace is not None:  # what was lost is looked for: here nobody answers
        fake.answers.append(TransportFault("the connection was refused", sent=False))
    tool = app.inventory.get(case.operation.name)
    reply = await call(app, tool.name, filled(case.told["arguments"], cursor))
    assert [request.operation for request in fake.requests[len(case.requests) :]] in ([], [_look(case)])
    del fake.requests[len(case.requests) :]
    assert [_seen(request, case.api) for request in fake.requests] == [
        _wanted(item, request) for item, request in zip(case.requests, fake.requests, strict=False)
    ] + case.requests[len(fake.requests) :]
    for request in fake.requests:
        _carries_only_its_own_key(request, case.api)
    if isinstance(reply, Refused):
        assert told(reply.error, tool.name).split("\n") == case.told.get("error")
        _is_silent(told(reply.error, tool.name))
        return None
    assert isinstance(reply, Done)
    given = structured(reply).get("next_cursor")
    wanted = filled(case.told.get("structured"), given)
    assert same(wanted, reply.structured), json.dumps(reply.structured, ensure_ascii=False, indent=2)
    path = structured(reply).get("secret_file", "")
    assert reply.text.split("\n") == filled(case.told.get("text"), given, path)
    _keeps_secrets(case, path, reply.text + json.dumps(reply.structured))
    Draft202012Validator(tool.output_schema).validate(reply.structured)
    _is_silent(reply.text + json.dumps(reply.structured))
    return given


def _keeps_secrets(case: Case, path: str, shown: str) -> None:
    """What the reply shows once lies in the private file and is not shown."""
    names = getattr(case.operation.result, "secrets", ())
    sent = [json.loads(_body(reply) or b"{}") for reply in case.replies if names]
    secrets = {name: answer[name] for answer in sent for name in names if name in answer}
    assert bool(path) is bool(secrets)
    if secrets:
        assert json.loads(Path(path).read_text("utf-8")) == secrets
        assert [name for name, value in secrets.items() if value in shown] == []


def _body(reply: dict[str, Any]) -> bytes:
    return body_of(reply["raw"] if "raw" in reply else reply["body"])


def _seen(request: UpstreamRequest, api: Api) -> dict[str, Any]:
    assert request.url.startswith(BASE_URLS[api.name] + "/")
    return {
        "method": request.method,
        "url": request.url.removeprefix(BASE_URLS[api.name]),
        "body": None if request.body is None else json.loads(request.body),
        "raw": None if request.body is None else request.body.decode(),
        "headers": dict(request.headers),
    }


def _wanted(expected: dict[str, Any], request: UpstreamRequest) -> dict[str, Any]:
    """The expected request, with what the case leaves open taken from the request itself."""
    raw = None if request.body is None else request.body.decode()
    open_headers = {
        name: request.headers.get(name) for name, value in expected.get("headers", {}).items() if value == ANY
    }
    headers = {**request.headers, **expected.get("headers", {}), **open_headers}
    return {"raw": raw, **expected, "headers": headers}


def _carries_only_its_own_key(request: UpstreamRequest, api: Api) -> None:
    own = {api.header.lower(): f"{api.scheme} {KEYS[api.name]}".strip(), "accept": "application/json"}
    own |= {"content-type": "application/json"} if request.body is not None else dict(api.headers)
    key = request.headers.get("idempotency-key")
    assert dict(request.headers) == own | ({"idempotency-key": key} if key else {})
    _is_silent(request.url + str(request.body) + str(key))


def _is_silent(text: str) -> None:
    """No key of any API stands in the text."""
    assert [name for name, key in KEYS.items() if key in text] == []
