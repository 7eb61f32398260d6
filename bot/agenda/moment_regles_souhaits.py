"""Rules for wishes: what is refused, the weekdays wished, the bounds. They run last, on day and hour nodes."""
import re
from datetime import timedelta
from typing import List, Optional

from bot.agenda import moment_dates as dates
from bot.agenda.moment_dates import NOMS_DE_JOUR, UN_JOUR, Periode, un_jour
from bot.agenda.moment_lecture import D, J, Lecture, P, Regles, Trouve

SOUHAITS = Regles()
regle = SOUHAITS


# ---- 1. intervals, before refusals: « sauf du 28 septembre au 5 octobre » ----------------------------------------------

_PARTIE = rf"(?: (?:au )?(?P<p>{P}))?"


def _partie_gardee(noeud: str, partie: Optional[str]) -> str:
    """A part of the day after a last day belongs to that day (« jusqu'à vendredi soir »), after longer periods to the wish."""
    return f" {partie}" if partie and partie != "soir" and noeud[1] not in "nj" else ""


_INTERVALLE = (rf"(?:(?:du|de|entre|a partir de|a partir du|des) )?(?:le |la |l )?(?P<de>{D}|maintenant)(?: {P})? "
               rf"(?:et )?(?:au|a|et|-|jusqu au|jusqu a)(?: (?:le|la|l))? (?P<a>{D}){_PARTIE}")


@regle(_INTERVALLE)
def entre_jours_dits(lecture: Lecture, m: Trouve) -> Optional[str]:
    """« du 28 septembre au 5 octobre », « entre lundi et mercredi ». « le 3 et le 5 » is a choice, not an interval: left to the end."""
    if " et " in m[0] and not m[0].startswith("entre") and "jusqu" not in m[0]:
        return None
    de = un_jour(lecture.aujourdhui) if m["de"] == "maintenant" else lecture.periode(m["de"])
    a = lecture.periode(m["a"])
    if a.au < de.du and m["a"].startswith("<n"):
        a = Periode(a.du + timedelta(weeks=1), a.au + timedelta(weeks=1))
    if a.au < de.du:
        return None
    return lecture.poser("i", Periode(de.du, a.au)) + _partie_gardee(m["a"], m["p"])


# ---- 2. refusals ------------------------------------------------------------------------------------------------------

_DEVANT = r"(?:(?:le|la|les|l|du|de|d|en|un|des|au|a|chaque|ce|cet|cette|pour|dans|pendant) )*"
_DU_JOUR = rf"(?: (?:le |au |dans le |dans l |en |l )?{P})?"
_GENRES = (rf"(?:du {J} au {J}|{_DEVANT}(?:{J}|week-end){_DU_JOUR})", _DEVANT + P, _DEVANT + D)
# « et » and « ou » join only things of one kind, and a comma only what they close: in « pas lundi, mardi », in « pas le matin, lundi ou
# mardi » and in « pas le matin et demain » a wish follows.
_LISTES = "|".join(rf"{g}(?:(?: , {g})*(?: ,)? (?:et|ou) {g})*" for g in _GENRES)
_CHOSES = rf"(?:{_LISTES})(?:(?: ,)? (?:ni|pas|et pas|ou pas) (?:{_LISTES}))*"


def _refuser(lecture: Lecture, texte: str) -> Optional[str]:
    """Keep what must not be proposed. « pas le lundi matin » refuses Mondays: no key says one morning, and a refusal must hold."""
    if not lecture.refus_lus:
        return None
    for m in re.finditer(rf"du (?P<de>{J}) au (?P<a>{J})|(?P<j>{J}|week-end){_DU_JOUR}|(?P<p>{P})|(?P<d>{D})", texte):
        if m["de"]:
            lecture.sans_jours += _de_jour_a_jour(m["de"], m["a"])
        elif m["j"]:
            lecture.sans_jours += [5, 6] if m["j"] == "week-end" else [NOMS_DE_JOUR[m["j"]]]
        elif m["p"]:
            lecture.sans_parties.append(m["p"])
        else:
            p = lecture.periode(m["d"])
            lecture.sans_dates += [p.du + i * UN_JOUR for i in range(min(p.duree, 31))]
    return "|"


def _de_jour_a_jour(de: str, a: str) -> List[int]:
    debut, fin = NOMS_DE_JOUR[de], NOMS_DE_JOUR[a]
    return [(debut + i) % 7 for i in range((fin - debut) % 7 + 1)]


@regle(rf"(?:pas|ni) {_CHOSES}")
def refus(lecture: Lecture, m: Trouve) -> Optional[str]:
    """« pas le mercredi », « ni lundi ni mardi », « sauf le matin » (`moment_texte` writes « pas » for « sauf »)."""
    return _refuser(lecture, m[0])


@regle(rf"{_CHOSES} (?:, )?(?:c est |ca |la )?(?:pas|non)(?! (?:avant|apres|plus|de|d|a|trop)\b)")
def refus_apres(lecture: Lecture, m: Trouve) -> Optional[str]:
    """« le mercredi je ne peux pas »: whatever « pas » bore upon to its right was read by the rule before."""
    return _refuser(lecture, m[0])


# ---- 3. weekdays ------------------------------------------------------------------------------------------------------

@regle(r"(?:en|(?:les )?jour de) semaine(?! (?:de |du |d |<))|(?:les )?jour (?:ouvres?|ouvrables?)")
def en_semaine(lecture: Lecture, m: Trouve) -> str:
    """« en semaine »: Monday to Friday."""
    lecture.jours += range(5)
    return "|"


@regle(r"(?:(?:le|un|les) )?(?:chaque )?week-end")
def le_week_end(lecture: Lecture, m: Trouve) -> str:
    """« le week-end »: such days in general."""
    lecture.jours += [5, 6]
    return "|"


@regle(rf"du (?P<de>{J}) au (?P<a>{J})")
def du_jour_au_jour(lecture: Lecture, m: Trouve) -> str:
    """« du lundi au mercredi »: such days in general."""
    lecture.jours += _de_jour_a_jour(m["de"], m["a"])
    return "|"


def _nom(lecture: Lecture, jour: str) -> str:
    return lecture.poser("n", un_jour(dates.prochain(NOMS_DE_JOUR[jour], lecture.aujourdhui)))


@regle(rf"(?:du|de) (?P<js>{J}) (?:au|a) (?:le )?(?P<d><j\d+>)")
def du_jour_a_date(lecture: Lecture, m: Trouve) -> str:
    """« du mardi au jeudi de la semaine prochaine »."""
    fin = lecture.periode(m["d"]).du
    return lecture.poser("i", Periode(dates.prochain(NOMS_DE_JOUR[m["js"]], fin - timedelta(days=8)), fin))


@regle(rf"entre (?:le )?(?P<de>{J}) et (?:le )?(?P<a>{J})")
def entre_jours(lecture: Lecture, m: Trouve) -> str:
    """« entre lundi et mercredi »: the next ones."""
    return f"entre {_nom(lecture, m['de'])} et {_nom(lecture, m['a'])}"


@regle(rf"(?P<borne>(?:a partir|a compter|apres|avant|des|jusqu|d ici|pas plus tard que|au plus tard)(?: (?:le|du|de|au|a|la))*) (?P<js>{J})")
def jour_borne(lecture: Lecture, m: Trouve) -> str:
    """« à partir de lundi », « avant le mercredi »: a bound is one day, never a habit."""
    return f"{m['borne']} {_nom(lecture, m['js'])}"


@regle(rf"(?:le|les|un|tous les|uniquement le|quel|(?:(?:le|les|un|des|tous les|que|uniquement) )*chaque) {J}"
       rf"(?: {P})?(?:(?: (?:,|ou|et|ou bien|soit))+ (?:(?:le|les|un|chaque) )*{J}(?: {P})?)*")
def jours_voulus(lecture: Lecture, m: Trouve) -> str:
    """« le mardi », « les lundis et jeudis », « un mardi ou un jeudi »: such days in general. The parts of the day stay to be read."""
    lecture.jours += [NOMS_DE_JOUR[js] for js in re.findall(J, m[0])]
    return " ".join(["|", *re.findall(P, m[0])])


@regle(J)
def jour_nu(lecture: Lecture, m: Trouve) -> str:
    """« mardi »: the next one."""
    return _nom(lecture, m[0])


# ---- 4. days in bounds ------------------------------------------------------------------------------------------------

@regle(rf"(?:au lieu|a la place|en remplacement|plutot que|et non)(?: (?:de|du|le|celui|celle))* {D}")
def remplace(lecture: Lecture, m: Trouve) -> str:
    """« le 20 au lieu du 5 »: the 5th is what is left."""
    return "|"


# Now that weekdays are nodes too: « entre lundi et mercredi ».
regle(_INTERVALLE)(entre_jours_dits)


_ARTICLE = r"(?:(?:le|la|les|l|du|de|d|au|a|en|pour) )*"


@regle(rf"pas jusqu {_ARTICLE}(?P<d>{D})")
def pas_jusqu_a(lecture: Lecture, m: Trouve) -> str:
    """« je ne suis pas disponible jusqu'au 10 »: from the 11th."""
    lecture.depuis(lecture.periode(m["d"]).au + UN_JOUR)
    return "|"


@regle(rf"pas avant {_ARTICLE}(?P<d>{D})|(?:a partir|a compter|a dater|des|au plus tot) {_ARTICLE}(?P<d2>{D})"
       rf"|{_ARTICLE}(?P<d3>{D}) (?:au plus tot|minimum|(?:ou|et) (?:apres|au dela|plus tard|plus|ensuite|suivant))")
def a_partir_de(lecture: Lecture, m: Trouve) -> str:
    """« à partir du 3 octobre », « pas avant lundi »: that day included."""
    lecture.depuis(lecture.periode(m["d"] or m["d2"] or m["d3"]).du)
    return "|"


@regle(rf"(?:pas apres|pas plus tard que|jusqu|au plus tard) {_ARTICLE}(?P<d>{D})(?: inclus)?{_PARTIE}"
       rf"|{_ARTICLE}(?P<d2>{D}) (?:au plus tard|maximum|max|maxi|grand maximum|ou avant)|avant {_ARTICLE}(?P<d3>{D}) inclus")
def jusqu_a(lecture: Lecture, m: Trouve) -> str:
    """« jusqu'au 7 », « au plus tard le 7 »: that day included."""
    noeud = m["d"] or m["d2"] or m["d3"]
    lecture.jusque(lecture.periode(noeud).au)
    return "|" + _partie_gardee(noeud, m["p"])


@regle(rf"avant {_ARTICLE}(?P<d>{D}){_PARTIE}")
def avant(lecture: Lecture, m: Trouve) -> str:
    """« avant le 20 »: `to` is a last day, so the 19th, since « pas avant le 20 » starts on the 20th. « avant mardi soir » has Tuesday in it."""
    dans_le_jour = m["p"] in ("apres-midi", "soir") and m["d"][1] in "nj"
    lecture.jusque(lecture.periode(m["d"]).du - (timedelta(0) if dans_le_jour else UN_JOUR))
    return "|" + _partie_gardee(m["d"], m["p"])


@regle(rf"(?:apres|au dela|plus tard que|(?:^|(?<=, ))passe) {_ARTICLE}(?P<d>{D})")
def apres(lecture: Lecture, m: Trouve) -> str:
    """« après le 10 »: from the 11th."""
    lecture.depuis(lecture.periode(m["d"]).au + UN_JOUR)
    return "|"


@regle(rf"d ici {_ARTICLE}(?P<d>{D}){_PARTIE}")
def d_ici(lecture: Lecture, m: Trouve) -> str:
    """« d'ici vendredi »: from today to that day; « d'ici octobre »: until October comes."""
    p = lecture.periode(m["d"])
    mois_a_venir = m["d"][1] == "m" and p.duree > 27 and p.du > lecture.aujourdhui
    lecture.depuis(lecture.aujourdhui)
    lecture.jusque(p.du - UN_JOUR if mois_a_venir else p.au)
    return "|" + _partie_gardee(m["d"], m["p"])
