"""The ways in which a company may be written: its name without legal form, its joined letters, its spellings, its domain.

In: name, domain and website as stored. Out: frozen `Name` values for `matching`. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from flintt_mcp.sandbox.flintt.running.finding.vocabulary import COMMON, FIRST_NAMES, LEGAL, SOFT
from flintt_mcp.sandbox.flintt.running.finding.words import is_and, tokens

_DOTTED = re.compile(r"\b(?:[^\W\d_]\.\s?){2,}")
_LEGAL_PARTS = re.compile(
    r"(?i)\b(sp\.?\s?z\s?o\.?\s?o\.?|s\.?\s?r\.?\s?o\.|d\.?\s?o\.?\s?o\.|a/s|k\.k\.)(?=\W|$)|株式会社|有限会社|주식회사"
)
_UMLAUTS = (
    ("ä", "ae"),
    ("ö", "oe"),
    ("ü", "ue"),
    ("å", "aa"),
    ("ø", "oe"),
    ("Ä", "Ae"),
    ("Ö", "Oe"),
    ("Ü", "Ue"),
    ("Ø", "Oe"),
)
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
SHARED_HOSTS = (
    "linkedin.com",
    "facebook.com",
    "github.com",
    "medium.com",
    "x.com",
    "twitter.com",
    "instagram.com",
    "youtube.com",
)


@dataclass(frozen=True, slots=True)
class Name:
    """One company as it is looked for.

    `words` is the name without legal form; `spellings` are joined letters of it and its variants; `weak` says that the name is
    short or made of everyday words; `acronym` that it is written in capitals only.
    """

    company_id: str
    name: str
    words: tuple[str, ...]
    spellings: frozenset[str]
    domains: frozenset[str]
    weak: bool
    acronym: bool
    unspaced: str | None


def read_name(company_id: str, name: str, domain: str | None = None, website: str | None = None) -> Name:
    """What a company may be written as."""
    core = core_words(name)
    joined = {"".join(words) for words in (core, core_words(_respelled(name)), _plain_umlauts(core)) if words}
    letters = [letter for letter in name if letter.isalpha()]
    return Name(
        company_id=company_id,
        name=name,
        words=core,
        spellings=frozenset(joined),
        domains=frozenset(_domains(domain, website)),
        weak=is_weak(core),
        acronym=bool(core) and len(core) == 1 and len(core[0]) <= 5 and _is_capitals(name, core[0], letters),
        unspaced=_unspaced(name),
    )


def core_words(name: str) -> tuple[str, ...]:
    """The words of a name as compared, without legal forms at its end and without "Group" or "Holding" after two words."""
    bare = _LEGAL_PARTS.sub(" ", _DOTTED.sub(lambda found: found.group().replace(".", "").replace(" ", "") + " ", name))
    found = ["&" if is_and(token.word) and place else token.word for place, token in enumerate(tokens(bare))]
    while len(found) > 1 and (found[-1] in LEGAL or found[-1] == "&"):
        found.pop()
    if len(found) > 1 and found[0] == "the":
        found.pop(0)
    if len(found) > 2 and found[-1] in SOFT:
        found.pop()
    return tuple(found)


def is_weak(words: Iterable[str]) -> bool:
    """Whether a name is too short or too common to be recognised by its letters alone."""
    meant = [word for word in words if word != "&"]
    if all(word in COMMON or word in FIRST_NAMES or word.isdigit() for word in meant):
        return True
    return len("".join(meant)) <= 4


def _is_capitals(name: str, core: str, letters: list[str]) -> bool:
    return any(token.word == core and name[token.start : token.end].isupper() for token in tokens(name)) and bool(
        letters
    )


def _respelled(name: str) -> str:
    for letter, letters in _UMLAUTS:
        name = name.replace(letter, letters)
    return name


def _plain_umlauts(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(
        re.sub(r"(?<=[^aeiouq])([aou])e(?=[^aeiou\W])", r"\1", word) if len(word) > 4 else word for word in words
    )


def _domains(domain: str | None, website: str | None) -> Iterable[str]:
    for host in (domain, urlsplit(website).hostname if website else None):
        bare = (host or "").lower().removeprefix("www.").rstrip(".")
        if "." in bare and bare not in SHARED_HOSTS:
            yield bare


def _unspaced(name: str) -> str | None:
    """The name without spaces and legal form where its script puts no spaces between words."""
    bare = re.sub(r"\s", "", _LEGAL_PARTS.sub("", name))
    return bare if len(_UNSPACED.findall(bare)) >= 3 else None
