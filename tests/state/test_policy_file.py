"""The policy file: wrong at the start it ends that with its line, changed it counts at once, unreadable it stops all writes."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from flintt_mcp.calls.policy import Policy, read_policy
from flintt_mcp.catalogue.operation import Effect
from flintt_mcp.errors import CallRefused, ConfigError
from flintt_mcp.state.policy_file import PolicyFile

TOOLS = {"flowmaticx_create_job": ["leads_requested"], "flowpilot_create_recipient": ["account_number"]}


def opened(path: Path) -> PolicyFile:
    return PolicyFile(path, lambda text: read_policy(text, frozenset({Effect.DESTROY}), TOOLS))


def rewritten(path: Path, text: str) -> None:
    """As an editor does it: another file in its place."""
    new = path.with_suffix(".new")
    new.write_text(text, "utf-8")
    os.replace(new, path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stop = true\nstopp = false\n", "line 2: stopp is no key of a policy here; there are stop, test_mode_only"),
        ("stop = 1\n", "line 1: stop takes true or false"),
        ("\n[tools.delete_all]\napprove = true\n", "line 2: tools.delete_all names no tool that writes"),
        (
            "[tools.flowmaticx_create_job]\nmost_per_day = -1\n",
            "line 2: tools.flowmaticx_create_job.most_per_day takes a",
        ),
        ('approve = ["read"]\n', 'line 1: approve takes "none", "writes", or a list of effects that write'),
        ("stop =\n", "line 1: is not TOML"),
        (
            '[tools.flowpilot_create_recipient]\n\nonly.iban = ["1"]\n',
            "line 3: tools.flowpilot_create_recipient.only.iban names",
        ),
    ],
)
def test_a_wrong_file_ends_the_start_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        opened(path)
    assert caught.value.message.startswith(f"--policy: {path}, {said}")


def test_a_file_that_is_not_there_ends_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--policy: .*nothing\.toml: No such file or directory"):
        opened(tmp_path / "nothing.toml")


def test_a_changed_file_counts_at_once(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text("stop = false\n", "utf-8")
    policy = opened(path)
    assert policy() == Policy(approve=frozenset({Effect.DESTROY}))
    rewritten(path, "stop = true\n")
    assert policy() == Policy(approve=frozenset({Effect.DESTROY}), stop=True)


@pytest.mark.parametrize("text", [None, "stop = maybe\n"], ids=["gone", "wrong"])
def test_a_file_that_cannot_be_read_any_more_stops_writes_until_it_can(
    tmp_path: Path, text: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "policy.toml"
    path.write_text("stop = false\n", "utf-8")
    policy = opened(path)
    if text is None:
        path.unlink()
    else:
        rewritten(path, text)
    for _ in range(2):
        with caplog.at_level(logging.ERROR), pytest.raises(CallRefused) as caught:
            policy()
        assert caught.value.message == "The policy of this server cannot be read now, so nothing is written"
    assert str(path) in caplog.text
    rewritten(path, "stop = false\n")
    assert policy() == Policy(approve=frozenset({Effect.DESTROY}))
