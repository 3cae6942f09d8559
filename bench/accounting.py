"""What a process and its children have used: CPU seconds and memory. Reads /proc; elsewhere every answer is None.

CPU time comes from each thread's schedstat (nanoseconds), because the 10 ms ticks of /proc/PID/stat are coarse for a
window of a second; a kernel without it gives the ticks. A server with worker processes counts as one: itself and all below.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes held by a process tree: resident, and proportional (shared pages divided among their users)."""

    rss: int
    pss: int | None


def tree(pid: int) -> list[int]:
    """`pid` and every process below it that is alive now."""
    found, queue = [], [pid]
    while queue:
        current = queue.pop()
        found.append(current)
        for task in _tasks(current):
            try:
                queue += [int(child) for child in (task / "children").read_text().split()]
            except OSError:
                continue
    return found


def cpu_seconds(pid: int) -> float | None:
    """CPU seconds used so far by `pid` and the processes below it. Threads and children that ended are not in it."""
    total, seen = 0.0, False
    for member in tree(pid):
        used = _cpu_of(member)
        if used is not None:
            total, seen = total + used, True
    return total if seen else None


def memory(pid: int) -> Memory | None:
    """Memory of `pid` and the processes below it."""
    rss = pss = 0
    complete = True
    members = tree(pid)
    for member in members:
        try:
            fields = _kilobytes((_PROC / str(member) / "status").read_text())
        except OSError:
            return None
        rss += fields.get("VmRSS", 0)
        try:
            pss += _kilobytes((_PROC / str(member) / "smaps_rollup").read_text()).get("Pss", 0)
        except OSError:
            complete = False
    return Memory(rss=rss * 1024, pss=pss * 1024 if complete else None)


def _tasks(pid: int) -> list[Path]:
    try:
        return list((_PROC / str(pid) / "task").iterdir())
    except OSError:
        return []


def _cpu_of(pid: int) -> float | None:
    total, seen = 0, False
    for task in _tasks(pid):
        try:
            total += int((task / "schedstat").read_text().split()[0])
            seen = True
        except (OSError, IndexError, ValueError):
            continue
    return total / 1e9 if seen else _ticks(pid)


def _ticks(pid: int) -> float | None:
    try:
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError, ValueError):
        return None


def _kilobytes(text: str) -> dict[str, int]:
    found = {}
    for line in text.splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        if len(words) == 2 and words[1] == "kB":
            found[name] = int(words[0])
    return found
