"""An API's values as cells: exact money, moments that compare as texts, and nothing that SQLite cannot store."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flintt_mcp.offers.insight.cells import amount, cents, moment, plain


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, None),
        (True, 1),
        (2**63, "9223372036854775808"),
        (-(2**63), -(2**63)),
        ("x", "x"),
        ({"a": [1]}, '{"a":[1]}'),
        (Decimal("0.12"), 0.12),
    ],
)
def test_a_plain_value_is_what_sqlite_can_store(value: Any, cell: Any) -> None:
    assert plain(value) == cell
    assert type(plain(value)) is type(cell)


@pytest.mark.parametrize(
    ("value", "whole", "text"),
    [
        (12000, 1_200_000, "12000"),
        (0.1, 10, "0.1"),
        (Decimal("350000.00"), 35_000_000, "350000.00"),
        ("19.99", 1999, "19.99"),
        (-0.5, -50, "-0.5"),
        (1e15, 10**17, "1000000000000000.0"),
        (Decimal("1E+3"), 100_000, "1000"),
        (0.125, None, "0.125"),
        (Decimal("0." + "0" * 30 + "1"), None, "1E-31"),
        (Decimal("0.00" + "9" * 40), None, "0.00" + "9" * 40),
        (10**30, None, str(10**30)),
        ("about 5", None, "about 5"),
        (None, None, None),
        (True, None, 1),
        (float("inf"), None, float("inf")),
    ],
)
def test_money_is_exact_hundredths_or_none_and_its_text_is_kept(value: Any, whole: Any, text: Any) -> None:
    assert (cents(value), amount(value)) == (whole, text)


@given(st.integers(-(10**16), 10**16))
def test_hundredths_come_back_as_they_were(whole: int) -> None:
    assert cents(Decimal(whole).scaleb(-2)) == whole


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("2026-03-20T06:00:00Z", "2026-03-20T06:00:00Z"),
        ("2026-03-20T08:00:00+02:00", "2026-03-20T06:00:00Z"),
        ("2026-03-20T06:00:00.987Z", "2026-03-20T06:00:00Z"),
        ("2026-03-20 06:00:00", "2026-03-20T06:00:00Z"),
        ("2026-03-20T23:30:00-05:00", "2026-03-21T04:30:00Z"),
        ("2026-03-20", "2026-03-20"),
        ("0001-01-01T00:00:00+05:00", "0001-01-01T00:00:00+05:00"),
        ("some time last week", "some time last week"),
        (None, None),
        (1774000000, 1774000000),
    ],
)
def test_a_moment_is_utc_to_the_second(value: Any, cell: Any) -> None:
    assert moment(value) == cell
