"""What programs do with a result before a model reads it, and how large one may therefore be. Pure.

In: the name that a client gave itself. Out: its `Budget`. The rows are measured, or come from the program's own documents, and say
when; a client that no row names gets what every one of them hands on whole. A setting of the operator stands above all.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from flintt_mcp.rest.reading.budget import Budget

FITS_EVERYWHERE = 9_000
"""Bytes of the larger form that every client of the rows below hands on whole."""


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """One program that shows results to a model.

    `name` is its `clientInfo.name`, `most` how large a result it gets, in bytes of the larger form. `shows` says which form a model
    reads, `cut` what it does beyond its limit, `seen` when and how that was found.
    """

    name: str
    most: int = FITS_EVERYWHERE
    shows: Literal["structured", "text", "both"]
    cut: str
    seen: str


CLIENTS = (
    Client(
        name="claude-code",
        most=30_000,
        shows="structured",
        cut="over 50,000 characters or 25,000 tokens the result becomes a file; 30,000 bytes of ids alone are 19,000 tokens",
        seen="the form by trial, November 2026; the limits from its documentation, October 2026",
    ),
    Client(
        name="codex-mcp-client",
        shows="structured",
        cut="over 10 KiB the middle is left out; of 25,000 bytes 26 rows of 50 arrived",
        seen="by trial, November 2026",
    ),
    Client(
        name="github-copilot-developer",
        shows="both",
        cut="both forms in one text; 38 KB became a file",
        seen="by trial, November 2026",
    ),
    Client(
        name="gemini-cli-mcp-client",
        shows="text",
        cut="15 KB of text arrived whole; more was not tried",
        seen="by trial, November 2026",
    ),
    Client(
        name="opencode",
        most=40_000,
        shows="text",
        cut="over 50 KiB or 2,000 lines the result becomes a file",
        seen="the form by trial, November 2026; the limits from its source, April 2026",
    ),
)


class Budgets:
    """How large results are, by the client that asks; `most` holds for all of them, where it is given."""

    def __init__(self, most: int = 0) -> None:
        self._else = Budget(most or FITS_EVERYWHERE)
        self._by_name = {} if most else {client.name: Budget(client.most) for client in CLIENTS}

    def of(self, client: str) -> Budget:
        """The budget for a client of this name, as it came."""
        return self._by_name.get(client, self._else)
