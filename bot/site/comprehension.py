"""What a message is taken to mean: the same reading for a conversation and for `conseil evaluate`."""
from dataclasses import dataclass, replace
from typing import Any, Mapping, Optional, Sequence

from bot.knowledge import protections
from bot.knowledge.catalogue import HORS_SUJET, etiquette
from bot.knowledge.decision import INCOMPRIS
from bot.knowledge.fiches import fiches
from bot.site.moteur import Moteur
from bot.texte import langue

CHOIX_MAX = 3
# Runners-up shown under an answer that is not quite sure.
AUTRES_MAX = 2
# In another language than French an answer takes this confidence; under it, a person is offered.
SURE_ETRANGER = 0.75
# From here a refusal as out of scope stands against mere words (« mon chien tousse » is not a patient of ours).
SURE = 0.5
# From here the engine, though unsure, bears out the words that point to a protective sheet: « on m'a opéré, dois-je déclarer zéro ? » is not
# a question to a doctor, and it thinks so too (0.2 on 1,275 frozen lines loses nothing; below, four wrong answers in 374 come back).
VRAISEMBLABLE = 0.2
# Flows that make sense as a button; a greeting or a « oui » does not.
LIBELLES_FLUX = {
    "prendre_rdv": "Prendre rendez-vous avec un conseiller", "consulter_rdv": "Retrouver mon rendez-vous",
    "deplacer_rdv": "Déplacer mon rendez-vous", "annuler_rdv": "Annuler mon rendez-vous",
    "inscrire_rencontre": "M'inscrire à une rencontre", "repondre_enquete": "Répondre à l'enquête de satisfaction",
    "parler_conseiller": "Joindre un conseiller", "commander_guide": "Recevoir un guide", "aide": "Ce que l'assistant sait faire",
}


@dataclass(frozen=True)
class Comprise:
    """`etiquette`: the one label acted upon, or None when choices are offered. `offertes`: the labels offered, best first: instead of an
    answer, or, under one that is not quite sure, the other topics it may have been about."""

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


def par_les_mots(texte: str) -> Optional[Comprise]:
    """What words alone decide when the engine cannot be asked: danger, medical advice, a personal pension amount."""
    protection = protections.reconnaitre(texte)
    return Comprise(protection.sujet, 1.0) if protection else None


def danger(protegee: Optional[Comprise]) -> Optional[Comprise]:
    """What words alone (`par_les_mots`) decide at once, engine up or down: someone is in danger."""
    return protegee if protegee and protegee.etiquette == protections.URGENCE else None


def proteger(protegee: Optional[Comprise], comprise: Comprise) -> Comprise:
    """The protective sheet that words alone point to (`par_les_mots`), unless the engine is sure of another sheet, or hesitates between others only
    (`VRAISEMBLABLE`).

    « À partir de combien de trimestres ai-je droit… » speaks of « my » pension without asking its amount; words alone cannot tell.
    """
    sure = comprise.etiquette is not None and ("/" in comprise.etiquette or (comprise.refusee and comprise.confiance >= SURE))
    if protegee is None or sure:
        return comprise
    vraisemblable = dict(comprise.premiers).get(protegee.etiquette or "", 0.0) >= VRAISEMBLABLE
    return protegee if vraisemblable or not comprise.offertes else comprise


def lire(brute: Mapping[str, Any]) -> Comprise:
    """What the engine's answer means."""
    premiers = tuple((etiquette(c["intention"]), c["confiance"]) for c in brute["classement"][:3])
    propositions = tuple(map(etiquette, brute["propositions"]))
    if brute["intention"] != INCOMPRIS:
        comprise = etiquette(brute["intention"])
        return Comprise(comprise, brute["confiance"], _autres(comprise, propositions), premiers)
    return Comprise(None, brute["confiance"], tuple(e for e in propositions if proposable(e))[:CHOIX_MAX], premiers)


def _autres(comprise: str, propositions: Sequence[str]) -> tuple[str, ...]:
    """The topics offered under an answer: for a topic only, and neither under a refusal or an emergency."""
    fiche = fiches().get(comprise)
    if fiche is None or fiche.refus or comprise == protections.URGENCE:
        return ()
    return tuple(e for e in propositions if e in fiches() and e != comprise)[:AUTRES_MAX]


def sans_deviner(texte: str, comprise: Comprise) -> Comprise:
    """The same reading, unless the message is in another language: then only a sure one stands, and nothing is offered to read and choose."""
    if langue.reconnaitre(texte) is None or comprise.etiquette == protections.URGENCE:
        return comprise
    sure = comprise.etiquette is not None and comprise.confiance >= SURE_ETRANGER
    return replace(comprise, etiquette=comprise.etiquette if sure else None, offertes=())


def interpreter(texte: str, brute: Mapping[str, Any], protegee: Optional[Comprise]) -> Comprise:
    """What a text means, from the engine's answer to it and from its words alone (`par_les_mots`): one reading for the site and for
    `conseil evaluate`."""
    return sans_deviner(texte, proteger(protegee, lire(brute)))


async def comprendre(texte: str, moteur: Moteur, metadonnees: Optional[dict[str, Any]] = None) -> Comprise:
    """A cleaned text, understood as the site would, without answering it."""
    protegee = par_les_mots(texte)
    return danger(protegee) or interpreter(texte, (await moteur.comprendre([texte], metadonnees))[0], protegee)
