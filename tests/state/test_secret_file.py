"""A secret that is shown once lies in a private file, whole, or the call is not made at all."""

from __future__ import annotations

import json
import stat
from decimal import Decimal
from pathlib import Path

import pytest

from flintt_mcp.errors import ConfigError
from flintt_mcp.state.secret_file import secret_file
from tests.state.disk import files_no_larger_than

SECRET = {"raw_key": "flt_" + "a" * 64}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_secret_lies_in_a_private_file_of_a_private_folder(tmp_path):
    folder = tmp_path / "data" / "secrets"
    with secret_file(folder) as keep:
        path = keep("create_api_key 0123-4567", SECRET)

    assert path == folder / "create_api_key-0123-4567.json"
    assert json.loads(path.read_text("utf-8")) == SECRET
    assert (mode(path), mode(folder)) == (0o600, 0o700)
    assert list(folder.iterdir()) == [path]


def test_a_call_that_fails_leaves_no_file(tmp_path):
    with pytest.raises(RuntimeError), secret_file(tmp_path):
        raise RuntimeError

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_used_is_an_error_before_the_call(tmp_path):
    (tmp_path / "file").write_text("x")
    called = []

    with pytest.raises(ConfigError, match="would be lost"), secret_file(tmp_path / "file"):
        called.append("called")

    assert called == []


def test_a_later_secret_of_the_same_name_takes_the_place_of_the_former(tmp_path):
    for value in ("old", "new"):
        with secret_file(tmp_path) as keep:
            path = keep("rotate_webhook_secret wh_1", {"signing_secret": value})

    assert json.loads(path.read_text("utf-8")) == {"signing_secret": "new"}
    assert (len(list(tmp_path.iterdir())), mode(path)) == (1, 0o600)


def test_a_name_that_cannot_be_taken_leaves_the_secret_in_its_draft(tmp_path):
    (tmp_path / "create_api_key-1.json" / "full").mkdir(parents=True)
    with secret_file(tmp_path) as keep:
        path = keep("create_api_key 1", SECRET)

    assert path.parent == tmp_path
    assert (json.loads(path.read_text("utf-8")), mode(path)) == (SECRET, 0o600)


def test_a_value_that_is_no_text_is_written_down_all_the_same(tmp_path):
    with secret_file(tmp_path) as keep:
        path = keep("x", {"secret": "\ud83d", "amount": Decimal("1.10")})

    assert json.loads(path.read_text("utf-8")) == {"secret": "\ud83d", "amount": "1.10"}


def test_a_disk_without_room_is_an_error_before_the_call(tmp_path):
    called = []

    with files_no_larger_than(1000), pytest.raises(ConfigError, match="would be lost"), secret_file(tmp_path):
        called.append("called")

    assert (called, list(tmp_path.iterdir())) == ([], [])


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "..", "", "a/b", "a\x00b", "x" * 5000, "é"])
def test_no_name_from_an_api_leads_out_of_the_folder(tmp_path, name):
    with secret_file(tmp_path) as keep:
        path = keep(name, SECRET)

    assert path.parent == tmp_path
    assert path.is_file()
