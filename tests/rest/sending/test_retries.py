"""When a request is sent again, how long is waited first, and what the deadline allows: with a clock of our own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flintt_mcp.errors import Unreachable
from flintt_mcp.rest.sending.client import UpstreamClient, Ways, open_client
from flintt_mcp.rest.sending.limits import Limits
from flintt_mcp.rest.sending.message import TransportFault, UpstreamRequest, UpstreamResponse
from flintt_mcp.rest.sending.retry import Pace, backoff, next_wait, parse_retry_after
from tests.clock import SetClock

from .fault_server import FaultServer, answer, closed_port, ok, reset

pytestmark = pytest.mark.anyio

NOW = SetClock().seconds()
READ = UpstreamRequest("list_companies", "GET", "https://api.flintt.invalid/v1/companies", {}, repeatable=True)
WRITE = UpstreamRequest("create_company", "POST", "https://api.flintt.invalid/v1/companies", {}, b"{}")
KEYED_WRITE = UpstreamRequest("start_run", "POST", "https://api.flintt.invalid/v1/runs", {}, b"{}", repeatable=True)
GOOD = UpstreamResponse(200, {}, b"{}")

Outcome = UpstreamResponse | TransportFault


def pace(clock: SetClock, luck: float = 1.0) -> Pace:
    """Time that passes only when somebody sleeps or an attempt takes long; chance that always says `luck`."""
    return Pace(clock.seconds, clock.seconds, clock.sleep, lambda: luck)


@dataclass
class Script:
    """A sender that gives these outcomes in turn, the last one for ever; every attempt takes `takes` seconds."""

    clock: SetClock
    outcomes: list[Outcome]
    takes: float = 0.0
    sent: int = 0

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        self.clock.forward(seconds=self.takes)
        outcome = self.outcomes[min(self.sent, len(self.outcomes) - 1)]
        self.sent += 1
        if isinstance(outcome, TransportFault):
            raise outcome
        return outcome


@asynccontextmanager
async def playing(
    *outcomes: Outcome, takes: float = 0.0, luck: float = 1.0, **limits: Any
) -> AsyncIterator[tuple[UpstreamClient, Script]]:
    script = Script(SetClock(), list(outcomes), takes)
    async with open_client(Limits(**limits), Ways(sender=script.send), pace=pace(script.clock, luck)) as client:
        yield client, script


def status(code: int, **headers: str) -> UpstreamResponse:
    return UpstreamResponse(code, {name.replace("_", "-"): value for name, value in headers.items()}, b"")


UNSENT = TransportFault("connection refused", sent=False)
SENT = TransportFault("the connection was reset", sent=True)
LASTING = TransportFault("the API's certificate is not trusted", sent=False, lasting=True)


@pytest.mark.parametrize("first", [UNSENT, SENT, status(429), status(502), status(503), status(504)])
@pytest.mark.parametrize("request_", [READ, KEYED_WRITE])
async def test_what_may_be_sent_twice_is_tried_again(first: Outcome, request_: UpstreamRequest) -> None:
    async with playing(first, GOOD) as (client, script):
        response = await client.send(request_)
    assert (response.status, response.attempts, script.sent) == (200, 2, 2)


@pytest.mark.parametrize("first", [UNSENT, status(429)])
async def test_a_write_is_tried_again_when_the_api_never_acted_on_it(first: Outcome) -> None:
    async with playing(first, GOOD) as (client, _):
        response = await client.send(WRITE)
    assert (response.status, response.attempts) == (200, 2)


@pytest.mark.parametrize("code", [500, 502, 503, 504])
async def test_a_write_is_not_repeated_after_a_server_error(code: int) -> None:
    async with playing(status(code), GOOD) as (client, script):
        response = await client.send(WRITE)
    assert (response.status, response.attempts, script.sent) == (code, 1, 1)


async def test_a_write_that_may_have_arrived_is_not_repeated() -> None:
    async with playing(SENT, GOOD) as (client, script):
        with pytest.raises(Unreachable) as caught:
            await client.send(WRITE)
    assert (caught.value.changed, script.sent) == ("unknown", 1)


async def test_a_write_with_an_idempotency_key_that_failed_may_be_called_again() -> None:
    async with playing(SENT) as (client, script):
        with pytest.raises(Unreachable) as caught:
            await client.send(KEYED_WRITE)
    assert (caught.value.message, caught.value.changed, script.sent) == (
        "No answer from api.flintt.invalid: the connection was reset (3 attempts).",
        "unknown",
        3,
    )
    assert caught.value.advice == "It may have been done. Make the same call again: it will not be done twice."


async def test_the_failure_that_may_have_arrived_counts_and_not_only_the_last_one() -> None:
    async with playing(SENT, UNSENT) as (client, _):
        with pytest.raises(Unreachable) as caught:
            await client.send(KEYED_WRITE)
    assert caught.value.changed == "unknown"


async def test_a_refusal_after_an_attempt_that_may_have_arrived_says_so() -> None:
    async with playing(status(504), status(409)) as (client, _):
        assert (await client.send(KEYED_WRITE)).unsure
    async with playing(status(429), status(409)) as (client, _):
        assert not (await client.send(KEYED_WRITE)).unsure
    async with playing(SENT, status(404)) as (client, _):
        assert not (await client.send(READ)).unsure
    async with playing(status(503, changed="no"), status(409)) as (client, _):
        assert not (await client.send(KEYED_WRITE)).unsure


async def test_a_fault_that_lasts_is_not_tried_again() -> None:
    async with playing(LASTING) as (client, script):
        with pytest.raises(Unreachable) as caught:
            await client.send(READ)
    assert (caught.value.changed, script.sent, script.clock.naps) == ("no", 1, [])


async def test_the_last_answer_is_returned_with_the_number_of_attempts() -> None:
    async with playing(status(503), status(502), status(429, retry_after="7")) as (client, _):
        response = await client.send(READ)
    assert (response.status, response.attempts, response.retry_after) == (429, 3, 7.0)


async def test_waits_double_under_full_jitter() -> None:
    async with playing(UNSENT, attempts=5) as (client, script):
        with pytest.raises(Unreachable):
            await client.send(READ)
    assert script.clock.naps == [0.25, 0.5, 1.0, 2.0]
    async with playing(UNSENT, luck=0.0) as (client, script):
        with pytest.raises(Unreachable):
            await client.send(READ)
    assert script.clock.naps == [0.0, 0.0]


@pytest.mark.parametrize("code", [429, 503])
async def test_retry_after_in_seconds_is_obeyed_when_it_fits(code: int) -> None:
    async with playing(status(code, retry_after="12"), GOOD, luck=0.0) as (client, script):
        assert (await client.send(READ)).status == 200
    assert script.clock.naps == [12.0]


async def test_retry_after_as_a_date_is_obeyed_when_it_fits() -> None:
    date = formatdate(NOW + 9, usegmt=True)
    async with playing(status(429, retry_after=date), GOOD, luck=0.0) as (client, script):
        assert (await client.send(READ)).status == 200
    assert script.clock.naps == [9.0]


@pytest.mark.parametrize(("header", "seconds"), [("3600", 3600.0), (formatdate(NOW + 600, usegmt=True), 600.0)])
async def test_a_retry_after_past_the_deadline_is_told_and_not_waited_for(header: str, seconds: float) -> None:
    async with playing(status(429, retry_after=header), GOOD) as (client, script):
        response = await client.send(READ)
    assert (response.status, response.attempts, response.retry_after) == (429, 1, seconds)
    assert script.clock.naps == []


async def test_slow_attempts_use_up_the_deadline() -> None:
    async with playing(status(503), takes=14.0, deadline=30.0) as (client, _):
        response = await client.send(READ)
    assert (response.status, response.attempts) == (503, 2)


async def test_a_call_that_is_cancelled_between_attempts_is_not_sent_again() -> None:
    async def send(request: UpstreamRequest) -> UpstreamResponse:
        sent.append(request.operation)
        raise TransportFault("connection refused", sent=False)

    async def sleep(seconds: float) -> None:
        tasks.cancel_scope.cancel()
        await anyio.sleep_forever()

    sent: list[str] = []
    async with (
        open_client(ways=Ways(sender=send), pace=Pace(sleep=sleep)) as client,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(client.send, WRITE)
    assert sent == ["create_company"]


async def test_a_sender_that_never_answers_is_left_after_the_attempt_time() -> None:
    async def send(request: UpstreamRequest) -> UpstreamResponse:
        await anyio.sleep_forever()
        raise AssertionError

    async with open_client(
        Limits(attempt_timeout=0.01, attempts=2), Ways(sender=send), pace=pace(SetClock())
    ) as client:
        with pytest.raises(Unreachable, match=r"no complete answer within 0\.01 s \(2 attempts\)"):
            await client.send(READ)


async def test_a_sender_of_tests_has_the_size_limit_too() -> None:
    async with playing(UpstreamResponse(200, {}, b"x" * 11), max_response_bytes=10) as (client, script):
        with pytest.raises(Exception, match="larger than this server's limit of 10 bytes"):
            await client.send(READ)
    assert script.sent == 1


async def test_retries_work_over_a_real_socket(api: FaultServer) -> None:
    api.script(reset, answer(503), ok())
    async with open_client(pace=pace(SetClock())) as client:
        response = await client.send(UpstreamRequest("x", "GET", api.url + "/v1", {}, repeatable=True))
    assert (response.status, response.attempts, api.methods()) == (200, 3, ["GET", "GET", "GET"])


async def test_the_429_of_a_real_socket_tells_when_to_come_back(api: FaultServer, clock: SetClock) -> None:
    api.script(answer(429, retry_after="2"), answer(429, Retry_After="60"))
    async with open_client(pace=pace(clock, luck=0.0)) as client:
        response = await client.send(UpstreamRequest("x", "POST", api.url + "/v1", {}, b"{}"))
    assert (response.status, response.attempts, response.retry_after, clock.naps) == (429, 2, 60.0, [2.0])


async def test_a_refused_connection_is_tried_three_times(api: FaultServer, clock: SetClock) -> None:
    async with open_client(pace=pace(clock)) as client:
        with pytest.raises(Unreachable, match=r"connection refused \(3 attempts\)"):
            await client.send(UpstreamRequest("x", "POST", f"http://127.0.0.1:{closed_port()}/", {}, b"{}"))
    assert clock.naps == [0.25, 0.5]


# --- laws


@given(attempt=st.integers(1, 10_000), chance=st.floats(0, 1, exclude_max=True))
def test_law_backoff_is_never_negative_and_bounded(attempt: int, chance: float) -> None:
    assert 0.0 <= backoff(attempt, chance) <= 4.0


@given(
    asked=st.none() | st.floats(0, 1e9),
    jitter=st.floats(0, 4),
    left=st.floats(-100, 100),
    deadline=st.floats(0.01, 100),
)
def test_law_a_wait_obeys_retry_after_and_leaves_time_for_an_attempt(
    asked: float | None, jitter: float, left: float, deadline: float
) -> None:
    wait = next_wait(asked, jitter, left, deadline)
    if wait is not None:
        assert 0.0 <= wait < left
        assert wait >= (asked or 0.0)
        assert wait <= (asked or 0.0) + jitter


@given(
    luck=st.floats(0, 1, exclude_max=True),
    takes=st.floats(0, 20),
    deadline=st.floats(0.1, 60),
    header=st.none() | st.integers(0, 100).map(str),
)
def test_law_a_call_never_sleeps_past_its_deadline(
    luck: float, takes: float, deadline: float, header: str | None
) -> None:
    async def call() -> None:
        outcome = status(503, **({"retry_after": header} if header is not None else {}))
        async with playing(outcome, takes=takes, luck=luck, deadline=deadline, attempts=10) as (client, script):
            await client.send(READ)
        assert script.sent <= 10
        assert script.clock.seconds() - script.takes <= NOW + deadline + 1e-3

    anyio.run(call)


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")), st.floats(0, 4e9))
def test_law_any_retry_after_is_read_or_ignored_and_never_negative(text: str, wall: float) -> None:
    seconds = parse_retry_after(text, wall)
    assert seconds is None or seconds >= 0.0


@given(
    st.from_regex(r"\A(Mon|Tue|Sun), ?\d{1,3} (Jan|Feb|Dec) \d{1,5} \d{1,3}:\d{1,3}(:\d{1,3})? ?(GMT|[+-]\d{1,5})?\Z")
)
def test_law_any_near_date_is_read_or_ignored(text: str) -> None:
    seconds = parse_retry_after(text, NOW)
    assert seconds is None or seconds >= 0.0


@given(st.integers(0, 10**8))
def test_law_a_date_is_read_as_the_seconds_until_it(seconds: int) -> None:
    assert parse_retry_after(formatdate(NOW + seconds, usegmt=True), NOW) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("", None),
        ("120", 120.0),
        (" 0 ", 0.0),
        ("1.5", 1.5),
        ("-1", None),
        ("1e9", None),
        ("٣", None),
        ("soon", None),
        ("9" * 100, None),
        (formatdate(NOW - 60, usegmt=True), 0.0),
        (formatdate(NOW + 60).replace("-0000", ""), 60.0),
    ],
)
def test_retry_after_examples(text: str | None, seconds: float | None) -> None:
    assert parse_retry_after(text, NOW) == seconds
