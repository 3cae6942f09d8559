"""Every request carries the headers that the text of its API asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from flintt_mcp.calls.reply import Done
from flintt_mcp.catalogue.operation import Api, Operation
from flintt_mcp.rest.sending.message import UpstreamResponse
from tests.apis.toolbox import case_arguments
from tests.case_files import Case, every_case, every_operation
from tests.fake_api import KEYS, FakeApi, body_of, call, open_fake

pytestmark = pytest.mark.anyio

HEADERS = {
    "flintt": {"x-api-key": "{key}", "accept": "application/json"},
    "flintt-management": {"authorization": "Bearer {key}"},
    "flowpilot": {"x-api-key": "{key}"},
    "flowmaticx": {"authorization": "Bearer {key}"},
    "flextell": {"authorization": "Bearer {key}", "content-type": "application/json"},
}
"""By API: what its text shows on a request. Flextell: "Include these headers on every request", a GET as well."""


def first_success(name: str) -> Case:
    return next(case for case in every_case() if case.operation.name == name and "structured" in case.told)


@pytest.mark.parametrize(("api", "operation"), every_operation(), ids=lambda part: part.name)
async def test_a_request_carries_the_documented_headers(api: Api, operation: Operation, tmp_path: Path) -> None:
    fake = FakeApi()
    for reply in first_success(operation.name).replies:
        fake.answers.append(UpstreamResponse(reply["status"], {}, body_of(reply.get("raw", reply.get("body")))))
    async with open_fake(tmp_path, fake) as app:
        assert isinstance(await call(app, operation.name, case_arguments(operation.name)), Done)
    wanted = {name: value.format(key=KEYS[api.name]) for name, value in HEADERS[api.name].items()}
    for request in fake.requests:
        assert request.headers.items() >= wanted.items()
