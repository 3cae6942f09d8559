"""What a judgement says of an item: one sentence, made of its headline as it was written."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from flintt_mcp.sandbox.flintt.running.judging.text_validator import judge
from flintt_mcp.sandbox.flintt.running.judging.validator import Judgement, Subject

NOW = datetime(2026, 9, 30, 9, tzinfo=UTC)


def judged(title: str, company: str = "Acme") -> Judgement:
    return judge(Subject("Companies that raise a funding round", company, [company], title, "", "", None, NOW))


@pytest.mark.parametrize(
    ("headline", "sentence"),
    [
        ("Acme raises €5M", "Acme raises €5M."),
        ("Acme raises €5M.", "Acme raises €5M."),
        ("Acme raises €5M!", "Acme raises €5M!"),
        ("Acme raises €5M !", "Acme raises €5M !"),
        ("Acme raises €5M!.", "Acme raises €5M!"),
        ("Acme raises €5M?!", "Acme raises €5M?!"),
        ("Why Acme raises €5M?", "Why Acme raises €5M?"),
        ("Acme raises €5M…", "Acme raises €5M…"),
        ("Acme raises €5M….", "Acme raises €5M…"),
        ("Acme raises €5M...", "Acme raises €5M..."),
        ("Acme raises €5M from Nord Inc.", "Acme raises €5M from Nord Inc."),
        ("Acme raises €5M: “Wow!”", "Acme raises €5M: “Wow!”"),
        ("Acme raises €5M : « Nous levons ! »", "Acme raises €5M : « Nous levons ! »"),
        ("Acme raises €5M (again.)", "Acme raises €5M (again.)"),
        ("Acme raises €5M, says “Le Monde”", "Acme raises €5M, says “Le Monde”."),
        ("Acme raises €5M。", "Acme raises €5M。"),
        ("Acme raises €5M |", "Acme raises €5M."),
        ("Acme raises €5M -", "Acme raises €5M."),
        ("Acme raises €5M. – ", "Acme raises €5M."),
        ("Acme raises €5M:", "Acme raises €5M."),
    ],
)
def test_the_summary_of_a_valid_item_is_its_headline_with_one_end(headline, sentence):
    judgement = judged(headline)

    assert (judgement.is_valid, judgement.summary) == (True, sentence)


def test_the_summary_of_another_item_says_that_it_is_not_what_the_signal_looks_for():
    assert judged("Acme opens its doors!").summary == "Acme opens its doors! Not what the signal looks for."
    assert judged("All is well", company="Acme").summary == "Acme: All is well. Not what the signal looks for."
