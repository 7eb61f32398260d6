"""What the tests on contacts and campaigns share: a base with the campaign of 2011, fictitious people, an account of an entretien."""
from datetime import date, datetime, timezone
from itertools import count
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.campagnes.annee import installer
from bot.campagnes.kit import installer_kit
from bot.campagnes.professions import installer_professions
from bot.contacts.contacts import CompteRenduContact, DomaineAborde, prevoir_entretien
from bot.contacts.tables import Action, Assure, Contact, Rencontre

CAISSE = "demo-aquitaine"
MAINTENANT = datetime(2011, 9, 14, 8, tzinfo=timezone.utc)
JOUR = date(2011, 9, 20)
_NUMEROS = count(1)


def installer_campagne(session: Session) -> None:
    installer_professions(session)
    installer_kit(session, MAINTENANT)
    installer(session, 2011, MAINTENANT)


def action(session: Session, code: str, caisse: str = CAISSE) -> Action:
    return session.scalars(select(Action).where(Action.code == code, Action.caisse_code == caisse)).one()


def personne(session: Session, naissance: "date | None" = date(1952, 5, 3), **valeurs: Any) -> Assure:
    """A fictitious insured person: active craftsman born in 1952, unless told otherwise."""
    modele: dict[str, Any] = {"caisse_code": CAISSE, "identifiant": f"F{next(_NUMEROS):06d}", "nom": "Fictif", "prenom": "Dominique",
                              "date_naissance": naissance, "groupe_pro": "artisan", "statut": "actif", "auto_entrepreneur": False,
                              "carriere": "incomplete"}
    assure = Assure(**{**modele, **valeurs})
    session.add(assure)
    session.flush()
    return assure


def entretien(session: Session, assure: "Assure | None" = None, code: "str | None" = "EIG", **valeurs: Any) -> Contact:
    """A planned entretien of the EIG cible, unless told otherwise."""
    assure = assure or personne(session)
    modele: dict[str, Any] = {"caisse_code": CAISSE, "assure_id": assure.id, "forme": "physique", "jour": JOUR, "maintenant": MAINTENANT,
                              "origine": "campagne" if code else "spontane", "action_id": action(session, code).id if code else None}
    return prevoir_entretien(session, **{**modele, **valeurs})


def domaines(profondeur: int = 1, **autres: Any) -> dict[str, DomaineAborde]:
    """All nine domains at one depth, some of them told otherwise: `domaines(D3=DomaineAborde(2))`."""
    return {**{f"D{n}": DomaineAborde(profondeur) for n in range(1, 10)}, **autres}


def compte(**valeurs: Any) -> CompteRenduContact:
    return CompteRenduContact(**{"domaines": domaines(), "minutes": 55, **valeurs})


def rencontre(session: Session, **valeurs: Any) -> Rencontre:
    """A rencontre of auto-entrepreneurs, unless told otherwise."""
    modele: dict[str, Any] = {"caisse_code": CAISSE, "theme": "auto_entrepreneur", "titre": "Bien démarrer", "lieu": "Chambre de métiers",
                              "debut": datetime(2011, 10, 4, 12, tzinfo=timezone.utc), "fin": datetime(2011, 10, 4, 14, tzinfo=timezone.utc),
                              "fuseau": "Europe/Paris", "cloture_inscriptions": datetime(2011, 10, 3, 12, tzinfo=timezone.utc)}
    reunion = Rencontre(**{**modele, **valeurs})
    session.add(reunion)
    session.flush()
    return reunion
