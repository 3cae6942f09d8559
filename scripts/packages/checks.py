"""Has every package checked by the tool of whoever will take it, each in its fixed version, and tries the bundle as a host does.

In: what was built. Out: nothing, or a `SystemExit` that names what was refused and shows what the tool said.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from email.parser import BytesParser
from pathlib import Path

import anyio

from scripts.npm import installed, node
from scripts.packages.project import REGISTRY_NAME, ROOT

MCPB = "@anthropic-ai/mcpb@2.1.2"
CLAUDE = "@anthropic-ai/claude-code@2.1.332"
GEMINI = "@google/gemini-cli@0.61.0"
LARGEST_BUNDLE = 1_000_000


def run(what: str, *command: str | Path, cwd: Path = ROOT, home: Path | None = None) -> None:
    """Run a tool, silently while it is content.

    Raises:
        SystemExit: it was not.
    """
    env = {**_environment(), **({"HOME": str(home)} if home else {})}
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=env, capture_output=True, text=True, timeout=600
    )
    if done.returncode:
        raise SystemExit(f"{what} failed:\n{done.stdout}{done.stderr}")
    print(f"  ok  {what}", flush=True)


def npm_program(package: str, script: str) -> list[str | Path]:
    """The command of a program from npm."""
    return [*node(), installed(package) / script]


def python_packages(files: Sequence[Path], wheel: Path) -> None:
    """The wheel and the sdist would be taken by the index, and the registry finds its marker in the wheel."""
    run("twine check --strict", sys.executable, "-m", "twine", "check", "--strict", *files)
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [each for each in archive.namelist() if each.endswith(".dist-info/METADATA")]
        told = BytesParser().parsebytes(archive.read(name))
    text = str(told.get_payload())
    if f"<!-- mcp-name: {REGISTRY_NAME} -->" not in text:
        raise SystemExit("the wheel's description has no mcp-name marker: the registry would refuse the package")
    print("  ok  mcp-name marker in the wheel", flush=True)


def bundle(folder: Path, into: Path) -> None:
    """Validate and pack the bundle's folder, then unpack it and list its tools as a host would."""
    program = npm_program(MCPB, "dist/cli/cli.js")
    run("mcpb validate", *program, "validate", folder)
    run("mcpb pack", *program, "pack", folder, into)
    with zipfile.ZipFile(into) as archive:
        unwanted = [name for name in archive.namelist() if Path(name).name.startswith(".env")]
    if into.stat().st_size > LARGEST_BUNDLE or unwanted:
        raise SystemExit(f"{into.name} has {into.stat().st_size:,} bytes and holds {unwanted}")
    with tempfile.TemporaryDirectory() as place:
        run("mcpb unpack", *program, "unpack", into, place)
        run("uv sync of the unpacked bundle", "uv", "sync", "--quiet", cwd=Path(place))
        count = anyio.run(_tools_of_bundle, Path(place))
    print(f"  ok  the unpacked bundle lists {count} tools", flush=True)


def plugins(folder: Path) -> None:
    """Claude's own check of both plugins and the market, and a linter that knows the forms of Codex, Cursor and the registry."""
    program = npm_program(CLAUDE, "bin/claude.exe")[1:]
    with tempfile.TemporaryDirectory() as home:
        for each in (folder, folder / "flintt", folder / "flintt-read-only"):
            run(
                f"claude plugin validate --strict {each.name}",
                *program,
                "plugin",
                "validate",
                "--strict",
                each,
                home=Path(home),
            )
    run("skillsaw lint", sys.executable, "-m", "skillsaw", "lint", "--strict", folder)


def gemini(folder: Path) -> None:
    """Gemini's own check of the extension."""
    program = npm_program(GEMINI, "bundle/gemini.js")
    with tempfile.TemporaryDirectory() as home:
        run("gemini extensions validate", *program, "extensions", "validate", folder, home=Path(home))


def registry(path: Path) -> None:
    """The registry's manifest against the registry's schema, which the linter carries."""
    with tempfile.TemporaryDirectory() as place:
        shutil.copy(path, place)
        run("server.json against its schema", sys.executable, "-m", "skillsaw", "lint", "--strict", place)


def image() -> None:
    """The Dockerfile as its linter wants it."""
    run("hadolint", Path(sys.executable).parent / "hadolint", "Dockerfile")


def _environment() -> dict[str, str]:
    # Programs from the environment of this Python; and uv takes this Python, where it would fetch the one that a bundle asks for.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, "NO_COLOR": "1", "PATH": path, "UV_PYTHON": sys.executable}


async def _tools_of_bundle(place: Path) -> int:
    from mcp import Client
    from mcp.client.stdio import StdioServerParameters, stdio_client

    manifest = json.loads((place / "manifest.json").read_text("utf-8"))
    config = manifest["server"]["mcp_config"]
    words = [word.replace("${__dirname}", str(place)) for word in config["args"]]
    words.insert(1, "--no-sync")
    env = {name: value for name, value in _environment().items() if name in ("PATH", "HOME", "UV_PYTHON")}
    with anyio.fail_after(60):
        async with Client(
            stdio_client(StdioServerParameters(command=config["command"], args=words, env=env))
        ) as client:
            names = {tool.name for tool in (await client.list_tools()).tools}
    if names != {tool["name"] for tool in manifest["tools"]}:
        raise SystemExit("the bundle's manifest and its server do not name the same tools")
    return len(names)
