"""Who gets in, and that nobody sees another's rows."""

from __future__ import annotations

import pytest

from tests.sandbox.sandbox_client import talk

pytestmark = pytest.mark.anyio

NOBODY = "00000000-0000-4000-8000-000000000000"
ENDPOINTS = [
    ("GET", "companies"),
    ("POST", "companies"),
    ("GET", "prospects"),
    ("POST", "prospects"),
    ("GET", "signals"),
    ("POST", "signals"),
    ("GET", f"signals/{NOBODY}"),
    ("PATCH", f"signals/{NOBODY}"),
    ("DELETE", f"signals/{NOBODY}"),
    ("GET", f"signals/{NOBODY}/runs"),
    ("GET", f"signals/{NOBODY}/runs/{NOBODY}"),
    ("GET", "runs"),
    ("GET", f"runs/{NOBODY}"),
]
INVALID = {"detail": "Invalid API key."}


async def key_row(sandbox, key: str) -> dict:
    def find(connection):
        row = connection.execute(
            "SELECT last_used_at, revoked_at, key_prefix FROM flintt_api_keys JOIN flintt_users u ON u.id = user_id"
            " WHERE u.name = ?",
            ("Local User" if key == sandbox.flintt_key else "Second User",),
        ).fetchone()
        return dict(row)

    return await sandbox.database.read(find)


async def test_these_are_all_endpoints(anyone):
    paths = (await anyone.get("http://sandbox/flintt/openapi.json")).json()["paths"]

    assert len(ENDPOINTS) == sum(len(paths[path]) for path in paths if path.startswith("/v1/"))


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
async def test_every_endpoint_refuses_a_missing_and_an_unknown_key_before_it_looks_at_anything_else(
    anyone, method, path
):
    missing = await anyone.request(method, path, content=b"{")
    unknown = await anyone.request(method, path, content=b"{", headers={"X-API-Key": "flt_sandbox_key_"})

    assert (missing.status_code, missing.json()) == (
        401,
        {"detail": "Missing API key: send it in the X-API-Key header."},
    )
    assert (unknown.status_code, unknown.json(), unknown.headers["www-authenticate"]) == (401, INVALID, "ApiKey")


@pytest.mark.parametrize(
    "key", ["", " ", "flt_", "flt_sandbox_", "flt_sandbox_ke", "FLT_SANDBOX_KEY", "é" * 20, "%", "a" * 9000]
)
async def test_a_key_that_is_nearly_right_is_wrong(anyone, key):
    answer = await anyone.get("companies", headers={"X-API-Key": key.encode()})

    assert answer.status_code == 401


async def test_a_bearer_token_and_a_query_parameter_are_no_key(anyone, sandbox):
    bearer = await anyone.get("companies", headers={"Authorization": f"Bearer {sandbox.flintt_key}"})
    query = await anyone.get("companies", params={"api_key": sandbox.flintt_key})

    assert (bearer.status_code, query.status_code) == (401, 401)


async def test_a_revoked_key_is_refused_by_the_next_request(flintt, other, sandbox):
    assert (await flintt.get("signals")).status_code == 200

    def revoke(connection):
        connection.execute(
            "UPDATE flintt_api_keys SET revoked_at = '2026-09-30T09:00:00Z' WHERE user_id ="
            " (SELECT id FROM flintt_users WHERE name = 'Local User')"
        )

    await sandbox.database.write(revoke)
    answer = await flintt.get("signals")

    assert (answer.status_code, answer.json()) == (401, INVALID)
    assert (await other.get("signals")).status_code == 200


async def test_last_used_at_is_kept_to_the_minute(flintt, sandbox, clock):
    before = await key_row(sandbox, sandbox.flintt_key)
    seen = []
    for seconds in (0, 59, 1):
        clock.forward(seconds=seconds)
        await flintt.get("signals")
        seen.append((await key_row(sandbox, sandbox.flintt_key))["last_used_at"])

    assert before == {"last_used_at": None, "revoked_at": None, "key_prefix": "flt_sandbox_"}
    assert seen == ["2026-09-30T09:00:00Z", "2026-09-30T09:00:00Z", "2026-09-30T09:01:00Z"]
    assert (await key_row(sandbox, sandbox.second_flintt_key))["last_used_at"] is None


async def test_no_key_is_stored_as_it_is(sandbox, data_dir):
    keys = (sandbox.flintt_key.encode(), sandbox.second_flintt_key.encode())

    for file in data_dir.iterdir():
        content = file.read_bytes()
        assert not any(key in content for key in keys), file.name


async def test_each_user_lists_only_their_own_rows(flintt, other):
    for path in ("companies", "prospects?limit=100", "signals", "runs?limit=100"):
        mine = {row["id"] for row in (await flintt.get(path)).json()}
        theirs = {row["id"] for row in (await other.get(path)).json()}

        assert mine
        assert theirs
        assert not mine & theirs

    assert (await other.get("companies", params={"name": "Élan"})).json() == []


async def test_no_user_reaches_a_row_of_another_by_its_id(flintt, other):
    run = (await other.get("runs")).json()[0]
    signal, run_id = f"signals/{run['signal_id']}", run["id"]
    own_signal = f"signals/{(await flintt.get('signals')).json()[0]['id']}"
    before = (await other.get(signal)).json()
    answers = [
        await flintt.get(signal),
        await flintt.patch(signal, json={"name": "Mine now"}),
        await flintt.delete(signal),
        await flintt.get(f"{signal}/runs"),
        await flintt.get(f"{signal}/runs/{run_id}"),
        await flintt.get(f"{own_signal}/runs/{run_id}"),
        await flintt.get(f"runs/{run_id}"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 7
    assert (await flintt.get("runs", params={"signal_id": run["signal_id"]})).json() == []
    assert (await other.get(signal)).json() == before
    assert (await other.get(f"runs/{run_id}")).status_code == 200


async def test_two_clients_of_one_sandbox_stay_apart(sandbox):
    async with talk(sandbox, sandbox.flintt_key) as mine, talk(sandbox, sandbox.second_flintt_key) as theirs:
        made = (await theirs.post("companies", json={"name": "Theirs"})).json()

        assert (await mine.get("companies", params={"name": "Theirs"})).json() == []
        assert (await theirs.get("companies", params={"name": "Theirs"})).json() == [made]
