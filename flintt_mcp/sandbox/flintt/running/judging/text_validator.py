"""The validator that works offline: topics of buying signals where a description asks for one, shared words where it does not.

In: a `Subject`. Out: a `Judgement`, the same each time. Each reason adds or takes a fixed weight; the confidence is the logistic
function of their sum, and no probability. No model, no network, no randomness; docs/signals-architecture.md says how good it is.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from flintt_mcp.sandbox.flintt.running.finding.words import fold, sentences, terms
from flintt_mcp.sandbox.flintt.running.judging.cues import ADVICE, HEDGED, NEGATED, PAST
from flintt_mcp.sandbox.flintt.running.judging.topics import TOPICS, Topic
from flintt_mcp.sandbox.flintt.running.judging.validator import Judgement, Subject

OLD_AFTER = timedelta(days=180)
K1, B, USUAL_LENGTH = 1.2, 0.5, 24
"""The constants of BM25; the usual length is that of a headline with a sentence or two."""
WORDS_NEEDED = 0.34
"""Share of the description's weight that an item must hold where no topic decides."""
VALID_FROM = 0.5

_YEAR = re.compile(r"\b(?:in|en|since|depuis|of|de) (20\d\d|19\d\d)\b")
_AMOUNT = re.compile(
    r"(?:(?:€|\$|£|eur|usd|gbp|dkk|chf) ?)?(\d+(?:[.,]\d+)*)"
    r" ?(k€|k\b|thousand|m€|mn\b|m\b|million|millions|bn\b|billion|milliards?)?"
    r"(?: ?(?:€|\$|£|euros?|d.euros|dollars|eur))?"
)
_SCALES = {"k": 1e3, "t": 1e3, "m": 1e6, "b": 1e9}
_AT_LEAST = re.compile(r"\b(?:more than|over|at least|above|plus de|au moins|superieurs? a)\b")
_NUMBER_WORDS = {"one": "1", "two": "2", "five": "5", "ten": "10", "un": "1", "deux": "2", "cinq": "5", "dix": "10"}
_OTHERS = (
    r"(?:former|ex|anciens?|ancienne|formerly|rival|competitor|customer|client|supplier|partner|investor|founder)"
    r" (?:of |de |d.)?{name}",
    r"{name}(?:.s)? (?:alumni|alumnus|alum|rivals?|competitors?|customers?|investors?|founders?|veterans?|founder.s|cfo explains)",
    r"(?:backed|led|funded|founded|inspired) by (?:\w+ )?{name}",
    r"(?:quitte|quits|leaves|left|departs) {name} (?:pour|to|for)",
    r"(?:rejoint|joins) .{{0,40}}(?:rival|concurrent)",
)
_LOOSE_END = " ,;:|·–—-"
"""What a headline may end with and a sentence does not."""
_ENDED = re.compile(r"[.!?…。！？][\s\"'”’»)\]]*$")
_OR = re.compile(r"\b(?:or|ou)\b|;")
_INVESTS = re.compile(
    r"\b(?:leads?|led|co-leads|joins) (?:\S+ ){0,3}(?:round|funding)|\b(?:lends|finances|prete|finance (?:un|une|des))\b|\bloan\b"
)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a description asks for, read once."""

    topics: tuple[Topic, ...]
    refinements: tuple[tuple[str, re.Pattern[str], frozenset[str]], ...]
    least: float | None
    alternatives: tuple[tuple[str, ...], ...]


class TextValidator:
    """Judges by what is written."""

    async def judge(self, subject: Subject) -> Judgement:
        """As the protocol says; never fails."""
        return judge(subject)


def judge(subject: Subject) -> Judgement:
    """The judgement on one item."""
    wanted = _read_description(subject.description)
    title, near = fold(subject.title), _sentences_about(subject)
    weight, topic, told = _event_weight(wanted, title, near) if wanted.topics else _word_weight(wanted, subject)
    weight += _doubts(subject, title, told or title, near)
    confidence = round(1 / (1 + math.exp(-weight)), 2)
    valid = confidence >= VALID_FROM
    why = (topic.why_now if topic else "It says what the signal looks for.") if valid else None
    return Judgement(valid, confidence, _summary(subject, valid), why, topic.name if topic else None)


def _event_weight(wanted: _Wanted, title: str, near: Sequence[str]) -> tuple[float, Topic | None, str]:
    """How clearly one of the topics is told about the company, with the sentence that tells it."""
    best: tuple[float, Topic | None, str] = (-2.5, None, "")
    for topic in wanted.topics:
        for place, sentence in enumerate(near):
            if topic.told.search(sentence):
                weight = 2.6 if place == 0 and sentence == title else 1.6
                weight += 0.3 * sum(bool(topic.told.search(other)) for other in near if other != sentence)
                if weight > best[0]:
                    best = (weight, topic, sentence)
    if best[1] is None:
        return best
    return best[0] - _mismatch(wanted, " ".join(near)), best[1], best[2]


def _mismatch(wanted: _Wanted, told: str) -> float:
    """Weight against an item that differs in what the description is exact about: the round, the role, the amount, AI."""
    against = 0.0
    for _, pattern, values in wanted.refinements:
        found = {match.group(match.lastindex or 0) for match in pattern.finditer(told)}
        if not found or (pattern.groups and not found & values):
            against += 4.0
    roles = [pattern for name, pattern, _ in wanted.refinements if name.startswith("role:")]
    if roles and any(pattern.search(told) for pattern in roles):
        against = max(0.0, against - 4.0 * (len(roles) - sum(bool(pattern.search(told)) for pattern in roles)))
    if wanted.least is not None:
        amounts = _amounts(told)
        if amounts and max(amounts) < wanted.least:
            against += 4.0
    return against


def _word_weight(wanted: _Wanted, subject: Subject) -> tuple[float, Topic | None, str]:
    """How much an item says of the description, or of one of its alternatives."""
    names = set(terms(" ".join(subject.names)))
    counts = Counter(term for term in (*terms(subject.title) * 2, *terms(subject.text)) if term not in names)
    share = max((_share(alternative, counts) for alternative in wanted.alternatives), default=0.0)
    return 12 * (share - WORDS_NEEDED), None, ""


def _share(asked: Sequence[str], counts: Counter[str]) -> float:
    """The part of some words that is said, by BM25; the weight of a word grows with its length, as its rarity does."""
    norm = K1 * (1 - B + B * counts.total() / USUAL_LENGTH)
    weights = {term: 1 + math.log(max(1, len(term) - 2)) for term in asked}
    said = sum(weight * min(1.0, counts[term] * (K1 + 1) / (counts[term] + norm)) for term, weight in weights.items())
    return said / sum(weights.values())


def _doubts(subject: Subject, title: str, told: str, near: Sequence[str]) -> float:
    """Weight against: negated, uncertain, talk, long ago, or about somebody else."""
    against = 0.0
    followed = f"{title} {told}"
    if any(NEGATED.search(sentence) for sentence in {title, told}):
        against += 4.0
    if HEDGED.search(title) or HEDGED.search(told):
        against += 3.5
    if ADVICE.search(followed):
        against += 3.5
    if any(PAST.search(sentence) for sentence in (title, *near)) or _is_old(subject, followed):
        against += 4.0
    if _is_about_another(subject, followed):
        against += 4.0
    return -against


def _is_old(subject: Subject, told: str) -> bool:
    if subject.published_at is not None and subject.today - subject.published_at > OLD_AFTER:
        return True
    return any(int(year) < subject.today.year - 1 for year in _YEAR.findall(told))


def _is_about_another(subject: Subject, told: str) -> bool:
    for name in subject.names:
        plain = re.escape(fold(name))
        if any(re.search(rf"\b{pattern.format(name=plain)}", told) for pattern in _OTHERS):
            return True
        if (found := re.search(rf"\b{plain}\b", told)) and _INVESTS.search(told[found.end() : found.end() + 60]):
            return True
    return False


def _sentences_about(subject: Subject) -> list[str]:
    """The headline when it names the company, each sentence that does, and the one after it: "the company", "it"."""
    all_of_it = [subject.title, *sentences(subject.text)]
    names = [fold(name) for name in subject.names]
    folded = [fold(sentence) for sentence in all_of_it]
    about = [any(name in sentence for name in names) for sentence in folded]
    return [
        sentence
        for place, sentence in enumerate(folded)
        if about[place] or (place and about[place - 1]) or not any(about)
    ]


@lru_cache(maxsize=256)
def _read_description(description: str) -> _Wanted:
    folded = fold(description)
    topics = tuple(topic for topic in TOPICS if topic.asked.search(folded))
    refinements = tuple(
        (name, pattern, frozenset(found))
        for topic in topics
        for name, pattern in topic.refines.items()
        if (found := {match.group(match.lastindex or 0) for match in pattern.finditer(folded)})
    )
    least = max(_amounts(_in_digits(folded)), default=None) if _AT_LEAST.search(folded) else None
    return _Wanted(topics, refinements, least, _alternatives(description))


def _alternatives(description: str) -> tuple[tuple[str, ...], ...]:
    """The words of a description, cut at "or" when each side says enough to be looked for alone."""
    parts = [tuple(dict.fromkeys(terms(part))) for part in _OR.split(description)]
    if all(len(part) >= 2 for part in parts):
        return tuple(parts)
    whole = tuple(dict.fromkeys(terms(description)))
    return (whole,) if whole else ()


def _in_digits(text: str) -> str:
    return re.sub(
        r"\b(" + "|".join(_NUMBER_WORDS) + r")\b(?= (?:k|thousand|million|m\b))", lambda m: _NUMBER_WORDS[m[1]], text
    )


def _amounts(text: str) -> list[float]:
    """Amounts of money in a text, as numbers; plain counts of things are left out."""
    found = []
    for match in _AMOUNT.finditer(text):
        scale = match.group(2)
        if scale is None and not re.search(r"€|\$|£|euro|dollar|eur|usd|gbp|dkk|chf", match.group()):
            continue
        digits = match.group(1)
        number = float(digits.replace(",", "") if re.fullmatch(r"\d{1,3}(,\d{3})+", digits) else _plain_number(digits))
        found.append(number * _SCALES.get(scale[0], 1.0) if scale else number)
    return found


def _plain_number(digits: str) -> str:
    head, _, tail = digits.replace(",", ".").rpartition(".")
    return f"{head.replace('.', '')}.{tail}" if head else tail


def _summary(subject: Subject, valid: bool) -> str:
    """The item in one sentence: its headline, as it was written, with the company when that does not name it."""
    named = any(fold(name) in fold(subject.title) for name in subject.names)
    told = _as_sentence(subject.title if named else f"{subject.company}: {subject.title}")
    return told if valid else f"{told} Not what the signal looks for."


def _as_sentence(headline: str) -> str:
    """A headline with one end: its own, or a point."""
    told = re.sub(r"(?<=[!?…])\.$", "", headline.rstrip(_LOOSE_END) or headline)
    return told if _ENDED.search(told) else f"{told}."
