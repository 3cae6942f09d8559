"""The session of signals and webhooks, run line by line by a shell, with its receiver in another terminal."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.certain import there
from tests.processes import COMMAND, PATIENCE, environment, running

from .scene import said, session_lines

PRINTS = {
    "build-signal": r"^built: Funding rounds \(1 source, active\)$",
    "run-signal": r"^completed: 1 found, 1 valid, 1 deal\n  Kestrel Machines: Kestrel Machines raises €12M\.$",
    "list_companies": r"Kestrel Machines raises €12M\.",
}
TOLD = ("company.created", "signal.run.result", "prospect.created", "signal.run.completed")


def output_of(line: str, folder: Path, env: dict[str, str]) -> str:
    """What a line prints to a shell in this folder; it has to succeed without a complaint."""
    done = subprocess.run(line, shell=True, cwd=folder, env=env, capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stderr) == (0, ""), line
    return done.stdout


def test_every_line_of_the_session_works_and_the_receiver_prints_what_the_page_says(tmp_path: Path) -> None:
    env = environment(tmp_path)
    listen, *lines = session_lines()
    printed = ""
    with running([COMMAND, *listen.split()[1:]], env) as receiver:
        said(receiver, r"^Listening at http://127\.0\.0\.1:\d+/ ")
        names = ""
        for line in lines:
            if "# the id that was printed" in line:
                shown = there(re.search(r"^id: (.+)$", printed, re.MULTILINE))
                names = f"{line.split('=')[0]}={shown[1]}; "
            else:
                printed = output_of(names + line, tmp_path, env)
                wanted = next((text for word, text in PRINTS.items() if f" {word} " in line), "")
                assert re.search(wanted, printed, re.MULTILINE), f"{line}\n{printed}"
        for event in TOLD:
            said(receiver, rf"^verified \S+ {re.escape(event)} ")
