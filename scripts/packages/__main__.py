"""`python -m scripts.packages` (make package): build everything into dist/, then have it checked.

Exit code 0 when every tool accepts what was built; else its words are on stderr. What is in dist/ before goes.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.packages import checks, manifests
from scripts.packages.bundle import write_bundle
from scripts.packages.plugins import write_gemini, write_json, write_plugins
from scripts.packages.project import ROOT, Project, read_project

DIST = ROOT / "dist"
SKILLS = ROOT / "skills"


def main() -> int:
    project = read_project()
    shutil.rmtree(DIST, ignore_errors=True)
    wheel = _build_python(project)
    _build_bundle(project, wheel)
    write_json(DIST / "server.json", manifests.registry(project))
    write_plugins(project, SKILLS, DIST / "plugins")
    write_gemini(project, SKILLS, DIST / "gemini-extension")
    checks.plugins(DIST / "plugins")
    checks.gemini(DIST / "gemini-extension")
    checks.registry(DIST / "server.json")
    checks.image()
    print(
        f"\n{project.name} {project.version} is in {DIST.relative_to(ROOT)}/: docs/publishing.md says where each part goes."
    )
    return 0


def _build_python(project: Project) -> Path:
    checks.run("wheel and sdist", sys.executable, "-m", "hatchling", "build", "-d", DIST)
    (wheel,) = DIST.glob("*.whl")
    checks.python_packages([wheel, *DIST.glob("*.tar.gz")], wheel)
    return wheel


def _build_bundle(project: Project, wheel: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "flintt_mcp", "tools", "--json"], cwd=ROOT, check=True, capture_output=True, timeout=60
    )
    tools = {tool["name"]: tool["title"] for tool in json.loads(told.stdout)}
    folder = DIST / "bundle"
    write_bundle(project, wheel, tools, folder)
    checks.bundle(folder, DIST / f"{project.name}-{project.version}.mcpb")
    shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
