"""What the sources of signals may reach: addresses by the network guard's policy, files below one folder.

In: nothing. Out: limits that every room of this package keeps to. A sandbox that names no folder reads no local file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flintt_mcp.sandbox.network.urls import PUBLIC, Policy

MAX_BYTES = 4 * 1024 * 1024
"""The longest source that is read; a longer one fails as a whole, since half a document cannot be told from a whole one."""
MAX_ITEMS = 500
"""Items taken from one source, in its order, which is newest first in a feed."""
MAX_TITLE = 300
MAX_TEXT = 4000
MAX_TOOLS = 10
MAX_REDIRECTS = 3
FETCH_SECONDS = 10.0
PARSE_SECONDS = 20.0
PARSED_APART_FROM = 64 * 1024
"""A feed of so many bytes is parsed in a process of its own, which is ended after PARSE_SECONDS."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Where sources may lie: `policy` for addresses, `folder` for local files (None: none at all)."""

    policy: Policy = PUBLIC
    folder: Path | None = None


WEB = Reach()
"""The public web, and no local file."""
