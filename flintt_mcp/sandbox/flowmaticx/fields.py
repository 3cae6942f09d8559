"""The types that several routes share: what a request may carry, and how an answer shows it.

A check here and the JSON Schema beside it say the same, because the OpenAPI document is made of the schema. The API's text
gives no limits for texts; those here are this sandbox's.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

ONE_LINE = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"
LARGEST = 2**53 - 1
"""The largest whole number that every JSON reader keeps exact."""

WorkflowType = Literal["GOOGLE_MAPS", "LINKEDIN", "INSTAGRAM", "TIKTOK", "FACEBOOK", "YELLOW_PAGES", "CUSTOM"]
JobStatus = Literal["QUEUED", "RUNNING", "COMPLETED", "FAILED", "TIMED_OUT"]
EmailStatus = Literal["VALID", "RISKY", "INVALID"]
Timestamp = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]


def _whole(value: Any) -> Any:
    """78.0 is the same JSON number as 78."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, BeforeValidator(_whole)]


class Body(BaseModel):
    """A JSON object with known fields of the right JSON types: a misspelt field is refused by name instead of being lost."""

    model_config = ConfigDict(extra="forbid", strict=True)


def line(max_length: int) -> Any:
    """A type for one line of text that is not blank."""

    def check(value: str) -> str:
        # `$` would let a line break through at the end; fullmatch does not.
        if not re.fullmatch(ONE_LINE, value):
            raise ValueError("must be one line of text that is not blank, without control characters")
        return value

    length = Field(min_length=1, max_length=max_length, json_schema_extra={"pattern": ONE_LINE})
    return Annotated[str, length, AfterValidator(check)]
