"""The rules keep what is promised of them, on every list of pairs, and the page tells what was measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.matching.measured import LISTS, figures, pairs
from tests.page_tables import page, rows_of

each_list = pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)


@each_list
def test_a_list_has_many_pairs_of_both_labels_and_none_twice(path: Path) -> None:
    there = pairs(path)
    assert len(there) == len(set(there))
    assert min(sum(pair.same is label for pair in there) for label in (True, False)) >= 60


@each_list
def test_what_is_exact_is_right_and_little_is_missed(path: Path) -> None:
    measured = figures(path)
    assert measured.precision >= 0.99
    assert measured.recall >= 0.95


def test_the_page_prints_what_is_measured() -> None:
    told = {row.pop("list"): list(row.values()) for row in rows_of(page("matching.md"), "list")}
    assert told == {path.stem: figures(path).cells for path in LISTS}
