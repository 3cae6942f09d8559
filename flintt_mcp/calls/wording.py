"""How an error reads, everywhere the same: what happened, whether anything was changed, what to do next."""

from __future__ import annotations

from flintt_mcp.errors import FlinttError, UpstreamError


def told(error: FlinttError, tool: str) -> str:
    """The three lines of an error, and the API's request id where it sent one."""
    lines = [f"{tool} failed: {_sentence(error.message)}", f"Changed: {error.changed}."]
    if error.advice:
        lines.append(f"Next: {_sentence(error.advice)}")
    if isinstance(error, UpstreamError) and error.request_id:
        lines.append(f"Request id for the API's support: {error.request_id}")
    return "\n".join(lines)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?")) else text + "."
