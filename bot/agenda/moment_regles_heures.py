"""Rules for hours: said, bounded, between two, refused. They run on text where days are nodes already, so that a number left is no day."""
from typing import Optional

from bot.agenda.moment_lecture import D, H, Heure, J, Lecture, M, Regles, Trouve

HEURES_DITES = Regles()
regle = HEURES_DITES


@regle(r"(\d{1,3})h(\d{1,2})")
def heure(lecture: Lecture, m: Trouve) -> str:
    """`14h30`, as `moment_texte` writes every hour. « 25 h » is a slip to name; « 35 heures » is not an hour of the day at all."""
    h, minute = int(m[1]), int(m[2])
    if h < 24 and minute < 60:
        return lecture.poser("h", Heure(h, minute, m[1].startswith("0") or h >= 12))
    if h < 30:
        if (h, minute) == (24, 0):
            return lecture.poser("h", Heure(0, 0, True))
        lecture.heures_impossibles.append(f"{h} h {minute:02d}" if minute else f"{h} h")
    return "|"


def _h(lecture: Lecture, texte: str, apres: Optional[Heure] = None) -> Optional[Heure]:
    """An hour from a node or from a bare number (« entre 9 et 10 h »); « entre midi et deux » ends at two in the afternoon."""
    if texte.startswith("<"):
        h: Optional[Heure] = lecture.h(texte)
    else:
        h = Heure(int(texte), 0, False) if int(texte) < 24 else None
    if h and apres and not h.certaine and h < apres and h.heure < 12:
        h = Heure(h.heure + 12, h.minute, True)
    return h


@regle(rf"pas (?:a |de |vers |entre |le |pour )*(?:{H}|\d{{1,2}}(?= (?:et|a) {H}))(?: (?:et|a|ou) (?:a )?{H})?")
def heure_refusee(lecture: Lecture, m: Trouve) -> Optional[str]:
    """« pas à 9 h », « pas entre midi et deux »: no key says it; what matters is not to take it for a wish."""
    return "|" if lecture.refus_lus else None


@regle(rf"(?:entre |de |des )(?P<de>{H}|\d{{1,2}}) (?:et|a|jusqu a|-) (?P<a>{H}|\d{{1,2}})(?! (?:jour|semaine|mois|{M}))"
       rf"|(?P<de2>{H}|\d{{1,2}}) (?:a|-|jusqu a|ou(?: a)?|et) (?P<a2>{H})")
def entre_heures(lecture: Lecture, m: Trouve) -> Optional[str]:
    """« entre 10 h et 11 h », « de 9 à 11 h », « 14h-16h », « entre midi et deux ». Two bare numbers are hours after « entre » only."""
    gauche, droite = m["de"] or m["de2"], m["a"] or m["a2"]
    nu = not gauche.startswith("<")
    if nu and not droite.startswith("<") and not m[0].startswith("entre"):
        return None
    de = _h(lecture, gauche)
    a = _h(lecture, droite, de)
    if de is None or a is None or (m["de2"] and nu and a[:2] <= de[:2]):
        return None
    lecture.plages.append((de, a))
    return "|"


@regle(rf"(?:(?<!pas )avant|pas apres|pas plus tard que|jusqu a|au plus tard(?: a)?|d ici|maximum) (?:les )?(?P<h>{H})"
       rf"|(?:a )?(?P<h2>{H}) (?:au plus tard|maximum|max|maxi|grand maximum|ou avant)")
def avant_heure(lecture: Lecture, m: Trouve) -> str:
    """« avant 10 h »."""
    lecture.heure_a = lecture.h(m["h"] or m["h2"])
    return "|"


@regle(rf"(?:(?<!pas )apres|a partir(?: de| d)?|a compter de|des|pas avant|au plus tot(?: a)?|passe|au dela de|plus tard que|minimum) "
       rf"(?:les )?(?P<h>{H})"
       rf"|(?:a )?(?P<h2>{H}) (?:au plus tot|minimum|mini|ou (?:apres|plus tard|plus)|et (?:apres|plus)|passe)")
def apres_heure(lecture: Lecture, m: Trouve) -> str:
    """« à partir de 14h30 »."""
    lecture.heure_de = lecture.h(m["h"] or m["h2"])
    return "|"


@regle(rf"(?:(?P<fin>avant|jusqu|d ici|au plus tard)|pas avant|a partir|des|apres) (?:(?:le|la|du|de|au|a) )*"
       rf"(?P<jour>{J}|{D}) (?P<h>{H})")
def jour_et_heure_bornes(lecture: Lecture, m: Trouve) -> str:
    """« avant mardi midi »: bounding the hour of every day too keeps only what was wished, if not all of it."""
    if m["fin"]:
        lecture.heure_a = lecture.h(m["h"])
        return f"{'d ici' if m['fin'] == 'd ici' else 'jusqu au'} {m['jour']}"
    lecture.heure_de = lecture.h(m["h"])
    return f"a partir de {m['jour']}"


@regle(rf"(?:(?:a|vers|pour|autour de|aux? (?:alentours?|environs?) de|sur les|les|de|disons) )*(?P<h>{H})")
def heure_dite(lecture: Lecture, m: Trouve) -> str:
    """« à 14 h », « vers 10 h »."""
    lecture.heures.append(lecture.h(m["h"]))
    return "|"
