"""What is planted in the figures once the year is played, as another installation could have left them; no service would write these.
Where each must show is the business of the bilan's rules, and of the tests."""
import hashlib

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.contacts.tables import Contact, Releve, Vague
from bot.simulation.plan import Plan


def planter(session: Session, plan: Plan) -> None:
    """Other words in the survey of one caisse, a count that cannot be in another's. The rest of the planted facts are played."""
    if plan.questionnaire_change:
        autres_mots = hashlib.sha256(f"questionnaire d'ailleurs/{plan.graine}".encode()).hexdigest()
        for vague in session.scalars(select(Vague).where(Vague.caisse_code == plan.questionnaire_change, Vague.exercice == plan.annee)):
            vague.sha256 = autres_mots
    if plan.somme_fausse:
        releve = session.scalar(select(Releve).join(Vague, Vague.id == Releve.vague_id).where(
            Vague.caisse_code == plan.somme_fausse, Vague.exercice == plan.annee, Vague.cible == "CREATEUR").order_by(Releve.id).limit(1))
        contacts = session.scalar(select(func.count()).select_from(Contact).where(Contact.caisse_code == plan.somme_fausse)) or 0
        if releve is not None:
            releve.base += contacts
    session.flush()


def reparer(session: Session, plan: Plan) -> None:
    """Take the wrong count back, as the caisse does once the rule has told it."""
    contacts = session.scalar(select(func.count()).select_from(Contact).where(Contact.caisse_code == plan.somme_fausse)) or 0
    releve = session.scalar(select(Releve).join(Vague, Vague.id == Releve.vague_id).where(
        Vague.caisse_code == plan.somme_fausse, Vague.exercice == plan.annee, Vague.cible == "CREATEUR").order_by(Releve.id).limit(1))
    if releve is not None and releve.base > contacts:
        releve.base -= contacts
        session.flush()
