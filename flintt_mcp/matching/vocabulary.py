"""Words and hosts that mean the same in everybody's name, as rows. Pure.

Out: short forms, words that are left out of names, hosts and mailboxes that are no company's own. What they mean for a match is
decided where they are used.
"""

from __future__ import annotations


def words_in(text: str) -> frozenset[str]:
    """The words of a row."""
    return frozenset(text.split())


AND = "&"
ANDS = frozenset({AND, "and", "und", "et", "y", "e", "och", "og", "en", "ja", "i", "kai"})
SHORT = {
    "intl": "international",
    "int'l": "international",
    "natl": "national",
    "mfg": "manufacturing",
    "bros": "brothers",
    "svcs": "services",
    "svc": "services",
    "mgmt": "management",
    "assoc": "associates",
    "eng": "engineering",
    "engg": "engineering",
    "tech": "technologies",
    "technology": "technologies",
    "techs": "technologies",
    "sys": "systems",
    "labs": "laboratories",
    "lab": "laboratories",
    "univ": "university",
    "st": "saint",
    "dept": "department",
    "inds": "industries",
    "grp": "group",
    "hldgs": "holdings",
    "holding": "holdings",
    "gruppe": "group",
    "groupe": "group",
    "grupo": "group",
    "gruppo": "group",
    "grup": "group",
    "gruppa": "group",
}
"""Words that are one, written short or in another language."""
OFTEN_LEFT_OUT = words_in(
    "group holdings international global worldwide technologies solutions software systems services computing platforms platform "
    "industries enterprises company corporation laboratories brands motor motors com the of inc "
    "deutschland germany france uk usa us america europe europa italia italy espana spain polska poland nederland schweiz austria "
    "osterreich india japan china brasil brazil canada australia ireland"
)
"""Words that people leave out of a name, or add to it; without one of them it is likely the same house."""
HOSTS_OF_OTHERS = words_in(
    "linkedin.com xing.com facebook.com fb.com instagram.com twitter.com x.com tiktok.com youtube.com pinterest.com threads.net "
    "github.com gitlab.com bitbucket.org medium.com substack.com linktr.ee crunchbase.com wikipedia.org yelp.com tripadvisor.com "
    "google.com goo.gl g.page bit.ly etsy.com notion.site t.me wa.me vk.com about.me "
    "angel.co wellfound.com producthunt.com trustpilot.com glassdoor.com indeed.com yellowpages.com gelbeseiten.de"
)
"""Where companies have pages of their own: there a path means whoever the page is about."""
MAILBOXES = words_in(
    "gmail.com googlemail.com outlook.com hotmail.com hotmail.co.uk hotmail.fr live.com msn.com yahoo.com yahoo.co.uk yahoo.fr "
    "ymail.com icloud.com me.com mac.com aol.com gmx.de gmx.net gmx.at web.de t-online.de freenet.de mail.ru yandex.ru yandex.com "
    "bk.ru inbox.ru list.ru rambler.ru qq.com 163.com 126.com sina.com naver.com hanmail.net daum.net proton.me protonmail.com "
    "orange.fr wanadoo.fr free.fr laposte.net sfr.fr libero.it virgilio.it tiscali.it alice.it wp.pl o2.pl onet.pl interia.pl "
    "seznam.cz centrum.cz uol.com.br bol.com.br terra.com.br rediffmail.com mail.com zoho.com fastmail.com hey.com btinternet.com "
    "comcast.net att.net verizon.net bluewin.ch telenet.be ziggo.nl kpnmail.nl ukr.net abv.bg"
)
"""Where people have mailboxes: an address there says nothing of a company."""
NOT_ITS_OWN = words_in(
    "www www2 www3 m mobile web home app apps my go get try info about blog news shop store careers jobs mail email "
    "en de fr es it nl pl us uk eu int global"
)
"""Labels before a domain that say nothing of whose it is."""
