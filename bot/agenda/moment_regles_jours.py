"""Rules for days: durations, dates in figures and in words, weeks, months. They run first and leave day nodes in the text."""
import re
from datetime import date, timedelta
from typing import Optional, Tuple

from bot.agenda import moment_dates as dates
from bot.agenda.moment_dates import NOMS_DE_JOUR, NOMS_DE_MOIS, UN_JOUR, DateImpossible, Periode
from bot.agenda.moment_lecture import AN, D, Heure, J, Lecture, M, P, Q, Regles, Trouve

JOURS_DITS = Regles()
regle = JOURS_DITS


# ---- what several rules share -----------------------------------------------------------------------------------------

# A month named or pointed at; read by `_mois_dit`.
REF = (rf"(?:(?:de |d |du |en )?(?:mois (?:de |d ))?(?P<mois>{M})(?: (?P<an>{AN}|prochain|dernier))?"
       r"|(?P<rel>(?:du |de )?mois prochain|du mois dernier|de ce mois(?: ci)?|du mois(?: courant| en cours)?|de chaque mois|courant))")
DUREE = (r"(?:(?P<n>une?|\d{1,3}) (?:prochain )?(?P<u>jour|j|semaine|mois|ans?|annees?)(?P<ouvre> (?:ouvres?|ouvrables?))?(?P<demi> et demie?)?"
         r"|(?P<aine>huitaine|dizaine|quinzaine|vingtaine|trentaine)(?: de jour)?)")
_AINES = {"huitaine": 8, "dizaine": 10, "quinzaine": 15, "vingtaine": 20, "trentaine": 30}
# In French « huit jours » and « quinze jours » count the day they start from: they are one and two weeks.
_JOURS_INCLUSIFS = {8: 7, 15: 14}
_RANGS = {"1er": 1, "2e": 2, "3e": 3, "4e": 4, "5e": 5, "dernier": -1, "avant-dernier": -2}
RANG = r"(?P<rang>1er|2e|3e|4e|5e|dernier|avant-dernier)"


def _nombre(texte: str) -> int:
    return 1 if texte in ("un", "une", "1er") else int(texte)


def _mois_dit(lecture: Lecture, m: Trouve) -> Tuple[int, Optional[int]]:
    """Month and year of REF; the year is None when it was not said. « Le 31 mars prochain » is ahead, « le 2 mai dernier » behind."""
    if m["mois"]:
        mois = NOMS_DE_MOIS[m["mois"]]
        quantieme = _nombre(m["q"]) if "q" in m.re.groupindex else None
        return mois, _annee_dite(m["an"], mois, quantieme, lecture.aujourdhui)
    decalage = 1 if "prochain" in m["rel"] else -1 if "dernier" in m["rel"] else 0
    repere = dates.plus_mois(lecture.aujourdhui, decalage)
    return repere.month, repere.year


def _annee_dite(an: Optional[str], mois: int, quantieme: Optional[int], ici: date) -> Optional[int]:
    if an == "prochain":
        return ici.year + ((mois, quantieme or 1) <= (ici.month, ici.day))
    if an == "dernier":
        return ici.year - ((mois, quantieme or 31) >= (ici.month, ici.day))
    return int(an) if an else None


def _dater(lecture: Lecture, quantieme: int, mois: int, annee: Optional[int], jour_semaine: Optional[str] = None, texte: str = "") -> str:
    """The node of a dated day. A weekday that is not that day's is noted: the agenda must ask, neither may be chosen for the person."""
    jour = dates.jour_du_mois(quantieme, mois, annee, lecture.aujourdhui, texte)
    _verifier_jour(lecture, jour, jour_semaine)
    return lecture.jour(jour)


def _verifier_jour(lecture: Lecture, jour: date, jour_semaine: Optional[str]) -> None:
    if jour_semaine and NOMS_DE_JOUR[jour_semaine] != jour.weekday():
        lecture.discordance = f"{jour_semaine} {jour.day}"


def _annee(chiffres: str) -> int:
    return int(chiffres) + (2000 if len(chiffres) == 2 else 0)


def _apres_duree(lecture: Lecture, m: Trouve, sens: int = 1, depuis: Optional[date] = None) -> Optional[date]:
    """The day that lies one DUREE ahead of today or of `depuis` (behind: sens -1).

    None beyond a year: « après vingt ans de métier » is a life, not an appointment.
    """
    jour = depuis or lecture.aujourdhui
    if m["aine"]:
        nombre = _AINES[m["aine"]]
        return jour + sens * timedelta(days=_JOURS_INCLUSIFS.get(nombre, nombre))
    nombre, unite = _nombre(m["n"]), m["u"]
    if nombre * {"j": 1, "s": 7, "m": 30, "a": 365}[unite[0]] > 366:
        return None
    if m["ouvre"]:
        return dates.plus_ouvres(jour, nombre)
    if unite in ("jour", "j"):
        return jour + sens * timedelta(days=_JOURS_INCLUSIFS.get(nombre, nombre))
    if unite == "semaine":
        return jour + sens * timedelta(weeks=nombre)
    return dates.plus_mois(jour, sens * nombre * (1 if unite == "mois" else 12)) + timedelta(days=15 * sens if m["demi"] else 0)


# ---- 1. the appointment that is to be moved is not the wish -----------------------------------------------------------

_DEPLACER = r"(?:deplace|decale|report|remet|avance|repouss|chang|modifi|remplac|transfer)[a-z]*"
_ANCIEN = (rf"(?:(?:{J} )?(?:le )?{Q}(?: {M}(?: {AN})?)?|(?:{J} )?\d{{1,2}}/\d{{1,2}}(?:/\d+)?|{J}|demain|aujourdhui|\d{{1,2}}h\d\d)"
           rf"(?: {P})?(?: a \d{{1,2}}h\d\d)?")


@regle(rf"(?P<debut>.*{_DEPLACER} .*(?:rdv|rendez vous|entretien|entrevue|visite|creneau|celui)(?: [a-z]+)?) (?:du|de|d|le) {_ANCIEN}"
       rf"(?= .*(?:au|a|pour|par|en|le|la|plutot|vers|avant|apres)\b.*(?:{J}|{M}|\d|demain|semaine|mois))")
def ancien_rendez_vous(lecture: Lecture, m: Trouve) -> str:
    """« déplacer mon rendez-vous du 4 au 11 octobre »: the wish is the 11th, not eight days."""
    return f"{m['debut']} |"


# ---- 2. durations from now --------------------------------------------------------------------------------------------

@regle(rf"(?P<quoi>{J}|demain|aujourdhui) (?:en|dans) (?P<n>8|15)(?: jour)?")
def en_huit(lecture: Lecture, m: Trouve) -> str:
    """« lundi en huit » is a week after next Monday, « en quinze » two."""
    jour = _jour_relatif(lecture, m["quoi"]) if m["quoi"] not in NOMS_DE_JOUR else dates.prochain(NOMS_DE_JOUR[m["quoi"]], lecture.aujourdhui)
    return lecture.jour(jour + timedelta(weeks=1 if m["n"] == "8" else 2))


@regle(rf"(?P<js>{J}) (?:en|dans) (?P<n>une|\d) semaine")
def jour_dans_semaines(lecture: Lecture, m: Trouve) -> str:
    """« mardi dans deux semaines »: the Tuesday of that week."""
    lundi = dates.semaine_de(lecture.aujourdhui + timedelta(weeks=_nombre(m["n"]))).du
    return lecture.jour(lundi + NOMS_DE_JOUR[m["js"]] * UN_JOUR)


@regle(rf"(?:pas avant|apres|au bout de|au dela de|au plus tot dans) (?:un delai de |une )?{DUREE}")
def pas_avant_duree(lecture: Lecture, m: Trouve) -> str:
    """« pas avant deux semaines »."""
    jour = _apres_duree(lecture, m)
    if jour:
        lecture.depuis(jour)
    return "|"


@regle(rf"il y a (?:une )?{DUREE}")
def il_y_a(lecture: Lecture, m: Trouve) -> str:
    """« il y a trois jours »: a day behind us, which the agenda will refuse as such."""
    jour = _apres_duree(lecture, m, sens=-1)
    return lecture.jour(jour) if jour else "|"


@regle(rf"(?:d ici(?: a)?|sous|dans (?:les|la|un delai de)|avant|(?:en|dans) moins (?:de|d)) (?:une |la |les )?(?:prochain )?{DUREE}"
       r"(?: prochain| qui (?:vient|viennent|suivent))?(?! (?:du|de|d|avant|apres) )")
def delai(lecture: Lecture, m: Trouve) -> str:
    """« d'ici 15 jours », « sous huitaine », « dans les dix jours »: from today until then."""
    jour = _apres_duree(lecture, m)
    return lecture.poser("i", Periode(lecture.aujourdhui, jour)) if jour else "|"


@regle(r"(?:d ici(?: a)?|sous|dans les)(?: prochain)? (24|36|48|72|96)h00|avant (24|48|72)h00")
def delai_en_heures(lecture: Lecture, m: Trouve) -> str:
    """« sous 48 heures » counts days; « d'ici 16 h » does not come here."""
    fin = dates.plus_minutes(lecture.maintenant, 60 * int(m[1] or m[2]))
    return lecture.poser("i", Periode(lecture.aujourdhui, fin.date()))


@regle(rf"dans (?:environ )?(?:une )?{DUREE}")
def dans_duree(lecture: Lecture, m: Trouve) -> str:
    """« dans 10 jours », « dans un mois », « dans une quinzaine »: that day."""
    jour = _apres_duree(lecture, m)
    return lecture.jour(jour) if jour else "|"


@regle(r"dans (?:(\d{1,3})h(\d\d)|(une|un|\d{1,3}) heure|(une demi heure|un quart d heure)|(\d{1,3}) (?:minutes?|min|mn))")
def dans_heures(lecture: Lecture, m: Trouve) -> str:
    """« dans deux heures »: a day and an hour; from a day on, only the day counts. Through UTC: the clock may change meanwhile."""
    minutes = 60 * int(m[1]) + int(m[2]) if m[1] else 60 * _nombre(m[3]) if m[3] else int(m[5]) if m[5] else 30 if "demi" in m[4] else 15
    instant = dates.plus_minutes(lecture.maintenant, minutes)
    if minutes < 24 * 60:
        lecture.heures.append(Heure(instant.hour, instant.minute, True))
    return lecture.jour(instant.date())


# ---- 3. dates in figures ----------------------------------------------------------------------------------------------

@regle(rf"(?:(?P<js>{J}) )?(?P<a>\d{{4}})-(?P<m>\d\d)-(?P<q>\d\d)")
def date_iso(lecture: Lecture, m: Trouve) -> str:
    """2011-10-18."""
    return _dater(lecture, int(m["q"]), int(m["m"]), int(m["a"]), m["js"], m[0])


@regle(rf"(?:(?P<js>{J}) (?:le )?)?(?P<date>(?P<q>\d{{1,2}})(?P<s>[/.-])(?P<m>\d{{1,2}})(?P=s)(?P<a>\d{{4}}|\d\d))")
def date_en_chiffres(lecture: Lecture, m: Trouve) -> str:
    """06/10/2011, 6.10.11, 06-10-2011."""
    return _dater(lecture, int(m["q"]), int(m["m"]), _annee(m["a"]), m["js"], m["date"])


@regle(rf"(?:(?P<js>{J}) )?(?:le |du |au )?(?P<q>\d{{1,2}}) (?P<m>0\d|1[0-2]) (?P<a>{AN})")
def date_espacee(lecture: Lecture, m: Trouve) -> str:
    """06 10 2011."""
    return _dater(lecture, int(m["q"]), int(m["m"]), int(m["a"]), m["js"])


@regle(r"(?:du|de|entre le) (?P<q1>\d{1,2}) (?:au|a|et le|-) (?P<q2>\d{1,2})/(?P<m>\d{1,2})(?:/(?P<a>\d{4}|\d\d))?")
def du_au_en_chiffres(lecture: Lecture, m: Trouve) -> str:
    """« du 12 au 16/12 »."""
    annee = _annee(m["a"]) if m["a"] else None
    jours = [dates.jour_du_mois(int(q), int(m["m"]), annee, lecture.aujourdhui) for q in (m["q1"], m["q2"])]
    return lecture.poser("i", Periode(min(jours), max(jours)))


@regle(rf"(?P<le>le |du |au )?(?:(?P<js>{J}) (?:le )?)?(?P<date>(?P<q>\d{{1,2}})/(?P<m>\d{{1,2}}))")
def date_sans_annee(lecture: Lecture, m: Trouve) -> Optional[str]:
    """5/10. Without article nor weekday, « 1/2 » and « 2/3 » are fractions, « 18/20 » a mark."""
    if not m["js"] and not m["le"] and (m["date"] in ("1/2", "1/3", "2/3", "1/4", "3/4") or int(m["m"]) > 12):
        return None
    return (m["le"] or "") + _dater(lecture, int(m["q"]), int(m["m"]), None, m["js"], m["date"])


@regle(rf"(?:(?P<le>le|du|au)|(?P<js>{J})) (?P<date>(?P<q>\d{{1,2}})[.-](?P<m>\d{{1,2}}))")
def date_a_tiret(lecture: Lecture, m: Trouve) -> str:
    """« le 06-10 », « mardi 6.10 »."""
    jour = _dater(lecture, int(m["q"]), int(m["m"]), None, m["js"], m["date"])
    return f"{m['le']} {jour}" if m["le"] else jour


@regle(r"(?P<q>\d\d)-(?P<m>0\d|1[0-2])")
def date_a_tiret_seule(lecture: Lecture, m: Trouve) -> str:
    """06-10; a figure with a point is only a date after an article."""
    return _dater(lecture, int(m["q"]), int(m["m"]), None, texte=m[0])


# ---- 4. day numbers and months ----------------------------------------------------------------------------------------

@regle(rf"(?:du |de |entre(?: le)? |le )?(?:(?P<js1>{J}) )?(?P<q1>{Q}) (?:au|a|-|et(?: le)?|jusqu au) (?:(?P<js2>{J}) )?(?P<q2>{Q}) {REF}")
def du_au_mois(lecture: Lecture, m: Trouve) -> Optional[str]:
    """« du 3 au 7 octobre »; « du 28 au 5 octobre » starts in the month before. « le 3 et le 4 octobre » is left to the next rule."""
    if " et " in m[0] and not m[0].startswith("entre"):
        return None
    mois, annee = _mois_dit(lecture, m)
    fin = dates.jour_du_mois(_nombre(m["q2"]), mois, annee, lecture.aujourdhui)
    if _nombre(m["q1"]) <= fin.day:
        debut = dates.jour_du_mois(_nombre(m["q1"]), fin.month, fin.year, lecture.aujourdhui)
    else:
        avant = dates.plus_mois(fin, -1)
        debut = dates.jour_du_mois(_nombre(m["q1"]), avant.month, avant.year, lecture.aujourdhui)
    _verifier_jour(lecture, debut, m["js1"])
    _verifier_jour(lecture, fin, m["js2"])
    return lecture.poser("i", Periode(debut, fin))


@regle(rf"(?P<quoi>(?:(?:{J} )?{Q} (?:(?:,|ou|et|ou bien)(?: le| au| pour le)? )+)+(?:{J} )?{Q}) (?P<m>{M}(?: {AN})?)")
def liste_de_quantiemes(lecture: Lecture, m: Trouve) -> str:
    """« le 3, le 4 ou le 5 octobre »: each number takes the month."""
    mois, annee = _mois_et_annee(m["m"])
    return re.sub(rf"(?<!\S)(?:({J}) )?({Q})(?!\S)", lambda q: _dater(lecture, _nombre(q[2]), mois, annee, q[1]), m["quoi"])


def _mois_et_annee(texte: str) -> Tuple[int, Optional[int]]:
    mois, _, annee = texte.partition(" ")
    return NOMS_DE_MOIS[mois], int(annee) if annee else None


@regle(rf"{RANG} (?P<js>{J}) {REF}")
def nieme_jour(lecture: Lecture, m: Trouve) -> str:
    """« le premier lundi d'octobre »; « le premier lundi du mois », when it is behind us, is next month's."""
    mois, annee = _mois_dit(lecture, m)
    premier = date(annee or dates.annee_du_mois(mois, lecture.aujourdhui), mois, 1)
    jour = dates.nieme(_RANGS[m["rang"]], NOMS_DE_JOUR[m["js"]], premier.year, premier.month)
    if jour and jour < lecture.aujourdhui and m["rel"] and "prochain" not in m["rel"] and "dernier" not in m["rel"]:
        premier = dates.plus_mois(premier, 1)
        jour = dates.nieme(_RANGS[m["rang"]], NOMS_DE_JOUR[m["js"]], premier.year, premier.month)
    if not jour:
        raise DateImpossible(m[0])
    return lecture.jour(jour)


@regle(rf"(?P<rang>1er|dernier) jour {REF}")
def bord_de_mois(lecture: Lecture, m: Trouve) -> str:
    """« le dernier jour du mois »."""
    mois, annee = _mois_dit(lecture, m)
    entier = dates.mois_entier(annee or dates.annee_du_mois(mois, lecture.aujourdhui), mois)
    return lecture.jour(entier.du if m["rang"] == "1er" else entier.au)


@regle(rf"(?:(?P<n>[23]) )?{RANG} (?P<quoi>semaine|quinzaine) {REF}")
def nieme_semaine(lecture: Lecture, m: Trouve) -> str:
    """« la première semaine d'octobre » is the first one that starts in it; a quinzaine is a half of the month."""
    mois, annee = _mois_dit(lecture, m)
    annee = annee or dates.annee_du_mois(mois, lecture.aujourdhui)
    rang, entier = _RANGS[m["rang"]], dates.mois_entier(annee, mois)
    if m["quoi"] == "quinzaine":
        return lecture.poser("i", Periode(entier.du, entier.du.replace(day=15)) if rang == 1 else Periode(entier.du.replace(day=16), entier.au))
    n = int(m["n"] or 1) - 1
    lundi, dernier = (dates.nieme(r, 0, annee, mois) for r in ((rang, rang + n) if rang > 0 else (rang - n, rang)))
    if not lundi or not dernier:
        raise DateImpossible(m[0])
    return lecture.poser("i" if n else "s", Periode(lundi, dates.semaine_de(dernier).au))


@regle(rf"(?:(?P<js>{J}) (?:le )?)?(?P<q>{Q}) {REF}")
def quantieme_et_mois(lecture: Lecture, m: Trouve) -> str:
    """« jeudi 6 octobre », « le 6 du mois prochain », « le 28 courant »; « le 5 du mois », once it is behind us, is next month's."""
    mois, annee = _mois_dit(lecture, m)
    if m["rel"] in ("du mois", "de chaque mois") and _nombre(m["q"]) < lecture.aujourdhui.day:
        suivant = dates.plus_mois(lecture.aujourdhui.replace(day=1), 1)
        mois, annee = suivant.month, suivant.year
    return _dater(lecture, _nombre(m["q"]), mois, annee, m["js"])


@regle(r"semaines? (?P<n>\d{1,2}) (?P<et>et|ou|a|-|,) (?:la )?(?:semaine )?(?P<n2>\d{1,2})(?! jour)")
def deux_semaines(lecture: Lecture, m: Trouve) -> str:
    """« semaine 40 ou 41 »."""
    return f"semaine {m['n']} {m['et']} semaine {m['n2']}"


@regle(rf"semaine (?P<n>\d{{1,2}})(?: (?:de )?(?P<an>{AN}))?")
def semaine_numerotee(lecture: Lecture, m: Trouve) -> str:
    """« semaine 40 »."""
    return lecture.poser("s", dates.semaine_numero(int(m["n"]), int(m["an"]) if m["an"] else None, lecture.aujourdhui))


@regle(rf"(?:du (?:(?P<js1>{J}) )?|entre le (?:(?P<js3>{J}) )?)(?P<q1>{Q}) (?:au|et(?: le)?|jusqu au) (?:(?P<js2>{J}) )?(?P<q2>{Q})")
def du_au(lecture: Lecture, m: Trouve) -> str:
    """« du 3 au 7 »: the next 3rd, and the first 7th after it."""
    js = m["js1"] or m["js3"]
    debut = dates.prochain_quantieme(_nombre(m["q1"]), _repere(lecture, m), NOMS_DE_JOUR[js] if js else None)
    fin = dates.prochain_quantieme(_nombre(m["q2"]), debut)
    _verifier_jour(lecture, debut, js)
    _verifier_jour(lecture, fin, m["js2"])
    return lecture.poser("i", Periode(debut, fin))


def _repere(lecture: Lecture, m: Trouve) -> date:
    """Where a day number without month starts to be looked for: today, or what was dated just before (« le 28 octobre ou le 3 »)."""
    dits = re.findall(r"<[jsmi]\d+>", m.string[:m.start()])
    return max(lecture.periode(dits[-1]).du, lecture.aujourdhui) if dits else lecture.aujourdhui


@regle(rf"(?P<js>{J}) (?:le )?(?P<q>{Q})")
def jour_et_quantieme(lecture: Lecture, m: Trouve) -> str:
    """« lundi 26 »."""
    if _nombre(m["q"]) > 31:
        raise DateImpossible(m[0])
    jour = dates.prochain_quantieme(_nombre(m["q"]), _repere(lecture, m), NOMS_DE_JOUR[m["js"]])
    _verifier_jour(lecture, jour, m["js"])
    return lecture.jour(jour)


_SUITE_DE_LISTE = rf"(?: (?:,|ou|et|ou bien)(?: le)? {Q}(?! h| jour| semaine| mois))*"


@regle(rf"(?P<le>le|du|au|les|l)(?P<liste> {Q}{_SUITE_DE_LISTE})(?! (?:{J}|rue|bis|ter|eme|etage|personnes?|jour|semaine|mois|ans?|minutes?))")
def quantieme_seul(lecture: Lecture, m: Trouve) -> Optional[str]:
    """« le 20 », « le 20 ou 22 »: the next such days. A bare number above 31 is not a date (« le 36 46 » is the health line)."""
    quantiemes = [_nombre(q) for q in re.findall(Q, m["liste"])]
    if max(quantiemes) > 31 or min(quantiemes) < 1 or (m["le"] == "les" and len(quantiemes) == 1):
        return None
    repere = _repere(lecture, m)
    return m["le"] + re.sub(rf"(?<!\S)({Q})(?!\S)", lambda q: lecture.jour(dates.prochain_quantieme(_nombre(q[1]), repere)), m["liste"])


# ---- 5. words for days ------------------------------------------------------------------------------------------------

def _jour_relatif(lecture: Lecture, mot: str) -> date:
    return lecture.aujourdhui + {"avant-hier": -2, "hier": -1, "aujourdhui": 0, "tout-a-l-heure": 0, "demain": 1, "apres-demain": 2}[mot] * UN_JOUR


@regle(r"avant-hier|hier|aujourdhui|tout-a-l-heure|demain|apres-demain")
def jour_relatif(lecture: Lecture, m: Trouve) -> str:
    """« demain »."""
    return lecture.jour(_jour_relatif(lecture, m[0]))


@regle(rf"(?:ce|cet|cette|c t|7|set) (?P<p>{P})")
def cette_partie(lecture: Lecture, m: Trouve) -> str:
    """« ce soir », « cet après-midi »."""
    return f"{lecture.jour(lecture.aujourdhui)} {m['p']}"


@regle("|".join(dates.FETES))
def fete(lecture: Lecture, m: Trouve) -> str:
    """« la Toussaint », « Noël »."""
    return lecture.jour(dates.fete(m[0], lecture.aujourdhui))


@regle(rf"(?P<js>{J}) (?P<quand>prochain|dernier|suivant|qui (?:vient|arrive|suit)|a venir|d apres|passe)")
def jour_qualifie(lecture: Lecture, m: Trouve) -> str:
    """« mardi prochain »: the nearest one, but never tomorrow, which has its own word. « dernier »: the nearest behind us."""
    js = NOMS_DE_JOUR[m["js"]]
    if m["quand"] in ("dernier", "passe"):
        return lecture.jour(dates.prochain(js, lecture.aujourdhui - timedelta(days=8)))
    return lecture.jour(dates.prochain(js, lecture.aujourdhui + UN_JOUR if m["quand"] == "prochain" else lecture.aujourdhui))


@regle(rf"ce (?P<js>{J})")
def ce_jour(lecture: Lecture, m: Trouve) -> str:
    """« ce vendredi »; said on that very day, today."""
    return lecture.jour(dates.prochain(NOMS_DE_JOUR[m["js"]], lecture.aujourdhui - UN_JOUR))


# ---- 6. weeks, months, years ------------------------------------------------------------------------------------------

@regle(r"semaine (?P<quand>prochain|dernier|passe)|(?P<ci>cette semaine(?: ci)?|(?:la )?semaine (?:en cours|actuelle|courante)"
       r"|(?:dans|courant|pendant|de|pour|2) (?:de )?la semaine(?! (?:du|de|d|ou|que|prochain|dernier|passe)\b| <))")
def semaine_relative(lecture: Lecture, m: Trouve) -> str:
    """« la semaine prochaine », « cette semaine » (what is left of it)."""
    if m["ci"]:
        return lecture.poser("s", dates.semaine_de(lecture.aujourdhui, entamee=True))
    return lecture.poser("s", dates.semaine_de(lecture.aujourdhui + timedelta(weeks=1 if m["quand"] == "prochain" else -1)))


@regle(r"(?P<quoi>semaine|quinzaine|periode|celle) (?:qui (?:commence|debute|va|demarre) |allant |commencant |debutant )?"
       r"(?:du |de |de la |le )?(?P<d><[ji]\d+>)")
def semaine_d_un_jour(lecture: Lecture, m: Trouve) -> Optional[str]:
    """« la semaine du 3 octobre ou celle du 10 »; « la quinzaine du 3 au 14 » says its days itself."""
    dite = lecture.periode(m["d"])
    if m["quoi"] == "celle" and "semaine" not in m.string[:m.start()]:
        return None
    if m["d"].startswith("<i"):
        return m["d"]
    if m["quoi"] == "quinzaine":
        return lecture.poser("i", Periode(dite.du, dite.du + timedelta(days=13)))
    return lecture.poser("s", dates.semaine_du(dite.du))


@regle(r"(?P<s><s\d+>) (?P<ou>ou|et)(?: celle)?(?: la)? (?:suivant|d apres)")
def et_la_suivante(lecture: Lecture, m: Trouve) -> str:
    """« la semaine prochaine ou la suivante »."""
    suivante = dates.semaine_de(lecture.periode(m["s"]).du + timedelta(weeks=1))
    return f"{m['s']} {m['ou']} {lecture.poser('s', suivante)}"


@regle(r"(?P<p>debut|milieu|mi|fin) (?:de |d )?(?:la |cette )?(?P<s><s\d+>|semaine)")
def bout_de_semaine(lecture: Lecture, m: Trouve) -> str:
    """« en début de semaine prochaine »; without more, this week's, or next week's once it is behind us."""
    if m["s"] != "semaine":
        return lecture.poser("s", dates.partie_de_semaine(lecture.periode(m["s"]), m["p"]))
    partie = dates.partie_de_semaine(dates.semaine_de(lecture.aujourdhui), m["p"])
    if partie.au < lecture.aujourdhui:
        partie = Periode(partie.du + timedelta(weeks=1), partie.au + timedelta(weeks=1))
    return lecture.poser("s", partie)


@regle(rf"(?P<ce>ce |cette )?week-end(?: (?P<quand>prochain|dernier|passe)| (?:du |de |des )?(?:la )?(?P<d>{D})(?: et (?:le )?{D})?)?")
def week_end(lecture: Lecture, m: Trouve) -> Optional[str]:
    """« ce week-end », « le week-end prochain » (the one after, as for weeks), « le week-end du 1er octobre ». Said alone: such days."""
    borne = re.search(r"(?:avant|apres|d ici|jusqu) (?:le|au) $", m.string[:m.start()])
    if not (m["ce"] or m["quand"] or m["d"] or borne):
        return None
    if m["d"]:
        return lecture.poser("s", dates.fin_de_semaine(lecture.periode(m["d"]).du))
    semaines = {None: 0, "prochain": 1}.get(m["quand"], -1)
    return lecture.poser("s", dates.fin_de_semaine(lecture.aujourdhui + timedelta(weeks=semaines)))


@regle(rf"(?P<liste>(?:{J} (?:ou|et|,) (?:le )?)*){J} (?:de |dans |d )?(?:la )?(?P<s><s\d+>)")
def jour_de_semaine_dite(lecture: Lecture, m: Trouve) -> str:
    """« mardi ou jeudi de la semaine prochaine »."""
    lundi = dates.semaine_de(lecture.periode(m["s"]).du).du
    texte = m[0][:m.start("s") - m.start()]
    texte = re.sub(r" (?:(?:de|dans|d) )?(?:la )?$", "", texte)
    return re.sub(J, lambda js: lecture.jour(lundi + timedelta(days=NOMS_DE_JOUR[js[0]])), texte)


@regle(r"(?P<p>debut|mi|milieu|fin) (?:du |de |de ce |d )?mois(?: ci| courant| en cours)?(?! (?:prochain|dernier|de |d |passe))")
def bout_de_ce_mois(lecture: Lecture, m: Trouve) -> str:
    """« en fin de mois »; « début de mois », once it is behind us, is next month's."""
    ici = lecture.aujourdhui
    tiers = dates.tiers_de_mois(dates.mois_entier(ici.year, ici.month), m["p"])
    if tiers.au < ici:
        suivant = dates.plus_mois(ici.replace(day=1), 1)
        tiers = dates.tiers_de_mois(dates.mois_entier(suivant.year, suivant.month), m["p"])
    return lecture.poser("m", tiers)


# « mai » is also how many type « mais »: it needs a word that announces it.
_ANNONCE_MAI = re.compile(rf"(?:^|(?:en|de|d|debut|mi|fin|courant|mois|au|ou|et|avant|apres|jusqu|des|pour|,|{D}) )$")


@regle(rf"mois (?P<quand>prochain|dernier|passe)|(?P<ci>(?:ce|dans le) mois(?: ci)?)(?! (?:de|d) )"
       rf"|(?P<de>mois (?:de |d ))?(?P<m>{M})(?: (?P<an>{AN}|prochain|dernier))?")
def mois(lecture: Lecture, m: Trouve) -> Optional[str]:
    """« en octobre », « le mois prochain », « ce mois-ci » (what is left of it)."""
    ici = lecture.aujourdhui
    if m["m"] == "mai" and not m["de"] and not _ANNONCE_MAI.search(m.string[:m.start()]):
        return None
    if m["m"]:
        numero = NOMS_DE_MOIS[m["m"]]
        annee = _annee_dite(m["an"], numero, None, ici) or dates.annee_du_mois(numero, ici)
        return lecture.poser("m", dates.mois_entier(annee, numero))
    repere = dates.plus_mois(ici.replace(day=1), 0 if m["ci"] else 1 if m["quand"] == "prochain" else -1)
    return lecture.poser("m", dates.mois_entier(repere.year, repere.month, entamee=bool(m["ci"])))


@regle(r"(?P<p>debut|mi|milieu|fin|courant) (?:de |d |du |le |la )*(?P<m><m\d+>)")
def bout_de_mois(lecture: Lecture, m: Trouve) -> str:
    """« mi-octobre », « fin septembre »."""
    return m["m"] if m["p"] == "courant" else lecture.poser("m", dates.tiers_de_mois(lecture.periode(m["m"]), m["p"]))


@regle(rf"{DUREE} (?P<sens>avant|apres) (?:le |la )?(?P<d><j\d+>)")
def duree_autour(lecture: Lecture, m: Trouve) -> Optional[str]:
    """« deux semaines après le 3 octobre »."""
    jour = _apres_duree(lecture, m, 1 if m["sens"] == "apres" else -1, lecture.periode(m["d"]).du)
    return lecture.jour(jour) if jour else None


@regle(rf"(?P<quoi>veille|avant-veille|lendemain|surlendemain) (?:de |du |d )?(?:la |le )?(?P<d>{D})")
def veille(lecture: Lecture, m: Trouve) -> str:
    """« la veille de Noël »."""
    return lecture.jour(lecture.periode(m["d"]).du + {"veille": -1, "avant-veille": -2, "lendemain": 1, "surlendemain": 2}[m["quoi"]] * UN_JOUR)


@regle(r"fin (?:de l |d |de cette )annee|(?P<prochain>l annee prochain|l an prochain)")
def annee(lecture: Lecture, m: Trouve) -> str:
    """« fin d'année » is December; « l'an prochain » the whole of it."""
    an = lecture.aujourdhui.year
    return lecture.poser("i", Periode(date(an + 1, 1, 1), date(an + 1, 12, 31)) if m["prochain"] else Periode(date(an, 12, 1), date(an, 12, 31)))
