"""Which column of somebody's table means which field, as rows: what people and programs call them, in a few languages. Pure.

In: the names over the columns, or the keys of objects. Out: for each the field it fills, or none. Capitals, blanks, accents and
punctuation make no difference. The page on imports shows these rows.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

Of = Literal["company", "deal"]


class Field(msgspec.Struct, frozen=True):
    """A field of what is made: an argument of create_company or create_prospect (`arg`), and what its column is called elsewhere.

    `part` is the place of a column that holds a piece of the field alone, as first and last names do.
    """

    of: Of
    arg: str
    called: tuple[str, ...]
    part: int = 0

    @property
    def told(self) -> str:
        """The field as a mapping names it."""
        return f"{self.of}.{self.arg}"


FIELDS = (
    Field(
        "company",
        "name",
        (
            *("name", "company", "company name", "account", "account name", "organization", "organisation", "business"),
            *("business name", "businessName", "firm", "employer", "client", "customer"),
            *(
                "Firma",
                "Firmenname",
                "Unternehmen",
                "société",
                "entreprise",
                "nom",
                "empresa",
                "azienda",
                "bedrijf",
                "会社名",
            ),
        ),
    ),
    Field(
        "company",
        "domain",
        ("domain", "company domain", "domain name", "email domain", "website domain", "domaine", "dominio"),
    ),
    Field(
        "company",
        "website",
        (
            *("website", "web site", "site", "url", "web", "homepage", "company website", "company url", "webpage"),
            *("Webseite", "Internetseite", "site web", "sitio web", "sito web"),
        ),
    ),
    Field(
        "company",
        "linkedin_url",
        ("linkedin_url", "company linkedin", "company linkedin url", "linkedin company page", "linkedin company url"),
    ),
    Field(
        "company",
        "sector",
        (
            "sector",
            "industry",
            "category",
            "vertical",
            "Branche",
            "secteur",
            "sector de actividad",
            "settore",
            "industria",
        ),
    ),
    Field(
        "company",
        "size",
        (
            *(
                "size",
                "company size",
                "employees",
                "headcount",
                "number of employees",
                "no of employees",
                "employee count",
            ),
            *("Mitarbeiter", "Mitarbeiterzahl", "effectif", "empleados", "dipendenti"),
        ),
    ),
    Field(
        "company",
        "estimated_revenue",
        ("estimated_revenue", "revenue", "annual revenue", "turnover", "Umsatz", "chiffre d'affaires", "ingresos"),
    ),
    Field("company", "logo_url", ("logo_url", "logo")),
    Field(
        "deal",
        "name",
        (
            *("person", "contact", "contact name", "contact person", "full name", "lead name", "decision maker"),
            *("decisionMakerName", "Ansprechpartner", "Kontakt", "interlocuteur", "contacto", "referente"),
        ),
    ),
    Field("deal", "name", ("first name", "given name", "firstname", "Vorname", "prénom", "nombre"), part=1),
    Field(
        "deal",
        "name",
        ("last name", "surname", "family name", "lastname", "Nachname", "nom de famille", "apellido"),
        part=2,
    ),
    Field(
        "deal",
        "email",
        ("email", "e-mail", "mail", "email address", "contact email", "work email", "correo", "courriel"),
    ),
    Field(
        "deal",
        "title",
        ("title", "job title", "role", "position", "decisionMakerRole", "Funktion", "poste", "cargo", "ruolo"),
    ),
    Field(
        "deal",
        "linkedin_url",
        ("person linkedin", "person linkedin url", "contact linkedin", "linkedin profile", "linkedin profile url"),
    ),
    Field("deal", "stage", ("stage", "deal stage", "pipeline stage", "lead status", "Phase", "étape", "etapa")),
    Field("deal", "next_step", ("next_step", "next steps", "todo", "follow up", "nächster Schritt")),
    Field(
        "deal",
        "estimated_value",
        (
            "estimated_value",
            "value",
            "amount",
            "deal value",
            "deal size",
            "deal amount",
            "Wert",
            "Betrag",
            "montant",
            "importe",
        ),
    ),
)
LINKEDIN = ("linkedin", "linkedin url", "linkedin link")
"""A column that means the company's page or the person's profile: its addresses say which."""


class Column(msgspec.Struct, frozen=True):
    """A column of the table and the field it fills; None where it fills none. `linkedin` ones fill what their addresses say."""

    name: str
    field: Field | None
    linkedin: bool = False

    @property
    def told(self) -> str:
        """What is done with it."""
        if self.linkedin:
            return "company.linkedin_url or deal.linkedin_url, by the address"
        return "not used" if self.field is None else self.field.told


def columns_of(names: Iterable[str]) -> list[Column]:
    """The columns of these names, in their order."""
    return [_column(name) for name in names]


def _column(name: str) -> Column:
    plain = _plain(name)
    return Column(name, _BY_NAME.get(plain), plain in _LINKEDIN)


def _plain(name: str) -> str:
    """The letters and digits of a name, without accents, in small letters."""
    apart = unicodedata.normalize("NFKD", name[:200])
    return "".join(char for char in apart.casefold() if char.isalnum())


_BY_NAME: Mapping[str, Field] = {_plain(name): field for field in FIELDS for name in field.called}
_LINKEDIN = frozenset(map(_plain, LINKEDIN))
