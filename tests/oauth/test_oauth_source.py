"""A good token at any time: renewed before it ends, and once."""

from __future__ import annotations

import dataclasses
import logging
import sys

import anyio
import pytest

from flintt_mcp.errors import ConfigError, CredentialMissing, Unavailable, Unreachable
from flintt_mcp.oauth.source import TokenSource
from flintt_mcp.rest.sending.message import UpstreamResponse
from flintt_mcp.sandbox.flextell.seed import SERVICE, SERVICE_SECRET
from flintt_mcp.state.file_lock import hold_in_turn
from tests.oauth.signing_in import sign_in

pytestmark = pytest.mark.anyio


class Counted:
    """A way to send that counts, and that can be told to answer something else."""

    def __init__(self, send) -> None:
        self._send = send
        self.sent = 0
        self.instead = None

    async def __call__(self, request):
        self.sent += 1
        if isinstance(self.instead, Exception):
            raise self.instead
        return self.instead or await self._send(request)


@pytest.fixture
async def counted(settings, client, store, lock, clock):
    """Signed in."""
    assert (await sign_in(settings, client, store, lock, clock)).error is None
    return Counted(client.send)


@pytest.fixture
def source(settings, store, counted, lock, clock) -> TokenSource:
    return TokenSource(settings, store, counted, lock, clock=clock.seconds)


async def test_a_fresh_token_is_used_until_a_minute_before_its_end(source, store, clock, counted):
    first = await source.token()
    clock.forward(seconds=3539)

    assert (await source.token(), counted.sent) == (first, 0)
    clock.forward(seconds=1)
    second = await source.token()
    assert (second != first, second, counted.sent) == (True, store.load().access_token, 1)


async def test_fifty_calls_that_meet_the_end_renew_it_once(source, clock, counted, status):
    await source.token()
    clock.forward(seconds=3600)
    tokens = []

    async def call():
        tokens.append(await source.token())

    async with anyio.create_task_group() as group:
        for _ in range(50):
            group.start_soon(call)

    assert (len(tokens), len(set(tokens)), counted.sent) == (50, 1, 1)
    assert await status(tokens[0]) == 200


async def test_sources_that_share_a_folder_renew_it_once(settings, store, counted, lock, clock):
    sources = [TokenSource(settings, store, counted, lock, clock=clock.seconds) for _ in range(5)]
    for source in sources:
        await source.token()
    clock.forward(seconds=3600)
    tokens = []

    async def call(source):
        tokens.append(await source.token())

    async with anyio.create_task_group() as group:
        for source in sources:
            group.start_soon(call, source)

    assert (len(set(tokens)), counted.sent) == (1, 1)


PROCESS = """
import anyio, pathlib, sys
from flintt_mcp.oauth.registration import OAuthSettings
from flintt_mcp.oauth.source import TokenSource
from flintt_mcp.oauth.token_store import FileStore
from flintt_mcp.rest.sending.client import open_client
from flintt_mcp.rest.sending.limits import Limits

token_url, client_id, folder, now = sys.argv[1:]

async def main():
    folder_ = pathlib.Path(folder)
    settings = OAuthSettings(token_url=token_url, client_id=client_id)
    store = FileStore(folder_ / "flextell.tokens.json")
    async with open_client(Limits(attempts=1)) as client:
        source = TokenSource(settings, store, client.send, folder_ / "flextell.lock", clock=lambda: float(now))
        print(hash(await source.token()))

anyio.run(main)
"""


async def test_two_processes_that_meet_the_end_renew_it_once_and_neither_ends_the_others_login(
    settings, store, counted, lock, clock, status, monkeypatch
):
    monkeypatch.setenv("PYTHONHASHSEED", "0")
    clock.forward(seconds=3600)
    old = store.load()
    command = [sys.executable, "-W", "error", "-c", PROCESS]
    command += [settings.token_url, settings.client_id, str(lock.parent), str(clock.seconds())]
    answers = []

    async def run():
        answers.append((await anyio.run_process(command)).stdout)

    async with anyio.create_task_group() as group:
        for _ in range(2):
            group.start_soon(run)

    # Had both sent the same refresh token, the server would have revoked the whole login.
    assert answers[0] == answers[1]
    assert store.load().access_token != old.access_token
    assert await status(store.load().access_token) == 200


HOLDER = """
import anyio, os, pathlib
from flintt_mcp.state.file_lock import hold_in_turn

async def main():
    async with hold_in_turn(pathlib.Path({lock!r}), 5):
        os._exit(0)

anyio.run(main)
"""


async def test_a_token_that_the_api_refuses_is_renewed_before_its_end(source, store, counted, status):
    first = await source.token()

    second = await source.token(refused=first)

    assert (second != first, second, counted.sent) == (True, store.load().access_token, 1)
    assert await status(second) == 200
    assert (await source.token(refused=first), counted.sent) == (second, 1)


async def test_an_api_that_refuses_every_token_costs_one_renewal_a_minute(source, counted, clock):
    token = await source.token()
    seen = [token := await source.token(refused=token) for _ in range(10)]

    assert (len(set(seen)), counted.sent) == (1, 1)
    clock.forward(seconds=61)
    assert (await source.token(refused=token) != token, counted.sent) == (True, 2)


async def test_after_a_new_login_a_refused_token_costs_no_renewal(source, store, counted):
    first = await source.token()
    store.save(dataclasses.replace(store.load(), access_token="of-the-new-login"))

    assert (await source.token(), await source.token(refused=first), counted.sent) == (first, "of-the-new-login", 0)


async def test_a_refused_token_is_not_used_on_when_no_other_can_be_had(source, counted):
    first = await source.token()
    counted.instead = UpstreamResponse(503, {}, b"")

    with pytest.raises(Unavailable):
        await source.token(refused=first)
    assert await source.token() == first


async def test_a_renewal_without_an_answer_says_that_the_call_changed_nothing(source, counted):
    first = await source.token()
    counted.instead = Unreachable("No answer", operation="login flextell", changed="unknown", advice="look first")

    with pytest.raises(Unreachable) as caught:
        await source.token(refused=first)
    assert (caught.value.changed, caught.value.advice) == ("no", "try again in a minute")


async def test_a_process_that_dies_gives_the_lock_back(source, clock, lock):
    holder = HOLDER.format(lock=str(lock))
    await anyio.run_process([sys.executable, "-c", holder])
    clock.forward(seconds=3600)

    assert await source.token()


async def test_a_lock_that_another_keeps_is_an_error_in_the_end(settings, store, counted, lock, clock):
    source = TokenSource(settings, store, counted, lock, clock=clock.seconds, patience=0.1)
    async with hold_in_turn(lock, 5):
        with pytest.raises(Unavailable, match="could not be renewed in time"):
            await source.token()


async def test_a_reused_refresh_token_ends_the_login_and_the_error_says_what_to_do(source, store, clock, counted):
    stolen = store.load()
    clock.forward(seconds=3600)
    await source.token()
    store.save(dataclasses.replace(stolen, renew_at=0))
    clock.forward(seconds=3600)

    with pytest.raises(CredentialMissing) as caught:
        await source.token()
    assert (caught.value.message, caught.value.advice) == (
        "The login to Flextell has ended",
        "run `flintt-mcp login flextell`",
    )
    sent = counted.sent
    with pytest.raises(CredentialMissing, match="is not there"):
        await source.token()
    assert counted.sent == sent


async def test_without_a_login_the_error_says_what_to_do(settings, store, client, lock, clock):
    with pytest.raises(CredentialMissing) as caught:
        await TokenSource(settings, store, client.send, lock, clock=clock.seconds).token()

    assert caught.value.advice == "run `flintt-mcp login flextell`"


async def test_tokens_of_another_server_or_client_are_never_used(settings, store, counted, lock, clock):
    for other in (
        dataclasses.replace(settings, token_url="https://other.example/token"),
        dataclasses.replace(settings, client_id="somebody"),
    ):
        with pytest.raises(CredentialMissing, match="is not there"):
            await TokenSource(other, store, counted, lock, clock=clock.seconds).token()
    assert counted.sent == 0


@pytest.mark.parametrize(
    "instead",
    [
        UpstreamResponse(503, {}, b""),
        UpstreamResponse(429, {}, b'{"error": "slow_down"}'),
        UpstreamResponse(200, {}, b"<html>"),
        UpstreamResponse(200, {}, b'{"access_token": "a b", "token_type": "Bearer"}'),
        UpstreamResponse(200, {}, b'{"access_token": "x", "token_type": "mac"}'),
        UpstreamResponse(302, {"location": "https://evil.example"}, b""),
        Unreachable("No answer", operation="login flextell"),
    ],
    ids=range(7),
)
async def test_a_server_that_fails_costs_nothing_while_the_old_token_is_good(source, store, clock, counted, instead):
    first = await source.token()
    kept = store.load()
    clock.forward(seconds=3550)
    counted.instead = instead

    assert [await source.token(), await source.token()] == [first, first]
    assert counted.sent == 1
    clock.forward(seconds=10)
    assert (await source.token(), counted.sent) == (first, 2)
    clock.forward(seconds=40)
    with pytest.raises((Unavailable, Unreachable)):
        await source.token()
    assert store.load() == kept
    counted.instead = None
    assert await source.token() != first


async def test_calls_that_waited_for_a_renewal_that_failed_fail_with_it(source, clock, counted):
    clock.forward(seconds=3600)
    counted.instead = UpstreamResponse(500, {}, b"")
    failed = []

    async def call():
        try:
            await source.token()
        except Unavailable as error:
            failed.append(error)

    async with anyio.create_task_group() as group:
        for _ in range(50):
            group.start_soon(call)

    assert (len(failed), counted.sent) == (50, 1)


async def test_a_refused_client_keeps_its_login_for_when_the_setting_is_mended(source, store, clock, counted):
    clock.forward(seconds=3600)
    kept = store.load()
    counted.instead = UpstreamResponse(401, {}, b'{"error": "invalid_client", "error_description": "secret"}')

    with pytest.raises(CredentialMissing) as caught:
        await source.token()
    assert caught.value.message == "Flextell's OAuth server refused this client (401): invalid_client"
    assert store.load() == kept


async def test_a_caller_who_goes_away_does_not_lose_the_new_refresh_token(
    settings, client, store, counted, lock, clock, status
):
    clock.forward(seconds=3600)
    answered = anyio.Event()

    async def slow(request):
        response = await client.send(request)
        answered.set()
        await anyio.lowlevel.checkpoint()
        return response

    source = TokenSource(settings, store, slow, lock, clock=clock.seconds)
    async with anyio.create_task_group() as group:
        group.start_soon(source.token)
        await answered.wait()
        group.cancel_scope.cancel()

    assert await status(await TokenSource(settings, store, counted, lock, clock=clock.seconds).token()) == 200
    assert counted.sent == 0


async def test_a_folder_that_cannot_be_read_is_a_clear_error(settings, client, store, lock, clock):
    store.path.mkdir(parents=True)

    with pytest.raises(ConfigError, match="The tokens of Flextell cannot be read"):
        await TokenSource(settings, store, client.send, lock, clock=clock.seconds).token()


async def test_a_renewed_token_that_cannot_be_kept_serves_this_process(
    source, store, clock, caplog, monkeypatch, status
):
    def full(_store, _tokens):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(store), "save", full)
    clock.forward(seconds=3600)

    assert await status(await source.token()) == 200
    assert "could not be kept: No space left on device" in caplog.text


async def test_client_credentials_renew_without_a_refresh_token(settings, store, client, lock, clock, status):
    own = dataclasses.replace(settings, client_id=SERVICE, client_secret=SERVICE_SECRET, grant="client_credentials")
    counted = Counted(client.send)
    source = TokenSource(own, store, counted, lock, clock=clock.seconds)
    first = await source.token()
    clock.forward(seconds=3600)
    second = await source.token()

    assert (first != second, counted.sent, await status(second)) == (True, 2, 200)


async def test_nothing_secret_is_logged_while_tokens_are_renewed(source, store, clock, caplog):
    caplog.set_level(logging.DEBUG)
    first = store.load()
    clock.forward(seconds=3600)
    await source.token()
    second = store.load()
    logged = "\n".join(record.getMessage() for record in caplog.records)

    assert "renewed the Flextell token" in logged
    for tokens in (first, second):
        assert tokens.access_token not in logged
        assert tokens.refresh_token not in logged
