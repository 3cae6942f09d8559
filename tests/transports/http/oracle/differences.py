"""Where this server answers otherwise than the SDK's session manager, each with its reason. Anything else is a fault.

A difference is a rule over a request and the two answers to it, ours first. None of them lets through what the SDK refuses, but for
the last one, which opens what the SDK does not have.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from .sides import NEW, Answer, Case


class Difference(NamedTuple):
    """One rule. `why` is the argument for it."""

    name: str
    why: str
    fits: Callable[[Case, Answer, Answer], bool]


def _only_the_form(case: Case, ours: Answer, theirs: Answer) -> bool:
    return theirs.streams and ours.kind == "application/json" and (ours.status, ours.messages) == (200, theirs.messages)


def _nothing_to_read(case: Case, ours: Answer, theirs: Answer) -> bool:
    return ours.status == theirs.status in (200, 202) and ours.messages == theirs.messages == () and ours.kind == ""


def _in_our_words(case: Case, ours: Answer, theirs: Answer) -> bool:
    if ours.status != theirs.status or ours.status < 400 or ours.error is None:
        return False
    return theirs.error is None or ours.error["code"] == theirs.error["code"] or _is_echo(theirs)


def _is_echo(theirs: Answer) -> bool:
    words = "" if theirs.error is None else theirs.error["message"]
    return words.startswith(("Validation error", "Parse error"))


def _in_our_order(case: Case, ours: Answer, theirs: Answer) -> bool:
    return ours.status in (400, 405, 406, 413, 415) and theirs.status >= 400 and ours.error is not None


def _spoilt_id(case: Case, ours: Answer, theirs: Answer) -> bool:
    message = case.message
    return (ours.status, int(theirs.status)) == (400, 202) and isinstance(message, dict) and "id" in message


def _null_id(case: Case, ours: Answer, theirs: Answer) -> bool:
    message = case.message
    null = isinstance(message, dict) and message.get("id", 0) is None
    return null and (ours.status, theirs.status) == (202, 400) and case.found.get("mcp-protocol-version") == NEW


def _too_much(case: Case, ours: Answer, theirs: Answer) -> bool:
    return ours.status == 400 and ours.error is not None and "deeper" in ours.error["message"]


def _outside_the_protocol(case: Case, ours: Answer, theirs: Answer) -> bool:
    names = case.found.keys() & {"mcp-session-id", "mcp-protocol-version"}
    return case.method == "GET" and not names and ours.status in (200, 303) and theirs.status >= 400


DIFFERENCES = (
    Difference(
        "one message is JSON",
        "Every revision lets a server answer a POST with one JSON body; a stream of one event costs three times as much.",
        _only_the_form,
    ),
    Difference(
        "an empty body has no type",
        "The SDK calls nothing at all JSON, which no reader of JSON takes.",
        _nothing_to_read,
    ),
    Difference(
        "refusals say it in our words",
        "The SDK's repeat what was sent, or say nothing; ours never repeat and say what to do. Status and code are the same.",
        _in_our_words,
    ),
    Difference(
        "what is wrong with a request is judged in another order",
        "Headers, then the body, then the session: nothing is looked up for a message that could not be answered.",
        _in_our_order,
    ),
    Difference(
        "an id that is none is no missing id",
        "The SDK takes such a request for a notification and says 202; its client would wait for ever.",
        _spoilt_id,
    ),
    Difference(
        "a null id of a notification is a missing one",
        "Some serialisers write it, and sessions of the SDK take it; at the newest revision it refuses the same message.",
        _null_id,
    ),
    Difference(
        "a GET without any header of the protocol opens the stream of 2024-11-05, or a page for people",
        "Clients configured with that transport, and browsers, come to the same URL.",
        _outside_the_protocol,
    ),
)


def difference(case: Case, ours: Answer, theirs: Answer) -> Difference | None:
    """The rule that two unlike answers come under; None for a fault."""
    return next((rule for rule in DIFFERENCES if rule.fits(case, ours, theirs)), None)
