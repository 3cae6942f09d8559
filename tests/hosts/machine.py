"""A machine that is only a folder: a `System` of any kind over it, with a home, and folders as each kind of system has them."""

from __future__ import annotations

from pathlib import Path

from flintt_mcp.hosts.installing import Edit, carry_out, plan_install, plan_uninstall
from flintt_mcp.hosts.server import Key, Server
from flintt_mcp.hosts.system import Kind, System
from flintt_mcp.hosts.table import BY_NAME

EXPORTED = Key("FLINTT_API_KEY", "X-API-Key", "flt_secret", exported=True)
TYPED = Key("FLINTT_API_KEY", "X-API-Key", "flt_secret")
LOCAL = Server("flintt", words=("/opt/flintt tools/flintt-mcp", "stdio"), keys=(EXPORTED,))
REMOTE = Server("flintt", url="https://mcp.example.com/mcp", keys=(EXPORTED,), headers={"X-MCP-Toolsets": "docs"})


def machine(home: Path, kind: Kind = "linux", path: str = "") -> System:
    """A machine of this kind on which nothing is installed."""
    folders = {"APPDATA": f"{home}/Roaming", "LOCALAPPDATA": f"{home}/Local"} if kind == "windows" else {}
    return System(kind, home, {"PATH": path, "HOME": str(home), **folders})


def install(system: System, host: str, server: Server = LOCAL) -> list[Edit]:
    """What was done to each file."""
    return [_done(plan, system) for plan in plan_install(BY_NAME[host], system, server)]


def uninstall(system: System, host: str, name: str = "flintt") -> list[Edit]:
    """What was done to each file."""
    return [_done(plan, system) for plan in plan_uninstall(BY_NAME[host], system, name)]


def _done(plan: Edit, system: System) -> Edit:
    carry_out(plan, system)
    return plan
