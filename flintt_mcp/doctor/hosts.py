"""The entries in every host's files: readable, whole, startable, with keys that arrive.

In: this machine and its hosts. Out: findings, some of which can be mended at once. No value of an entry is shown but its command.
"""

from __future__ import annotations

import re
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from flintt_mcp.calls.caller import Credentials
from flintt_mcp.catalogue import APIS
from flintt_mcp.doctor.finding import Finding
from flintt_mcp.doctor.machine import is_runnable
from flintt_mcp.hosts.installing import Standing, standing
from flintt_mcp.hosts.shape import Shape
from flintt_mcp.hosts.system import System
from flintt_mcp.hosts.table import HOSTS, Host, Place

_REFERENCE = re.compile(r"\$\{(?:env:|input:)?[\w-]+\}|\{env:\w+\}|\$\w+")
_NAME = re.compile(r"[A-Z][A-Z0-9_]+")


def look_at_hosts(system: System, only: Host | None, name: str = "flintt") -> Iterator[Finding]:
    """Every host that is here, or the one that was named."""
    rows = [standing(host, system, name) for host in ([only] if only else HOSTS)]
    seen = [row for row in rows if only or row.has_entry or row.problem]
    for row in seen:
        yield from _host(row, system)
    if not seen:
        here = [row.host.name for row in rows if row.here]
        which = f"`flintt-mcp install {here[0]}`" if here else "`flintt-mcp install --list` names the hosts"
        yield Finding("hosts", "hosts", "warning", "no host on this machine has an entry", which)


def _host(row: Standing, system: System) -> Iterator[Finding]:
    title, again = row.host.title, f"`flintt-mcp install {row.host.name}`"
    if row.problem:
        remedy = "mend that line, or the host cannot read the file either; the text stands there as you left it"
        yield Finding("hosts", title, "error", row.problem, remedy)
        return
    if not row.has_entry:
        yield Finding("hosts", title, "error", f"it has no entry in {row.paths[0]}", again)
        return
    for place, path, entry in zip(row.places, row.paths, row.entries, strict=True):
        if isinstance(entry, dict):
            yield from _entry(row.host, place, path, entry, system, again)


def _entry(
    host: Host, place: Place, path: Path, entry: Mapping[str, Any], system: System, again: str
) -> Iterator[Finding]:
    shape = place.shape
    keys = _keys(shape, entry)
    problems = [*_command(host, shape, entry, again), *_placeholders(host, shape, keys, again)]
    problems += _unset(host, shape, entry, keys, system, again)
    problems += _open(host, path, keys)
    yield from problems
    if not problems:
        yield Finding("hosts", host.title, "ok", f"its entry in {path} is whole")


def _command(host: Host, shape: Shape, entry: Mapping[str, Any], again: str) -> Iterator[Finding]:
    if entry.get(shape.url) or entry.get("url") or entry.get("serverUrl"):
        if host.remote_instead:
            yield Finding(
                "hosts", host.title, "error", "its entry has a URL, which it does not take", host.remote_instead
            )
        return
    command = entry.get(shape.command)
    words = [str(one) for one in command] if isinstance(command, list) else [str(command)]
    if not is_runnable(words):
        said = f"its entry starts {words[0]}, which is not there" if command else "its entry has no command"
        yield Finding("hosts", host.title, "error", said, again)


def _keys(shape: Shape, entry: Mapping[str, Any]) -> dict[str, str]:
    """By name, what stands where keys go: in variables and in headers."""
    variables, headers = entry.get(shape.env) or {}, entry.get(shape.headers) or {}
    both = [(name, one) for part in (variables, headers) if isinstance(part, dict) for name, one in part.items()]
    return {str(name): str(one) for name, one in both if "KEY" in str(name).upper() or "TOKEN" in str(name).upper()}


def _placeholders(host: Host, shape: Shape, keys: Mapping[str, str], again: str) -> Iterator[Finding]:
    for name, value in keys.items():
        ours = _REFERENCE.fullmatch(value) if shape.reference else None
        if ours is None and Credentials(APIS, bytes(32)).from_environment({"FLINTT_API_KEY": value}).unfilled:
            said = f"{name} in its entry is a placeholder that nobody filled in"
            yield Finding("hosts", host.title, "error", said, f"{again}, with the key in FLINTT_API_KEY")


def _unset(
    host: Host, shape: Shape, entry: Mapping[str, Any], keys: Mapping[str, str], system: System, again: str
) -> Iterator[Finding]:
    """Variables that an entry refers to and that this environment does not have."""
    if shape.asks:
        return
    named = entry.get(shape.passed) if shape.passed else []
    by_header = entry.get(shape.header_variables) if shape.header_variables else {}
    referred = [*(named or []), *(by_header or {}).values()]
    referred += [
        found[0]
        for value in keys.values()
        if shape.reference and _REFERENCE.fullmatch(value) and (found := _NAME.search(value))
    ]
    for name in dict.fromkeys(str(one) for one in referred):
        if not system.environment.get(name):
            said = f"its entry takes {name} from {host.environment.format(title=host.title)}, and here it is not set"
            remedy = f"set it where {host.title} starts; where that cannot be done, {again} asks for the key and writes it down"
            yield Finding("hosts", host.title, "warning", said, remedy)


def _open(host: Host, path: Path, keys: Mapping[str, str]) -> Iterator[Finding]:
    """A file that holds a key and that others can read."""
    secret = [value for value in keys.values() if not _REFERENCE.fullmatch(value) and value not in _PUBLISHED]
    real = path.resolve()
    if secret and sys.platform != "win32" and stat.S_IMODE(real.stat().st_mode) & 0o077:
        said = f"others on this machine can read {real}, which holds a key"
        yield Finding("hosts", host.title, "warning", said, f"`chmod 600 {real}`", mend=_private(real))


def _private(path: Path) -> Callable[[], None]:
    return lambda: path.chmod(0o600)


_PUBLISHED = frozenset(api.sandbox_key for api in APIS)
