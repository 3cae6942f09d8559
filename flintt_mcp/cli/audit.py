"""`flintt-mcp audit`: the journal of every write and every approval, for whoever runs the server.

In: settings, which say where the data folder and the server's key are. Out: lines on stdout, and exit code 1 where the journal is
not as it was written. It changes nothing.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, TypeVar

import anyio

from flintt_mcp.cli.outcome import FAILED, ended
from flintt_mcp.errors import CallRefused, ConfigError
from flintt_mcp.serving.console import as_json
from flintt_mcp.settings import Settings
from flintt_mcp.state.journal import Broken, Entry, Journal, as_line
from flintt_mcp.state.server_file import FILE_NAME, refusing, server_file
from flintt_mcp.state.server_keys import derive_keys

T = TypeVar("T")

COLUMNS = ("at", "state", "tool", "caller", "how", "amount", "request_id")


def audit(settings: Settings, options: argparse.Namespace) -> int:
    """List, export or verify the journal.

    Raises:
        ConfigError: there is no journal, or it cannot be read.
    """
    if not (settings.data_path / FILE_NAME).exists():
        raise ConfigError(f"there is no journal in {settings.data_path}: nothing was written yet")
    journal = Journal(derive_keys(settings).digest)
    try:
        return _verify(settings, journal) if options.action == "verify" else _show(settings, journal, options)
    except Broken as error:
        ended(f"The journal is NOT as it was written: {error}")
        return FAILED


def _show(settings: Settings, journal: Journal, options: argparse.Namespace) -> int:
    entries = _read(settings, lambda connection: list(journal.entries(connection)))
    chosen = entries[-options.last :] if options.last > 0 else entries
    return ended("\n".join(as_json(as_line(one), 0) if options.action == "export" else _line(one) for one in chosen))


def _verify(settings: Settings, journal: Journal) -> int:
    number = _read(settings, journal.verify)
    return ended(f"The journal is as it was written: {number} {'step' if number == 1 else 'steps'}")


def _read(settings: Settings, work: Callable[[Any], T]) -> T:
    database = server_file(settings.data_path)
    try:
        with refusing():
            return anyio.run(database.read, work)
    except CallRefused as error:
        raise ConfigError(
            f"the journal in {settings.data_path} cannot be read: {type(error.__cause__).__name__}"
        ) from None
    finally:
        database.close()


def _line(entry: Entry) -> str:
    """One step, in columns: when, where it came to, the tool, whose it is, by whose answer, what it may cost, the API's id."""
    told = as_line(entry)
    return "  ".join(str(told[name]) for name in COLUMNS if name in told)
