"""What one look found: how it stands, in words, what to do, and perhaps what can be done about it here and now.

A finding never holds a key. Its words are for a person; `--json` gives the same fields to a program.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Args:
        remedy: what to do, empty where nothing is to be done.
        mend: does it, where that is safe without asking.
        milliseconds: how long it took, where that tells something.
    """

    group: str
    name: str
    state: State
    said: str
    remedy: str = ""
    milliseconds: int | None = None
    mend: Callable[[], None] | None = field(default=None, repr=False, compare=False)

    def told(self) -> dict[str, Any]:
        """The finding as JSON."""
        told = {"group": self.group, "name": self.name, "state": self.state, "said": self.said}
        more = {
            "remedy": self.remedy or None,
            "milliseconds": self.milliseconds,
            "mendable": self.mend is not None or None,
        }
        return told | {name: value for name, value in more.items() if value is not None}


def worst(findings: Sequence[Finding]) -> State:
    """How all of it stands together."""
    states = {finding.state for finding in findings}
    return "error" if "error" in states else "warning" if "warning" in states else "ok"
