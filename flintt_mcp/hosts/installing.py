"""An entry put into a host's files, or taken out of them.

In: a host, this machine, a server. Out: for each file what was done. Everything is read and made ready before the first file is
written. The host's own command does it where there is one that can say the entry without a key; otherwise the file is edited.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from flintt_mcp.errors import ConfigError
from flintt_mcp.hosts.document import edit
from flintt_mcp.hosts.document.jsonc import Item
from flintt_mcp.hosts.document.malformed import Malformed
from flintt_mcp.hosts.files import HostFile, read_file
from flintt_mcp.hosts.own_command import run_own
from flintt_mcp.hosts.server import Server
from flintt_mcp.hosts.shape import OF_OURS
from flintt_mcp.hosts.system import System
from flintt_mcp.hosts.table import Host, Place

Done = Literal["added", "changed", "unchanged", "removed", "restored", "absent"]
INPUTS = "inputs"


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to be done to one file: the file as it is, and its text as it shall be (None: gone).

    `server` is what is put in there, None where the entry of that name is taken out.
    """

    host: Host
    place: Place
    file: HostFile
    name: str
    server: Server | None
    text: str | None = field(repr=False)
    done: Done

    @property
    def backup(self) -> Path:
        """Where the file is kept as it was before."""
        return self.file.backup(self.name)


@dataclass(frozen=True, slots=True)
class Standing:
    """How one host stands on this machine: its files, and the entry of a name in each, None where there is none."""

    host: Host
    here: bool
    places: tuple[Place, ...]
    paths: tuple[Path, ...]
    entries: tuple[Any, ...] = field(repr=False)
    problem: str = ""

    @property
    def has_entry(self) -> bool:
        """Whether the entry is in one of the files."""
        return any(entry is not None for entry in self.entries)


def plan_install(host: Host, system: System, server: Server) -> list[Edit]:
    """What putting the entry in comes to. Nothing is written.

    Raises:
        ConfigError: a file of the host cannot be read or changed.
    """
    return [_planned(host, place, read_file(path), server.name, server) for place, path in places(host, system)]


def plan_uninstall(host: Host, system: System, name: str) -> list[Edit]:
    """What taking the entry out comes to. Nothing is written.

    Raises:
        ConfigError: a file of the host cannot be read or changed.
    """
    return [_planned(host, place, read_file(path), name, None) for place, path in places(host, system)]


def carry_out(plan: Edit, system: System) -> None:
    """Do to one file what was planned.

    Raises:
        ConfigError: it cannot be written, or changed meanwhile.
    """
    if plan.done in ("unchanged", "absent"):
        return
    if plan.server is not None:
        _keep(plan)
    if _run_own(plan, system):
        plan = _planned(plan.host, plan.place, read_file(plan.file.path), plan.name, plan.server)
    if plan.done not in ("unchanged", "absent"):
        plan.file.write(plan.text)
    if plan.server is None:
        with suppress(OSError):  # it is no longer of use, and does no harm
            plan.backup.unlink(missing_ok=True)


def places(host: Host, system: System) -> Iterator[tuple[Place, Path]]:
    """The files of a host that are written here.

    Raises:
        ConfigError: it is installed here in several ways, and nothing says which one counts.
    """
    for place in host.places:
        path = _path(host, place, system)
        if place.always or path.parent.is_dir():
            yield place, path


def standing(host: Host, system: System, name: str) -> Standing:
    """How the host stands here; what keeps its files from being read is told, not raised."""
    here = any(system.command(command) for command in host.commands)
    written: list[Place] = []
    paths: list[Path] = []
    entries: list[Any] = []
    try:
        for place, path in places(host, system):
            written.append(place)
            here = here or (path.parent.is_dir() and path.parent != system.home)
            paths.append(path)
            entries.append(edit.at(_value(host, place, read_file(path)), [*place.section, name]))
    except ConfigError as error:
        return Standing(host, here, tuple(written), tuple(paths), (), error.message)
    here = here or any(path.exists() for path in paths)
    return Standing(host, here, tuple(written), tuple(paths), tuple(entries))


def _path(host: Host, place: Place, system: System) -> Path:
    """The first of the place's paths whose file is there, else whose folder is there, else the last."""
    candidates = [list(system.paths(pattern)) for pattern in place.paths[system.kind]]
    for several in candidates:
        if len(several) > 1:
            raise ConfigError(
                f"{host.title} is installed here more than once: {', '.join(str(path) for path in several)}",
                advice="remove the one that is not used; nothing was written",
            )
    paths = [path for several in candidates for path in several]
    own = [path for path in paths if path.exists()] + [path for path in paths[:1] if path.parent.is_dir()]
    return (own or paths[-1:])[0]


def _planned(host: Host, place: Place, file: HostFile, name: str, server: Server | None) -> Edit:
    text, done = _taken_out(host, place, file, name) if server is None else _put_in(host, place, file, server)
    return Edit(host, place, file, name, server, text, done)


def _put_in(host: Host, place: Place, file: HostFile, server: Server) -> tuple[str | None, Done]:
    entry, path = place.shape.entry(server), [*place.section, server.name]
    before = _value(host, place, file)
    old = edit.at(before, path)
    inputs = [one for one in place.shape.inputs(server) if edit.at(before, [INPUTS, Item(one["id"])]) is None]
    if old == entry and not inputs:
        return file.text, "unchanged"
    with _named(host, file):
        text = edit.put(place.format, file.text or "", path, entry)
        for one in inputs:
            text = edit.put(place.format, text, [INPUTS, Item(one["id"])], one)
    return text, "added" if old is None else "changed"


def _taken_out(host: Host, place: Place, file: HostFile, name: str) -> tuple[str | None, Done]:
    if file.text is None or edit.at(_value(host, place, file), [*place.section, name]) is None:
        return file.text, "absent"
    text = _without(host, place, file, name)
    kept = read_file(file.backup(name))
    if kept.text is not None:
        former = _without(host, place, kept, name)
        if _means_the_same(place, former, text):
            only_ours = former != kept.text and _means_the_same(place, former, "")
            return None if only_ours else former, "restored"
    elif _means_the_same(place, text, ""):
        return None, "restored"
    return text, "removed"


def _without(host: Host, place: Place, file: HostFile, name: str) -> str:
    """The text without the entry, and without the questions that only it asked."""
    with _named(host, file):
        text = edit.take_out(place.format, file.text or "", [*place.section, name])
        asked = edit.at(edit.value(place.format, text), [INPUTS]) if place.shape.asks else None
        for one in asked if isinstance(asked, list) else ():
            if _is_ours(one) and place.shape.reference.format(one["id"]) not in text:
                text = edit.take_out(place.format, text, [INPUTS, Item(one["id"])])
    return text


def _is_ours(question: Any) -> bool:
    return isinstance(question, dict) and "id" in question and str(question.get("description")).endswith(OF_OURS)


def _means_the_same(place: Place, one: str, other: str) -> bool:
    def told(text: str) -> Any:
        tree = edit.value(place.format, text)
        return edit.without_empty(edit.without_empty(tree, place.section[0]), INPUTS)

    return told(one) == told(other)


def _keep(plan: Edit) -> None:
    """Keep the file as it was before any entry of this name."""
    if plan.done == "added":
        plan.backup.unlink(missing_ok=True)
    if plan.file.text is not None and not plan.backup.exists():
        plan.file.keep_as(plan.backup)


def _run_own(plan: Edit, system: System) -> bool:
    """Whether the host's own command was run; what it did is read from the file."""
    own = plan.host.own
    command = system.command(own.name) if own else None
    if own is None or command is None or plan.done == "restored":
        return False
    server, shape = plan.server, plan.place.shape
    if server is None:
        return run_own([command, *own.remove(plan.name)], system.environment)
    if any(not key.public and not shape.refers(key) for key in server.keys):
        return False  # everybody on this machine would read the key among the words of the command
    words = own.add(plan.name, shape.entry(server))
    if words is None:
        return False
    if plan.done == "changed":
        run_own([command, *own.remove(plan.name)], system.environment)
    return run_own([command, *words], system.environment)


def _value(host: Host, place: Place, file: HostFile) -> Any:
    with _named(host, file):
        return edit.value(place.format, file.text or "")


@contextmanager
def _named(host: Host, file: HostFile) -> Iterator[None]:
    """What is wrong with a file, with its path and line."""
    try:
        yield
    except Malformed as error:
        line = f", line {error.line}" if error.line else ""
        raise ConfigError(
            f"{file.path}{line}: {error.problem}",
            advice=f"mend it, or {host.title} cannot read it either; it was left alone",
        ) from None
