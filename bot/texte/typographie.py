"""French typography: the spaces that must not break, numbers, euros, percentages, dates."""
import re
from datetime import date

ESPACE_INSECABLE = "\u00a0"
ESPACE_FINE = "\u202f"
MOIS = ("janvier", "février", "mars", "avril", "mai", "juin",
        "juillet", "août", "septembre", "octobre", "novembre", "décembre")
JOURS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")

_AVANT_DOUBLE = re.compile(r"\s*([;!?])(?=\s|$|[)»])")
_AVANT_DEUX_POINTS = re.compile(r"(?<=[\w)»%€])\s+:")
_GUILLEMETS = re.compile(r"«\s*(.*?)\s*»", re.S)
_UNITE = re.compile(r"(?<=\d)\s+(?=(?:€|%|euros?\b|ans?\b|jours?\b|mois\b|heures?\b|trimestres?\b|h\b|°))")
_MILLIERS = re.compile(r"(?<=\d) (?=\d{3}\b)")


def composer(texte: str) -> str:
    """Put the non-breaking spaces of French typography into a text written with ordinary ones.

    >>> composer("Vraiment ? « oui » : 12 %").replace(ESPACE_INSECABLE, "~").replace(ESPACE_FINE, "_")
    'Vraiment_? «~oui~»~: 12~%'
    """
    texte = _GUILLEMETS.sub(lambda m: f"«{ESPACE_INSECABLE}{m[1]}{ESPACE_INSECABLE}»", texte)
    texte = _AVANT_DOUBLE.sub(ESPACE_FINE + r"\1", texte)
    texte = _AVANT_DEUX_POINTS.sub(ESPACE_INSECABLE + ":", texte)
    texte = _MILLIERS.sub(ESPACE_FINE, texte)
    return _UNITE.sub(ESPACE_INSECABLE, texte)


def nombre(valeur: float, decimales: "int | None" = None) -> str:
    """A number as French prints it: thin space between thousands, decimal comma.

    `decimales` fixes the number of decimals; None keeps what the value needs, up to four.

    >>> nombre(81500).replace(ESPACE_FINE, "_"), nombre(21.3), nombre(9, 2)
    ('81_500', '21,3', '9,00')
    """
    chiffres = f"{valeur:,.4f}".rstrip("0").rstrip(".") if decimales is None else f"{valeur:,.{decimales}f}"
    return chiffres.replace(",", ESPACE_FINE).replace(".", ",")


def euros(valeur: float, centimes: bool = False) -> str:
    """Euros; with cents when asked or when the amount has any."""
    avec = centimes or round(valeur, 2) != round(valeur)
    return nombre(round(valeur, 2), 2 if avec else 0) + ESPACE_INSECABLE + "€"


def date_longue(jour: date, jour_semaine: bool = False) -> str:
    """A date in words: « 1er octobre 2011 », « lundi 3 octobre 2011 »."""
    quantieme = "1er" if jour.day == 1 else str(jour.day)
    prefixe = JOURS[jour.weekday()] + " " if jour_semaine else ""
    return f"{prefixe}{quantieme}{ESPACE_INSECABLE}{MOIS[jour.month - 1]}{ESPACE_INSECABLE}{jour.year}"


def quantite(valeur: float, singulier: str, pluriel: "str | None" = None) -> str:
    """A count with its unit: « 1 jour », « 90 jours ». French takes the plural from two on."""
    mot = singulier if abs(valeur) < 2 else (pluriel or singulier + "s")
    return nombre(valeur) + ESPACE_INSECABLE + mot
