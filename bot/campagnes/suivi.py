"""Where a campaign stands, as its pages show it: years, cibles, actions, draws told again, batches and their letters. Writes nothing.
Counting a cible is `volumes`, drawing `tirage`, letters `courriers`."""
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Mapping, Sequence

from sqlalchemy import and_, case, func, literal, select
from sqlalchemy.orm import Session

from bot.campagnes.tirage import ECARTS
from bot.campagnes.volumes import Requete, critere, decompte, drapeaux, membres, sql_de
from bot.contacts.campagne import definition
from bot.contacts.isolement import Introuvable
from bot.contacts.tables import Action, Assure, Cible, Envoi, Invite, Lot, Socle, Tirage
from bot.knowledge.chemins import KNOWLEDGE

PAR_PAGE = 100


def annees(session: Session) -> list[int]:
    """The years whose campaign is installed, newest first."""
    return list(session.scalars(select(Socle.annee).distinct().order_by(Socle.annee.desc())))


def ouverte(cible: Cible, jour: date) -> str:
    """« avant », « ouverte » or « close » on a day; the window of a cible is not its year (R33)."""
    return "avant" if jour < cible.du else "close" if jour > cible.au else "ouverte"


@dataclass(frozen=True)
class CibleVue:
    """A cible as the circular tells it; `contenu` is empty for a local one."""

    cible: Cible
    contenu: Mapping[str, Any]


def cibles(session: Session, socle: Socle, caisse: str) -> list[CibleVue]:
    """The cibles of a socle in its order, then the caisse's own."""
    trouvees = session.scalars(select(Cible).where(Cible.socle_id == socle.id, (Cible.caisse_code.is_(None)) | (Cible.caisse_code == caisse))
                               .order_by(Cible.perimetre.desc(), Cible.id))
    return [CibleVue(c, definition(session, c)) for c in trouvees]


def actions(session: Session, annee: int, caisse: str) -> Sequence[Action]:
    """What a caisse does in a year: the actions of the socle first."""
    return session.scalars(select(Action).where(Action.annee == annee, Action.caisse_code == caisse)
                           .order_by(Action.perimetre.desc(), Action.cible_id, Action.id)).all()


def requetes(session: Session, annee: int, caisse: str, dossier: Path = KNOWLEDGE) -> list[tuple[str, str, str]]:
    """(name, title, SQL) of each saved selection of a caisse, then of the statement that counts them all. Raises CampagneNonInstallee."""
    compte = decompte(session, annee, caisse, dossier)
    dites = [(c.requete, c.titre, sql_de(session, select(Assure.identifiant).where(membres(caisse, c)))) for c in compte.criteres]
    return [*dites, (f"volumes-{annee}", "Le décompte de toutes les cibles", sql_de(session, compte.requete))]


# -- draws ----------------------------------------------------------------------------------------------------------------------------------


def tirages(session: Session, action: Action) -> Sequence[Tirage]:
    """The draws of an action, newest first."""
    return session.scalars(select(Tirage).where(Tirage.action_id == action.id).order_by(Tirage.id.desc())).all()


def tirage_de(session: Session, tirage_id: int, caisse: str) -> "tuple[Tirage, Action]":
    """A draw of a caisse with its action. Raises Introuvable, for another caisse's alike."""
    trouve = session.execute(select(Tirage, Action).join(Action, Action.id == Tirage.action_id)
                             .where(Tirage.id == tirage_id, Action.caisse_code == caisse)).first()
    if trouve is None:
        raise Introuvable
    return trouve[0], trouve[1]


def raisons(session: Session, tirage: Tirage) -> list[tuple[str, int]]:
    """Why the people drawn were, with how many, in the order of the ranks."""
    return [(r, n) for r, n in session.execute(select(Invite.raison, func.count()).where(Invite.tirage_id == tirage.id)
                                               .group_by(Invite.raison).order_by(func.min(Invite.rang)))]


def ecartes(session: Session, tirage: Tirage, action: Action, dossier: Path = KNOWLEDGE) -> dict[str, int]:
    """How many people of the cible could not be drawn, by reason in the order of ECARTS, as things were at the draw (each once)."""
    voulu = critere(session, action.cible, action.caisse_code, action.code, dossier)
    d = drapeaux(voulu, action.id, tirage.le, tirage.id)
    conditions = {"refus": d.refus, "contactes": d.contacte, "invites": d.invite, "injoignables": ~d.joignable}
    if voulu.genre == "courrier":
        conditions.pop("refus")
    # A letter action has no « refus » : its letter is due to everyone (R36).
    raison = case(*((c, literal(nom)) for nom, c in conditions.items()), else_=literal("")).label("raison")
    requete: Requete = select(raison, func.count()).select_from(Assure).where(and_(membres(action.caisse_code, voulu), ~d.reste)).group_by(raison)
    comptes = {nom: n for nom, n in session.execute(requete)}
    return {nom: comptes[nom] for nom in ECARTS if comptes.get(nom)}


@dataclass(frozen=True)
class Tire:
    """Someone drawn, as the list of ranks shows her: `courrier` is the state of her letter, if she has one."""

    rang: int
    raison: str
    assure: Assure
    courrier: "str | None"


def tires(session: Session, tirage: Tirage, page: int = 1) -> list[Tire]:
    """The people of a draw by rank, PAR_PAGE at a time from page 1."""
    lignes = session.execute(select(Invite.rang, Invite.raison, Assure, Envoi.etat).join(Assure, Assure.id == Invite.assure_id)
                             .outerjoin(Envoi, and_(Envoi.assure_id == Assure.id, Envoi.action_id == tirage.action_id, Envoi.relance == 0))
                             .where(Invite.tirage_id == tirage.id).order_by(Invite.rang).limit(PAR_PAGE).offset(PAR_PAGE * (page - 1)))
    return [Tire(*ligne) for ligne in lignes]


# -- letters --------------------------------------------------------------------------------------------------------------------------------


@dataclass
class LotVu:
    """A batch and how many of its letters stand in each state, by channel."""

    lot: Lot
    courrier: Counter[str] = field(default_factory=Counter)
    courriel: Counter[str] = field(default_factory=Counter)


def lots(session: Session, action: Action) -> list[LotVu]:
    """The batches of an action, newest first."""
    vus = {lot.id: LotVu(lot) for lot in session.scalars(select(Lot).where(Lot.action_id == action.id).order_by(Lot.numero.desc()))}
    for lot_id, canal, etat, nombre in session.execute(select(Envoi.lot_id, Envoi.canal, Envoi.etat, func.count())
                                                       .where(Envoi.lot_id.in_(vus)).group_by(Envoi.lot_id, Envoi.canal, Envoi.etat)):
        getattr(vus[lot_id], canal)[etat] += nombre
    return list(vus.values())


def lot_de(session: Session, lot_id: int, caisse: str) -> "tuple[Lot, Action]":
    """A batch of a caisse with its action. Raises Introuvable, for another caisse's alike."""
    trouve = session.execute(select(Lot, Action).join(Action, Action.id == Lot.action_id)
                             .where(Lot.id == lot_id, Action.caisse_code == caisse)).first()
    if trouve is None:
        raise Introuvable
    return trouve[0], trouve[1]
