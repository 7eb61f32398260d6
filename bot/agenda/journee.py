"""A counsellor's agenda, line by line: entretiens, rencontres, closings, and the slots still free. Read only; pages and chat phrase it."""
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Optional

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from bot.agenda.etats import etat
from bot.agenda.instants import bornes_du_jour
from bot.agenda.ouvertures import lieu_et_heure
from bot.contacts.tables import Assure, Conseiller, Entretien, Fermeture, Ouverture, Rencontre, RencontreAnimateur


@dataclass(frozen=True)
class Ligne:
    """`genre` entretien, rencontre or fermeture; `etat` of bot.agenda.etats for an entretien; `nom` personal, for who may read it."""

    debut: datetime
    fin: datetime
    fuseau: str
    genre: str
    id: int
    etat: str
    libelle: str
    modalite: Optional[str] = None
    antenne_id: Optional[int] = None
    nom: Optional[str] = None
    code: Optional[str] = None


def agenda(session: Session, conseiller: Conseiller, du: date, au: date, maintenant: datetime) -> list[Ligne]:
    """What a counsellor has from `du` to `au` (local days, included), in order of time; cancelled entretiens left out."""
    fuseau = lieu_et_heure(session, conseiller, None)[0]
    de, a = bornes_du_jour(du, fuseau)[0], bornes_du_jour(au, fuseau)[1]
    lignes = [*_entretiens(session, conseiller, de, a, maintenant), *_rencontres(session, conseiller, de, a),
              *_fermetures(session, conseiller, de, a, fuseau)]
    return sorted(lignes, key=lambda x: (x.debut, x.genre, x.id))


def prochain(session: Session, conseiller_id: int, maintenant: datetime) -> Optional[Entretien]:
    """The next entretien of a counsellor."""
    return session.scalar(select(Entretien).where(_sien(conseiller_id), Entretien.statut == "pose", Entretien.debut > maintenant)
                          .order_by(Entretien.debut, Entretien.id).limit(1))


def a_renseigner(session: Session, conseiller_id: int, maintenant: datetime) -> list[Entretien]:
    """The entretiens that are over and whose outcome nobody said, latest first."""
    return list(session.scalars(select(Entretien).where(_sien(conseiller_id), Entretien.statut == "pose", Entretien.fin <= maintenant)
                                .order_by(Entretien.debut.desc(), Entretien.id)))


def ouvertures_de(session: Session, conseiller_id: int, du: date) -> list[Ouverture]:
    """The openings of a counsellor still alive on a day or after."""
    return list(session.scalars(select(Ouverture).where(
        Ouverture.conseiller_id == conseiller_id, Ouverture.supprimee_le.is_(None), func.coalesce(Ouverture.jusqu_au, Ouverture.du) >= du)
        .order_by(Ouverture.du, Ouverture.debut)))


def nom_de(session: Session, e: Entretien) -> str:
    """Who an entretien is for, as known; « personne effacée » once she has been."""
    assure = session.get(Assure, e.assure_id) if e.assure_id is not None else None
    nom, prenom = (e.nom or (assure.nom if assure else None), e.prenom or (assure.prenom if assure else None))
    return " ".join(x for x in (prenom, nom) if x) or "personne effacée"


def _sien(conseiller_id: int):
    return or_(Entretien.conseiller_id == conseiller_id, Entretien.second_conseiller_id == conseiller_id)


def _entretiens(session: Session, conseiller: Conseiller, de: datetime, a: datetime, maintenant: datetime) -> list[Ligne]:
    siens = session.scalars(select(Entretien).where(_sien(conseiller.id), Entretien.debut < a, Entretien.fin > de,
                                                    Entretien.statut.in_(("pose", "honore", "absent"))))
    return [Ligne(e.debut, e.fin, e.fuseau, "entretien", e.id, etat(e.statut, e.debut, e.fin, maintenant), e.motif.libelle, e.modalite, e.antenne_id,
                  nom_de(session, e), e.code) for e in siens]


def _rencontres(session: Session, conseiller: Conseiller, de: datetime, a: datetime) -> list[Ligne]:
    siennes = session.scalars(select(Rencontre).join(RencontreAnimateur).where(
        RencontreAnimateur.conseiller_id == conseiller.id, Rencontre.debut < a, Rencontre.fin > de, Rencontre.annulee_le.is_(None)))
    return [Ligne(r.debut, r.fin, r.fuseau, "rencontre", r.id, "cloturee" if r.cloturee_le else "ouverte", r.titre, antenne_id=r.antenne_id)
            for r in siennes]


def _fermetures(session: Session, conseiller: Conseiller, de: datetime, a: datetime, fuseau: str) -> list[Ligne]:
    siennes = session.scalars(select(Fermeture).where(
        Fermeture.caisse_code == conseiller.caisse_code, Fermeture.levee_le.is_(None), Fermeture.du < a, Fermeture.au > de,
        or_(Fermeture.conseiller_id == conseiller.id, Fermeture.conseiller_id.is_(None) & Fermeture.antenne_id.is_(None))))
    return [Ligne(max(f.du, de), min(f.au, a), fuseau, "fermeture", f.id, "fermee", f.raison) for f in siennes]


def semaine(jour: date) -> tuple[date, date]:
    """Monday and Sunday of the week of a day."""
    lundi = jour - timedelta(days=jour.weekday())
    return lundi, lundi + timedelta(days=6)
