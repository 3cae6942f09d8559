"""Talks to an MCP server over stdin and stdout, as a 2025-11-25 client does: handshake, then tools/list.

Plain pipes and lines, no SDK, so that the client costs nothing beside the server. Used for the start-up times, where the
clock runs from the spawn to the answer to tools/list, and to read the product's tools for the token counts.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from bench import wire
from bench.process import Running, read_line, running

ANSWER_SECONDS = 30.0
_MOST_PAGES = 20


def _send(child: Running, message: dict[str, Any]) -> None:
    child.write_line(json.dumps(message))


def ask(child: Running, message: dict[str, Any]) -> dict[str, Any]:
    """Sends a request and returns its result; notifications in between are passed over. Raises: StartFailed."""
    try:
        _send(child, message)
    except BrokenPipeError:
        child.process.wait(ANSWER_SECONDS)
        raise child.failed("stdin was closed") from None
    deadline = time.monotonic() + ANSWER_SECONDS
    while (left := deadline - time.monotonic()) > 0:
        answer = json.loads(read_line(child, left))
        if answer.get("id") == message["id"]:
            if "result" not in answer:
                raise child.failed(f"{message['method']} was answered with an error")
            return answer["result"]
    raise child.failed(f"no answer to {message['method']} within {ANSWER_SECONDS:.0f} s")


def _list(child: Running, number: int, cursor: str | None) -> dict[str, Any]:
    params = {"cursor": cursor} if cursor else {}
    return ask(child, {"jsonrpc": "2.0", "id": number, "method": "tools/list", "params": params})


def _first_page(child: Running) -> dict[str, Any]:
    ask(child, wire.INITIALIZE)
    _send(child, wire.INITIALIZED)
    return _list(child, 2, None)


def first_list_seconds(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """Seconds from spawn to the complete answer to tools/list. Raises: StartFailed."""
    started = time.perf_counter()
    with running(command, environment) as child:
        page = _first_page(child)
        seconds = time.perf_counter() - started
        if not page.get("tools"):
            raise child.failed("tools/list named no tool")
        return seconds


def run_seconds(command: Sequence[str]) -> float:
    """Seconds from spawn to the end of a command that ends by itself. Raises: StartFailed when it fails."""
    started = time.perf_counter()
    with running(command) as child:
        code = child.process.wait(ANSWER_SECONDS)
        seconds = time.perf_counter() - started
        if code:
            raise child.failed("the command failed")
        return seconds


def listed_tools(command: Sequence[str], environment: Mapping[str, str]) -> list[dict[str, Any]]:
    """All tools a server lists, over all pages. Raises: StartFailed."""
    with running(command, environment) as child:
        page = _first_page(child)
        tools = list(page["tools"])
        for number in range(3, 3 + _MOST_PAGES):
            if not page.get("nextCursor"):
                return tools
            page = _list(child, number, page["nextCursor"])
            tools += page["tools"]
        raise child.failed(f"tools/list did not end after {_MOST_PAGES} pages")
