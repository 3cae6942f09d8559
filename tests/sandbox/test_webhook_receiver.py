"""From a change in the workspace to a line on the receiver's terminal, over real HTTP on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator

import anyio
import httpx2
import pytest

from flintt_mcp.errors import ConfigError
from flintt_mcp.sandbox.delivery.dispatcher import Pace
from flintt_mcp.sandbox.delivery.receiver import Receiver
from flintt_mcp.sandbox.flowpilot.events import tell as tell_flowpilot
from flintt_mcp.sandbox.server import Sandbox, deliver_webhooks, open_sandbox, webhook_for
from tests.sandbox.sandbox_client import talk
from tests.sandbox.webhook_bench import rows, served, user_id

pytestmark = pytest.mark.anyio

NOWHERE = "http://127.0.0.1:9/"


@pytest.fixture
async def local(data_dir) -> AsyncIterator[Sandbox]:
    """A sandbox by the machine's clock, whose webhooks may go to this machine."""
    async with open_sandbox(data_dir, loopback_webhooks=True) as opened:
        yield opened


async def lines_of(sandbox: Sandbox, api: str, change, count: int) -> list[str]:
    """What the receiver writes for `count` events of `change`."""
    lines: list[str] = []
    enough = anyio.Event()

    def write(line: str) -> None:
        lines.append(line)
        if len(lines) == count:
            enough.set()

    app = Receiver(api, "", None, write)
    async with served(app) as url, webhook_for(sandbox, api, url) as endpoint, anyio.create_task_group() as group:
        app.secret, app.auth_token = endpoint["signing_secret"], endpoint["auth_token"]
        group.start_soon(deliver_webhooks, sandbox, Pace(poll=0.01))
        await change()
        with anyio.fail_after(10):
            await enough.wait()
        group.cancel_scope.cancel()
    return lines


async def test_a_new_company_becomes_a_verified_line_and_the_endpoint_goes_when_listening_ends(local):
    async def change():
        async with talk(local, local.flintt_key) as client:
            await client.post("companies", json={"name": "Acme \x1b[31m\u202e".replace("\x1b", "")})

    [line] = await lines_of(local, "flintt", change, 1)

    assert line.startswith("verified 20")
    assert " company.created " in line
    assert '"name": "Acme [31m' in line
    assert "\u202e" not in line
    assert await rows(local, "webhook_endpoints") == []


async def test_flowpilot_sends_its_test_event_when_registered_and_its_own_events_after_it(local):
    async def change():
        owner = (await rows(local, "flowpilot_organisations"))[0]["id"]
        await local.database.write(tell_flowpilot, "run.failed", owner, {"run_id": "r1"}, "2026-09-30T09:00:00Z")

    lines = await lines_of(local, "flowpilot", change, 2)

    assert sorted(line.split()[2] for line in lines) == ["run.failed", "webhook.test"]


async def answers_of(app, *requests) -> list[int]:
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://receiver") as client:
        return [(await client.request(method, "/", content=body)).status_code for method, body in requests]


async def test_what_is_not_signed_is_refused_and_told_without_its_content():
    lines: list[str] = []
    app = Receiver("flintt", "whsec_" + "a" * 64, "token", lines.append)

    statuses = await answers_of(app, ("POST", b'{"event": "fake"}'), ("GET", b""), ("POST", b"a" * 2_000_000))

    assert statuses == [401, 405, 413]
    assert lines == ["refused: the bearer token is missing or wrong"]
    assert "whsec" not in repr(app)


async def test_a_url_that_the_guard_refuses_and_an_unknown_api_are_clear_errors(sandbox, local):
    for where, api, url in (
        (sandbox, "flintt", NOWHERE),
        (local, "flintt", "http://a.example/"),
        (local, "x", NOWHERE),
    ):
        with pytest.raises(ConfigError):
            async with webhook_for(where, api, url):
                pass


async def test_an_endpoint_may_be_kept(local):
    async with webhook_for(local, "flintt", "http://127.0.0.1:9999/", keep=True) as endpoint:
        pass

    [kept] = await rows(local, "webhook_endpoints")
    assert (kept["id"], kept["owner_id"]) == (endpoint["id"], await user_id(local))
