"""Whose request a request is."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from flintt_mcp.calls.caller import CALLER, Caller
from flintt_mcp.face.shown import Face


def test_the_caller_of_a_request_is_whoever_sent_it_and_else_whoever_started_the_process() -> None:
    own, sender = Caller("own"), Caller("sender")
    face = Face(inventory=None, pipeline=None, resources=None, prompts=[], caller=own, state_key=b"")
    assert face.caller_of(SimpleNamespace(request=None)) is own
    request = SimpleNamespace(scope={CALLER: sender})
    assert face.caller_of(SimpleNamespace(request=request)) is sender
    with pytest.raises(KeyError):
        face.caller_of(SimpleNamespace(request=SimpleNamespace(scope={})))
