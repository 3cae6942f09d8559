"""The types that several routes share: what a request may carry, and how an answer shows it.

A check here and the JSON Schema beside it say the same, because the OpenAPI document is made of the schema. The API's text
gives no limits for texts; those here are this sandbox's.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict

from flintt_mcp.sandbox.ground import texts
from flintt_mcp.sandbox.ground.texts import ONE_LINE, ONE_LINE_WANTED, Text

WorkflowType = Literal["GOOGLE_MAPS", "LINKEDIN", "INSTAGRAM", "TIKTOK", "FACEBOOK", "YELLOW_PAGES", "CUSTOM"]
JobStatus = Literal["QUEUED", "RUNNING", "COMPLETED", "FAILED", "TIMED_OUT"]
EmailStatus = Literal["VALID", "RISKY", "INVALID"]


def _whole(value: Any) -> Any:
    """78.0 is the same JSON number as 78."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, BeforeValidator(_whole)]


class Body(texts.Body):
    """A JSON object with known fields of the right JSON types."""

    model_config = ConfigDict(strict=True)


def line(max_length: int) -> Text:
    """What `Annotated[str, ...]` makes a type for one line of text that is not blank."""
    return Text(ONE_LINE, f"must be {ONE_LINE_WANTED}", shortest=1, longest=max_length)
