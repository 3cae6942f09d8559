"""What an API shows once reaches the person: in a private file, and in the result itself when the disk fails after the answer."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from flintt_mcp.calls.call import QuietChannel
from flintt_mcp.calls.caller import ChannelKind
from flintt_mcp.calls.reply import Done
from flintt_mcp.rest.sending.message import UpstreamRequest, UpstreamResponse
from tests.certain import structured
from tests.fake_api import FakeApi, call, open_fake
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


@pytest.mark.parametrize(("kind", "end"), [("shell", ".json"), ("http", "where its operator can read it")])
async def test_whoever_may_be_on_another_machine_is_told_who_can_read_the_secret(
    tmp_path: Path, kind: ChannelKind, end: str
) -> None:
    fake = FakeApi()
    async with open_fake(tmp_path, fake) as app:
        fake.will_answer(KEY, status=201)
        done = await call(app, "create_api_key", {"name": "ci"}, channel=QuietChannel(kind))
    assert isinstance(done, Done)
    assert done.text.splitlines()[-1].endswith(end)
    assert RAW_KEY not in done.text + str(done.structured)


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
