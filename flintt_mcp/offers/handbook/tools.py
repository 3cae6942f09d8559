"""The docs toolset: the handbook as tools. Public: no key is asked for or looked at.

A document is text and nothing else: some hosts hand a model the structured form alone and some the text alone, so that a result
with both forms would need its markdown twice. One that has no structured form is read from its text everywhere.
"""

from __future__ import annotations

from typing import Any

from flintt_mcp.calls.arguments import Arguments
from flintt_mcp.calls.call import Call
from flintt_mcp.calls.reply import Done
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue.operation import Arg, Effect, Kind, local
from flintt_mcp.errors import ToolInputError
from flintt_mcp.offers.handbook.documents import Document, Handbook
from flintt_mcp.rest.reading.budget import Budget
from flintt_mcp.text import table

TOOLSET = "docs"
_DEVELOPERS = local("developers", "Also pages for developers of this server.", kind=Kind.FLAG, default=False)


def docs_tools(handbook: Handbook, most: int) -> list[Tool]:
    """list_docs, get_doc and search_docs over a handbook; `most` is the largest result in bytes."""
    docs = _Docs(handbook, most)
    slug = local("slug", choices=tuple(handbook.documents), required=True)
    section = local("section", "Heading of one section.", low=1, high=200)
    query = local("query", required=True, low=1, high=300)
    limit = local("limit", kind=Kind.INTEGER, low=1, high=20, default=5)
    index = "Index of the handbook: how Flintt and this server work."
    read = "Read one document of the handbook, or one section of it, as markdown."
    find = "Find the sections of the handbook that answer a question; read them with get_doc."
    return [
        _tool("list_docs", "List docs", index, (_DEVELOPERS,), docs.index, _schema("docs")),
        _tool("get_doc", "Read a doc", read, (slug, section), docs.read),
        _tool("search_docs", "Search docs", find, (query, limit, _DEVELOPERS), docs.search, _schema("hits")),
    ]


class _Docs:
    """What the tools do."""

    def __init__(self, handbook: Handbook, most: int) -> None:
        self._handbook = handbook
        self._most = most

    async def index(self, call: Call) -> Done:
        shown = [doc for doc in self._handbook if call.arguments.get("developers") or not doc.for_developers]
        rows = [{"slug": doc.slug, "title": doc.title, "about": doc.about} for doc in shown]
        return self._rows("docs", rows)

    async def read(self, call: Call) -> Done:
        document = self._handbook.documents[call.arguments["slug"]]
        wanted = call.arguments.get("section")
        return Done(text=_document(document, self._most) if wanted is None else _section(document, wanted))

    async def search(self, call: Call) -> Done:
        given = call.arguments
        hits = self._handbook.search(given["query"], given.get("limit", 5), developers=given.get("developers", False))
        rows = [{"slug": hit.slug, "section": hit.section, "title": hit.title, "snippet": hit.snippet} for hit in hits]
        return self._rows("hits", rows)

    def _rows(self, name: str, rows: list[dict[str, str]]) -> Done:
        """The rows that fit, whole and from the front."""
        kept, _ = Budget(self._most).fit(rows)
        left_out = len(rows) - len(kept)
        structured: dict[str, Any] = {name: kept, "count": len(kept), "complete": not left_out}
        lines = [f"{name}: {len(kept)}", table(kept, [*kept[0]] if kept else [])]
        if not rows:
            lines.append("nothing found; list_docs shows what there is")
        if left_out:
            structured["left_out"] = left_out
            lines.append(f"{left_out} rows left out to keep this short; search_docs finds what they are about")
        return Done(text="\n".join(filter(None, lines)), structured=structured)


def _schema(rows: str) -> dict[str, Any]:
    """The output schema of rows."""
    properties = {
        rows: {"type": "array", "items": {"type": "object"}},
        "count": {"type": "integer"},
        "complete": {"type": "boolean"},
        "left_out": {"type": "integer", "description": "Rows left out for size."},
    }
    return {"type": "object", "properties": properties, "required": [rows, "count", "complete"]}


def _tool(
    name: str, title: str, about: str, args: tuple[Arg, ...], handle: Any, schema: dict[str, Any] | None = None
) -> Tool:
    return Tool(
        name=name,
        title=title,
        about=about,
        effect=Effect.READ,
        toolset=TOOLSET,
        arguments=Arguments(name, args),
        handle=handle,
        output_schema=schema,
    )


def _document(document: Document, most: int) -> str:
    """The whole document, or as many of its sections from the front as fit, whole, and the names of the others."""
    kept = document.opening
    left_out: list[str] = []
    for section in document.sections:
        if left_out or len(kept.encode()) + len(section.markdown.encode()) > most:
            left_out.append(section.title)
        else:
            kept += section.markdown
    return f"{kept}\nLeft out for size, ask with section: {', '.join(left_out)}" if left_out else kept


def _section(document: Document, wanted: str) -> str:
    section = document.section(wanted)
    if section is None:
        names = ", ".join(part.title for part in document.sections) or "none"
        raise ToolInputError(f"section: {document.slug} has no such section", advice=f"its sections are: {names}")
    return section.markdown
