"""A fictitious population, the same for the same seed: names marked as fictitious, numbers and addresses that belong to nobody.

Proportions are those of a regional caisse of 2011, rounded; nothing here is drawn from real people.
"""
import random
import unicodedata
from datetime import date, timedelta
from typing import Any, Iterator, Sequence

from bot.campagnes.fichier import FACULTATIVES, OBLIGATOIRES

# The order of the contract: `auto_entrepreneur` ends the sixteen columns, our own come after.
ORDRE = (*OBLIGATOIRES, *FACULTATIVES)
NOMS = ("Amandier", "Aubépine", "Bouleau", "Bruyère", "Cerisier", "Châtaignier", "Cyprès", "Églantier", "Érable", "Fougère", "Frêne", "Genévrier",
        "Glycine", "Hêtre", "Jasmin", "Laurier", "Lavande", "Lilas", "Mélèze", "Mimosa", "Mûrier", "Noisetier", "Olivier", "Orme", "Peuplier",
        "Pommier", "Romarin", "Sapin", "Sureau", "Tilleul", "Tulipier", "Verveine")
PRENOMS = {"F": ("Agnès", "Amina", "Béatrice", "Catherine", "Chantal", "Claire", "Delphine", "Élodie", "Fatima", "Françoise", "Hélène", "Isabelle",
                 "Lucie", "Maria", "Martine", "Nathalie", "Rosa", "Sandrine", "Sylvie", "Yasmina"),
           "M": ("Alain", "Ahmed", "Bernard", "Bruno", "Christophe", "Didier", "Éric", "Fabrice", "Gérard", "Hervé", "Jean-Luc", "João", "Karim",
                 "Laurent", "Mehmet", "Olivier", "Patrick", "Philippe", "Sébastien", "Thierry")}
METIERS = {"artisan": (("maçon", "4399C"), ("plombier", "4322A"), ("électricien", "4321A"), ("peintre en bâtiment", "4334Z"), ("menuisier", "4332A"),
                       ("coiffeur", "9602A"), ("boulanger", "1071C"), ("boucher", "4722Z"), ("taxi", "4932Z"), ("garagiste", "4520A"),
                       ("esthéticien", "9602B"), ("cordonnier", "9523Z")),
           "commercant": (("restaurateur", "5610A"), ("cafetier", "5630Z"), ("épicier", "4711B"), ("fleuriste", "4776Z"), ("buraliste", "4726Z"),
                          ("vendeur de vêtements", "4771Z"), ("libraire", "4761Z"), ("forain", "4781Z"), ("hôtelier", "5510Z"),
                          ("vendeur en ligne", "4791A"))}
VOIES = ("rue des Exemples", "avenue du Modèle", "place de la Maquette", "chemin du Prototype", "allée de l'Essai", "impasse du Gabarit",
         "quai de la Démonstration", "route du Spécimen")
# Ranges that ARCEP keeps for fiction: nobody can be rung by mistake.
TELEPHONES = ("01 99 00", "02 61 91", "03 53 01", "04 65 71", "05 36 49", "06 39 98", "06 39 98")
LANGUES = (("fr", 93), ("pt", 3), ("tr", 2), ("ar", 2))
PART_AE, PART_INCOMPLETE, PART_INCONNUE, PART_CREATEURS, PART_COURRIEL, PART_TELEPHONE, PART_ADRESSE = 0.27, 0.22, 0.10, 0.08, 0.46, 0.88, 0.97


class _Urne:
    """Draws among weighted values; weights are whole numbers."""

    def __init__(self, poids: Sequence[tuple[str, int]]):
        self._valeurs = [valeur for valeur, combien in poids for _ in range(combien)]

    def tirer(self, hasard: random.Random) -> str:
        return self._valeurs[int(hasard.random() * len(self._valeurs))]


_STATUT_AVANT_60, _STATUT_APRES_60 = _Urne((("actif", 92), ("radie", 5), ("conjoint", 3))), _Urne((("actif", 44), ("retraite", 50), ("radie", 6)))
_GROUPE, _LANGUE = _Urne((("artisan", 47), ("commercant", 53))), _Urne(LANGUES)


def generer(nombre: int, graine: str, *, annee: int, villes: Sequence[tuple[str, str]]) -> Iterator[dict[str, str]]:
    """`nombre` fictitious people, as lines of a population file (keys: ORDRE). `villes`: (code postal, town) pairs; `annee`: the year of the
    newly affiliated ones. The same arguments give the same people."""
    hasard = random.Random(f"{graine}/{annee}")
    for numero in range(1, nombre + 1):
        yield _personne(numero, hasard, annee, villes)


def _personne(numero: int, hasard: random.Random, annee: int, villes: Sequence[tuple[str, str]]) -> dict[str, str]:
    sexe = "F" if hasard.random() < 0.34 else "M"
    nom, prenom = "Fictif-" + _un(NOMS, hasard), _un(PRENOMS[sexe], hasard)
    naissance = date(int(hasard.triangular(1940, 1993, 1964)), 1, 1) + timedelta(days=int(hasard.random() * 365))
    createur = hasard.random() < PART_CREATEURS and annee - naissance.year < 66
    statut = "createur" if createur else (_STATUT_APRES_60 if annee - naissance.year >= 60 else _STATUT_AVANT_60).tirer(hasard)
    groupe = _GROUPE.tirer(hasard)
    profession, ape = _un(METIERS[groupe], hasard)
    ae = statut in ("actif", "createur") and hasard.random() < (0.55 if createur else PART_AE)
    return {
        "identifiant": f"FICTIF{numero:08d}", "civilite": "Mme" if sexe == "F" else "M.", "nom": nom, "prenom": prenom,
        "date_naissance": naissance.isoformat(), "sexe": sexe, "groupe_pro": groupe, "statut": statut,
        "date_affiliation": _affiliation(createur, ae, naissance, hasard, annee).isoformat(), "code_ape": ape, "profession": profession,
        "carriere": _carriere(hasard), "langue": _LANGUE.tirer(hasard), "auto_entrepreneur": "oui" if ae else "non",
        **_coordonnees(numero, nom, prenom, hasard, villes)}


def _un(parmi: Sequence[Any], hasard: random.Random) -> Any:
    return parmi[int(hasard.random() * len(parmi))]


def _carriere(hasard: random.Random) -> str:
    tirage = hasard.random()
    return "incomplete" if tirage < PART_INCOMPLETE else "inconnue" if tirage < PART_INCOMPLETE + PART_INCONNUE else "complete"


def _affiliation(createur: bool, ae: bool, naissance: date, hasard: random.Random, annee: int) -> date:
    """Before September of the year for a créateur, from 2009 for an auto-entrepreneur (when the status began), else any time since she was twenty."""
    if createur:
        return date(annee, 1, 1) + timedelta(days=int(hasard.random() * 243))
    debut = date(2009, 1, 1) if ae and annee > 2009 else date(min(naissance.year + 20, annee - 1), 1, 1)
    return debut + timedelta(days=int(hasard.random() * (date(annee, 1, 1) - debut).days))


def _coordonnees(numero: int, nom: str, prenom: str, hasard: random.Random, villes: Sequence[tuple[str, str]]) -> dict[str, str]:
    code_postal, ville = _un(villes, hasard)
    complet = hasard.random() < PART_ADRESSE
    courriel = f"{_ascii(prenom)}.{_ascii(nom)}.{numero}@exemple.example".lower() if hasard.random() < PART_COURRIEL else ""
    quatre = int(hasard.random() * 10_000)
    return {
        "adresse": f"{1 + int(hasard.random() * 120)} {_un(VOIES, hasard)}" if complet else "",
        "complement": "bâtiment B" if complet and hasard.random() < 0.04 else "",
        "code_postal": code_postal, "ville": ville if complet else "", "courriel": courriel,
        "telephone": f"{_un(TELEPHONES, hasard)} {quatre // 100:02d} {quatre % 100:02d}" if hasard.random() < PART_TELEPHONE else "",
        "canal": "courriel" if courriel and hasard.random() < 0.35 else "courrier"}


def _ascii(texte: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", texte) if not unicodedata.combining(c))
