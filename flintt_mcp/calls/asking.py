"""How a person is asked whether a call may be done, and what an answer to that says. Pure.

In: a call, and the text that was made of stored facts. Out: the question in the two forms of MCP, and of an answer whether it says
yes, no, or nothing. What cannot be read says nothing: only a whole and plain yes is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from flintt_mcp.calls.call import INTENT, Call
from flintt_mcp.calls.intent import Intent
from flintt_mcp.calls.reply import Ask
from flintt_mcp.text import excerpt

NAME = "approval"
"""The name under which an answer comes back."""
FORM, URL = "elicitation", "elicitation/url"
"""What a client can be asked with."""
_MOST = 1000
_SCHEMA = {
    "type": "object",
    "properties": {
        "approve": {
            "type": "boolean",
            "title": "Approve",
            "description": "Do exactly this, once.",
            "default": False,
        }
    },
    "required": ["approve"],
}


def in_a_form(intent: Intent) -> Ask:
    """The question as a form with one box, which is empty."""
    params = {"mode": "form", "message": intent.shown, "requestedSchema": _SCHEMA}
    return Ask({NAME: {"method": "elicitation/create", "params": params}}, intent.id, optional=True)


def at_a_page(intent: Intent, url: str) -> Ask:
    """The question as a page to open. That it was opened says nothing about what was decided there."""
    message = "A person has to approve this call. The page shows what it does."
    params = {"mode": "url", "message": message, "url": url, "elicitationId": intent.id}
    return Ask({NAME: {"method": "elicitation/create", "params": params}}, intent.id, optional=True)


def answered(answer: Any) -> Literal["yes", "no", "nothing"]:
    """What an answer to the form says."""
    if not isinstance(answer, Mapping):
        return "nothing"
    if answer.get("action") == "decline":
        return "no"
    content = answer.get("content")
    approve = content.get("approve") if isinstance(content, Mapping) else None
    if answer.get("action") != "accept" or not isinstance(approve, bool):
        return "nothing"
    return "yes" if approve else "no"


def sent_with(call: Call) -> str:
    """What the caller wants sent, a line for each argument: cleaned, and cut where it is long."""
    given = {name: value for name, value in call.arguments.items() if name != INTENT}
    return "\n".join(f"  {name} = {_shown(value)}" for name, value in given.items()) or "  nothing"


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    left_out = len(text) - _MOST
    return excerpt(text, _MOST) + (f" (and {left_out:,} more characters)" if left_out > 0 else "")
