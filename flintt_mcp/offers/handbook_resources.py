"""The docs:// resources: every document of the handbook, for clients that read by URI. Public, as the docs toolset is."""

from __future__ import annotations

from flintt_mcp.offers.handbook.documents import Document, Handbook
from flintt_mcp.offers.resources import Contents, Reading, Resource

DOCS_TTL_MS = 3_600_000


def docs_resources(handbook: Handbook) -> list[Resource]:
    """One docs://{slug} resource per document."""

    def resource(document: Document) -> Resource:
        async def read(reading: Reading) -> Contents:
            return Contents("text/markdown", text=document.markdown)

        return Resource(
            uri=f"docs://{document.slug}",
            name=document.slug,
            title=document.title,
            about=document.about,
            mime_type="text/markdown",
            read=read,
            public=True,
            ttl_ms=DOCS_TTL_MS,
            needs=("get_doc",),
        )

    return [resource(document) for document in handbook]
