"""The real Claude Code, Codex and Gemini CLI, each with an empty home: `flintt-mcp install` puts the server in, and they reach it.

`make hosts` runs it; it takes the hosts from npm, needs no account, and ends with exit code 1 where one of them does not agree.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.npm import installed, node
from tests.processes import COMMAND, environment, serving


@dataclass(frozen=True)
class Real:
    """A host: its package, the words with which it says how a server stands, and what it then prints."""

    name: str
    package: str
    asks: tuple[str, ...]
    reached: str


REAL = (
    Real("claude-code", "@anthropic-ai/claude-code@2.1.332", ("claude", "mcp", "get", "flintt"), "Connected"),
    Real("codex", "@openai/codex@0.169.0", ("codex", "mcp", "get", "flintt", "--json"), '"enabled": true'),
    Real("gemini", "@google/gemini-cli@0.61.0", ("gemini", "mcp", "list"), "Connected"),
)
"""Codex says only that its entry can be read; it starts a server with the first conversation."""


def main() -> None:
    """Try every host, over stdio and over HTTP."""
    with tempfile.TemporaryDirectory() as folder, serving("--sandbox", env=environment(Path(folder))) as served:
        ways = {"stdio": ["--sandbox"], "HTTP": ["--sandbox", "--remote", served.mcp]}
        wrong = [
            f"{host.name} over {way}" for host in REAL for way, words in ways.items() if not _agrees(host, way, words)
        ]
    if wrong:
        raise SystemExit(f"not reached: {', '.join(wrong)}")
    print(f"{len(REAL)} hosts, each over stdio and HTTP: all reach the server.")


def _agrees(host: Real, way: str, words: list[str]) -> bool:
    """Whether the host reaches the server once it is installed, and has no entry once it is uninstalled."""
    programs = installed(host.package).parents[host.package.count("/")] / ".bin"
    with tempfile.TemporaryDirectory() as home:
        env = environment(Path(home), GEMINI_CLI_TRUST_WORKSPACE="true")
        env["PATH"] = os.pathsep.join([str(programs), str(Path(node()[0]).parent), env["PATH"]])
        done = _said([COMMAND, "install", host.name, *words], env)
        with_it = _said(list(host.asks), env)
        again = _said([COMMAND, "install", host.name, *words], env)
        _said([COMMAND, "uninstall", host.name], env)
        without = _said(list(host.asks), env)
    good = (
        "was added to" in done
        and host.reached in with_it
        and "is as it should be" in again
        and host.reached not in without
    )
    print(f"{'good ' if good else 'WRONG'} {host.name} over {way}", flush=True)
    if not good:
        print(done, with_it, again, without, sep="\n---\n")
    return good


def _said(words: list[str], env: Mapping[str, str]) -> str:
    done = subprocess.run(words, env=env, cwd=env["HOME"], capture_output=True, text=True, timeout=120)
    return done.stdout + done.stderr


if __name__ == "__main__":
    main()
