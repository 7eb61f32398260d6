"""What the bilan takes of the survey: the « enquete » object of an action, that of the spontaneous entretiens, the questionnaire with its hashes.

Integers only, exact counts, no rate and no comment (reference §4d): masking happens at publication. Local questions never leave the caisse.
"""
import hashlib
from typing import Any, Optional

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.contacts.tables import Action, Vague
from bot.enquete import cadre, vagues
from bot.enquete.questionnaire import ECRIT, PASSE, VERSION, questionnaire
from bot.enquete.resultats import compter

# Why a cible is not analysed (R58): a closed list, so that bilans add up.
MOTIFS = {"sans_vague": "aucune enquête n'a été ouverte", "sans_contact": "aucun contact à enquêter", "sans_reponse": "personne n'a répondu",
          "tirage_a_venir": "le tirage n'a pas encore eu lieu"}


def bloc_enquete(session: Session, action_id: int, exercice: int) -> dict[str, Any]:
    """The « enquete » object of an action for an exercise (§4d): {"statut": "analysee", "N", "methode", "graine_sha256", "tires", "delivres",
    "repondants", "modes", "items": {item: {code: n}}}, or {"statut": "non_analysee", "motif"} with a code of MOTIFS.

    Of an item with several choices (`questionnaire(version).multiples`) the counts add up to more than the respondents who saw it.
    """
    action = session.get_one(Action, action_id)
    return _bloc(session, session.scalar(select(Vague).where(Vague.action_id == action_id, Vague.exercice == exercice)), action.caisse_code, exercice)


def bloc_spontane(session: Session, caisse_code: str, exercice: int) -> dict[str, Any]:
    """The same for the spontaneous entretiens of a caisse (R55): a stratum of its own, in no target's rate."""
    requete = select(Vague).where(Vague.caisse_code == caisse_code, Vague.exercice == exercice, Vague.action_id.is_(None))
    return _bloc(session, session.scalar(requete), caisse_code, exercice)


def questionnaire_exercice(session: Session, caisse_code: str, exercice: int) -> dict[str, Any]:
    """The « questionnaire » object of a caisse's exchange file: the version its waves opened with, its hash, those of its items."""
    return questionnaire(_version(session, caisse_code, exercice)).identite()


def _version(session: Session, caisse_code: str, exercice: int) -> str:
    """The version of an exercise: of its latest wave, or the one in force."""
    return session.scalar(select(Vague.version).where(Vague.caisse_code == caisse_code, Vague.exercice == exercice)
                          .order_by(Vague.id.desc()).limit(1)) or VERSION


def _bloc(session: Session, vague: Optional[Vague], caisse_code: str, exercice: int) -> dict[str, Any]:
    if vague is None:
        return {"statut": "non_analysee", "motif": "sans_vague"}
    etat = vagues.etat(session, vague)
    if not etat.repondants:
        motif = "sans_reponse" if etat.base else "sans_contact" if vague.etat == "close" else "tirage_a_venir"
        return {"statut": "non_analysee", "motif": motif}
    return {"statut": "analysee", "N": etat.base, "methode": "recensement" if etat.recensement else "SAS",
            "graine_sha256": hashlib.sha256(vague.graine.encode()).hexdigest(), "tires": etat.tires, "delivres": etat.delivres,
            "repondants": etat.repondants, "modes": dict(sorted(etat.modes.items())), "items": _items(session, vague, caisse_code, exercice)}


def _items(session: Session, vague: Vague, caisse_code: str, exercice: int) -> dict[str, dict[str, int]]:
    """Counts of the national items asked in this wave. An item whose words differ from the exercise's version stays out: it does not add up (R56)."""
    q, commune = questionnaire(vague.version), questionnaire(_version(session, caisse_code, exercice)).empreintes
    comptes = compter(session, [vague.id]).get((vague.id, None), {})
    formes = cadre.formes(session, vague)
    poses = {i.id for forme in formes for i in q.poses(vagues.module_de(session, vague), forme)}
    return {i.id: {c: comptes.get(i.id, {}).get(c, 0) for c in (*(q.echelle(i).codes or (ECRIT,)), PASSE)}
            for i in q.items if i.id in poses and commune.get(i.id) == q.empreintes[i.id]}
