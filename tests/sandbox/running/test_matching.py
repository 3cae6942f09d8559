"""Finding companies: legal forms, domains, spellings; word boundaries; everyday words and names within names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flintt_mcp.sandbox.flintt.running.finding.matching import Matcher
from flintt_mcp.sandbox.flintt.running.finding.names import core_words, read_name


def found(name: str, title: str, text: str = "", domain: str | None = None) -> bool:
    return bool(Matcher([read_name("id", name, domain)]).find(title, text))


@pytest.mark.parametrize(
    ("name", "core"),
    [
        ("Acme Robotics, Inc.", "acme robotics"),
        ("Quill Analytics S.A.S.", "quill analytics"),
        ("Müller & Söhne Logistik GmbH & Co. KG", "muller & sohne logistik"),
        ("Müller und Söhne Logistik", "muller & sohne logistik"),
        ("Nordvik A/S", "nordvik"),
        ("Chmura Sp. z o.o.", "chmura"),
        ("Kestrel Pay Holding", "kestrel pay"),
        ("Kestrel Group", "kestrel group"),
        ("The Birch Company", "birch company"),
        ("SE", "se"),
        ("Limited", "limited"),
    ],
)
def test_the_core_of_a_name_is_what_is_left_without_its_legal_form(name, core):
    assert " ".join(core_words(name)) == core


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Acme Robotics Inc", "ACME ROBOTICS RAISES €5M"),
        ("Acme Robotics", "Le fabricant d’Acme Robotics embauche"),
        ("OpenLedger", "News of Open Ledger today"),
        ("Open Ledger", "OpenLedger's new office"),
        ("Müller Logistik", "Mueller Logistik opens a depot"),
        ("Mueller Logistik", "Müller Logistik opens a depot"),
        ("Søndergaard Maritim", "Sondergaard Maritim buys ships"),
        ("Kestrel Freight", "Kestral Freight opens a depot"),
        ("東海データ", "名古屋の東海データが資金調達"),
        ("100% Linen", "100% Linen opens a shop"),
        ("Orange SA", "The bank sold its stake in Orange SA"),
        ("IBM", "Engineers at IBM built it"),
        # a legal form, also behind a comma and with points
        ("Block, Inc.", "Block, Inc. raises €5M"),
        ("Block", "Block,Inc. raises €5M"),
        ("Block", "BLOCK, INC. RAISES €5M"),
        ("Block", "Block, Ltd., opens an office"),
        ("Box", "Box, GmbH eröffnet ein Büro"),
        ("Box", "Box, S.p.A., apre un ufficio"),
        ("Orange", "Orange, SA lance une offre"),
        ("Orange", "Orange S.A. lance une offre"),
        ("Nordvik A/S", "Nordvik, A/S åbner kontor"),
        ("Łódzka Chmura", "Łódzka Chmura, Sp. z o.o. otwiera biuro"),
        # a name that is spelt with a small letter
        ("adidas", "adidas raises €5M"),
        ("adidas AG", "Why adidas is hiring in Lyon"),
        ("adidas", "“adidas raises money”"),
        ("eBay Inc.", "Sellers leave eBay"),
        ("easyJet", "easyJet names a CFO"),
        ("trivago N.V.", "trivago cuts jobs"),
        ("asos", "asos opens a depot"),
        # a headline in capitals
        ("IBM", "IBM RAISES GUIDANCE"),
        ("SAP", "SAP CUTS JOBS"),
        ("SAP", "SAP: 5.000"),
        ("SAP", "SAP が新製品を発表"),
        ("adidas", "ADIDAS UP 5%"),
        ("eBay", "EBAY RAISES €5M"),
        ("Kestrel", "KESTREL EXPANDING"),
        ("Kestrel Machines", "FUNDING: KESTREL MACHINES BAGS €5M"),
        ("Box", "BOX OPENS OFFICE IN PARIS"),
        # the first, the next and the last of several
        ("Apple", "Apple, Meta raise new money"),
        ("Meta", "Apple, Meta raise new money"),
        ("Apple", "Apple and Meta raise"),
        ("Apple", "Apple & Meta raise"),
        ("Apple", "Apple, Meta Platforms and Box raise"),
        ("Box", "Apple, Meta Platforms and Box raise"),
        ("Meta", "Apple, Meta Raise New Money Today"),
        ("Shell", "Shell, BP cut jobs"),
        ("Visa", "Visa/Mastercard launch a card"),
        ("Slack", "BOX, SLACK MERGE"),
        ("Apple", "Apple et Meta lancent un produit"),
        ("Apple", "Apple, Meta to buy a startup"),
    ],
)
def test_a_name_is_found_as_people_write_it(name, title):
    assert found(name, title)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Acme", "Acmeology is a word"),
        ("Acme", "Acme Bakery raises €5"),
        ("Ford", "Tom Ford shows a collection"),
        ("Orange", "Orange juice is popular"),
        ("Orange", "the orange one raises eyebrows"),
        ("Gap", "The gap widens"),
        ("Target", "The Target was missed"),
        ("Delta Freight", "Delta Air Lines opens a lounge"),
        ("Lumen Desk", "Lumina Desk opens an office"),
        ("Brightpath Learning", "Brightpatch Knitting opens a shop"),
        ("IBM", "ibm is in small letters"),
        ("Kestrel Pay", "The kestrel paid nothing"),
        ("Amber Health", "Amber Health Partners names a CFO"),
        # a word that is a legal form elsewhere
        ("Target", "Target, as expected, is missed"),
        ("Target", "Target, As Expected, Is Missed Again Today"),
        ("Target", "TARGET, AS EXPECTED, IS MISSED"),
        ("Target", "the target limited our losses"),
        ("Box", "Box, limited in size, opens easily"),
        ("Orange", "orange limited edition"),
        # small letters that are no spelling of a name
        ("orange", "orange raises eyebrows"),
        ("target", "the target raises questions"),
        ("on", "on has many meanings"),
        ("Notion", "notion raises eyebrows"),
        ("adidas", "badidas raises"),
        # capitals that say nothing
        ("SAP", "SAP RISES IN TREES"),
        ("Orange", "ORANGE JUICE PRICES RISE"),
        ("Target", "SALES TARGET RAISED"),
        ("Gap", "THE GAP WIDENS"),
        # lists of other things
        ("Apple", "Apple, pear and plum raise blood sugar"),
        ("Apple", "Apple and cinnamon launch the season"),
        ("Apple", "Apple, Which Everybody Knows And Loves"),
        ("Orange", "Orange, Cut and Dried"),
        ("Block", "Block and tackle raise the mast"),
    ],
)
def test_a_name_is_not_found_in_what_only_looks_like_it(name, title):
    assert not found(name, title)


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("see https://www.acme.com/jobs", True),
        ("write to jobs@acme.com", True),
        ("at careers.acme.com.", True),
        ("https://acme.com.evil.example/", False),
        ("https://notacme.com/", False),
        ("https://acme.community/", False),
    ],
)
def test_a_domain_is_found_whole_or_as_the_end_of_a_longer_one(text, is_found):
    assert found("Slate", "Somebody is hiring", text, domain="acme.com") is is_found


def test_the_longer_of_two_names_is_meant():
    matcher = Matcher([read_name("short", "Alder"), read_name("long", "Alder Capital")])

    assert [mention.name for mention in matcher.find("Alder Capital buys a park", "")] == ["Alder Capital"]


@given(st.text(max_size=40), st.text(max_size=80))
def test_no_name_and_no_text_breaks_it(name, text):
    Matcher([read_name("id", name, None, None)]).find(text, f"{name} {text}")
