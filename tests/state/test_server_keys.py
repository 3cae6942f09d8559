"""The server's own keys: what they survive, who shares them, and what happens where they cannot be kept."""

from __future__ import annotations

import logging
import stat
from pathlib import Path

import pytest

from flintt_mcp.app import App
from flintt_mcp.calls.caller import Caller
from flintt_mcp.calls.reply import Done, Refused, objects_of
from flintt_mcp.errors import ConfigError, ToolInputError
from flintt_mcp.settings import Settings
from flintt_mcp.state.server_keys import derive_keys
from tests.fake_api import KEYS, SECRET, FakeApi, call, open_fake

pytestmark = pytest.mark.anyio


async def _cursor(app: App, fake: FakeApi, caller: Caller) -> str:
    fake.will_answer([{"id": "c1"}, {"id": "c2"}])
    reply = await call(app, "list_companies", {"limit": 1}, caller)
    assert isinstance(reply, Done)
    return dict(reply.structured or {})["next_cursor"]


async def test_a_cursor_works_for_its_caller_alone_and_across_restarts(tmp_path: Path) -> None:
    fake = FakeApi()
    async with open_fake(tmp_path, fake, secret="") as app:
        cursor = await _cursor(app, fake, app.credentials.with_secrets({"flintt": "flt_a"}))
    async with open_fake(tmp_path, fake, secret="") as app:
        fake.will_answer([{"id": "c1"}, {"id": "c2"}])
        mine = await call(app, "list_companies", {"cursor": cursor}, app.credentials.with_secrets({"flintt": "flt_a"}))
        other = await call(app, "list_companies", {"cursor": cursor}, app.credentials.with_secrets({"flintt": "flt_b"}))
    assert isinstance(mine, Done)
    assert objects_of(dict(mine.structured or {})["companies"]) == [{"id": "c2"}]
    assert isinstance(other, Refused)
    assert isinstance(other.error, ToolInputError)


async def test_replicas_that_share_the_secret_share_their_cursors(tmp_path: Path) -> None:
    fake = FakeApi()
    async with open_fake(tmp_path / "one", fake) as app:
        cursor = await _cursor(app, fake, app.credentials.with_secrets(KEYS))
    async with open_fake(tmp_path / "two", fake) as app:
        fake.will_answer([{"id": "c1"}, {"id": "c2"}])
        assert isinstance(await call(app, "list_companies", {"cursor": cursor}), Done)
    async with open_fake(tmp_path / "three", fake, secret=SECRET[::-1]) as app:
        assert isinstance(await call(app, "list_companies", {"cursor": cursor}), Refused)


async def test_the_server_makes_a_secret_of_its_own_once_that_only_its_user_can_read(tmp_path: Path) -> None:
    for _ in range(2):
        async with open_fake(tmp_path, secret="") as app:
            made = (tmp_path / "server.secret").read_text()
            keys = app.keys
    assert (tmp_path / "server.secret").read_text() == made
    assert stat.S_IMODE((tmp_path / "server.secret").stat().st_mode) == 0o600
    assert len({keys.digest, keys.cursor, keys.state}) == 3
    assert made not in repr(app.keys.digest.hex())


async def test_no_key_of_the_server_shows_in_a_repr(tmp_path: Path) -> None:
    async with open_fake(tmp_path) as app:
        shown = repr(app) + repr(app.face())
        keys = [repr(key) for key in (app.keys.digest, app.keys.cursor, app.keys.state)]
    assert "Keys()" in shown
    assert [key for key in [SECRET, *keys] if key in shown] == []


@pytest.fixture
def unusable(tmp_path: Path) -> str:
    """A data folder that nobody can make, not even root: it would lie in a file."""
    (tmp_path / "file").touch()
    return str(tmp_path / "file" / "data")


def test_one_process_without_a_data_folder_works_with_keys_that_end_with_it(
    unusable: str, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(data_dir=unusable)
    assert derive_keys(settings) != derive_keys(settings)
    assert {(record.levelno, record.getMessage()) for record in caplog.records} == {
        (logging.WARNING, "the data folder cannot be written; cursors and sessions end with this process")
    }


def test_workers_without_a_data_folder_do_not_start_unless_they_are_given_a_secret(unusable: str) -> None:
    with pytest.raises(ConfigError) as caught:
        derive_keys(Settings(data_dir=unusable, workers=2))
    assert caught.value.message == f"the data folder {unusable} cannot be used, and workers must share a key"
    given = Settings(data_dir=unusable, workers=2, secret=SECRET)
    assert derive_keys(given) == derive_keys(given)
