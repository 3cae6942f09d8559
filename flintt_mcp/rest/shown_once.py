"""Results that hold what an API shows once: it goes to a keeper, past the model, and the result says where.

In: the row of the catalogue that names the secrets, and a call. Out: the result without them. Room for them is made sure of before
anything is sent; where keeping them fails all the same, the result shows them.
"""

from __future__ import annotations

from msgspec.structs import replace

from flintt_mcp.catalogue.result import Record
from flintt_mcp.rest.endpoint import ApiCall, Endpoint
from flintt_mcp.rest.keepers import Keepers
from flintt_mcp.rest.readers import RecordReader
from flintt_mcp.rest.reading.budget import Result
from flintt_mcp.rest.reading.results import secrets_in, with_secrets_kept, with_secrets_shown


class SecretReader:
    """A record that brings secrets, which lie with a keeper afterwards."""

    def __init__(self, endpoint: Endpoint, record: Record, keepers: Keepers) -> None:
        self._record = record
        self._hiding = RecordReader(endpoint, record)
        self._showing = RecordReader(endpoint, replace(record, secrets=()))
        self._keepers = keepers

    async def read(self, call: ApiCall) -> Result:
        """The result of this call.

        Raises:
            ConfigError, StoreFailed: secrets could not be kept; nothing was sent.
            UpstreamError: the API does not answer, refuses, or answers something else than it documents.
        """
        page = call.page(self._record.page)
        async with self._keepers.room(call) as keep:
            answer = await call.answer()
            secrets = secrets_in(answer.json, self._record)
            if not secrets:
                return self._hiding.result(call, answer, page)
            try:
                kept = await keep(answer.json, secrets)
            except OSError:
                return with_secrets_shown(self._showing.result(call, answer, page), secrets)
        return with_secrets_kept(self._hiding.result(call, answer, page), secrets, kept.where, {kept.field: kept.value})
