"""A company is found among others by its name, domain, URL or address, and what cannot be told apart is only likely."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flintt_mcp.matching.companies import Companies, Match, Row, known
from flintt_mcp.matching.likeness import Known, Likeness, likeness
from tests.matching.measured import LISTS, pairs

ACME = Row("1", "Acme Robotics GmbH", ("https://www.acme-robotics.de",))
STRIPE = Row("2", "Stripe, Inc.", ("stripe.com", "https://stripe.com/"))
BOOKING = Row("3", "Booking.com")
SBER = Row("4", "ПАО Сбербанк")
SHARED = Row("5", "Corner Café", ("https://www.facebook.com/cornercafe",))
THERE = Companies([ACME, STRIPE, BOOKING, SBER, SHARED])

NOTHING = Match("none", "no company like that")
NAMELESS = Match("none", "names no company: neither a name nor a domain of its own")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("acme robotics", Match("exact", "same name but for the legal form", ACME)),
        ("ACME ROBOTICS GMBH", Match("exact", "same name", ACME)),
        ("Acme Robotics Inc", Match("likely", "same name, other legal form", ACME)),
        ("Robotics Acme", Match("likely", "same words in another order", ACME)),
        ("Acme Robotcis", Match("likely", "spelt nearly the same", ACME)),
        ("Acme Foods GmbH", NOTHING),
        ("acme-robotics.de", Match("exact", "same domain acme-robotics.de", ACME)),
        ("acme-robotics.com", Match("likely", "same domain name under another ending", ACME)),
        ("labs.acme-robotics.de", Match("likely", "another part of the same domain acme-robotics.de", ACME)),
        ("HTTPS://WWW.Stripe.COM:443/de/pricing?x=1#top", Match("exact", "same domain stripe.com", STRIPE)),
        ("sales@eu.stripe.com", Match("exact", "same domain stripe.com", STRIPE)),
        ("Stripe", Match("exact", "same name but for the legal form", STRIPE)),
        ("booking.com", Match("exact", "same domain booking.com", BOOKING)),
        ("Booking com", Match("likely", "its name is that of the domain booking.com", BOOKING)),
        ("Sberbank", Match("exact", "same name but for the legal form", SBER)),
        ("Zberbank", Match("likely", "spelt nearly the same", SBER)),
        ("corner cafe", Match("exact", "same name", SHARED)),
        ("facebook.com", NOTHING),
        ("https://www.facebook.com/cornercafe", NAMELESS),
        ("somebody@gmail.com", NAMELESS),
        ("http://localhost:8000", NAMELESS),
        ("...", NAMELESS),
        ("", NAMELESS),
    ],
)
def test_a_company_is_found_by_whatever_names_it(text: str, found: Match) -> None:
    assert THERE.match(text) == found


@pytest.mark.parametrize(
    ("text", "there", "found"),
    [
        ("Notion™ Labs", "Notion Labs", "same name"),
        ("Canva®", "CANVA", "same name"),
        ("Git Lab", "GitLab", "same letters, other spaces"),
        ("Fin Tech", "FinTech", "same letters, other spaces"),
        ("Aktiebolaget Volvo", "AB Volvo", "same name"),
    ],
)
def test_trade_marks_short_forms_and_definite_forms_hide_no_company(text: str, there: str, found: str) -> None:
    row = Row("1", there)
    assert Companies([row]).match(text).reason == found
    assert Companies([Row("1", text)]).match(there).reason == found


def test_legal_forms_are_told_apart_unless_a_domain_says_that_they_are_one() -> None:
    there = Companies([Row("i", "Acme Inc", ("acme.com",))])
    assert there.match("Acme GmbH").kind == "likely"
    assert there.match("Acme GmbH", ["https://www.acme.com/de"]).kind == "exact"
    assert there.match("Acme GmbH", ["acme.de"]).kind == "likely"
    assert there.match("Acme GmbH", ["muster.de"]) == NOTHING


def test_a_name_that_fits_two_companies_is_only_likely_and_both_are_told() -> None:
    inc, gmbh = Row("i", "Acme Inc"), Row("g", "Acme GmbH")
    found = Companies([inc, gmbh]).match("ACME")
    assert found == Match("likely", "same name but for the legal form as 2 companies", inc, (gmbh,))
    assert Companies([inc, gmbh]).match("Acme, G.m.b.H.") == Match("exact", "same name", gmbh)


def test_a_company_that_is_there_twice_is_found_all_the_same() -> None:
    twice = [Row("1", "Acme Inc"), Row("2", "ACME Inc.")]
    assert Companies(twice).match("Acme Inc") == Match("exact", "same name", twice[0], (twice[1],))


def test_two_companies_on_one_domain_are_not_mistaken_for_each_other() -> None:
    rows = [Row("r", "Acme Robotics", ("acme.com",)), Row("f", "Acme Foods", ("acme.com",))]
    there = Companies(rows)
    assert there.match("Acme Foods", ["acme.com"]) == Match("exact", "same domain acme.com", rows[1])
    assert there.match("acme.com") == Match("likely", "same domain acme.com as 2 companies", rows[0], (rows[1],))


def test_a_site_that_is_only_written_in_other_letters_is_the_same() -> None:
    there = Companies([Row("m", "Müller", ("xn--mller-kva.de",))])
    assert there.match("MÜLLER.de").kind == "exact"
    assert there.match("mueller.de").kind == "none"


NAMES = sorted({name for path in LISTS for pair in pairs(path) for name in (pair.left, pair.right)})
SITES = ("", "acme.com", "acme.de", "labs.acme.com", "stripe.com", "https://linkedin.com/company/acme")
names = st.sampled_from(NAMES) | st.text(min_size=1, max_size=12) | st.text(string.ascii_letters + " .&", min_size=3)
mistyped = st.tuples(names, st.integers(0, 30)).map(lambda it: it[0][: it[1]] + it[0][it[1] + 1 :])
companies = st.tuples(names | mistyped, st.sampled_from(SITES)).map(lambda it: (it[0], tuple(filter(None, it[1:]))))


@given(st.lists(companies, max_size=8), companies)
def test_looking_in_tables_finds_what_comparing_with_every_company_finds(
    there: list[tuple[str, tuple[str, ...]]], wanted: tuple[str, tuple[str, ...]]
) -> None:
    alike = [likeness(known(*wanted), known(*each)) for each in there]
    best = max((each.strength for each in alike if each is not None), default=None)
    found = Companies([Row(str(at), *each) for at, each in enumerate(there)]).match(*wanted)
    first = next((str(at) for at, each in enumerate(alike) if each is not None and each.strength == best), None)
    assert (None if found.row is None else found.row.id) == first


@given(companies, companies)
def test_of_two_companies_it_makes_no_difference_which_is_looked_for(
    one: tuple[str, tuple[str, ...]], other: tuple[str, tuple[str, ...]]
) -> None:
    assert likeness(known(*one), known(*other)) == likeness(known(*other), known(*one))


@given(companies)
def test_what_names_a_company_is_found_as_itself(company: tuple[str, tuple[str, ...]]) -> None:
    found = Companies([Row("1", *company)]).match(*company)
    assert found.kind == ("none" if found == NAMELESS else "exact")


def test_of_many_companies_few_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a search costs is the comparing: these names are hard, and even of them only a fraction is compared."""
    compared: list[Known] = []

    def counted(one: Known, other: Known) -> Likeness | None:
        compared.append(other)
        return likeness(one, other)

    words = [f"{first}{second}" for first in NAMES for second in string.ascii_lowercase][:5000]
    there = Companies([Row(word, f"{word} Ltd") for word in words])
    monkeypatch.setattr("flintt_mcp.matching.companies.likeness", counted)
    assert [there.match(word).kind for word in words[::50]].count("none") == 0
    assert len(compared) < 100 * 5000 / 20
