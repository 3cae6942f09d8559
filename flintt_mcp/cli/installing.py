"""`flintt-mcp install` and `uninstall`: this server in the applications of this machine.

In: settings, the environment, options. Out: lines that say what was done to which file, and what to do next. A key is asked for
without showing it, and is in nothing that is printed.
"""

from __future__ import annotations

import argparse
import getpass
import re
import shlex
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flintt_mcp.cli.deciding import at_a_terminal
from flintt_mcp.cli.outcome import ended
from flintt_mcp.errors import ConfigError
from flintt_mcp.hosts.installing import Edit, Standing, carry_out, plan_install, plan_uninstall, standing
from flintt_mcp.hosts.keys import Found, find_keys, published_keys
from flintt_mcp.hosts.server import Key, Server, local_server
from flintt_mcp.hosts.shape import Shape
from flintt_mcp.hosts.system import System, this_system
from flintt_mcp.hosts.table import BY_NAME, HOSTS, Host
from flintt_mcp.serving.console import as_json
from flintt_mcp.settings import Settings

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,19}")
_WAIT = 20.0
"""Seconds for another install to end."""


def install(settings: Settings, environment: Mapping[str, str], options: argparse.Namespace) -> int:
    """Put the server into a host, or list the hosts.

    Raises:
        ConfigError: it cannot be done; nothing was written.
    """
    system = this_system(environment)
    name = _checked_name(options.name)
    if options.list:
        return _list(system, name, options)
    host = _host(options)
    if options.remote and host.remote_instead:
        raise ConfigError(f"install {host.name}: {host.remote_instead}")
    server, notes = _server(settings, environment, host, options.remote, name)
    plans = _done(settings, system, options, lambda: plan_install(host, system, server))
    lines = [*_about(plans, server, options), *(f"  note    {one}" for one in notes)]
    return _ended(plans, lines, options, f"{name} was installed")


def uninstall(settings: Settings, environment: Mapping[str, str], options: argparse.Namespace) -> int:
    """Take the server out of a host.

    Raises:
        ConfigError: it cannot be done; nothing was written.
    """
    system, host = this_system(environment), _host(options)
    name = _checked_name(options.name)
    plans = _done(settings, system, options, lambda: plan_uninstall(host, system, name))
    return _ended(plans, [], options, f"{name} was uninstalled")


def links(settings: Settings, options: argparse.Namespace) -> int:
    """Print the one-click links, which hold no key.

    Raises:
        ConfigError: a name or a URL that no host takes.
    """
    name = _checked_name(options.name)
    public = published_keys(settings) if settings.sandbox and options.remote else ()
    keys = public if settings.sandbox else (Key("FLINTT_API_KEY", "X-API-Key", "", exported=True),)
    server = _told_of(settings, options.remote, name, keys, {})
    made = [(host, host.link(server, host.places[0].shape)) for host in HOSTS if host.link]
    if options.as_json:
        return ended(as_json({host.name: link for host, link in made}))
    return ended("\n\n".join(f"{host.title}\n{link}" for host, link in made))


def _told_of(
    settings: Settings, remote: str | None, name: str, keys: Sequence[Key], variables: Mapping[str, str]
) -> Server:
    """The server that a host is told of: one of its own, or the one that runs there."""
    if not remote:
        return local_server(settings, name, keys, variables)
    return Server(name, url=_checked_url(remote), keys=tuple(keys), headers=_narrowed(settings))


def _narrowed(settings: Settings) -> dict[str, str]:
    """The headers that ask a server elsewhere for what these settings would leave on here."""
    said = {
        "X-MCP-Toolsets": "" if settings.toolsets == ("default",) else ",".join(settings.toolsets),
        "X-MCP-Tools": ",".join(settings.tools),
        "X-MCP-Exclude-Tools": ",".join(settings.exclude_tools),
        "X-MCP-Readonly": "true" if settings.read_only else "",
    }
    return {name: value for name, value in said.items() if value}


def _done(
    settings: Settings, system: System, options: argparse.Namespace, plan: Callable[[], list[Edit]]
) -> list[Edit]:
    """What was planned and, unless this is a dry run, done."""

    def work() -> list[Edit]:
        plans = plan()
        for one in () if options.dry_run else plans:
            carry_out(one, system)
        return plans

    return _alone(settings, work)


def _ended(plans: list[Edit], more: list[str], options: argparse.Namespace, done: str) -> int:
    changed = not options.dry_run and any(plan.done not in ("unchanged", "absent") for plan in plans)
    if options.as_json:
        result = as_json([_told(plan, options) for plan in plans])
    else:
        result = "\n".join([*(_line(plan, options) for plan in plans), *more])
    return ended(result, done if changed else "")


def _server(
    settings: Settings, environment: Mapping[str, str], host: Host, remote: str | None, name: str
) -> tuple[Server, tuple[str, ...]]:
    """What the host is told, and notes on it."""
    from flintt_mcp.catalogue import APIS

    if settings.sandbox:
        found = Found(published_keys(settings) if remote else ())
    else:
        ask = getpass.getpass if at_a_terminal() else None
        found = find_keys(settings, environment, ask, host_asks=host.places[0].shape.asks)
    urls = {f"{api.variable}_API_URL" for api in APIS} & environment.keys()
    variables = {one: environment[one] for one in sorted(urls)}
    return _told_of(settings, remote, name, found.keys, variables), found.notes


def _host(options: argparse.Namespace) -> Host:
    if options.app in BY_NAME:
        return BY_NAME[options.app]
    problem = f"no host {options.app!r}" if options.app else "say which host"
    raise ConfigError(
        f"{options.command}: {problem}; there are {', '.join(BY_NAME)}",
        advice="`flintt-mcp install --list` says which are here",
    )


def _checked_name(name: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise ConfigError("--name: at most 20 letters, digits and hyphens, which every host takes")
    return name


def _checked_url(text: str) -> str:
    """The URL of a server, with the path that it listens on.

    Raises:
        ConfigError: it is none, or a key would be seen by others.
    """
    from flintt_mcp.catalogue.base_urls import base_url

    if "?" in text:
        raise ConfigError("--remote: without a query: a key in a URL is shown by many hosts, and goes into a header")
    url = base_url(text, "--remote")
    return url if url.count("/") > 2 else f"{url}/mcp"


def _alone(settings: Settings, work: Callable[[], list[Edit]]) -> list[Edit]:
    """Do it while no other install is at work.

    Raises:
        ConfigError: another one did not end, or the data folder cannot be written.
    """
    import anyio

    from flintt_mcp.state.file_lock import hold_in_turn

    async def in_turn() -> list[Edit]:
        async with hold_in_turn(settings.data_path / "install.lock", _WAIT):
            return work()

    try:
        return anyio.run(in_turn)
    except TimeoutError:
        raise ConfigError("another install is at work", advice="say it again when that has ended") from None
    except OSError as error:
        raise ConfigError(
            f"{settings.data_path} cannot hold the lock of an install: {(error.strerror or str(error)).lower()}",
            advice="give another folder with --data-dir",
        ) from None


def _line(plan: Edit, options: argparse.Namespace) -> str:
    would = "would be " if options.dry_run and plan.done not in ("unchanged", "absent") else ""
    said = {
        "added": f"{would or 'was '}added to",
        "changed": f"{would or 'was '}changed in",
        "unchanged": "is as it should be in",
        "removed": f"{would or 'was '}taken out of",
        "restored": f"{would or 'was '}taken out, as it was before, of",
        "absent": "is not in",
    }[plan.done]
    return f"{plan.host.title}: {plan.name} {said} {plan.file.path}"


def _about(plans: list[Edit], server: Server, options: argparse.Namespace) -> list[str]:
    """What the entry says, what was kept, and what to do next."""
    host, shape = plans[0].host, plans[0].place.shape
    lines = [f"  runs    {shlex.join(server.words)}" if server.words else f"  calls   {server.url}"]
    lines += [f"  key     {_where(key, host, shape)}" for key in server.keys if not key.public]
    if options.dry_run:
        return [*lines, *textwrap.indent(as_json(shape.entry(server.masked())), "  ").splitlines()]
    lines += [f"  before  {plan.backup}" for plan in plans if plan.backup.exists()]
    return [*lines, f"  next    {host.next}"]


def _where(key: Key, host: Host, shape: Shape) -> str:
    """Where the host gets this key from."""
    if shape.asks:
        return f"{host.title} asks for {key.variable} when it first starts the server, and keeps it among its secrets"
    if shape.refers(key):
        return f"{key.variable}, from {host.environment.format(title=host.title)}"
    return f"{key.variable} stands in that file, which is for you alone (mode 600)"


def _told(plan: Edit, options: argparse.Namespace) -> dict[str, Any]:
    """One file as JSON."""
    entry = plan.place.shape.entry(plan.server.masked()) if plan.server else None
    return {
        "host": plan.host.name,
        "file": str(plan.file.path),
        "done": plan.done,
        "dry_run": options.dry_run,
        "backup": str(plan.backup) if plan.backup.exists() else None,
        "entry": entry,
    }


def _list(system: System, name: str, options: argparse.Namespace) -> int:
    """Every host: whether it is here, whether the entry is in, and where it keeps its servers."""
    rows = [standing(host, system, name) for host in HOSTS]
    if options.as_json:
        return ended(as_json([_listed(row) for row in rows]))
    cells = [("HOST", "HERE", name.upper(), "CONFIGURATION"), *(_cells(row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(3)]
    lines = [
        "  ".join([*(f"{cell:{width}}" for cell, width in zip(row, widths, strict=False)), row[3]]) for row in cells
    ]
    return ended("\n".join([*lines, "", "`flintt-mcp install HOST` puts it in."]))


def _cells(row: Standing) -> tuple[str, str, str, str]:
    paths = ", ".join(str(path) for path in row.paths)
    return row.host.name, "yes" if row.here else "-", "yes" if row.has_entry else "-", row.problem or paths


def _listed(row: Standing) -> dict[str, Any]:
    return {
        "host": row.host.name,
        "title": row.host.title,
        "here": row.here,
        "installed": row.has_entry,
        "files": [str(path) for path in row.paths],
        "problem": row.problem or None,
    }
