"""The versions that `make` installs are those that pyproject.toml allows, and its lower bounds are versions that were tried.

`constraints/locked.txt` holds the newest when the lock was made, `constraints/lowest.txt` the lowest; `make lock` writes both, and
`make test-lowest` runs every test with the second. The files say names and versions alone, not where to get them.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]
NEEDED = [Requirement(line) for lines in (PROJECT["project"]["dependencies"], *EXTRAS.values()) for line in lines]
PIN = re.compile(r"([a-z0-9-]+)==(\S+)(?: ; [^@]+)?")

each_needed = pytest.mark.parametrize("needed", NEEDED, ids=lambda needed: needed.name)


def pins(name: str) -> dict[str, Version]:
    """The version of every package in a file of constraints; of one that differs by system, the last."""
    lines = (ROOT / "constraints" / name).read_text("utf-8").splitlines()
    return {
        found[1]: Version(found[2]) for line in lines if (found := PIN.fullmatch(line)) and not line.startswith("#")
    }


@pytest.mark.parametrize("name", ["locked.txt", "lowest.txt"])
def test_a_lock_holds_names_and_versions_alone(name: str) -> None:
    lines = (ROOT / "constraints" / name).read_text("utf-8").splitlines()
    assert [line for line in lines if not line.startswith("#") and not PIN.fullmatch(line)] == []


@each_needed
def test_the_locked_version_is_one_that_is_allowed(needed: Requirement) -> None:
    locked = pins("locked.txt")
    assert needed.name in locked, f"{needed.name} is not locked; to choose a version: make lock"
    assert needed.specifier.contains(locked[needed.name]), f"{needed} is locked otherwise; to choose anew: make lock"


@each_needed
def test_the_lower_bound_is_the_version_that_is_tried(needed: Requirement) -> None:
    (bound,) = [Version(one.version) for one in needed.specifier if one.operator == ">="]
    assert pins("lowest.txt").get(needed.name) == bound, f"{needed} is tried otherwise; to choose anew: make lock"
