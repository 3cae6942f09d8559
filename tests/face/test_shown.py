"""Whose request a request is."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from flintt_mcp.calls.caller import Caller
from flintt_mcp.face.face import Face

OWN, SENDER = Caller("own"), Caller("sender")
UNUSED: Any = None
BY_PIPE: Any = SimpleNamespace(request=None)
BY_HTTP: Any = SimpleNamespace(request="a request")
FACE = Face(
    inventory=UNUSED, pipeline=UNUSED, resources=UNUSED, prompts=[], following=UNUSED, caller=OWN, state_key=b""
)


def test_the_caller_of_a_request_is_whoever_sent_it_and_else_whoever_started_the_process() -> None:
    face = replace(FACE, sender_of={"a request": SENDER}.__getitem__)
    assert face.caller_of(BY_PIPE) is OWN
    assert face.caller_of(BY_HTTP) is SENDER


def test_a_request_whose_sender_nobody_knows_never_counts_as_whoever_started_the_process() -> None:
    with pytest.raises(LookupError):
        FACE.caller_of(BY_HTTP)
