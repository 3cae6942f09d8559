"""The headless Chromium that the tests of the pages look through: the system's own, driven by Playwright.

`make browse` runs these tests. Without Playwright or a Chromium they are not collected, and `make test` does without them.
"""

from __future__ import annotations

import importlib.util
import shutil

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")


def chromium() -> str | None:
    """Where this system's Chromium is."""
    return next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )


def can_browse() -> bool:
    return importlib.util.find_spec("playwright") is not None and chromium() is not None
