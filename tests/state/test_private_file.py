"""A private file is whole or not there, whatever the disk does; room that was reserved is there when it is needed."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flintt_mcp.state.private_file import make_private, open_draft, private_folder, write_private
from tests.state.disk import files_no_larger_than

ON_A_SMALL_DISK = """
import errno, sys
from pathlib import Path
from flintt_mcp.state.private_file import open_draft, write_private

folder = Path(sys.argv[1])
write_private(folder / "tokens", "old")
with open_draft(folder, 16384) as draft:
    try:
        with open(folder / "filler", "wb", buffering=0) as filler:
            while True:
                filler.write(bytes(4096))
    except OSError as error:
        print("full:", error.errno == errno.ENOSPC)
    for attempt in (lambda: write_private(folder / "tokens", "new" * 4096), lambda: open_draft(folder, 16384).__enter__()):
        try:
            attempt()
        except OSError as error:
            print("refused:", error.errno == errno.ENOSPC)
    draft.write("s" * 16384)
    draft.replace(folder / "secret")
print((folder / "tokens").read_text(), len((folder / "secret").read_text()), sorted(path.name for path in folder.iterdir()))
"""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_and_all_folders_made_for_it_are_for_this_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "home" / "data" / "tokens.json"
    write_private(path, "Füße")

    assert path.read_bytes() == "Füße".encode()
    assert [mode(one) for one in (path, path.parent, path.parent.parent)] == [0o600, 0o700, 0o700]


def test_a_file_takes_the_place_of_one_that_others_could_read(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    path.write_text("a longer text that was there before")
    path.chmod(0o644)
    write_private(path, "new")

    assert (path.read_text(), mode(path), list(tmp_path.iterdir())) == ("new", 0o600, [path])


def test_a_folder_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    private_folder(tmp_path)

    assert mode(tmp_path) == 0o755


def test_a_disk_that_fails_in_the_middle_leaves_what_was_there_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    write_private(path, "old")
    with files_no_larger_than(100):
        with pytest.raises(OSError, match="too large"):
            write_private(path, "n" * 101)
        with pytest.raises(OSError, match="too large"):
            make_private(tmp_path / "server.secret", "n" * 101)

    assert (path.read_text(), list(tmp_path.iterdir())) == ("old", [path])


def test_a_place_that_cannot_be_taken_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "folder" / "full").mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        write_private(tmp_path / "folder", "text")

    assert [path.name for path in tmp_path.rglob("*")] == ["folder", "full"]


def test_of_all_who_make_one_file_together_the_first_wins_and_everybody_reads_it_whole(tmp_path: Path) -> None:
    path = tmp_path / "server.secret"

    def make(number: int) -> str:
        make_private(path, f"{number} " * 5000)
        return path.read_text()

    with ThreadPoolExecutor(8) as others:
        (read,) = set(others.map(make, range(64)))
    assert read == f"{read.split()[0]} " * 5000
    assert list(tmp_path.iterdir()) == [path]


def test_a_draft_that_is_left_is_gone_and_one_that_is_kept_is_private(tmp_path: Path) -> None:
    with open_draft(tmp_path):
        pass
    with files_no_larger_than(2000), pytest.raises(OSError, match="too large"), open_draft(tmp_path, 1000) as draft:
        draft.write("half of it" * 400)
    assert list(tmp_path.iterdir()) == []

    with open_draft(tmp_path, 1000) as draft:
        draft.write("text")
        path = draft.keep()
    assert (path.read_text(), mode(path), list(tmp_path.iterdir())) == ("text", 0o600, [path])


def test_what_is_written_may_be_longer_or_shorter_than_its_room(tmp_path: Path) -> None:
    for text in ("", "x", "x" * 5000):
        with open_draft(tmp_path, 1000) as draft:
            draft.write(text)
            draft.replace(tmp_path / "file")
        assert (tmp_path / "file").read_text() == text


def test_on_a_full_disk_room_that_was_reserved_is_there_and_all_else_is_as_it_was(tmp_path: Path) -> None:
    unshare = shutil.which("unshare")
    alone = [unshare or "", "--user", "--map-root-user", "--mount", "sh", "-c"]
    mount = f"mount -t tmpfs -o size=256k none {tmp_path}"
    if unshare is None or subprocess.run([*alone, mount], capture_output=True).returncode:
        pytest.skip("this system mounts no disk of our own")

    done = subprocess.run(
        [*alone, f'{mount} && exec "$@"', "sh", sys.executable, "-c", ON_A_SMALL_DISK, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stderr, done.stdout.splitlines()) == (
        "",
        ["full: True", "refused: True", "refused: True", "old 16384 ['filler', 'secret', 'tokens']"],
    )
