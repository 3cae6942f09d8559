"""The types of fields that several resources share: what a request may carry, and how an answer shows it.

A check here and the JSON Schema beside it say the same, because the OpenAPI document is made of the schema. Texts keep what
was sent: nothing is trimmed or rewritten. Texts are one line each, without control characters.
"""

from __future__ import annotations

from typing import Annotated

from flintt_mcp.sandbox.ground.texts import ONE_LINE, ONE_LINE_WANTED, Text


def line(longest: int) -> Text:
    """What `Annotated[str, ...]` makes a type for one line of text that is not blank."""
    return Text(ONE_LINE, f"must be {ONE_LINE_WANTED}", longest=longest)


AccountNumber = Annotated[str, Text(r"^[0-9]{10}$", "must be a text of exactly ten digits")]
InstitutionCode = Annotated[
    str, Text(r"^[0-9]{3,6}$", "must be a text of three to six digits, the bank code given by the CBN")
]
