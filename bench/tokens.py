"""What the product's tools cost a model: tokens (o200k_base) of name, description and input schema.

A tool is counted as the compact JSON object of these three, the text that clients put before a model; titles, hints and
output schemas are not in it. The tools are asked from the running product over stdio, once as it comes and once with
`--toolsets all`; what it does not offer is left out with the reason.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bench.contenders import OURS, Fleet, Product, stdio_command, stdio_environment
from bench.process import StartFailed
from bench.stdio import listed_tools

ENCODING = "o200k_base"


@dataclass(frozen=True, slots=True)
class TokenCount:
    """Tokens by tool name; `missing` says why there are none, and `broken` that this should not be."""

    by_tool: dict[str, int]
    missing: str | None = None
    broken: bool = False

    @property
    def total(self) -> int:
        """Tokens of all tools together."""
        return sum(self.by_tool.values())


def visible_text(tool: dict[str, Any]) -> str:
    """The text of a tool that a model reads."""
    visible = {name: tool[name] for name in ("name", "description", "inputSchema") if name in tool}
    return json.dumps(visible, separators=(",", ":"), ensure_ascii=False)


def count(tools: Sequence[dict[str, Any]], measure: Callable[[str], int]) -> TokenCount:
    """Counts each tool with `measure`."""
    return TokenCount({tool["name"]: measure(visible_text(tool)) for tool in tools})


def of_product(fleet: Fleet, product: Product, options: Sequence[str] = ()) -> TokenCount:
    """The product's tools as it lists them with these options."""
    if product.missing:
        return TokenCount({}, product.missing)
    try:
        import bpe_openai
    except ImportError:
        return TokenCount({}, "bpe-openai is not installed")
    encoding = bpe_openai.get_encoding(ENCODING)
    command = stdio_command(OURS, product, fleet.upstream_url, options)
    try:
        tools = listed_tools(command, stdio_environment(fleet.upstream_url))
    except (StartFailed, ValueError) as error:
        return TokenCount({}, str(error), broken=not options)
    return count(tools, lambda text: len(encoding.encode_ordinary(text)))
