"""The keys that a server needs where it is installed: from the environment, or from a person who is asked.

In: settings, the environment, the host's shape. Out: one `Key` for each API that is on, and notes on what is missing. A placeholder
or a key of another API is refused here, before it is written anywhere; no message holds it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flintt_mcp.calls.caller import Credentials
from flintt_mcp.catalogue import APIS
from flintt_mcp.catalogue.base_urls import base_urls, on_this_machine
from flintt_mcp.catalogue.flintt import FLINTT
from flintt_mcp.catalogue.operation import Api
from flintt_mcp.errors import ConfigError
from flintt_mcp.hosts.server import Key
from flintt_mcp.settings import Settings

Ask = Callable[[str], str]
"""Asks a person for what is not shown as it is typed."""

_GROUPS = {"default": (FLINTT.name,), "all": tuple(api.name for api in APIS)}


@dataclass(frozen=True, slots=True)
class Found:
    """Keys, and what somebody has to know of those that are missing."""

    keys: tuple[Key, ...]
    notes: tuple[str, ...] = ()


def find_keys(settings: Settings, environment: Mapping[str, str], ask: Ask | None, *, host_asks: bool) -> Found:
    """The keys of every API that is on. Only Flintt's is asked for; `ask` is None where nobody can be asked.

    Args:
        host_asks: the host itself asks for what it needs, later.

    Raises:
        ConfigError: a key is missing, or what stands for it is none.
    """
    on = {name for word in settings.toolsets for name in _GROUPS.get(word, (word,))}
    keys: list[Key] = []
    notes: list[str] = []
    for api in APIS:
        if api.name not in on or api.secret == "JWT":  # a session token is gone within a day
            continue
        value = environment.get(variable_of(api), "").strip()
        if host_asks:
            keys.append(Key(variable_of(api), header_of(api), ""))
        elif value:
            keys.append(Key(variable_of(api), header_of(api), checked(api, value, environment), exported=True))
        elif api is FLINTT:
            keys.append(Key(variable_of(api), header_of(api), checked(api, _asked(ask), environment)))
        else:
            notes.append(f"{variable_of(api)} is not set: tools of {api.title} need it, set it and install again")
    return Found(tuple(keys), tuple(notes))


def published_keys(settings: Settings) -> tuple[Key, ...]:
    """The keys that a sandbox elsewhere takes from everybody."""
    on = {name for word in settings.toolsets for name in _GROUPS.get(word, (word,))} | {FLINTT.name}
    return tuple(
        Key(variable_of(api), header_of(api), api.sandbox_key, public=True)
        for api in APIS
        if api.name in on and api.secret != "JWT"
    )


def variable_of(api: Api) -> str:
    """The variable that holds the key of this API."""
    return f"{api.variable}_{api.secret}"


def header_of(api: Api) -> str:
    """The header that carries the key of this API to a server."""
    return "X-API-Key" if api is FLINTT else api.own_header


def checked(api: Api, value: str, environment: Mapping[str, str]) -> str:
    """The key, if it can be one of this API, which is where the environment says.

    Raises:
        ConfigError: it cannot.
    """
    caller = Credentials(APIS, bytes(32)).from_environment({variable_of(api): value})
    if caller.unfilled:
        raise ConfigError(
            f"{variable_of(api)} holds a placeholder and no key", advice=f"{api.key_hint}; --sandbox needs none"
        )
    is_here = api.name in on_this_machine(base_urls(environment, sandbox=False))
    if value == api.sandbox_key and not is_here:
        raise ConfigError(
            f"{variable_of(api)} holds the sandbox's published key, which no hosted API takes", advice="add --sandbox"
        )
    if caller.secrets.get(api.name) != value or not value.startswith(api.prefixes or ""):
        raise ConfigError(f"{variable_of(api)} holds no key of {api.title}", advice=api.key_hint)
    return value


def _asked(ask: Ask | None) -> str:
    value = ask(f"Your Flintt API key ({FLINTT.key_hint}), not shown: ").strip() if ask else ""
    if not value:
        raise ConfigError(
            f"{variable_of(FLINTT)} is not set, and the tools need a key",
            advice="set it, or type it when asked at a terminal, or add --sandbox, which needs none",
        )
    return value
