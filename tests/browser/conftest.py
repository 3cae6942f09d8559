"""One Chromium for all tests, one sandbox server for all, and a page that lets nothing pass unseen: console, errors, requests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from scripts.npm import installed
from tests.browser.chromium import FLAGS, chromium
from tests.processes import Served, environment, serving

SECRET = "a-secret-for-approvals"
AXE = "axe-core@4.14.1"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The script that looks for what keeps people out."""
    return (installed(AXE) / "axe.min.js").read_text("utf-8")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("home")
    env = environment(home, FLINTT_MCP_APPROVE="destroy,spend", FLINTT_MCP_APPROVAL_SECRET=SECRET)
    with serving("--sandbox", "--toolsets", "all", env=env) as running:
        yield running


@dataclass
class Seen:
    """What a page did: lines of the console that say something is wrong, errors, and the requests it made, by URL."""

    wrong: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


class Opens(Protocol):
    """Opens a context of its own, as a person with a screen and a taste has it; `past_policy` lets a test add scripts."""

    def __call__(
        self, width: int = 1280, scheme: str = "light", past_policy: bool = False, scripts: bool = True
    ) -> AbstractContextManager[tuple[Page, Seen]]: ...


@pytest.fixture
def opens(browser: Browser, served: Served) -> Opens:
    @contextmanager
    def opened(
        width: int = 1280, scheme: str = "light", past_policy: bool = False, scripts: bool = True
    ) -> Iterator[tuple[Page, Seen]]:
        context: BrowserContext = browser.new_context(
            base_url=served.base,
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
            bypass_csp=past_policy,
            java_script_enabled=scripts,
        )
        context.set_default_timeout(20_000)
        page, seen = context.new_page(), Seen()
        page.on("console", lambda line: seen.wrong.append(line.text) if line.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: seen.wrong.append(str(error)))
        context.on("request", lambda request: seen.requests.append(request.url))
        yield page, seen
        context.close()

    return opened


@pytest.fixture
def shots() -> Path:
    """Where a test leaves pictures for people to look at."""
    folder = Path(__file__).parents[2] / ".pictures"
    folder.mkdir(exist_ok=True)
    return folder
