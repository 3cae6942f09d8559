"""Results that hold what an API shows once: it goes into a private file, past the model, and the result says where.

In: the row of the catalogue that names the secrets, and a call. Out: the result without them. The file is made sure of before
anything is sent, so that no secret is made that nobody would ever see.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from secrets import token_hex
from typing import Any

from flintt_mcp.catalogue.operation import Record
from flintt_mcp.rest.endpoint import ApiCall, Endpoint
from flintt_mcp.rest.readers import RecordReader
from flintt_mcp.rest.reading.results import Result, take_secrets, with_secret_file
from flintt_mcp.state.secret_file import secret_file


class SecretReader:
    """A record that brings secrets, which lie in `folder` afterwards."""

    def __init__(self, endpoint: Endpoint, record: Record, folder: Path) -> None:
        self._name = endpoint.operation.name
        self._record = record
        self._rest = RecordReader(endpoint, record)
        self._folder = folder

    async def read(self, call: ApiCall) -> Result:
        """The result of this call.

        Raises:
            ConfigError: the folder cannot be written; nothing was sent.
            UpstreamError: the API does not answer, refuses, or answers something else than it documents.
        """
        page = call.page(self._record.page)
        with secret_file(self._folder) as keep:
            answer = await call.answer()
            secrets = take_secrets(self._record, answer.json)
            path = str(keep(self._file_name(answer.json), secrets)) if secrets else ""
        result = self._rest.result(call, answer, page)
        return with_secret_file(result, tuple(secrets), path, remote=call.is_remote) if secrets else result

    def _file_name(self, answer: Any) -> str:
        """What the file is called: the tool and the id of the row; without one, a name nothing else has."""
        row = answer.get("id") if isinstance(answer, Mapping) else None
        return f"{self._name} {row if isinstance(row, str) else token_hex(4)}"
