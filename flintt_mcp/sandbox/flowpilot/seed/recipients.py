"""Forty saved recipients: staff, suppliers and consultants, with invented names and account numbers.

Three accounts end in the digits that the sandbox treats in its own way (declined, slow, high risk), so that the example
history shows what comes of them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from flintt_mcp.sandbox.flowpilot.books import Books
from flintt_mcp.sandbox.flowpilot.recipients import BANKS, insert_recipient
from flintt_mcp.sandbox.ground.seeding import before

CODES = ("058", "044", "057", "033", "011", "221", "232", "070")


@dataclass(frozen=True, slots=True)
class Person:
    """Whom the organisation pays; without an account number one is made from the name."""

    name: str
    narration_note: str | None
    account_number: str = ""
    institution_code: str = ""


def _each(narration_note: str, names: str) -> tuple[Person, ...]:
    return tuple(Person(name.strip(), narration_note) for name in names.split(","))


STAFF = (
    *_each(
        "Payroll, Lagos office",
        "Chinedu Eze, Funmilayo Adeyemi, Ibrahim Musa, Ngozi Obi, Tunde Bakare, Amina Bello, Emeka Nwosu, Yetunde Ajayi,"
        " Kelechi Okafor, Halima Sani, Segun Oladipo, Chiamaka Udeh, Bashir Danjuma, Folake Ogunleye, Uche Anyanwu,"
        " Zainab Garba, Damilola Coker, Ifeanyi Onu, Rukayat Salami",
    ),
    Person("Sadiq Lawal", "Payroll, Lagos office", "2087450003", "057"),
)
SUPPLIERS = (
    *_each(
        "Supplier invoice",
        "Okra & Sons Produce, Delta Cold Stores, Ikeja Packaging Works, Mainland Haulage, Lekki Print House, Oyo Cartons,"
        " Sahel Grain Traders, Niger Valley Mills, Apapa Freight Services, Coastline Ice Supply",
    ),
    Person("Eko Pallet Hire", "Supplier invoice", "0719330002", "033"),
)
CONSULTANTS = (
    Person("Adaeze Okonkwo", "Monthly consulting fee", "0123456789", "058"),
    *_each("Monthly consulting fee", "Babatunde Alabi, Grace Effiong, Musa Abdullahi, Ronke Salako, Victor Idahosa"),
    Person("Blessing Ekpo", "Consulting fee, food safety", "3340170009", "232"),
)
OTHERS = (Person("Petty Cash Float", None), Person("Lagoon Foods Welfare Fund", None))
PEOPLE = STAFF + SUPPLIERS + CONSULTANTS + OTHERS
SECOND_PEOPLE = _each("Driver allowance", "Aisha Yusuf, Daniel Okoro, Mercy Etim")


def sow_recipients(books: Books, people: tuple[Person, ...]) -> None:
    """Save everybody, a few a day, through the code of the API."""
    for number, person in enumerate(people):
        code = person.institution_code or CODES[number % len(CODES)]
        fields: dict[str, Any] = {"name": person.name, "account_number": person.account_number or _account(person.name)}
        fields |= {"institution_code": code, "bank_name": BANKS[code], "narration_note": person.narration_note}
        insert_recipient(books, before(days=300 - number / 8), fields)


def _account(name: str) -> str:
    """Ten digits that follow from a name; the last is never 2, 3 or 9."""
    number = int.from_bytes(hashlib.sha256(f"account/{name}".encode()).digest()[:8])
    return f"{number % 10**9:09d}{(0, 1, 4, 5, 6, 7, 8)[number % 7]}"
