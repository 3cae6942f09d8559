"""What stands under `_meta` of a request: whether the SDK takes it, asked of it once for each that differs, and who asks.

In: a protocol revision and what stood under `_meta`. Out: yes or no, and the client's name. What answers requests without the SDK's
passes asks here first, so that a client's fault is refused on every way alike; clients send the same `_meta` with every call.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec
from mcp_types import CLIENT_INFO_META_KEY, RequestParams
from mcp_types.methods import validate_client_request
from pydantic import ValidationError

_LONGEST = 4096
"""Bytes of the longest `_meta` that is remembered; a longer one is left to the SDK."""
_TOKEN = "progressToken"
_encode = msgspec.json.Encoder(order="sorted").encode


def is_good_meta(version: str, meta: Any) -> bool:
    """Whether the SDK would take it; False also for what is not worth asking."""
    if not isinstance(meta, dict):
        return False
    if type(meta.get(_TOKEN)) in (str, int):
        # The one member that differs from call to call; both kinds are good.
        meta = {name: value for name, value in meta.items() if name != _TOKEN}
    try:
        text = _encode(meta)
    except UnicodeEncodeError:  # half a character, which only a client in this process can send
        return False
    return len(text) <= _LONGEST and _asked(version, text)


def client_of(params: Mapping[str, Any]) -> str:
    """The name that a client gives itself with a request of the newest revision; "" where it says none."""
    meta = params.get("_meta")
    info = meta.get(CLIENT_INFO_META_KEY) if isinstance(meta, Mapping) else None
    name = info.get("name") if isinstance(info, Mapping) else None
    return name if isinstance(name, str) else ""


@lru_cache(maxsize=256)
def _asked(version: str, text: bytes) -> bool:
    params = {"_meta": msgspec.json.decode(text)}
    try:
        validate_client_request("tools/list", version, params)
        RequestParams.model_validate(params, by_name=False)
    except ValidationError:
        return False
    return True
