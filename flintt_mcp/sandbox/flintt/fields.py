"""The types of the fields that several resources share: what a request may carry, and how a response shows it.

A check here and the JSON Schema beside it say the same, because the OpenAPI document is made of the schema. Texts keep
what was sent: nothing is trimmed or rewritten. Control characters are refused where a text is one line; NUL everywhere.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, Field, WithJsonSchema

from flintt_mcp.sandbox.ground.texts import ONE_LINE, ONE_LINE_WANTED, Text

WEB_ADDRESS = r"^https?://[^\x00-\x20\x7f]+$"
DOMAIN = r"^[^\x00-\x20\x7f/:@?#.]+(\.[^\x00-\x20\x7f/:@?#.]+)+$"
EMAIL = r"^[^@\x00-\x20\x7f]+@[^@\x00-\x20\x7f]+\.[^@\x00-\x20\x7f]+$"
STAGE = r"^[a-z][a-z0-9_-]*$"
LONGEST_STAGE = 100
CRON_VALUES = {"minutes": 60, "hours": 24, "days of the month": 31, "months": 12, "days of the week": 7}
"""How many values each field of a cron expression has."""
USUAL_URL = (
    r"^https://([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.){1,3}[a-z]{2,63}(:[2-9][0-9]{3})?(/[A-Za-z0-9._~/-]*)?"
    r"(\?[A-Za-z0-9._~&=-]*)?$"
)
"""What a URL that the sandbox dials usually looks like, for the document; the network guard decides."""


def text(pattern: str, max_length: int, wanted: str) -> Text:
    """What `Annotated[str, ...]` makes a type for texts of a pattern; `wanted` completes "Must be ..." in the refusal."""
    return Text(pattern, f"Must be {wanted}", shortest=1, longest=max_length)


def line(max_length: int) -> Text:
    """The same for one line of text that is not blank."""
    return text(ONE_LINE, max_length, ONE_LINE_WANTED)


def prose(max_length: int) -> Text:
    """The same for text of any lines, or none."""
    return Text(r"^[^\x00]*$", "Must not contain the character NUL", longest=max_length)


def omittable() -> Any:
    """A field that may be left out but not be null; read it through `model_fields_set`."""
    return Field(default_factory=lambda: None)


def _cron(value: str) -> str | None:
    """A cron expression that will fire as it reads, or None for the empty text."""
    if not value:
        return None
    if not (value.isascii() and value.isprintable()):
        raise ValueError(
            "Must be one line of ASCII characters, its five fields parted by spaces, not tabs or line breaks"
        )
    if not _steps_fit(value):
        limits = ", ".join(f"{most} in {field}" for field, most in CRON_VALUES.items())
        raise ValueError(
            f"Must have steps that fit their field, at most {limits}: a longer one fires at its first value alone"
        )
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


def _steps_fit(cron: str) -> bool:
    """Whether no field steps further than it goes, as */90 does in minutes."""
    steps = zip(cron.split(), CRON_VALUES.values(), strict=False)
    return all(int(step) <= most for field, most in steps for step in re.findall(r"/(\d+)", field))


WebAddress = Annotated[str, text(WEB_ADDRESS, 2048, "a web address that begins with https:// or http://")]
Domain = Annotated[str, text(DOMAIN, 253, "a domain name such as acme.com, without https:// and without a path")]
Email = Annotated[str, text(EMAIL, 320, "an email address")]
Stage = Annotated[
    str, text(STAGE, LONGEST_STAGE, "a stage key: a lower-case letter, then lower-case letters, digits, - or _")
]
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

Number = Annotated[int | float, WithJsonSchema({"type": "number"})]
