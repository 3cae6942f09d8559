"""The MCP bundle: one file that Claude Desktop installs with a click, with the wheel inside and the locked versions around it.

In: the project, its wheel and the tools on offer. Out: a folder in the bundle's form; the official command packs it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from scripts.packages import manifests
from scripts.packages.plugins import write_json
from scripts.packages.project import ROOT, Project

_PYPROJECT = """\
[project]
name = "flintt-mcp-bundle"
version = "{version}"
requires-python = ">=3.11"
dependencies = ["flintt-mcp"]

[tool.uv]
package = false
constraint-dependencies = {pins}

[tool.uv.sources]
flintt-mcp = {{ path = "{wheel}" }}
"""
_SERVER = """\
from flintt_mcp.__main__ import main

main()
"""


def write_bundle(project: Project, wheel: Path, tools: Mapping[str, str], into: Path) -> None:
    """Write the folder of the bundle; `into` must not exist."""
    into.mkdir(parents=True)
    shutil.copy(wheel, into)
    for name in ("README.md", "LICENSE", f"pictures/{manifests.ICON}"):
        shutil.copy(ROOT / name, into)
    write_json(into / "manifest.json", manifests.bundle(project, tools))
    pyproject = _PYPROJECT.format(version=project.version, wheel=wheel.name, pins=json.dumps(project.pins))
    (into / "pyproject.toml").write_text(pyproject, encoding="utf-8")
    (into / "server.py").write_text(_SERVER, encoding="utf-8")
    (into / ".python-version").write_text("3.13\n", encoding="utf-8")
