"""Words as they are compared: folded letters, tokens that remember where they stood, sentences, stems of English and French.

In: text of an item, a name, a description. Out: plain values. Pure and without a dictionary; every rule is here to read.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from flintt_mcp.sandbox.flintt.running.finding.vocabulary import STOP_WORDS

_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})
_TOKEN = re.compile(r"[^\W_]+|&")
_SENTENCE_END = re.compile(r"(?<=[.!?…。！？])[\"'”»)]*\s+(?=[^a-z\s])|\s+[|•]\s+|(?<=[。！？])")
_ABBREVIATION = re.compile(r"\b(?:[A-Z]|Inc|Ltd|Corp|Co|Mr|Ms|Mrs|Dr|St|No|vs|Jr|Sr|approx|env)\.$")
_AND = frozenset({"and", "et", "und", "y", "e", "og", "och", "en"})


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a text: as compared, where it stood, and whether it began with a capital."""

    word: str
    start: int
    end: int
    capital: bool


def fold(text: str) -> str:
    """Lower case without accents; letters that mean the same are the same. Length and places may change."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).translate(_LETTERS)


def tokens(text: str) -> list[Token]:
    """Every run of letters and digits, and every &."""
    return [
        Token(fold(found.group()), found.start(), found.end(), found.group()[0].isupper())
        for found in _TOKEN.finditer(unicodedata.normalize("NFC", text))
    ]


def words(text: str) -> list[str]:
    """The tokens of a text, as compared."""
    return [token.word for token in tokens(text)]


def is_and(word: str) -> bool:
    """Whether a word stands for & in a name."""
    return word == "&" or word in _AND


def sentences(text: str) -> list[str]:
    """A text cut after each sentence, not after an abbreviation."""
    pieces: list[str] = []
    start = 0
    for end in _SENTENCE_END.finditer(text):
        if _ABBREVIATION.search(text[start : end.start()]):
            continue
        pieces.append(text[start : end.start()].strip())
        start = end.end()
    pieces.append(text[start:].strip())
    return [piece for piece in pieces if piece]


_ENDINGS = (
    "isations", "izations", "isation", "ization", "issements", "issement", "ements", "ations", "ement", "ation", "ments", "ment",
    "ings", "ing", "ions", "ion", "ies", "ers", "eurs", "euses", "eur", "euse", "ees", "ives", "ive", "ers", "er", "ed", "es",
    "ee", "ent", "ait", "e", "s",
)  # fmt: skip


def stem(word: str) -> str:
    """The word without one common English or French ending, when at least four letters stay; doubled last letters once."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            word = word[: -len(ending)]
            break
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "aeiou":
        word = word[:-1]
    return word[:-1] + "i" if len(word) > 4 and word.endswith("y") else word


def terms(text: str) -> list[str]:
    """The stems of the words that carry meaning."""
    return [stem(word) for word in words(text) if len(word) > 1 and word not in STOP_WORDS]
