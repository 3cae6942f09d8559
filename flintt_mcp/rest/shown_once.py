"""Results that hold what an API shows once: it goes into a private file, past the model, and the result says where.

In: the row of the catalogue that names the secrets, and a call. Out: the result without them. The file is made sure of before
anything is sent, so that no secret is made that nobody would ever see; where the disk fails all the same, the result shows it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from secrets import token_hex
from typing import Any

from msgspec.structs import replace

from flintt_mcp.catalogue.result import Record
from flintt_mcp.rest.endpoint import ApiCall, Endpoint
from flintt_mcp.rest.readers import RecordReader
from flintt_mcp.rest.reading.budget import Result
from flintt_mcp.rest.reading.results import secrets_in, with_secret_file, with_secrets_shown
from flintt_mcp.state.secret_file import secret_file

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class SecretReader:
    """A record that brings secrets, which lie in `folder` afterwards."""

    def __init__(self, endpoint: Endpoint, record: Record, folder: Path) -> None:
        self._name = endpoint.operation.name
        self._record = record
        self._hiding = RecordReader(endpoint, record)
        self._showing = RecordReader(endpoint, replace(record, secrets=()))
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
            secrets = secrets_in(answer.json, self._record)
            if not secrets:
                return self._hiding.result(call, answer, page)
            try:
                path = keep(self._file_name(answer.json), secrets)
            except OSError:
                return with_secrets_shown(self._showing.result(call, answer, page), secrets)
        return with_secret_file(self._hiding.result(call, answer, page), secrets, path, remote=call.is_remote)

    def _file_name(self, answer: Any) -> str:
        """What the file is called: the tool and the id of the row; where that is no name for a file, one that nothing else has."""
        row = answer.get("id") if isinstance(answer, Mapping) else None
        return f"{self._name} {row if isinstance(row, str) and _NAME.fullmatch(row) else token_hex(8)}"
