"""The frame of a week, frozen, and the draw: who could be asked, who is left out and why, who is asked. Anyone can draw again from what is stored.

The plan belongs to `vagues`, sending to `invitations`. The rank of a unit is HMAC-SHA256(seed, key of the unit) in hexadecimal, both as UTF-8;
the lowest ranks are drawn (reference §3b).
"""
import hashlib
import hmac
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from typing import Iterable, Iterator, Optional, Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from bot.contacts.historique import noter
from bot.contacts.tables import (
    Assure,
    Caisse,
    Contact,
    FeuilleRencontre,
    Inscription,
    InvitationEnquete,
    Participation,
    Releve,
    Rencontre,
    UniteSondage,
    Vague,
)
from bot.enquete import jetons
from bot.enquete.statistiques import TAILLE_RECENSEMENT
from bot.enquete.vagues import CLOTURE, DELAIS, exiger_ouverte

REPOS = timedelta(days=90)
_LOT = 500


def rang(graine: str, cle: str) -> str:
    """The rank of a unit in a wave's draw."""
    return hmac.new(graine.encode(), cle.encode(), hashlib.sha256).hexdigest()


def empreinte_base(cles: Iterable[str]) -> str:
    """The hash of a frame: SHA-256 of its keys, sorted, one a line."""
    return hashlib.sha256("\n".join(sorted(cles)).encode()).hexdigest()


def choisir(graine: str, cles: Iterable[str], nombre: int) -> list[str]:
    """The keys drawn, best rank first."""
    return sorted(cles, key=lambda c: (rang(graine, c), c))[:nombre]


# -- freezing and drawing ------------------------------------------------------------------------------------------------------------------------


@dataclass
class _Unite:
    cle: str
    contact: Contact
    assure_id: Optional[int] = None
    exclusion: Optional[str] = None
    feuille: Optional[FeuilleRencontre] = None


def tirer(session: Session, vague: Vague, maintenant: datetime, cle: bytes) -> Optional[Releve]:
    """Freeze this week's frame and draw it. None when the week is frozen already, or when there is nobody new. Safe to run at any time.

    The cut-off is today minus the delay of the kind of contact. The wave's fraction holds over the weeks together (rounded up once, not each
    week). A wave whose whole period is frozen in one go with 60 or fewer is a census, whatever had been expected. Raises VagueClose.
    """
    exiger_ouverte(vague)
    jour = maintenant.astimezone(ZoneInfo(session.get_one(Caisse, vague.caisse_code).fuseau)).date()
    semaine = f"{jour:%G-W%V}"
    if any(r.semaine == semaine for r in vague.releves):
        return None
    jusqu_au = min(vague.au, jour - timedelta(days=DELAIS[vague.genre]))
    unites = [u for contact in _nouveaux(session, vague, jusqu_au) for u in _unites(session, contact)]
    if not unites:
        return None
    _exclure(session, unites, maintenant)
    dedans = [u.cle for u in unites if u.exclusion is None]
    tirees = set(choisir(vague.graine, dedans, _nombre(vague, len(dedans), jusqu_au)))
    releve = Releve(vague=vague, semaine=semaine, gele_le=maintenant, jusqu_au=jusqu_au, base=len(dedans), tires=len(tirees),
                    sha256=empreinte_base(dedans), exclusions=dict(Counter(u.exclusion for u in unites if u.exclusion)), clos_le=maintenant + CLOTURE)
    session.add(releve)
    session.flush()
    _ecrire(session, vague, releve, unites, tirees, cle, maintenant)
    noter(session, le=maintenant, acteur="systeme", commande="enquete.tirer", objet="releve", objet_id=releve.id, origine="systeme",
          apres={"vague": vague.id, "semaine": semaine, "base": releve.base, "tires": releve.tires, "sha256": releve.sha256})
    return releve


def _nombre(vague: Vague, nouvelles: int, jusqu_au: date) -> int:
    """How many to draw this week, for the fraction of the wave to hold over all its weeks so far."""
    if not vague.releves and jusqu_au == vague.au and nouvelles <= TAILLE_RECENSEMENT:
        return nouvelles
    base, tires = nouvelles + sum(r.base for r in vague.releves), sum(r.tires for r in vague.releves)
    return max(0, min(nouvelles, ceil(base * vague.taille_prevue / vague.base_prevue) - tires))


def _nouveaux(session: Session, vague: Vague, jusqu_au: date) -> Iterator[Contact]:
    """The closed contacts of the stratum that no week has taken yet."""
    requete = select(Contact).where(
        Contact.caisse_code == vague.caisse_code, Contact.type == vague.genre, Contact.resultat == "realise",
        Contact.jour.between(vague.du, jusqu_au),
        Contact.id.not_in(select(UniteSondage.contact_id).where(UniteSondage.vague_id == vague.id))).order_by(Contact.id)
    # A legal entretien information retraite (EIR) is no conseil social: « spontane » only (A6).
    requete = (requete.where(Contact.action_id == vague.action_id) if vague.action_id is not None
               else requete.where(Contact.action_id.is_(None), Contact.origine == "spontane"))
    yield from session.scalars(requete)


def _unites(session: Session, contact: Contact) -> Iterator[_Unite]:
    """The units of a contact: the person, or everyone who was at a rencontre — by the sheets handed out there, else by who enrolled and came."""
    if contact.type != "rencontre":
        yield _Unite(f"c:{contact.id}", contact, contact.assure_id)
        return
    rencontre = session.get_one(Rencontre, contact.rencontre_id)
    presents = rencontre.participants or 0
    feuilles = list(session.scalars(select(FeuilleRencontre).where(FeuilleRencontre.rencontre_id == rencontre.id).order_by(FeuilleRencontre.numero)))
    if feuilles:
        repondues = set(session.scalars(select(Participation.pseudonyme).where(Participation.pseudonyme.in_([f.pseudonyme for f in feuilles]))))
        # Sheets left on the table are not people: those that were answered first, then the first numbers, as many as came.
        retenues = sorted(feuilles, key=lambda f: (f.pseudonyme not in repondues, f.numero))[:max(presents, len(repondues))]
        yield from (_Unite(f"f:{contact.id}:{f.numero}", contact, feuille=f) for f in retenues)
        nommees = len(retenues)
    else:
        inscrites = session.scalars(select(Inscription).where(Inscription.rencontre_id == rencontre.id, Inscription.statut == "present",
                                                              Inscription.assure_id.is_not(None)).order_by(Inscription.id)).all()
        yield from (_Unite(f"i:{i.id}", contact, i.assure_id) for i in inscrites)
        nommees = len(inscrites)
    yield from (_Unite(f"f:{contact.id}:-{k}", contact, exclusion="sans_feuille") for k in range(1, max(0, presents - nommees) + 1))


def _exclure(session: Session, unites: Sequence[_Unite], maintenant: datetime) -> None:
    """Mark who is left out: nobody behind the contact, opted out, asked within 90 days, or twice in this very frame."""
    ids = sorted({u.assure_id for u in unites if u.assure_id is not None})
    refus: set[int] = set()
    sollicites: set[int] = set()
    for debut in range(0, len(ids), _LOT):
        lot = ids[debut:debut + _LOT]
        refus.update(session.scalars(select(Assure.id).where(Assure.id.in_(lot), Assure.refus_enquete)))
        sollicites.update(i for i in session.scalars(select(UniteSondage.assure_id).join(Releve, Releve.id == UniteSondage.releve_id).where(
            UniteSondage.assure_id.in_(lot), UniteSondage.tire, Releve.gele_le > maintenant - REPOS)) if i is not None)
    vues: set[int] = set()
    for u in unites:
        if u.exclusion or u.feuille is not None:
            continue
        u.exclusion = ("sans_personne" if u.assure_id is None else "refus_enquete" if u.assure_id in refus
                       else "deja_sollicite" if u.assure_id in sollicites else "meme_personne" if u.assure_id in vues else None)
        if u.assure_id is not None:
            vues.add(u.assure_id)


def _ecrire(session: Session, vague: Vague, releve: Releve, unites: Sequence[_Unite], tirees: set[str], cle: bytes, maintenant: datetime) -> None:
    rangees = [UniteSondage(releve_id=releve.id, vague_id=vague.id, cle=u.cle, contact_id=u.contact.id, assure_id=u.assure_id, forme=u.contact.forme,
                            mois=f"{u.contact.jour:%Y-%m}", exclusion=u.exclusion, tire=u.cle in tirees) for u in unites]
    session.add_all(rangees)
    session.flush()
    canaux = _canaux(session, [u.assure_id for u in unites if u.cle in tirees and u.assure_id is not None])
    for u, rangee in zip(unites, rangees, strict=True):
        if rangee.tire:
            session.add(_invitation(session, releve, rangee, u, canaux, cle, maintenant))
    numeros = {(u.feuille.rencontre_id) for u in unites if u.feuille}
    session.flush()
    session.execute(delete(FeuilleRencontre).where(FeuilleRencontre.rencontre_id.in_(numeros)))


def _canaux(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """How each person is reached: e-mail only when she chose it and gave an address, else paper."""
    trouves: dict[int, str] = {}
    for debut in range(0, len(ids), _LOT):
        for i, canal, courriel in session.execute(select(Assure.id, Assure.canal, Assure.courriel).where(Assure.id.in_(ids[debut:debut + _LOT]))):
            trouves[i] = "courriel" if canal == "courriel" and courriel else "papier"
    return trouves


def _invitation(session: Session, releve: Releve, unite: UniteSondage, u: _Unite, canaux: dict[int, str], cle: bytes,
                maintenant: datetime) -> InvitationEnquete:
    if u.feuille is not None:  # handed out, and perhaps answered, before the frame was frozen
        deja = session.get(Participation, u.feuille.pseudonyme)
        etat = "delivre" if deja is None else "complet" if deja.etat == "complete" else "partiel"
        return InvitationEnquete(unite_id=unite.id, releve_id=releve.id, pseudonyme=u.feuille.pseudonyme, jeton_empreinte=u.feuille.jeton_empreinte,
                                 canal="sur_place", etat=etat, echecs=0, delivree_le=maintenant)
    pseudo = jetons.pseudonyme()
    return InvitationEnquete(unite_id=unite.id, releve_id=releve.id, pseudonyme=pseudo, etat="tire", echecs=0,
                             jeton_empreinte=jetons.empreinte(cle, jetons.code(cle, pseudo)), canal=canaux.get(unite.assure_id or 0, "papier"))


# -- drawing again --------------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Redessin:
    """A week drawn again: whether the frame still has its hash, and the draw its people."""

    semaine: str
    base: int
    tires: int
    base_identique: bool
    tirage_identique: bool


def redessiner(session: Session, vague: Vague) -> list[Redessin]:
    """Draw every week of a wave again from the stored frames and seed, and compare with who was drawn (R57)."""
    faits = []
    for r in vague.releves:
        rangees = session.execute(select(UniteSondage.cle, UniteSondage.tire).where(
            UniteSondage.releve_id == r.id, UniteSondage.exclusion.is_(None))).all()
        cles = [c for c, _ in rangees]
        faits.append(Redessin(r.semaine, len(cles), r.tires, empreinte_base(cles) == r.sha256,
                              set(choisir(vague.graine, cles, r.tires)) == {c for c, tire in rangees if tire}))
    return faits


def formes(session: Session, vague: Vague) -> dict[str, int]:
    """The frame of a wave by form of contact: a stratum is split by form once each has 60 (§3b)."""
    return {f: n for f, n in session.execute(select(UniteSondage.forme, func.count()).where(
        UniteSondage.vague_id == vague.id, UniteSondage.exclusion.is_(None)).group_by(UniteSondage.forme))}
