"""How the server does, for its operator: figures as short lists and small plots, drawn on the server.

In: a `Status`, what was counted and asked a moment ago. Out: a page. A plot is SVG without a style or a script, and everything in
it stands beside it in words as well. Times are told by the bounds they were counted in, since nothing finer is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from flintt_mcp import __version__
from flintt_mcp.pages.look import Page, rendered

_WORDS = {
    "done": "done",
    "ask": "asked a person",
    "refused": "refused",
    "busy": "over a limit",
    "api_failed": "the API failed",
    "failed": "failed here",
    "cancelled": "called off",
}
"""Each outcome of a call in words, in the order in which a bar shows them."""
_WIDTH = 100.0


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls counted together: how many came to which outcome, and how many took at most each of `bounds` seconds, then longer."""

    name: str
    outcomes: Mapping[str, int]
    within: Sequence[int]
    bounds: Sequence[float]

    @property
    def total(self) -> int:
        """How many there were."""
        return sum(self.outcomes.values())

    @property
    def in_words(self) -> str:
        """The outcomes as a sentence."""
        return _in_words(self.outcomes)

    @property
    def bar(self) -> list[tuple[str, float, float]]:
        """The outcomes as pieces of a bar: outcome, where it begins, how long it is, of 100."""
        pieces, begins = [], 0.0
        for outcome in _WORDS:
            length = _WIDTH * self.outcomes.get(outcome, 0) / (self.total or 1)
            if length:
                pieces.append((outcome, round(begins, 2), round(length, 2)))
            begins += length
        return pieces

    @property
    def columns(self) -> list[tuple[int, float]]:
        """The times as columns of a plot: which, and how high, of 100."""
        most = max(self.within, default=0) or 1
        return [(at, round(_WIDTH * many / most, 2)) for at, many in enumerate(self.within)]

    @property
    def times(self) -> str:
        """How long most of them took."""
        if not sum(self.within):
            return "no time counted"
        half, nearly_all = self._most(0.5), self._most(0.95)
        return f"half {half}, 95% {nearly_all}" if half != nearly_all else f"95% {nearly_all}"

    def _most(self, share: float) -> str:
        reached = list(accumulate(self.within))
        at = next(at for at, many in enumerate(reached) if many >= share * reached[-1])
        return f"within {_time(self.bounds[at])}" if at < len(self.bounds) else f"over {_time(self.bounds[-1])}"


@dataclass(frozen=True, slots=True)
class ApiState:
    """One API: why it does not answer now, None while it does, and after how many seconds; how the last call to it ended, and how
    many seconds ago.
    """

    name: str
    why_not: str | None
    seconds: float
    calls: Calls
    last: str = ""
    ago: float = 0.0

    @property
    def now(self) -> str:
        """Whether it answers, in words."""
        return f"answers in {_time(self.seconds)}" if self.why_not is None else f"does not answer: {self.why_not}"

    @property
    def last_in_words(self) -> str:
        """How the last call ended."""
        return f"{_WORDS.get(self.last, self.last)}, {span(self.ago)} ago" if self.last else "no call yet"


@dataclass(frozen=True, slots=True)
class Status:
    """How the server does, at a time in UTC.

    `versions` and `now` are rows of a name and a text; `process` is what to know of figures that are one worker's. `intents` are
    None where the store does not say.
    """

    at: str
    versions: Mapping[str, str]
    now: Mapping[str, str]
    process: str
    apis: Sequence[ApiState]
    tools: Sequence[Calls]
    intents: Mapping[str, int] | None

    @property
    def not_done(self) -> dict[str, int]:
        """How many calls came to nothing, by outcome in words."""
        sums = {outcome: sum(tool.outcomes.get(outcome, 0) for tool in self.tools) for outcome in _WORDS}
        return {_WORDS[outcome]: many for outcome, many in sums.items() if outcome not in ("done", "ask")}


def asked(base: str, note: str = "", *, can_be_told: bool = True, status: int = 200) -> Page:
    """The page that asks for the operator's secret."""
    return rendered("ask_status.html", {**_frame(base), "note": note, "can_be_told": can_be_told}, status)


def shown(base: str, status: Status) -> Page:
    """The page with the figures."""
    tools = sorted(status.tools, key=lambda tool: (-tool.total, tool.name))
    return rendered("status.html", {**_frame(base), "status": status, "tools": tools, "words": _WORDS})


def _frame(base: str) -> dict[str, object]:
    return {"base": base, "version": __version__, "published_key": "", "has_status": True}


def _in_words(outcomes: Mapping[str, int]) -> str:
    return ", ".join(f"{outcomes[outcome]:,} {words}" for outcome, words in _WORDS.items() if outcomes.get(outcome))


def _time(seconds: float) -> str:
    return f"{seconds:.2g} s" if seconds >= 1 else f"{round(seconds * 1000, 0 if seconds >= 0.01 else 1):g} ms"


def span(seconds: float) -> str:
    """A span of time in the two largest units that fit."""
    left = max(0, round(seconds))
    parts: list[str] = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        many, left = divmod(left, size)
        if many or parts:
            parts.append(f"{many} {unit}")
    return " ".join(parts[:2]) or "0 s"
