"""From what a person typed to canonical text: one spelling per word, digits for numbers, `14h30` for hours, and no number that is not a date.

Canonical text is lower case, without accents, tokens apart by one space; «, » stands for every pause, « | » for what was set aside.
"""
import re
from functools import lru_cache
from typing import Dict, List, Tuple

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
    ("permanence", r"\b24 ?h?(?:eures)? ?(?:/|sur) ?24 ?h?|\b7 ?j?(?:ours)? ?(?:/|sur) ?7 ?j?"),
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

# canonical: what people write for it (abbreviations, SMS, frequent slips; single slips are found by `corriger`)
_ALIAS: Dict[str, str] = {
    "lundi": "lundit", "mercredi": "merc mercr mcredi mrcredi mercdi mercredis", "jeudi": "jeudit", "vendredi": "vdi vendr vdredi vandredi",
    "samedi": "samdi", "dimanche": "dimanch",
    "janvier": "janv jan", "fevrier": "fevr fev", "avril": "avr", "juillet": "juil juill jul", "aout": "aou", "octobre": "oct octb octbr",
    "novembre": "nov", "decembre": "dec",
    "demain": "2m1 2main dem1 dmain dem1 2min dmin", "aujourdhui": "auj ajd ojd aujourd'huit aujourdui ojourdui ojourdhui",
    "matin": "mat1 matinee matinees matins matine", "soir": "soiree soirs soire swar",
    "apres-midi": "aprem aprm apm apremidi apresmidi aprems apremidi apremdi apremm apres-mid",
    "semaine": "sem smaine semaines semene", "week-end": "weekend wk we wend weekends",
    "prochain": "prochaine prochains prochaines proch proche prch", "suivant": "suivante suivants suivantes", "dernier": "derniere derniers dernieres",
    "heure": "heures heur heurs hr hrs eure eures hre", "jour": "jours jrs jr",
    "dans": "ds dns dan", "avant": "avt avan", "apres": "apre", "a": "à", "vers": "ver", "pas": "pa", "des": "des", "partir": "partire",
    "premier": "premiere premiers premieres premie", "1er": "1ere 1re 1ier", "tous": "ts", "sauf": "sf sof", "demi": "dmi demy", "jamais": "jame jamai jms", "2e": "deuxieme 2eme 2ieme 2nd 2nde second seconde",
    "3e": "troisieme 3eme 3ieme", "4e": "quatrieme 4eme 4ieme", "5e": "cinquieme 5eme 5ieme",
    "ou": "où",
}
_CANONIQUE = {alias: mot for mot, aliases in _ALIAS.items() for alias in aliases.split()}
# A slip is only looked for towards these words, and never from these: real words one letter away.
_VISES = [*NOMS_DE_JOUR, *(m for m in NOMS_DE_MOIS if len(m) > 4), "demain", "aujourdhui", "matin", "semaine", "prochain", "prochaine", "quinzaine"]
_VRAIS_MOTS = frozenset("mari marin marins main mains martin matins maudit maudi lundis mardis jeudis samedis mercredis vendredis "
                        "dimanches sema semain prochainement prochai domaine romain midis mini mixi mili mardis jeu jeux avis avri amril".split())
_PLURIELS = {f"{jour}s": jour for jour in NOMS_DE_JOUR}


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


@lru_cache(maxsize=4096)
def corriger(mot: str) -> str:
    """The canonical word for a word as typed: its own, an alias, or a day, month or other key word one slip away (two for long ones)."""
    if mot in _CANONIQUE or mot in _VISES or mot in _VRAIS_MOTS or len(mot) < 4 or not mot.isalpha():
        return _CANONIQUE.get(mot, mot)
    for ecart, lettres_sures in ((1, 1), (2, 2)):
        for vise in _VISES:
            if (mot[:lettres_sures] == vise[:lettres_sures] and abs(len(mot) - len(vise)) <= ecart
                    and (ecart == 1 or min(len(mot), len(vise)) >= 7) and _distance(mot, vise) <= ecart):
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

_PRONOM = r"(?:(?:je|j|on|nous|vous|c|ce|ca|cela) )?"
_NE = r"(?:(?:ne|n|me|m) )*"
_DISPO = (r"(?: (?:venir|me (?:deplacer|liberer|rendre)|etre la|la|present\w*|disponibles?|dispos?|libres?|possible|joignable|chez moi|"
          r"vous voir|passer|y aller|du tout|non plus))*")
# pattern → canonical group, in this order. « pas » is the one mark of refusal, « uniquement » the one of restriction.
_GROUPES: Tuple[Tuple[str, str], ...] = (
    (r"(lun|mar|mer|jeu|ven|vend|sam|dim)(?= (?:(?:le )?\d|prochain|pro\b|matin|apres|soir|midi|en (?:8|huit|15|quinze)))",
     lambda m: _JOUR_ABREGE[m[1]]),
    (r"(le|ce) (lun|mar|mer|jeu|ven|vend|sam|dim)", lambda m: f"{m[1]} {_JOUR_ABREGE[m[2]]}"),
    (r"(\d{1,2}|1er|en|debut|mi|fin|courant|d) sept(?! (?:heure|h\b))", r"\1 septembre"),
    (rf"l({JOURS}|matin|soir)", r"le \1"), (rf"ler(?= (?:{MOIS}))", "1er"),
    (r"aujourd ?hui?|ce jour", "aujourdhui"),
    (r"(?:tous les |les |un )?jour de (?:la )?semaine(?! (?:prochain|du|de|\d))", "en semaine"),
    # « le premier » alone chooses among the slots proposed; it is a date beside a month or a weekday only
    (rf"(?:premier|1 er)(?= (?:{MOIS}|{JOURS}|jour|semaine|quinzaine|du mois|de ce mois|de chaque|au \d))", "1er"),
    (r"(ap|av)(?= \d)", lambda m: {"ap": "apres", "av": "avant"}[m[1]]),
    (r"(?:apres|apre|ap) ?demain", "apres-demain"),
    (r"avant hier", "avant-hier"),
    (r"apres midi", "apres-midi"),
    (r"(?:l )?a m(?=$| ,)", "apres-midi"),
    (r"(?:week|w) end|w e", "week-end"),
    (r"avant dernier", "avant-dernier"),
    (r"(du|le|au|ce|demain) mat", r"\1 matin"),
    (r"tout a l h(?:eure)?|toutaleure|tt a l heure|t a l heure", "tout-a-l-heure"),
    (r"(semaine|jour|mois) pro", r"\1 prochain"),
    (r"(semaine|mois) (?:qui (?:vient|arrive|suit)|a venir|d apres|suivant)", r"\1 prochain"),
    (r"prochain (semaine|mois)", r"\1 prochain"),
    (r"jour pour jour|environ|a peu pres|max(?:imum)?(?= $)", ""),
    (r"s ?(\d{1,2})(?![\dh])", r"semaine \1"),
    (r"partir(?= (?:de|du|d|des|\d))|apartir|a partire", "a partir"),
    (r"dici|d ici|dissi", "d ici"),
    (r"jusqu?a", "jusqu a"), (r"jusqu?au", "jusqu au"),
    (r"(?<!pas )avant(?: la)?(?= fin )", "jusqu a la"),        # « avant la fin du mois » includes its last day
    (r"(?:en |au |a la |de |des |le )?(?:tout )?(?:debut|milieu|fin|mi) (?:de |d )?(?:la |l )?(matin|apres-midi|soir)", r"\1"),
    (r"(?:en |a la )?fin de (?:la )?journee", "soir"), (r"(?:en |des le )?debut de (?:la )?journee", "matin"),
    (r"(?:en )?debut d aprem", "apres-midi"),
    (r"(?:apres|suite au) (?:le )?(?:dejeuner|repas)", "apres-midi"),
    (r"(?:a |sur |pendant )?(?:l heure|la pause|le temps|l heures) (?:du |de )(?:midi|dejeuner|repas)|(?:la )?pause dejeuner|entre midi(?= ,|$)",
     "entre 12h00 et 14h00"),
    # restriction, before refusal: « je ne peux que le mardi » grants Tuesdays
    (r"(?:(?:ne|n) )?(?:peux|peut|pourrai|pourrais|suis|serai)(?: [a-z]+){0,2} que", "uniquement"),
    (r"(?:seulement|exclusivement|que) (?=le |la |les |chaque )", "uniquement "),
    (r"(?:ne |n )?(?:travaille|bosse) pas", "libre"),
    (rf"{_PRONOM}{_NE}(?:peux|peut|pourrai|pourrais|pourra|pouvons|suis|serai|serais|sera|sommes|est|ai|marche|va|vas|convient|arrange)"
     rf" (?:pas|plus|jamais){_DISPO}", "pas"),
    (rf"{_PRONOM}(?:suis|serai|est|sera) (?:prise?|occupee?|coincee?|bloquee?|retenue?|absente?|indisponible|en (?:conges?|vacances|deplacement|formation))"
     r"(?: a la maison| chez moi)?", "pas"),
    (r"je (?:travaille|bosse)|en vacances|en conges?|en deplacement|indisponible|impossible|injoignable", "pas"),
    (rf"(?:(?:surtout|plutot|mais|et|sauf) )?(?:pas|jamais){_DISPO}", "pas"),
    (r"sauf(?: pas)?|hors|hormis|excepte|exceptes?|evit(?:ez|er|e|ons)|a part|en dehors (?:de|du|des)|a l exception (?:de|du|des)|a l exclusion (?:de|du)|aucune?",
     "pas"),
    (r"pas (?:si|trop) (?:tot|tard)", ""),
)
_JOUR_ABREGE = {"lun": "lundi", "mar": "mardi", "mer": "mercredi", "jeu": "jeudi", "ven": "vendredi", "vend": "vendredi", "sam": "samedi",
                "dim": "dimanche"}
_GROUPE = [(re.compile(rf"(?<!\S)(?:{motif})(?!\S)"), par) for motif, par in _GROUPES]


# ---- 4. Numbers in words ----------------------------------------------------------------------------------------------

_UNITES = {mot: i for i, mot in enumerate("un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize".split(), 1)}
_DIZAINES = {"vingt": 20, "trente": 30, "quarante": 40, "cinquante": 50}
_U = "|".join(_UNITES)
_NOMBRE = re.compile(rf"\b(?:({'|'.join(_DIZAINES)})(?: (?:et )?({_U})\b)?|(dix) (sept|huit|neuf)\b|({_U})\b)")


def _chiffrer(m: "re.Match[str]") -> str:
    dizaine, unite, dix, apres_dix, seul = m.groups()
    if seul == "un":                       # an article far more often than a number: « un mardi », « dans un mois »
        return seul
    return str(_DIZAINES.get(dizaine or "", 0) + _UNITES.get(unite or apres_dix or seul or "", 0) + (10 if dix else 0))


# ---- 5. Hours ---------------------------------------------------------------------------------------------------------

# `9h00` may still be nine in the evening, `09h00` may not: a leading zero marks an hour that is certain.
_SUITE = rf"(?! ?[/.]\d| ?(?:{MOIS}|{_VOIES})\b)"
_HEURES: Tuple[Tuple[str, str], ...] = (
    (rf"\b(\d{{1,2}}) ?(?:h|heure) ?([0-5]\d)\b(?: ?(?:mn|min|minutes?))?{_SUITE}", r"\1h\2"),
    (r"\b(\d{1,2})h(\d\d)(?:mn|min)\b", r"\1h\2"),
    (r"\b(\d{1,2}):(\d\d)(?::00)?\b", r"\1h\2"),
    (r"(?<=\ba )(\d{1,2})\.([0-5]\d)\b(?![./]\d)|(?<=\bvers )(\d{1,2})\.([0-5]\d)\b(?![./]\d)", lambda m: f"{m[1] or m[3]}h{m[2] or m[4]}"),
    (r"\b(\d{1,2}) ?(?:h|heure)\b", r"\1h00"),
    (r"(?<!\S)une heure(?! (?:de|par))(?= (?:du|de l|et|pile)\b)", "1h00"),
    (r"(?<=\ba )une heure\b", "1h00"),
    (r"(?<!\S)(?:le |ce )midi et (?:2|deux|14h00)\b|\bentre midi et (?:2|deux)\b", "entre 12h00 et 14h00"),
    (r"(?<!\S)(?:le|les) midis?(?!\S)", "entre 12h00 et 14h00"),
    (r"(?<!\S)ce midi(?!\S)", "aujourdhui 12h00"),
    (r"(?<!\S)midi(?: pile)?(?!\S)", "12h00"), (r"(?<!\S)minuit(?!\S)", "00h00"),
    (r"\b(\d{1,2})h00 (?:et )?(?:demie?|1/2)\b", r"\1h30"),
    (r"\b(\d{1,2})h00 (?:et )?(?:3 quarts?|3/4)\b", r"\1h45"),
    (r"\b(\d{1,2})h00 (?:et )?(?:quart|1/4)\b", r"\1h15"),
    (r"\b12h00 (?:et )?([0-5]\d)\b(?! ?(?:[/.]\d|h\d))" + _SUITE, r"12h\1"),
    (r"\b(\d{1,2})h00 moins (?:le |1 )?(?:quart|1/4)\b", lambda m: _moins(m[1], 15)),
    (r"\b(\d{1,2})h00 moins (\d{1,2})\b", lambda m: _moins(m[1], int(m[2]))),
    (r"\b(\d{1,2})h(\d\d) (?:pile|precise?s?|tapante?s?)\b", r"\1h\2"),
    (r"\b(\d{1,2})h(\d\d) (?:(?:du|dans le|le) )?matin\b", lambda m: f"{int(m[1]):02d}h{m[2]}"),
    (r"\b(\d{1,2})h(\d\d) (?:(?:de|dans) l |l )?apres-midi\b", lambda m: _apres_midi(m[1], m[2])),
    (r"\b(\d{1,2})h(\d\d) (?:(?:du|le|dans la|en) )?soir\b", lambda m: _apres_midi(m[1], m[2])),
)
_HEURE = [(re.compile(motif), par) for motif, par in _HEURES]


def _moins(heure: str, minutes: int) -> str:
    total = (int(heure) * 60 - minutes) % (24 * 60)
    zero = "0" if heure.startswith("0") and total >= 60 else ""
    return f"{zero}{total // 60}h{total % 60:02d}"


def _apres_midi(heure: str, minutes: str) -> str:
    return f"{int(heure) + 12 if int(heure) < 12 else int(heure)}h{minutes}"


# ---- all together -----------------------------------------------------------------------------------------------------

@lru_cache(maxsize=512)
def canonique(texte: str) -> str:
    """The canonical text.

    >>> canonique("Jeud 6 octbre, l'aprèm (pas le mercredi)")
    'jeudi 6 octobre , l apres-midi , pas le mercredi ,'
    >>> canonique("le vingt-deux à 9 heures et demie, tél. 06 12 34 56 78")
    'le 22 a 9h30 , tel , |'
    """
    texte = _mots(_ecarter(sans_accents(nettoyer(texte)).lower().replace("’", "'")))
    for motif, par in _GROUPE:
        texte = motif.sub(par, texte)
    texte = _NOMBRE.sub(_chiffrer, texte)
    for motif, par in _HEURE:
        texte = motif.sub(par, texte)
    return re.sub(r"\s+", " ", texte).strip()
