"""`python -m scripts.pictures` (make pictures): the pictures of the README, from the real page and the real terminal, and the icon.

A server on a fresh sandbox is started, its page is looked at in a headless Chromium, and a command is run; what they show goes into
pictures/. Exit code 1 when a page or the command fails.
"""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import tempfile
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.text import Text

from tests.browser.chromium import FLAGS, chromium

FOLDER = Path(__file__).resolve().parent.parent / "pictures"
COMMAND = str(Path(sys.executable).parent / "flintt-mcp")
ICON = FOLDER.parent / "flintt_mcp" / "pages" / "static" / "icon.svg"
ICON_PIXELS = 512
SHOWN = ("call", "list_companies", "--name", "bio", "--fields", "name,sector,size,domain", "--limit", "5", "--sandbox")
COLUMNS = 100


def main() -> int:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        env = {**os.environ, "HOME": home, "FLINTT_MCP_DATA_DIR": f"{home}/data", "FLINTT_MCP_SANDBOX": "1"}
        with _server(env) as url:
            _take_page(url)
        _draw_icon()
        _take_terminal(env)
    return 0


@contextmanager
def _server(env: dict[str, str]) -> Iterator[str]:
    """A server with the sandbox; yields its address."""
    with subprocess.Popen([COMMAND, "serve", "--port", "0"], env=env, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if ready := re.search(r"is ready: (http://[^/]+)/mcp", line):
                yield ready[1]
                break
        process.terminate()


def _take_page(url: str) -> None:
    """A tool that was tried in the page."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        page = browser.new_context(viewport={"width": 1100, "height": 1000}).new_page()
        page.goto(f"{url}/tools/list_companies")
        page.locator("#field-name").fill("bio")
        page.locator("#field-limit").fill("4")
        page.get_by_role("button", name="Run").click()
        page.locator("#result table").first.wait_for()
        page.evaluate("scrollTo(0, 120)")
        page.screenshot(path=FOLDER / "page.png")
        browser.close()


def _draw_icon() -> None:
    """The icon of the pages in pixels, on nothing, for hosts that take no SVG."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        page = browser.new_page(viewport={"width": ICON_PIXELS, "height": ICON_PIXELS})
        page.set_content(f"<style>body{{margin:0}}svg{{width:100vw;height:100vh}}</style>{ICON.read_text('utf-8')}")
        page.screenshot(path=FOLDER / "icon.png", omit_background=True)
        browser.close()


def _take_terminal(env: dict[str, str]) -> None:
    """A command and its table, as a terminal shows them."""
    shown = Text.from_ansi(_at_a_terminal([COMMAND, *SHOWN], {**env, "TERM": "xterm-256color"}))
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere)
        console.print(Text(f"$ flintt-mcp {' '.join(SHOWN)}", style="bold"))
        console.print(shown)
        (FOLDER / "terminal.svg").write_text(console.export_svg(title="flintt-mcp"), encoding="utf-8")


def _at_a_terminal(command: list[str], env: dict[str, str]) -> str:
    """What a command writes to a terminal of `COLUMNS` columns."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (40, COLUMNS))
    done = subprocess.Popen(command, env=env, stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL)
    os.close(theirs)
    written = b""
    while True:
        try:
            written += os.read(ours, 65536)
        except OSError:  # how a terminal says that nobody writes to it any more
            break
    os.close(ours)
    if done.wait(60):
        raise SystemExit(f"{' '.join(command)} failed")
    return written.decode().replace("\r\n", "\n")


if __name__ == "__main__":
    sys.exit(main())
