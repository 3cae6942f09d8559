"""Letters of a source: which character set its bytes are in, and what was encoded once too often."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flintt_mcp.sandbox.flintt.running.sources.charsets import decode
from tests.sandbox.running.source_reading import feed_of, read

RUSSIAN = "Кестрел открывает офис"
FRENCH = "Élan lève 5 M€ à Nîmes"
JAPANESE = "東海データが資金調達"


def declared(title: str, charset: str) -> str:
    """A feed that says which character set it is in."""
    return feed_of(f"<title>{title}</title>").replace('"1.0"', f'"1.0" encoding="{charset}"', 1)


def in_page(title: str, charset: str = "") -> str:
    return f"<html><head>{charset and f'<meta charset={charset}>'}</head><h2>{title}</h2>"


@pytest.mark.parametrize(
    ("kind", "document", "charset", "title"),
    [
        ("feed", feed_of(f"<title>{RUSSIAN}</title>"), "windows-1251", RUSSIAN),
        ("feed", feed_of("<title>Müller eröffnet</title>"), "ISO-8859-1", "Müller eröffnet"),
        ("feed", feed_of(f"<title>{FRENCH}</title>"), "iso-8859-1", FRENCH),
        ("feed", feed_of(f"<title>{JAPANESE}</title>"), "Shift_JIS", JAPANESE),
        ("page", in_page(RUSSIAN), "koi8-r", RUSSIAN),
        ("page", in_page(JAPANESE), "EUC-JP", JAPANESE),
        ("page", in_page(JAPANESE), "iso-2022-jp", JAPANESE),
        ("page", in_page("公司融资"), "GB2312", "公司融资"),
        ("page", f"{RUSSIAN} в Москве", "windows-1251", f"{RUSSIAN} в Москве"),
        ("json", json.dumps([{"title": RUSSIAN}], ensure_ascii=False), "windows-1251", RUSSIAN),
    ],
)
@pytest.mark.parametrize(
    "header", ["text/html; charset={}", 'application/xml;charset="{}"', "text/plain; a=b; Charset={}"]
)
def test_a_character_set_that_only_the_http_header_names_is_used(kind, document, charset, title, header):
    # What a browser takes for iso-8859-1 is windows-1252, which has the euro sign.
    encoded = document.encode("cp1252" if charset == "iso-8859-1" else charset)

    assert read(kind, encoded, content_type=header.format(charset))[0].title == title


@pytest.mark.parametrize("charset", ["windows-1251", "koi8-r", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8"])
def test_a_character_set_that_the_document_names_is_used(charset):
    assert read("feed", declared(RUSSIAN, charset).encode(charset))[0].title == RUSSIAN
    assert read("page", in_page(RUSSIAN, charset).encode(charset))[0].title == RUSSIAN


def test_the_header_is_asked_before_the_document_and_the_mark_before_both():
    russian = declared(RUSSIAN, "koi8-r")

    assert (
        read("feed", russian.encode("windows-1251"), content_type="text/xml; charset=windows-1251")[0].title == RUSSIAN
    )
    assert read("feed", russian.encode("utf-16"), content_type="text/xml; charset=windows-1251")[0].title == RUSSIAN
    assert read("feed", russian.encode("utf-8-sig"), content_type="text/xml; charset=utf-16")[0].title == RUSSIAN


@pytest.mark.parametrize("told", ["utf-16", "UTF-16", "utf-16le", "UTF-32", "ucs-2", "windows-1251", "us-ascii"])
@pytest.mark.parametrize("title", [FRENCH, FRENCH + "!"])
def test_text_in_utf_8_is_read_as_that_whatever_it_was_said_to_be_and_however_long_it_is(told, title):
    assert read("feed", declared(title, told))[0].title == title
    assert read("feed", feed_of(f"<title>{title}</title>"), content_type=f"text/xml; charset={told}")[0].title == title
    assert read("page", in_page(title, told))[0].title == title
    assert read("page", in_page(title), content_type=f"text/html; charset={told}")[0].title == title


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_text_in_utf_16_is_read_as_that_without_a_mark_and_whatever_it_was_said_to_be(charset):
    for content_type in ("", "text/xml; charset=utf-8", "text/xml; charset=windows-1251"):
        assert read("feed", declared(RUSSIAN, "utf-8").encode(charset), content_type=content_type)[0].title == RUSSIAN


def test_one_letter_cut_in_two_spoils_itself_and_nothing_else():
    whole = feed_of(f"<title>{FRENCH}</title><description>{RUSSIAN}</description>").encode()
    cut = whole.replace("è".encode(), b"\xc3", 1)

    for content_type in ("", "text/xml; charset=iso-8859-1"):
        (item,) = read("feed", cut, content_type=content_type)
        assert (item.title, item.text) == (FRENCH.replace("è", "\ufffd"), RUSSIAN)


def test_a_text_that_says_nothing_is_what_browsers_take_it_for():
    assert read("page", f"<h2>{FRENCH}</h2>".encode("cp1252"))[0].title == FRENCH
    assert read("json", b'[{"title": "M\xfcller"}]')[0].title == "Müller"


@pytest.mark.parametrize(
    "told",
    [
        "x-nope",
        "punycode",
        "idna",
        "undefined",
        "zip",
        "base64",
        "rot13",
        "unicode_escape",
        "utf-7",
        "hex",
        '"',
        "utf-8,",
    ],
)
def test_what_is_no_character_set_counts_as_not_said(told):
    assert read("feed", declared(FRENCH, told))[0].title == FRENCH
    assert (
        read("feed", feed_of(f"<title>{FRENCH}</title>").encode("cp1252"), content_type=f"x; charset={told}")[0].title
        == FRENCH
    )


@given(st.binary(max_size=200), st.sampled_from(["", "x; charset=utf-16", "x; charset=big5", "x; charset=iso-2022-jp"]))
def test_whatever_the_bytes_are_they_become_text_that_can_be_written(body, content_type):
    decode(body, content_type).encode()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("AT&amp;amp;T raises", "AT&T raises"),
        ("<![CDATA[AT&amp;T raises]]>", "AT&T raises"),
        ("<![CDATA[M&uuml;ller &amp; S&ouml;hne]]>", "Müller & Söhne"),
        ("M&amp;uuml;ller", "Müller"),
        ("Kestrel&amp;#8217;s &amp;euro;5M", "Kestrel’s €5M"),
        ("Kestrel&amp;#x2019;s", "Kestrel’s"),
        ("AT&amp;amp;amp;T", "AT&T"),
        ("&amp;lt;b&amp;gt;Acme&amp;lt;/b&amp;gt; raises", "Acme raises"),
        ("Acme&amp;nbsp;raises", "Acme raises"),
        ("R&amp;D at AT&amp;T", "R&D at AT&T"),
        ("Jane &amp;lt;jane@acme.example&amp;gt;", "Jane <jane@acme.example>"),
        ("5 &lt; 6 &amp; 7 &gt; 3", "5 < 6 & 7 > 3"),
        ("See ?a=1&amp;copy=2&amp;reg=3", "See ?a=1&copy=2&reg=3"),
        ("&amp;nope; &amp;;", "&nope; &;"),
    ],
)
def test_what_was_encoded_more_than_once_is_read_as_it_was_meant(written, meant):
    (item,) = read("feed", feed_of(f"<title>{written}</title>"))
    assert item.title == meant


@pytest.mark.parametrize("key", ["title", "description"])
def test_what_a_json_document_encodes_is_read_as_it_was_meant(key):
    (item,) = read("json", json.dumps([{key: "&lt;p&gt;M&uuml;ller &amp;amp; Co &#8217;26&lt;/p&gt;"}]))
    assert item.title == "Müller & Co ’26"


@pytest.mark.parametrize(
    ("reference", "meant"),
    [
        ("&#55357;&#56832;", "😀"),
        ("&#xD83D;&#xDE00;", "😀"),
        ("&#128512;", "😀"),
        ("&#00000000128512;", "😀"),
        ("&#55357;", "\ufffd"),
        ("&#xDE00;&#xD83D;", "\ufffd\ufffd"),
        ("&#x110000;", "\ufffd"),
        ("&#99999999999999999999;", "\ufffd"),
        (f"&#{'9' * 5000};", "\ufffd"),
        ("&#0;", "\ufffd"),
        ("&#11;", "\ufffd"),
        ("&#x;", "&#x;"),
    ],
)
def test_a_reference_to_no_character_spoils_itself_and_nothing_else(reference, meant):
    feed = feed_of(f"<title>Acme {reference} raises</title><description><![CDATA[<p>{reference}</p>]]></description>")
    (feed_item,) = read("feed", feed)
    (page_item,) = read("page", f"<h2>Acme {reference} raises</h2><p>{reference}</p>")
    (json_item,) = read("json", json.dumps([{"title": f"Acme {reference} raises", "text": reference}]))

    assert {item.title for item in (feed_item, page_item, json_item)} == {f"Acme {meant} raises"}
    assert {item.text for item in (feed_item, page_item, json_item)} == {meant}


def test_half_an_emoji_in_a_json_document_spoils_itself_and_nothing_else():
    (item,) = read(
        "json", b'[{"title": "Acme \\ud83d raises", "url": "https://news.example/\\ud83d", "id": "\\ud83d"}]'
    )

    assert (item.title, item.own_url) == ("Acme raises", False)
    assert len(item.key) == 32
