"""The labelled set and what is measured on it: which companies are named, and whether an item is what a signal looks for.

In: labelled_items.txt beside this file. Out: precision and recall of matching (pairs of item and company) and of validation
(the same pairs, given the right company). The same code makes the table in docs/signals-architecture.md and checks its floors.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from flintt_mcp.sandbox.flintt.running.finding.matching import Matcher, Mention
from flintt_mcp.sandbox.flintt.running.finding.names import read_name
from flintt_mcp.sandbox.flintt.running.judging.text_validator import judge
from flintt_mcp.sandbox.flintt.running.judging.validator import Subject

FILE = Path(__file__).with_name("labelled_items.txt")
TODAY = datetime(2026, 9, 30, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Labelled:
    """One line: an item and what a person expects."""

    part: str
    signal: str
    expected: dict[str, bool]
    title: str
    text: str
    published_at: datetime | None


@dataclass(frozen=True)
class LabelledSet:
    companies: dict[str, str]
    signals: dict[str, str]
    items: list[Labelled]


@dataclass
class Score:
    """Right, wrong and missed."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed)


@dataclass
class Measured:
    """The figures of one part of the set."""

    part: str
    items: int
    pairs: int = 0
    matching: Score = field(default_factory=Score)
    validation: Score = field(default_factory=Score)
    together: Score = field(default_factory=Score)
    errors: list[str] = field(default_factory=list)

    def rows(self) -> list[str]:
        """Lines of the table in the docs."""
        return [
            f"| {self.part} | {step} | {self.items} | {score.precision:.3f} | {score.recall:.3f} "
            f"| {score.right} | {score.wrong} | {score.missed} |"
            for step, score in (
                ("matching", self.matching),
                ("validation", self.validation),
                ("both together", self.together),
            )
        ]

    def table(self) -> str:
        return "\n".join(self.rows())


@cache
def load() -> LabelledSet:
    """Read the file."""
    sections: dict[str, list[list[str]]] = {}
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            rows = sections.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            rows.append([part.strip() for part in line.split("|")])
    companies = dict(sections["companies"])
    return LabelledSet(companies, dict(sections["signals"]), [_item(row, companies) for row in sections["items"]])


def _item(row: list[str], companies: dict[str, str]) -> Labelled:
    part, signal, expected, title, text, *date = row
    labels = {} if expected == "-" else dict(pair.strip().rsplit("=", 1) for pair in expected.split(", "))
    published = datetime.fromisoformat(date[0]).replace(tzinfo=UTC) if date else None
    return Labelled(
        part, signal, {_full(name, companies): yes == "yes" for name, yes in labels.items()}, title, text, published
    )


def _full(name: str, companies: dict[str, str]) -> str:
    """The one company that is called this, with or without its legal form."""
    if name in companies:
        return name
    (found,) = [company for company in companies if company.startswith(f"{name} ")]
    return found


@cache
def measure(part: str) -> Measured:
    """Precision and recall over one part ("dev" or "held")."""
    labelled = load()
    matcher = Matcher(read_name(name, name, domain) for name, domain in labelled.companies.items())
    items = [item for item in labelled.items if item.part == part]
    measured = Measured(part, len(items))
    for item in items:
        mentions = {mention.company_id: mention for mention in matcher.find(item.title, item.text)}
        _count(measured, labelled, item, mentions)
    return measured


def _count(measured: Measured, labelled: LabelledSet, item: Labelled, mentions: dict[str, Mention]) -> None:
    for company in {*mentions, *item.expected}:
        measured.pairs += 1
        _add(measured.matching, company in mentions, company in item.expected)
        if (company in mentions) != (company in item.expected):
            measured.errors.append(f"matching: {company}: {item.title}")
    for company, wanted in item.expected.items():
        names = mentions[company].as_written if company in mentions else {company}
        found = judge(subject_of(labelled, item, company, sorted(names)))
        _add(measured.validation, found.is_valid, wanted)
        if found.is_valid != wanted:
            measured.errors.append(f"validation: {found.confidence} ({item.signal}) {company}: {item.title}")
    for company in {*mentions, *item.expected}:
        judged = (
            company in mentions
            and judge(subject_of(labelled, item, company, sorted(mentions[company].as_written))).is_valid
        )
        _add(measured.together, judged, item.expected.get(company, False))


def subject_of(labelled: LabelledSet, item: Labelled, company: str, names: list[str]) -> Subject:
    description = labelled.signals[item.signal]
    return Subject(description, company, names, item.title, item.text, "", item.published_at, TODAY)


def _add(score: Score, found: bool, wanted: bool) -> None:
    if found and wanted:
        score.right += 1
    elif found:
        score.wrong += 1
    elif wanted:
        score.missed += 1
