"""Whether words that are a company's name are meant as it, where they stand.

In: a name and a place in a sentence. Out: yes or no, rather no. Not as part of a longer name ("Delta" in "Delta Air Lines") or a
person's ("Ford" in "Tom Ford"); a name that is short or an everyday word needs a sign: its legal form, a capital in the middle
of a sentence, or a verb of business after it or after the list that it begins ("Apple, Meta and Box raise").
"""

from __future__ import annotations

from dataclasses import dataclass

from flintt_mcp.sandbox.flintt.running.finding.names import Name, legal_form_after
from flintt_mcp.sandbox.flintt.running.finding.vocabulary import (
    ARTICLES,
    BESIDE_AFTER,
    BESIDE_BEFORE,
    BUSINESS_VERBS,
    BUSINESS_VERBS_OF_SEVERAL,
    EVERYDAY_FORMS,
    FIRST_NAMES,
    LEGAL,
    ORGANISATION,
    SOFT,
)
from flintt_mcp.sandbox.flintt.running.finding.words import Token, is_and, tokens

MAX_LIST = 12
"""Words of a list of names that are looked at for the verb behind it."""
_JOINTS = (", ", "/", " / ")


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence: its words, whether it has capitals throughout, as English headlines do, and whether it has nothing else."""

    text: str
    tokens: list[Token]
    headline: bool
    capitals: bool

    @classmethod
    def of(cls, text: str) -> Line:
        """Read a sentence."""
        found = tokens(text)
        longer = [token for token in found[1:] if len(token.word) > 3 and not token.word.isdigit()]
        capitals = text.isupper() and sum(token.capital for token in found) > 1
        begun = sum(token.capital for token in longer)
        return cls(text, found, capitals or (len(longer) >= 2 and begun / len(longer) > 0.7), capitals)


@dataclass(frozen=True, slots=True)
class Place:
    """Some words of a line, and what is beside them."""

    line: Line
    start: int
    end: int

    @property
    def before(self) -> Token | None:
        """The word before them."""
        return self.line.tokens[self.start - 1] if self.start else None

    @property
    def after(self) -> Token | None:
        """The word after them."""
        return self.line.tokens[self.end] if self.end < len(self.line.tokens) else None

    @property
    def gap_before(self) -> str:
        """What is between them and the word before."""
        return self.line.text[self.before.end : self._first.start] if self.before else ""

    @property
    def gap_after(self) -> str:
        """What is between them and the word after."""
        return self.line.text[self._last.end : self.after.start] if self.after else ""

    @property
    def written(self) -> str:
        """The words as they are written."""
        return self.line.text[self._first.start : self._last.end]

    @property
    def rest(self) -> str:
        """The line after them."""
        return self.line.text[self._last.end :]

    @property
    def is_tagged(self) -> bool:
        """Whether they are a tag: "#adidas"."""
        return self.line.text[self._first.start - 1 : self._first.start] in ("#", "@")

    @property
    def capital(self) -> bool:
        """Whether they begin with a capital, or with what has none."""
        first = self.written[0]
        return self._first.capital or not first.isalpha() or not (first.isupper() or first.islower())

    @property
    def _first(self) -> Token:
        return self.line.tokens[self.start]

    @property
    def _last(self) -> Token:
        return self.line.tokens[self.end - 1]


def is_meant(name: Name, place: Place) -> bool:
    """Whether the words at a place are the company's name."""
    if _has_legal_form(place):
        return True
    if name.acronym and not place.written.isupper():
        return False
    if place.is_tagged and not name.weak:
        return True
    as_spelled = place.written == name.small
    if not place.capital and not as_spelled and (name.weak or len(name.words) == 1):
        return False
    if name.weak and place.end - place.start < len(name.words):
        return any(
            letter.isupper() for letter in place.written[1:]
        )  # two everyday words in one: OpenLedger, not sunflower
    if _is_longer(name, place):
        return False
    if as_spelled and not place.written.islower():  # eBay, easyJet
        return True
    certain = not name.weak or name.acronym
    return (certain and not (name.acronym and place.line.capitals)) or _has_sign(place)


def _has_legal_form(place: Place) -> bool:
    """Whether a legal form follows: "Block Inc", "Block, Inc.", "Orange S.A."; not a word that is one by chance."""
    found = legal_form_after(place.rest)
    if found is None:
        return False
    gap, form = found
    letters = [letter for letter in form if letter.isalpha()]
    if len(letters) < 3 and "." not in form and "/" not in form:  # as, co, se
        return not place.line.capitals and (form.isupper() if "," in gap else form[0].isupper())
    return form[0].isupper() or ("," not in gap and form not in EVERYDAY_FORMS)


def _is_longer(name: Name, place: Place) -> bool:
    after, before = place.after, place.before
    if after is not None and place.gap_after in (" ", "-") and _makes_longer(after, place.line):
        return True
    return before is not None and place.gap_before in (" ", "-") and _belongs_before(name, before, place)


def _makes_longer(after: Token, line: Line) -> bool:
    """Whether the next word makes another name of this one ("Delta" in "Delta Air Lines")."""
    if not after.capital or after.word in BESIDE_AFTER or after.word in SOFT or after.word.isdigit():
        return False
    if len(after.word) == 1:  # a legal form with points or a stroke: S.A., A/S
        return False
    if after.word in ORGANISATION:
        return True
    return not line.headline and after.word not in BUSINESS_VERBS


def _belongs_before(name: Name, before: Token, place: Place) -> bool:
    """Whether the word before makes another name of this one ("Tom" in "Tom Ford", "New" in "New Amber")."""
    if not before.capital or before.word in LEGAL or before.word.isdigit():
        return False
    if before.word in FIRST_NAMES:
        return True
    if before.word in BESIDE_BEFORE or before.word in BUSINESS_VERBS or is_and(before.word) or before.word in ARTICLES:
        return False
    if place.line.headline:
        return name.weak
    return place.start > 1 or len(name.words) == 1


def _has_sign(place: Place) -> bool:
    """Whether an everyday word is meant as a name here."""
    before, after, headline = place.before, place.after, place.line.headline
    if before is not None and before.word in ARTICLES and place.gap_before in (" ", "-"):
        return False
    if place.rest[:2] in ("'s", "’s"):
        return not headline or place.start == 0
    if after is not None and after.word in BUSINESS_VERBS:
        return True
    if _is_listed(place):
        return True
    if headline or (place.start == 0 and place.end == 1):
        return False
    return all(token.capital for token in place.line.tokens[place.start : place.end])


def _is_listed(place: Place) -> bool:
    """Whether a list of names that ends in a verb begins, goes on or ends here."""
    after = place.after
    ends = place.before is not None and (place.gap_before in _JOINTS or is_and(place.before.word))
    if ends and after is not None and place.gap_after == " " and after.word in BUSINESS_VERBS_OF_SEVERAL:
        return True
    joined, end = 0, place.line.tokens[place.end - 1].end
    named = False  # whether a name stands since the last joint
    for token in place.line.tokens[place.end : place.end + MAX_LIST]:
        gap = place.line.text[end : token.start]
        if gap not in (" ", *_JOINTS):
            return False
        if gap != " " or is_and(token.word):
            joined, named = joined + 1, False
        if named and token.word in BUSINESS_VERBS_OF_SEVERAL:
            return True
        if not joined or not (token.capital or is_and(token.word)):
            return False
        named, end = not is_and(token.word), token.end
    return False
