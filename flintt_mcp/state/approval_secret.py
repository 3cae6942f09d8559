"""The secret that a person types to approve a call on the server's page.

In: settings. Out: the secret that the operator set, one that a sandbox made once in its data folder, or none: a hosted server makes
none up, since nobody would know it.
"""

from __future__ import annotations

import secrets

from flintt_mcp.errors import ConfigError
from flintt_mcp.settings import Settings
from flintt_mcp.state.private_file import make_private

FILE_NAME = "approval.secret"


def approval_secret(settings: Settings) -> str:
    """The secret, or "" where there is none.

    Raises:
        ConfigError: the sandbox's data folder cannot be used.
    """
    if settings.approval_secret or not settings.sandbox:
        return settings.approval_secret
    path = settings.data_path / FILE_NAME
    try:
        if not path.exists():
            make_private(path, secrets.token_urlsafe(12) + "\n")
        return path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise ConfigError(
            f"the data folder {settings.data_path} cannot be used for the approval secret",
            advice="choose another --data-dir, or set FLINTT_MCP_APPROVAL_SECRET",
        ) from None
