"""Letters of any script as plain small letters of the Latin one. Pure.

In: a word as it is written. Out: its spelling without accents, and the one where an umlaut stands as two letters, as "ue" does;
and how a word sounds, roughly, since scripts are transliterated in more than one way.
"""

from __future__ import annotations

import re
from functools import lru_cache

from anyascii import anyascii

_SPELT_OUT = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "Ä": "ae", "Ö": "oe", "Ü": "ue", "Å": "aa", "Ø": "oe"}
)
_NO_LETTER = re.compile(r"[^a-z0-9]+")
_LATIN = re.compile(r"[\W\d_]*(?:[A-Za-z\u00aa-\u024f\u1e00-\u1eff][\W\d_]*)*")
_SOUNDS = (
    ("tsch", "ch"),
    ("sch", "sh"),
    ("ph", "f"),
    ("kh", "h"),
    ("ck", "k"),
    ("x", "ks"),
    ("q", "k"),
    ("w", "v"),
    ("y", "i"),
    ("j", "i"),
    ("l", "r"),
    ("ou", "u"),
)
_C = re.compile(r"c(?!h)")
_TWICE = re.compile(r"(.)\1+")


@lru_cache(maxsize=20_000)
def plain(word: str) -> str:
    """The word in a to z and digits: "Müller" as "muller", "Яндекс" as "yandeks"."""
    return _folded(word)


@lru_cache(maxsize=20_000)
def spelt_out(word: str) -> str:
    """The same with umlauts as two letters: "Müller" as "mueller"."""
    return plain(word) if word.isascii() else _folded(word.translate(_SPELT_OUT))


def is_foreign(text: str) -> bool:
    """Whether it has letters of another script than the Latin one."""
    return not text.isascii() and _LATIN.fullmatch(text) is None


def sound(letters: str) -> str:
    """How plain letters sound, roughly: equal for "yandeks" and "yandex", for "merukari" and close to "mercari"."""
    for written, heard in _SOUNDS:
        letters = letters.replace(written, heard)
    return _TWICE.sub(r"\1", _C.sub("k", letters))


def _folded(word: str) -> str:
    if not word.isascii():
        word = anyascii(word)
    return _NO_LETTER.sub("", word.lower())
