"""This command, its version, its data folder, and the port of `serve`.

In: settings. Out: findings. Nothing is left behind: what is written to see whether it can be is gone again.
"""

from __future__ import annotations

import platform
import re
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from flintt_mcp import __version__
from flintt_mcp.doctor.finding import Finding
from flintt_mcp.errors import ConfigError
from flintt_mcp.hosts.server import own_command
from flintt_mcp.settings import Settings
from flintt_mcp.state.private_file import open_draft

_ROOM = 50 * 1024 * 1024
_PATIENCE = 2.0


def look_at_command() -> Iterator[Finding]:
    """The command that hosts start, as they find it."""
    try:
        words = own_command()
    except ConfigError as error:
        yield Finding("command", "path", "error", error.message, error.advice)
        return
    yield Finding("command", "path", "ok", " ".join(words))
    if shutil.which("flintt-mcp") is None:
        remedy = "`flintt-mcp install HOST` enters the whole path, which needs no PATH"
        yield Finding("command", "on PATH", "warning", "flintt-mcp is not on this PATH", remedy)


def look_at_versions() -> Iterator[Finding]:
    """What runs here, and whether the package index has a newer one, where it can be asked in time."""
    said = f"flintt-mcp {__version__}, mcp {version('mcp')}, Python {platform.python_version()} on {platform.system()}"
    newest = _newest()
    if newest is None:
        yield Finding("versions", "flintt-mcp", "ok", f"{said}; whether there is a newer one could not be asked")
    elif newest == __version__:
        yield Finding("versions", "flintt-mcp", "ok", f"{said}, the newest")
    else:
        yield Finding(
            "versions", "flintt-mcp", "warning", f"{said}; {newest} is out", "`pip install --upgrade flintt-mcp`"
        )


def look_at_data(settings: Settings) -> Iterator[Finding]:
    """The data folder: private, writable, with room."""
    folder = settings.data_path
    if not folder.exists():
        yield Finding("data", "folder", "ok", f"{folder} is not there yet, and is made when something is kept")
        return
    try:
        with open_draft(folder) as draft:
            draft.write("x")
    except OSError as error:
        said = f"{folder} cannot be written: {(error.strerror or '').lower()}"
        yield Finding("data", "folder", "error", said, "give another one with --data-dir, or its owner back")
        return
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077 and sys.platform != "win32":
        remedy = f"`chmod 700 {folder}`"
        yield Finding(
            "data", "folder", "warning", f"others can read {folder}", remedy, mend=lambda: folder.chmod(0o700)
        )
    elif shutil.disk_usage(folder).free < _ROOM:
        yield Finding("data", "folder", "warning", f"the disk of {folder} is nearly full", "make room")
    else:
        yield Finding("data", "folder", "ok", str(folder))


def look_at_port(settings: Settings) -> Iterator[Finding]:
    """Whether `serve` could listen where it would."""
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((settings.host, settings.port))
        except OSError as error:
            said = (
                f"{settings.host} port {settings.port} cannot be listened on: {(error.strerror or str(error)).lower()}"
            )
            remedy = "`flintt-mcp serve --port 0` takes a free one; stdio needs none"
            yield Finding("port", "serve", "warning", said, remedy)
            return
    yield Finding("port", "serve", "ok", f"{settings.host} port {settings.port} is free")


def _newest() -> str | None:
    """The newest version that the package index has, as pip is set up here; None where it does not say in time."""
    words = [
        sys.executable,
        "-m",
        "pip",
        "index",
        "versions",
        "flintt-mcp",
        "--disable-pip-version-check",
        "--retries",
        "0",
    ]
    with suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run(words, capture_output=True, text=True, timeout=_PATIENCE, stdin=subprocess.DEVNULL)
        found = re.match(r"flintt-mcp \(([\w.]+)\)", done.stdout)
        return found[1] if found else None
    return None


def is_runnable(words: list[str]) -> bool:
    """Whether the first of the words is a whole path to something that may be run."""
    return bool(words) and Path(words[0]).is_absolute() and shutil.which(words[0]) is not None
