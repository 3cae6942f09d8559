"""The docs toolset: the handbook as tools. Public: no key is asked for or looked at.

A document is text and nothing else: some hosts hand a model the structured form alone and some the text alone, so that a result
with both forms would need its markdown twice. One that has no structured form is read from its text everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flintt_mcp.calls.arguments.arguments import Arguments
from flintt_mcp.calls.call import Call
from flintt_mcp.calls.reply import Done
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue.argument import Arg, Kind, local
from flintt_mcp.catalogue.operation import Effect
from flintt_mcp.errors import ToolInputError
from flintt_mcp.offers.handbook.documents import Document, Handbook
from flintt_mcp.rest.reading.budget import Budget, Result
from flintt_mcp.rest.reading.clients import Budgets
from flintt_mcp.rest.reading.output_schema import table_schema
from flintt_mcp.rest.reading.results import left_aside
from flintt_mcp.rest.reading.tables import Columns, tabled

TOOLSET = "docs"
_DEVELOPERS = local(
    "developers",
    "Developers' pages too.",
    kind=Kind.FLAG,
    default=False,
    hides="pages for developers",
)


def docs_tools(handbook: Handbook, budgets: Budgets) -> list[Tool]:
    """list_docs, get_doc and search_docs over a handbook, with results as large as the client takes."""
    docs = _Docs(handbook, budgets)
    slug = local("slug", "From list_docs.", required=True, low=1, high=100)
    section = local("section", "Heading of one section.", low=1, high=200)
    query = local("query", "A question, or words of it.", required=True, low=1, high=300)
    limit = local("limit", "Hits.", kind=Kind.INTEGER, low=1, high=20, default=5)
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

    def __init__(self, handbook: Handbook, budgets: Budgets) -> None:
        self._handbook = handbook
        self._budgets = budgets

    async def index(self, call: Call) -> Done:
        shown = [doc for doc in self._handbook if call.arguments.get("developers") or not doc.for_developers]
        rows = [{"slug": doc.slug, "title": doc.title, "about": doc.about} for doc in shown]
        return self._rows(call, "docs", rows)

    async def read(self, call: Call) -> Done:
        document = self._document(call.arguments["slug"])
        wanted = call.arguments.get("section")
        return Done(text=_document(document, self._budget(call)) if wanted is None else _section(document, wanted))

    def _document(self, slug: str) -> Document:
        found = self._handbook.documents.get(slug)
        if found is None:
            names = ", ".join(self._handbook.slugs)
            raise ToolInputError(
                f"slug: no document has that name; there are {names}", advice="call again with one of them"
            )
        return found

    async def search(self, call: Call) -> Done:
        given = call.arguments
        hits = self._handbook.search(given["query"], given.get("limit", 5), developers=given.get("developers", False))
        rows = [{"slug": hit.slug, "section": hit.section, "title": hit.title, "snippet": hit.snippet} for hit in hits]
        return self._rows(call, "hits", rows)

    def _budget(self, call: Call) -> Budget:
        return self._budgets.of(call.channel.client)

    def _rows(self, call: Call, name: str, rows: list[dict[str, str]]) -> Done:
        """The rows that fit, whole and from the front."""
        first = rows[0] if rows else {}
        aside = "; ".join(left_aside((_DEVELOPERS,), call.arguments))

        def made(count: int, dropped: Sequence[str]) -> Result:
            table = tabled(rows[:count], Columns(tuple(column for column in first if column not in dropped), "untold"))
            structured: dict[str, Any] = {name: table.structured, "count": count, "complete": count == len(rows)}
            lines = [f"{name}: {count}", table.text]
            if not rows:
                lines.append("nothing found; list_docs shows what there is")
            if aside:
                structured["hint"] = aside
                lines.append(aside)
            if count < len(rows):
                structured["left_out"] = len(rows) - count
                lines.append(
                    f"{len(rows) - count} rows left out to keep this short; search_docs finds what they are about"
                )
            return Result("\n".join(filter(None, lines)), structured)

        result = self._budget(call).fullest(len(rows), first, made)
        return Done(text=result.text, structured=result.structured)


def _schema(rows: str) -> dict[str, Any]:
    """The output schema of rows."""
    properties = {
        rows: table_schema(()),
        "count": {"type": "integer"},
        "complete": {"type": "boolean"},
        "left_out": {"type": "integer", "description": "Rows left out for size."},
        "hint": {"type": "string", "description": "On rows that are not listed."},
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


def _document(document: Document, budget: Budget) -> str:
    """The whole document, or as many of its sections from the front as fit, whole, and the names of the others."""

    def made(count: int) -> str:
        kept = document.opening + "".join(section.markdown for section in document.sections[:count])
        left_out = ", ".join(section.title for section in document.sections[count:])
        return f"{kept}\nLeft out for size, ask with section: {left_out}" if left_out else kept

    fewer = len(document.sections)
    while fewer and not budget.fits(Result(made(fewer), {})):
        fewer -= 1
    return made(fewer)


def _section(document: Document, wanted: str) -> str:
    section = document.section(wanted)
    if section is None:
        names = ", ".join(part.title for part in document.sections) or "none"
        raise ToolInputError(f"section: {document.slug} has no such section", advice=f"its sections are: {names}")
    return section.markdown
