"""Reads from the database what `creneaux` computes with: openings, closings, cells taken, holidays. Decides nothing.

One's own hold, and one's own entretien when it is being moved, count as free.
"""
from collections import defaultdict
from datetime import date, datetime, time, timedelta
from typing import Iterable, Iterator, Optional

from sqlalchemy import String, and_, cast, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, selectinload

from bot.agenda.creneaux import Creneau, Fermee, Heures, Horaire, Resultat, calculer
from bot.agenda.instants import bornes_du_jour, cellule, jour_local, vers_utc
from bot.agenda.jours_feries import feries_entre
from bot.contacts.tables import (
    Caisse,
    Conseiller,
    Demande,
    Entretien,
    FerieOuvert,
    Fermeture,
    Motif,
    Occupation,
    Ouverture,
    OuvertureException,
    OuvertureMotif,
)

UN_JOUR = timedelta(days=1)
# How far around a lost slot the nearest ones are looked for.
AUTOUR = timedelta(days=21)


def chercher(session: Session, motif: Motif, maintenant: datetime, *, antenne_id: Optional[int] = None, conseiller_id: Optional[int] = None,
             du: Optional[date] = None, au: Optional[date] = None, pour: Optional[Entretien] = None, conversation_id: Optional[str] = None,
             delais: bool = True) -> Resultat:
    """The slots of a motif, with the reason of every instant that is not free.

    `du`, `au`: local days included, by default today to the motif's horizon. `pour`: the entretien being moved; `conversation_id`: whose hold
    counts as free; `delais=False`: for the caisse, whom the delays do not bind.
    """
    fuseau = _fuseau(session, motif)
    aujourdhui = jour_local(maintenant, fuseau)
    # a day on each side: the antenne's calendar may not be the caisse's
    premier = max(du or aujourdhui, aujourdhui) - UN_JOUR
    dernier = (au or aujourdhui + timedelta(days=motif.delai_max_j)) + UN_JOUR
    if premier > dernier:
        return Resultat((), {})
    horaires = _horaires(session, motif, premier, dernier, antenne_id, conseiller_id)
    conseillers = sorted({h.conseiller_id for h in horaires})
    de, a = bornes_du_jour(premier, fuseau)[0], bornes_du_jour(dernier, fuseau)[1]
    return calculer(horaires, _fermetures(session, motif.caisse_code, de, a),
                    _occupees(session, conseillers, de, a, maintenant, pour, conversation_id),
                    _jours_fermes(session, motif.caisse_code, {h.territoire for h in horaires}, premier, dernier), maintenant, motif, du=du, au=au,
                    par_jour=_par_jour(session, motif, conseillers, de, a, pour) if motif.max_par_jour else None, delais=delais)


def proches(session: Session, motif: Motif, debut: datetime, maintenant: datetime, *, antenne_id: Optional[int] = None,
            pour: Optional[Entretien] = None, conversation_id: Optional[str] = None, delais: bool = True, nombre: int = 3) -> list[Creneau]:
    """The free slots nearest to an instant, in order of time; the same place first, any place when it has none."""
    jour = jour_local(debut, _fuseau(session, motif))
    for lieu in dict.fromkeys((antenne_id, None)):
        trouves = chercher(session, motif, maintenant, antenne_id=lieu, du=jour - AUTOUR, au=jour + AUTOUR, pour=pour,
                           conversation_id=conversation_id, delais=delais).creneaux
        if trouves:
            return sorted(sorted(trouves, key=lambda c: (abs(c.debut - debut), c.debut))[:nombre], key=lambda c: c.debut)
    return []


def noter_recherche(session: Session, motif: Motif, maintenant: datetime, vide: bool) -> None:
    """Count a search, and whether it found nothing (booking.md §5.12, supply alert). No person in it. One statement: the first two searches of a
    day may come at the same instant."""
    inserer = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    ligne = inserer(Demande).values(motif_id=motif.id, jour=jour_local(maintenant, _fuseau(session, motif)), recherches=1, vides=int(vide))
    session.execute(ligne.on_conflict_do_update(index_elements=["motif_id", "jour"], set_={
        "recherches": Demande.recherches + 1, "vides": Demande.vides + ligne.excluded.vides}))


def horaires_de(session: Session, caisse_code: str, du: date, au: date) -> list[tuple[int, datetime, datetime]]:
    """(conseiller, start, end) of every opening of a caisse from `du` to `au`, day by day; holidays and the hours hit by a closing left out."""
    lignes = session.scalars(select(Ouverture).where(Ouverture.caisse_code == caisse_code, Ouverture.supprimee_le.is_(None), Ouverture.du <= au,
                                                     func.coalesce(Ouverture.jusqu_au, Ouverture.du) >= du)
                             .options(selectinload(Ouverture.exceptions))).all()
    feries = _jours_fermes(session, caisse_code, {o.territoire for o in lignes}, du, au)
    trouves = [(o, vers_utc(jour, heures[0], o.fuseau), vers_utc(jour, heures[1], o.fuseau)) for o in lignes for jour, heures in _jours_de(o, du, au)
               if jour not in feries[o.territoire]]
    if not trouves:
        return []
    fermees = _fermetures(session, caisse_code, min(d for _, d, _ in trouves), max(f for *_, f in trouves))
    return [(o.conseiller_id, d, f) for o, d, f in trouves if not any(
        x.conseiller_id in (None, o.conseiller_id) and x.antenne_id in (None, o.antenne_id) and x.du < f and x.au > d for x in fermees)]


def _jours_de(o: Ouverture, du: date, au: date) -> Iterator[tuple[date, tuple[time, time]]]:
    """The days an opening opens, with its hours."""
    exceptions = {e.jour: (e.debut, e.fin) for e in o.exceptions}
    for n in range(max(0, -(-(du - o.du).days // 7)), (min(au, o.jusqu_au or o.du) - o.du).days // 7 + 1):
        jour = o.du + n * 7 * UN_JOUR
        debut, fin = exceptions.get(jour, (o.debut, o.fin))
        if debut is not None and fin is not None:
            yield jour, (debut, fin)


def _fuseau(session: Session, motif: Motif) -> str:
    return session.get_one(Caisse, motif.caisse_code).fuseau


def _horaires(session: Session, motif: Motif, du: date, au: date, antenne_id: Optional[int], conseiller_id: Optional[int]) -> list[Horaire]:
    """Openings alive in the period, cut at the day their counsellor leaves. Columns, not objects: hundreds of them are read at every search."""
    vivantes = [Ouverture.caisse_code == motif.caisse_code, OuvertureMotif.motif_id == motif.id, Ouverture.supprimee_le.is_(None), Ouverture.du <= au,
                or_(Ouverture.jusqu_au >= du, and_(Ouverture.jusqu_au.is_(None), Ouverture.du >= du))]
    if antenne_id is not None and motif.modalite == "presentiel":
        vivantes.append(Ouverture.antenne_id == antenne_id)
    if conseiller_id is not None:
        vivantes.append(Ouverture.conseiller_id == conseiller_id)
    exceptions: dict[int, dict[date, Optional[Heures]]] = defaultdict(dict)
    for ouverture_id, jour, debut, fin in session.execute(
            select(OuvertureException.ouverture_id, OuvertureException.jour, OuvertureException.debut, OuvertureException.fin)
            .join(Ouverture).join(OuvertureMotif).where(*vivantes, OuvertureException.jour.between(du, au))):
        exceptions[ouverture_id][jour] = (debut, fin) if debut and fin else None
    lues = session.execute(
        select(Ouverture.id, Ouverture.conseiller_id, Ouverture.antenne_id, Ouverture.du, func.coalesce(Ouverture.jusqu_au, Ouverture.du),
               Ouverture.debut, Ouverture.fin, Ouverture.fuseau, Ouverture.territoire, Conseiller.parti_le)
        .join(OuvertureMotif).join(Conseiller, Conseiller.id == Ouverture.conseiller_id).where(*vivantes).order_by(Ouverture.id))
    horaires = []
    for id, qui, chez, premier, dernier, debut, fin, fuseau, territoire, parti_le in lues:
        dernier = min(dernier, parti_le) if parti_le else dernier
        if dernier >= premier:
            horaires.append(Horaire(qui, chez, premier, dernier, debut, fin, fuseau, territoire, exceptions.get(id, {})))
    return horaires


def _fermetures(session: Session, caisse_code: str, de: datetime, a: datetime) -> list[Fermee]:
    lignes = session.execute(select(Fermeture.du, Fermeture.au, Fermeture.conseiller_id, Fermeture.antenne_id).where(
        Fermeture.caisse_code == caisse_code, Fermeture.levee_le.is_(None), Fermeture.au > de, Fermeture.du < a))
    return [Fermee(*ligne) for ligne in lignes]


def _occupees(session: Session, conseillers: list[int], de: datetime, a: datetime, maintenant: datetime, pour: Optional[Entretien],
              conversation_id: Optional[str]) -> dict[int, set[int]]:
    """Cells taken, by counsellor: one row of text a counsellor, a third of the time that one row a cell takes."""
    prises = func.aggregate_strings(cast(Occupation.cellule, String), ",")
    requete = select(Occupation.conseiller_id, prises).where(
        Occupation.conseiller_id.in_(conseillers), Occupation.cellule.between(cellule(de), cellule(a)),
        or_(Occupation.expire_le.is_(None), Occupation.expire_le > maintenant)).group_by(Occupation.conseiller_id)
    for porteur, qui in (("entretien", pour.id if pour else None), ("conversation", conversation_id)):
        if qui is not None:
            requete = requete.where(or_(Occupation.porteur != porteur, Occupation.porteur_id != str(qui)))
    return {conseiller_id: set(map(int, texte.split(","))) for conseiller_id, texte in session.execute(requete)}


def _jours_fermes(session: Session, caisse_code: str, territoires: Iterable[str], du: date, au: date) -> dict[str, set[date]]:
    ouverts = set(session.scalars(select(FerieOuvert.jour).where(FerieOuvert.caisse_code == caisse_code, FerieOuvert.jour.between(du, au))))
    return {t: set(feries_entre(t, du, au)) - ouverts for t in territoires}


def _par_jour(session: Session, motif: Motif, conseillers: list[int], de: datetime, a: datetime,
              pour: Optional[Entretien]) -> dict[tuple[int, date], int]:
    comptes: dict[tuple[int, date], int] = defaultdict(int)
    lignes = session.execute(select(Entretien.conseiller_id, Entretien.debut, Entretien.fuseau).where(
        Entretien.motif_id == motif.id, Entretien.statut == "pose", Entretien.conseiller_id.in_(conseillers), Entretien.debut >= de,
        Entretien.debut < a, Entretien.id != (pour.id if pour else -1)))
    for conseiller_id, debut, fuseau in lignes:
        comptes[conseiller_id, jour_local(debut, fuseau)] += 1
    return comptes


def charge_du_jour(session: Session, conseillers: Iterable[int], jour: date, fuseau: str) -> dict[int, tuple[int, float]]:
    """For each counsellor: entretiens planned on a local day, and the second at which she was last given one (0 = never)."""
    de, a = bornes_du_jour(jour, fuseau)
    qui = list(conseillers)
    du_jour = select(Entretien.conseiller_id, func.count()).where(
        Entretien.conseiller_id.in_(qui), Entretien.statut == "pose", Entretien.debut >= de, Entretien.debut < a).group_by(Entretien.conseiller_id)
    derniers = select(Entretien.conseiller_id, func.max(Entretien.pris_le)).where(Entretien.conseiller_id.in_(qui)).group_by(Entretien.conseiller_id)
    nombre = {c: n for c, n in session.execute(du_jour)}
    servi = {c: quand.timestamp() for c, quand in session.execute(derniers)}
    return {c: (nombre.get(c, 0), servi.get(c, 0.0)) for c in qui}
