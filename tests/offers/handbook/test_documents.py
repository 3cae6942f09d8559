"""The handbook: documents by slug, their sections, and search."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flintt_mcp.offers.handbook.documents import Document, Handbook, Hit, default_folder, key_of, parse

ERRORS = """# Errors

What an error says,
in two lines.

| a | table |

## Rate limits

Wait for the seconds that Retry-After names.

### In detail
```python
## not a heading
```

## Keys & tokens ##
Keys expire.
"""
SIGNALS = "# Signals\nA signal is built before it runs.\n"


@pytest.fixture
def handbook(tmp_path: Path) -> Handbook:
    (tmp_path / "errors.md").write_text(ERRORS, "utf-8")
    (tmp_path / "signals.md").write_text(SIGNALS, "utf-8")
    (tmp_path / "notes.txt").write_text("no document", "utf-8")
    return Handbook(tmp_path)


def test_documents_are_in_order_of_their_slugs(handbook: Handbook) -> None:
    assert [(one.slug, one.title, one.about) for one in handbook] == [
        ("errors", "Errors", "What an error says, in two lines."),
        ("signals", "Signals", "A signal is built before it runs."),
    ]


@pytest.mark.parametrize("slug", ["nope", "../errors", "errors.md", "ERRORS", "", "notes"])
def test_only_a_slug_opens_a_document(handbook: Handbook, slug: str) -> None:
    assert handbook.get(slug) is None


def test_a_document_is_its_opening_and_its_sections(handbook: Handbook) -> None:
    errors = handbook.documents["errors"]
    assert errors.opening == ERRORS[: ERRORS.index("## Rate")]
    assert [(part.key, part.title) for part in errors.sections] == [
        ("rate-limits", "Rate limits"),
        ("keys-tokens", "Keys & tokens"),
    ]
    assert errors.opening + "".join(part.markdown for part in errors.sections) == errors.markdown == ERRORS


def test_a_heading_in_a_code_fence_is_code(handbook: Handbook) -> None:
    section = handbook.documents["errors"].section("rate-limits")
    assert section is not None
    assert "## not a heading" in section.markdown


@pytest.mark.parametrize("name", ["rate-limits", "Rate limits", "RATE LIMITS", " rate_limits! "])
def test_a_section_is_found_by_its_key_or_its_heading(handbook: Handbook, name: str) -> None:
    section = handbook.documents["errors"].section(name)
    assert section is not None
    assert section.title == "Rate limits"
    assert handbook.documents["errors"].section("other") is None


def document_of(folder: Path, slug: str, markdown: str) -> Document:
    """The document that a file with this content is."""
    path = folder / f"{slug}.md"
    path.write_text(markdown, encoding="utf-8", newline="")
    return parse(path)


def test_a_document_without_headings_is_all_opening(tmp_path: Path) -> None:
    found = document_of(tmp_path, "plain", "just text\n")
    assert (found.title, found.about, found.sections, found.opening) == ("plain", "just text", (), "just text\n")


def test_an_empty_document_is_empty(tmp_path: Path) -> None:
    found = document_of(tmp_path, "empty", "")
    assert (found.title, found.about, found.sections, found.markdown) == ("empty", "", (), "")


@pytest.mark.parametrize("heading", ["A b", "a-b", "A & b!", "--a__b--"])
def test_keys_are_lower_case_words_joined_by_hyphens(heading: str) -> None:
    assert key_of(heading) == "a-b"


@given(st.text(st.sampled_from("# \n`~ab|<-\t"), max_size=120))
def test_any_markdown_is_its_opening_and_its_sections(tmp_path_factory: pytest.TempPathFactory, markdown: str) -> None:
    found = document_of(tmp_path_factory.getbasetemp(), "any", markdown)
    assert found.opening + "".join(part.markdown for part in found.sections) == markdown


def test_the_best_section_comes_first(handbook: Handbook) -> None:
    assert handbook.search("rate limit", 5)[0] == Hit(
        "errors", "rate-limits", "Errors: Rate limits", handbook.search("rate limit", 1)[0].snippet
    )
    assert [hit.slug for hit in handbook.search("running", 5)] == ["signals"]


def test_the_opening_of_a_document_has_no_section(handbook: Handbook) -> None:
    (hit,) = handbook.search("table", 5)
    assert (hit.slug, hit.section, hit.title) == ("errors", "", "Errors")


def test_no_more_hits_than_asked_for(handbook: Handbook) -> None:
    assert len(handbook.search("errors keys signals wait", 2)) == 2


@pytest.mark.parametrize(
    "words", ["", "   ", "!!!", "zzzz", '"', "NEAR(", "a AND", "slug:errors*", "-keys", "' OR 1=1 --"]
)
def test_nothing_of_the_search_syntax_is_special(handbook: Handbook, words: str) -> None:
    assert isinstance(handbook.search(words, 5), list)


@given(words=st.text(max_size=60))
def test_no_search_fails(words: str) -> None:
    assert len(SHIPPED.search(words, 3)) <= 3


def test_searches_from_several_threads_agree(handbook: Handbook) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: tuple(handbook.search("keys", 3)), range(16)))
    assert len(set(found)) == 1


SHIPPED = Handbook(default_folder())


@pytest.mark.parametrize(
    "slug",
    [
        "signals-architecture",
        "sql-structure",
        "mcp-setup",
        "api-reference",
        "authentication",
        "errors",
        "tools",
        "settings",
    ],
)
def test_the_shipped_handbook_holds_what_users_are_promised(slug: str) -> None:
    document = SHIPPED.documents[slug]
    assert document.markdown.startswith("# ")
    assert len(document.about) > 20


def test_pages_for_developers_of_this_server_say_so() -> None:
    assert {document.slug for document in SHIPPED if document.for_developers} == {
        "adding-an-endpoint",
        "api-coverage",
        "architecture",
        "performance",
        "publishing",
    }
    assert [document.about for document in SHIPPED if document.about.startswith("<")] == []


@pytest.mark.parametrize("document", list(SHIPPED), ids=lambda document: document.slug)
def test_no_two_sections_of_a_document_have_the_same_key(document: Document) -> None:
    keys = [section.key for section in document.sections]
    assert len(keys) == len(set(keys))
    assert all(keys)
