"""The garbage collector at start-up: it looks at new objects only, then leaves alone what lives as long as the process.

Loading the MCP SDK makes some hundred thousand objects that stay and half a megabyte of garbage that is found young. Walking
all of them again and again would cost a tenth of the start, and a pause in every later full collection.
"""

from __future__ import annotations

import gc

_NEVER = 1_000_000


def collect_young_only() -> None:
    """Collect no object twice until `settle_memory`."""
    gc.set_threshold(5_000, _NEVER, _NEVER)


def settle_memory() -> None:
    """Start-up is over: keep what it made out of every later collection, and collect as usual from now on."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
