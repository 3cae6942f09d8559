"""The ways in which a company may be written: its name without legal form, its joined letters, its spellings, its domain.

In: name, domain and website as stored. Out: frozen `Name` values for `matching`. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from flintt_mcp.sandbox.flintt.running.finding.vocabulary import COMMON, FIRST_NAMES, LEGAL, SOFT, STOP_WORDS
from flintt_mcp.sandbox.flintt.running.finding.words import fold, is_and, tokens

_POINTS = r"(?:[^\W\d_]\.\s?){2,}"
_PARTS = r"sp\.?\s?z\s?o\.?\s?o\.?|s\.?\s?r\.?\s?o\.|d\.?\s?o\.?\s?o\.|a/s|k\.k\."
_DOTTED = re.compile(rf"\b{_POINTS}")
_LEGAL_PARTS = re.compile(rf"\b(?:{_PARTS})(?=\W|$)|株式会社|有限会社|주식회사", re.IGNORECASE)
_AFTER_A_NAME = re.compile(rf"(?P<gap>, ?| )(?P<form>{_PARTS}|{_POINTS}|[^\W\d_]+)", re.IGNORECASE)
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
    short or made of everyday words; `acronym` that it is written in capitals only. `small` is how it is written when it begins
    with a small letter on purpose ("adidas", "eBay").
    """

    company_id: str
    name: str
    words: tuple[str, ...]
    spellings: frozenset[str]
    domains: frozenset[str]
    weak: bool
    acronym: bool
    small: str | None
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
        small=_small(name, core),
        unspaced=_unspaced(name),
    )


def core_words(name: str) -> tuple[str, ...]:
    """The words of a name as compared, without legal forms at its end and without "Group" or "Holding" after two words."""
    bare = _LEGAL_PARTS.sub(" ", _without_points(name))
    found = ["&" if is_and(token.word) and place else token.word for place, token in enumerate(tokens(bare))]
    while len(found) > 1 and (found[-1] in LEGAL or found[-1] == "&"):
        found.pop()
    if len(found) > 1 and found[0] == "the":
        found.pop(0)
    if len(found) > 2 and found[-1] in SOFT:
        found.pop()
    return tuple(found)


def legal_form_after(text: str) -> tuple[str, str] | None:
    """What parts a name from the legal form that follows it, and that form as it is written; None when none follows."""
    found = _AFTER_A_NAME.match(text)
    if found is None:
        return None
    form = found["form"].strip()
    known = fold(_without_points(form)).strip() in LEGAL or _LEGAL_PARTS.fullmatch(form)
    return (found["gap"], form) if known else None


def is_weak(words: Iterable[str]) -> bool:
    """Whether a name is too short or too common to be recognised by its letters alone."""
    meant = [word for word in words if word != "&"]
    if all(word in COMMON or word in FIRST_NAMES or word.isdigit() for word in meant):
        return True
    return len("".join(meant)) <= 4


def _small(name: str, core: tuple[str, ...]) -> str | None:
    """The one word of a name as it is written, when it begins with a small letter, and is no everyday word without a capital."""
    composed = unicodedata.normalize("NFC", name)
    written = composed[: tokens(composed)[0].end] if len(core) == 1 else ""
    everyday = written.islower() and core[0] in COMMON | FIRST_NAMES | STOP_WORDS
    return written if written[:1].islower() and not everyday else None


def _without_points(name: str) -> str:
    return _DOTTED.sub(lambda found: found.group().replace(".", "").replace(" ", "") + " ", name)


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
    for host in (domain, _host(website or "")):
        bare = (host or "").lower().removeprefix("www.").rstrip(".")
        if "." in bare and bare not in SHARED_HOSTS:
            yield bare


def _host(website: str) -> str | None:
    try:
        return urlsplit(website).hostname
    except ValueError:  # "https://[", which the API takes for a web address
        return None


def _unspaced(name: str) -> str | None:
    """The name without spaces and legal form where its script puts no spaces between words."""
    bare = re.sub(r"\s", "", _LEGAL_PARTS.sub("", name))
    return bare if len(_UNSPACED.findall(bare)) >= 3 else None
