"""How well the rules do on a list of labelled pairs.

In: a list in `pairs/`. Out: its figures, as docs/matching.md prints them. A pair is one name looked for among one company.
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from flintt_mcp.matching.companies import Companies, Row

LISTS = sorted((Path(__file__).parent / "pairs").glob("*.tsv"))


@dataclass(frozen=True)
class Pair:
    """Two names, each with its site where that is known, and whether they are the same company."""

    same: bool
    kind: str
    left: str
    left_site: str
    right: str
    right_site: str

    def verdict(self) -> str:
        there = Companies([Row("there", self.right, tuple(filter(None, [self.right_site])))])
        return there.match(self.left, filter(None, [self.left_site])).kind


@dataclass(frozen=True)
class Figures:
    """Counts of pairs by whether they are the same and what was found: exact, likely, none."""

    counts: Counter[tuple[bool, str]]

    def of(self, same: bool, *kinds: str) -> int:
        return sum(self.counts[same, kind] for kind in kinds)

    @property
    def precision(self) -> float:
        """Of the pairs that were found to be exact, how many are the same company."""
        return self.of(True, "exact") / (self.of(True, "exact") + self.of(False, "exact"))

    @property
    def recall(self) -> float:
        """Of the pairs that are the same company, how many were found to be exact or likely."""
        return self.of(True, "exact", "likely") / self.of(True, "exact", "likely", "none")

    @property
    def doubted(self) -> float:
        """Of the pairs that are two companies, how many a person is asked about in vain."""
        return self.of(False, "likely") / self.of(False, "exact", "likely", "none")

    @property
    def cells(self) -> list[str]:
        """As the page has them."""
        return [
            str(self.counts.total()),
            *(f"{figure:.3f}" for figure in (self.precision, self.recall, self.doubted)),
        ]


def pairs(path: Path) -> list[Pair]:
    """The pairs of a list."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [Pair(row.pop("label") == "same", **row) for row in rows]


def figures(path: Path) -> Figures:
    """What the rules find in a list."""
    return Figures(Counter((pair.same, pair.verdict()) for pair in pairs(path)))
