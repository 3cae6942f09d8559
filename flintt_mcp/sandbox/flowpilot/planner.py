"""The agents of the sandbox: whom a run pays and how much (planning), and how risky each payment is (scoring). Pure.

In: an objective in words, a budget, the saved recipients. Out: payments that never come to more than the budget, and risk
scores. There is no model and no chance in it: the same words and recipients give the same payments on every machine.

    Recipients named in full in the objective are paid; else those whose narration shares a word with it; else all.
    Each has a usual amount that follows from the account; all are scaled down together when the budget is smaller.
    A first payment and a large share of the budget raise the score. Account numbers ending in 0009 are always high risk.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

MOST_CANDIDATES = 200
HIGH_RISK = 70
"""Scores are counted in hundredths; from here on a candidate is flagged."""
HIGH_RISK_ENDING = "0009"

_SMALLEST_KOBO, _STEP_KOBO, _STEPS = 5_000_000, 500_000, 161
_LARGE_SHARE = 4
_EMPTY_WORDS = frozenset(
    re.findall(
        r"\w+",
        "january february march april june july august september october november december weekly monthly quarterly quarter"
        " batch disbursement payment payout from that this with",
    )
)

Decision = Literal["auto_approved", "manual_review", "flagged"]


@dataclass(frozen=True, slots=True)
class Payee:
    """A saved recipient, as far as planning looks at it."""

    name: str
    account_number: str
    institution_code: str
    narration_note: str | None = None


def plan(objective: str, budget_kobo: int, payees: Sequence[Payee]) -> list[tuple[Payee, int]]:
    """Whom to pay and how many kobo; together at most the budget, each at least one."""
    chosen = _choose(objective, _once_per_account(payees))[:MOST_CANDIDATES]
    usual = [_usual_kobo(payee) for payee in chosen]
    total = sum(usual)
    if total > budget_kobo:
        usual = [kobo * budget_kobo // total for kobo in usual]
    return [(payee, kobo) for payee, kobo in zip(chosen, usual, strict=True) if kobo]


def score(objective: str, account_number: str, kobo: int, budget_kobo: int, *, first: bool, alone: bool) -> int:
    """Risk in hundredths. `first`: the account was never paid before; `alone`: the run has no other candidate."""
    if account_number.endswith(HIGH_RISK_ENDING):
        return 95
    large = not alone and kobo * _LARGE_SHARE > budget_kobo
    return 3 + _number("risk", objective, account_number) % 40 + 25 * first + 15 * large


def decide(hundredths: int, risk_tolerance: float) -> Decision:
    """What follows from a score: high risk is flagged whatever the run tolerates."""
    if hundredths >= HIGH_RISK:
        return "flagged"
    return "auto_approved" if hundredths / 100 <= risk_tolerance else "manual_review"


def _once_per_account(payees: Sequence[Payee]) -> list[Payee]:
    """An account that was saved twice is paid once, under the name it was saved with first."""
    found: dict[tuple[str, str], Payee] = {}
    for payee in payees:
        found.setdefault((payee.institution_code, payee.account_number), payee)
    return list(found.values())


def _choose(objective: str, payees: list[Payee]) -> list[Payee]:
    said = f" {' '.join(_words(objective))} "
    named = [payee for payee in payees if (name := " ".join(_words(payee.name))) and f" {name} " in said]
    if named:
        return named
    meant = _meaning(objective)
    return [payee for payee in payees if meant & _meaning(payee.narration_note or "")] or payees


def _meaning(text: str) -> set[str]:
    """The words of a text that say what it is about, plurals as singulars."""
    return {word.removesuffix("s") for word in _words(text) if len(word) > 3} - _EMPTY_WORDS


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _usual_kobo(payee: Payee) -> int:
    return _SMALLEST_KOBO + _STEP_KOBO * (_number("amount", payee.institution_code, payee.account_number) % _STEPS)


def _number(*parts: str) -> int:
    """A number that follows from texts, the same everywhere."""
    return int.from_bytes(hashlib.sha256("\n".join(parts).encode(errors="replace")).digest()[:6])
