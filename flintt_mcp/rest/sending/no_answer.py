"""From a call that got no answer to the error that says so. Pure.

In: the last fault of its attempts. Out: what happened, whether anything was changed and what to do next. Of the URL only the
host is told: the rest may hold a key or a customer's name.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flintt_mcp.errors import Busy, Changed, Unavailable, Unreachable, UpstreamError
from flintt_mcp.rest.sending.message import AnswerTooLarge, TransportFault, UpstreamRequest

_LOOK_FIRST = "It may have been done. List or get what it would have changed before trying again."


def no_answer(request: UpstreamRequest, fault: TransportFault, attempts: int, unsure: bool) -> UpstreamError:
    """The error for the last fault of a call that was tried `attempts` times.

    `unsure` tells that an attempt before the last one may have been carried out.
    """
    if isinstance(fault, AnswerTooLarge):
        return _too_large(request, fault)
    tries = f" ({attempts} attempts)" if attempts > 1 else ""
    changed, advice = _consequence(request, fault, unsure)
    return Unreachable(
        f"No answer from {_host(request.url)}: {fault.reason}{tries}.",
        operation=request.operation,
        changed=changed,
        advice=advice,
    )


def no_place(request: UpstreamRequest, total: int, held: int) -> Busy:
    """The error for a call that got none of `total` connections in time; its key's other calls hold `held` of them."""
    return Busy(
        f"This server's own limit is reached: of the {total} connections that it opens to {_host(request.url)} none is free "
        f"for a key whose calls hold {held}",
        advice="nothing was sent; call again when other calls have ended, or have the operator raise --connections",
    )


def _consequence(request: UpstreamRequest, fault: TransportFault, unsure: bool) -> tuple[Changed, str]:
    """Whether anything was changed, and what to do next."""
    if not fault.sent and not unsure:
        if fault.lasting:
            return (
                "no",
                "Nothing was sent, and trying again will not help: the API's URL or this server's set-up is wrong.",
            )
        return "no", "Nothing was sent. Try again in a minute; if it lasts, check the API's URL and the network."
    if request.reads:
        return "no", "It only reads: try again in a minute, or ask for less."
    if request.repeatable:
        return "unknown", "It may have been done. Make the same call again: it will not be done twice."
    return "unknown", _LOOK_FIRST


def _too_large(request: UpstreamRequest, fault: AnswerTooLarge) -> UpstreamError:
    return Unavailable(
        f"The API's answer is larger than this server's limit of {_size(fault.limit)}.",
        operation=request.operation,
        status=fault.status,
        changed="no" if request.reads else "unknown",
        advice="Narrow the request: a smaller limit, a filter or a shorter period." if request.reads else _LOOK_FIRST,
    )


def _host(url: str) -> str:
    """The host alone: the rest of a URL may hold a key or a customer's name."""
    try:
        return urlsplit(url).hostname or "the API"
    except ValueError:
        return "the API"


def _size(count: int) -> str:
    return f"{count / 1024 / 1024:.3g} MiB" if count >= 1024 * 1024 else f"{count} bytes"
