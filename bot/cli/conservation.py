"""What the purge and the rights of people need from the rooms above the database: who already purges what, and how the agenda lets someone go.

Not a command of its own: `conseil rgpd`, `conseil base restaurer`, imports and the worker share it.
"""
import smtplib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Callable, Iterable, Optional

import structlog
from sqlalchemy.orm import Session

from bot.agenda import identite, rencontres, reservation, tournee
from bot.agenda.auteurs import SYSTEME, Auteur
from bot.agenda.identite import Personne
from bot.campagnes import trame
from bot.contacts import audit, comptes, conservation, conversations, courriel, effacement, relais
from bot.contacts.base import Sessions
from bot.contacts.cle import cle_installation
from bot.contacts.conservation import Confie, Passage
from bot.contacts.effacement import Agenda
from bot.contacts.refus import Refus
from bot.contacts.tables import Assure, Entretien, Inscription
from bot.enquete import vagues
from bot.horloge import Horloge
from bot.reglages import Reglages

PERIODE = timedelta(hours=1)
journal = structlog.get_logger("conservation")
_CAISSE = Auteur("commande", "responsable", "commande")


# The names of knowledge/conservation.yml, `confie_a`, but for those that need a setting (`confies`).
def confies(reglages: Reglages) -> dict[str, Confie]:
    """Every function that the file may name. What needs the installation's key takes it from the settings."""
    def auditer(session: Session, maintenant: datetime) -> int:
        return audit.purger(session, maintenant, conservation.limite(_delai("audit"), maintenant), cle_installation(reglages))
    return {**CONFIES, "audit": auditer}


def _delai(code: str) -> str:
    return next(r.delai for r in conservation.lire().regles if r.code == code)


CONFIES: dict[str, Confie] = {
    "conversations": conversations.purger, "rappels": relais.purger_rappels, "identites": tournee.oublier_identites, "trames": trame.purger,
    "liens_enquete": vagues.detruire_liens, "comptes_inutilises": conservation.fermer_comptes_inutilises}


def _cles(assure: Assure) -> Iterable[str]:
    """The keys of bookings typed without being known: her name with her number, or with her address."""
    for personne in (Personne(assure.nom, assure.prenom, identite.telephone(assure.telephone)), Personne(assure.nom, courriel=assure.courriel)):
        cle = identite.cle(assure.caisse_code, personne)
        if cle is not None:
            yield cle


def _annuler(session: Session, entretien: Entretien, maintenant: datetime) -> None:
    reservation.annuler(session, entretien, auteur=_CAISSE, maintenant=maintenant)


def _desister(session: Session, inscription: Inscription, maintenant: datetime) -> None:
    rencontres.desister(session, inscription, SYSTEME, maintenant)


AGENDA = Agenda(annuler=_annuler, desister=_desister, cles=_cles)


def registre(reglages: Reglages) -> Path:
    """Where erasures are kept beside the base: hashes only."""
    return reglages.donnees / "effacements.csv"


def rejouer(sessions: Sessions, reglages: Reglages, maintenant: datetime, caisse_code: Optional[str] = None) -> int:
    """Erase again who came back (restored backup, new file), and keep the register whole; how many people."""
    with sessions() as s:
        effacement.reprendre_registre(s, registre(reglages))
        revenus = effacement.rejouer(s, cle=cle_installation(reglages), maintenant=maintenant, agenda=AGENDA, caisse_code=caisse_code)
    with sessions.lecture() as s:
        effacement.tenir_registre(s, registre(reglages))
    return revenus


def purger(sessions: Sessions, reglages: Reglages, maintenant: datetime) -> Passage:
    """One passage of every rule of conservation.yml, files of the data folder included."""
    return conservation.passer(sessions, conservation.lire(), confies(reglages), maintenant, reglages.donnees)


def prevenir_comptes(sessions: Sessions, reglages: Reglages, maintenant: datetime) -> int:
    """Tell those whose account sleeps that it will be closed; how many were told. Noted before the e-mail leaves: nobody is told every hour. Without
    a mail server or an address, the note stands on the page of the team, and counts."""
    with sessions() as s:
        siens = [(c.conseiller.courriel, c.conseiller.prenom, c.id) for c in conservation.comptes_a_prevenir(s, maintenant)]
        for compte in conservation.comptes_a_prevenir(s, maintenant):
            comptes.noter(s, comptes.SYSTEME, conservation.PREVENU, compte, maintenant)
    ecrits = [(adresse, prenom, numero) for adresse, prenom, numero in siens if adresse]
    if ecrits and reglages.smtp_hote and reglages.smtp_expediteur:
        try:
            with courriel.serveur(reglages) as serveur:
                for adresse, prenom, numero in ecrits:
                    texte = _RAPPEL.format(prenom=prenom, adresse=reglages.adresse_publique)
                    serveur.envoyer(courriel.message(serveur.expediteur, adresse, "Votre compte va être fermé", texte, date=maintenant,
                                                     message_id=f"<compte-{numero}-{maintenant:%Y%m%d}@conseil>"))
        except (OSError, smtplib.SMTPException) as e:
            journal.warning("courriel_injoignable", genre=type(e).__name__)
    return len(siens)


_RAPPEL = ("Bonjour {prenom},\n\nVous n'avez pas ouvert votre espace depuis deux mois. Sans connexion de votre part, votre compte sera fermé un mois "
           "après ce message.\nPour le garder, connectez-vous une fois : {adresse}/espace\n"
           "Fermé, il se rouvre auprès du responsable de votre caisse.\n")


def travail(sessions: Sessions, reglages: Reglages, horloge: Horloge) -> Callable[[], int]:
    """The worker's job: once an hour, whatever the worker's own pace; a run missed is made up for by the next."""
    dernier: list[datetime] = []

    def une_fois() -> int:
        maintenant = horloge.maintenant()
        if dernier and maintenant - dernier[0] < PERIODE:
            return 0
        try:
            prevenir_comptes(sessions, reglages, maintenant)
            fait = purger(sessions, reglages, maintenant).nombre + rejouer(sessions, reglages, maintenant)
        except (Refus, OSError) as e:
            journal.error("purge_empechee", genre=getattr(e, "code", type(e).__name__))
            return 0
        dernier[:] = [maintenant]
        return fait
    return une_fois
