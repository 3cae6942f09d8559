"""What `pip install` brings: the wheel is built as pip builds it, unpacked, and used from where it was unpacked."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.parser import BytesParser
from pathlib import Path

import pytest

from flintt_mcp import __version__
from flintt_mcp.calls.reply import objects_of
from tests.processes import COMMAND, READY, SANDBOX_READY, environment, running

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
DOCS = {path.name: path.read_bytes() for path in (ROOT / "docs").glob("*.md")}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source archive, made by the project's build backend without the package index."""
    folder = tmp_path_factory.mktemp("built")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=environment(folder), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> zipfile.Path:
    (path,) = built.glob("*.whl")
    assert path.name == f"flintt_mcp-{__version__}-py3-none-any.whl"
    return zipfile.Path(path)


def names_in(wheel: zipfile.Path) -> set[str]:
    return {name for name in wheel.root.namelist() if not name.endswith("/")}


def test_the_wheel_holds_the_package_the_handbook_the_skills_and_nothing_else(wheel: zipfile.Path) -> None:
    package = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "flintt_mcp").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    docs = {f"flintt_mcp/docs/{name}" for name in DOCS}
    skills = {
        f"flintt_mcp/{path.relative_to(ROOT).as_posix()}" for path in (ROOT / "skills").rglob("*") if path.is_file()
    }
    about = f"flintt_mcp-{__version__}.dist-info"
    manual = {"flintt_mcp/docs/flintt-mcp.1", f"flintt_mcp-{__version__}.data/data/share/man/man1/flintt-mcp.1"}
    picture = {"flintt_mcp/docs/performance.svg"}
    assert {
        name for name in names_in(wheel) if not name.startswith(about)
    } == package | docs | picture | skills | manual
    assert {(wheel / name).read_bytes() for name in manual} == {(ROOT / "docs/flintt-mcp.1").read_bytes()}
    assert {name: (wheel / "flintt_mcp/docs" / name).read_bytes() for name in DOCS} == DOCS
    assert (wheel / about / "licenses/LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    assert (wheel / "flintt_mcp/py.typed").exists()


def test_the_wheel_names_its_command_and_what_it_needs(wheel: zipfile.Path) -> None:
    about = wheel / f"flintt_mcp-{__version__}.dist-info"
    told = BytesParser().parsebytes((about / "METADATA").read_bytes())
    needed = {line.replace(" ", "") for line in told.get_all("Requires-Dist", []) if "extra ==" not in line}
    assert (about / "entry_points.txt").read_text("utf-8").split() == [
        "[console_scripts]",
        "flintt-mcp",
        "=",
        "flintt_mcp.__main__:main",
    ]
    assert (told["Name"], told["Version"], told["Requires-Python"]) == ("flintt-mcp", __version__, ">=3.11")
    assert {line.split(";")[0].rstrip("<>=.,0123456789") for line in needed} == {
        line.split(";")[0].rstrip("<>=.,0123456789") for line in PROJECT["dependencies"]
    }


def test_the_description_on_the_index_is_the_readme_with_links_that_lead_somewhere(wheel: zipfile.Path) -> None:
    metadata = (wheel / f"flintt_mcp-{__version__}.dist-info" / "METADATA").read_text("utf-8")
    head, _, shown = metadata.partition("\n\n")
    readme = (ROOT / "README.md").read_text("utf-8")
    below, raw = (f"{PROJECT['urls']['Repository']}/{kind}/v{__version__}/" for kind in ("blob", "raw"))
    targets = re.findall(r"\]\(([^)\s]+)\)", shown)
    assert shown.replace(below, "").replace(raw, "") == readme
    assert [target for target in targets if not target.startswith(("https://", "http://", "#"))] == []
    files = [
        target.removeprefix(below).removeprefix(raw).partition("#")[0]
        for target in targets
        if target.startswith((below, raw))
    ]
    assert files
    assert [name for name in files if not (ROOT / name).exists()] == []
    assert "Description-Content-Type: text/markdown" in head.splitlines()


def test_the_unpacked_wheel_serves_its_own_handbook(wheel: zipfile.Path, tmp_path: Path) -> None:
    # Opened anew: the root of a zipfile.Path also lists folders that no entry stands for, and some Pythons stumble over them.
    with zipfile.ZipFile(str(wheel.root.filename)) as archive:
        archive.extractall(tmp_path / "site")
    env = environment(tmp_path, PYTHONPATH=str(tmp_path / "site"), PYTHONDONTWRITEBYTECODE="1")

    def run(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, *words], env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    where = run("-c", "import flintt_mcp.offers.handbook.documents as h; print(h.default_folder())").strip()
    listed = json.loads(run("-m", "flintt_mcp", "call", "list_docs", "--developers", "true", "--json"))
    assert where == str(tmp_path / "site/flintt_mcp/docs")
    assert {f"{row['slug']}.md" for row in objects_of(listed["docs"])} == set(DOCS)


def test_the_source_archive_has_all_that_the_wheel_is_made_of_and_the_tests(built: Path) -> None:
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames()}
    needed = {
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
        "Makefile",
        "claude_desktop_config.example.json",
    }
    assert needed | {f"docs/{name}" for name in DOCS} <= names
    assert {"flintt_mcp/cli/main.py", "tests/conftest.py", "bench/__main__.py", "constraints/locked.txt"} <= names
    assert [name for name in names if name.startswith((".venv", ".git/")) or "__pycache__" in name] == []


def test_what_writes_the_pages_is_in_the_source_archive_and_not_in_the_wheel(built: Path, wheel: zipfile.Path) -> None:
    scripts = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in (ROOT / "scripts").rglob("*.py")}
    (archive_path,) = built.glob("*.tar.gz")
    with tarfile.open(archive_path) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames()}
    assert set(scripts) <= names
    assert "scripts/handbook/pages.py" in scripts
    written = {content for content in scripts.values() if content.strip()}
    assert [name for name in names_in(wheel) if (wheel / name).read_bytes() in written] == []


def test_the_image_runs_as_a_number_that_is_not_root() -> None:
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    (user,) = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert int(user) > 0
    assert any(f"--uid {user} " in line for line in lines)


@pytest.mark.parametrize(("command", "ready"), [("serve", READY), ("sandbox", SANDBOX_READY)])
def test_the_health_check_of_the_image_is_content_with_whatever_the_image_runs(
    command: str, ready: re.Pattern[str], tmp_path: Path
) -> None:
    (line,) = [line for line in (ROOT / "Dockerfile").read_text("utf-8").splitlines() if line.startswith("HEALTHCHECK")]
    asks = json.loads(line.partition(" CMD ")[2])
    with running([COMMAND, command, "--port", "0"], environment(tmp_path)) as process:
        base = process.wait_for(ready)["base"]
        there = subprocess.run([sys.executable, "-c", asks[-1].replace("http://127.0.0.1:8000", base)], timeout=60)
        process.stop()
    gone = subprocess.run(
        [sys.executable, "-c", asks[-1].replace("http://127.0.0.1:8000", base)], timeout=60, stderr=subprocess.DEVNULL
    )
    assert asks[:2] == ["python", "-c"]
    assert (there.returncode, gone.returncode) == (0, 1)


def test_what_the_image_is_built_from_is_there() -> None:
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    copied = [
        name for line in lines if line.startswith("COPY ") and "--from" not in line for name in line.split()[1:-1]
    ]
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert {"flintt_mcp", "docs", "constraints/locked.txt"} <= set(copied)
