"""The types of the fields that several resources share: what a request may carry, and how a response shows it.

A check here and the JSON Schema beside it say the same, because the OpenAPI document is made of the schema. Texts keep
what was sent: nothing is trimmed or rewritten. Control characters are refused where a text is one line; NUL everywhere.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

ONE_LINE = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"
WEB_ADDRESS = r"^https?://[^\x00-\x20\x7f]+$"
DOMAIN = r"^[^\x00-\x20\x7f/:@?#.]+(\.[^\x00-\x20\x7f/:@?#.]+)+$"
EMAIL = r"^[^@\x00-\x20\x7f]+@[^@\x00-\x20\x7f]+\.[^@\x00-\x20\x7f]+$"
STAGE = r"^[a-z][a-z0-9_-]*$"
USUAL_URL = (
    r"^https://([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.){1,3}[a-z]{2,63}(:[2-9][0-9]{3})?(/[A-Za-z0-9._~/-]*)?"
    r"(\?[A-Za-z0-9._~&=-]*)?$"
)
"""What a URL that the sandbox dials usually looks like, for the document; the network guard decides."""


class Body(BaseModel):
    """A JSON object with known fields only: a misspelt field is refused by name instead of being lost."""

    model_config = ConfigDict(extra="forbid")


def text(pattern: str, max_length: int, wanted: str) -> Any:
    """A type for texts of a pattern; `wanted` completes "Must be ..." in the refusal."""

    def check(value: str) -> str:
        # `$` would let a line break through at the end; fullmatch does not.
        if not re.fullmatch(pattern, value):
            raise ValueError(f"Must be {wanted}")
        return value

    length = Field(min_length=1, max_length=max_length, json_schema_extra={"pattern": pattern})
    return Annotated[str, length, AfterValidator(check)]


def line(max_length: int) -> Any:
    """A type for one line of text that is not blank."""
    return text(ONE_LINE, max_length, "one line of text that is not blank, without control characters")


def omittable() -> Any:
    """A field that may be left out but not be null; read it through `model_fields_set`."""
    return Field(default_factory=lambda: None)


def _without_nul(value: str) -> str:
    if "\x00" in value:
        raise ValueError("Must not contain the character NUL")
    return value


def _cron(value: str) -> str | None:
    """A cron expression that will fire, or None for the empty text."""
    if not value:
        return None
    try:
        if len(value.split()) != 5:
            raise CronSimError
        next(CronSim(value, datetime(2026, 1, 1, tzinfo=UTC)))
    except (CronSimError, StopIteration):
        raise ValueError(
            "Must be a cron expression with five fields (minute, hour, day of month, month, day of week) that fires"
            ' at some time, such as "0 8 * * 1-5"; null or "" for none'
        ) from None
    return value


Prose = Annotated[
    str, Field(max_length=4000, json_schema_extra={"pattern": r"^[^\x00]*$"}), AfterValidator(_without_nul)
]
WebAddress = text(WEB_ADDRESS, 2048, "a web address that begins with https:// or http://")
Domain = text(DOMAIN, 253, "a domain name such as acme.com, without https:// and without a path")
Email = text(EMAIL, 254, "an email address")
Stage = text(STAGE, 64, "a stage key: a lower-case letter, then lower-case letters, digits, - or _")
Amount = Annotated[float, Field(strict=True, ge=0, le=1e15, allow_inf_nan=False)]
Cron = Annotated[
    str,
    Field(max_length=100),
    AfterValidator(_cron),
    WithJsonSchema(
        {
            "anyOf": [{"type": "string", "format": "cron", "maxLength": 100}, {"type": "string", "maxLength": 0}],
            "examples": ["0 8 * * 1-5"],
        }
    ),
]

Id = Annotated[str, WithJsonSchema({"type": "string", "format": "uuid"})]
Timestamp = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
Number = Annotated[int | float, WithJsonSchema({"type": "number"})]
