"""Reading sources: what the bytes of feeds, pages, JSON documents and files become, also when somebody means harm."""

from __future__ import annotations

import json
import os
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flintt_mcp.sandbox.flintt.running.sources.content import Content, Kind
from flintt_mcp.sandbox.flintt.running.sources.entries import Unreadable
from flintt_mcp.sandbox.flintt.running.sources.fetching import SourceFailed, read_file
from flintt_mcp.sandbox.flintt.running.sources.identity import Item
from flintt_mcp.sandbox.flintt.running.sources.items import read_items
from flintt_mcp.sandbox.flintt.running.sources.parsing import read_content
from flintt_mcp.sandbox.flintt.running.sources.reach import MAX_BYTES, MAX_ITEMS, MAX_TEXT, MAX_TITLE
from tests.sandbox.running.source_reading import BASE, NOW, feed_of, read
from tests.sandbox.running.source_server import rss

ATOM = """<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>N</title>
<entry><title type="html">Acme &lt;b&gt;raises&lt;/b&gt; €1M</title><link href="/x?utm_source=a"/><id>1</id>
<updated>2026-09-28T10:00:00+02:00</updated><content type="html">&lt;p&gt;A &amp;amp; B&lt;/p&gt;&lt;script&gt;no&lt;/script&gt;
</content></entry></feed>"""


def test_an_atom_feed_is_read_without_its_markup():
    assert read("feed", ATOM.encode()) == [
        Item(
            title="Acme raises €1M",
            text="A & B",
            url="https://news.example/x?utm_source=a",
            own_url=True,
            published_at="2026-09-28T08:00:00Z",
            id="https://news.example/feed#1",
        )
    ]


def test_an_entry_without_a_usable_link_is_found_at_its_source():
    for link in ("", "javascript:alert(1)", "http://[", "mailto:a@b.example"):
        (item,) = read("feed", rss(("Acme", "x", link)).encode())
        assert (item.url, item.own_url) == (BASE, False)


def test_a_feed_that_is_the_name_of_a_file_is_not_opened(tmp_path):
    path = tmp_path / "feed.xml"
    path.write_text(rss(("Secret", "x", "")))

    with pytest.raises(Unreadable):
        read("feed", str(path).encode())


def test_entities_are_not_expanded_and_outside_ones_not_fetched(tmp_path):
    bomb = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
    for declared, used in ((f'<!ENTITY l0 "boom">{bomb}', "&l8;"), ('<!ENTITY x SYSTEM "file:///etc/passwd">', "&x;")):
        feed = (
            f'<?xml version="1.0"?><!DOCTYPE rss [{declared}]><rss version="2.0"><channel><item><title>Acme {used}</title>'
            "</item></channel></rss>"
        )
        items = read("feed", feed.encode())

        assert all("boomboom" not in item.title and "root:" not in item.title for item in items)


def test_a_json_document_is_searched_for_its_list():
    entry = {"title": "Acme", "url": "/a", "published_at": "Mon, 28 Sep 2026 08:00:00 GMT", "summary": "<p>Hi</p>"}
    item = Item("Acme", "Hi", "https://news.example/a", True, "2026-09-28T08:00:00Z")

    lists: list[Any] = [[entry], {"items": [entry]}, {"meta": 1, "articles": [entry, None, []]}]
    for document in lists:
        assert read("json", json.dumps(document).encode()) == [item]
    assert read("json", json.dumps({"a": {"b": [entry]}}).encode(), "a.b") == [item]
    for without in ("1", "{}", '{"items": 1}', "[" * 100_000):
        with pytest.raises(Unreadable):
            read("json", without.encode())


def test_a_page_is_cut_at_its_headings():
    page = """<title>T</title><style>x</style><nav><a href=/nav>no</a></nav>
        <article><h2><a href="/1">First</a></h2><p>One.</p><time datetime="2026-09-01">x</time></article>
        <article><h3>Second</h3><p>Two. <a href="/2">more</a></p></article><footer>no</footer>"""

    assert read("page", page.encode()) == [
        Item("First", "One. x", "https://news.example/1", True, "2026-09-01T00:00:00Z"),
        Item("Second", "Two. more", "https://news.example/2", True, None),
    ]


def test_a_page_without_headings_is_one_item():
    assert read("page", b"<title>Acme news</title><p>Acme raised &euro;1M") == [
        Item("Acme news", "Acme raised €1M", BASE, False)
    ]
    assert read("page", "Acme a levé 1 M€".encode("cp1252"))[0].title == "Acme a levé 1 M€"


def test_relative_links_are_relative_to_the_address_that_answered_and_to_what_the_document_says():

    def link_in(kind: Kind, body: str) -> str:
        """The address of the first item in a document that another address answered with."""
        return read_items(Content(body.encode(), kind, BASE, "https://moved.example/blog/feed"), None, NOW)[0].url

    atom = '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="/news/"><entry><title>A</title><link href="1"/></entry></feed>'
    assert link_in("feed", feed_of("<title>A</title><link>1</link>")) == "https://moved.example/blog/1"
    assert link_in("json", '[{"title": "A", "url": "/1"}]') == "https://moved.example/1"
    assert link_in("page", '<h2><a href="1">A</a></h2>') == "https://moved.example/blog/1"
    based = '<head><base href="/news/"><base href="/other/"></head><h2><a href="1">A</a></h2>'
    assert link_in("feed", atom) == link_in("page", based) == "https://moved.example/news/1"


def test_an_item_without_an_address_is_found_where_its_source_was_attached():
    (item,) = read_items(Content(b"<p>Acme raises", "page", BASE, "https://moved.example/"), None, NOW)

    assert (item.url, item.own_url) == (BASE, False)


def test_posts_of_wordpress_are_read_as_their_feed_is():
    post = {
        "id": 7,
        "date": "2026-09-28T10:00:00",
        "date_gmt": "2026-09-28T08:00:00",
        "guid": {"rendered": "https://blog.example/?p=7"},
        "link": "https://blog.example/acme-raises/",
        "title": {"rendered": "Acme&#8217;s round"},
        "excerpt": {"rendered": "<p>Short.</p>", "protected": False},
        "content": {"rendered": "<p>Acme raises &euro;5M.</p>", "protected": False},
    }
    feed = feed_of(
        "<title>Acme&amp;#8217;s round</title><link>https://blog.example/acme-raises/</link>"
        '<guid isPermaLink="false">https://blog.example/?p=7</guid><pubDate>Mon, 28 Sep 2026 08:00:00 +0000</pubDate>'
        "<description><![CDATA[<p>Acme raises &euro;5M.</p>]]></description>"
    )

    assert (
        read("json", json.dumps([post]))
        == read("feed", feed)
        == [
            Item(
                title="Acme’s round",
                text="Acme raises €5M.",
                url="https://blog.example/acme-raises/",
                own_url=True,
                published_at="2026-09-28T08:00:00Z",
                id="https://blog.example/?p=7",
            )
        ]
    )


@pytest.mark.parametrize(
    "wrapped",
    [
        {"rendered": "Acme"},
        {"value": "Acme"},
        {"type": "text", "text": "Acme"},
        {"#text": "Acme"},
        {"$t": "Acme"},
        ["Acme", "B"],
    ],
)
def test_a_value_that_is_wrapped_is_taken_out(wrapped):
    (titled,), (told,) = (read("json", json.dumps([{key: wrapped}])) for key in ("title", "summary"))

    assert titled.title == told.title == "Acme"


@pytest.mark.parametrize(
    ("kind", "document", "told"),
    [
        ("json", '[{"foo": 1}, {"bar": "Acme raises"}]', "its 2 entries have no headline and no text"),
        ("json", '["Acme raises", 7, null]', "its 3 entries have no headline and no text"),
        ("json", '[{"title": {"xx": "Acme raises"}}]', "its one entry has no headline and no text"),
        ("json", '[{"title": " \\u200b ", "text": "<p></p>"}]', "its one entry has no headline and no text"),
        ("feed", feed_of("<link>https://news.example/1</link>"), "its one entry has no headline and no text"),
        ("feed", feed_of("<title>&lt;br&gt;</title>", "<title/>"), "its 2 entries have no headline and no text"),
        ("page", '<div id="root"></div><script>render()</script>', "no text in the page"),
        ("page", " ", "no text in the page"),
        ("page", "", "no text in the page"),
    ],
)
def test_a_source_that_holds_something_and_says_nothing_is_told_of(kind, document, told):
    with pytest.raises(Unreadable, match=told):
        read(kind, document)


def test_a_source_that_holds_nothing_yet_is_read():
    assert read("json", "[]") == read("json", '{"items": []}') == read("feed", feed_of()) == []


def test_items_are_bounded_and_clean():
    long = [{"title": "t" * 999, "text": "x\u202e\x00y " * 5000, "url": "/" + "a" * 9999}] * (MAX_ITEMS + 5)
    items = read("json", json.dumps(long).encode())

    assert len(items) == MAX_ITEMS
    assert (len(items[0].title), len(items[0].text), items[0].url) == (MAX_TITLE, MAX_TEXT, BASE)
    assert "\u202e" not in items[0].text
    assert "\x00" not in items[0].text


def items_in(kind, content: bytes) -> list[Item]:
    """The items of a document, none where it is unreadable."""
    try:
        return read(kind, content)
    except Unreadable:
        return []


@given(st.sampled_from(["feed", "page", "json"]), st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_whatever_the_bytes_are_they_are_items_or_unreadable(kind, content):
    assert all(item.title and item.url.startswith("http") for item in items_in(kind, content))


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["title", "text", "url", "items", "date", "data"]), inner, max_size=4)
        ),
    )
)
def test_whatever_a_json_document_holds_it_is_items_or_unreadable(document):
    assert all(item.title and item.url.startswith("http") for item in items_in("json", json.dumps(document).encode()))


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../outside.xml", "outside the folder"),
        ("/etc/passwd", "outside the folder"),
        ("link.xml", "outside the folder"),
        ("a\x00.xml", "not a path"),
        ("missing.xml", "cannot be read"),
        ("folder.xml", "cannot be read|not a regular file"),
        ("pipe.xml", "not a regular file"),
        ("long.xml", "longer than"),
        ("none", "must end in"),
    ],
)
def test_only_regular_files_below_the_folder_are_read(tmp_path, folder, name, why):
    (tmp_path / "outside.xml").write_text(rss())
    (folder / "link.xml").symlink_to(tmp_path / "outside.xml")
    (folder / "folder.xml").mkdir()
    (folder / "long.xml").write_bytes(b"x" * (MAX_BYTES + 1))
    os.mkfifo(folder / "pipe.xml")

    with pytest.raises(SourceFailed, match=why):
        read_file(folder, name)


def test_without_a_folder_no_file_is_read():
    with pytest.raises(SourceFailed, match="local files are off"):
        read_file(None, "a.xml")


@pytest.mark.parametrize(
    "piece",
    ["<!", "<a ", "<h2>", "<h2>a</h2>", "<!--", "<a b='", "<script>", "&#9", "<a b=c>", "<?", "&amp;", "&#0", "&lt;b"],
)
def test_the_time_for_a_page_is_in_proportion_to_its_length(piece):
    started = time.process_time()
    items_in("page", (piece * (2**20 // len(piece))).encode())

    assert time.process_time() - started < 10  # a scanner that goes back takes minutes


@pytest.mark.anyio
async def test_a_feed_that_takes_too_long_is_given_up_and_a_long_one_is_read_apart():
    markup = '<?xml version="1.0"?><rss version="2.0"><channel><item><title>x</title><description>' + "<a>" * 700_000
    long = rss(*[(f"Acme raises €{n}M", "x" * 200, f"https://news.example/{n}") for n in range(400)])

    with pytest.raises(Unreadable, match="took longer"):
        await read_content(Content(markup.encode(), "feed", BASE, BASE), None, NOW, seconds=1)
    assert len(await read_content(Content(long.encode(), "feed", BASE, BASE), None, NOW)) == 400
