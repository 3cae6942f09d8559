"""What every package says of the project: read once from pyproject.toml and the package, so that nothing is typed twice."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from flintt_mcp import __version__

ROOT = Path(__file__).resolve().parent.parent.parent

REGISTRY_NAME = "io.github.flintt/flintt-mcp"
"""The server's name in the MCP registry; README.md carries it in a marker and the Dockerfile in a label."""


@dataclass(frozen=True, slots=True)
class Project:
    """The facts of one version.

    `about` is the sentence that says what it is; `pins` are the locked requirements, `name==version ; marker` each.
    """

    name: str
    version: str
    about: str
    homepage: str
    repository: str
    author: str
    license: str
    keywords: tuple[str, ...]
    pins: tuple[str, ...]

    @property
    def published(self) -> str:
        """This version as the package index names it."""
        return f"{self.name}=={self.version}"

    @property
    def files(self) -> str:
        """Below which address the files of this version are found as they are."""
        return f"{self.repository}/raw/v{self.version}"


def read_project(root: Path = ROOT) -> Project:
    """The project as its pyproject.toml and its lock say."""
    table = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    lock = (root / "constraints" / "locked.txt").read_text("utf-8").splitlines()
    return Project(
        name=table["name"],
        version=__version__,
        about=table["description"],
        homepage=table["urls"]["Homepage"],
        repository=table["urls"]["Repository"],
        author=table["authors"][0]["name"],
        license=table["license"],
        keywords=tuple(table["keywords"]),
        pins=tuple(line for line in lock if line and not line.startswith("#")),
    )
