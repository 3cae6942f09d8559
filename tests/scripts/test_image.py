"""What `make image-check` reads from the Dockerfile; the steps themselves need root and a Debian, and are no test."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.packages import image
from scripts.packages.image import Image
from scripts.packages.project import ROOT


def test_the_lines_of_the_dockerfile_are_read_as_a_container_engine_reads_them(tmp_path: Path) -> None:
    text = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    found = Image(tmp_path)
    found.carry_out("\n".join(line for line in text.splitlines() if not line.startswith("RUN ")))
    assert (found.user, found.entrypoint, found.health[:2]) == ("10001", ["flintt-mcp"], ["python", "-c"])
    assert found.env["FLINTT_MCP_DATA_DIR"] == "/data"
    assert (tmp_path / "src/flintt_mcp/app.py").is_file()
    assert (tmp_path / "src/constraints/locked.txt").is_file()
    assert (tmp_path / "src/LICENSE").is_file()
    assert found.command(["id"])[:3] == ["chroot", "--userspec=10001:10001", str(tmp_path)]


def test_without_what_it_needs_it_says_so_and_claims_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert image.main() == 1
    out, err = capsys.readouterr()
    assert (out, err.startswith("image-check: not done; it needs root and mmdebstrap")) == ("", True)
