"""What an API answered, as values: decoded, cleaned of what does not show, and looked into. Pure.

In: the body of a successful response. Out: its JSON as the API sent it, unknown fields included. Numbers of an API that moves
money come out exact, and `plain` makes JSON types of them where the fields are known. Pages and results are made elsewhere.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from flintt_mcp import text
from flintt_mcp.catalogue.operation import Api, Operation
from flintt_mcp.catalogue.result import Field
from flintt_mcp.errors import UpstreamError
from flintt_mcp.rest.reading.faults import not_understood
from flintt_mcp.rest.sending.message import UpstreamResponse

_DECODER = msgspec.json.Decoder()
_EXACT_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_MOST_DIGITS = 40
_ESCAPED = re.compile(rb"\\[ubfr]")
"""How characters that do not show can be escaped in JSON; plain ASCII without these, and without DEL, needs no cleaning."""


class Answer(msgspec.Struct, frozen=True):
    """A successful answer: its JSON, and whose it is."""

    api: Api
    operation: Operation
    response: UpstreamResponse
    json: Any

    def unlike_its_description(self) -> UpstreamError:
        """The error for an answer that does not hold what the API documents."""
        return not_understood(self.api, self.operation, self.response, "JSON of another shape than documented")


def decode(api: Api, operation: Operation, response: UpstreamResponse) -> Any:
    """The JSON of a successful answer, cleaned of invisible characters; numbers stay exact where the API moves money.

    Raises:
        UpstreamError: the body is not JSON.
    """
    body = response.body
    if not body.strip():
        return {}
    try:
        answer = (_EXACT_DECODER if api.exact_numbers else _DECODER).decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = "a web page" if body.lstrip()[:1] == b"<" else "something that is not complete JSON"
        raise not_understood(api, operation, response, found) from None
    if body.isascii() and b"\x7f" not in body and _ESCAPED.search(body) is None:
        return answer
    return text.clean_deep(answer)


def at(answer: Any, dotted: str) -> Any:
    """The value at a dotted path, or None."""
    for part in dotted.split(".") if dotted else ():
        answer = answer.get(part) if isinstance(answer, Mapping) else None
    return answer


def plain(value: Any, documented: Sequence[Field]) -> Any:
    """JSON types only: money as exact decimal strings, every other exact number as a number. An amount that is null is left out."""
    if not isinstance(value, dict):
        return _number(value)
    money = {field.name for field in documented if field.money}
    return {
        name: _amount(item) if name in money else _number(item)
        for name, item in value.items()
        if item is not None or name not in money
    }


def _amount(value: Any) -> Any:
    """An amount as the decimal a person writes, without an exponent."""
    if isinstance(value, Decimal) and value.is_finite():
        return format(value, "f") if abs(value.adjusted()) < _MOST_DIGITS else str(value)
    return str(value) if type(value) is int else _number(value)


def _number(value: Any) -> Any:
    """A float in place of an exact number; one that no float holds exactly stays text."""
    if isinstance(value, Decimal):
        number = float(value)
        return number if math.isfinite(number) and Decimal(repr(number)) == value else str(value)
    if isinstance(value, dict):
        return {name: _number(item) for name, item in value.items()}
    return [_number(item) for item in value] if isinstance(value, list) else value
