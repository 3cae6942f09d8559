"""/public/recipients: list, save and delete beneficiaries.

Silent in the texts, decided here: name, account_number and institution_code are required; a bank_name that is left out is
filled in where the sandbox knows the code; an account may be saved twice (a run pays it once); newest first; a search ignores
case and knows no wildcards.
"""

from __future__ import annotations

import sqlite3
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from flintt_mcp.sandbox.flowpilot.answers import KEYED, NOT_FOUND, REFUSED, answer, not_found
from flintt_mcp.sandbox.flowpilot.books import Books
from flintt_mcp.sandbox.flowpilot.door import Caller, KeyedRoute
from flintt_mcp.sandbox.flowpilot.fields import AccountNumber, InstitutionCode, line
from flintt_mcp.sandbox.flowpilot.listing import NEWEST_FIRST, Page, Wanted, Window, select_page
from flintt_mcp.sandbox.ground.doors import needs
from flintt_mcp.sandbox.ground.texts import Body, Id, Timestamp, search_key

router = APIRouter(prefix="/public/recipients", tags=["Recipients"], route_class=KeyedRoute)

COLUMNS = "id, name, account_number, institution_code, bank_name, narration_note, created_at"
BANKS = {
    "011": "First Bank of Nigeria",
    "030": "Heritage Bank",
    "032": "Union Bank",
    "033": "United Bank for Africa",
    "035": "Wema Bank",
    "044": "Access Bank",
    "050": "Ecobank",
    "057": "Zenith Bank",
    "058": "GTBank",
    "070": "Fidelity Bank",
    "076": "Polaris Bank",
    "214": "FCMB",
    "221": "Stanbic IBTC Bank",
    "232": "Sterling Bank",
}


class Recipient(BaseModel):
    """A saved beneficiary."""

    id: Id
    name: str
    account_number: str
    institution_code: str
    bank_name: str | None
    narration_note: str | None
    created_at: Timestamp


class NewRecipient(Body):
    """A beneficiary to save."""

    name: Annotated[str, line(200)] = Field(description="Name of the beneficiary.")
    account_number: AccountNumber = Field(description="Account number, ten digits.", examples=["0123456789"])
    institution_code: InstitutionCode = Field(description="CBN-assigned bank code, e.g. 058.", examples=["058"])
    bank_name: Annotated[str, line(200)] | None = Field(None, description="Name of the bank.")
    narration_note: Annotated[str, line(500)] | None = Field(None, description="Default narration.")


class DeletedRecipient(BaseModel):
    """A recipient that is gone."""

    status: str
    id: Id


@router.get(
    "",
    summary="List recipients",
    response_model=Page[Recipient],
    responses=KEYED | REFUSED,
    openapi_extra=needs("recipients:read"),
)
async def list_recipients(
    caller: Caller,
    window: Wanted,
    search: Annotated[
        str | None, Query(max_length=200, description="Filter by name or account number (partial match).")
    ] = None,
) -> Response:
    """Saved recipients of the organisation, newest first."""
    return answer(await caller.read(select_recipients, search, window))


@router.post(
    "",
    summary="Create recipient",
    status_code=201,
    response_model=Recipient,
    responses=KEYED | REFUSED,
    openapi_extra=needs("recipients:write"),
)
async def create_recipient(caller: Caller, recipient: NewRecipient) -> Response:
    """Save a beneficiary."""
    return answer(await caller.change(insert_recipient, recipient.model_dump()), 201)


@router.delete(
    "/{recipient_id}",
    summary="Delete recipient",
    response_model=DeletedRecipient,
    responses=KEYED | NOT_FOUND | REFUSED,
    openapi_extra=needs("recipients:write"),
)
async def delete_recipient(caller: Caller, recipient_id: UUID) -> Response:
    """Delete a saved recipient for good; runs that are planned or past keep their own copy."""
    await caller.change(remove_recipient, str(recipient_id))
    return answer({"status": "deleted", "id": str(recipient_id)})


def select_recipients(
    connection: sqlite3.Connection, organisation_id: str, search: str | None, window: Window
) -> dict[str, Any]:
    """One page of recipients; instr knows no wildcards, so % and _ are letters like any other."""
    conditions = {
        "organisation_id = ?": organisation_id,
        "instr(name_key || char(10) || account_number, ?) > 0": search_key(search) if search else None,
    }
    return select_page(connection, COLUMNS, "flowpilot_recipients", conditions, NEWEST_FIRST, window, dict)


def insert_recipient(books: Books, now: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Save a recipient and answer it as a list would."""
    bank_name = fields["bank_name"] or BANKS.get(fields["institution_code"])
    row = fields | {"bank_name": bank_name, "name_key": search_key(fields["name"]), "created_at": now}
    recipient_id = books.insert("flowpilot_recipients", row)
    return dict(books.rows(f"SELECT {COLUMNS} FROM flowpilot_recipients WHERE id = ?", recipient_id)[0])


def remove_recipient(books: Books, _now: str, recipient_id: str) -> None:
    """Delete a recipient.

    Raises:
        HTTPException: 404 when the organisation has no such recipient.
    """
    query = "DELETE FROM flowpilot_recipients WHERE id = ? AND organisation_id = ?"
    if books.connection.execute(query, (recipient_id, books.organisation_id)).rowcount == 0:
        raise not_found("Recipient")
