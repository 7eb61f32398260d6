"""Caisses and antennes: reading them, and the fictitious one of the demonstration."""
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from bot.contacts.refus import Refus
from bot.contacts.tables import Antenne, Caisse
from bot.texte.typographie import composer


class CaisseInconnue(Refus):
    code, statut = "CAISSE_INCONNUE", 404
    message = "Cette caisse n'est pas connue de l'assistant. Ouvrez la conversation depuis le site de votre caisse."


def caisse(session: Session, code: str) -> Caisse:
    """A caisse with its antennes. Raises CaisseInconnue."""
    trouvee = session.scalar(select(Caisse).where(Caisse.code == code).options(selectinload(Caisse.antennes)))
    if trouvee is None:
        raise CaisseInconnue
    return trouvee


def caisse_ouverte(session: Session, code: str) -> Caisse:
    """A caisse that visitors may meet: one that can be rung. The caisses of the network are there for their bilan until they give their telephone.
    Raises CaisseInconnue."""
    trouvee = caisse(session, code)
    if not trouvee.telephone:
        raise CaisseInconnue
    return trouvee


def caisses(session: Session) -> list[Caisse]:
    """All caisses with their antennes, by name."""
    return list(session.scalars(select(Caisse).order_by(Caisse.nom).options(selectinload(Caisse.antennes))))


def contact(caisse: Caisse) -> dict[str, Any]:
    """How to reach a person of a caisse, as data for a page."""
    return {"caisse": caisse.nom, "telephone": caisse.telephone, "horaires": composer(caisse.horaires), "courriel": caisse.courriel,
            "antennes": [{"nom": a.nom, "adresse": f"{a.adresse}, {a.code_postal} {a.ville}", "horaires": composer(a.horaires)}
                         for a in caisse.antennes]}


# 01 99 00 00 00 to 01 99 00 99 99 are numbers that ARCEP keeps for fiction: nobody can be rung by mistake.
DEMO = [
    Caisse(code="demo-aquitaine", nom="Caisse de démonstration Aquitaine", telephone="01 99 00 12 00",
           horaires="du lundi au vendredi, de 9 h à 12 h et de 13 h 30 à 16 h 30", courriel="contact@caisse-aquitaine.example",
           site=None, fuseau="Europe/Paris", origines=[], genre="regionale", fictive=True),
    Caisse(code="demo-reunion", nom="Caisse de démonstration La Réunion", telephone="01 99 00 12 74",
           horaires="du lundi au vendredi, de 8 h à 12 h et de 13 h à 15 h 30", courriel="contact@caisse-reunion.example",
           site=None, fuseau="Indian/Reunion", origines=[], genre="regionale", fictive=True),
]
ANTENNES_DEMO = {
    "demo-aquitaine": [("Bordeaux", "12 rue des Exemples", "33000", "lundi à vendredi, 9 h – 16 h 30"),
                       ("Bayonne", "3 quai de la Démonstration", "64100", "mardi et jeudi, 9 h – 16 h"),
                       ("Périgueux", "8 place du Modèle", "24000", "mercredi, 9 h – 12 h")],
    "demo-reunion": [("Saint-Denis", "21 rue de la Maquette", "97400", "lundi à vendredi, 8 h – 15 h 30"),
                     ("Saint-Pierre", "5 allée du Prototype", "97410", "lundi et jeudi, 8 h – 12 h")],
}


def installer_demo(session: Session, origines: tuple[str, ...] = ()) -> None:
    """Put the fictitious caisses in place; run again, it brings them back to what is written here."""
    for modele in DEMO:
        valeurs = {c.key: getattr(modele, c.key) for c in Caisse.__table__.columns}
        session.merge(Caisse(**{**valeurs, "origines": list(origines)}))
        session.flush()
        connues = set(session.scalars(select(Antenne.nom).where(Antenne.caisse_code == modele.code)))
        for nom, adresse, code_postal, horaires in ANTENNES_DEMO[modele.code]:
            if nom not in connues:
                session.add(Antenne(caisse_code=modele.code, nom=nom, adresse=adresse, code_postal=code_postal, ville=nom, horaires=horaires))
