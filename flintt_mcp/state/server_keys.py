"""The server's own keys: for digests of callers, cursors, state that a client carries, ids of sessions and links to secrets.

In: settings. Out: `Keys`, derived from one secret, each for one use. The secret is the setting, which replicas share, or a file
in the data folder, which worker processes share. The keys of callers are credentials, and never come here.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from dataclasses import dataclass, field, fields

from flintt_mcp.errors import ConfigError
from flintt_mcp.settings import Settings
from flintt_mcp.state import key_file

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Keys:
    """One key for each use; knowing one tells nothing about the others."""

    digest: bytes = field(repr=False)
    cursor: bytes = field(repr=False)
    state: bytes = field(repr=False)
    session: bytes = field(repr=False)
    link: bytes = field(repr=False)
    imports: bytes = field(repr=False)


def derive_keys(settings: Settings) -> Keys:
    """The server's keys from its secret: the setting, or a file that this machine made once.

    Raises:
        ConfigError: the data folder cannot be used, and several workers need it.
    """
    if settings.secret:
        root = settings.secret.encode()
    else:
        try:
            root = key_file.read_or_make(settings.data_path / "server.secret")
        except (OSError, ValueError):
            if settings.workers > 1:
                raise ConfigError(
                    f"the data folder {settings.data_path} cannot be used, and workers must share a key",
                    advice="choose another --data-dir, or set FLINTT_MCP_SECRET",
                ) from None
            logger.warning("the data folder cannot be written; cursors and sessions end with this process")
            root = secrets.token_bytes(32)
    return Keys(**{use.name: hmac.digest(root, use.name.encode(), hashlib.sha256) for use in fields(Keys)})
