"""Results that hold what an API shows once: it goes into a private file, past the model, and the result says where.

In: the row of the catalogue that names the secrets, and a way to send the request. Out: the result without them. The file is made
sure of before anything is sent, so that no secret is made that nobody would ever see.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from secrets import token_hex

from flintt_mcp.calls.reply import Done
from flintt_mcp.catalogue.operation import Api, Operation, Record
from flintt_mcp.rest.lookup import Fetch
from flintt_mcp.rest.reading.answers import decode
from flintt_mcp.rest.reading.budget import Budget
from flintt_mcp.rest.reading.faults import not_understood
from flintt_mcp.rest.reading.paging import Page
from flintt_mcp.rest.reading.results import record_result, take_secrets, with_secret_file
from flintt_mcp.state.secret_file import secret_file


async def keep_secrets(
    api: Api,
    operation: Operation,
    record: Record,
    page: Page,
    budget: Budget,
    folder: Path,
    fetch: Fetch,
    *,
    far: bool,
) -> Done:
    """The result of a call that brings secrets, which lie in `folder` afterwards; a `far` caller may be on another machine.

    Raises:
        ConfigError: the folder cannot be written; nothing was sent.
        UpstreamError: as `fetch` does, or the answer is not what the API documents.
    """
    with secret_file(folder) as keep:
        response = await fetch({})
        answer = decode(api, operation, response)
        secrets = take_secrets(record, answer)
        path = str(keep(_name(operation, answer), secrets)) if secrets else ""
    done = record_result(api.title, record, answer, page, budget, lambda at: "", "yes")
    if done is None:
        raise not_understood(api, operation, response, "JSON of another shape than documented")
    return with_secret_file(done, tuple(secrets), path, far=far) if secrets else done


def _name(operation: Operation, answer: object) -> str:
    """What the file is called: the tool and the id of the row; without one, a name nothing else has."""
    row = answer.get("id") if isinstance(answer, Mapping) else None
    return f"{operation.name} {row if isinstance(row, str) else token_hex(4)}"
