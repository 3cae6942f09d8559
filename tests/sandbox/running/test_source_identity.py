"""Which items are the same: by what their source calls them, else by their address, else by their headline."""

from __future__ import annotations

import json

import pytest

from flintt_mcp.sandbox.flintt.running.sources.identity import Item, universal_id
from tests.sandbox.running.source_reading import BASE, feed_of, read


def item(title: str, link: str = "", guid: str = "", text: str = "") -> str:
    """An item of a feed, written out."""
    linked = f"<link>{link.replace('&', '&amp;')}</link>" if link else ""
    called = f'<guid isPermaLink="false">{guid}</guid>' if guid else ""
    return f"<title>{title}</title><description>{text}</description>{linked}{called}"


def keys(*items: str) -> list[str]:
    return [found.key for found in read("feed", feed_of(*items))]


def key(url: str) -> str:
    return Item("Any title", "", url, own_url=True).key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://forum.example/?/topic/1-a/", "https://forum.example/?/topic/2-b/"),
        ("https://forum.example/?topic1", "https://forum.example/?topic2"),
        ("https://forum.example/?topic1=", "https://forum.example/?topic2="),
        ("https://app.example/#/jobs/1", "https://app.example/#/jobs/2"),
        ("https://app.example/#!jobs/1", "https://app.example/#!jobs/2"),
        ("https://app.example/#jobs/1", "https://app.example/#jobs/2"),
        ("https://app.example/#/jobs?id=1", "https://app.example/#/jobs?id=2"),
        ("https://news.example/?q=%E8", "https://news.example/?q=%E9"),
        ("https://news.example/?id=1&id=2", "https://news.example/?id=2&id=1"),
        ("https://news.example/?id=1;2", "https://news.example/?id=1;3"),
        ("https://news.example/a;1", "https://news.example/a;2"),
        ("https://news.example/a", "https://news.example/A"),
        ("https://news.example/a", "https://news.example:8443/a"),
        ("https://news.example/?ref=1", "https://news.example/?ref=2"),
    ],
)
def test_two_addresses_that_show_different_things_are_two(one, other):
    assert key(one) != key(other)


@pytest.mark.parametrize(
    "same",
    [
        "http://news.example/a?id=1",
        "https://www.news.example/a/?id=1",
        "https://NEWS.example/a?id=1&utm_source=x&utm_medium=&fbclid=y",
        "https://news.example/a?id=1#top",
        "https://news.example/a?id=1#comment-7",
        "https://news.example/a?id=1#xtor=RSS-1/2",
        "https://news.example/a?id=1#utm_source=rss/feed",
        "https://news.example/a?id=1#:~:text=a/b",
    ],
)
def test_the_same_article_has_the_same_key_however_its_address_is_written(same):
    assert key(same) == key("https://news.example/a?id=1")


def test_items_with_one_link_are_told_apart_by_their_ids():
    assert len(set(keys(item("A", "https://news.example/", "1"), item("A", "https://news.example/", "2")))) == 2
    assert len(set(keys(item("A", guid="1"), item("A", guid="2")))) == 2
    assert len(set(keys(item("A", "https://a.example/", "urn:x:1"), item("A", "https://a.example/", "urn:x:2")))) == 2


def test_an_item_with_an_id_is_the_same_with_another_headline_text_and_address():
    before = item("Acme raises", "https://news.example/2026/acme-raises", "42")
    after = item("Acme raises €5M", "https://news.example/2026/acme-raises-5m?x=1", "42", "More.")

    assert keys(before) == keys(after)


def test_an_id_that_is_the_address_of_its_item_makes_the_key_of_that_address():
    link = "https://www.news.example/a/?id=1"
    permalink = f"<title>A</title><guid>{link}</guid>"

    assert keys(permalink) == keys(item("A", link, link)) == keys(item("A", link)) == [key(link)]


def test_an_id_that_is_no_address_is_not_shown_as_one():
    for guid in ("<guid>42</guid>", '<guid isPermaLink="true">a b</guid>', "<guid>tag:news.example,2026:1</guid>"):
        (found,) = read("feed", feed_of(f"<title>A</title>{guid}"))
        assert (found.url, found.own_url) == (BASE, False)


def test_what_several_items_share_names_none_of_them():
    one_id = keys(item("A", "https://news.example/a", "news"), item("B", "https://news.example/b", "news"))
    one_id_without_links = keys(item("A", guid="news"), item("B", guid="news"))
    one_link = keys(item("A", "https://news.example/"), item("B", "https://news.example/"))
    places = keys(item("A", "https://news.example/#p1"), item("B", "https://news.example/#p2"))

    assert one_id == [key("https://news.example/a"), key("https://news.example/b")]
    assert [len(set(told)) for told in (one_id_without_links, one_link, places)] == [2, 2, 2]


def test_an_item_that_stands_twice_in_a_source_is_one():
    twice = (item("A", "https://news.example/a", "1"), item("A", "http://www.news.example/a/", "1"))

    assert len(set(keys(*twice))) == 1
    assert len(set(keys(item("A", "https://news.example/a"), item("A", "https://news.example/a#top")))) == 1


@pytest.mark.parametrize(
    "keyed",
    [
        {"absolute_url": "https://jobs.example/{}"},
        {"absoluteUrl": "https://jobs.example/{}"},
        {"hostedUrl": "https://jobs.example/{}"},
        {"hosted_url": "https://jobs.example/{}"},
        {"jobUrl": "https://jobs.example/{}"},
        {"html_url": "https://jobs.example/{}"},
        {"external-url": "https://jobs.example/{}"},
        {"Link": "/jobs/{}"},
        {"link": {"href": "https://jobs.example/{}"}},
        {"links": [{"rel": "self", "href": "https://jobs.example/{}"}]},
        {"guid": {"rendered": "https://jobs.example/?p={}"}},
    ],
)
def test_jobs_and_posts_with_one_title_are_told_apart_by_whatever_key_holds_their_address(keyed):
    jobs = [{"title": "Engineer", **json.loads(json.dumps(keyed).replace("{}", number))} for number in "12"]
    found = read("json", json.dumps(jobs))

    assert [entry.url[-1] for entry in found] == ["1", "2"]
    assert [entry.own_url for entry in found] == [True, True]
    assert found[0].key != found[1].key


@pytest.mark.parametrize("called", ["id", "_id", "guid", "uuid", "objectID", "jobId"])
@pytest.mark.parametrize("ids", [(1, 2), ("1", "2"), (0, 1)])
def test_jobs_without_an_address_are_told_apart_by_their_ids(called, ids):
    found = read("json", json.dumps([{"title": "Engineer", called: id} for id in ids]))

    assert found[0].key != found[1].key


def test_the_ids_of_two_sources_are_two_things_unless_they_say_that_they_are_universal():
    def called(id: str, source: str) -> str:
        return Item("A", "", source, own_url=False, id=universal_id(id, source)).key

    assert called("1", "https://a.example") != called("1", "https://b.example")
    assert called("urn:uuid:1", "https://a.example") == called("urn:uuid:1", "https://b.example")
    assert called("https://c.example/?p=1", "https://a.example") == called(
        "http://www.c.example/?p=1", "https://b.example"
    )
