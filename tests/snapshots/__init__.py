"""How every tool looks on the wire: one JSON file per tool in `tools/`, renewed with `python -m tests.renew_snapshots`.

A change of a row shows here as a client will see it, so that nobody changes a schema without meaning to.
"""

from __future__ import annotations

import difflib
import json
from pathlib import Path

from flintt_mcp.calls.tool import Tool
from scripts.handbook.pages import all_tools

FOLDER = Path(__file__).parent / "tools"
RENEW = "python -m tests.renew_snapshots"


def visible_text(tool: Tool) -> str:
    """What a client puts before a model: name, description and input schema as compact JSON."""
    visible = {name: tool.wire[name] for name in ("name", "description", "inputSchema")}
    return json.dumps(visible, separators=(",", ":"), ensure_ascii=False)


def expected() -> dict[str, str]:
    """The text of every snapshot, by file name, as the tools are now."""
    return {
        f"{tool.name}.json": json.dumps(tool.wire, indent=2, ensure_ascii=False) + "\n"
        for tools in all_tools().values()
        for tool in tools
    }


def kept() -> dict[str, str]:
    """The text of every snapshot, by file name, as it was kept."""
    return {path.name: path.read_text("utf-8") for path in sorted(FOLDER.glob("*"))}


def difference(name: str, before: str, now: str) -> str:
    """What changed in one snapshot, line by line."""
    return "".join(difflib.unified_diff(before.splitlines(True), now.splitlines(True), f"kept/{name}", f"now/{name}"))


def renew() -> list[str]:
    """Bring all snapshots up to date; returns the names of files that changed, came or went."""
    now, before = expected(), kept()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in before.keys() - now.keys():
        (FOLDER / name).unlink()
    for name, text in now.items():
        (FOLDER / name).write_text(text, "utf-8")
    return sorted(name for name in now.keys() | before.keys() if now.get(name) != before.get(name))
