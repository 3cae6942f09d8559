"""Resources: documents and workspace objects that a client can read by URI.

A `Resource` is one row: a fixed URI or a template, and the function that reads it. Docs are public; what lies in a workspace
is private to its caller. Nothing here knows the MCP wire.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import unquote

from flintt_mcp.calls.call import Channel
from flintt_mcp.calls.caller import Caller
from flintt_mcp.calls.reply import Ask

Completer = Callable[[str, Caller, Mapping[str, str]], Awaitable[list[str]]]
"""What a person may mean: (what is typed so far, who asks, the other values so far) -> suggestions, best first."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One request to read: the URI as asked for, the template's values in it, who asks and through what."""

    uri: str
    values: Mapping[str, str]
    caller: Caller
    channel: Channel
    answers: Mapping[str, object] = field(default_factory=dict)
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """What was read: text, or bytes as `blob`."""

    mime_type: str
    text: str | None = None
    blob: bytes | None = None


@dataclass(frozen=True, eq=False)
class Resource:
    """One resource, or a family of them when `uri` has `{names}` in it. `ttl_ms` is how long a client may keep it.

    Whoever does not see all tools that it `needs` does not see it.
    """

    uri: str
    name: str
    title: str
    about: str
    mime_type: str
    read: Callable[[Reading], Awaitable[Contents | Ask]] = field(repr=False)
    public: bool = False
    ttl_ms: int = 0
    complete: Mapping[str, Completer] = field(default_factory=dict, repr=False)
    needs: tuple[str, ...] = ()

    @property
    def is_template(self) -> bool:
        return "{" in self.uri

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        parts = re.split(r"{(\w+)}", self.uri)
        return re.compile(
            "".join(re.escape(part) if i % 2 == 0 else f"(?P<{part}>[^/?#]+)" for i, part in enumerate(parts))
        )

    def values_in(self, uri: str) -> dict[str, str] | None:
        """The values of the template's names in `uri`, or None when it is another resource's."""
        match = self._pattern.fullmatch(uri)
        return None if match is None else {name: unquote(value) for name, value in match.groupdict().items()}


class Resources:
    """All resources, in order."""

    def __init__(self, rows: Iterable[Resource]) -> None:
        self._rows = tuple(rows)
        self._fixed = {row.uri: row for row in self._rows if not row.is_template}

    @property
    def fixed(self) -> list[Resource]:
        return [row for row in self._rows if not row.is_template]

    @property
    def templates(self) -> list[Resource]:
        return [row for row in self._rows if row.is_template]

    def find(self, uri: str) -> tuple[Resource, dict[str, str]] | None:
        """The resource behind a URI and the template's values in it, or None."""
        if uri in self._fixed:
            return self._fixed[uri], {}
        found = ((row, row.values_in(uri)) for row in self.templates)
        return next(((row, values) for row, values in found if values is not None), None)
