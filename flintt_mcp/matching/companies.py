"""Many companies, made ready so that names, domains and URLs are found among them fast. Pure.

In: rows of companies, then what is looked for. Out: a `Match`. Every row that could be one is taken out of tables by name, letters,
words, initials, label and domain, or is spelt or sounds nearly so; `likeness.py` judges each of them, and nothing else does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from rapidfuzz import process
from rapidfuzz.distance import OSA
from rapidfuzz.fuzz import ratio

from flintt_mcp.matching.likeness import ALIKE_BY_SOUND, MOST_SLIPS, Known, likeness
from flintt_mcp.matching.names import name_of
from flintt_mcp.matching.sites import is_address, site


@dataclass(frozen=True, slots=True)
class Row:
    """A company that is there: its id, its name, and whatever is known of its sites."""

    id: str
    name: str
    sites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """What was found for one company: `exact`, `likely` or `none`, which row, and why. `others` are as likely as that row."""

    kind: Literal["exact", "likely", "none"]
    reason: str
    row: Row | None = None
    others: tuple[Row, ...] = ()


def known(text: str, sites: Iterable[str] = ()) -> Known:
    """What a name, a domain, a URL or an e-mail address says of a company, with sites that are told beside it."""
    found = [each for each in map(site, (text, *sites)) if each is not None]
    name = None if site(text) is not None or is_address(text.strip()) else name_of(text)
    return Known(name, tuple(dict.fromkeys(found)))


class Companies:
    """The companies that are there. Making it takes about 30 us a row, a search among 5,000 of them less than 2 ms."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = list(rows)
        self._known = [known(row.name, row.sites) for row in self._rows]
        places: dict[tuple[str, str], list[int]] = defaultdict(list)
        for at, each in enumerate(self._known):
            for key in set(_keys(each)):
                places[key].append(at)
        # Kept in tuples: lists are walked by the garbage collector, and while it walks 5,000 companies nobody is served.
        self._tables = {key: tuple(found) for key, found in places.items()}
        self._spelt = {at: each.name.joined for at, each in enumerate(self._known) if each.name is not None}
        self._heard = {at: each.name.heard for at, each in enumerate(self._known) if each.name is not None}
        self._foreign = {at: self._heard[at] for at, each in enumerate(self._known) if each.name and each.name.foreign}

    def __len__(self) -> int:
        return len(self._rows)

    def match(self, text: str, sites: Iterable[str] = ()) -> Match:
        """The company that a name, a domain, a URL or an e-mail address means; `sites` are told of it beside that."""
        wanted = known(text, sites)
        if wanted.name is None and not wanted.sites:
            return Match("none", "names no company: neither a name nor a domain of its own")
        return self._best(wanted, sorted(self._candidates(wanted)))

    def before(self, at: int) -> Match:
        """Which of the rows before it means the same company as the row at this place."""
        wanted = self._known[at]
        return self._best(wanted, [other for other in sorted(self._candidates(wanted)) if other < at])

    def _best(self, wanted: Known, among: Iterable[int]) -> Match:
        """The row among those at these places that is most likely what is wanted."""
        found = [(alike, at) for at in among if (alike := likeness(wanted, self._known[at]))]
        if not found:
            return Match("none", "no company like that")
        best = max(alike.strength for alike, _ in found)
        first, *others = [(alike, at) for alike, at in found if alike.strength == best]
        rows = tuple(self._rows[at] for _, at in others)
        if first[0].kind == "exact" and not all(self._are_one(first[1], at) for _, at in others):
            return Match("likely", f"{first[0].reason} as {len(rows) + 1} companies", self._rows[first[1]], rows)
        return Match(first[0].kind, first[0].reason, self._rows[first[1]], rows)

    def _are_one(self, one: int, other: int) -> bool:
        alike = likeness(self._known[one], self._known[other])
        return alike is not None and alike.kind == "exact"

    def _candidates(self, wanted: Known) -> set[int]:
        """Every row that may be it, and few others."""
        found = {at for key in _keys(wanted) for at in self._tables.get(key, ())}
        if wanted.name is not None:
            found.update(_near(wanted.name.joined, self._spelt, OSA.distance, MOST_SLIPS))
            heard = self._heard if wanted.name.foreign else self._foreign
            found.update(_near(wanted.name.heard, heard, ratio, ALIKE_BY_SOUND))
        return found


def _keys(known: Known) -> Iterator[tuple[str, str]]:
    """Under what a company stands in the tables; of two that may be one, at least one key is equal."""
    for each in known.sites:
        yield "domain", each.domain
        yield "letters", each.letters
        yield "letters", each.domain_letters
    if known.name is not None:
        name = known.name
        yield from (("letters", letters) for letters in name.together)
        yield "words", " ".join(sorted(name.words))
        yield "core", " ".join(name.core)
        yield from (("initials", letters) for letters in name.initials | {name.shortened} if letters)


def _near(letters: str, among: Mapping[int, str], scorer: Callable[..., Any], cutoff: float) -> list[int]:
    """The rows whose letters are nearly these."""
    if not letters:
        return []
    return [
        at
        for _, _, at in process.extract(letters, among, scorer=scorer, processor=None, score_cutoff=cutoff, limit=None)
    ]
