"""What a look at the API says of a write whose answer was lost.

`Tool.look` gives one of these; how to look is a row of the catalogue (`Trace`), and `rest/` does it.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from flintt_mcp.calls.reply import Done


class Found(msgspec.Struct, frozen=True):
    """It was done: this is what is there."""

    done: Done


Looked = Found | Literal["not there", "cannot tell"]
