"""What makes an item no news although it speaks of the right thing: it is denied, uncertain, talk about it, or long ago.

In: nothing. Out: patterns over folded text (lower case, no accents), in English and French. What changes here changes the
measured figures; a test shows them.
"""

from __future__ import annotations

import re


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


NEGATED = _any(
    r"\b(?:denie[sd]|deny|denying|dement|dementi|rules? out|ruled out|exclut|exclu|scraps?|scrapped"
    r"|abandon(?:s|ed|ne|ner)?|shelves?|cancel(?:s|led)?|annule|calls? off|called (?:the \w+ )?off"
    r"|postpones?|withdr[ae]w[sn]?|renonce|rejects?|rejette|fails?|failed|loses?|lost|losing|echoue"
    r"|refuses?|refused|halts?|pauses?|freezes?)\b",
    r"\b(?:no|not|never|won.t|will not|does not|doesn.t|did not|didn.t|isn.t|is not|without|ne|n."
    r"|aucun|aucune|jamais|exclut|still has no)\b\W+(?:\w+\W+){0,3}?(?:plans?|rais|open|merg|buy|sell"
    r"|cut|hire|move|intend|for sale|layoff|licenci|poste|tour|leve|stolen|data|talk|looking|agenda"
    r"|acquir|launch|going|recrut)",
    r"\bhiring freeze\b|\bgel des embauches\b|\bshuts?\b|\bcloses? (?:its |the |\w+ )?(?:office|plant"
    r"|site|warehouse)|\bferme\b|\bback from the cloud\b|\bamong \w+ bidders\b|\bnot for sale\b"
    r"|\bon hold\b|\bappeals?\b",
)
"""The thing is said not to happen."""
HEDGED = _any(
    r"\brumou?rs?\b|\brumou?red\b|\bcould\b|\bmight\b|\bmay\b(?! \d)|\bconsider(?:s|ing)?\b"
    r"|\bweigh(?:s|ing)\b|\bwonders?\b|\bspeculat\w+|\bpourrait\b|\benvisage\w*|\bin talks\b"
    r"|\bnext takeover target\b|\brumeurs?\b|\bwould\b|\bhopes? to\b",
)
"""The thing is not certain."""
ADVICE = _any(
    r"\bguide\b|\bwebinar\b|\bwebinaire\b|\bwhite paper\b|\blivre blanc\b|\bhow to\b|\bwhat is\b"
    r"|\bexplains?\b|\bexplique\w*|\berklart\b|\bleitfaden\b|\blessons?\b|\bconseils\b|\btips\b"
    r"|\binterview\b|\bpodcast\b|\bessay\b|\bethics\b|\bopinion\b|\bsurveys?\b|\bstudy\b|\betude\b"
    r"|\breport on\b|\btraining\b|\btable ronde\b|\bportrait\b|\braconte\b|\bjuge\b|\bpanel\b"
    r"|\breview\b|\buser day\b|\btalk on\b|\bopen day\b|\btaste for\b|\bcharity\b|\bthanks\b"
    r"|\bcelebrat\w+|\bpraised\b",
)
"""It is talk about the thing, not the thing."""
PAST = _any(
    r"\blook(?:s|ing)? back\b|\bon this day\b|\byears ago\b|\byears on\b|\barchives?\b"
    r"|\bretrospective\b|\bil y a \w+ ans\b|\banniversary\b|\bremember(?:s)?\b|\bhistory of\b"
    r"|\bflashback\b",
)
"""It happened long ago."""
