"""What an API shows once reaches the person: in a private file, and in the result itself when the disk fails after the answer."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from flintt_mcp.calls.call import QuietChannel
from flintt_mcp.calls.caller import ChannelKind
from flintt_mcp.calls.reply import Done, Refused
from flintt_mcp.errors import StoreFailed
from flintt_mcp.rest.sending.message import UpstreamRequest, UpstreamResponse
from tests.certain import structured
from tests.fake_api import KEYS, FakeApi, call, open_fake
from tests.state.disk import files_no_larger_than

pytestmark = pytest.mark.anyio

RAW_KEY = "flt_" + "a" * 64
KEY = {"id": "k1", "name": "ci", "raw_key": RAW_KEY}
HOOK = {"id": "w1", "name": "crm", "signing_secret": "whsec_" + "b" * 40, "auth_token": "tok_" + "c" * 40}
NEW_HOOK = {"name": "crm", "endpoint_url": "https://crm.example/in", "event_types": ["company.created"]}


async def answered(
    folder: Path, tool: str, arguments: dict[str, Any], answer: Any, then: Callable[[], object] = lambda: None
) -> Done:
    """The result of a call to an API that gives this answer; `then` happens before it is read."""
    fake = FakeApi()
    fake.will_answer(answer, status=201)

    async def send(request: UpstreamRequest) -> UpstreamResponse:
        response = await fake(request)
        then()
        return response

    async with open_fake(folder, send) as app:
        done = await call(app, tool, arguments)
    assert isinstance(done, Done), done
    assert done.changed == "yes"
    return done


@pytest.mark.parametrize("kind", ["shell", "stdio"])
async def test_a_person_at_this_machine_finds_it_in_a_file(tmp_path: Path, kind: ChannelKind) -> None:
    fake = FakeApi()
    async with open_fake(tmp_path, fake) as app:
        fake.will_answer(KEY, status=201)
        done = await call(app, "create_api_key", {"name": "ci"}, channel=QuietChannel(kind))
    assert isinstance(done, Done)
    path = structured(done)["secret_file"]
    assert done.text.splitlines()[-1] == f"raw_key is shown once, to the person only: it is in {path}"
    assert json.loads(Path(path).read_text("utf-8")) == {"raw_key": RAW_KEY}  # noqa: ASYNC240 (a small file)


async def test_a_person_on_another_machine_gets_a_link_for_the_key_of_the_call(tmp_path: Path) -> None:
    fake = FakeApi()
    async with open_fake(tmp_path, fake, public_url="https://mcp.example/flintt") as app:
        fake.will_answer(KEY, status=201)
        done = await call(app, "create_api_key", {"name": "ci"}, channel=QuietChannel("http"))
        link = structured(done)["secret_link"]
        id = link.removeprefix("https://mcp.example/flintt/secret/")
        taken = [
            await app.secret_links.take(id, app.credentials.readers(key))
            for key in (KEYS["flintt"], *[KEYS["flintt-management"]] * 2)
        ]
    assert isinstance(done, Done)
    assert re.fullmatch(
        r"raw_key is shown once, to the person only: it is behind a link until \d{4}-\d\d-\d\d \d\d:\d\d UTC, for one reading, "
        rf"with the key that this call came with: {re.escape(link)}",
        done.text.splitlines()[-1],
    )
    assert RAW_KEY not in done.text + str(done.structured)
    assert str(tmp_path) not in done.text + str(done.structured)
    assert taken == [None, {"raw_key": RAW_KEY}, {}]
    assert not (tmp_path / "secrets").exists()


async def test_the_link_lies_nowhere_on_the_server_and_a_repeat_does_not_tell_it(tmp_path: Path) -> None:
    fake = FakeApi()
    async with open_fake(tmp_path, fake) as app:
        fake.will_answer(KEY, status=201)
        done = await call(app, "create_api_key", {"name": "ci"}, channel=QuietChannel("http"))
        again = await call(app, "create_api_key", {"name": "ci"}, channel=QuietChannel("http"))
        written = b"".join(file.read_bytes() for file in tmp_path.glob("server.*"))  # noqa: ASYNC240 (small files)
    id = structured(done)["secret_link"].rpartition("/")[2]
    assert id.encode() not in written
    assert isinstance(again, Refused)
    assert "nothing was done again" in again.error.message
    assert len(fake.requests) == 1


async def test_a_store_that_fails_after_the_answer_loses_no_secret_of_a_remote_caller(tmp_path: Path) -> None:
    fake, full = FakeApi(), ExitStack()

    async def send(request: UpstreamRequest) -> UpstreamResponse:
        response = await fake(request)
        full.enter_context(files_no_larger_than(4))
        return response

    async with open_fake(tmp_path, send) as app:
        fake.will_answer(KEY, status=201)
        with full:
            done = await call(app, "create_api_key", {"name": "ci"}, channel=QuietChannel("http"))
    assert structured(done)["api_key"] == KEY
    assert "could not be kept" in structured(done)["note"]


async def test_without_room_for_it_nothing_is_sent(tmp_path: Path) -> None:
    fake = FakeApi()
    async with open_fake(tmp_path, fake) as app:
        with files_no_larger_than(4):
            refused = await call(app, "create_api_key", {"name": "ci"}, channel=QuietChannel("http"))
    assert isinstance(refused, Refused)
    assert isinstance(refused.error, StoreFailed)
    assert fake.requests == []


async def test_a_refusal_of_the_api_leaves_no_room_taken(tmp_path: Path) -> None:
    fake = FakeApi()
    async with open_fake(tmp_path, fake) as app:
        fake.will_answer({"detail": "no"}, status=403)
        refused = await call(app, "create_api_key", {"name": "ci"}, channel=QuietChannel("http"))
    assert isinstance(refused, Refused)
    database = sqlite3.connect(tmp_path / "server.db")
    assert database.execute("SELECT count(*) FROM secret_links").fetchone() == (0,)
    database.close()


@pytest.mark.parametrize(
    ("tool", "arguments", "answer", "secrets", "noun", "note"),
    [
        (
            "create_api_key",
            {"name": "ci"},
            KEY,
            ["raw_key"],
            "api_key",
            "raw_key is shown once, and could not be kept in a private file: hand it to the person now, and keep no copy",
        ),
        (
            "create_webhook",
            NEW_HOOK,
            HOOK,
            ["signing_secret", "auth_token"],
            "webhook",
            "signing_secret and auth_token are shown once, and could not be kept in a private file: hand them to the person now, "
            "and keep no copy",
        ),
        (
            "rotate_webhook_secret",
            {"webhook_id": "w1"},
            {"signing_secret": "whsec_new"},
            ["signing_secret"],
            "rotation",
            "signing_secret is shown once, and could not be kept in a private file: hand it to the person now, and keep no copy",
        ),
    ],
)
async def test_a_disk_that_fails_after_the_answer_loses_no_secret(
    tool: str, arguments: Any, answer: Any, secrets: list[str], noun: str, note: str, tmp_path: Path
) -> None:
    with ExitStack() as full:
        done = await answered(
            tmp_path, tool, arguments, answer, then=lambda: full.enter_context(files_no_larger_than(4))
        )
    assert done.structured == {noun: answer, "note": note}
    assert [answer[name] in done.text for name in secrets] == [True] * len(secrets)
    assert done.text.splitlines()[-1] == note
    assert list((tmp_path / "secrets").iterdir()) == []


async def test_a_folder_that_is_gone_after_the_answer_loses_no_secret(tmp_path: Path) -> None:
    done = await answered(
        tmp_path, "create_api_key", {"name": "ci"}, KEY, then=lambda: shutil.rmtree(tmp_path / "secrets")
    )
    assert structured(done)["api_key"] == KEY


@pytest.mark.parametrize(
    "ids", [("k.1", "k-1"), ("a/b", "a b"), ("x" * 200 + "1", "x" * 200 + "2"), (7, 8), (None, None)]
)
async def test_no_secret_takes_the_place_of_another_ones(ids: tuple[Any, Any], tmp_path: Path) -> None:
    kept = []
    for number, id in enumerate(ids):
        answer = {"id": id, "raw_key": f"flt_{number}"}
        done = await answered(tmp_path, "create_api_key", {"name": f"ci {number}"}, answer)
        kept.append(Path(structured(done)["secret_file"]))
    assert [json.loads(path.read_text("utf-8")) for path in kept] == [{"raw_key": "flt_0"}, {"raw_key": "flt_1"}]
