"""What a message is taken to mean: the same reading for a conversation and for `conseil evaluate`."""
from dataclasses import dataclass
from typing import Any, Mapping, Optional, Sequence

from bot.knowledge import protections
from bot.knowledge.catalogue import HORS_SUJET, etiquette
from bot.site.moteur import Moteur

INCOMPRIS = "nlu_fallback"
CHOIX_MAX = 3
# From here a refusal as out of scope stands against mere words (« mon chien tousse » is not a patient of ours).
SURE = 0.5
# Flows that make sense as a button; a greeting or a « oui » does not.
LIBELLES_FLUX = {
    "prendre_rdv": "Prendre rendez-vous avec un conseiller", "consulter_rdv": "Retrouver mon rendez-vous",
    "deplacer_rdv": "Déplacer mon rendez-vous", "annuler_rdv": "Annuler mon rendez-vous",
    "inscrire_rencontre": "M'inscrire à une rencontre", "repondre_enquete": "Répondre à l'enquête de satisfaction",
    "parler_conseiller": "Joindre un conseiller", "commander_guide": "Recevoir un guide", "aide": "Ce que l'assistant sait faire",
}


@dataclass(frozen=True)
class Comprise:
    """`etiquette`: the one label acted upon, or None when choices are offered. `offertes`: the labels offered, best first."""

    etiquette: Optional[str]
    confiance: float
    offertes: Sequence[str] = ()
    premiers: Sequence[tuple[str, float]] = ()

    @property
    def refusee(self) -> bool:
        """Taken as out of scope: nothing answered, nothing offered."""
        return self.etiquette == HORS_SUJET or (self.etiquette is None and not self.offertes)


def proposable(label: str) -> bool:
    """Whether a label can be a button."""
    return "/" in label or label in LIBELLES_FLUX


def danger(texte: str) -> Optional[Comprise]:
    """What words alone decide at once, engine up or down: someone is in danger."""
    protection = protections.reconnaitre(texte)
    return Comprise(protection.sujet, 1.0) if protection and protection.sujet == protections.URGENCE else None


def par_les_mots(texte: str) -> Optional[Comprise]:
    """What words alone decide when the engine cannot be asked: danger, medical advice, a personal pension amount."""
    protection = protections.reconnaitre(texte)
    return Comprise(protection.sujet, 1.0) if protection else None


def proteger(texte: str, comprise: Comprise) -> Comprise:
    """The protective sheet that words point to, unless the engine is sure of another sheet, or hesitates between others only.

    « À partir de combien de trimestres ai-je droit… » speaks of « my » pension without asking its amount; words alone cannot tell.
    """
    protegee = par_les_mots(texte)
    vus = {comprise.etiquette, *comprise.offertes, *(e for e, _ in comprise.premiers)}
    sure = comprise.etiquette is not None and ("/" in comprise.etiquette or (comprise.refusee and comprise.confiance >= SURE))
    if protegee is None or sure:
        return comprise
    return comprise if comprise.offertes and protegee.etiquette not in vus else protegee


def lire(brute: Mapping[str, Any]) -> Comprise:
    """What the engine's answer means."""
    premiers = tuple((etiquette(c["intention"]), c["confiance"]) for c in brute["classement"][:3])
    if brute["intention"] != INCOMPRIS:
        return Comprise(etiquette(brute["intention"]), brute["confiance"], (), premiers)
    offertes = tuple(e for e in map(etiquette, brute["propositions"]) if proposable(e))[:CHOIX_MAX]
    return Comprise(None, brute["confiance"], offertes, premiers)


async def comprendre(texte: str, moteur: Moteur, metadonnees: Optional[dict[str, Any]] = None) -> Comprise:
    """A cleaned text, understood as the site would, without answering it."""
    return danger(texte) or proteger(texte, lire((await moteur.comprendre([texte], metadonnees))[0]))
