"""Legal forms of companies, as rows, and a name without them. Pure.

In: the words of a name, folded. Out: those of its own, and the legal forms that stood around them, each in one spelling: "Ltd"
and "Limited" are one, "Inc" and "GmbH" are not. "Company" alone says nothing of the form and is left out.
"""

from __future__ import annotations

from collections.abc import Sequence

from flintt_mcp.matching.vocabulary import words_in

NO_FORM = ""
_FORMS = {
    NO_FORM: "co, company, companies, cie, compagnie, & co, & company, & cie, & companies, & sons, firma, publ",
    # English
    "inc": "inc, incorporated",
    "corp": "corp, corporation",
    "llc": "llc, limited liability company",
    "ltd": "ltd, limited, co ltd, company limited, co limited",
    "plc": "plc, public limited company",
    "llp": "llp",
    "lp": "lp",
    "pllc": "pllc",
    "pvt ltd": "pvt ltd, private limited, p ltd, pvt limited, private ltd",
    "pty ltd": "pty ltd, pty, proprietary limited, pty limited",
    "pte ltd": "pte ltd, pte, pte limited",
    "cic": "cic",
    # German
    "gmbh": "gmbh, mbh, gesellschaft mit beschrankter haftung, gesellschaft mbh, ges mbh, gesmbh",
    "ggmbh": "ggmbh",
    "gmbh co kg": "gmbh & co kg, gmbh co kg, gmbh & cie kg, gmbh & co kgaa, gmbh & co ohg, gmbh & co",
    "ag": "ag, aktiengesellschaft",
    "ag co kg": "ag & co kg, ag & co kgaa, ag & co ohg",
    "se": "se, societas europaea",
    "se co kg": "se & co kg, se & co kgaa, se & co ohg",
    "kg": "kg, kommanditgesellschaft, & co kg",
    "kgaa": "kgaa",
    "ohg": "ohg",
    "gbr": "gbr",
    "ug": "ug, ug haftungsbeschrankt, haftungsbeschrankt, ug & co kg",
    "ek": "ek, e kfm, e kfr, inh",
    "ev": "ev",
    "eg": "eg, egmbh",
    # French, Italian, Spanish, Portuguese
    "sa": "sa, societe anonyme, sociedad anonima, societa anonima",
    "sas": "sas, sasu, societe par actions simplifiee",
    "sarl": "sarl, sa rl, eurl, societe a responsabilite limitee",
    "sci": "sci",
    "snc": "snc",
    "scop": "scop",
    "spa": "spa, societa per azioni",
    "srl": "srl, srls, sociedad de responsabilidad limitada, societa a responsabilita limitata",
    "sapa": "sapa",
    "sl": "sl, slu, sociedad limitada",
    "sau": "sau",
    "sa de cv": "sa de cv, sab de cv, sapi de cv, sab",
    "s de rl": "s de rl de cv, s de rl, sde rl de cv, s de r l",
    "ltda": "ltda, limitada, lda, ltda me, eireli",
    "sas de cv": "sas de cv",
    # Benelux and the North
    "bv": "bv, besloten vennootschap, bvba",
    "nv": "nv, naamloze vennootschap",
    "vof": "vof",
    "cv": "cv, cvba",
    "ab": "ab, aktiebolag, aktiebolaget, ab publ",
    "as": "as, aktieselskab, aktieselskabet, aksjeselskap, aksjeselskapet",
    "asa": "asa",
    "aps": "aps, anpartsselskab",
    "oy": "oy, osakeyhtio, oy ab",
    "oyj": "oyj, oyj abp, abp",
    "hf": "hf, ehf",
    "ou": "ou, osauhing",
    "uab": "uab",
    "sia": "sia",
    # the East
    "sp zoo": "sp zoo, sp z oo, sp z o o, spzoo, spolka zoo, spolka z ograniczona odpowiedzialnoscia, sp zoo sp k, sp z oo sp k",
    "sp k": "sp k, spk, sp j",
    "sro": "sro, spol sro, spol s ro",
    "doo": "doo",
    "dd": "dd",
    "kft": "kft, korlatolt felelossegu tarsasag",
    "zrt": "zrt",
    "nyrt": "nyrt",
    "ood": "ood, eood",
    "ad": "ad, ead",
    "ooo": "ooo, obshchestvo s ogranichennoi otvetstvennostyu",
    "ao": "ao, zao",
    "pao": "pao, oao, pjsc, ojsc",
    "jsc": "jsc, cjsc",
    "tov": "tov",
    "pat": "pat, prat, vat",
    "too": "too",
    "ae": "ae, anonymi etaireia",
    "epe": "epe",
    "ike": "ike",
    "as tr": "anonim sirketi, sanayi ve ticaret as, san ve tic as, tic as, sti, ltd sti, limited sirketi",
    # Asia, Africa
    "kk": "kk, kabushiki kaisha, kabushiki gaisha",
    "gk": "gk, godo kaisha",
    "yk": "yk, yugen kaisha",
    "cn ltd": "youxian gongsi, gufen youxian gongsi, youxian zeren gongsi",
    "kr ltd": "yuhan hoesa",
    "sdn bhd": "sdn bhd, sendirian berhad",
    "bhd": "bhd, berhad",
    "pt": "pt, tbk",
    "jsc vn": "ctcp",
    "tnhh": "tnhh",
    "fz llc": "fz llc, fze, fzco, fz",
    "wll": "wll",
    "saoc": "saoc, saog",
    "npc": "npc, rf npc",
}
"""A form in one spelling -> how it is written, folded."""

FIRST = words_in(
    "ooo ao zao pao oao tov too pt kk ab aktiebolag aktiebolaget aktieselskabet uab sia sarl eurl sci snc firma the"
)
"""Words that are a legal form, or an article, also before the name."""
_ARTICLES = frozenset({"the"})


def _rows() -> dict[tuple[str, ...], str]:
    rows = {tuple(written.split()): form for form, many in _FORMS.items() for written in many.split(", ")}
    apart = {tuple(words[0]): form for words, form in rows.items() if len(words) == 1 and len(words[0]) <= 4}
    return apart | rows | {(article,): NO_FORM for article in _ARTICLES}


_BY_WORDS = _rows()
_LONGEST = max(map(len, _BY_WORDS))


def without_forms(words: Sequence[str]) -> tuple[slice, frozenset[str]]:
    """Where its own words are among the words of a name, and its legal forms; a name of nothing else keeps one word."""
    first, end, forms = 0, len(words), set()
    while taken := _at_the_end(words[first:end]):
        forms.add(_BY_WORDS[tuple(words[end - taken : end])])
        end -= taken
    while first < end - 1 and words[first] in FIRST:
        forms.add(_BY_WORDS[(words[first],)])
        first += 1
    return slice(first, end), frozenset(forms - {NO_FORM})


def _at_the_end(words: Sequence[str]) -> int:
    """How many words at the end are a legal form; never all of them."""
    for count in range(min(_LONGEST, len(words) - 1), 0, -1):
        if tuple(words[-count:]) in _BY_WORDS:
            return count
    return 0
