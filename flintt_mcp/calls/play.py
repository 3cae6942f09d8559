"""Whether a call can move anything real: in our own sandbox, with a sandbox's public key and with an API's test key it cannot.

A URL on this machine alone proves nothing: it may be a way out to the hosted API.
"""

from __future__ import annotations

from collections.abc import Mapping

from flintt_mcp.calls.call import Call
from flintt_mcp.catalogue.operation import Api


class Play:
    """Tells play from earnest, by the key of a call."""

    def __init__(self, apis: Mapping[str, Api], *, in_sandbox: bool) -> None:
        self._apis = apis
        self._in_sandbox = in_sandbox

    def covers(self, call: Call) -> bool:
        """Whether nothing real can be spent by it."""
        api = self._apis.get(call.tool.api or "")
        if self._in_sandbox or api is None:
            return self._in_sandbox
        key = call.caller.secrets.get(api.name, "")
        is_test_key = bool(api.live_prefix) and key.startswith(api.prefixes) and not key.startswith(api.live_prefix)
        return key == api.sandbox_key or is_test_key

    def is_live(self, call: Call) -> bool:
        """Whether the key is one of those that an API marks as moving real money."""
        api = self._apis.get(call.tool.api or "")
        prefix = "" if api is None else api.live_prefix
        return bool(prefix) and api is not None and call.caller.secrets.get(api.name, "").startswith(prefix)
