"""How many tokens a text is, by o200k_base: what a model is asked to read, in a unit that models count in."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any


@cache
def _encoding() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the package reads its own data in an old way
        import bpe_openai

        return bpe_openai.get_encoding("o200k_base")


def tokens(text: str) -> int:
    """The number of tokens of a text."""
    return len(_encoding().encode_ordinary(text))
