"""What a caisse writes for its bilan in January: means, difficulties, priorities, reasons, texts; invented, and said to be."""
from datetime import date, datetime

from sqlalchemy.orm import Session

from bot.bilan import saisie
from bot.simulation.decor import Decor
from bot.simulation.plan import Plan

TEXTES = {"textes.synthese": "Données fictives : année simulée, jouée pour la démonstration et les essais.",
          "textes.enseignements": "Les invitations envoyées par petits lots ont été plus simples à suivre (texte fictif).",
          "textes.prevention": "Messages généraux de prévention, remis avec les supports nationaux (texte fictif)."}


def jour(plan: Plan, code: str, dernier: date) -> date:
    """When a caisse writes: before the deadline, but for the one that is late."""
    return date(plan.annee + 1, 2, 2) if code == plan.hors_delai else dernier


def ecrire(session: Session, plan: Plan, decor: Decor, maintenant: datetime) -> None:
    """Every part that people write, once. Raises what `saisie` raises."""
    socle = saisie.socle_de(session, plan.annee).contenu
    agents = len(decor.conseillers)
    parts = {"moyens": {"agents": agents, "heures": agents * 180 + int(decor.hasard.random() * 90), "partenaires": ["Chambre de métiers"]},
             "difficultes": [{"code": code, "actions": ["EIG"]} for code in decor.hasard.sample(sorted(set(socle["difficultes"]) - {"autre"}), 2)],
             "priorites": [{"code": code} for code in decor.hasard.sample(sorted(socle["priorites_n1"]), 3)], **TEXTES}
    if decor.code == plan.sans_rencontres:
        parts |= {f"action.{code}.motif": "charge_ISU" for code in ("AE", "RCS")}
    dossier = saisie.dossier_regional(decor.code, plan.annee)
    for champ, valeur in parts.items():
        saisie.ecrire(session, dossier, champ, saisie.propre(champ, valeur, socle), base=None, auteur="simulation", maintenant=maintenant)
