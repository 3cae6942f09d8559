"""Names of companies, as they are compared: in any case, any Unicode form, and with any blanks. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any


def folded(name: str) -> str:
    """A name as it is compared."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).split())


def ids_by_name(companies: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The id of each company by its folded name; a name that several have is nobody's."""
    ids: dict[str, str] = {}
    several = set()
    for company in companies:
        name, id = company.get("name"), company.get("id")
        if isinstance(name, str) and isinstance(id, str):
            key = folded(name)
            if ids.setdefault(key, id) != id:
                several.add(key)
    return {name: id for name, id in ids.items() if name not in several}
