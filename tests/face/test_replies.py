"""How replies turn into results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from mcp_types import CallToolResult

from flintt_mcp.calls.reply import Ask, Done, Refused, Reply
from flintt_mcp.calls.wording import told
from flintt_mcp.errors import NotFound, RateLimited
from flintt_mcp.face.replies import tool_result
from tests.face.conftest import probe


@pytest.mark.parametrize(
    ("reply", "result"),
    [
        (Done(text="t"), {"content": [{"type": "text", "text": "t"}], "isError": False, "resultType": "complete"}),
        (
            Done(text="t", structured={"a": 1}),
            {
                "content": [{"type": "text", "text": "t"}],
                "structuredContent": {"a": 1},
                "isError": False,
                "resultType": "complete",
            },
        ),
        (
            Done(content=[{"type": "image", "data": "", "mimeType": "image/png"}]),
            {
                "content": [{"type": "image", "data": "", "mimeType": "image/png"}],
                "isError": False,
                "resultType": "complete",
            },
        ),
        (
            Refused(NotFound("nothing there", operation="probe")),
            {
                "content": [{"type": "text", "text": "probe failed: nothing there.\nChanged: no."}],
                "isError": True,
                "resultType": "complete",
            },
        ),
    ],
)
def test_a_reply_is_a_result_that_the_protocol_knows(reply: Reply, result: Mapping[str, Any]) -> None:
    assert tool_result(probe(), reply) == result
    assert CallToolResult.model_validate(result).is_error is result["isError"]


def test_a_question_is_no_result() -> None:
    with pytest.raises(TypeError):
        tool_result(probe(), Ask())


def test_an_error_says_what_happened_what_changed_and_what_to_do_next() -> None:
    error = RateLimited("Too many", operation="probe", changed="unknown", advice="wait?", request_id="req-1")
    assert told(error, "probe").split("\n") == [
        "probe failed: Too many.",
        "Changed: unknown.",
        "Next: wait?",
        "Request id for the API's support: req-1",
    ]
