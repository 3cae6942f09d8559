"""About two hundred invented companies: two thirds made of word lists, the rest named by hand, some in other scripts.

In: the owner. Out: the rows, as other parts of the seed need them. Some fields are left null, as in a real workspace.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from flintt_mcp.sandbox.ground.rows import insert
from flintt_mcp.sandbox.ground.seeding import Draw, before, fixed_id, words
from flintt_mcp.sandbox.ground.texts import search_key

STEMS = words(
    "Alder Amber Arbor Basalt Beacon Birch Bluefin Bramble Cairn Canopy Cedar Chalk Cinder Cobalt Copper Coral Crestline "
    "Delta Drift Dune Ember Fathom Fern Flint Foxglove Garnet Glacier Granite Harbor Hazel Heron Indigo Ivory Juniper "
    "Kestrel Lantern Larch Lichen Linden Lumen Magpie Marble Meridian Mistral Moss Nimbus Oakline Onyx Osprey Otter "
    "Pebble Pinnacle Plover Quartz Quill Raven Reed Ripple Rowan Saffron Sable Sequoia Shale Silver Slate Sparrow Spruce "
    "Summit Tamarind Tern Thistle Tidewater Timber Topaz Umber Vellum Verity Violet Walnut Willow Wren Yarrow Zephyr"
)

SECTORS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "SaaS": (("Cloud", "Desk", "Works", "Stack"), ("PostgreSQL", "Kubernetes", "HubSpot", "Segment")),
    "Fintech": (("Pay", "Ledger", "Capital", "Treasury"), ("Snowflake", "Kafka", "Stripe", "Plaid")),
    "Healthcare": (("Health", "Bio", "Clinic", "Diagnostics"), ("FHIR", "Azure", "Epic", "Power BI")),
    "Logistics": (("Freight", "Logistics", "Cargo", "Routes"), ("SAP", "Samsara", "Oracle TMS", "Tableau")),
    "Manufacturing": (("Machines", "Industries", "Components", "Robotics"), ("Siemens MindSphere", "SAP", "AutoCAD")),
    "Energy": (("Energy", "Solar", "Grid", "Storage"), ("OSIsoft PI", "AWS", "Python", "Power BI")),
    "E-commerce": (("Market", "Commerce", "Goods", "Retail"), ("Shopify", "Algolia", "Klaviyo", "BigQuery")),
    "Cybersecurity": (("Security", "Shield", "Trust", "Defense"), ("Splunk", "Okta", "Terraform", "Rust")),
    "Education": (("Learning", "Academy", "Campus", "Tutors"), ("Moodle", "Canvas", "Google Workspace")),
    "Real Estate": (("Estates", "Spaces", "Buildings", "Living"), ("Yardi", "Salesforce", "Mapbox")),
    "Agritech": (("Farms", "Fields", "Harvest", "Agro"), ("LoRaWAN", "AWS IoT", "QGIS")),
    "Professional Services": (("Advisory", "Partners", "Consulting", "Studio"), ("Microsoft 365", "Notion", "Jira")),
}

# Named by hand: name, domain label, sector, country, city.
NAMED = (
    ("Élan Robotique", "elan-robotique", "Manufacturing", "FR", "Lyon"),
    ("Crèmerie Numérique", "cremerie-numerique", "E-commerce", "FR", "Rennes"),
    ("Søndergaard Maritim", "sondergaard-maritim", "Logistics", "DK", "Aarhus"),
    ("Blåbær Helse", "blabaer-helse", "Healthcare", "NO", "Bergen"),
    ("Lindqvist & Åberg", "lindqvist-aberg", "Professional Services", "SE", "Göteborg"),
    ("Hämäläinen Energia", "hamalainen-energia", "Energy", "FI", "Tampere"),
    ("Müller & Söhne Logistik", "mueller-soehne-logistik", "Logistics", "DE", "Köln"),
    ("Grünwald Speichertechnik", "gruenwald-speicher", "Energy", "DE", "München"),
    ("Österreicher Feinmechanik", "oesterreicher-fm", "Manufacturing", "AT", "Graz"),
    ("Zürisee Treuhand", "zuerisee-treuhand", "Fintech", "CH", "Zürich"),
    ("Łódzka Chmura", "lodzka-chmura", "SaaS", "PL", "Łódź"),
    ("Žitný Analytika", "zitny-analytika", "SaaS", "CZ", "Brno"),
    ("Škoda-Novák Partners", "skoda-novak", "Professional Services", "SK", "Bratislava"),
    ("Őszi Agrár", "oszi-agrar", "Agritech", "HU", "Szeged"),
    ("Ștefan Securitate", "stefan-securitate", "Cybersecurity", "RO", "Cluj-Napoca"),
    ("Đurić Softver", "djuric-softver", "SaaS", "RS", "Novi Sad"),
    ("São Bento Saúde", "sao-bento-saude", "Healthcare", "PT", "Porto"),
    ("Coração Educação", "coracao-educacao", "Education", "BR", "Curitiba"),
    ("Peña Nevada Solar", "pena-nevada-solar", "Energy", "MX", "Monterrey"),
    ("Ñandú Pagos", "nandu-pagos", "Fintech", "AR", "Córdoba"),
    ("Caffè Quadrato", "caffe-quadrato", "E-commerce", "IT", "Torino"),
    ("Ελιά Αγροτική", "elia-agrotiki", "Agritech", "GR", "Καλαμάτα"),
    ("Наука Плюс", "nauka-plus", "Education", "BG", "София"),
    ("Ağaoğulları Enerji", "agaogullari-enerji", "Energy", "TR", "İzmir"),
    ("אורן אבטחה", "oren-avtaha", "Cybersecurity", "IL", "Haifa"),
    ("النخيل للتقنية", "nakheel-tech", "SaaS", "AE", "Dubai"),
    ("東海データ", "tokai-data", "SaaS", "JP", "名古屋"),
    ("青山物流", "aoyama-butsuryu", "Logistics", "JP", "Osaka"),
    ("한빛 로보틱스", "hanbit-robotics", "Manufacturing", "KR", "Daejeon"),
    ("Nguyễn Phát Thực Phẩm", "nguyen-phat", "E-commerce", "VN", "Đà Nẵng"),
    ("O'Malley Dental", "omalley-dental", "Healthcare", "IE", "Cork"),
    ("100% Linen", "hundred-percent-linen", "E-commerce", "LT", "Vilnius"),
    ("North_Star Labs", "north-star-labs", "SaaS", "US", "Duluth"),
    ("Ten10 Telematics", "ten10-telematics", "Logistics", "ZA", "Durban"),
)

CITIES = (
    ("FR", "Paris"), ("FR", "Nantes"), ("FR", "Lille"), ("DE", "Berlin"), ("DE", "Hamburg"), ("GB", "London"),
    ("GB", "Leeds"), ("GB", "Edinburgh"), ("NL", "Utrecht"), ("BE", "Ghent"), ("ES", "Valencia"), ("ES", "Bilbao"),
    ("IT", "Bologna"), ("SE", "Malmö"), ("DK", "Copenhagen"), ("IE", "Dublin"), ("US", "Austin"), ("US", "Denver"),
    ("US", "Boston"), ("CA", "Montréal"), ("CA", "Calgary"), ("AU", "Melbourne"), ("SG", "Singapore"), ("IN", "Pune"),
)  # fmt: skip

SIZES = ("1-10", "11-50", "11-50", "51-200", "51-200", "51-200", "201-500", "501-1000", "1001-5000")
REVENUES = {
    "1-10": "<€1M", "11-50": "€1M-€5M", "51-200": "€5M-€25M", "201-500": "€25M-€80M", "501-1000": "€80M-€200M",
    "1001-5000": "€200M-€1B",
}  # fmt: skip
MADE = 166


@dataclass(frozen=True, slots=True)
class SeededCompany:
    """What the rest of the seed needs to know of a company."""

    id: str
    name: str
    domain: str
    sector: str
    country: str
    city: str


def sow_companies(connection: sqlite3.Connection, user: str) -> list[SeededCompany]:
    """Write all companies of the local user."""
    draw = Draw("flintt", "companies")
    companies = [
        SeededCompany(fixed_id("company", domain), name, f"{domain}.example", sector, country, city)
        for name, domain, sector, country, city in (*NAMED, *_made_names(draw))
    ]
    for company in draw.some(companies, len(companies)):
        insert(connection, "flintt_companies", _row(draw, user, company))
    return companies


def _made_names(draw: Draw) -> list[tuple[str, str, str, str, str]]:
    """A stem and a word of the sector for each, every pair once."""
    pairs = [(stem, word, sector) for stem in STEMS for sector, (words, _) in SECTORS.items() for word in words]
    return [
        (f"{stem} {word}", f"{stem}-{word}".lower(), sector, *draw.one(CITIES))
        for stem, word, sector in draw.some(pairs, MADE)
    ]


def _row(draw: Draw, user: str, company: SeededCompany) -> dict[str, Any]:
    size = draw.one(SIZES)
    age = draw.number(30, 380)
    created_at = before(days=age, seconds=draw.number(0, 30_000))
    return {
        "id": company.id,
        "user_id": user,
        "name": company.name,
        "name_key": search_key(company.name),
        "domain": company.domain if draw.chance(0.93) else None,
        "sector": company.sector if draw.chance(0.95) else None,
        "size": size if draw.chance(0.9) else None,
        "website": f"https://www.{company.domain}" if draw.chance(0.9) else None,
        "estimated_revenue": REVENUES[size] if draw.chance(0.55) else None,
        "logo_url": f"https://logos.example/{company.domain.split('.')[0]}.png" if draw.chance(0.5) else None,
        "linkedin_url": f"https://linkedin.example/company/{company.domain.split('.')[0]}"
        if draw.chance(0.7)
        else None,
        "enrichment_data": json.dumps(_enrichment(draw, company), ensure_ascii=False),
        "created_at": created_at,
        "updated_at": max(created_at, before(days=age * draw.fraction() ** 2, seconds=draw.number(0, 30_000))),
    }


def _enrichment(draw: Draw, company: SeededCompany) -> dict[str, Any]:
    """Empty for a company that no run has touched yet."""
    if draw.chance(0.3):
        return {}
    technologies = SECTORS[company.sector][1]
    return {
        "country": company.country,
        "city": company.city,
        "founded": draw.number(1978, 2024),
        "technologies": draw.some(technologies, draw.number(1, len(technologies))),
    }
