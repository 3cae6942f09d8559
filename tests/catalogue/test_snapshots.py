"""Every tool looks on the wire as its snapshot says."""

from __future__ import annotations

import pytest

from tests.snapshots import RENEW, difference, expected, kept


@pytest.mark.parametrize("name", sorted(expected().keys() | kept().keys()))
def test_a_tool_looks_as_its_snapshot_says(name: str) -> None:
    before, now = kept().get(name), expected().get(name)
    if before is None:
        pytest.fail(f"{name} has no snapshot; to make one: {RENEW}", pytrace=False)
    if now is None:
        pytest.fail(f"{name} is the snapshot of a tool that is gone; to remove it: {RENEW}", pytrace=False)
    if before != now:
        pytest.fail(f"{difference(name, before, now)}\nif that is meant: {RENEW}", pytrace=False)
