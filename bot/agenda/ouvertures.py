"""Openings: what a counsellor asks to open, its preview, its refusals, one occurrence changed alone. Slots are computed elsewhere.

Local wall-clock time and the zone of the antenne: 9:00 stays 9:00 when the clocks change.
"""
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Iterator, Optional, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.agenda import occupation
from bot.agenda.auteurs import Auteur
from bot.agenda.creneaux import Horaire, calculer
from bot.agenda.instants import jour_local
from bot.agenda.jours_feries import feries_entre, fuseau, territoire
from bot.agenda.refus import Introuvable, OuvertureChevauche, OuvertureInvalide
from bot.contacts.historique import noter
from bot.contacts.tables import Antenne, Caisse, Conseiller, FerieOuvert, Motif, Ouverture, OuvertureException, OuvertureMotif

UN_AN = timedelta(days=366)
UNE_SEMAINE = timedelta(days=7)
# Nobody is received at night; and no opening then meets the hour that summer time skips or repeats.
PLUS_TOT, PLUS_TARD = time(6), time(22)


@dataclass(frozen=True)
class DemandeOuverture:
    """What a counsellor asks for: `du` one local day, or every week on that weekday until `jusqu_au` (included). `antenne_id` None: telephone."""

    conseiller_id: int
    du: date
    debut: time
    fin: time
    motifs: Sequence[Motif]
    antenne_id: Optional[int] = None
    jusqu_au: Optional[date] = None


@dataclass(frozen=True)
class Apercu:
    """What an opening would give: slots by motif, days it leaves out with their names, openings of the counsellor it would overlap."""

    creneaux: dict[str, int]
    jours: int
    feries: dict[date, str]
    chevauchements: list[Ouverture]


def apercu(session: Session, demande: DemandeOuverture, maintenant: datetime) -> Apercu:
    """The preview before saving. Raises OuvertureInvalide."""
    conseiller = session.get_one(Conseiller, demande.conseiller_id)
    horaire = _verifier(session, demande, conseiller, maintenant)
    fin = demande.jusqu_au or demande.du
    ouverts = set(session.scalars(select(FerieOuvert.jour).where(FerieOuvert.caisse_code == conseiller.caisse_code)))
    feries = {j: nom for j, nom in feries_entre(horaire.territoire, demande.du, fin).items()
              if j not in ouverts and (j - demande.du).days % 7 == 0}
    comptes = {m.code: len(calculer([horaire], [], {}, {horaire.territoire: feries}, maintenant, m, du=demande.du, au=fin, delais=False).creneaux)
               for m in demande.motifs}
    return Apercu(comptes, (fin - demande.du).days // 7 + 1 - len(feries), feries, chevauchements(session, demande))


def ouvrir(session: Session, demande: DemandeOuverture, auteur: Auteur, maintenant: datetime) -> Ouverture:
    """Save an opening. Raises OuvertureInvalide, OuvertureChevauche."""
    conseiller = session.get_one(Conseiller, demande.conseiller_id)
    horaire = _verifier(session, demande, conseiller, maintenant)
    occupation.verrouiller(session, f"ouvertures:{conseiller.id}")
    if chevauchements(session, demande):
        raise OuvertureChevauche
    ouverture = Ouverture(caisse_code=conseiller.caisse_code, conseiller_id=conseiller.id, antenne_id=demande.antenne_id, du=demande.du,
                          jusqu_au=demande.jusqu_au, debut=demande.debut, fin=demande.fin, fuseau=horaire.fuseau, territoire=horaire.territoire,
                          creee_le=maintenant, motifs=[OuvertureMotif(motif_id=m.id) for m in demande.motifs])
    session.add(ouverture)
    session.flush()
    _noter(session, ouverture, "ouverture.ouvrir", auteur, maintenant)
    return ouverture


def supprimer(session: Session, ouverture: Ouverture, auteur: Auteur, maintenant: datetime) -> None:
    """No more slots from this opening; entretiens already booked stay (see `fermetures.touches`)."""
    if ouverture.supprimee_le is None:
        ouverture.supprimee_le = maintenant
        _noter(session, ouverture, "ouverture.supprimer", auteur, maintenant)


def retablir(session: Session, ouverture: Ouverture, auteur: Auteur, maintenant: datetime) -> None:
    """Bring a removed opening back. Raises OuvertureChevauche when its hours were given meanwhile."""
    if ouverture.supprimee_le is None:
        return
    demande = DemandeOuverture(ouverture.conseiller_id, ouverture.du, ouverture.debut, ouverture.fin, (), ouverture.antenne_id, ouverture.jusqu_au)
    occupation.verrouiller(session, f"ouvertures:{ouverture.conseiller_id}")
    if chevauchements(session, demande):
        raise OuvertureChevauche
    ouverture.supprimee_le = None
    _noter(session, ouverture, "ouverture.retablir", auteur, maintenant)


def modifier_occurrence(session: Session, ouverture: Ouverture, jour: date, heures: Optional[tuple[time, time]], auteur: Auteur,
                        maintenant: datetime) -> None:
    """One day of a weekly opening: other hours, or none. Raises Introuvable when it does not open that day, OuvertureInvalide, OuvertureChevauche."""
    if not _tombe(ouverture.du, ouverture.jusqu_au, jour):
        raise Introuvable
    if heures is not None:
        _heures(*heures)
        occupation.verrouiller(session, f"ouvertures:{ouverture.conseiller_id}")
        autre = DemandeOuverture(ouverture.conseiller_id, jour, *heures, ())
        if any(o.id != ouverture.id for o in chevauchements(session, autre)):
            raise OuvertureChevauche
    exception = session.get(OuvertureException, (ouverture.id, jour))
    if exception is None:
        exception = OuvertureException(ouverture_id=ouverture.id, jour=jour)
        session.add(exception)
    exception.debut, exception.fin = heures or (None, None)
    session.flush()
    session.expire(ouverture, ["exceptions"])
    _noter(session, ouverture, "ouverture.modifier_occurrence", auteur, maintenant, {"jour": jour.isoformat(), "heures": _ecrire(heures)})


def ouvrir_ferie(session: Session, caisse_code: str, jour: date, auteur: Auteur, maintenant: datetime) -> None:
    """A caisse receives on a public holiday. Said twice, said once."""
    if session.get(FerieOuvert, (caisse_code, jour)) is None:
        session.add(FerieOuvert(caisse_code=caisse_code, jour=jour))
        noter(session, le=maintenant, acteur=auteur.acteur, role=auteur.role, origine=auteur.origine, commande="ferie.ouvrir", objet="caisse",
              objet_id=caisse_code, apres={"jour": jour.isoformat()})


def lieu_et_heure(session: Session, conseiller: Conseiller, antenne_id: Optional[int]) -> tuple[str, str]:
    """(IANA zone, holiday calendar) of an opening: its antenne's, else the counsellor's usual one, else the caisse's."""
    caisse = session.get_one(Caisse, conseiller.caisse_code)
    antenne = session.get(Antenne, antenne_id or conseiller.antenne_id) if antenne_id or conseiller.antenne_id else None
    if antenne is None:
        antenne = next((a for a in caisse.antennes if a.code_postal), None)
    code_postal = antenne.code_postal if antenne else None
    return fuseau(code_postal, caisse.fuseau), territoire(code_postal)


def chevauchements(session: Session, demande: DemandeOuverture) -> list[Ouverture]:
    """The openings of the same counsellor that share hours with one being asked for, day by day, exceptions counted."""
    fin = demande.jusqu_au or demande.du
    autres = session.scalars(select(Ouverture).where(Ouverture.conseiller_id == demande.conseiller_id, Ouverture.supprimee_le.is_(None),
                                                     Ouverture.du <= fin).order_by(Ouverture.id))
    return [o for o in autres if any(_se_touchent((demande.debut, demande.fin), _heures_du(o, j)) for j in _jours(demande.du, demande.jusqu_au)
                                     if _tombe(o.du, o.jusqu_au, j))]


# ---- rules ------------------------------------------------------------------------------------------------------------


def _verifier(session: Session, demande: DemandeOuverture, conseiller: Conseiller, maintenant: datetime) -> Horaire:
    _heures(demande.debut, demande.fin)
    nom_fuseau, calendrier = lieu_et_heure(session, conseiller, demande.antenne_id)
    aujourdhui, fin = jour_local(maintenant, nom_fuseau), demande.jusqu_au or demande.du
    if demande.du < aujourdhui:
        raise OuvertureInvalide("Ce jour est passé. Choisissez une date à venir.")
    if fin < demande.du:
        raise OuvertureInvalide("La répétition s'arrête avant de commencer. Corrigez la date de fin.")
    if fin > aujourdhui + UN_AN:
        raise OuvertureInvalide("Une ouverture ne va pas au-delà d'un an. Choisissez une date de fin plus proche.")
    if not demande.motifs:
        raise OuvertureInvalide("Choisissez au moins un motif de rendez-vous pour ces heures.")
    minutes = (demande.fin.hour - demande.debut.hour) * 60 + demande.fin.minute - demande.debut.minute
    for motif in demande.motifs:
        if motif.caisse_code != conseiller.caisse_code:
            raise OuvertureInvalide("Un des motifs n'est pas celui de votre caisse. Choisissez-les dans la liste.")
        if motif.duree > minutes:
            raise OuvertureInvalide(f"« {motif.libelle} » dure {motif.duree} minutes : allongez l'ouverture, ou retirez ce motif.")
        if motif.modalite == "presentiel" and demande.antenne_id is None:
            raise OuvertureInvalide("Pour recevoir sur place, indiquez l'antenne.")
    antenne = session.get(Antenne, demande.antenne_id) if demande.antenne_id is not None else None
    if demande.antenne_id is not None and (antenne is None or antenne.caisse_code != conseiller.caisse_code):
        raise OuvertureInvalide("Cette antenne n'est pas celle de votre caisse. Choisissez-la dans la liste.")
    return Horaire(conseiller.id, demande.antenne_id, demande.du, demande.jusqu_au, demande.debut, demande.fin, nom_fuseau, calendrier)


def _heures(debut: time, fin: time) -> None:
    if fin <= debut:
        raise OuvertureInvalide("L'heure de fin doit venir après l'heure de début.")
    if any(t.minute % 15 or t.second or t.microsecond for t in (debut, fin)):
        raise OuvertureInvalide("Les heures se donnent au quart d'heure : 9 h 00, 9 h 15, 9 h 30 ou 9 h 45.")
    if debut < PLUS_TOT or fin > PLUS_TARD:
        raise OuvertureInvalide("Les rendez-vous se tiennent entre 6 h et 22 h. Corrigez les heures.")


def _jours(du: date, jusqu_au: Optional[date]) -> Iterator[date]:
    jour = du
    while jour <= (jusqu_au or du):
        yield jour
        jour += UNE_SEMAINE


def _tombe(du: date, jusqu_au: Optional[date], jour: date) -> bool:
    return du <= jour <= (jusqu_au or du) and (jour - du).days % 7 == 0


def _heures_du(ouverture: Ouverture, jour: date) -> Optional[tuple[time, time]]:
    for e in ouverture.exceptions:
        if e.jour == jour:
            return (e.debut, e.fin) if e.debut and e.fin else None
    return ouverture.debut, ouverture.fin


def _se_touchent(a: tuple[time, time], b: Optional[tuple[time, time]]) -> bool:
    return b is not None and a[0] < b[1] and b[0] < a[1]


def _ecrire(heures: Optional[tuple[time, time]]) -> Optional[list[str]]:
    return [f"{t:%H:%M}" for t in heures] if heures else None


def _noter(session: Session, o: Ouverture, commande: str, auteur: Auteur, maintenant: datetime, plus: "dict | None" = None) -> None:
    apres = {"du": o.du.isoformat(), "jusqu_au": o.jusqu_au.isoformat() if o.jusqu_au else None, "heures": _ecrire((o.debut, o.fin)),
             "conseiller_id": o.conseiller_id, "antenne_id": o.antenne_id, "supprimee": o.supprimee_le is not None, **(plus or {})}
    noter(session, le=maintenant, acteur=auteur.acteur, role=auteur.role, origine=auteur.origine, commande=commande, objet="ouverture",
          objet_id=o.id, apres=apres)
