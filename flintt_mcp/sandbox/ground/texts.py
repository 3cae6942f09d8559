"""The types of fields that several APIs share: what a request may carry, and how an answer shows it.

A check here and the JSON Schema beside it say the same, because the OpenAPI document is made of the schema. Texts keep what
was sent: nothing is trimmed or rewritten.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetCoreSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema

ONE_LINE = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"
ONE_LINE_WANTED = "one line of text that is not blank, without control characters"
LARGEST = 2**53 - 1
"""The largest whole number that every JSON reader keeps exact."""

Id = Annotated[str, WithJsonSchema({"type": "string", "format": "uuid"})]
Timestamp = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]


class Body(BaseModel):
    """A JSON object with known fields only: a misspelt field is refused by name instead of being lost."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class Text:
    """Makes a type of a pattern: `Annotated[str, Text(...)]`. `refusal` is the sentence for a text that does not fit."""

    pattern: str
    refusal: str
    shortest: int | None = None
    longest: int | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        length = Field(min_length=self.shortest, max_length=self.longest, json_schema_extra={"pattern": self.pattern})
        return handler.generate_schema(Annotated[source, length, AfterValidator(self._check)])

    def _check(self, value: str) -> str:
        # `$` would let a line break through at the end; fullmatch does not.
        if not re.fullmatch(self.pattern, value):
            raise ValueError(self.refusal)
        return value


def search_key(name: str) -> str:
    """A name as it is compared in a search: letters that mean the same are the same, whatever their case or form."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
