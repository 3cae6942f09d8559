"""What businesses of a trade call themselves, and who decides there. Rows only.

A keyword that is no trade here still finds businesses: they are named after the keyword itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from flintt_mcp.sandbox.ground.seeding import words


@dataclass(frozen=True, slots=True)
class Trade:
    """One trade: words in a keyword that mean it, its category, ends of business names, roles, and what they care about."""

    words: tuple[str, ...]
    category: str
    ends: tuple[str, ...]
    roles: tuple[str, ...]
    topic: str


TRADES = (
    Trade(
        ("plumb",),
        "Plumber",
        ("Plumbing", "Plumbing & Heating", "Pipeworks"),
        ("Owner", "Director"),
        "emergency call-outs",
    ),
    Trade(("florist", "flower"), "Florist", ("Florist", "Flowers", "Blooms"), ("Owner", "Manager"), "wedding orders"),
    Trade(
        ("dent",),
        "Dentist",
        ("Dental Care", "Dental Practice", "Smiles"),
        ("Practice Manager", "Owner"),
        "new patients",
    ),
    Trade(("gym", "fitness"), "Gym", ("Fitness", "Gym", "Strength Club"), ("Owner", "General Manager"), "memberships"),
    Trade(
        ("coffee", "café", "cafe"),
        "Café",
        ("Coffee", "Coffee House", "Roasters"),
        ("Owner", "Manager"),
        "weekday visitors",
    ),
    Trade(
        ("electric",),
        "Electrician",
        ("Electrical", "Electrics", "Power Services"),
        ("Owner", "Director"),
        "EV charger fittings",
    ),
    Trade(
        ("roof",), "Roofing contractor", ("Roofing", "Roofs", "Roof Care"), ("Owner", "Director"), "quotes after storms"
    ),
    Trade(
        ("estate", "realtor", "immobil"),
        "Estate agent",
        ("Estates", "Homes", "Lettings"),
        ("Director", "Partner"),
        "valuations",
    ),
    Trade(
        ("account", "bookkeep", "steuer"),
        "Accountant",
        ("Accountants", "Ledgers", "Tax"),
        ("Partner", "Director"),
        "year-end clients",
    ),
    Trade(
        ("hair", "salon", "coiff"),
        "Hairdresser",
        ("Hair", "Salon", "Hair Studio"),
        ("Owner", "Manager"),
        "empty chairs on weekdays",
    ),
    Trade(("photo",), "Photographer", ("Photography", "Pictures", "Studio"), ("Owner",), "bookings outside the season"),
    Trade(
        ("vet",), "Veterinarian", ("Vets", "Animal Clinic", "Pet Care"), ("Practice Manager", "Owner"), "health plans"
    ),
    Trade(
        ("landscap", "garden"), "Landscaper", ("Gardens", "Landscapes", "Green Works"), ("Owner",), "spring bookings"
    ),
    Trade(
        ("yoga", "pilates"), "Yoga studio", ("Yoga", "Movement", "Pilates Room"), ("Founder", "Owner"), "class bookings"
    ),
    Trade(
        ("agency", "marketing"),
        "Marketing agency",
        ("Marketing", "Digital", "Media"),
        ("Founder", "Managing Director"),
        "retainers",
    ),
    Trade(
        ("founder", "saas", "fintech", "startup"),
        "Software company",
        ("Labs", "Cloud", "Systems"),
        ("Founder", "CEO", "COO"),
        "hiring",
    ),
    Trade(
        ("architect",),
        "Architect",
        ("Architects", "Architecture", "Atelier"),
        ("Partner", "Principal"),
        "planning enquiries",
    ),
    Trade(
        ("bakery", "baker", "boulanger"),
        "Bakery",
        ("Bakery", "Bread", "Bakehouse"),
        ("Owner", "Head Baker"),
        "wholesale orders",
    ),
    Trade(("hotel", "b&b"), "Hotel", ("Hotel", "House", "Inn"), ("General Manager", "Owner"), "direct bookings"),
    Trade(
        ("lawyer", "solicitor", "attorney"),
        "Law firm",
        ("Law", "Legal", "Solicitors"),
        ("Partner", "Managing Partner"),
        "first consultations",
    ),
)

STEMS = words(
    "Alder Anchor Ashwood Beacon Bluebell Bramley Bridgeford Cedar Clifton Copper Corner Eastgate Elmfield Fairway Foxglove "
    "Granary Greenway Harbour Hawthorn Highfield Holly Ivy Juniper Kingsley Lantern Larkspur Lime Meadow Millbrook Northgate "
    "Oakley Orchard Parklane Pebble Pinewood Quayside Redbrick Riverside Rosewood Rowan Sandhurst Silver Southbank Springfield "
    "Stonebridge Summit Sunrise Swan Thistle Union Valley Victoria Walnut Westfield Willow Windmill Woodland"
)


def trade_of(keyword: str) -> Trade:
    """The trade that a keyword means, or one made of the keyword."""
    key = keyword.casefold()
    found = next((trade for trade in TRADES if any(word in key for word in trade.words)), None)
    if found is not None:
        return found
    name = " ".join(keyword.replace("#", " ").split())[:60].title() or "Business"
    return Trade((), name, (name, f"{name} Studio", f"{name} & Co"), ("Owner", "Founder", "Manager"), "new customers")
