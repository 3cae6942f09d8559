"""Word lists: what carries no meaning, what is no part of a company's name, what may stand beside one, everyday words.

In: nothing. Out: frozen sets of folded words. A list that grows here changes the measured figures of docs/signals-architecture.md;
a test shows them.
"""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


STOP_WORDS = _words(
    """a about after all also an and any are as at be been being but by can company companies do does for from had has have
    having if in into is it its more most new no not of on one or other our out over own she he so some such than that the their
    them then there these they this those to under up was we were what when where which while who will with within would you your
    business businesses firm firms organisation organisations organization organizations
    au aux avec ce ces cette dans de des du elle elles en entre est et etre eux il ils la le les leur leurs mais ou par pas plus
    pour qu que qui sa sans se ses son sont sur un une entreprise entreprises societe societes d l s n"""
)
"""Words that a description and an item may share without meaning the same."""

LEGAL = _words(
    """inc incorporated corp corporation co ltd limited llc llp lp plc gmbh mbh ag kg kgaa ug ohg se sa sas sasu sarl eurl snc sca
    scop nv bv cv oy oyj ab asa as aps spa srl srls sl slu sau lda ltda eireli doo dd ad eood ood zrt kft nyrt rt sro pty pvt
    pte bhd kk gk jsc ooo pjsc ehf"""
)
"""Legal forms, folded and without dots; they count only at the end of a name."""
SOFT = _words("group groupe gruppe holding holdings company companies international")
"""Words that a name may be written with or without."""

ORGANISATION = _words(
    """academy agency air airlines airways associates association award awards bank banque bay beach brothers bridge capital
    castle centre center championship church city clinic club college consulting council county cup department district
    energy estate federation festival field foundation fondation forest foundry fund games garden gardens health hill hills
    hospital hotel institute insurance island juice kingdom labs laboratories lake league library lines logistics marathon media
    ministry motors mountain museum musee open orchestra park partners pharma pictures police port prize province press
    records research resort restaurant river road robotics rugby school scholarship security services society software solar
    solutions sports square stadium station street studios summit systems team technologies technology telecom theatre theater
    tower town trophy trust union university universite valley ventures village works zoo"""
)
"""Words that make another name of the one before them."""
BESIDE_AFTER = _words(
    """ceo cfo cto coo cmo cro ciso chief series seed president chairman chairwoman director head vp europe france uk us usa
    deutschland germany asia africa america emea apac north nordic iberia italia spain stock shares share employees staff
    workers customers engineers and et und for in at of to on with from by says said will ipo pdg dg dsi drh"""
)
"""Words that may follow a name with a capital and leave it what it is."""
BESIDE_BEFORE = _words(
    """startup scaleup start scale fintech biotech insurtech proptech healthtech agritech edtech cleantech saas company firm maker
    group giant specialist provider vendor retailer insurer lender operator publisher manufacturer supplier rival competitor at by
    for from to with and of in on as after how why when what french german british american european danish swedish dutch italian
    spanish belgian swiss irish finnish norwegian polish parisian london paris berlin lyon based ceo cfo cto coo founder cofounder
    director president client customer partner parent subsidiary breaking exclusive news update press release societe entreprise
    groupe chez pme former ex startups monday tuesday wednesday thursday friday saturday sunday today yesterday meanwhile entry
    editeur specialiste francais francaise francaises lyonnais lyonnaise nantais nantaise parisienne but if although because"""
)
"""Words that may stand before a name with a capital and are no part of it."""
ARTICLES = _words(
    "the a an this that these those every each his her its our my le la les l un une des ce cette der die das ein eine no"
)

FIRST_NAMES = _words(
    """james john robert michael william david richard joseph thomas charles mary patricia jennifer linda elizabeth barbara susan
    jessica sarah karen anna emma olivia sophie marie julie claire camille pierre jean paul jacques luc louis nicolas antoine hugo
    lea manon chloe anne catherine peter hans karl maria laura nina tom tim jeff mark steve bill kate lucy alice oliver jack
    harry george amelia ella grace noah liam ethan lucas mia eva ines sara ana ivan olga lars erik ingrid mette frida"""
)

COMMON = _words(
    """alpha amber anchor angel apex apple arbor arc arch arrow aspen asset atlas atom aurora avenue axis bamboo banner base basis
    beacon bear bee bell berry birch blast block bloom blue bold bolt bond boost bow box branch brave breeze bridge bright brook
    brush buffer bumble bundle canal candle canopy canvas carbon cargo castle cedar chain chalk charge charm circle citrus clarity
    clay clear cliff clock cloud clover coast cobalt code coin compass concord copper coral core corner crane creek crest cross
    crown crystal cube current curve cycle dawn day deep delta desk diamond digital direct door dot dove drift drive drop dune
    eagle earth east echo edge elevate elm ember emerald engine epic equal essence even ever evergreen express eye fable facet fair
    falcon fern field fig figure finch fire first fjord flame flash fleet flex flint flow flower focus forge form fort forward
    fountain fox frame free fresh front frost fuse future galaxy garnet gate gem general genesis ginger glacier glass globe glow
    gold good granite grape graph grass gravity green grid grove growth guide gust harbor harbour harvest haven hawk hazel
    heart helix hero heron high hill hive home honey horizon house hub hunter ice idea image impact index indigo ink inn insight
    iris iron island ivory ivy jade jasmine jet jewel joy juniper key kite knot lab lace ladder lake lamp lantern larch lark
    laurel layer leaf leap ledger legacy lemon lens level lever liberty lichen light lily lime linden line linear link lion live
    local lock loft loop lotus lucid lumen luna lunar magnet magpie main mango maple marble mark market marsh mason matter meadow
    mercury merit meridian mesh metro mile mill mind mint mirror mission mistral moment monday moon moss motion mountain native
    nature nest net new nimbus noble north note notion nova oak oasis ocean olive onyx opal open orange orbit orchard orchid origin
    osprey otter owl oxygen pace page palm panda paper park pass path peak pearl pebble pebbles pilot pine pink pinnacle pioneer
    pixel plain plan planet plaza plover plum point polar pond pool poppy port portal post power prairie prime prism pulse pure
    quartz quest quick quill rabbit radar rain rainbow ramp range rapid raven ray real red reed reef relay ridge ring ripple rise
    river road robin rock rocket root rose rowan ruby sable saffron sage sail salt sand sapphire scale scout sea seed senator
    sequoia shade shale shell shield shift shine signal silver simple sky slack slate smart snap snow solar solid sonar sound
    south spark sparrow spectrum spring sprout spruce square stable stack star station steel stellar step stone storm story
    stream stride stripe strong sugar summit sun sunrise surge swan swift switch table talent tamarind target team tern thistle
    thread tide tidewater tiger timber time token topaz torch total touch tower track trade trail tree trident true trust tulip
    umber union unity universal up urban valley value vantage vault vector vellum velvet venture verity vertex victory view
    villa vine violet vision vista vital vivid voice volt voyage walnut wave way west whale wheel white wild willow wind window
    wing wise wish wolf wonder wood word work world wren yard yarrow yellow zen zenith zephyr zero zone zoom"""
)
"""Everyday words that are also names of companies: such a name needs more than its letters to be meant."""

BUSINESS_VERBS = _words(
    """acquires acquired acquiert adds adopts agrees aims announces announced annonce appoints appointed asks awarded backs begins
    bets bought boucle brings buys builds chooses choisit closes closed completes confirms confirme cuts debuts denies dement
    deploys devoile doubles embauche embauchera enters expands explores extends faces files fires gets grows gives goes hires
    hired inaugure introduces invests investit joins joint lance lands launches launched lays leve licencie looks loses makes
    merges migrates misses moves names named nets nomme nommera opens opened ouvre partners passes picks plans posts prepare
    promotes puts rachete raised raises raising recrute recrutera reaches receives recalls rejects releases remporte renounces
    renonce replaces reports retires runs says said secures seeks selects sells sets ships shuts signe signs slashes starts
    steps sues suffers supprime switches takes targets tops trims triples unveils unveiled upgrades wants warns wins won welcomes
    withdraws has is was will would to vise investira leverait pourrait explains expects hopes considers drops ends"""
)
"""Verbs of which a company is the subject; after an everyday word they show that it is a name."""

_IRREGULAR = {"has": "have", "is": "are", "was": "were", "goes": "go", "denies": "deny"}


def _of_several(verb: str) -> str:
    """The form of an English verb that follows several names."""
    longer = re.search(r"(?:sh|ch|ss|x)es$", verb)
    return _IRREGULAR.get(verb) or (verb[:-2] if longer else verb.removesuffix("s"))


BUSINESS_VERBS_OF_SEVERAL = frozenset(_of_several(verb) for verb in BUSINESS_VERBS) | _words(
    """annoncent acquierent bouclent choisissent confirment devoilent embauchent inaugurent investissent lancent levent licencient
    nomment ouvrent preparent rachetent recrutent remportent signent suppriment veulent fusionnent"""
)
"""The same after a list of names: "Apple, Meta and Box raise"."""
EVERYDAY_FORMS = _words("limited incorporated")
"""Legal forms that are words as well; they count with a capital only."""
