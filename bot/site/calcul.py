"""Calculators inside the chat: what the sentence already gives, one question with buttons for what is missing, then the figure."""
from dataclasses import dataclass
from datetime import date
from typing import Any, Mapping, Optional

from bot.knowledge import calculs
from bot.knowledge.calculs import ErreurCalcul, Resultat
from bot.knowledge.fiches import Fiche
from bot.site.reponses import Bouton

# A calculator starts from one of these; a trade alone is not a request for a figure.
DECLENCHEURS = ("montant", "debut", "naissance", "notification")


@dataclass(frozen=True)
class Essai:
    """The figure, or the one question that stands between the person and it, or neither."""

    resultat: Optional[Resultat] = None
    question: Optional[str] = None
    boutons: tuple[Bouton, ...] = ()


def essayer(fiche: Fiche, texte: str, profil: Mapping[str, str], jour: date) -> Essai:
    """Try the calculator of a sheet on a free sentence. Empty when the sentence asks for no figure."""
    if not fiche.calcul:
        return Essai()
    connu = calculs.depuis_phrase(fiche.calcul, texte, profil, au=jour)
    if not any(nom in connu for nom in DECLENCHEURS):
        return Essai()
    return _poursuivre(fiche, {nom: _ecrire(valeur) for nom, valeur in connu.items()}, jour)


def reprendre(fiche: Fiche, textes: Mapping[str, str], jour: date) -> Essai:
    """Go on with what earlier buttons gave."""
    return _poursuivre(fiche, dict(textes), jour)


def _poursuivre(fiche: Fiche, textes: dict[str, str], jour: date) -> Essai:
    nom = fiche.calcul or ""
    manquants = calculs.a_demander(nom, {c: v for c, v in textes.items() if v})
    if manquants:
        champ = manquants[0]
        if not champ.choix:
            return Essai()
        boutons = tuple(Bouton(libelle, {"sujet": fiche.sujet, "calcul": {**textes, champ.nom: valeur}}) for valeur, libelle in champ.choix)
        return Essai(question=champ.libelle, boutons=boutons)
    try:
        return Essai(resultat=calculs.calculer(nom, calculs.lire_reponses(nom, textes, au=jour), au=jour))
    except ErreurCalcul as e:
        return Essai(question=e.message)


def _ecrire(valeur: Any) -> str:
    return valeur.isoformat() if isinstance(valeur, date) else str(valeur)
