"""The handbook: the markdown files in docs/, listed, served whole or by section, and searched.

In: a folder of markdown. Out: documents by slug (the file's name), their sections, and ranked search hits. It reads nothing but
the files of that folder, found once at start: a slug or a section is a key in a dict, never a path.
"""

from __future__ import annotations

import re
import threading
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*$")
FOR_DEVELOPERS = "<!-- for developers of this server -->"
"""The line by which a page says that it is none for users."""
_FENCE = re.compile(r"^\s*(```+|~~~+)")


@dataclass(frozen=True, slots=True)
class Section:
    """One second-level section of a document: its key, its heading and its markdown, heading included."""

    key: str
    title: str
    markdown: str


@dataclass(frozen=True)
class Document:
    """One file: its slug, title (its first heading) and about (its first paragraph); the rest is read when it is asked for.

    A page that is `for_developers` of this server says so, and is offered to who asks for such pages.
    """

    slug: str
    title: str
    about: str
    path: Path
    for_developers: bool = False

    @cached_property
    def markdown(self) -> str:
        """The whole file."""
        return self.path.read_text("utf-8")

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """Its sections, in order."""
        lines = self.markdown.splitlines(keepends=True)
        starts = [(number, text) for number, level, text in _headings(lines) if level == 2]
        ends = [*(number for number, _ in starts), len(lines)][1:]
        return tuple(
            Section(key_of(text), text, "".join(lines[start:end]))
            for (start, text), end in zip(starts, ends, strict=True)
        )

    @property
    def opening(self) -> str:
        """What stands before the first section."""
        return self.markdown[: self.markdown.index(self.sections[0].markdown)] if self.sections else self.markdown

    def section(self, key: str) -> Section | None:
        """A section by its key or its heading."""
        wanted = key_of(key)
        return next((section for section in self.sections if section.key == wanted), None)


@dataclass(frozen=True, slots=True)
class Hit:
    """One place that search found; `section` is empty for the opening of a document."""

    slug: str
    section: str
    title: str
    snippet: str


def default_folder() -> Path:
    """Where the docs lie: inside an installed package, or beside the package in a checkout."""
    package = Path(__file__).parents[2]
    inside = package / "docs"
    return inside if inside.is_dir() else package.parent / "docs"


def key_of(heading: str) -> str:
    """The key of a heading: lower case, words joined by hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")


class Handbook:
    """All documents, in order of their slugs."""

    def __init__(self, folder: Path) -> None:
        self._paths = {path.stem: path for path in sorted(folder.glob("*.md"))}
        self._lock = threading.Lock()

    @property
    def slugs(self) -> tuple[str, ...]:
        """The names of all documents; none is read for them."""
        return tuple(self._paths)

    @cached_property
    def documents(self) -> dict[str, Document]:
        """All documents by their slugs."""
        return {slug: parse(path) for slug, path in self._paths.items()}

    def __iter__(self) -> Iterator[Document]:
        return iter(self.documents.values())

    def get(self, slug: str) -> Document | None:
        return self.documents.get(slug)

    def search(self, words: str, limit: int, *, developers: bool = False) -> list[Hit]:
        """Sections that hold the words, best first, of pages for `developers` too when they are asked for.

        Words are matched by their stem; none of FTS5's syntax applies.
        """
        terms = re.findall(r"\w+", words)[:16]
        if not terms:
            return []
        query = " OR ".join(f'"{term}"' for term in terms)
        with self._lock:
            rows = self._index.execute(
                "SELECT slug, section, title, snippet(places, 3, '', '', ' ... ', 24) FROM places"
                " WHERE places MATCH ? AND for_developers <= ? ORDER BY bm25(places, 0, 0, 6, 1, 0) LIMIT ?",
                (query, developers, limit),
            ).fetchall()
        return [Hit(slug, section, title, " ".join(snippet.split())) for slug, section, title, snippet in rows]

    @cached_property
    def _index(self) -> sqlite3.Connection:
        """A full-text index in memory, made at the first search: SQLite's own ranking, at no start-up cost."""
        import sqlite3

        index = sqlite3.connect(":memory:", check_same_thread=False)
        weakref.finalize(self, index.close)
        index.execute(
            "CREATE VIRTUAL TABLE places USING fts5"
            "(slug UNINDEXED, section UNINDEXED, title, body, for_developers UNINDEXED, tokenize='porter unicode61')"
        )
        for document in self:
            places = [("", document.title, document.opening)]
            places += [(part.key, f"{document.title}: {part.title}", part.markdown) for part in document.sections]
            index.executemany(
                "INSERT INTO places VALUES (?, ?, ?, ?, ?)",
                [(document.slug, *place, document.for_developers) for place in places],
            )
        return index


def parse(path: Path) -> Document:
    """The document in a file. Headings inside code fences are code."""
    lines = path.read_text("utf-8").splitlines()
    title = next((text for _, level, text in _headings(lines) if level == 1), path.stem)
    return Document(path.stem, title, _first_paragraph(lines), path, FOR_DEVELOPERS in lines)


def _headings(lines: list[str]) -> Iterator[tuple[int, int, str]]:
    fence = ""
    for number, line in enumerate(lines):
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and line.strip().startswith(fence):
            fence = ""
        elif not fence and (head := _HEADING.match(line)):
            yield number, len(head[1]), head[2]


def _first_paragraph(lines: list[str]) -> str:
    paragraph: list[str] = []
    for line in lines:
        text = line.strip()
        if not text and paragraph:
            break
        if text and not text.startswith(("#", "<", "|", "```")):
            paragraph.append(text)
    return " ".join(paragraph)
