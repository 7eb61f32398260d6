"""From what a person typed to canonical text: one spelling per word, digits for numbers, `14h30` for hours, and no number that is not a date.

Canonical text is lower case, without accents, tokens apart by one space; «, » stands for every pause, « | » for what was set aside.
"""
import re
from typing import Callable, Dict, List, Tuple, Union

from bot.agenda.moment_dates import NOMS_DE_JOUR, NOMS_DE_MOIS
from bot.texte.normalisation import nettoyer, sans_accents

MOIS = "|".join(NOMS_DE_MOIS)
JOURS = "|".join(NOMS_DE_JOUR)
_VOIES = "rue|avenue|place|boulevard|bd|quai|square|impasse|allee|chemin|cours"
_UNITE_DE_TEMPS = r"(?:h|heures?|minutes?|mn|jours?|semaines?|mois|ans?)"


# ---- 1. What must not be read -----------------------------------------------------------------------------------------

# Numbers and names of days that are not a moment of the agenda. Each line: why, pattern (on text without accents, lower case).
_BRUITS: Tuple[Tuple[str, str], ...] = (
    ("adresse électronique ou site", r"\S+@\S+|https?:\S+|www\.\S+"),
    # The same separator all along: « 06.10.2011 14h » is a date, and only its digits look like a telephone number.
    ("téléphone", r"(?<!\d)(?:(?:\+|00)33 ?(?:\(0\) ?)?|0)[1-9]([ .-]?)\d\d\1\d\d\1\d\d\1\d\d(?!\d)"),
    ("préfixe de téléphone (« au 06 »)", rf"\b(?:au|sur le|sur mon|mon) 0[1-9]\b(?! ?[/.-]?\d| (?:{MOIS}))"),
    ("SIREN, SIRET, longs numéros", r"(?<!\d)\d{3}[ .]\d{3}[ .]\d{3}(?:[ .]?\d{5})?(?!\d)|(?<!\d)\d{5,}(?!\d)"),
    ("montant, pourcentage, distance", r"\d+(?:[ .,]\d+)* ?(?:€|k€|%|euros?\b|eur\b|pour ?cents?\b|km\b|m2\b|kg\b)"),
    ("âge, compte de choses", r"\b\d+ (?:enfants?|personnes?|salarie\w*|trimestres?|associe\w*|employe\w*|documents?|questions?|points?"
                              r"|etablissements?|dossiers?|rdv)\b|(?<!dans )(?<!ici )\b\d+ ans\b"),
    ("référence", r"\b(?:articles?|code|reference|ref|formulaire|cerfa|bureau|porte|etage|poste|chapitre|numero|no|n°) ?:? ?"
                  r"[a-z]?\.?\d[\d/.-]*"),
    ("numéro et nom de voie", rf"\b\d+ ?(?:bis|ter)? ?,? (?:{_VOIES})\b(?: du \d{{1,2}} [a-z]+(?: \d{{4}})?)?"
                              rf"|\b(?:{_VOIES})s? du \d{{1,2}} [a-z]+(?: \d{{4}})?"),
    ("département (« dans le 31 »)", rf"\bdans le \d{{2,3}}\b(?! ?/| (?:{MOIS}))"),
    ("naissance", r"\b(?:nee?s?|naissance) ?:? ?(?:le|en)? ?(?:\d{1,2}(?:er)?[ /.-])?(?:[a-z]+|\d{1,2})[ /.-]\d{2,4}"),
    # « Depuis » looks back: the agenda only looks ahead.
    ("depuis", r"\bdepuis (?:le |la |l'|mon |ma )?(?:\d{1,2}(?:er)?[ /.-])?[a-z0-9/.-]+(?: \d{4}\b)?"),
    ("permanence", r"\b24 ?h?(?:eures)? ?(?:/|sur) ?(?:24 ?h?|7\b)|\b7 ?j?(?:ours)? ?(?:/|sur) ?7 ?j?"),
    ("fréquence", rf"(?:\b\d+ ?{_UNITE_DE_TEMPS}? ?|\b[a-z]+ (?:fois|heures?|jours?) )?\bpar (?:jour|nuit|semaine|mois|an)\b"),
    ("toute la journée", r"\bdu matin (?:au|jusqu'au) soir\b"),
    ("durée d'une chose", rf"\b(?:pendant|durant|dure|duree de|fait|toutes les) (?:\d+|une?|deux|trois) ?{_UNITE_DE_TEMPS}\b"
                          r"|\b(?:reunion|seance|session|formation|stage|creneaux?|pause|plages?|entretiens?) (?:de|d') ?"
                          r"(?:\d ?h(?:eures?)?(?: ?\d\d)?|\d\d ?(?:mn|min(?:utes)?)|une heure|deux heures)\b(?! ?\d)"
                          r"|\b\d+ ?h(?:eures?)?(?: ?\d\d)? de (?:route|trajet|travail|voiture|train|conduite)\b"),
    ("vacances et fêtes sans date", rf"\bvacances (?:scolaires |de |d'|du )*(?:la )?(?:toussaint|noel|paques|hiver|printemps|ete|{MOIS})\b"),
    ("politesse", r"\bbon(?:ne)?s? (?:fin de )?(?:journee|soiree|matinee|apres[- ]?midi|week[- ]?end|semaine|mois)\b"),
    ("« pas » qui ne refuse rien", r"\bpas (?:de |d')(?:probl?eme|souci|pb|preference|inquietude)s?\b|\bpourquoi pas\b|\bn'est[- ]ce pas\b"
                                   r"|\bpas (?:forcement|seulement|uniquement|mal)\b|\bsi (?:jamais|ce n'est pas)\b"),
)
_BRUIT = [(raison, re.compile(motif)) for raison, motif in _BRUITS]
# Decimal figures survive the list above only as « 81 500 »: a number of four digits or more that is no year has no place in a date.
_GROS_NOMBRE = re.compile(r"(?<![\d/.:-])\d{1,3}(?: \d{3})+(?!\d)")


def _ecarter(texte: str) -> str:
    texte = re.sub(r"\b(semaines?|sem)\.? ?(?:numero|no|n°|n) ?(?=\d)", r"\1 ", texte)
    for _, motif in _BRUIT:
        texte = motif.sub(" | ", texte)
    return _GROS_NOMBRE.sub(" | ", texte)


# ---- 2. Words ---------------------------------------------------------------------------------------------------------

# First the canonical word, then what people write for it: abbreviations, SMS, frequent slips. Single slips are left to `corriger`.
_ORTHOGRAPHES = """
    lundi lundit
    mercredi merc mercr mcredi mrcredi mercdi
    jeudi jeudit
    vendredi vdi vendr vdredi vandredi
    janvier janv jan
    fevrier fevr fev
    avril avr
    juillet juil juill jul
    aout aou
    octobre oct octb octbr
    novembre nov
    decembre dec
    demain 2m1 2main dem1 dmain 2min dmin
    aujourdhui auj ajd ojd aujourdui ojourdui ojourdhui
    matin mat1 matinee matinees matins matine
    soir soiree soirs soire swar
    apres-midi aprem aprems apremm aprm apm apremidi apresmidi apremdi
    semaine sem semaines smaine semene
    week-end weekend weekends wend wk we
    prochain prochaine prochains prochaines proch proche prch
    suivant suivante suivants suivantes
    dernier derniere derniers dernieres
    heure heures heur heurs hr hrs eure eures hre
    jour jours jrs jr
    journee journe jounee
    premier premiere premiers premieres premie
    1er 1ere 1re 1ier
    2e deuxieme 2eme 2ieme 2nd 2nde second seconde
    3e troisieme 3eme 3ieme
    4e quatrieme 4eme 4ieme
    5e cinquieme 5eme 5ieme
    demi dmi demy
    debut debu
    et e
    dans ds dns dan
    avant avt avan
    apres apre
    vers ver
    tous ts
    sauf sf sof
    pas pa
    jamais jame jamai jms
"""
_CANONIQUE: Dict[str, str] = {mot: ligne.split()[0] for ligne in _ORTHOGRAPHES.strip().splitlines() for mot in ligne.split()}
# « lundis » means Mondays in general.
_PLURIELS = {f"{jour}s": jour for jour in NOMS_DE_JOUR}
# A slip is looked for towards these words only, and never from a real word that lies one letter away from them.
_VISES = (*NOMS_DE_JOUR, *(m for m in NOMS_DE_MOIS if len(m) > 4), "demain", "aujourdhui", "matin", "semaine", "prochain", "prochaine", "quinzaine")
_VRAIS_MOTS = frozenset(("mari", "maris", "marin", "malin", "main", "mains", "martin", "maudit", "domaine", "romain", "jeux", "avis"))


def _distance(a: str, b: str) -> int:
    """Letters missing, added, changed or swapped with their neighbour (optimal string alignment)."""
    avant: List[int] = []
    ligne = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        avant, precedente, ligne = ligne, avant, [i]
        for j, y in enumerate(b, 1):
            ligne.append(min(avant[j] + 1, ligne[j - 1] + 1, avant[j - 1] + (x != y)))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                ligne[j] = min(ligne[j], precedente[j - 2] + 1)
    return ligne[-1]


def corriger(mot: str) -> str:
    """The canonical word for a word as typed: its own, one of its spellings, or a day, month or other key word one slip away.

    Two slips are forgiven in long words. The first letters must be right: people rarely miss those, and « hardi » is not « mardi ».
    """
    if mot in _CANONIQUE or mot in _VISES or mot in _VRAIS_MOTS or len(mot) < 4 or not mot.isalpha():
        return _CANONIQUE.get(mot, mot)
    for ecart, longueur in ((1, 4), (2, 7)):
        for vise in _VISES:
            if (mot[:ecart] == vise[:ecart] and min(len(mot), len(vise)) >= longueur and abs(len(mot) - len(vise)) <= ecart
                    and _distance(mot, vise) <= ecart):
                return _CANONIQUE.get(vise, vise)
    return mot


# why → pattern, replacement; on text without accents, before words are told apart
_PONCTUATION = [(re.compile(motif), par) for motif, par in (
    # abbreviations lose their point, which would be a pause
    (r"\b(lun|mar|mer|merc|jeu|ven|vend|sam|dim|janv|fevr?|avr|juill?|sept|oct|nov|dec|sem|h|env|av|ap)\.(?!\d)", r"\1 "),
    # 5 / 10 · 10.30h · 10-12h, 14h-16h, 10h/12h · 3-7 octobre
    (r"(?<=[\dh]) ?/ ?(?=\d)", "/"),
    (r"\b(\d{1,2})\.([0-5]\d) ?h\b", r"\1h\2"),
    (r"(?<=\d)-(?=\d{1,2} ?(?:h\b|heures?\b))|(?<=h)-(?=\d)|(?<=h\d\d)-(?=\d)|(?<=h)/(?=\d)|(?<=h\d\d)/(?=\d)", " - "),
    (rf"\b(\d{{1,2}}) ?- ?(\d{{1,2}}) (?={MOIS})", r"\1 - \2 "),
    # l'après-midi, vingt-deux, mi-octobre: words apart
    (r"(?<=[a-z])['-](?=[a-z0-9])|(?<=\d)'(?=\d)", " "),
    # pauses: every other mark that is not inside a figure
    (r"(?<!\d)[.:/](?=\s|$|\D)|[.:](?=\s|$)|[;!?()\[\]\"«»…\n,]", " , "),
    # 3O typed for 30
    (r"(?<=\d)o(?![a-z\d])", "0"),
    # lundi26, a14h, 3octobre: typed without a space (but mat1, dem1, s40, 2eme)
    (r"(?<=[a-z]{2})(?<!mat)(?<!dem)(?<!\dh)(?=\d)|(?<=\ba)(?=\d)", " "),
    (r"(?<=\d)(?=[a-z]{4}|(?:sem|jrs?|j|ans?)\b)(?!i?eme|main|minu|heur)", " "),
)]


def _mots(texte: str) -> str:
    """Punctuation becomes spaces or pauses, every word its canonical self."""
    for motif, par in _PONCTUATION:
        texte = motif.sub(par, texte)
    mots = re.findall(r"[a-z0-9][a-z0-9/.:-]*|[,|/-]", texte)
    return " ".join(f"chaque {_PLURIELS[m]}" if m in _PLURIELS else corriger(m.rstrip(".:/-") or m) for m in mots)


# ---- 3. Groups of words -----------------------------------------------------------------------------------------------

Remplacement = Union[str, Callable[["re.Match[str]"], str]]
Table = Tuple[Tuple[str, Remplacement], ...]

_JOUR_ABREGE = {"lun": "lundi", "mar": "mardi", "mer": "mercredi", "jeu": "jeudi", "ven": "vendredi", "vend": "vendredi", "sam": "samedi",
                "dim": "dimanche"}
_ABREGES = "|".join(_JOUR_ABREGE)
# Abbreviations that are also words (« mer », « sept ») are read beside what tells them apart.
_ABREVIATIONS: Table = (
    (rf"({_ABREGES})(?= (?:(?:le )?\d|prochain|pro\b|matin|apres|soir|midi|en (?:8|huit|15|quinze)))", lambda m: _JOUR_ABREGE[m[1]]),
    (rf"(le|ce) ({_ABREGES})", lambda m: f"{m[1]} {_JOUR_ABREGE[m[2]]}"),
    (r"(\d{1,2}|1er|en|debut|mi|fin|courant|d) sept(?! (?:heure|h\b))", r"\1 septembre"),
    # short months are only recognised misspelt after a day number
    (r"(\d{1,2}|1er) (?:juni|jun|jiun|juinn|juim)", r"\1 juin"),
    (r"(\d{1,2}|1er) (?:aot|aut|auot|aoutt|aoutz?)", r"\1 aout"),
    (r"(\d{1,2}|1er) (?:mras|masr|marss|mas)", r"\1 mars"),
    (r"(\d{1,2}|1er) (?:may|maii)", r"\1 mai"),
    (rf"l({JOURS}|matin|soir)", r"le \1"),
    (r"ap(?= \d)", "apres"),
    (r"av(?= \d)", "avant"),
    (r"(du|le|au|ce|demain) mat", r"\1 matin"),
    (r"(semaine|jour|mois) pro", r"\1 prochain"),
    (r"s ?(\d{1,2})(?![\dh])", r"semaine \1"),
)
_MOTS_COMPOSES: Table = (
    (r"aujourd ?hui?|ce jour", "aujourdhui"),
    (r"(?:apres|ap) ?demain", "apres-demain"),
    (r"avant hier", "avant-hier"),
    (r"apres midi|(?:l )?a m(?=$| ,)|(?:apres|suite au) (?:le )?(?:dejeuner|repas)", "apres-midi"),
    (r"(?:week|w) end|w e", "week-end"),
    (r"avant dernier", "avant-dernier"),
    (r"t(?:ou)?t a l h(?:eure)?|t a l heure|toutaleure", "tout-a-l-heure"),
    (r"dici|dissi", "d ici"),
    (r"jusqu?a", "jusqu a"),
    (r"jusqu?au", "jusqu au"),
    (r"(?:a )?parti(?:r|re)?(?= (?:de|du|d|des|\d))|apartir", "a partir"),
    (r"jusk?[oq]o?(?= \d)", "jusqu au"),
    (r"ni(?= (?:avant|apres) )", "pas"),
    (r"(une?|\d+) (?:petite?|bonne?|grande?)(?= (?:semaine|quinzaine|dizaine|mois))", r"\1"),
    (r"jour pour jour|environ|a peu pres|pas (?:si|trop) (?:tot|tard)", ""),
)
_TOURNURES: Table = (
    # « le premier » alone chooses among the slots proposed; it is a date beside a month or a weekday only
    (rf"(?:premier|1 er|ler)(?= (?:{MOIS}|{JOURS}|jour|semaine|quinzaine|du mois|de ce mois|au \d))", "1er"),
    (r"(?:tous les |les |un )?jour de (?:la )?semaine(?! (?:prochain|du|de|\d))", "en semaine"),
    (r"(semaine|mois) (?:qui (?:vient|arrive|suit)|a venir|d apres|suivant)|prochain (semaine|mois)", lambda m: f"{m[1] or m[2]} prochain"),
    (r"(?:en )?dernier delai|date limite", "au plus tard"),
    # « avant la fin du mois » includes its last day
    (r"(?<!pas )avant(?: la)?(?= fin )", "jusqu a la"),
    (r"(?:en |au |a la |de |des |le )?(?:tout )?(?:debut|milieu|fin|mi) (?:de |d )?(?:la |l )?(matin|apres-midi|soir)", r"le \1"),
    (r"(?:en |a la )?fin de (?:la )?journee", "soir"),
    (r"(?:en |des le )?debut de (?:la )?journee", "matin"),
    (r"(?:a |sur |pendant )?(?:l heure|la pause|le temps) (?:du |de )(?:midi|dejeuner|repas)|(?:la )?pause dejeuner|entre midi(?= ,|$)",
     "entre 12h00 et 14h00"),
)
_AVOIR = r"(?:peux|peut|pourrai|pourrais|pourra|pouvons|suis|serai|serais|sera|sommes|est|ai|marche|va|vas|convient|arrange)"
_DISPO = (r"(?: (?:venir|me (?:deplacer|liberer|rendre)|etre la|la|present\w*|disponibles?|dispos?|libres?|possible|joignable|chez moi|"
          r"vous voir|passer|y aller|le temps|du tout|non plus))*")
_PRIS = r"(?:prise?|plein|complet|occupee?|coincee?|bloquee?|retenue?|absente?|indisponible|en (?:conges?|vacances|deplacement|formation))"
# « pas » becomes the one mark of refusal, « uniquement » the one of restriction, which is read first: « je ne peux que le mardi » grants it.
_REFUS: Table = (
    (r"(?:(?:ne|n) )?(?:peux|peut|pourrai|pourrais|suis|serai)(?: [a-z]+){0,2} que", "uniquement"),
    (r"(?:seulement|exclusivement|(?<!tard )(?<!tot )que)(?= (?:le|la|les|chaque) )", "uniquement"),
    (r"(?:ne |n )?(?:travaille|bosse) pas", "libre"),
    (rf"(?:(?:je|j|on|nous|vous|c|ce|ca|cela) )?(?:(?:ne|n|me|m) )*{_AVOIR} (?:pas|plus|jamais){_DISPO}", "pas"),
    (rf"(?:(?:je|j|on|il|elle) )?(?:suis|serai|est|sera) {_PRIS}(?: a la maison| chez moi)?", "pas"),
    (r"je (?:travaille|bosse)|en vacances|en conges?|en deplacement|indisponible|impossible|injoignable", "pas"),
    (rf"(?:(?:surtout|plutot|mais|et|sauf) )?(?:pas|jamais){_DISPO}(?: (?:de|d) (?:rendez vous|rdv|creneaux?|entretiens?|places?|dispo\w*))?", "pas"),
    (r"sauf(?: pas)?|hors|hormis|exceptes?|evit(?:ez|er|e|ons)|a part|aucune?", "pas"),
    (r"(?:en dehors|a l exception|a l exclusion) (?:de|du|des)", "pas"),
)
_GROUPES = [(re.compile(rf"(?<!\S)(?:{motif})(?!\S)"), par)
            for motif, par in _ABREVIATIONS + _MOTS_COMPOSES + _TOURNURES + _REFUS]


# ---- 4. Numbers in words ----------------------------------------------------------------------------------------------

_UNITES = {mot: i for i, mot in enumerate(("un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze",
                                           "treize", "quatorze", "quinze", "seize"), 1)}
_DIZAINES = {"vingt": 20, "trente": 30, "quarante": 40, "cinquante": 50}
_U = "|".join(_UNITES)
_NOMBRE = re.compile(rf"\b(?:({'|'.join(_DIZAINES)})(?: (?:et )?({_U})\b)?|(dix) (sept|huit|neuf)\b|({_U})\b)")


def _chiffrer(m: "re.Match[str]") -> str:
    dizaine, unite, dix, apres_dix, seul = m.groups()
    if seul == "un":                       # an article far more often than a number: « un mardi », « dans un mois »
        return seul
    return str(_DIZAINES.get(dizaine or "", 0) + _UNITES.get(unite or apres_dix or seul or "", 0) + (10 if dix else 0))


# ---- 5. Hours ---------------------------------------------------------------------------------------------------------

# `9h00` may still be nine in the evening, `09h00` may not: a leading zero marks an hour that is certain (so does `010h00`).
_H = r"\b(\d{1,2})h(\d\d)"
_PILE = r"\b(\d{1,2})h00"
_PAS_UNE_DATE = rf"(?! ?[/.]\d| ?(?:{MOIS}|{_VOIES})\b)"        # « 14h 20 octobre », « 14h 20 rue … »
_HEURES: Table = (
    (rf"\b(\d{{1,2}}) ?(?:h|heure) ?([0-5]\d)(?: ?(?:mn|min|minutes?))?\b{_PAS_UNE_DATE}", r"\1h\2"),
    (r"\b(\d{1,2}):(\d\d)(?::00)?\b", r"\1h\2"),
    (r"\b(a|vers) (\d{1,2})\.([0-5]\d)\b(?![./]\d)", r"\1 \2h\3"),
    (r"\b(\d{1,2}) ?(?:h|heure)\b", r"\1h00"),
    (r"(?<!\S)une heure(?= (?:du|de l|et|pile)\b)|(?<=\ba )une heure\b", "1h00"),
    (r"(?<!\S)(?:(?:le|ce|entre) )?midi et (?:2|14h00)\b|(?<!\S)les? midis?(?!\S)", "entre 12h00 et 14h00"),
    (r"(?<!\S)ce midi(?!\S)", "aujourdhui 12h00"),
    (r"(?<!\S)midi(?!\S)", "12h00"),
    (r"(?<!\S)minuit(?!\S)", "00h00"),
    (rf"{_PILE} (?:et )?(?:demie?|1/2)\b", r"\1h30"),
    (rf"{_PILE} (?:et )?(?:3 quarts?|3/4)\b", r"\1h45"),
    (rf"{_PILE} (?:et )?(?:quart|1/4)\b", r"\1h15"),
    (rf"\b12h00 (?:et )?([0-5]\d)\b(?! ?h\d){_PAS_UNE_DATE}", r"12h\1"),
    (rf"{_PILE} moins (?:le |1 )?(?:quart|1/4)\b", lambda m: _moins(m[1], 15)),
    (rf"{_PILE} moins (\d{{1,2}})\b", lambda m: _moins(m[1], int(m[2]))),
    (rf"{_H} (?:pile|precise?s?|[pt][ae][pt]ante?s?)\b", r"\1h\2"),
    (rf"{_H} (?:(?:du|dans le|le) )?matin\b", lambda m: f"0{int(m[1])}h{m[2]}"),
    (rf"{_H} (?:(?:de|dans) l |l )?apres-midi\b", lambda m: _apres_midi(m[1], m[2])),
    (rf"{_H} (?:(?:du|le|dans la|en) )?soir\b", lambda m: _apres_midi(m[1], m[2])),
)
_HEURE = [(re.compile(motif), par) for motif, par in _HEURES]


def _moins(heure: str, minutes: int) -> str:
    total = (int(heure) * 60 - minutes) % (24 * 60)
    zero = "0" if heure.startswith("0") and total >= 60 else ""
    return f"{zero}{total // 60}h{total % 60:02d}"


def _apres_midi(heure: str, minutes: str) -> str:
    return f"{int(heure) + 12 if int(heure) < 12 else int(heure)}h{minutes}"


# ---- all together -----------------------------------------------------------------------------------------------------

def canonique(texte: str) -> str:
    """The canonical text.

    >>> canonique("Jeud 6 octbre, l'aprèm (pas le mercredi)")
    'jeudi 6 octobre , l apres-midi , pas le mercredi ,'
    >>> canonique("le vingt-deux à 9 heures et demie, tél. 06 12 34 56 78")
    'le 22 a 9h30 , tel , |'
    """
    texte = _mots(_ecarter(sans_accents(nettoyer(texte)).lower().replace("’", "'")))
    for motif, par in _GROUPES:
        texte = motif.sub(par, texte)
    texte = re.sub(r"\b2 mille (\d\d)\b", r"20\1", _NOMBRE.sub(_chiffrer, texte))
    for motif, par in _HEURE:
        texte = motif.sub(par, texte)
    return re.sub(r"\s+", " ", texte).strip()
