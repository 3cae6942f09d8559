"""A server as one host writes it: a `Shape` says under which names its words, its URL and its keys stand.

In: a `Server`. Out: the value of its entry, of strings, lists and mappings. Where a host can read a key from an environment, or
asks for it by itself, the entry holds a reference and never the key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flintt_mcp.hosts.server import Key, Server

OF_OURS = " for flintt-mcp"
"""How the description of a question ends that this project put into a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How one host writes an entry.

    `local` and `remote` are what stands in every entry; `last` follows behind. `args` is empty where all words are one list.
    `reference` is how a value refers to a variable, by `{}`, and `asks` says that the host then asks a person for it. `passed`
    names the list of variables that the host hands on by name, `header_variables` the mapping from headers to variables.
    `keeps_name` says that an entry repeats its name.
    """

    local: Mapping[str, Any] = field(default_factory=dict)
    remote: Mapping[str, Any] = field(default_factory=dict)
    last: Mapping[str, Any] = field(default_factory=dict)
    command: str = "command"
    args: str = "args"
    env: str = "env"
    url: str = "url"
    headers: str = "headers"
    reference: str = ""
    asks: bool = False
    passed: str = ""
    header_variables: str = ""
    keeps_name: bool = False

    def entry(self, server: Server) -> dict[str, Any]:
        """The whole entry."""
        body = self._remote(server) if server.url else self._local(server)
        named = {"name": server.name} if self.keeps_name else {}
        return {**named, **body, **self.last}

    def refers(self, key: Key) -> bool:
        """Whether the entry of a server refers to this key instead of holding it."""
        return not key.public and (self.asks or (key.exported and bool(self.reference or self.passed)))

    def inputs(self, server: Server) -> list[dict[str, Any]]:
        """What a host that asks by itself is to ask for."""
        return [
            {
                "id": _input_id(key),
                "type": "promptString",
                "description": f"{key.variable}{OF_OURS}",
                "password": True,
            }
            for key in server.keys
            if self.asks and not key.public
        ]

    def _local(self, server: Server) -> dict[str, Any]:
        first, *others = server.words
        words = {self.command: first, self.args: others} if self.args else {self.command: list(server.words)}
        named = [key.variable for key in server.keys if self.refers(key) and self.passed]
        keys = {key.variable: self._value(key) for key in server.keys if key.variable not in named}
        values = {**server.variables, **keys}
        return {
            **self.local,
            **words,
            **({self.env: values} if values else {}),
            **({self.passed: named} if named else {}),
        }

    def _remote(self, server: Server) -> dict[str, Any]:
        by_variable = {key.header: key.variable for key in server.keys if self.refers(key) and self.header_variables}
        keys = {key.header: self._value(key) for key in server.keys if key.header not in by_variable}
        headers = {**keys, **server.headers}
        named = [key.variable for key in server.keys if self.refers(key)] if self.passed and self.reference else []
        return {
            **self.remote,
            self.url: server.url,
            **({self.headers: headers} if headers else {}),
            **({self.header_variables: by_variable} if by_variable else {}),
            **({self.passed: named} if named else {}),
        }

    def _value(self, key: Key) -> str:
        if not self.refers(key) or not self.reference:
            return key.value
        return self.reference.format(_input_id(key) if self.asks else key.variable)


def _input_id(key: Key) -> str:
    return key.variable.lower().replace("_", "-")
