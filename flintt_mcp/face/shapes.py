"""Whether the SDK would take what a client says of itself, answered without the SDK.

In: parts of a request, decoded. Out: yes, or no. A yes holds: tests compare it with the SDK. A no means that the SDK has to
look itself, for what is rare (a number sent as text) as for what is wrong, so that every refusal is the SDK's. Members that
nobody knows are fine.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from flintt_mcp.face.revisions import MODERN

_Object = dict[str, Any]
_META = "io.modelcontextprotocol/"
_Level = Literal["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"]


class _Icon(msgspec.Struct, rename="camel"):
    src: str
    mime_type: str | None = None
    sizes: list[str] | None = None
    theme: Literal["light", "dark"] | None = None


class _Implementation(msgspec.Struct, rename="camel"):
    name: str
    version: str
    title: str | None = None
    description: str | None = None
    website_url: str | None = None
    icons: list[_Icon] | None = None


class _Roots(msgspec.Struct, rename="camel"):
    list_changed: bool | None = None


class _Sampling(msgspec.Struct):
    context: _Object | None = None
    tools: _Object | None = None


class _Elicitation(msgspec.Struct):
    form: _Object | None = None
    url: _Object | None = None


class _TasksOfSampling(msgspec.Struct, rename="camel"):
    create_message: _Object | None = None


class _TasksOfElicitation(msgspec.Struct):
    create: _Object | None = None


class _TaskRequests(msgspec.Struct):
    sampling: _TasksOfSampling | None = None
    elicitation: _TasksOfElicitation | None = None


class _Tasks(msgspec.Struct):
    list: _Object | None = None
    cancel: _Object | None = None
    requests: _TaskRequests | None = None


class _Capabilities(msgspec.Struct):
    experimental: dict[str, _Object] | None = None
    extensions: dict[str, _Object] | None = None
    sampling: _Sampling | None = None
    elicitation: _Elicitation | None = None
    roots: _Roots | None = None
    tasks: _Tasks | None = None


class _HandshakeMeta(msgspec.Struct, rename="camel", kw_only=True):
    progress_token: str | int | msgspec.UnsetType = msgspec.UNSET


class _ModernMeta(_HandshakeMeta, kw_only=True):
    capabilities: _Capabilities = msgspec.field(name=_META + "clientCapabilities")
    version: str = msgspec.field(name=_META + "protocolVersion")
    client: _Implementation | None = msgspec.field(name=_META + "clientInfo", default=None)
    level: _Level | None = msgspec.field(name=_META + "logLevel", default=None)


class _Initialize(msgspec.Struct, rename="camel"):
    protocol_version: str
    capabilities: _Capabilities
    client_info: _Implementation
    meta: _HandshakeMeta | msgspec.UnsetType = msgspec.field(name="_meta", default=msgspec.UNSET)


def is_good_meta(version: str, meta: Any) -> bool:
    """Whether this may stand under `_meta` in a request of that revision."""
    return _fits(meta, _ModernMeta if version in MODERN else _HandshakeMeta)


def is_good_initialize(params: Any) -> bool:
    """Whether these may be the params of `initialize`."""
    return _fits(params, _Initialize)


def _fits(value: Any, shape: Any) -> bool:
    try:
        msgspec.convert(value, shape)
    except msgspec.ValidationError:
        return False
    return True


def client_of(params: Mapping[str, Any]) -> str:
    """The name that a client gives itself with a request of the newest revision; "" where it says none."""
    meta = params.get("_meta")
    info = meta.get(_META + "clientInfo") if isinstance(meta, Mapping) else None
    name = info.get("name") if isinstance(info, Mapping) else None
    return name if isinstance(name, str) else ""
