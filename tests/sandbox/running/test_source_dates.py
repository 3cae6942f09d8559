"""When an item was published: every way of writing it that leaves no choice, and no date where a guess would be needed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flintt_mcp.sandbox.flintt.running.sources.content import Kind
from flintt_mcp.sandbox.flintt.running.sources.dates import AHEAD, EARLIEST, read_date
from tests.sandbox.running.source_reading import NOW, feed_of, read


def dates_in_sources(written: str | float) -> set[str | None]:
    """The date of an item in an RSS feed, an Atom feed, a JSON document and a page, in which it is written so."""
    date = escape(str(written))
    atom = f'<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>A</title><updated>{date}</updated></entry></feed>'
    sources: tuple[tuple[Kind, str], ...] = (
        ("feed", feed_of(f"<title>A</title><pubDate>{date}</pubDate>")),
        ("feed", atom),
        ("json", json.dumps([{"title": "A", "date": written}])),
        ("page", f'<h2>A</h2><time datetime="{date}">then</time>'),
    )
    return {read(kind, document)[0].published_at for kind, document in sources}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-09-28T10:00:00+02:00", "2026-09-28T08:00:00Z"),
        ("2026-09-28T10:00:00.123456789Z", "2026-09-28T10:00:00Z"),
        ("2026-09-28", "2026-09-28T00:00:00Z"),
        ("20260928", "2026-09-28T00:00:00Z"),
        ("20260928101112", "2026-09-28T10:11:12Z"),
        ("20260928T101112Z", "2026-09-28T10:11:12Z"),
        ("2026-09-28T24:00:00Z", "2026-09-28T00:00:00Z"),
        ("2026-9-5", "2026-09-05T00:00:00Z"),
        ("2026/1/5 10:00:00", "2026-01-05T10:00:00Z"),
        ("2026/01/05", "2026-01-05T00:00:00Z"),
        ("2026.01.05 08:30", "2026-01-05T08:30:00Z"),
        ("2026年9月28日", "2026-09-28T00:00:00Z"),
        ("2026년 9월 28일", "2026-09-28T00:00:00Z"),
        ("2026-09-28 - 2026-10-01", "2026-09-28T00:00:00Z"),
        ("Mon, 28 Sep 2026 08:00:00 GMT", "2026-09-28T08:00:00Z"),
        ("Mon, 28 Sep 26 08:00:00 EST", "2026-09-28T13:00:00Z"),
        ("28 Sep 2026 08:00 +0200", "2026-09-28T06:00:00Z"),
        ("Mon Sep 28 10:00:00 +0000 2026", "2026-09-28T10:00:00Z"),
        ("28 Sep 2026", "2026-09-28T00:00:00Z"),
        ("28-Sep-2026", "2026-09-28T00:00:00Z"),
        ("Sept. 28, 2026", "2026-09-28T00:00:00Z"),
        ("September 28th, 2026 at 10:00 PM", "2026-09-28T00:00:00Z"),
        ("28th of September 2026", "2026-09-28T00:00:00Z"),
        ("28. September 2026", "2026-09-28T00:00:00Z"),
        ("lundi 28 septembre 2026", "2026-09-28T00:00:00Z"),
        ("1er août 2026", "2026-08-01T00:00:00Z"),
        ("28.09.2026 10:00", "2026-09-28T00:00:00Z"),
        ("05.06.2026", "2026-06-05T00:00:00Z"),
        ("28/09/2026", "2026-09-28T00:00:00Z"),
        ("09/28/2026", "2026-09-28T00:00:00Z"),
        ("06/06/2026", "2026-06-06T00:00:00Z"),
        (1790000000, "2026-09-21T14:13:20Z"),
        ("1790000000", "2026-09-21T14:13:20Z"),
        (1790000000.5, "2026-09-21T14:13:20Z"),
        (1790000000000, "2026-09-21T14:13:20Z"),
        ("1790000000000000", "2026-09-21T14:13:20Z"),
        (800000000, "1995-05-09T06:13:20Z"),
        ("1999-01-01", "1999-01-01T00:00:00Z"),
    ],
)
def test_a_date_is_read_in_every_source_however_it_is_written(written, meant):
    assert dates_in_sources(written) == {meant}


@pytest.mark.parametrize(
    "written",
    [
        *("Mon, 01 Jan 0001 00:00:00 GMT", "Mon Jan 01 00:00:00 +0000 0001", "01 Jan 0026 10:00 GMT"),
        *("1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "1989-12-31", "9999-12-31", "2099-01-01", "2026-10-03"),
        *(0, 1, -1, 10, 1e308, 86400, "0", "-1", "9" * 400),
        *("2026", "2026-09", "Sep 2026", "28 September", "12.2026", "Q3 2026", "Summer 2026", "10:00", "10", "Mon"),
        *("05/06/2026", "5-6-2026", "28 Sep 26", "26-09-28", "9/28"),
        *("2026-13-45", "2026-09-31", "2026/28/09", "00/00/2026", "Mon, 30 Feb 2026 10:00:00 GMT", "31.06.2026"),
        *("yesterday", "2 days ago", "just now", "n/a", "x" * 5000, "28 Brumaire 2026", "20:26, 28 Sep 2026"),
    ],
)
def test_what_leaves_a_choice_or_cannot_be_is_no_date(written):
    assert dates_in_sources(written) == {None}


@pytest.mark.parametrize("written", [True, False, None, [], {}, [[["2026-09-28"]]]])
def test_what_is_neither_text_nor_number_is_no_date(written):
    assert read("json", json.dumps([{"title": "A", "date": written}]))[0].published_at is None


def test_of_several_dates_the_first_that_can_be_counts():
    (from_json,) = read(
        "json",
        json.dumps([{"title": "A", "pubDate": "0001-01-01", "updated_at": "2026-09-02", "createdAt": 1788220800}]),
    )
    (from_feed,) = read(
        "feed",
        feed_of("<title>A</title><pubDate>soon</pubDate><dc:date>2026-09-01</dc:date>").replace(
            "<rss ", '<rss xmlns:dc="http://purl.org/dc/elements/1.1/" '
        ),
    )

    assert (from_json.published_at, from_feed.published_at) == ("2026-09-01T00:00:00Z", "2026-09-01T00:00:00Z")


@given(
    st.datetimes(timezones=st.just(UTC)) | st.datetimes(NOW.replace(tzinfo=None) - AHEAD * 2, timezones=st.just(UTC)),
    st.sampled_from(
        ["{:%Y-%m-%dT%H:%M:%SZ}", "{:%a, %d %b %Y %H:%M:%S GMT}", "{0.year:04}/{0.month}/{0.day} {0:%H:%M:%S}"]
    ),
)
def test_a_moment_that_is_written_out_is_that_moment_or_beyond_what_is_likely(moment, written):
    moment = moment.replace(microsecond=0)
    likely = EARLIEST <= moment <= NOW + AHEAD

    text = written.format(moment).replace(f" {moment.year} ", f" {moment.year:04} ")
    assert read_date([text], NOW) == (f"{moment:%Y-%m-%dT%H:%M:%SZ}" if likely else None)


@given(st.text(max_size=80) | st.from_regex(r"[0-9 .:/TZ+-]{1,30}") | st.integers() | st.floats())
def test_whatever_is_written_is_a_likely_moment_or_none(written):
    read_at = read_date([written], NOW)

    assert read_at is None or EARLIEST <= datetime.fromisoformat(read_at) <= NOW + AHEAD + timedelta(seconds=1)
