"""How work stands that goes on at an API after the call that began it, as values.

In: nothing; `rest/` makes them of what the API answers, `calls/following.py` keeps them with the intent. Out: what `face/` shows as
a task, and what the tool wait_for tells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

from flintt_mcp.calls.reply import Done
from flintt_mcp.catalogue.argument import Arg

if TYPE_CHECKING:
    from flintt_mcp.calls.tool import Tool


class Stage(StrEnum):
    """Where work stands: it goes on, it waits for a person, or it is over in one of four ways."""

    WORKING = "working"
    PERSON = "waits_for_person"
    DONE = "done"
    FAILED = "failed"
    BROKEN = "broken"
    CALLED_OFF = "called_off"

    @property
    def over(self) -> bool:
        """Whether nothing follows."""
        return self not in (Stage.WORKING, Stage.PERSON)


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where work stands now.

    `said` tells it in one line, `next` what to do about it. `told` is the answer it was read from. `requests` are questions to the
    client's person, as MCP input requests under names that mean this one question for ever. Work that was broken off by an error
    of the protocol has its `code`.
    """

    stage: Stage
    said: str = ""
    next: str = ""
    told: Done | None = None
    requests: Mapping[str, Mapping[str, Any]] = {}
    code: int = 0


class Followed(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of such work with the intent that began it. Times are seconds since 1970.

    `since` is when it came to stand so, `looked_at` when it was last read, `answers` are those to its questions, by name.
    `called_off`: the client asked to end it, which only work of this server does.
    """

    standing: Standing
    since: float
    looked_at: float = 0.0
    answers: Mapping[str, Any] = {}
    called_off: bool = False

    @property
    def open_requests(self) -> dict[str, Mapping[str, Any]]:
        """The questions that nobody has answered."""
        return {name: request for name, request in self.standing.requests.items() if name not in self.answers}


@dataclass(frozen=True, eq=False)
class Watched:
    """What a tool that reads shows of work that takes long.

    `noun` names such work as an argument, `arg` is that of the tool which says which one, `aside` goes along with it. `stands`
    reads an answer. `pause` is the seconds between two looks.
    """

    noun: str
    arg: Arg
    stands: Callable[[Done], Standing] = field(repr=False)
    pause: float = 5.0
    aside: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Begun:
    """What a call begins: work that the tool `by` shows, called with what `given` takes from the result of that call.

    Work that `stops` is done by this server alone, and ends when it is called off. Who cannot follow a `required` one is refused.
    """

    by: Tool
    given: Callable[[Done], Mapping[str, Any]] = field(repr=False)
    stops: bool = False
    required: bool = False
