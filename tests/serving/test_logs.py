"""What goes to stderr: text or one JSON object a line, with keys, tokens and ids of sessions taken out and all else left in."""

from __future__ import annotations

import io
import json
import logging
import re
from typing import Any

import pytest

from flintt_mcp.calls.lines import Line
from flintt_mcp.serving.logs import configure_logging, redact
from flintt_mcp.settings import Settings


def written(**settings: Any) -> list[str]:
    """The lines that a log of these settings gets of one request, one failure and one line too fine for it."""
    stream = io.StringIO()
    configure_logging(Settings(log_level="info", **settings), stream)
    log = logging.getLogger("a.package")
    log.info(Line(request="0f" * 8, tool="list_companies", ms=1.5, trace=f"00-{'4b' * 16}-{'00f0' * 4}-01"))
    try:
        raise ValueError("api_key=SECRET")
    except ValueError:
        log.exception("a call with %s failed", "flt_SECRET")
    log.debug("nobody wants this")
    return stream.getvalue().splitlines()


def test_text_has_a_line_for_people_and_no_secret() -> None:
    request, failure, *traceback = written()
    assert re.fullmatch(
        rf"\S+ \S+ INFO a\.package: request={'0f' * 8} tool=list_companies ms=1\.5 trace=00-{'4b' * 16}-{'00f0' * 4}-01",
        request,
    )
    assert re.fullmatch(r"\S+ \S+ ERROR a\.package: a call with \[redacted\] failed", failure)
    assert (traceback[0], traceback[-1]) == ("Traceback (most recent call last):", "ValueError: [redacted]")


def test_json_has_one_object_a_line_with_the_fields_of_a_request_and_no_secret() -> None:
    request, failure = map(json.loads, written(log_format="json"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", request.pop("time"))
    assert request == {
        "level": "info",
        "logger": "a.package",
        "request": "0f" * 8,
        "tool": "list_companies",
        "ms": 1.5,
        "trace": f"00-{'4b' * 16}-{'00f0' * 4}-01",
    }
    assert failure.keys() == {"time", "level", "logger", "message", "traceback"}
    assert failure["message"] == "a call with [redacted] failed"
    assert failure["traceback"].endswith("ValueError: [redacted]")


def test_text_that_no_encoding_takes_is_written_all_the_same() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), "ascii", errors="backslashreplace")
    for log_format in ("text", "json"):
        configure_logging(Settings(log_format=log_format), stream)
        logging.getLogger("x").error("a name: %s", "Béla \ud83d")
    stream.flush()
    text, told = stream.buffer.getvalue().decode().splitlines()
    assert text.endswith("a name: B\\xe9la \\ud83d")
    assert json.loads(told)["message"] == "a name: Béla \ud83d"


@pytest.mark.parametrize(
    "text",
    [
        "flextell_list, flextell_create_many and flowpilot_list_runs are tools",
        "the answer had status_code=404 and error_code=17",
        "no token for flextell; the secret is in a file",
        "monkey=1, tokens=3, secretary: Ann",
        "sending 32 requests to api-key holders",
    ],
)
def test_ordinary_words_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "flt_SECRET",
        "key fp_live_SECRET, and more",
        "https://host/mcp?api_key=SECRET&x=1",
        "https://host/mcp?flintt_api_key=SECRET",
        "https://host/mcp?api_key%3dSECRET",
        "FLOWMATICX_API_KEY=SECRET",
        "access_token=SECRET refresh_token=SECRET client_secret=SECRET",
        "GET /callback?code=SECRET&state=x",
        "x-api-key: SECRET",
        "X-Flextell-Token: SECRET",
        "{'x-api-key': 'SECRET', 'accept': '*/*'}",
        '{"api_key": "SECRET", "name": "x"}',
        "(b'x-api-key', b'SECRET')",
        "Authorization: Bearer SECRET",
        "Authorization: Basic SECRET",
        "{'authorization': 'Bearer SECRET'}",
        "bearer SECRET.with-dots_and~more/",
        "mcp-session-id: SECRET",
        '{"refresh_token":"SECRET"}',
        "flextell_access_SECRETSECRETSECRETSECRETSECRET",
        "eyJSECRET.SECRET.SECRET",
    ],
)
def test_a_key_is_taken_out_wherever_it_stands(text: str) -> None:
    assert "SECRET" not in redact(text)
    assert "[redacted]" in redact(text)


def test_ids_of_sessions_are_taken_out() -> None:
    assert redact(f"session {'0f' * 16} of {'a1' * 32}") == "session [redacted] of [redacted]"
