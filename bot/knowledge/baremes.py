"""Barèmes: the figures of the law as named, dated, sourced values. An answer cites `{nom}`; a change of law is one line."""
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Dict, Optional, Tuple

from bot.knowledge.chemins import KNOWLEDGE
from bot.knowledge.lecture import ErreurConnaissance, lire_yaml
from bot.texte import typographie as typo

UNITES = {
    "euros": lambda v: typo.euros(v),
    "euros_centimes": lambda v: typo.euros(v, centimes=True),
    "pourcentage": lambda v: typo.nombre(v) + typo.ESPACE_INSECABLE + "%",
    "jours": lambda v: typo.quantite(v, "jour"),
    "heures": lambda v: typo.quantite(v, "heure"),
    "mois": lambda v: typo.quantite(v, "mois", "mois"),
    "ans": lambda v: typo.quantite(v, "an"),
    "trimestres": lambda v: typo.quantite(v, "trimestre"),
    "nombre": typo.nombre,
    "date": lambda v: typo.date_longue(v),
}
CONFIANCES = ("elevee", "moyenne")


@dataclass(frozen=True)
class Valeur:
    """One value and the days it holds, bounds included; `au` None = still in force as far as we know."""

    du: date
    au: Optional[date]
    valeur: object
    source: str
    confiance: str
    calcul: Optional[str] = None

    def vaut_le(self, jour: date) -> bool:
        return self.du <= jour and (self.au is None or jour <= self.au)


@dataclass(frozen=True)
class Bareme:
    """A named figure of the law over time."""

    nom: str
    libelle: str
    unite: str
    valeurs: Tuple[Valeur, ...]
    fichier: str

    def le(self, jour: date) -> Valeur:
        """The value in force on `jour`. Raises ErreurConnaissance when none is known: nothing is extrapolated."""
        for valeur in self.valeurs:
            if valeur.vaut_le(jour):
                return valeur
        raise ErreurConnaissance(f"Le barème « {self.nom} » n'a pas de valeur connue au {jour.isoformat()}.")

    def ecrire(self, jour: date) -> str:
        """The value in force on `jour` as French prints it, unit included: « 81 500 € », « 21,3 % », « 90 jours »."""
        return UNITES[self.unite](self.le(jour).valeur)


def _lire_bareme(nom: str, brut: object, fichier: str) -> Bareme:
    def refuser(quoi: str) -> ErreurConnaissance:
        return ErreurConnaissance(f"{fichier}, barème « {nom} » : {quoi}.")

    if not isinstance(brut, dict):
        raise refuser("il faut « libelle », « unite » et « valeurs »")
    inconnues = set(brut) - {"libelle", "unite", "valeurs"}
    if inconnues:
        raise refuser(f"clé inconnue « {sorted(inconnues)[0]} »")
    if brut.get("unite") not in UNITES:
        raise refuser(f"unité « {brut.get('unite')} » inconnue ; choisissez parmi {', '.join(UNITES)}")
    if not brut.get("libelle"):
        raise refuser("« libelle » manque")
    valeurs = []
    for ligne in brut.get("valeurs") or []:
        inconnues = set(ligne) - {"du", "au", "valeur", "source", "confiance", "calcul"}
        if inconnues:
            raise refuser(f"clé inconnue « {sorted(inconnues)[0]} » dans une valeur")
        if not isinstance(ligne.get("du"), date) or not isinstance(ligne.get("au"), (date, type(None))) or "au" not in ligne:
            raise refuser("chaque valeur porte « du » et « au » (dates AAAA-MM-JJ ; au: null si elle est toujours en vigueur)")
        if not ligne.get("source"):
            raise refuser("une valeur n'a pas de source")
        if ligne.get("confiance") not in CONFIANCES:
            raise refuser(f"confiance « {ligne.get('confiance')} » : elevee ou moyenne (ce qui est incertain n'est pas publié)")
        attendu = date if brut["unite"] == "date" else (int, float)
        if not isinstance(ligne.get("valeur"), attendu) or isinstance(ligne.get("valeur"), bool):
            raise refuser(f"la valeur « {ligne.get('valeur')} » ne va pas avec l'unité « {brut['unite']} »")
        valeurs.append(Valeur(ligne["du"], ligne["au"], ligne["valeur"], str(ligne["source"]), ligne["confiance"], ligne.get("calcul")))
    if not valeurs:
        raise refuser("aucune valeur")
    valeurs.sort(key=lambda v: v.du)
    for avant, apres in zip(valeurs, valeurs[1:]):
        if avant.au is None or avant.au >= apres.du:
            raise refuser(f"deux valeurs se chevauchent au {apres.du.isoformat()}")
    return Bareme(nom, str(brut["libelle"]), brut["unite"], tuple(valeurs), fichier)


def lire_baremes(dossier: Path = KNOWLEDGE / "baremes") -> Dict[str, Bareme]:
    """All barèmes of a folder by name. Raises ErreurConnaissance on a faulty line or a name used twice."""
    baremes: Dict[str, Bareme] = {}
    for fichier in sorted(dossier.glob("*.yml")):
        contenu = lire_yaml(fichier) or {}
        for nom, brut in contenu.items():
            if nom in baremes:
                raise ErreurConnaissance(f"Le barème « {nom} » est dans {baremes[nom].fichier} et dans {fichier.name}.")
            baremes[nom] = _lire_bareme(nom, brut, fichier.name)
    return baremes


@cache
def baremes() -> Dict[str, Bareme]:
    """The project's own barèmes, read once."""
    return lire_baremes()
