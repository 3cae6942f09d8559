"""Where tokens are kept: in the operating system's keyring where there is a real one, else in a file of mode 600.

In: a data folder and a name. Out: a `TokenStore`. All of it blocks, so callers run it in a thread. No error holds a token.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from flintt_mcp.oauth.tokens import Tokens, from_json
from flintt_mcp.state.private_file import write_private

logger = logging.getLogger(__name__)

SERVICE = "flintt-mcp"
"""Under which name the keyring shows the entries."""


class TokenStore(Protocol):
    """Keeps the tokens of one API."""

    def load(self) -> Tokens | None:
        """What was saved last, if anything."""
        ...

    def save(self, tokens: Tokens) -> str:
        """Keep these instead; returns where, in words for a person.

        Raises:
            OSError: they cannot be kept.
        """
        ...

    def delete(self) -> None:
        """Forget them."""
        ...


@dataclass(frozen=True, slots=True)
class FileStore:
    """A file that only this user reads; a crash leaves the old content or the new one, never half of one."""

    path: Path

    def load(self) -> Tokens | None:
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        tokens = from_json(text)
        if tokens is None:
            logger.warning("%s holds no tokens and is ignored", self.path.name)
        return tokens

    def save(self, tokens: Tokens) -> str:
        write_private(self.path, tokens.to_json())
        return f"the file {self.path}"

    def delete(self) -> None:
        self.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class KeyringStore:
    """An entry of the keyring, and the file for what the keyring will not take."""

    backend: Any
    entry: str
    file: FileStore

    def load(self) -> Tokens | None:
        text = None
        try:
            text = self.backend.get_password(SERVICE, self.entry)
        except Exception as error:
            # Backends raise what they like; their texts are not shown, because some quote what they were given.
            logger.warning("the keyring could not be read: %s", type(error).__name__)
        return from_json(text) if text else self.file.load()

    def save(self, tokens: Tokens) -> str:
        try:
            self.backend.set_password(SERVICE, self.entry, tokens.to_json())
        except Exception as error:
            logger.warning("the keyring did not take the tokens: %s", type(error).__name__)
            self._drop()
            return self.file.save(tokens)
        self.file.delete()
        return "the keyring of this system"

    def delete(self) -> None:
        self._drop()
        self.file.delete()

    def _drop(self) -> None:
        with suppress(Exception):
            self.backend.delete_password(SERVICE, self.entry)


def open_store(data_dir: Path, name: str, *, keyring: bool = True) -> TokenStore:
    """The store for the tokens of `name`; `keyring=False` uses the file in any case."""
    file = FileStore(data_dir / f"{name}.tokens.json")
    backend = _real_keyring() if keyring else None
    return file if backend is None else KeyringStore(backend, name, file)


def lock_path(data_dir: Path, name: str) -> Path:
    """The file by which all who share that store take turns."""
    return data_dir / f"{name}.lock"


def _real_keyring() -> Any | None:
    """The keyring's backend, when the package is there and has one that the system protects. Loading it takes 0.15 s."""
    try:
        import keyring

        backend = keyring.get_keyring()
        return backend if backend.priority >= 1 else None
    except Exception as error:
        if not isinstance(error, ImportError):
            logger.warning("the keyring cannot be used: %s", type(error).__name__)
        return None
