"""The end of a command: its result on stdout, and the exit code that follows from what was done.

In: the result as text, and what was done to get it. Out: an exit code. A result that cannot be written fails a command that only
looked; one that changed something was done all the same, and says so with the result on stderr.
"""

from __future__ import annotations

from flintt_mcp.serving.console import say, show

DONE, FAILED, WRONG, INTERRUPTED = 0, 1, 2, 130


def ended(result: str, done: str = "") -> int:
    """Show the result and return the exit code. `done` says what was changed, e.g. "create_company was done"."""
    return unwritten(show(result), done, result)


def unwritten(problem: OSError | None, done: str = "", result: str = "") -> int:
    """The exit code after stdout took everything, or had this problem."""
    if problem is None or isinstance(problem, BrokenPipeError):
        return DONE  # whoever read the output (head, a pager) has seen enough
    reason = f"its result could not be written to stdout: {(problem.strerror or str(problem)).lower()}"
    if not done:
        say(f"flintt-mcp: {reason.replace('its result', 'the result')}")
        return FAILED
    say(f"flintt-mcp: {done}, and need not be done again; {reason}. It is:", result)
    return DONE
