"""The server, started as a host starts it: how long it takes to greet and to list its tools, and whether stdout is clean.

In: the words that start it, and an environment. Out: findings. It speaks two requests of the protocol itself, on lines, so that
nothing of the server's own code is needed to judge what came out of it.
"""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flintt_mcp.doctor.finding import Finding

PATIENCE = 10.0
"""Seconds for both answers; hosts wait for thirty."""
_SLOW = 5000
_GREETING = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "flintt-mcp doctor", "version": "1"},
}
_MESSAGES: tuple[dict[str, Any], ...] = (
    {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": _GREETING},
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
    {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
)


def look_at_server(words: Sequence[str], environment: Mapping[str, str], name: str = "stdio") -> Iterator[Finding]:
    """Start it, greet it, have it list its tools, and end it."""
    try:
        process = subprocess.Popen(
            words, env=dict(environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    except OSError as error:
        said = f"{words[0]} cannot be started: {(error.strerror or '').lower()}"
        yield Finding(
            "server", name, "error", said, "install again: `flintt-mcp install HOST` enters the command of this copy"
        )
        return
    limit = threading.Timer(PATIENCE, process.kill)
    limit.start()
    try:
        yield from _talk(process, name)
    finally:
        limit.cancel()
        process.kill()
        process.communicate()


def _talk(process: subprocess.Popen[bytes], name: str) -> Iterator[Finding]:
    began = time.monotonic()
    stray = 0
    for message in _MESSAGES:
        _send(process, message)
        if "id" not in message:
            continue
        answer, more = _answer(process, message["id"])
        stray += more
        took = round((time.monotonic() - began) * 1000)
        if answer is None or "result" not in answer:
            yield _silent(process, name, message["method"])
            return
        said = _greeted(answer) if message["id"] == 1 else f"{len(answer['result']['tools'])} tools listed"
        remedy = "look at what else this machine does, and at its disk" if took > _SLOW else ""
        yield Finding("server", f"{name}: {message['method']}", "warning" if remedy else "ok", said, remedy, took)
    if stray:
        remedy = (
            "something writes to stdout, which belongs to the protocol: look for a wrapper or a start file that prints"
        )
        yield Finding("server", f"{name}: stdout", "error", f"{stray} lines on stdout are no messages", remedy)
    else:
        yield Finding("server", f"{name}: stdout", "ok", "holds messages alone")


def _send(process: subprocess.Popen[bytes], message: Mapping[str, Any]) -> None:
    try:
        if process.stdin is not None:
            process.stdin.write(json.dumps(message).encode() + b"\n")
            process.stdin.flush()
    except BrokenPipeError:
        return  # it ended, and has said why on stderr


def _answer(process: subprocess.Popen[bytes], wanted: int) -> tuple[dict[str, Any] | None, int]:
    """The answer to that request, and how many lines before it were no messages."""
    stray = 0
    for line in process.stdout or ():
        try:
            message = json.loads(line)
        except ValueError:
            message = None
        if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
            stray += 1
        elif message.get("id") == wanted:
            return message, stray
    return None, stray


def _greeted(answer: Mapping[str, Any]) -> str:
    about = answer["result"].get("serverInfo", {})
    return f"{about.get('name')} {about.get('version')}, protocol {answer['result'].get('protocolVersion')}"


def _silent(process: subprocess.Popen[bytes], name: str, method: str) -> Finding:
    """No answer, with the last thing that it said on stderr, as long as that is one of our own lines."""
    process.kill()
    _, heard = process.communicate()
    lines = [line for line in heard.decode("utf-8", "replace").splitlines() if line.startswith("flintt-mcp: ")]
    said = lines[-1].removeprefix("flintt-mcp: ") if lines else f"no answer within {PATIENCE:.0f} s, or it ended before"
    return Finding(
        "server", f"{name}: {method}", "error", said, "start it by hand and read what it says: `flintt-mcp stdio`"
    )
