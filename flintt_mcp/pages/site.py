"""The pages of this server by their path: how to connect, the tools to try, the handbook with its search, and how the server does.

In: a path, its query, and the URL that the visitor used. Out: a `Page`, or None where there is none. It shows what a caller
without a key would see, so everybody sees the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flintt_mcp.calls.tool import Tool
from flintt_mcp.offers.handbook.documents import Handbook
from flintt_mcp.offers.handbook.tools import TOOLSET as DOCS
from flintt_mcp.pages.connect import connections
from flintt_mcp.pages.forms import fields_of
from flintt_mcp.pages.look import Page, rendered, static_file
from flintt_mcp.pages.written import as_html, plain
from flintt_mcp.settings import is_loopback
from flintt_mcp.text import KEYS

MOST_HITS = 20


@dataclass(frozen=True, slots=True)
class Visit:
    """What a browser asked for. `url` is that of this server as the visitor wrote it, prefix included, no slash at its end."""

    path: str
    query: Mapping[str, str]
    url: str

    @property
    def base(self) -> str:
        """What every link begins with."""
        return f"{urlsplit(self.url).path}/"

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach that URL."""
        return is_loopback(urlsplit(self.url).hostname or "")


@dataclass(frozen=True, slots=True)
class Key:
    """How the key of one API travels: the header, and in a sandbox the key that everybody may know."""

    header: str
    published: str = ""


@dataclass(frozen=True, slots=True)
class Shop:
    """What is on show: the tools, what each toolset is for, the handbook, and the key of each API, Flintt's first.

    `has_status` says that there is a page for the operator.
    """

    version: str
    tools: Sequence[Tool]
    toolsets: Mapping[str, str]
    handbook: Handbook
    keys: Mapping[str, Key]
    has_status: bool = False


class Site:
    """The pages over what is on show."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._tools = {tool.name: tool for tool in shop.tools}
        self._documents = [document for document in shop.handbook if not document.for_developers]

    def page(self, visit: Visit) -> Page | None:
        """The page of a path."""
        match visit.path.strip("/").split("/"):
            case [""]:
                return self._home(visit)
            case ["tools"]:
                return self._rendered("tools.html", visit, groups=self._groups())
            case ["tools", name] if name in self._tools:
                return self._tool(visit, self._tools[name])
            case ["docs"]:
                return self._handbook(visit)
            case ["docs", slug] if slug in self._slugs:
                return self._document(visit, slug)
            case ["static", name]:
                return static_file(name)
        return None

    def missing(self, visit: Visit) -> Page:
        """What a person sees where there is no page."""
        return self._rendered("missing.html", visit, status=404)

    @property
    def _slugs(self) -> list[str]:
        return [document.slug for document in self._documents]

    @property
    def _first(self) -> str:
        return next(iter(self._shop.keys))

    @property
    def _published(self) -> str:
        return self._shop.keys[self._first].published

    def _home(self, visit: Visit) -> Page:
        url = f"{visit.url}/mcp"
        hosts = connections(url, self._published, is_local=visit.is_local)
        code = None if visit.is_local else _code_of(url)
        return self._rendered("home.html", visit, url=url, hosts=hosts, code=code, groups=self._groups())

    def _tool(self, visit: Visit, tool: Tool) -> Page:
        wire = tool.wire
        return self._rendered(
            "tool.html",
            visit,
            tool=tool,
            key=None if tool.toolset == DOCS else self._shop.keys.get(tool.api or self._first),
            fields=fields_of(tool.arguments.schema),
            schema=json.dumps(wire["inputSchema"], indent=2, ensure_ascii=False),
        )

    def _handbook(self, visit: Visit) -> Page:
        words = re.sub(KEYS, "", visit.query.get("q", ""))[:200].strip()
        hits = [(hit, plain(hit.snippet)) for hit in self._shop.handbook.search(words, MOST_HITS)]
        return self._rendered("handbook.html", visit, documents=self._documents, words=words, hits=hits)

    def _document(self, visit: Visit, slug: str) -> Page:
        document = self._shop.handbook.documents[slug]
        text = as_html(document, self._slugs)
        return self._rendered("document.html", visit, document=document, documents=self._documents, text=text)

    def _groups(self) -> list[tuple[str, str, list[Tool]]]:
        """Toolsets that have a tool on: name, what it is for, its tools."""
        names = dict.fromkeys(tool.toolset for tool in self._shop.tools)
        return [
            (name, self._shop.toolsets.get(name, ""), [tool for tool in self._shop.tools if tool.toolset == name])
            for name in names
        ]

    def _rendered(self, template: str, visit: Visit, status: int = 200, **values: Any) -> Page:
        shop = self._shop
        everywhere = {"version": shop.version, "published_key": self._published, "has_status": shop.has_status}
        return rendered(template, {"base": visit.base, **everywhere, **values}, status)


def _code_of(url: str) -> str:
    """The URL as a picture for a phone's camera: SVG."""
    import segno

    return segno.make(url, error="m").svg_inline(scale=4, border=2, omitsize=True, svgclass="code", lineclass=None)
