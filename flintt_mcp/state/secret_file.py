"""Puts a secret that an API shows once into a private file, so that it reaches the person and not the model.

In: a folder, and after the call the secrets. Out: the path to tell. The file is made, with room for the secrets, before the call
that brings them is sent: when that cannot be done nothing is sent and nothing is lost, and a disk that fills up meanwhile loses
nothing either. It appears under its name whole. A secret is in no message of this module.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from flintt_mcp.errors import ConfigError
from flintt_mcp.state.private_file import Draft, open_draft

Keep = Callable[[str, Mapping[str, Any]], Path]
"""Write the secrets, by field, under a name made of the given text; answers where. Secrets kept before under it are replaced.

Raises OSError when the disk fails: then they are in no file, and only whoever holds them can still hand them on.
"""
ROOM = 16 * 1024
"""Bytes that are reserved before the call: many times what APIs show once."""

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


@contextmanager
def secret_file(folder: Path) -> Iterator[Keep]:
    """Make sure that secrets can be kept in `folder`, and yield the function that does it.

    Raises:
        ConfigError: they cannot; the call must not be made.
    """
    with ExitStack() as stack:
        try:
            draft = stack.enter_context(open_draft(folder, ROOM))
        except OSError as error:
            raise ConfigError(
                f"the folder {folder} cannot be written ({error.strerror}), so a secret that is shown once would be lost",
                advice="the operator gives this server a --data-dir that it may write",
            ) from None
        yield partial(_keep, draft, folder)


def _keep(draft: Draft, folder: Path, name: str, secrets: Mapping[str, Any]) -> Path:
    draft.write(json.dumps(dict(secrets), indent=2, default=str) + "\n")
    path = folder / f"{_UNSAFE.sub('-', name).strip('-')[:100] or 'secret'}.json"
    try:
        draft.replace(path)
    except FileNotFoundError:
        raise  # the folder is gone, and the draft with it
    except OSError:
        return draft.keep()  # it lies there all the same, under a name of chance
    return path
