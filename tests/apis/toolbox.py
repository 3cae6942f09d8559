"""What the tests of all APIs share: arguments that fit, from the case files, and a sandbox whose clock a test sets."""

from __future__ import annotations

import json
from typing import Any

from tests.case_files import every_operation, file_of


def case_arguments(tool: str) -> dict[str, Any]:
    """The arguments of the tool's first case that succeeds; none for a tool that calls no API."""
    for api, operation in every_operation():
        if operation.name == tool:
            cases = json.loads(file_of(api, operation).read_text("utf-8"))["cases"]
            return next(case["arguments"] for case in cases if "structured" in case)
    return {}
