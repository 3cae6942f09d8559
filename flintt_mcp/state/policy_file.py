"""The policy of a running server: from its file, which is looked at again before each write, or from the settings alone.

In: a path, and what reads its text. Out: the policy as the file holds it now. A file that is wrong at the start ends it with the
line; one that becomes unreadable later keeps all writes from being sent, since it may have been changed to stop them.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

from flintt_mcp.calls.policy import Policy, WrongPolicy
from flintt_mcp.errors import CallRefused, ConfigError

logger = logging.getLogger(__name__)
_Stamp = tuple[int, int, int, int]


class PolicyFile:
    """The policy in one file. `read` makes a policy of its text."""

    def __init__(self, path: Path, read: Callable[[str], Policy]) -> None:
        """Reads it.

        Raises:
            ConfigError: it cannot be read, or holds what cannot be followed; the message names the line.
        """
        self._path = path
        self._read = read
        try:
            self._stamp = self._stamped()
            self._policy: Policy | None = self._parsed()
        except (OSError, UnicodeDecodeError, WrongPolicy) as error:
            raise ConfigError(f"--policy: {self._what(error)}") from None

    def __call__(self) -> Policy:
        """The policy as the file holds it now.

        Raises:
            CallRefused: it cannot be read or followed any more; nothing may be written.
        """
        try:
            stamp = self._stamped()
            if stamp != self._stamp or self._policy is None:
                self._policy = None
                self._policy, self._stamp = self._parsed(), stamp
        except (OSError, UnicodeDecodeError, WrongPolicy) as error:
            logger.error("writes are refused: %s", self._what(error))
            raise CallRefused(
                "The policy of this server cannot be read now, so nothing is written",
                advice="tell the operator, whose log says what is wrong with the file",
            ) from None
        return self._policy

    def _stamped(self) -> _Stamp:
        found = os.stat(self._path)
        return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino

    def _parsed(self) -> Policy:
        return self._read(self._path.read_text("utf-8"))

    def _what(self, error: OSError | UnicodeDecodeError | WrongPolicy) -> str:
        if isinstance(error, WrongPolicy):
            return f"{self._path}, line {error.line}: {error}"
        return f"{self._path}: {'is not UTF-8' if isinstance(error, UnicodeDecodeError) else error.strerror}"
