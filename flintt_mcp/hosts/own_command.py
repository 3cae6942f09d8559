"""A host's own command that puts an entry in or takes it out, as words.

In: the name and the value of an entry. Out: the words of the command, or None where it cannot say this entry: then the file is
edited. No key is ever among the words, for everybody on a machine can read those of every process.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_PATIENCE = 30.0
"""Seconds; the slowest of them takes three."""

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OwnCommand:
    """The command of one host; what `add` and `remove` give follows behind its name."""

    name: str
    add: Callable[[str, Entry], list[str] | None]
    remove: Callable[[str], list[str]]


def run_own(words: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Whether the command ended well."""
    try:
        done = subprocess.run(
            words, env=dict(environment), stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _claude_adds(name: str, entry: Entry) -> list[str]:
    return ["mcp", "add-json", "--scope", "user", name, json.dumps(entry)]


def _codex_adds(name: str, entry: Entry) -> list[str] | None:
    if entry.keys() == {"url"}:
        return ["mcp", "add", name, "--url", entry["url"]]
    if entry.keys() == {"command", "args"}:
        return ["mcp", "add", name, "--", entry["command"], *entry["args"]]
    return None  # it knows no env_vars and no env_http_headers


def _gemini_adds(name: str, entry: Entry) -> list[str]:
    words = ["mcp", "add", "--scope", "user"]
    if "url" in entry:
        headers = [word for header, value in entry.get("headers", {}).items() for word in ("-H", f"{header}: {value}")]
        return [*words, "--transport", "http", name, entry["url"], *headers]
    variables = [word for variable, value in entry.get("env", {}).items() for word in ("-e", f"{variable}={value}")]
    return [*words, name, entry["command"], *variables, "--", *entry["args"]]


CLAUDE = OwnCommand("claude", _claude_adds, lambda name: ["mcp", "remove", "--scope", "user", name])
CODEX = OwnCommand("codex", _codex_adds, lambda name: ["mcp", "remove", name])
GEMINI = OwnCommand("gemini", _gemini_adds, lambda name: ["mcp", "remove", "--scope", "user", name])
