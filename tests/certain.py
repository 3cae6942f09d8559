"""What a test is sure of, said so that a reader, a failure and the type checker know it: something is there, or is of one kind.

In: a value that may be several things by its type. Out: the same value. What is not so fails the test where it was said.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from msgspec.structs import replace

from flintt_mcp.calls.reply import Done, Reply

T = TypeVar("T")


def there(value: T | None) -> T:
    """A value that is not None."""
    assert value is not None
    return value


def of_kind(kind: type[T], value: object) -> T:
    """A value of this class."""
    assert isinstance(value, kind), value
    return value


def structured(reply: object) -> Mapping[str, Any]:
    """The data of a call that was done."""
    return there(of_kind(Done, reply).structured)


def without_intent(reply: Reply) -> Reply:
    """A reply as it would be under any intent: the id of one is new each time."""
    return replace(reply, intent="") if isinstance(reply, Done) else reply
