"""The types of fields that several resources share: what a request may carry, and how an answer shows it.

A check here and the JSON Schema beside it say the same, because the OpenAPI document is made of the schema. Texts keep what
was sent: nothing is trimmed or rewritten. Texts are one line each, without control characters.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

ONE_LINE = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"


class Body(BaseModel):
    """A JSON object with known fields only: a misspelt field is refused by name instead of being lost."""

    model_config = ConfigDict(extra="forbid")


def text(pattern: str, wanted: str, *, longest: int | None = None) -> Any:
    """A type for texts of a pattern; `wanted` completes "must be ..." in the refusal."""

    def check(value: str) -> str:
        # `$` would let a line break through at the end; fullmatch does not.
        if not re.fullmatch(pattern, value):
            raise ValueError(f"must be {wanted}")
        return value

    length = Field(max_length=longest, json_schema_extra={"pattern": pattern})
    return Annotated[str, length, AfterValidator(check)]


def line(longest: int) -> Any:
    """A type for one line of text that is not blank."""
    return text(ONE_LINE, "one line of text that is not blank, without control characters", longest=longest)


def search_key(name: str) -> str:
    """A name as it is compared in a search: letters that mean the same are the same, whatever their case or form."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


AccountNumber = text(r"^[0-9]{10}$", "a text of exactly ten digits")
InstitutionCode = text(r"^[0-9]{3,6}$", "a text of three to six digits, the bank code given by the CBN")
Id = Annotated[str, WithJsonSchema({"type": "string", "format": "uuid"})]
Timestamp = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
