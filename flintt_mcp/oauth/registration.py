"""Where an OAuth server is and who this client is. In: the environment. Out: one frozen `OAuthSettings`.

The URLs have no default: the API's text does not give them. A client secret never shows in a repr or a message.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from flintt_mcp.errors import ConfigError
from flintt_mcp.settings import is_loopback

GRANTS = ("authorization_code", "client_credentials")


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthSettings:
    """One OAuth server, for one API.

    `name` is the API's in commands and file names, `title` its name for people, `variable` the stem of its settings.
    `issuer` is what the server calls itself in its answers (RFC 9207); unset, it has to have the origin of `authorize_url`.
    """

    token_url: str
    client_id: str
    authorize_url: str = ""
    client_secret: str = field(default="", repr=False)
    scopes: str = ""
    issuer: str = ""
    grant: Literal["authorization_code", "client_credentials"] = "authorization_code"
    name: str = "flextell"
    title: str = "Flextell"
    variable: str = "FLEXTELL"

    @property
    def advice(self) -> str:
        """What helps when there is no good token."""
        if self.grant == "client_credentials":
            return f"check {self.variable}_CLIENT_ID and {self.variable}_CLIENT_SECRET"
        return f"run `flintt-mcp login {self.name}`"


HELP = {
    "AUTHORIZE_URL": "Authorization endpoint of the OAuth server, where a person signs in.",
    "TOKEN_URL": "Token endpoint of the OAuth server.",
    "CLIENT_ID": "Id of this client at the OAuth server.",
    "CLIENT_SECRET": "Secret of this client; leave it out for a public client.",
    "SCOPES": "Scopes to ask for, with spaces between them.",
    "ISSUER": "What the OAuth server calls itself in its answers, where that is not the origin of its authorize URL.",
    "GRANT": "authorization_code (a person signs in) or client_credentials (the client for itself).",
}
"""Setting -> what it is; each is an environment variable behind the API's stem and an underscore, none has a default but GRANT."""


def read_settings(
    environment: Mapping[str, str], *, name: str = "flextell", title: str = "Flextell", variable: str = "FLEXTELL"
) -> OAuthSettings | None:
    """The settings in the environment; None when none of them is set.

    Raises:
        ConfigError: something is missing or cannot work; the message names the variable, never its value.
    """
    given = {setting: environment.get(f"{variable}_{setting}", "").strip() for setting in HELP}
    if not any(given.values()):
        return None
    grant = given["GRANT"] or "authorization_code"
    if grant not in GRANTS:
        raise ConfigError(f"{variable}_GRANT: {' or '.join(GRANTS)}")
    needed = ["TOKEN_URL", "CLIENT_ID", "AUTHORIZE_URL" if grant == "authorization_code" else "CLIENT_SECRET"]
    missing = [f"{variable}_{setting}" for setting in needed if not given[setting]]
    if missing:
        raise ConfigError(f"{', '.join(missing)}: not set; {title} needs it for OAuth 2.0")
    for setting in ("AUTHORIZE_URL", "TOKEN_URL"):
        if given[setting]:
            _check_url(given[setting], f"{variable}_{setting}")
    values: dict[str, Any] = {setting.lower(): value for setting, value in given.items() if setting != "GRANT"}
    return OAuthSettings(**{**values, "grant": grant}, name=name, title=title, variable=variable)


def _check_url(text: str, source: str) -> None:
    try:
        url = urlsplit(text)
        host, _ = url.hostname, url.port
    except ValueError:
        raise ConfigError(f"{source}: not a URL") from None
    if url.scheme not in ("http", "https") or not host or url.username or url.password or url.fragment:
        raise ConfigError(f"{source}: a URL such as https://auth.example.com/token, without user, password or fragment")
    if url.scheme == "http" and not is_loopback(host):
        raise ConfigError(f"{source}: plain http only to this machine; a token would cross the network in the clear")
