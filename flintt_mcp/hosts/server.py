"""What a host is to start or to call: this server, with what it needs to know and the keys that it needs.

In: settings, and the keys of whoever installs. Out: one `Server`, the same for every host. A command is whole, so that it is found
from anywhere: desktop applications have another PATH than a shell. No key is shown in a repr.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from flintt_mcp import __version__
from flintt_mcp.errors import ConfigError
from flintt_mcp.settings import ROWS, Settings, option

_PATHS = ("data_dir", "source_folder", "policy")


@dataclass(frozen=True, slots=True)
class Key:
    """A key that a server needs: by the variable that holds it, and the header that carries it to a server elsewhere.

    `exported` says that the variable stands in the environment of whoever installs. `public` is a key that everybody knows.
    """

    variable: str
    header: str
    value: str = field(repr=False)
    exported: bool = False
    public: bool = False


@dataclass(frozen=True, slots=True)
class Server:
    """A server as a host is told of it: words that start one, with variables, or the URL of one that runs, with headers."""

    name: str
    words: tuple[str, ...] = ()
    url: str = ""
    keys: tuple[Key, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def masked(self) -> Server:
        """The same server, to be shown: with words in place of its keys."""
        return replace(self, keys=tuple(replace(key, value=f"({key.variable})") for key in self.keys))


def local_server(
    settings: Settings, name: str = "flintt", keys: Sequence[Key] = (), variables: Mapping[str, str] | None = None
) -> Server:
    """The server that a host starts by itself, with these settings.

    Raises:
        ConfigError: this copy lies where it may vanish.
    """
    words = (*own_command(), "stdio", *stdio_options(settings))
    return Server(name, words=words, keys=tuple(keys), variables=variables or {})


def own_command() -> list[str]:
    """The words that start this program, wherever they are said.

    Raises:
        ConfigError: it runs from the cache of uv, which is cleaned, and there is no uvx to start it anew.
    """
    if any(part.startswith("archive-v") for part in Path(sys.prefix).parts):
        uvx = shutil.which("uvx")
        if uvx is None:
            raise ConfigError(
                "this copy lies in the cache of uv, which is cleaned now and then",
                advice="`uv tool install flintt-mcp` keeps one",
            )
        return [str(Path(uvx).absolute()), "--from", f"flintt-mcp=={__version__}", "flintt-mcp"]
    found = shutil.which(sys.argv[0])
    if found is not None and Path(found).stem == "flintt-mcp":
        return [str(Path(found).absolute())]
    return [sys.executable, "-m", "flintt_mcp"]


def stdio_options(settings: Settings) -> list[str]:
    """The options that give `flintt-mcp stdio` what these settings change."""
    words: list[str] = []
    for name, row in ROWS.items():
        value = getattr(settings, name)
        taken = row.metadata.get("option", True) and "stdio" in row.metadata.get("commands", ("stdio",))
        if not taken or value == row.default:
            continue
        if name in _PATHS:
            value = Path(value).expanduser().absolute()
        words += (
            [option(name)]
            if value is True
            else [option(name), ",".join(value) if isinstance(value, tuple) else str(value)]
        )
    return words
