"""What buying signals look like in English and French: for each topic, how a description asks for it and how news tells it.

In: nothing. Out: `TOPICS`. All patterns read folded text: lower case, no accents. In a pattern, ~ stands for up to seven words in
between. What changes here changes the measured figures; a test shows them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_NEAR = r"(?:\W+[\w.,'’€$£%-]+){0,7}?\W+"


def _word(*patterns: str) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(pattern.replace("~", _NEAR) for pattern in patterns) + r")(?!\w)")


@dataclass(frozen=True, slots=True)
class Topic:
    """A kind of event. `asked` finds it in a description, `told` in news; `refines` are parts that must agree if asked for."""

    name: str
    why_now: str
    asked: re.Pattern[str]
    told: re.Pattern[str]
    refines: dict[str, re.Pattern[str]] = field(default_factory=dict)
    group: str = ""


_MONEY = r"(?:(?:€|\$|£|eur|usd|dkk|gbp|chf) ?\d[\d.,]*|\d[\d.,]* ?(?:m€|k€|m|mn|million|millions|bn|billion|milliard|milliards)\b)"
_GET = (
    r"(?:raises?d?|raising|secures?d?|closes?d?|lands?|landed|bags?|bagged|nets?|attracts?"
    r"|receives?d?|gets|got|takes? in|took in|pulls? in|snaps? up|wins?|picks? up|collects?"
    r"|announces?d?|completes?d?|extends?)"
)
_ROUND = (
    r"(?:series [a-f]|pre-?seed|seed|round|funding|financing|growth (?:capital|money|financing)"
    r"|venture capital|fresh capital|investment|bridge round)"
)
_TAKE_ON = (
    r"(?:appoint(?:s|ed)?|name[sd]?|hire[sd]?|hiring|taps?|recruits?|promote[sd]?|welcomes|poaches"
    r"|picks|becomes?|joins?|joined|takes? over as|new|nomme[e]?|recrute|promeut|rejoint|nouveau"
    r"|nouvelle|prend|arrive|designe)"
)
_SALES = (
    r"(?:vp (?:of )?sales|vice[- ]president (?:of )?sales|sales (?:chief|director|leader|leadership)"
    r"|head of (?:sales|revenue)|chief revenue officer|cro|chief sales officer|directeur commercial"
    r"|directrice commerciale|direct(?:eur|rice) des ventes|direction commerciale)"
)
_FINANCE = (
    r"(?:cfo|chief financial officer|finance (?:chief|director)|head of finance|directeur financier"
    r"|directrice financiere|direction financiere|daf)"
)
_TECH = (
    r"(?:cto|chief (?:technology|technical) officer|vp (?:of )?engineering|head of engineering"
    r"|directeur technique|directrice technique)"
)
_MARKETING = (
    r"(?:cmo|chief marketing officer|head of marketing|vp (?:of )?marketing|directeur marketing|directrice marketing)"
)
_CHIEF = r"(?:ceo|chief executive(?: officer)?|managing director|directeur general|directrice generale|pdg)"
_SECURITY = r"(?:ciso|chief information security officer|head of security|rssi)"
_ROLES = {
    "sales": _SALES,
    "finance": _FINANCE,
    "technology": _TECH,
    "marketing": _MARKETING,
    "chief": _CHIEF,
    "security": _SECURITY,
}
_SITE = (
    r"(?:offices?|plants?|warehouses?|factory|factories|sites?|stores?|hubs?|branch(?:es)?|depots?"
    r"|clinics?|laborator(?:y|ies)|facility|facilities|usines?|entrepots?|bureaux?|ateliers?|agences?"
    r"|magasins?)"
)
_PEOPLE = (
    r"(?:people|employees|staff|engineers|tutors|drivers|positions|jobs|roles|workers|developers"
    r"|salaries|personnes|postes|collaborateurs|embauches|recrutements|ingenieurs)"
)

TOPICS = (
    Topic(
        "funding",
        "Fresh capital is an expansion budget that is usually committed within two quarters.",
        _word(
            r"fund(?:s|ed|ing|raising)?",
            r"rais(?:e|es|ed|ing)",
            "series [a-f]",
            "seed",
            "levee(?:s)?(?: de fonds)?",
            "financement",
            "venture",
            "invest(?:ment|ments|ors)?",
        ),
        _word(
            rf"{_GET}~(?:{_ROUND}|{_MONEY})",
            rf"{_GET} {_MONEY}",
            r"(?:leve|levent|boucle|obtient|annonce|reunit)~(?:millions|m€|levee|tour de table|serie [a-f]"
            r"|financement|fonds)",
            r"leve \d",
            r"investors? back(?:s|ed)?",
            rf"back(?:s|ed)~with {_MONEY}",
            rf"{_MONEY}~(?:{_ROUND})",
            "levee de fonds",
            rf"(?:{_ROUND}) of {_MONEY}",
            "closed? the round",
        ),
        {"series": re.compile(r"\bserie?s? ([a-f])(?!\w)")},
    ),
    Topic(
        "new leadership",
        "New leaders review suppliers and tools in their first ninety days.",
        _word(*_ROLES.values(), "executive(?:s)?", "leader(?:s|ship)?", "dirigeants?"),
        _word(
            *(
                pattern
                for role in _ROLES.values()
                for pattern in (
                    rf"{_TAKE_ON}~{role}",
                    rf"{role}~(?:joins|joined|starts|appointed|named|hired|nomme)",
                    rf"(?:steps down|leaves|retires|quits) as {role}",
                )
            ),
        ),
        {f"role:{role}": re.compile(rf"\b{pattern}(?!\w)") for role, pattern in _ROLES.items()},
    ),
    Topic(
        "new site",
        "A new site needs suppliers before it opens.",
        _word(
            "open(?:s|ing)?(?: an?| new)? (?:office|plant|warehouse|site|store|factory)s?",
            "new (?:office|plant|site)s?",
            "expan(?:d|ds|sion)",
            "ouvr(?:e|ent)",
            "implant\\w+",
        ),
        _word(
            rf"(?:opens?|opened|opening|to open|builds?|to build|sets? up|inaugurates?|launches|adds?|doubles?"
            rf"|breaks? ground on|to construct)~{_SITE}",
            rf"new {_SITE}",
            r"sets? up shop",
            rf"(?:ouvre|inaugure|construit|batit|installe|s.implante|agrandit)~(?:{_SITE})",
            r"s.implante a",
        ),
    ),
    Topic(
        "cloud migration",
        "Contracts around the old systems end with the move, and integration work is awarded now.",
        _word("cloud", "migrat\\w+", "data cent(?:er|re)s?"),
        _word(
            r"(?:moves?|moved|moving|migrates?|migrating|migration|shifts?|transfers?|goes?|leaves?"
            r"|switch(?:es)?|picks|chooses|migre|bascule|passe)~(?:cloud|azure|aws|gcp|data cent(?:er|re)"
            r"|cloud partner)",
            r"cloud (?:migration|partner)",
            r"leaves? (?:its|their) data cent(?:er|re)",
            "vers le cloud",
        ),
    ),
    Topic(
        "merger or acquisition",
        "Two sets of tools become one within the year, and integration teams buy outside help early.",
        _word(
            "buy(?:s|ing)?",
            "bought",
            "merge(?:s|r|rs|d)?",
            "acqui(?:re|res|red|ring|sition|sitions)",
            "takeovers?",
            "rachat(?:s)?",
            "rachet\\w+",
            "fusion\\w*",
            "m&a",
        ),
        _word(
            r"(?:to )?(?:buys?|bought|acquires?|acquired|merges?|merged|merger|takes? over|takeover|snaps? up"
            r"|acquisition|swallows)",
            r"to be acquired",
            r"rachete|acquiert|fusionne|s.empare|rachat|fusion|reprend",
        ),
    ),
    Topic(
        "certification",
        "Certified companies sell to larger buyers next, and an audit makes every open gap urgent.",
        _word(r"iso ?\d{4,5}", r"soc ?[123]", "certif\\w+", "hds", "compliance"),
        _word(
            r"(?:certified|certification|certificate|earns?|achieves?|achieved|obtains?|obtient|passes|passed"
            r"|reaches|starts?|begins?|kicks? off|gains?|receives?|completes?|decroche|certifie[e]?)~(?:iso"
            r"|soc|hds|27001|certificat\w*)",
            r"(?:iso ?\d{4,5}|soc ?[123])(?: type (?:i|ii|1|2))?~(?:certified|certification|certificate"
            r"|compliance|compliant|audit)",
        ),
    ),
    Topic(
        "hiring",
        "Growth at this pace strains every process, and hiring ahead of revenue means a funded plan.",
        _word(
            "hir(?:e|es|ing)(?: many)?(?: people)?",
            "headcount",
            "recrut\\w+",
            "embauch\\w+",
            "grow(?:s|ing)? (?:its|their) team",
        ),
        _word(
            rf"(?:hires?|hiring|recruits?|recruit|to fill|creates?|adds?|seeks|opens?|opened"
            rf"|employs?)(?:\W+[\w.,-]+){{0,3}}?\W+\d[\d.,]*\W+(?:\w+\W+){{0,2}}?{_PEOPLE}",
            rf"(?:recrute|recruter|embauche|embaucher|prevoit|cree|creer)~\d+~?{_PEOPLE}",
            rf"\d[\d.,]* {_PEOPLE}",
            r"headcount~(?:rose|grew|doubled|up|increased)",
            r"(?:grows?|doubles|doubled|expands) (?:its |their |the )?(?:team|workforce|headcount|staff)",
            r"opens? \d+ (?:positions|roles|jobs)",
        ),
    ),
    Topic(
        "public contract",
        "Delivery starts within weeks and needs capacity.",
        _word(
            "tenders?",
            "public contracts?",
            "marches? publics?",
            "appels? d.offres",
            "government contracts?",
            "wins? (?:a )?contracts?",
        ),
        _word(
            r"(?:wins?|won|lands?|secures?|gets|clinches|remporte|decroche|gagne|obtient)~(?:contract"
            r"|framework|tender|marche public|marche|appel d.offres)",
            r"award(?:s|ed)?~(?:contract|framework|tender)",
            r"(?:contract|framework|tender|marche) (?:awarded|attribue)",
        ),
    ),
    Topic(
        "launch",
        "Launch budgets are open for the next quarter.",
        _word("launch\\w*", "new products?", "releas\\w+", "lanc(?:e|ent|ement)", "unveil\\w*"),
        _word(
            r"(?:launch(?:es|ed)?|unveils?|unveiled|ships?|releases?|released|rolls? out|introduces?"
            r"|introduced|debuts|lance|devoile|presente|sort)~(?:\w+)",
        ),
        {
            "ai": re.compile(
                r"\b(?:ai|ia|artificial intelligence|intelligence artificielle|machine learning"
                r"|apprentissage automatique|deep learning|neural|llm|generative)(?!\w)"
            )
        },
    ),
    Topic(
        "job cuts",
        "Fewer people for the same work is a reason to automate or to buy it in.",
        _word(
            "lay\\W?offs?",
            "laid off",
            "job cuts?",
            "cut(?:s|ting)? jobs",
            "licenci\\w+",
            "plans? socia(?:l|ux)",
            "restructur\\w+",
            "redundanc\\w+",
        ),
        _word(
            r"lay(?:s|ing)? off",
            "laid off",
            "layoffs?",
            r"(?:cuts?|cutting|slash(?:es)?|axes?|sheds?|to cut)~(?:jobs|staff|workforce|positions|posts"
            r"|roles)",
            r"licencie(?:nt|ments?)?",
            "plan social",
            r"(?:supprime|suppression)~(?:postes|emplois)",
            r"postes supprimes",
            "redundancies",
            "pse",
        ),
    ),
    Topic(
        "security incident",
        "After an incident, security budget is found at once.",
        _word(
            "breach(?:es)?",
            "ransomware",
            "cyber\\W?attacks?",
            "cyberattaques?",
            "hack(?:s|ed|ers)?",
            "fuites? de donnees",
            "data leaks?",
        ),
        _word(
            r"(?:hit|struck|crippled|victim|attacked|paralysed|shut down)~(?:ransomware|cyber\W?attack"
            r"|hackers|attack)",
            r"data (?:breach|leak)(?: at)?",
            r"ransomware (?:attack|gang|hits?)",
            "breach exposes",
            r"hackers~(?:stole|steal|breach|hit|took|leak|attack)",
            r"cyberattaque (?:contre|chez|vise)",
            r"victime d.une cyberattaque",
            r"piratage",
            r"donnees~(?:ont fuite|volees|derobees)",
            "was breached",
            "confirmed a breach",
        ),
    ),
    Topic(
        "listing",
        "A listing brings new duties of reporting and control.",
        _word(
            "ipo", "go(?:es|ing)? public", "stock market listings?", "entrees? en bourse", "introductions? en bourse"
        ),
        _word(
            "ipo",
            r"(?:goes|going|to go) public",
            r"files for~(?:ipo|listing)",
            "entre en bourse",
            "introduction en bourse",
            "lists on",
        ),
    ),
)
