"""The garbage collector at start-up: off while modules load, then told to leave alone what lives as long as the process.

Loading the MCP SDK makes some hundred thousand objects and no garbage; walking them again and again costs a tenth of the
start, and a pause in every later full collection.
"""

from __future__ import annotations

import gc


def hold_collection() -> None:
    """Stop collecting until `settle_memory`."""
    gc.disable()


def settle_memory() -> None:
    """Start-up is over: keep what it made out of every later collection, and collect from now on."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    gc.enable()
