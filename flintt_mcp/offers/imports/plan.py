"""What an import would do with each row, decided once: new, there already, likely a duplicate, double within the file, or wrong.

In: rows, and what is in the workspace. Out: a `Planned` for each row, in order. Nothing is sent; a commit follows these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from flintt_mcp.offers.imports.rows import Row
from flintt_mcp.offers.imports.there import There, deal_keys, names_person, plain, sites_of
from flintt_mcp.text import excerpt

if TYPE_CHECKING:
    from flintt_mcp.matching.companies import Match

Result = Literal["create", "exists", "likely", "duplicate", "invalid"]
_NAME_SHOWN = 80


class Planned(msgspec.Struct, frozen=True):
    """A row and what becomes of it.

    `id` is the company that is there already; `of` the earlier row of the file that means the same company. `deal` is None where
    none is wanted, `deal_there` says that it is there, may be, or is in an earlier row. `sure` says that the company is known to
    be that one.
    """

    number: int
    result: Result
    why: str = ""
    company: Mapping[str, Any] = {}
    deal: Mapping[str, Any] | None = None
    id: str = ""
    of: int = 0
    sure: bool = True
    deal_there: str = ""

    @property
    def makes_deal(self) -> bool:
        """Whether a deal is made for it unasked."""
        return self.deal is not None and not self.deal_there and self.result != "invalid" and self.sure


def planned(rows: Sequence[Row], there: There) -> list[Planned]:
    """What becomes of every row."""
    plan = _companies(rows, there)
    seen: dict[tuple[str, ...], int] = {}
    return [row if row.deal is None else _with_deal(row, row.deal, there, seen) for row in plan]


def _companies(rows: Sequence[Row], there: There) -> list[Planned]:
    from flintt_mcp.matching import companies

    good = [row for row in rows if not row.why]
    among = companies.Companies(
        companies.Row(str(row.number), row.company["name"], sites_of(row.company)) for row in good
    )
    places = {row.number: at for at, row in enumerate(good)}
    roots: dict[int, Planned] = {}
    pages: dict[str, int] = {}
    plan = []
    for row in rows:
        one = Planned(row.number, "invalid", row.why, row.company, row.deal)
        if not row.why:
            page = plain(row.company.get("linkedin_url"))
            match = among.before(places[row.number])
            if page in pages:
                match = companies.Match("exact", "same linkedin_url", companies.Row(str(pages[page]), ""))
            one = _of_workspace(row, there) or _of_file(row, roots, match) or _new(row)
            roots[row.number] = roots[one.of] if one.of and one.sure else one
            pages |= {page: row.number} if page and page not in pages else {}
        plan.append(one)
    return plan


def _new(row: Row) -> Planned:
    return Planned(row.number, "create", "", row.company, row.deal)


def _of_workspace(row: Row, there: There) -> Planned | None:
    """The row as the workspace knows it, where it does."""
    match = there.company(row.company)
    if match.row is None:
        return None
    exact = match.kind == "exact"
    why = f"{match.reason}: {excerpt(match.row.name, _NAME_SHOWN)}" if match.row.name else match.reason
    return Planned(row.number, "exists" if exact else "likely", why, row.company, row.deal, id=match.row.id, sure=exact)


def _of_file(row: Row, roots: Mapping[int, Planned], match: Match) -> Planned | None:
    """The row as an earlier one of the file knows it, where that one is made new."""
    earlier = None if match.row is None else roots.get(int(match.row.id))
    if earlier is None or earlier.result != "create":
        return None
    sure, why = match.kind == "exact", f"{match.kind} row {earlier.number}: {match.reason}"
    return Planned(row.number, "duplicate", why, row.company, row.deal, of=earlier.number, sure=sure)


def _with_deal(row: Planned, deal: Mapping[str, Any], there: There, seen: dict[tuple[str, ...], int]) -> Planned:
    """The row, and whether its deal is there already or in an earlier row."""
    if row.result == "invalid":
        return row
    known = row.id if row.result == "exists" else f"row {row.of or row.number}"
    id = there.deal(known, deal)
    if id:
        return msgspec.structs.replace(row, deal_there=f"exists {id}")
    if row.result == "exists" and not there.all_deals:  # it may be among those that the API does not show
        return msgspec.structs.replace(row, deal_there="unsure")
    keys = deal_keys(known, deal)
    earlier = next((seen[key] for key in keys if key in seen), 0)
    if row.of and row.sure and not names_person(deal):
        earlier = row.of
    if earlier:
        return msgspec.structs.replace(row, deal_there=f"in row {earlier}")
    if row.sure:
        seen.update(dict.fromkeys(keys, row.number))
    return row
