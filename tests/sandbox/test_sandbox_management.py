"""The management API: sessions, keys, webhook endpoints and the delivery log, and that no user reaches another's."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import anyio
import httpx2
import jwt
import pytest

from flintt_mcp.sandbox.delivery.scheme import DELAYS
from flintt_mcp.sandbox.flintt.session_door import local_token
from flintt_mcp.sandbox.flintt.session_tokens import mint_token
from flintt_mcp.sandbox.server import Sandbox, open_sandbox
from tests.sandbox.sandbox_client import talk
from tests.sandbox.webhook_bench import Receiver, dispatcher, rows, user_id

pytestmark = pytest.mark.anyio

NOBODY = "00000000-0000-4000-8000-000000000000"
HOOK = {
    "name": "My Server",
    "endpoint_url": "https://yourapp.example/flintt-webhook",
    "event_types": ["company.created"],
}
ENDPOINTS = [
    ("GET", "api-keys"),
    ("POST", "api-keys"),
    ("DELETE", f"api-keys/{NOBODY}"),
    ("GET", "api-key"),
    ("POST", "api-key/regenerate"),
    ("GET", "outbound-webhooks"),
    ("POST", "outbound-webhooks"),
    ("GET", f"outbound-webhooks/wh_{NOBODY}"),
    ("PATCH", f"outbound-webhooks/wh_{NOBODY}"),
    ("DELETE", f"outbound-webhooks/wh_{NOBODY}"),
    ("POST", f"outbound-webhooks/wh_{NOBODY}/rotate-secret"),
    ("GET", f"outbound-webhooks/wh_{NOBODY}/deliveries"),
    ("GET", f"outbound-webhooks/wh_{NOBODY}/deliveries/{NOBODY}"),
    ("POST", f"outbound-webhooks/wh_{NOBODY}/deliveries/{NOBODY}/resend"),
]
MISSING = {"detail": "Missing session token: send it as Authorization: Bearer."}
INVALID = {"detail": "Invalid or expired session token."}


def session_of(sandbox: Sandbox, token: str | None) -> httpx2.AsyncClient:
    headers = {} if token is None else {b"Authorization": f"Bearer {token}".encode()}
    transport = httpx2.ASGITransport(app=sandbox.app)
    return httpx2.AsyncClient(transport=transport, base_url="http://sandbox/flintt/api/", headers=headers)


@pytest.fixture
async def manager(sandbox) -> AsyncIterator[httpx2.AsyncClient]:
    async with session_of(sandbox, local_token(sandbox.ground)) as client:
        yield client


@pytest.fixture
async def other_manager(sandbox) -> AsyncIterator[httpx2.AsyncClient]:
    async with session_of(sandbox, local_token(sandbox.ground, second=True)) as client:
        yield client


async def test_these_are_all_endpoints(anyone):
    paths = (await anyone.get("http://sandbox/flintt/openapi.json")).json()["paths"]
    ours = [path for path in paths if path.startswith(("/api/api-key", "/api/outbound-webhooks"))]

    assert len(ENDPOINTS) == sum(len(paths[path]) for path in ours)


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
async def test_every_endpoint_refuses_a_missing_token_and_an_api_key_before_it_looks_at_anything_else(
    sandbox, method, path
):
    async with session_of(sandbox, None) as nobody, session_of(sandbox, sandbox.flintt_key) as keyed:
        missing = await nobody.request(method, path, content=b"{", headers={"X-API-Key": sandbox.flintt_key})
        with_key = await keyed.request(method, path, content=b"{")

    assert (missing.status_code, missing.json()) == (401, MISSING)
    assert (with_key.status_code, with_key.json(), with_key.headers["www-authenticate"]) == (401, INVALID, "Bearer")


async def test_a_token_opens_nothing_under_v1(sandbox, anyone):
    answer = await anyone.get("companies", headers={"X-API-Key": local_token(sandbox.ground)})

    assert answer.status_code == 401


async def status_of(sandbox, token: str) -> int:
    async with session_of(sandbox, token) as client:
        return (await client.get("api-keys")).status_code


async def test_a_token_ends_when_its_time_is_over(sandbox, clock):
    token = local_token(sandbox.ground, lifetime=timedelta(minutes=5))
    clock.forward(seconds=299)
    before = await status_of(sandbox, token)
    clock.forward(seconds=1)

    assert (before, await status_of(sandbox, token)) == (200, 401)


async def test_a_forged_token_opens_nothing(sandbox, clock, tmp_path):
    owner, now = await user_id(sandbox), int(clock().timestamp())
    key = sandbox.ground.digester.derive("flintt session token")
    good = {"iss": "flintt-mcp-sandbox", "sub": owner, "iat": now, "exp": now + 60}
    async with open_sandbox(tmp_path / "elsewhere", clock=clock) as elsewhere:
        foreign = local_token(elsewhere.ground)
    forged = [
        jwt.encode(good, "", algorithm="none"),
        jwt.encode(good, key + bytes(32), algorithm="HS512"),  # HMAC pads a short key with zeros: the same key
        jwt.encode(good, b"k" * 32, algorithm="HS256"),
        jwt.encode(good | {"iss": "somebody"}, key, algorithm="HS256"),
        jwt.encode(good | {"sub": NOBODY}, key, algorithm="HS256"),
        jwt.encode(good | {"iat": now + 60, "exp": now + 120}, key, algorithm="HS256"),
        jwt.encode(good | {"exp": float(now + 60.5)}, key, algorithm="HS256"),
        *(
            jwt.encode({k: v for k, v in good.items() if k != claim}, key, algorithm="HS256")
            for claim in ("iss", "sub", "iat", "exp")
        ),
        foreign,
        local_token(sandbox.ground)[:-2],
        "a.b.c",
        "é",
        "a" * 9000,
    ]

    assert await status_of(sandbox, jwt.encode(good, key, algorithm="HS256")) == 200
    assert [await status_of(sandbox, token) for token in forged] == [401] * len(forged)


async def test_a_token_of_a_user_who_is_gone_opens_nothing(sandbox):
    token = mint_token(sandbox.ground.digester, NOBODY, sandbox.ground.clock())

    assert await status_of(sandbox, token) == 401


async def test_a_new_key_is_shown_once_and_opens_the_workspace_until_it_is_revoked(sandbox, manager, clock):
    answer = await manager.post("api-keys", json={"name": "Production"})
    made = answer.json()
    raw = made.pop("raw_key")
    async with talk(sandbox, raw) as client:
        opened = (await client.get("signals")).status_code
        listed = (await manager.get("api-keys")).json()[0]
        revoked = await manager.delete(f"api-keys/{made['id']}")
        refused = (await client.get("signals")).status_code

    assert answer.status_code == 201
    assert re.fullmatch(r"flt_[0-9a-f]{64}", raw)
    assert made == {
        "id": made["id"],
        "name": "Production",
        "key_prefix": raw[:12],
        "created_at": "2026-09-30T09:00:00Z",
    }
    assert (opened, refused) == (200, 401)
    assert listed == made | {"last_used_at": "2026-09-30T09:00:00Z", "revoked_at": None}
    assert (revoked.status_code, revoked.json()) == (200, {"ok": True})
    assert (await manager.get("api-keys")).json()[0]["revoked_at"] == "2026-09-30T09:00:00Z"


async def test_revoking_again_keeps_the_first_moment(manager, clock):
    key = (await manager.post("api-keys", json={"name": "Twice"})).json()["id"]
    await manager.delete(f"api-keys/{key}")
    clock.forward(hours=1)

    assert (await manager.delete(f"api-keys/{key}")).status_code == 200
    assert (await manager.get("api-keys")).json()[0]["revoked_at"] == "2026-09-30T09:00:00Z"


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": None}, {"name": "a\nb"}, {"name": "a", "scopes": []}])
async def test_a_key_needs_a_name_and_nothing_else(manager, body):
    assert (await manager.post("api-keys", json=body)).status_code == 422


async def test_the_one_key_is_made_when_first_asked_for_and_then_only_described(sandbox, manager):
    first, second = [(await manager.get("api-key")).json() for _ in range(2)]
    raw = first.pop("raw_key")

    assert first == second
    assert set(first) == {"id", "key_prefix", "last_used_at", "created_at"}
    async with talk(sandbox, raw) as client:
        assert (await client.get("signals")).status_code == 200


async def test_of_many_first_requests_one_makes_the_one_key(manager):
    answers = []

    async def ask():
        answers.append((await manager.get("api-key")).json())

    async with anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(ask)

    assert len({answer["id"] for answer in answers}) == 1
    assert sum("raw_key" in answer for answer in answers) == 1


async def test_regenerate_revokes_the_one_key_and_no_other(sandbox, manager):
    named = (await manager.post("api-keys", json={"name": "Named"})).json()["raw_key"]
    old = (await manager.get("api-key")).json()
    answer = await manager.post("api-key/regenerate")
    new = answer.json()

    async def opens(key):
        async with talk(sandbox, key) as client:
            return (await client.get("signals")).status_code

    assert answer.status_code == 201
    assert set(new) == {"id", "raw_key", "key_prefix", "created_at"}
    assert [await opens(key) for key in (old["raw_key"], new["raw_key"], named, sandbox.flintt_key)] == [
        401,
        200,
        200,
        200,
    ]
    assert (await manager.get("api-key")).json()["id"] == new["id"]


async def test_regenerate_works_where_there_was_no_key_and_after_it_was_revoked_by_its_id(manager):
    first = (await manager.post("api-key/regenerate")).json()
    await manager.delete(f"api-keys/{first['id']}")
    second = (await manager.get("api-key")).json()

    assert second["id"] != first["id"]
    assert "raw_key" in second


async def test_no_new_key_and_no_secret_is_stored_as_it_is(manager, data_dir):
    key = (await manager.post("api-keys", json={"name": "Secret"})).json()["raw_key"]
    hook = (await manager.post("outbound-webhooks", json=HOOK)).json()
    secrets = (key, hook["signing_secret"], hook["signing_secret"].removeprefix("whsec_"), hook["auth_token"])

    for file in data_dir.iterdir():
        content = file.read_bytes()
        assert not any(secret.encode() in content for secret in secrets), file.name


async def test_a_webhook_is_made_with_both_secrets_listed_without_them_changed_and_deleted(manager, clock):
    answer = await manager.post("outbound-webhooks", json=HOOK)
    made = answer.json()
    signing, token = made.pop("signing_secret"), made.pop("auth_token")
    listed = (await manager.get("outbound-webhooks")).json()
    clock.forward(minutes=1)
    path = f"outbound-webhooks/{made['id']}"
    changed = (await manager.patch(path, json={"active": False, "event_types": ["prospect.created"]})).json()
    deleted = await manager.delete(path)

    assert answer.status_code == 201
    assert re.fullmatch(r"whsec_[0-9a-f]{64}", signing)
    assert re.fullmatch(r"[0-9a-f]{64}", token)
    assert made == HOOK | {
        "id": made["id"],
        "active": True,
        "created_at": "2026-09-30T09:00:00Z",
        "updated_at": "2026-09-30T09:00:00Z",
    }
    assert made["id"].startswith("wh_")
    assert listed == [made]
    assert changed == made | {
        "active": False,
        "event_types": ["prospect.created"],
        "updated_at": "2026-09-30T09:01:00Z",
    }
    assert (deleted.status_code, deleted.json()) == (200, {"ok": True})
    assert (await manager.get("outbound-webhooks")).json() == []
    assert (await manager.get(path)).status_code == 404


async def test_a_change_without_fields_changes_nothing(manager, clock):
    made = (await manager.post("outbound-webhooks", json=HOOK)).json()
    clock.forward(minutes=1)

    answer = await manager.patch(f"outbound-webhooks/{made['id']}", json={})

    assert answer.json()["updated_at"] == made["updated_at"]


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint_url": "http://yourapp.example/"},
        {"endpoint_url": "https://127.0.0.1/"},
        {"endpoint_url": "https://localhost:8443/"},
        {"endpoint_url": "https://user:pass@yourapp.example/"},
        {"endpoint_url": "not a url"},
        {"endpoint_url": None},
        {"event_types": []},
        {"event_types": ["company.sold"]},
        {"event_types": "company.created"},
        {"active": "yes"},
        {"name": ""},
        {"secret": "mine"},
    ],
)
async def test_a_field_that_cannot_be_is_refused_by_name_in_create_and_update(manager, change):
    made = (await manager.post("outbound-webhooks", json=HOOK)).json()
    answers = [
        await manager.post("outbound-webhooks", json=HOOK | change),
        await manager.patch(f"outbound-webhooks/{made['id']}", json=change),
    ]

    for answer in answers:
        assert answer.status_code == 422
        assert answer.json()["detail"][0]["loc"][:2] == ["body", next(iter(change))]


async def test_loopback_may_be_allowed_on_purpose(data_dir, clock):
    urls = ("http://127.0.0.1:9000/", "https://[::1]:9000/", "http://10.0.0.1/", "http://a.example/")
    async with (
        open_sandbox(data_dir, clock=clock, loopback_webhooks=True) as sandbox,
        session_of(sandbox, local_token(sandbox.ground)) as client,
    ):
        made = [await client.post("outbound-webhooks", json=HOOK | {"endpoint_url": url}) for url in urls]

    assert [answer.status_code for answer in made] == [201, 201, 422, 422]


async def signatures_of(sandbox, flintt, clock) -> dict[str, str]:
    receiver = Receiver()
    await flintt.post("companies", json={"name": "Acme"})
    await dispatcher(sandbox, receiver, clock).round()
    return {name: value for name, value in receiver.got[0][1].items() if "ignature" in name}


async def test_after_a_rotation_only_the_new_secret_signs(sandbox, manager, flintt, clock):
    made = (await manager.post("outbound-webhooks", json=HOOK)).json()
    answer = await manager.post(f"outbound-webhooks/{made['id']}/rotate-secret")
    signatures = await signatures_of(sandbox, flintt, clock)

    assert (answer.status_code, list(answer.json())) == (200, ["signing_secret"])
    assert answer.json()["signing_secret"] != made["signing_secret"]
    assert set(signatures) == {"X-Flintt-Signature", "webhook-signature"}
    assert " " not in signatures["webhook-signature"]


async def test_a_grace_period_lets_the_old_secret_sign_too_until_it_is_over(sandbox, manager, flintt, clock):
    made = (await manager.post("outbound-webhooks", json=HOOK)).json()
    await manager.post(f"outbound-webhooks/{made['id']}/rotate-secret", json={"grace_seconds": 60})
    within = await signatures_of(sandbox, flintt, clock)
    clock.forward(seconds=60)
    after = await signatures_of(sandbox, flintt, clock)

    assert "X-Flintt-Signature-Former" in within
    assert len(within["webhook-signature"].split()) == 2
    assert set(after) == {"X-Flintt-Signature", "webhook-signature"}
    assert len(after["webhook-signature"].split()) == 1


async def test_the_delivery_log_is_listed_inspected_and_sent_again_under_the_same_id(sandbox, manager, flintt, clock):
    made = (await manager.post("outbound-webhooks", json=HOOK)).json()
    company = (await flintt.post("companies", json={"name": "Acme"})).json()
    receiver = Receiver(answers=[500])
    sender = dispatcher(sandbox, receiver, clock)
    await sender.round()
    path = f"outbound-webhooks/{made['id']}/deliveries"
    [listed] = (await manager.get(path)).json()
    one = (await manager.get(f"{path}/{listed['id']}")).json()
    again = await manager.post(f"{path}/{listed['id']}/resend")
    await sender.round()

    assert listed == {
        "id": receiver.envelopes[0]["delivery_id"],
        "event": "company.created",
        "state": "pending",
        "attempt_count": 1,
        "last_status": 500,
        "next_attempt_at": "2026-09-30T09:00:05Z",
        "created_at": "2026-09-30T09:00:00Z",
        "ended_at": None,
    }
    assert one["payload"]["data"] == company
    assert one["attempts"] == [
        {"attempted_at": "2026-09-30T09:00:00Z", "status": 500, "error": "answered 500", "duration_ms": 0}
    ]
    assert (again.status_code, again.json()["next_attempt_at"]) == (202, None)
    assert receiver.got[0][2] == receiver.got[1][2]
    assert [row["id"] for row in (await manager.get(path, params={"state": "delivered"})).json()] == [listed["id"]]
    assert (await manager.get(path, params={"offset": 1})).json() == []


async def test_an_endpoint_that_is_switched_on_again_gets_what_waited_at_once(sandbox, manager, flintt, clock):
    made = (await manager.post("outbound-webhooks", json=HOOK)).json()
    path = f"outbound-webhooks/{made['id']}"
    receiver = Receiver(answers=[500, 500, 500, 410])
    sender = dispatcher(sandbox, receiver, clock)
    await flintt.post("companies", json={"name": "Tried three times"})
    for seconds in (6, 300, 6):
        await sender.round()
        clock.forward(seconds=seconds)
    await flintt.post("companies", json={"name": "Gone"})
    await sender.round()
    off = (await manager.get(path)).json()
    waited = [one["next_attempt_at"] for one in (await manager.get(f"{path}/deliveries")).json()]

    on = (await manager.patch(path, json={"active": True})).json()
    waits = [one["next_attempt_at"] for one in (await manager.get(f"{path}/deliveries")).json()]
    receiver.got.clear()
    await sender.round()

    assert (off["active"], off["off_reason"], on["active"]) == (False, "it answered 410 Gone", True)
    assert (waited, waits) == (["2026-09-30T09:05:17Z", "2026-09-30T09:35:06Z"], [None, None])
    assert [one["data"]["name"] for one in receiver.envelopes] == ["Tried three times", "Gone"]


async def test_what_waited_for_an_endpoint_that_is_switched_on_has_all_its_attempts_before_it(
    sandbox, manager, flintt, clock
):
    made = (await manager.post("outbound-webhooks", json=HOOK)).json()
    await flintt.post("companies", json={"name": "Acme"})
    sender = dispatcher(sandbox, Receiver(answers=[500] * 12), clock)
    for seconds in (5.0, 300.0, 0.0):
        await sender.round()
        clock.forward(seconds=seconds)
    await manager.patch(f"outbound-webhooks/{made['id']}", json={"active": True})
    for seconds in (*DELAYS[:8], 0):
        await sender.round()
        clock.forward(seconds=seconds)

    [delivery] = await rows(sandbox, "webhook_deliveries")
    assert (delivery["state"], delivery["tries"], len(await rows(sandbox, "webhook_attempts"))) == ("pending", 9, 12)


async def test_what_is_being_sent_while_its_endpoint_is_switched_on_is_not_sent_twice(sandbox, manager, flintt, clock):
    made = (await manager.post("outbound-webhooks", json=HOOK)).json()
    await flintt.post("companies", json={"name": "Acme"})
    again = Receiver()

    async def slow(_url, _headers, _body):
        await manager.patch(f"outbound-webhooks/{made['id']}", json={"active": True})
        await dispatcher(sandbox, again, clock, holder="one").round()
        return 200

    await dispatcher(sandbox, slow, clock, holder="one").round()

    assert again.got == []


async def test_no_user_reaches_keys_webhooks_or_deliveries_of_another(sandbox, manager, other_manager, other, clock):
    hook = (await other_manager.post("outbound-webhooks", json=HOOK)).json()
    key = (await other_manager.post("api-keys", json={"name": "Theirs"})).json()
    await other.post("companies", json={"name": "Theirs"})
    path = f"outbound-webhooks/{hook['id']}"
    delivery = (await other_manager.get(f"{path}/deliveries")).json()[0]["id"]
    before = [(await other_manager.get(where)).json() for where in ("api-keys", path, f"{path}/deliveries/{delivery}")]
    answers = [
        await manager.delete(f"api-keys/{key['id']}"),
        await manager.get(path),
        await manager.patch(path, json={"name": "Mine now"}),
        await manager.delete(path),
        await manager.post(f"{path}/rotate-secret"),
        await manager.get(f"{path}/deliveries"),
        await manager.get(f"{path}/deliveries/{delivery}"),
        await manager.post(f"{path}/deliveries/{delivery}/resend"),
    ]
    after = [(await other_manager.get(where)).json() for where in ("api-keys", path, f"{path}/deliveries/{delivery}")]
    mine = (await manager.post("outbound-webhooks", json=HOOK)).json()["id"]

    assert [answer.status_code for answer in answers] == [404] * 8
    assert before == after
    assert (await manager.get(f"outbound-webhooks/{mine}/deliveries/{delivery}")).status_code == 404
    assert [one["id"] for one in (await manager.get("outbound-webhooks")).json()] == [mine]
    assert key["id"] not in {one["id"] for one in (await manager.get("api-keys")).json()}
    assert (await manager.get("api-key")).json()["id"] != (await other_manager.get("api-key")).json()["id"]


async def test_the_published_keys_get_a_session_of_their_own_user_and_no_other_key_gets_one(sandbox, manager):
    made = (await manager.post("api-keys", json={"name": "Mine"})).json()["raw_key"]
    lists = []
    for key in (sandbox.flintt_key, sandbox.second_flintt_key):
        async with session_of(sandbox, sandbox.session_for(key)) as client:
            lists.append({one["name"] for one in (await client.get("api-keys")).json()})

    assert lists == [{"Mine", "Sandbox"}, {"Sandbox"}]
    assert [sandbox.session_for(key) for key in ("", made, sandbox.flowpilot_key)] == [None] * 3
