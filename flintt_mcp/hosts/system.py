"""This machine as the hosts see it: which system it is, the folders that they name, and the commands on its PATH.

In: an environment, and patterns of paths such as `~/.cursor/mcp.json` or `{APPDATA}/Zed/settings.json`. Out: paths. It reads which
folders there are and nothing in them; tests make a `System` of another kind.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from flintt_mcp.errors import ConfigError

Kind = Literal["mac", "linux", "windows"]

_VARIABLE = re.compile(r"\{(\w+)\}")
_KINDS: Mapping[str, Kind] = {"darwin": "mac", "win32": "windows"}
"""Systems as Python names them; every other one is taken for a Linux."""
_UNSET = {"XDG_CONFIG_HOME": "~/.config", "APPDATA": "~/AppData/Roaming", "LOCALAPPDATA": "~/AppData/Local"}
"""What a system takes where the variable of a folder is not set."""


@dataclass(frozen=True, slots=True)
class System:
    """One machine for one user. The environment may hold keys, so that it is never shown."""

    kind: Kind
    home: Path
    environment: Mapping[str, str] = field(repr=False)

    def paths(self, pattern: str) -> Iterator[Path]:
        """The paths of a pattern: none where it names a variable that is not set, several where a `*` fits several."""
        names = _VARIABLE.findall(pattern)
        values = {name: self.environment.get(name) or _UNSET.get(name) for name in names}
        if None in values.values():
            return
        whole = _VARIABLE.sub(lambda found: str(values[found[1]]), pattern)
        path = self.home / whole.removeprefix("~/") if whole.startswith("~/") else Path(whole)
        place = next((number for number, part in enumerate(path.parts) if "*" in part), None)
        if place is None:
            yield path
            return
        folder, rest = Path(*path.parts[:place]), path.parts[place + 1 :]
        yield from (found.joinpath(*rest) for found in sorted(folder.glob(path.parts[place])))

    def command(self, name: str) -> str | None:
        """Where a command lies on this user's PATH, or None."""
        return shutil.which(name, path=self.environment.get("PATH", ""))


def this_system(environment: Mapping[str, str]) -> System:
    """The machine that this process runs on.

    Raises:
        ConfigError: the home folder is not known, or what HOME says is no whole path.
    """
    kind = _KINDS.get(sys.platform, "linux")
    if kind != "windows" and not Path(environment.get("HOME", "/")).is_absolute():
        raise ConfigError(
            "HOME is set to no whole path, so nobody knows where the files of hosts are; nothing was changed",
            advice="set HOME to your home folder",
        )
    try:
        return System(kind, Path.home(), environment)
    except RuntimeError:
        raise ConfigError("the home folder is not known here; set HOME") from None
