"""What a small business would keep in Flextell: companies, contacts, tickets and invoices, invented and always the same.

In: the rows before, with their ids. Out: fields of resources, oldest first.
"""

from __future__ import annotations

from typing import Any

from flintt_mcp.sandbox.ground.seeding import Draw, before, words

COMPANIES = (
    ("Northgate Robotics", "Robotics", "Hamburg"),
    ("Sable & Finch", "Law", "London"),
    ("Tidewater Logistics", "Logistics", "Rotterdam"),
    ("Oakline Dental", "Health", "Lyon"),
    ("Brightwell Energy", "Energy", "Aarhus"),
    ("Cobalt Kitchens", "Retail", "Milan"),
    ("Perch Analytics", "Software", "Dublin"),
    ("Marrow Street Press", "Publishing", "Edinburgh"),
    ("Quillon Insurance", "Insurance", "Zurich"),
    ("Fennel Foods", "Food", "Porto"),
    ("Harrow Steelworks", "Manufacturing", "Linz"),
    ("Lumen Schools", "Education", "Ghent"),
)
FIRST = words("Ana Bram Chidi Dalia Emil Freya Goran Hana Ines Jonas Karim Leila Mateo Nadia Otis Petra Quentin Rosa")
LAST = words("Abel Brandt Castel Duarte Eklund Fabre Garcin Hollis Ivanova Janssen Kowal Lindqvist Moreau Nowak Okafor")
ROLES = ("Head of operations", "Buyer", "Founder", "IT lead", "Office manager", "Finance lead")
SUBJECTS = (
    "Invoice shows the old address",
    "Cannot sign in after the password change",
    "Export stops at 1,000 rows",
    "Please add a second administrator",
    "Webhook arrives twice",
    "Question about the yearly plan",
    "Report is empty for March",
    "Dates are a day early",
    "Slow search in the afternoon",
)


def companies() -> list[dict[str, Any]]:
    """Twelve customers."""
    draw = Draw("flintt", "flextell companies")
    return [
        {
            "name": name,
            "domain": f"{name.lower().replace(' & ', '-').replace(' ', '-')}.example",
            "industry": industry,
            "city": city,
            "employees": draw.number(8, 900),
            "tags": draw.some(("customer", "partner", "newsletter", "trial"), draw.number(1, 2)),
        }
        for name, industry, city in COMPANIES
    ]


def contacts(firms: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Two people at each company."""
    draw = Draw("flintt", "flextell contacts")
    return [_contact(draw, firm) for firm in firms for _ in range(2)]


def tickets(people: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Eighteen questions and complaints."""
    draw = Draw("flintt", "flextell tickets")
    rows = []
    for subject in SUBJECTS * 2:
        person = draw.one(people)
        status = draw.one(("open", "open", "waiting", "closed"))
        rows.append(
            {
                "subject": subject,
                "contact_id": person["id"],
                "status": status,
                "priority": draw.one(("low", "normal", "normal", "high")),
                "closed_at": before(days=draw.number(0, 2)) if status == "closed" else None,
            }
        )
    return rows


def invoices(firms: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Eight invoices with their lines; the total is the sum of the lines."""
    draw = Draw("flintt", "flextell invoices")
    rows = []
    for number, firm in enumerate(draw.some(firms, 8), start=1):
        lines: list[dict[str, Any]] = [
            {"text": text, "amount": draw.number(40, 900) * 5}
            for text in draw.some(("Subscription", "Set-up", "Training", "Support hours"), draw.number(1, 3))
        ]
        rows.append(
            {
                "number": f"2026-{number:04d}",
                "company_id": firm["id"],
                "currency": "EUR",
                "lines": lines,
                "total": sum(line["amount"] for line in lines),
                "status": draw.one(("paid", "paid", "sent", "overdue")),
                "due_on": before(days=-30 + number * 5)[:10],
            }
        )
    return rows


def _contact(draw: Draw, firm: dict[str, Any]) -> dict[str, Any]:
    first, last = draw.one(FIRST), draw.one(LAST)
    return {
        "name": f"{first} {last}",
        "email": f"{first}.{last}@{firm['domain']}".lower(),
        "role": draw.one(ROLES),
        "company_id": firm["id"],
        "address": {"city": firm["city"], "country": None},
    }
