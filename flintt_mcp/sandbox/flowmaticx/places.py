"""Cities that addresses are made of, with phone numbers from the ranges that countries keep for fiction. Rows only.

A location that is no city here still works: its first part is the city, and the country is told when its last part is known.
"""

from __future__ import annotations

from dataclasses import dataclass

from flintt_mcp.sandbox.ground.seeding import words


@dataclass(frozen=True, slots=True)
class City:
    """One city: how its postal codes and phone numbers look (# is any digit, @ any letter), its streets' language."""

    name: str
    country: str
    postal: tuple[str, ...]
    phone: str | None
    tongue: str = "en"


CITIES = (
    City("Manchester", "GB", ("M1 #@@", "M4 #@@", "M14 #@@", "M20 #@@"), "+441614960###"),
    City("Leeds", "GB", ("LS1 #@@", "LS6 #@@", "LS11 #@@"), "+441134960###"),
    City("London", "GB", ("E2 #@@", "N1 #@@", "SE15 #@@", "SW9 #@@"), "+442079460###"),
    City("Birmingham", "GB", ("B1 #@@", "B13 #@@", "B29 #@@"), "+441214960###"),
    City("Bristol", "GB", ("BS1 #@@", "BS6 #@@", "BS8 #@@"), "+441174960###"),
    City("Edinburgh", "GB", ("EH1 #@@", "EH6 #@@", "EH9 #@@"), "+441314960###"),
    City("Glasgow", "GB", ("G1 #@@", "G12 #@@", "G41 #@@"), "+441414960###"),
    City("Dublin", "IE", ("D02 @#@#", "D08 @#@#"), None),
    City("Austin", "US", ("7870#", "7875#"), "+151255501##"),
    City("Chicago", "US", ("6060#", "6064#"), "+131255501##"),
    City("New York", "US", ("1000#", "1121#"), "+121255501##"),
    City("Toronto", "CA", ("M5V #@#", "M6K #@#"), "+141655501##"),
    City("Sydney", "AU", ("200#", "204#"), "+61255501###"),
    City("Paris", "FR", ("7501#",), "+33199001###", "fr"),
    City("Lyon", "FR", ("6900#",), "+33353019###", "fr"),
    City("Berlin", "DE", ("1011#", "1043#"), "+493023125###", "de"),
    City("München", "DE", ("8033#", "8047#"), "+498999998###", "de"),
    City("Madrid", "ES", ("2801#",), None, "es"),
    City("Barcelona", "ES", ("0800#",), None, "es"),
)
COUNTRIES = {
    "uk": "GB",
    "united kingdom": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "gb": "GB",
    "us": "US",
    "usa": "US",
    "united states": "US",
    "ireland": "IE",
    "france": "FR",
    "germany": "DE",
    "deutschland": "DE",
    "spain": "ES",
    "canada": "CA",
    "australia": "AU",
}
STREETS = {
    "en": words("Market St|High St|Station Rd|Mill Lane|Church Rd|Queen St|Bridge St|Park Rd|Canal St|King St", "|"),
    "fr": words("rue Victor Hugo|rue du Marché|avenue Foch|rue de la Gare|quai des Tanneurs|rue Pasteur", "|"),
    "de": words("Hauptstraße|Bahnhofstraße|Gartenstraße|Lindenallee|Marktplatz|Schillerstraße", "|"),
    "es": words("Calle Mayor|Calle Real|Avenida del Puerto|Calle del Sol|Plaza Nueva|Calle Ancha", "|"),
}
FIRST_NAMES = {
    "en": words(
        "Sarah James Priya Tom Grace Omar Emily Daniel Chloe Kwame Hannah Liam Zara Oliver Ruth Marcus Aisha Ben"
    ),
    "fr": words("Camille Julien Léa Hugo Inès Mathieu Élodie Karim Manon Thomas Sophie Antoine"),
    "de": words("Anna Lukas Miriam Jonas Elif Felix Katharina Paul Jana Stefan Lena Mehmet"),
    "es": words("Lucía Javier Carmen Pablo Marta Diego Elena Álvaro Nuria Sergio Irene Raúl"),
}
LAST_NAMES = {
    "en": words("Blake Patel Hughes Okafor Walsh Bennett Khan Fraser Doyle Mensah Carter Shaw Rahman Ellis Boyd Novak"),
    "fr": words("Moreau Lefèvre Benali Girard Roux Fontaine Diallo Mercier Blanchard Chevalier"),
    "de": words("Schneider Yılmaz Krüger Hoffmann Böhm Wagner Öztürk Lehmann Vogel Brandt"),
    "es": words("García Núñez Ortega Ibáñez Romero Castaño Vidal Serrano Muñoz Pascual"),
}
_TONGUES = {"FR": "fr", "DE": "de", "ES": "es"}


def cities_of(location: str) -> tuple[City, ...]:
    """The cities a location may mean: the one it names, those of the country it names, or one made of it."""
    parts = [part.strip() for part in location.split(",") if part.strip()]
    first, last = parts[0] if parts else location, parts[-1] if parts else location
    named = tuple(city for city in CITIES if city.name.casefold() == first.casefold())
    if named:
        return named
    country = COUNTRIES.get(last.casefold())
    if len(parts) == 1 and country is not None:
        return tuple(city for city in CITIES if city.country == country)
    return (City(first[:80], country or "", (), None, _TONGUES.get(country or "", "en")),)
