"""The normal form of a company's name: its own words in plain letters, its legal forms, and what it is short for. Pure.

In: a name as people write it, in any script. Out: a `Name`. Accents, punctuation, "&" and "and", brackets, capitals and articles
make no difference; whether two names mean one company is judged in `likeness.py`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from flintt_mcp.matching.legal_forms import without_forms
from flintt_mcp.matching.letters import is_foreign, plain, sound, spelt_out
from flintt_mcp.matching.vocabulary import AND, ANDS, OFTEN_LEFT_OUT, SHORT

_NATIVE = (
    (re.compile("株式会社|\\(株\\)"), " kk "),
    (re.compile("有限会社"), " yk "),
    (re.compile("合同会社"), " gk "),
    (re.compile("(?:股份|责任|責任)?有限公司|有限责任公司|有限責任公司|公司"), " youxian gongsi "),
    (re.compile("集团|集團|グループ|그룹|ホールディングス"), " group "),
    (re.compile("주식회사|\\(주\\)"), " kk "),
    (re.compile("유한회사"), " yuhan hoesa "),
)
"""Legal forms that stand without a space beside the name."""
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|（[^（）]*）")
_MARKS = str.maketrans("™®©℠", "    ")
"""Signs of a trade mark, which would be letters of the word before them: "Notion™" is no "NotionTM"."""
_APOSTROPHES = re.compile(r"(?<=\w)['’‘`´ʼ](?=\w)")
_INITIALS = re.compile(r"\b(?:[^\W\d_]\.){2,}(?:[^\W\d_]\b)?|\b[^\W\d_]/[^\W\d_]\b")
_WORD = re.compile(r"[^\W_]+|[&+]")
_LONGEST = 500


@dataclass(frozen=True)
class Name:
    """One name.

    `words` are its own, folded, short forms as what they stand for; `written` the same with the short forms; `spelt` the first with
    umlauts as two letters; `capitals` says which are in capitals alone. `whole` are its words with those of its legal form, `forms`
    its legal forms, each in one spelling. `foreign` says that it is written in another script than the Latin one.
    """

    words: tuple[str, ...]
    written: tuple[str, ...]
    whole: tuple[str, ...]
    spelt: tuple[str, ...]
    capitals: tuple[bool, ...]
    forms: frozenset[str]
    foreign: bool

    @cached_property
    def joined(self) -> str:
        """Its letters in one."""
        return "".join(word for word in self.words if word != AND)

    @cached_property
    def spellings(self) -> frozenset[tuple[str, ...]]:
        return frozenset((self.words, self.spelt))

    @cached_property
    def together(self) -> frozenset[str]:
        """Each spelling with its letters in one, also with short forms as they are: "Git Lab" is "GitLab"."""
        return frozenset("".join(word for word in words if word != AND) for words in (*self.spellings, self.written))

    @cached_property
    def heard(self) -> str:
        return sound(self.joined)

    @cached_property
    def core(self) -> tuple[str, ...]:
        """Its words without those that are often left out, where others are left."""
        return tuple(word for word in self.words if word not in OFTEN_LEFT_OUT) or self.words

    @cached_property
    def initials(self) -> frozenset[str]:
        """The first letters of its words, with and without those of its legal form."""
        return frozenset("".join(word[0] for word in words if word != AND) for words in (self.words, self.whole))

    @cached_property
    def shortened(self) -> str:
        """What would be its initials if its words in capitals stood for several each; empty where it has none."""
        if not any(self.capitals):
            return ""
        return "".join(
            word if capital else word[0] for word, capital in zip(self.words, self.capitals, strict=True) if word != AND
        )


def name_of(text: str) -> Name | None:
    """The normal form of a name; None where there is no letter and no digit in it."""
    foreign = is_foreign(text)
    written = _WORD.findall(_prepared(text[:_LONGEST], foreign))
    folded = [AND if word == "+" else word if word == AND else plain(word) for word in written]
    kept = [at for at, word in enumerate(folded) if word]
    while kept and folded[kept[0]] == AND:
        kept.pop(0)
    while kept and folded[kept[-1]] == AND:
        kept.pop()
    if not kept:
        return None
    own, forms = without_forms([folded[at] for at in kept])
    return Name(
        words=_meant([folded[at] for at in kept[own]]),
        written=_meant([folded[at] for at in kept[own]], short={}),
        whole=_meant([folded[at] for at in kept]),
        spelt=_meant([folded[at] if folded[at] == AND else spelt_out(written[at]) for at in kept[own]]),
        capitals=tuple(len(written[at]) > 1 and written[at].isupper() for at in kept[own]),
        forms=forms,
        foreign=foreign,
    )


def _prepared(text: str, foreign: bool) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_MARKS))
    if foreign:
        for form, words in _NATIVE:
            text = form.sub(words, text)
    bare = _BRACKETS.sub(" ", text)
    text = bare if _WORD.search(bare) else text
    text = _APOSTROPHES.sub("", text)
    return _INITIALS.sub(lambda found: found[0].replace(".", "").replace("/", ""), text)


def _meant(words: list[str], short: Mapping[str, str] = SHORT) -> tuple[str, ...]:
    """The words with those that are one spelt alike; a word for "and" counts as such only between others."""
    last = len(words) - 1
    return tuple(AND if word in ANDS and 0 < at < last else short.get(word, word) for at, word in enumerate(words))
