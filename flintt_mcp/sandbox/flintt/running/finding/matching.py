"""Finds the companies of a workspace in a text, and rather misses one than names a wrong one.

In: the companies once, then titles and texts. Out: for each company that is named, where. A name counts at word boundaries
only; not as part of a longer name or a person's; one that is short or an everyday word needs a sign that it is meant:
its legal form, its domain, a capital in the middle of a sentence, or a verb of business after it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from flintt_mcp.sandbox.flintt.running.finding.names import Name
from flintt_mcp.sandbox.flintt.running.finding.vocabulary import (
    ARTICLES,
    BESIDE_AFTER,
    BESIDE_BEFORE,
    BUSINESS_VERBS,
    COMMON,
    FIRST_NAMES,
    LEGAL,
    ORGANISATION,
    SOFT,
)
from flintt_mcp.sandbox.flintt.running.finding.words import Token, fold, is_and, sentences, tokens

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


@dataclass(frozen=True, slots=True)
class _Line:
    """A sentence: its words, and whether it is written with capitals throughout, as English headlines are."""

    text: str
    tokens: list[Token]
    headline: bool


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
        lines = [_line(sentence) for part in (title, text) for sentence in sentences(part)]
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

    def _in_line(self, line: _Line) -> Iterator[tuple[Name, int, int]]:
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
            meant = [name for name in self._called(line, start, end) if _is_meant(name, line, start, end)]
            for name in meant:
                yield name, start, end
            if meant:
                covered[start:end] = [True] * (end - start)

    def _called(self, line: _Line, start: int, end: int) -> Sequence[Name]:
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


def _line(text: str) -> _Line:
    found = tokens(text)
    longer = [token for token in found[1:] if len(token.word) > 3 and not token.word.isdigit()]
    capitals = sum(token.capital for token in longer)
    return _Line(text, found, len(longer) >= 2 and capitals / len(longer) > 0.7)


def _is_meant(name: Name, line: _Line, start: int, end: int) -> bool:
    before = line.tokens[start - 1] if start else None
    after = line.tokens[end] if end < len(line.tokens) else None
    touches_before = before is not None and _gap(line, before, line.tokens[start]) in (" ", "-")
    touches_after = after is not None and _gap(line, line.tokens[end - 1], after) in (" ", "-", " & ")
    legal = touches_after and after is not None and after.word in LEGAL and (after.capital or len(after.word) > 2)
    if legal:
        return True
    written = line.text[line.tokens[start].start : line.tokens[end - 1].end]
    if name.acronym and not (written.isupper() and not line.text.isupper()):
        return False
    capital = (
        line.tokens[start].capital
        or not written[0].isalpha()
        or (not written[0].isupper() and not written[0].islower())
    )
    tagged = start > 0 and line.text[line.tokens[start].start - 1] in "#@"
    if tagged and not name.weak:
        return True
    if not capital and (name.weak or len(name.words) == 1):
        return False
    if name.weak and end - start < len(name.words):
        return any(letter.isupper() for letter in written[1:])  # two everyday words in one: OpenLedger, not sunflower
    if touches_after and after is not None and _makes_longer(name, after, line):
        return False
    if touches_before and before is not None and _belongs_before(name, before, line, start):
        return False
    return not name.weak or name.acronym or _has_sign(line, start, end, before, after, touches_before)


def _makes_longer(name: Name, after: Token, line: _Line) -> bool:
    """Whether the next word makes another name of this one ("Delta" in "Delta Air Lines")."""
    if not after.capital or after.word in BESIDE_AFTER or after.word in SOFT or after.word.isdigit():
        return False
    if len(after.word) == 1:  # a legal form with points or a stroke: S.A., A/S
        return False
    if after.word in ORGANISATION:
        return True
    return not line.headline and after.word not in BUSINESS_VERBS


def _belongs_before(name: Name, before: Token, line: _Line, start: int) -> bool:
    """Whether the word before makes another name of this one ("Tom" in "Tom Ford", "New" in "New Amber")."""
    if not before.capital or before.word in LEGAL or before.word.isdigit():
        return False
    if before.word in FIRST_NAMES:
        return True
    if before.word in BESIDE_BEFORE or before.word in BUSINESS_VERBS or is_and(before.word):
        return False
    if line.headline:
        return name.weak and before.word not in ARTICLES
    return (start > 1 and before.word not in ARTICLES) or (
        start == 1 and len(name.words) == 1 and before.word not in ARTICLES
    )


def _has_sign(
    line: _Line, start: int, end: int, before: Token | None, after: Token | None, touches_before: bool
) -> bool:
    """Whether an everyday word is meant as a name here."""
    if touches_before and before is not None and before.word in ARTICLES:
        return False
    following = line.text[line.tokens[end - 1].end :][:2]
    if following in ("'s", "’s"):
        return not line.headline or start == 0
    if after is not None and after.word in BUSINESS_VERBS:
        return True
    if line.headline or (start == 0 and end == 1):
        return False
    return all(token.capital for token in line.tokens[start:end])


def _gap(line: _Line, left: Token, right: Token) -> str:
    return line.text[left.end : right.start]
