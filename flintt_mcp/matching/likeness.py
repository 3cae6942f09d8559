"""Whether two companies are one, by what is written of both. Pure.

In: two companies in their normal forms. Out: a `Likeness`: exact or likely, and the reason; None where nothing says that they are
one. Exact is said only where no more than spelling and a missing legal form lies between them: "Acme Inc" and "Acme GmbH" are one
only if a domain says so. What may be one is likely, and a person decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from rapidfuzz.distance import OSA
from rapidfuzz.fuzz import ratio

from flintt_mcp.matching.names import Name
from flintt_mcp.matching.sites import Site
from flintt_mcp.matching.vocabulary import AND

Kind = Literal["exact", "likely"]

MOST_SLIPS = 2
"""Letters that may be wrong in a long name."""
ALIKE_BY_SOUND = 80.0
"""Percent of equal letters from which a name in another script sounds like one."""
_ROMAN = re.compile(r"[ivx]{1,5}")
_LEAST_INITIALS = 3


@dataclass(frozen=True, slots=True)
class Likeness:
    """How two companies are one. `strength` orders several likely ones."""

    kind: Kind
    reason: str
    strength: int


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a company: its name, and the sites it is known by."""

    name: Name | None
    sites: tuple[Site, ...] = ()


def likeness(one: Known, other: Known) -> Likeness | None:
    """How `one` and `other` are the same company."""
    names = None if one.name is None or other.name is None else names_alike(one.name, other.name)
    pairs = [(a, b) for a in one.sites for b in other.sites]
    shared = next((a for a, b in pairs if a.domain == b.domain), None)
    if shared is not None:
        return _on_one_domain(one, other, names, shared, apart=all(a.below != b.below for a, b in pairs))
    if pairs:
        return _on_other_domains(one, other, names, alike=any(a.label == b.label for a, b in pairs))
    if names is not None:
        return names
    return _by_label(one, other)


def _on_one_domain(one: Known, other: Known, names: Likeness | None, shared: Site, *, apart: bool) -> Likeness:
    if apart:
        if names is not None and names.kind == "exact":
            return Likeness("exact", f"same name, same domain {shared.domain}", 100)
        return Likeness("likely", f"another part of the same domain {shared.domain}", 80)
    if names is not None or one.name is None or other.name is None:
        return Likeness("exact", f"same domain {shared.domain}", 100)
    return Likeness("likely", f"other name, same domain {shared.domain}", 80)


def _on_other_domains(one: Known, other: Known, names: Likeness | None, *, alike: bool) -> Likeness | None:
    nameless = one.name is None or other.name is None
    if alike and (nameless or names is not None):
        return Likeness("likely", "same domain name under another ending", 70)
    if names is not None and names.kind == "exact":
        return Likeness("likely", "same name, other domain", 60)
    return None


def _by_label(one: Known, other: Known) -> Likeness | None:
    """A domain that is the other's name, where that has no domain of its own."""
    for known, named in ((one, other), (other, one)):
        if named.name is not None and not named.sites and len(named.name.joined) > 2:
            for site in known.sites:
                if not site.below and {site.letters, site.domain_letters} & named.name.together:
                    return Likeness("likely", f"its name is that of the domain {site.domain}", 70)
    return None


def names_alike(one: Name, other: Name) -> Likeness | None:
    """How two names are one company's."""
    if one.spellings & other.spellings:
        if one.forms == other.forms:
            return Likeness("exact", "same name", 92)
        if not one.forms or not other.forms:
            return Likeness("exact", "same name but for the legal form", 90)
        return Likeness("likely", "same name, other legal form", 65)
    if one.together & other.together:
        return Likeness("likely", "same letters, other spaces", 64)
    if sorted(one.words) == sorted(other.words):
        return Likeness("likely", "same words in another order", 60)
    if one.core == other.core and (set(one.words) <= set(other.words) or set(other.words) <= set(one.words)):
        return Likeness("likely", "same name but for a word that is often left out", 55)
    if _misspelt(one, other):
        return Likeness("likely", "spelt nearly the same", 50)
    if stands_for(one, other) or stands_for(other, one):
        return Likeness("likely", "one may be short for the other", 45)
    if one.foreign != other.foreign and ratio(one.heard, other.heard) >= ALIKE_BY_SOUND:
        return Likeness("likely", "sounds alike in another script", 40)
    return None


def _misspelt(one: Name, other: Name) -> bool:
    """Whether a slip of a finger or two lies between them: in one word of them, and in no number."""
    if len(one.words) != len(other.words):
        return _slips("".join(one.words), "".join(other.words))
    unlike = [pair for pair in zip(one.words, other.words, strict=True) if pair[0] != pair[1]]
    return len(unlike) == 1 and _slips(*unlike[0], among=len(one.words))


def _slips(one: str, other: str, among: int = 1) -> bool:
    """Whether two words are one that was mistyped; beside other words that are equal a shorter one will do."""
    length = max(len(one), len(other))
    if any(_ROMAN.fullmatch(word) or not word.isalpha() for word in (one, other)):
        return False
    allowed = MOST_SLIPS if length >= 11 else 1 if length >= (6 if among > 1 else 7) else 0
    distance = OSA.distance(one, other, score_cutoff=MOST_SLIPS)
    return distance <= allowed or (length >= 5 and distance == 1 and sorted(one) == sorted(other))


def stands_for(short: Name, long: Name) -> bool:
    """Whether words of `short` in capitals are the first letters of words of `long`, and all others are equal."""
    return any(_shortened(short, list(words)) for words in (long.words, long.whole))


def _shortened(short: Name, rest: list[str]) -> bool:
    rest = [word for word in rest if word != AND]
    letters = 0
    for word, capital in zip(short.words, short.capitals, strict=True):
        if rest and word == rest[0]:
            rest.pop(0)
        elif capital and "".join(each[0] for each in rest[: len(word)]) == word:
            letters += len(word)
            del rest[: len(word)]
        else:
            return False
    return not rest and letters >= (2 if len(short.words) > 1 else _LEAST_INITIALS)
