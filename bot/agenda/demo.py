"""The agenda of the demonstration's caisses: fictitious counsellors, weekly openings, rencontres. Run again, it only adds what has run out."""
from datetime import date, datetime, time, timedelta
from typing import Optional

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.agenda import motifs, ouvertures, rencontres
from bot.agenda.auteurs import SYSTEME
from bot.agenda.instants import jour_local, vers_utc
from bot.agenda.jours_feries import fuseau, jours_feries, territoire
from bot.agenda.ouvertures import DemandeOuverture
from bot.agenda.refus import ConseillerOccupe
from bot.agenda.rencontres import DemandeRencontre
from bot.contacts.tables import Antenne, Caisse, Conseiller, Motif, Ouverture, ProfessionRisque, Rencontre, Role

AVANCE, DUREE = timedelta(days=100), timedelta(days=364)
MOIS_DE_RENCONTRES = 3
SUR_PLACE = ("conseil_social", "retraite", "createur")
AU_TELEPHONE = ("conseil_social_telephone", "retraite_telephone", "auto_entrepreneur")
# Fictitious people. Those with an account are `comptes_demo`'s: install the accounts first, or they would be there twice.
EQUIPES = {
    "demo-aquitaine": [("Claire", "Fontaine"), ("Paul", "Vallon"), ("Marc", "Colline"), ("Nora", "Bocage")],
    "demo-reunion": [("Rose", "Lagon"), ("Ary", "Filao"), ("Inel", "Vacoa"), ("Maé", "Ravine")],
}
# Who is where: number in the team, weekday (0 Monday), hours, antenne (None = on the telephone).
SEMAINES: dict[str, list[tuple[int, int, str, str, Optional[str]]]] = {
    "demo-aquitaine": [
        (0, 0, "09:00", "12:00", "Bordeaux"), (0, 2, "09:00", "12:00", "Périgueux"), (0, 3, "13:30", "16:30", None),
        (1, 0, "13:30", "16:30", "Bordeaux"), (1, 1, "09:00", "12:00", "Bordeaux"), (1, 4, "09:00", "12:00", None),
        (2, 1, "09:00", "12:00", "Bayonne"), (2, 1, "13:30", "16:00", "Bayonne"), (2, 3, "09:00", "12:00", "Bayonne"),
        (3, 0, "09:00", "12:00", None), (3, 2, "13:30", "16:30", None), (3, 4, "13:30", "16:30", "Bordeaux")],
    "demo-reunion": [
        (0, 0, "08:00", "12:00", "Saint-Denis"), (0, 2, "13:00", "15:30", None),
        (1, 1, "08:00", "12:00", "Saint-Denis"), (1, 4, "13:00", "15:30", "Saint-Denis"),
        (2, 0, "08:00", "12:00", "Saint-Pierre"), (2, 3, "08:00", "12:00", "Saint-Pierre"),
        (3, 2, "08:00", "12:00", None), (3, 4, "08:00", "12:00", None)],
}


def installer_demo_agenda(session: Session, caisse_code: str, maintenant: datetime) -> None:
    """Counsellors, motifs, openings for the months ahead and rencontres of a demonstration caisse; another caisse gets its motifs only."""
    offerts = {m.code: m for m in motifs.installer(session, caisse_code)}
    caisse = session.get_one(Caisse, caisse_code)
    if caisse_code not in EQUIPES:
        return
    antennes = {a.nom: a for a in session.scalars(select(Antenne).where(Antenne.caisse_code == caisse_code))}
    equipe = [_conseiller(session, caisse_code, rang, *qui) for rang, qui in enumerate(EQUIPES[caisse_code])]
    for qui, jour, debut, fin, lieu in SEMAINES[caisse_code]:
        equipe[qui].antenne_id = equipe[qui].antenne_id or (antennes[lieu].id if lieu else None)
        _ouvrir(session, equipe[qui], jour, time.fromisoformat(debut), time.fromisoformat(fin), antennes[lieu] if lieu else None, offerts, maintenant)
    _rencontres(session, caisse, next(iter(antennes.values())), equipe, maintenant)


def _conseiller(session: Session, caisse_code: str, rang: int, prenom: str, nom: str) -> Conseiller:
    qui = session.scalar(select(Conseiller).where(Conseiller.caisse_code == caisse_code, Conseiller.nom == nom, Conseiller.prenom == prenom))
    if qui is None:
        qui = Conseiller(caisse_code=caisse_code, prenom=prenom, nom=nom, roles=[Role(caisse_code=caisse_code, niveau="conseiller")])
        session.add(qui)
    # numbers kept for fiction: nobody can be rung by mistake
    qui.telephone = qui.telephone or f"01 99 00 {12 if caisse_code == 'demo-aquitaine' else 74} {51 + rang}"
    session.flush()
    return qui


def _ouvrir(session: Session, conseiller: Conseiller, jour_semaine: int, debut: time, fin: time, antenne: Optional[Antenne],
            offerts: dict[str, Motif], maintenant: datetime) -> None:
    """A weekly opening that reaches at least AVANCE ahead; the one that runs out is followed by another."""
    siennes = [o for o in session.scalars(select(Ouverture).where(Ouverture.conseiller_id == conseiller.id, Ouverture.debut == debut,
                                                                  Ouverture.supprimee_le.is_(None))) if o.du.weekday() == jour_semaine]
    aujourdhui = jour_local(maintenant, fuseau(antenne.code_postal if antenne else None, session.get_one(Caisse, conseiller.caisse_code).fuseau))
    dernier = max((o.jusqu_au or o.du for o in siennes), default=aujourdhui - timedelta(days=1))
    if dernier >= aujourdhui + AVANCE:
        return
    du = max(dernier + timedelta(days=1), aujourdhui)
    du += timedelta(days=(jour_semaine - du.weekday()) % 7)
    minutes = (fin.hour - debut.hour) * 60 + fin.minute - debut.minute
    codes = SUR_PLACE if antenne else AU_TELEPHONE
    ouvertures.ouvrir(session, DemandeOuverture(conseiller.id, du, debut, fin, [offerts[c] for c in codes if offerts[c].duree <= minutes],
                                                antenne.id if antenne else None, aujourdhui + DUREE), SYSTEME, maintenant)


def _rencontres(session: Session, caisse: Caisse, antenne: Antenne, equipe: list[Conseiller], maintenant: datetime) -> None:
    """One auto-entrepreneur meeting a month; one by profession at an event, only where information on its risks exists (R40)."""
    ici, calendrier = fuseau(antenne.code_postal, caisse.fuseau), territoire(antenne.code_postal)
    aujourdhui = jour_local(maintenant, ici)
    for mois in range(1, MOIS_DE_RENCONTRES + 1):
        jour = _jeudi(aujourdhui, mois, calendrier)
        _rencontre(session, caisse, antenne, equipe[-1], jour, "auto_entrepreneur", "Auto-entrepreneurs : votre protection sociale", ici, maintenant)
    jour = _jeudi(aujourdhui, 2, calendrier) + timedelta(days=7)
    profession = session.scalar(select(ProfessionRisque).where(ProfessionRisque.du <= jour, func.coalesce(ProfessionRisque.au, jour) >= jour)
                                .order_by(ProfessionRisque.code).limit(1))
    if profession is not None:
        titre = f"{profession.libelle} : prévenir les risques du métier"
        _rencontre(session, caisse, antenne, equipe[-2], jour, "profession", titre, ici, maintenant, profession.code)


def _rencontre(session: Session, caisse: Caisse, antenne: Antenne, animateur: Conseiller, jour: date, theme: str, titre: str, ici: str,
               maintenant: datetime, profession: Optional[str] = None) -> None:
    debut = vers_utc(jour, time(17, 30), ici)
    deja = select(Rencontre.id).where(Rencontre.caisse_code == caisse.code, Rencontre.theme == theme, Rencontre.debut == debut)
    if session.scalar(deja) is not None:
        return
    try:
        rencontres.creer(session, DemandeRencontre(
            caisse.code, theme, titre[:160], f"{antenne.adresse}, {antenne.code_postal} {antenne.ville}", debut, debut + timedelta(hours=2), ici,
            [animateur.id], 12, antenne.id, profession_code=profession, evenement="Salon fictif des métiers" if profession else None,
            cloture_inscriptions=debut - timedelta(days=1)), SYSTEME, maintenant)
    except ConseillerOccupe:
        return  # someone booked her meanwhile: the next month will do


def _jeudi(aujourdhui: date, mois: int, calendrier: str) -> date:
    """The second Thursday of the `mois`-th month ahead, or the third when it is a holiday."""
    annee, rang = divmod(aujourdhui.year * 12 + aujourdhui.month - 1 + mois, 12)
    premier = date(annee, rang + 1, 1)
    jour = premier + timedelta(days=(3 - premier.weekday()) % 7 + 7)
    return jour if jour not in jours_feries(calendrier, jour.year) else jour + timedelta(days=7)
