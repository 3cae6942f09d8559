"""`flintt-mcp doctor`: looks at all that can be wrong, and says of each thing what to do.

In: settings, the environment, options. Out: a line for each finding, or JSON, and exit code 1 where something is an error. With
`--fix` what can be mended safely is mended first, and looked at again.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from itertools import groupby

import anyio

from flintt_mcp import __version__
from flintt_mcp.cli.outcome import FAILED, ended
from flintt_mcp.doctor.finding import Finding, worst
from flintt_mcp.doctor.rounds import look_round
from flintt_mcp.errors import ConfigError
from flintt_mcp.hosts.table import BY_NAME
from flintt_mcp.serving.console import as_json, say
from flintt_mcp.settings import Settings

_SIGNS = {"ok": "✓", "warning": "⚠", "error": "✗"}


def doctor(settings: Settings, environment: Mapping[str, str], options: argparse.Namespace) -> int:
    """Look, mend what was asked for, and tell.

    Raises:
        ConfigError: no host of that name, or nothing can be looked at.
    """
    if options.app is not None and options.app not in BY_NAME:
        raise ConfigError(f"doctor: no host {options.app!r}; there are {', '.join(BY_NAME)}")
    only = BY_NAME[options.app] if options.app else None
    findings = anyio.run(look_round, settings, environment, only)
    mends = [finding for finding in findings if finding.mend is not None] if options.fix else []
    for finding in mends:
        _mend(finding)
    if mends:
        findings = anyio.run(look_round, settings, environment, only)
    code = ended(_report(findings) if options.as_json else _lines(findings))
    return FAILED if worst(findings) == "error" else code


def _mend(finding: Finding) -> None:
    try:
        if finding.mend is not None:
            finding.mend()
            say(f"mended: {finding.said}")
    except OSError as error:
        say(f"could not be mended: {finding.said}: {(error.strerror or str(error)).lower()}")


def _report(findings: Sequence[Finding]) -> str:
    return as_json({"version": __version__, "state": worst(findings), "findings": [one.told() for one in findings]})


def _lines(findings: Sequence[Finding]) -> str:
    lines: list[str] = []
    for group, members in groupby(findings, lambda finding: finding.group):
        lines.append(group)
        for one in members:
            took = f" ({one.milliseconds} ms)" if one.milliseconds is not None else ""
            lines.append(f"  {_SIGNS[one.state]} {one.name}: {one.said}{took}")
            lines += [f"      → {one.remedy}"] if one.remedy else []
    counts = {state: sum(one.state == state for one in findings) for state in _SIGNS}
    told = f"{counts['ok']} good, {counts['warning']} to look at, {counts['error']} wrong"
    mendable = sum(one.mend is not None for one in findings)
    more = f"; `flintt-mcp doctor --fix` mends {mendable}" if mendable else ""
    return "\n".join([*lines, "", told + more])
