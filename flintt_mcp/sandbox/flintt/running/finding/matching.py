"""Finds the companies of a workspace in a text, and rather misses one than names a wrong one.

In: the companies once, then titles and texts. Out: for each company that is named, where. A name counts at word boundaries
only, spelled in one of its ways or with one letter wrong; whether it is meant where it stands is for `meaning` to say.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from flintt_mcp.sandbox.flintt.running.finding.meaning import Line, Place, is_meant
from flintt_mcp.sandbox.flintt.running.finding.names import Name
from flintt_mcp.sandbox.flintt.running.finding.vocabulary import COMMON
from flintt_mcp.sandbox.flintt.running.finding.words import fold, is_and, sentences

_HOST = re.compile(r"(?<![\w.-])(?:[a-z0-9-]+\.)+[a-z]{2,}(?![\w-])(?!\.\w)")
MIN_JOINED = 6
MIN_FUZZY_WORD = 6
MIN_FUZZY_NAME = 9


@dataclass(frozen=True, slots=True)
class Mention:
    """A company that a text names, and the words it was named with."""

    company_id: str
    name: str
    as_written: frozenset[str]


class Matcher:
    """Looks for all companies of one workspace; made once for a run."""

    def __init__(self, names: Iterable[Name]) -> None:
        self._names = [name for name in names if name.words]
        self._longest = max((len(name.words) for name in self._names), default=0) + 2
        self._spelled: dict[str, list[Name]] = defaultdict(list)
        self._fuzzy: dict[tuple[int, str], list[Name]] = defaultdict(list)
        for name in self._names:
            for spelling in name.spellings:
                self._spelled[spelling].append(name)
            if len("".join(name.words)) >= MIN_FUZZY_NAME:
                for word in {name.words[0], name.words[-1]}:
                    self._fuzzy[len(name.words), word].append(name)

    def find(self, title: str, text: str) -> list[Mention]:
        """The companies named in an item, in the order of their names in the workspace."""
        lines = [Line.of(sentence) for part in (title, text) for sentence in sentences(part)]
        hosts = set(_HOST.findall(f"{title} {text}".lower()))
        written: dict[str, set[str]] = defaultdict(set)
        for name in self._names:
            if any(host == domain or host.endswith(f".{domain}") for host in hosts for domain in name.domains):
                written[name.company_id].add(" ".join(name.words))
            if name.unspaced and name.unspaced in f"{title}{text}":
                written[name.company_id].add(fold(name.unspaced))
        for line in lines:
            for name, start, end in self._in_line(line):
                written[name.company_id].add(line.text[line.tokens[start].start : line.tokens[end - 1].end])
        return [
            Mention(name.company_id, name.name, frozenset(written[name.company_id]))
            for name in self._names
            if name.company_id in written
        ]

    def _in_line(self, line: Line) -> Iterator[tuple[Name, int, int]]:
        """Names in a sentence, longest first: what a longer one covers is not looked at again."""
        covered = [False] * len(line.tokens)
        spans = [
            (start, end)
            for width in range(self._longest, 0, -1)
            for start in range(len(line.tokens) - width + 1)
            for end in (start + width,)
        ]
        for start, end in spans:
            if covered[start] or covered[end - 1]:
                continue
            meant = [name for name in self._called(line, start, end) if is_meant(name, Place(line, start, end))]
            for name in meant:
                yield name, start, end
            if meant:
                covered[start:end] = [True] * (end - start)

    def _called(self, line: Line, start: int, end: int) -> Sequence[Name]:
        """The companies whose letters these words are, or nearly are."""
        found = [
            "&" if is_and(token.word) and place else token.word for place, token in enumerate(line.tokens[start:end])
        ]
        joined = "".join(found)
        called = [name for name in self._spelled.get(joined, ()) if _same_words(name, found, joined)]
        if called or len(joined) < MIN_FUZZY_NAME:
            return called
        near = {
            name.company_id: name for word in (found[0], found[-1]) for name in self._fuzzy.get((len(found), word), ())
        }
        return [name for name in near.values() if _is_misspelt(name, found)]


def _same_words(name: Name, found: Sequence[str], joined: str) -> bool:
    """Other places of the spaces are the same name only when it is long enough to be told from chance."""
    return len(found) == len(name.words) or (len(joined) >= MIN_JOINED and (len(found) == 1 or not name.weak))


def _is_misspelt(name: Name, found: Sequence[str]) -> bool:
    """One word of several has one letter too many, too few, wrong or swapped; its first letter and the other words are right."""
    wrong = [(ours, theirs) for ours, theirs in zip(name.words, found, strict=True) if ours != theirs]
    if len(found) < 2 or len(wrong) != 1:
        return False
    ours, theirs = wrong[0]
    return (
        min(len(ours), len(theirs)) >= MIN_FUZZY_WORD
        and ours[0] == theirs[0]
        and theirs not in COMMON
        and ours not in (f"{theirs}s", f"{theirs}a")
        and theirs not in (f"{ours}s", f"{ours}a")
        and OSA.distance(ours, theirs, score_cutoff=1) == 1
    )
