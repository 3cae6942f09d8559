"""What a server says of approvals once it is up: a secret that it made itself, and never one that somebody set."""

from __future__ import annotations

from pathlib import Path

import pytest

from flintt_mcp.serving.ready import say_ready
from flintt_mcp.settings import Settings

SET = "what-the-operator-chose"


@pytest.mark.parametrize("sandbox", [True, False])
@pytest.mark.parametrize("chosen", [SET, ""], ids=["set", "none"])
def test_a_secret_that_was_set_is_not_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], chosen: str, sandbox: bool
) -> None:
    say_ready(Settings(sandbox=sandbox, data_dir=str(tmp_path), approval_secret=chosen))
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("  Approvals ")]
    made = (tmp_path / "approval.secret").read_text("ascii").strip() if sandbox and not chosen else "none"
    assert (
        line.removeprefix("  Approvals     ")
        == {
            (True, SET): "on the page that a call names, with the secret in FLINTT_MCP_APPROVAL_SECRET",
            (False, SET): "on the page that a call names, with the secret in FLINTT_MCP_APPROVAL_SECRET",
            (True, ""): f"on the page that a call names, with the secret {made}",
            (False, ""): "only in clients that show forms; FLINTT_MCP_APPROVAL_SECRET is not set, so there is no page",
        }[sandbox, chosen]
    )
