"""One line of the log a request: which, whose, what it came to, and how long it took.

In: how a call ended (from the stage `watch.py`), or how an HTTP request that called no tool was answered. Out: a record whose
message is a `Line`. Words of our own, numbers and ids alone: no argument, no key, and nothing that a client made up but an id that
is sane.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from flintt_mcp.calls.call import Call
from flintt_mcp.calls.caller import Caller
from flintt_mcp.calls.ended import Ended
from flintt_mcp.calls.trace import Trace

logger = logging.getLogger("flintt_mcp.requests")

_DIGEST_SHOWN = 12


class Line(dict[str, Any]):
    """The fields of one line, in order; as text `name=value name=value`."""

    def __str__(self) -> str:
        return " ".join(f"{name}={value}" for name, value in self.items())


def are_wanted() -> bool:
    """Whether anybody reads lines."""
    return logger.isEnabledFor(logging.INFO)


def tell_call(call: Call, ended: Ended) -> None:
    """Watch one call end."""
    trace = call.caller.trace or Trace()
    trace.told = True
    line = _line(trace, call.caller, tool=call.tool.name, outcome=ended.outcome, ms=_ms(ended.seconds))
    if ended.api_status is not None:
        line["api_status"] = ended.api_status
    logger.info(line)


def tell_request(caller: Caller, trace: Trace, method: str, path: str, status: int) -> None:
    """Tell of an HTTP request that ended with `status` (0: without an answer), unless a call it made was told."""
    if not trace.told and are_wanted():
        outcome = "done" if 0 < status < 400 else "refused" if 0 < status < 500 else "failed"
        ms = _ms(time.perf_counter() - trace.started)
        logger.info(_line(trace, caller, method=method, path=path, status=status, outcome=outcome, ms=ms))


def _line(trace: Trace, caller: Caller, **fields: Any) -> Line:
    who = caller.principal[:_DIGEST_SHOWN] if caller.secrets else "none"
    line = Line(request=trace.id, caller=who, **fields)
    if trace.parent:
        line["trace"] = trace.parent
    return line


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
