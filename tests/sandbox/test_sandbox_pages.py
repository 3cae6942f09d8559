"""What a person and a program find out about the sandbox without a key."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.anyio


async def test_the_index_page_leads_to_each_api(anyone):
    page = await anyone.get("http://sandbox/")
    links = re.findall(r'href="([^"]+)"', page.text)

    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert links[:2] == ["flintt/docs", "flintt/openapi.json"]
    assert [(await anyone.get(f"http://sandbox/{link}")).status_code for link in links] == [200] * len(links)
    assert "X-API-Key: flt_sandbox_key" in page.text


async def test_no_page_loads_anything_from_elsewhere(anyone):
    for path in ("/", "/flintt/docs"):
        page = (await anyone.get(f"http://sandbox{path}")).text

        assert not re.search(r"<script|<link|<img|https?://", page)


async def test_the_docs_page_lists_every_operation(anyone):
    document = (await anyone.get("http://sandbox/flintt/openapi.json")).json()
    page = (await anyone.get("http://sandbox/flintt/docs")).text

    for path, methods in document["paths"].items():
        for method in methods:
            assert f"<td><code>{method.upper()}</code></td><td><code>{path}</code></td>" in page


async def test_the_document_declares_every_answer_and_the_key(anyone):
    document = (await anyone.get("http://sandbox/flintt/openapi.json")).json()
    declared = {
        f"{method.upper()} {path}": " ".join(operation["responses"])
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if path.startswith("/v1/")
    }

    assert document["servers"] == [{"url": "/flintt"}]
    assert document["components"]["securitySchemes"]["ApiKey"]["name"] == "X-API-Key"
    assert all("security" in operation for methods in document["paths"].values() for operation in methods.values())
    assert declared == {
        "GET /v1/companies": "200 401 422",
        "POST /v1/companies": "201 401 422 400",
        "GET /v1/prospects": "200 401 422",
        "POST /v1/prospects": "201 401 404 422 400",
        "GET /v1/signals": "200 401",
        "POST /v1/signals": "201 401 422 400",
        "GET /v1/signals/{signal_id}": "200 401 404 422",
        "PATCH /v1/signals/{signal_id}": "200 401 404 422 400",
        "DELETE /v1/signals/{signal_id}": "200 401 404 422",
        "GET /v1/signals/{signal_id}/runs": "200 401 404 422",
        "GET /v1/signals/{signal_id}/runs/{run_id}": "200 401 404 422",
        "GET /v1/runs": "200 401 422",
        "GET /v1/runs/{run_id}": "200 401 404 422",
    }
