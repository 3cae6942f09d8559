"""Who gets in, what for, how often, and that no organisation sees another's rows."""

from __future__ import annotations

import pytest

from flintt_mcp.sandbox.flowpilot.app import flowpilot_app
from flintt_mcp.sandbox.flowpilot.books import Books
from flintt_mcp.sandbox.flowpilot.keys import SCOPES, add_key
from flintt_mcp.sandbox.flowpilot.meter import RequestLimit
from flintt_mcp.sandbox.ground.clock import stamp
from tests.sandbox.flowpilot.flowpilot_client import talk_to

pytestmark = pytest.mark.anyio

NO_SUCH_ID = "00000000-0000-4000-8000-000000000000"
ENDPOINTS = [
    ("GET", "runs", "runs:read"),
    ("POST", "runs", "runs:write"),
    ("GET", f"runs/{NO_SUCH_ID}", "runs:read"),
    ("GET", f"runs/{NO_SUCH_ID}/candidates", "runs:read"),
    ("GET", "recipients", "recipients:read"),
    ("POST", "recipients", "recipients:write"),
    ("DELETE", f"recipients/{NO_SUCH_ID}", "recipients:write"),
    ("GET", "wallet/balance", "wallet:read"),
    ("GET", "transactions", "transactions:read"),
    ("GET", "audit", "audit:read"),
]
INVALID = {"detail": "Invalid or expired API key."}
MISSING = {"detail": "Missing API key: send it in the X-API-Key header or as a bearer token."}


@pytest.fixture
def new_key(sandbox, data_dir, clock):
    """Gives the first organisation one more key."""

    async def new_key(key: str, scopes, expires_at: str | None = None) -> str:
        def add(connection):
            row = connection.execute("SELECT organisation_id FROM flowpilot_api_keys ORDER BY rowid").fetchone()
            books = Books(connection, row["organisation_id"])
            return add_key(books, sandbox.ground.digester, key, scopes, stamp(clock()), expires_at=expires_at)

        return await sandbox.database.write(add)

    return new_key


async def test_these_are_all_endpoints(anybody):
    document = (await anybody.get("http://sandbox/flowpilot/openapi.json")).json()

    found = {
        (method, operation["x-required-scope"]) for at in document["paths"].values() for method, operation in at.items()
    }
    assert len(ENDPOINTS) == sum(len(methods) for methods in document["paths"].values())
    assert {scope for _, scope in found} == set(SCOPES)


@pytest.mark.parametrize(("method", "path", "scope"), ENDPOINTS)
async def test_every_endpoint_looks_at_the_key_and_its_scope_before_anything_else(
    anybody, new_key, method, path, scope
):
    await new_key("fp_test_every_scope_but_one", [name for name in SCOPES if name != scope])
    broken = {"content": b"{", "headers": {"Content-Type": "application/json"}}
    missing = await anybody.request(method, path, **broken)
    unknown = await anybody.request(method, path, content=b"{", headers={"X-API-Key": "fp_test_sandbox_keys"})
    narrow = await anybody.request(method, path, content=b"{", headers={"X-API-Key": "fp_test_every_scope_but_one"})

    assert (missing.status_code, missing.json()) == (401, MISSING)
    assert (unknown.status_code, unknown.json()) == (401, INVALID)
    assert (narrow.status_code, narrow.json()) == (
        403,
        {"detail": f"Insufficient scope: this operation requires {scope}."},
    )


async def test_a_key_is_taken_as_a_bearer_token_too_and_the_header_of_its_own_counts_more(anybody, sandbox):
    bearer = {"Authorization": f"bearer {sandbox.flowpilot_key}"}

    assert (await anybody.get("wallet/balance", headers=bearer)).status_code == 200
    assert (await anybody.get("wallet/balance", headers=bearer | {"X-API-Key": "fp_test_no"})).status_code == 401
    assert (await anybody.get("wallet/balance", headers=bearer | {"X-API-Key": ""})).json() == MISSING
    assert (await anybody.get("wallet/balance", headers={"Authorization": "Basic abc"})).json() == MISSING


async def test_a_key_stops_at_the_moment_it_expires_or_is_revoked(anybody, sandbox, new_key, clock):
    key_id = await new_key("fp_test_short_lived", ["wallet:read"], stamp(clock()).replace("09:00:00", "09:00:05"))
    with_key = {"X-API-Key": "fp_test_short_lived"}
    assert (await anybody.get("wallet/balance", headers=with_key)).status_code == 200

    clock.forward(seconds=5)
    assert (await anybody.get("wallet/balance", headers=with_key)).json() == INVALID

    def revoke(connection):
        connection.execute(
            "UPDATE flowpilot_api_keys SET expires_at = NULL, revoked_at = created_at WHERE id = ?", (key_id,)
        )

    await sandbox.database.write(revoke)
    assert (await anybody.get("wallet/balance", headers=with_key)).json() == INVALID


async def test_no_key_is_stored(sandbox, data_dir):
    stored = b"".join(path.read_bytes() for path in data_dir.iterdir())

    assert sandbox.flowpilot_key.encode() not in stored
    assert sandbox.second_flowpilot_key.encode() not in stored


async def test_each_key_has_a_limit_of_its_own_that_the_next_window_lifts(sandbox, clock):
    app = flowpilot_app(sandbox.ground, RequestLimit(requests=2, seconds=60))
    clock.forward(seconds=15)
    async with talk_to(app, sandbox.flowpilot_key) as client:
        client.base_url = "http://sandbox/public/"
        statuses = [(await client.get("wallet/balance")).status_code for _ in range(2)]
        refused = await client.get("wallet/balance")
        other = await client.get("wallet/balance", headers={"X-API-Key": sandbox.second_flowpilot_key})
        clock.forward(seconds=45)
        later = await client.get("wallet/balance")

    assert statuses == [200, 200]
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "45")
    assert refused.json() == {"detail": "Too many requests: try again in 45 s."}
    assert (other.status_code, later.status_code) == (200, 200)


async def test_no_organisation_reaches_a_row_of_another(pilot, reader):
    theirs = (await reader.get("runs")).json()["data"][0]["id"]
    recipient = (await reader.get("recipients")).json()["data"][0]["id"]

    assert (await pilot.get(f"runs/{theirs}")).json() == {"detail": "Run not found."}
    assert (await pilot.get(f"runs/{theirs}/candidates")).status_code == 404
    assert (await pilot.delete(f"recipients/{recipient}")).json() == {"detail": "Recipient not found."}
    for path in ("transactions", "audit"):
        assert (await pilot.get(path, params={"run_id": theirs})).json()["data"] == []
    assert (await reader.get("recipients")).json()["total"] == 3


async def test_lists_of_two_organisations_share_no_row(pilot, reader):
    for path in ("runs", "recipients", "transactions", "audit"):
        mine, theirs = [
            {row["id"] for row in (await client.get(path, params={"limit": 200})).json()["data"]}
            for client in (pilot, reader)
        ]
        assert mine
        assert theirs
        assert not mine & theirs


async def test_a_method_that_is_not_there_is_answered_with_those_that_are(pilot):
    answer = await pilot.put("runs", json={})

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
