"""The docs toolset: the handbook as tools. Public: no key is asked for or looked at."""

from __future__ import annotations

from typing import Any

from flintt_mcp.calls.arguments import Arguments
from flintt_mcp.calls.call import Call
from flintt_mcp.calls.reply import Done
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue.operation import Effect, Kind, local
from flintt_mcp.errors import ToolInputError
from flintt_mcp.offers.handbook.documents import Document, Handbook
from flintt_mcp.text import table

TOOLSET = "docs"
_TEXT = {"type": "string"}
_LIST: dict[str, Any] = {
    "type": "object",
    "properties": {"count": {"type": "integer"}, "complete": {"type": "boolean"}},
    "required": ["count", "complete"],
}


def docs_tools(handbook: Handbook, most: int) -> list[Tool]:
    """list_docs, get_doc and search_docs over a handbook; `most` is the largest result in bytes."""
    slugs = tuple(handbook.documents)

    async def list_docs(call: Call) -> Done:
        rows = [{"slug": doc.slug, "title": doc.title, "about": doc.about} for doc in handbook]
        return _rows("docs", rows, ["slug", "title", "about"])

    async def get_doc(call: Call) -> Done:
        document = handbook.documents[call.arguments["slug"]]
        wanted = call.arguments.get("section")
        return _document(document, most) if wanted is None else _section(document, wanted)

    async def search_docs(call: Call) -> Done:
        hits = handbook.search(call.arguments["query"], call.arguments.get("limit", 5))
        rows = [{"slug": hit.slug, "section": hit.section, "title": hit.title, "snippet": hit.snippet} for hit in hits]
        return _rows("hits", rows, ["slug", "section", "title", "snippet"])

    return [
        _tool(
            "list_docs", "List docs", "Index of the handbook: how Flintt and this server work.", (), list_docs, "docs"
        ),
        _tool(
            "get_doc",
            "Read a doc",
            "Read one document of the handbook, or one section of it, as markdown.",
            (
                local("slug", choices=slugs, required=True),
                local("section", "Heading of one section.", low=1, high=200),
            ),
            get_doc,
        ),
        _tool(
            "search_docs",
            "Search docs",
            "Find the sections of the handbook that answer a question; read them with get_doc.",
            (
                local("query", required=True, low=1, high=300),
                local("limit", kind=Kind.INTEGER, low=1, high=20, default=5),
            ),
            search_docs,
            "hits",
        ),
    ]


def _tool(name: str, title: str, about: str, args: Any, handle: Any, rows: str = "") -> Tool:
    if rows:
        schema = {**_LIST, "properties": {rows: {"type": "array", "items": {"type": "object"}}, **_LIST["properties"]}}
    else:
        texts = {"slug": _TEXT, "title": _TEXT, "markdown": _TEXT}
        left_out = {"type": "array", "items": _TEXT, "description": "Sections left out for size; ask for them by name."}
        schema = {"type": "object", "properties": {**texts, "left_out": left_out}, "required": [*texts]}
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


def _rows(name: str, rows: list[dict[str, str]], columns: list[str]) -> Done:
    body = table(rows, columns) if rows else "nothing found; list_docs shows what there is"
    return Done(text=f"{name}: {len(rows)}\n{body}", structured={name: rows, "count": len(rows), "complete": True})


def _document(document: Document, most: int) -> Done:
    """The whole document, or as many of its sections from the front as fit, whole."""
    kept = document.opening
    left_out: list[str] = []
    for section in document.sections:
        if left_out or len(kept.encode()) + len(section.markdown.encode()) > most:
            left_out.append(section.title)
        else:
            kept += section.markdown
    structured: dict[str, Any] = {"slug": document.slug, "title": document.title, "markdown": kept}
    if not left_out:
        return Done(text=kept, structured=structured)
    note = f"\nLeft out for size, ask with section: {', '.join(left_out)}"
    return Done(text=kept + note, structured={**structured, "left_out": left_out})


def _section(document: Document, wanted: str) -> Done:
    section = document.section(wanted)
    if section is None:
        names = ", ".join(part.title for part in document.sections) or "none"
        raise ToolInputError(f"section: {document.slug} has no such section", advice=f"its sections are: {names}")
    structured = {"slug": document.slug, "title": section.title, "markdown": section.markdown}
    return Done(text=section.markdown, structured=structured)
