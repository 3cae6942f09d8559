"""Puts a secret that an API shows once into a private file, so that it reaches the person and not the model.

In: a folder, and after the call the secrets. Out: the path to tell. The file is made (mode 600, in a folder of mode 700) before
the call that brings the secret is sent: when it cannot be made, nothing is sent and nothing is lost. It appears under its
name whole or not at all. A secret is in no message of this module.
"""

from __future__ import annotations

import json
import os
import re
import secrets as chance
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from flintt_mcp.errors import ConfigError

Keep = Callable[[str, Mapping[str, Any]], Path]
"""Write the secrets, by field, under a name made of the given text; answers where. Secrets kept before under it are replaced."""

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


@contextmanager
def secret_file(folder: Path) -> Iterator[Keep]:
    """Make sure that secrets can be kept in `folder`, and yield the function that does it.

    Raises:
        ConfigError: they cannot; the call must not be made.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = folder / f".{chance.token_hex(8)}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        raise ConfigError(
            f"the folder {folder} cannot be written, so a secret that is shown once would be lost",
            advice="the operator gives this server a --data-dir that it may write",
        ) from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:

        def keep(name: str, values: Mapping[str, Any]) -> Path:
            json.dump(dict(values), file, indent=2, ensure_ascii=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
            path = folder / f"{_UNSAFE.sub('-', name).strip('-')[:100] or 'secret'}.json"
            draft.replace(path)
            return path

        try:
            yield keep
        finally:
            with suppress(FileNotFoundError):
                draft.unlink()
