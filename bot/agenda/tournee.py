"""What the worker does for the agenda at each round. Each job runs in its own transaction, may run twice, and leaves the others alone."""
from datetime import datetime, timedelta
from typing import Callable, Mapping

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from bot.agenda import identification, notifications, occupation, plus_tot, rencontres
from bot.agenda.notifications import Expediteur
from bot.agenda.transactions import en_transaction
from bot.contacts.base import Sessions
from bot.contacts.tables import Entretien, Inscription, Rencontre

# Identity and contact details of a booking: three months after its day (reference/security.md §3.2).
GARDE_IDENTITE = timedelta(days=92)


def travaux(sessions: Sessions, maintenant: Callable[[], datetime], expediteurs: Mapping[str, Expediteur], site: str) -> dict[str, Callable[[], int]]:
    """The jobs by name, for `bot.cli.ouvrier.passer`; each gives how many things it did. `maintenant`: the clock, asked at each round."""
    def en_base(travail: Callable[[Session, datetime], int]) -> Callable[[], int]:
        return lambda: en_transaction(sessions, lambda s: travail(s, maintenant()))

    return {"retenues passées": en_base(occupation.purger), "offres de place passées": en_base(rencontres.expirer_offres),
            "places plus tôt": en_base(plus_tot.proposer), "accès passés": en_base(identification.purger),
            "identités passées": en_base(oublier_identites),
            "messages": lambda: sum(notifications.envoyer_dues(sessions, expediteurs, maintenant(), site).values())}


def oublier_identites(session: Session, maintenant: datetime) -> int:
    """Blank the names, numbers and addresses typed for bookings whose day is three months past; how many bookings. What is counted stays."""
    avant = maintenant - GARDE_IDENTITE
    vide = {"nom": None, "prenom": None, "telephone": None, "courriel": None, "personne": None}
    entretiens = session.execute(update(Entretien).where(Entretien.fin < avant, _porte(Entretien)).values(vide).returning(Entretien.id)).all()
    passees = select(Rencontre.id).where(Rencontre.fin < avant)
    inscrits = session.execute(update(Inscription).where(Inscription.rencontre_id.in_(passees), _porte(Inscription)).values(vide)
                               .returning(Inscription.id)).all()
    return len(entretiens) + len(inscrits)


def _porte(table: "type[Entretien] | type[Inscription]"):
    """Rows that still hold something of a person."""
    return or_(*(getattr(table, n).is_not(None) for n in ("nom", "prenom", "telephone", "courriel", "personne")))
