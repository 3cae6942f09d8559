"""What is in the workspace already: companies and deals as they were read just now, and which of them a row would double.

In: rows of the API. Out: the company that a row means, and the deal that is there for it, found by the same rules by which
create_company and create_prospect refuse likely duplicates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flintt_mcp.calls.call import Call
from flintt_mcp.catalogue.flintt import FLINTT_TOOLSET
from flintt_mcp.text import excerpt

if TYPE_CHECKING:
    from flintt_mcp.matching.companies import Match

Given = Mapping[str, Any]
COMPANY, DEAL = "create_company", "create_prospect"
_TWINS = {row.name: row.twin for row in FLINTT_TOOLSET.operations if row.twin is not None}
_SITES = _TWINS[COMPANY].sites
DEAL_GROUPS = _TWINS[DEAL].same
"""Fields that make two deals one, group by group."""


class There:
    """Companies and deals of one workspace; `all_deals` says that no deal is missing here, as some do where the API caps its list.

    To make 5,000 companies ready takes a quarter of a second: make it in a thread.
    """

    def __init__(self, companies: Sequence[Given], deals: Sequence[Given] = (), *, all_deals: bool = True) -> None:
        self.all_deals = all_deals
        from flintt_mcp.matching.companies import Companies, Row  # its tables take a tenth of a second to load

        rows = [row for row in companies if isinstance(row.get("id"), str | int)]
        self._index = Companies(Row(str(row["id"]), str(row.get("name") or ""), sites_of(row)) for row in rows)
        self._pages = {page: str(row["id"]) for row in rows if (page := plain(row.get("linkedin_url")))}
        self._of_company = {str(row.get("company_id")): str(row.get("id")) for row in deals if row.get("company_id")}
        self._deals = {key: str(row.get("id")) for row in deals for key in deal_keys(row.get("company_id"), row)}

    def company(self, given: Given) -> Match:
        """The company that these arguments of create_company mean."""
        from flintt_mcp.matching.companies import Match, Row

        page = self._pages.get(plain(given.get("linkedin_url")))
        if page is not None:
            return Match("exact", "same linkedin_url", Row(page, ""))
        return self._index.match(given["name"], sites_of(given))

    def exactly(self, given: Given) -> str:
        """The id of the company that is surely meant; "" for none."""
        match = self.company(given)
        return match.row.id if match.row is not None and match.kind == "exact" else ""

    def deal(self, company_id: Any, given: Given) -> str:
        """The id of a deal that is there for this company or person; "" for none. Any deal counts where no person is named."""
        if not names_person(given) and str(company_id) in self._of_company:
            return self._of_company[str(company_id)]
        return next((self._deals[key] for key in deal_keys(company_id, given) if key in self._deals), "")

    async def twin(self, call: Call) -> str:
        """The row that a call would double, in one line: in place of the look of its own tool."""
        if call.tool.name == DEAL:
            id = self.deal(call.arguments.get("company_id"), call.arguments)
            return id and f"id={id}"
        match = self.company(call.arguments)
        if match.row is None:
            return ""
        return f"id={match.row.id}, name={excerpt(match.row.name, 80)} ({match.kind}: {match.reason})"


def names_person(given: Given) -> bool:
    """Whether a deal says whom it is with."""
    return any(given.get(name) for group in DEAL_GROUPS for name in group if name != "company_id")


def deal_keys(company_id: Any, given: Given) -> list[tuple[str, ...]]:
    """By what a deal is known: one text for each group of fields that has something in it."""
    fields = {**given, "company_id": company_id}
    groups = [tuple(plain(fields.get(name)) for name in group) for group in DEAL_GROUPS]
    return [(group[0], *values) for group, values in zip(DEAL_GROUPS, groups, strict=True) if any(values)]


def sites_of(row: Given) -> tuple[str, ...]:
    """The sites that are told of a company."""
    return tuple(value for name in _SITES if isinstance(value := row.get(name), str) and value)


def plain(value: Any) -> str:
    """What is compared of a text: its words in any case."""
    return " ".join(value.split()).casefold() if isinstance(value, str) else "" if value is None else str(value)
