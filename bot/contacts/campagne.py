"""What the campaign in the database says of a contact: socle in force, criteria of a cible, action, window, professions (R06-R40).

Reads `socle.contenu` as it was installed; the campaign file itself belongs to `campagnes`, which nothing here may import.
"""
from datetime import date
from typing import Any, Mapping, Optional

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.contacts.refus import Refus
from bot.contacts.tables import Action, Assure, Caisse, Cible, ProfessionRisque, Socle
from bot.contacts.tables.contact import ORIGINES


class SocleAbsent(Refus):
    code, statut = "SOCLE_ABSENT", 409
    message = "Aucune campagne n'est installée pour ce jour. Demandez à l'administrateur de lancer « conseil campagne installer »."


class CaisseHorsSocle(Refus):
    code, statut = "CAISSE_HORS_SOCLE", 409
    message = "Le socle commun ne concerne pas les caisses des professions libérales : choisissez une caisse régionale."


class OrigineIncoherente(Refus):
    code, statut = "ORIGINE_INCOHERENTE", 422
    message = ("Un entretien de campagne ou local se rattache à une action ; un entretien spontané ou un EIR à aucune. "
               "Corrigez l'origine ou l'action.")


class ActionInconnue(Refus):
    code, statut = "ACTION_INCONNUE", 404
    message = "Cette action n'est pas dans la campagne de la caisse. Choisissez une action de la liste."

    @classmethod
    def nommee(cls, code: str, caisse_code: str, annee: int) -> "ActionInconnue":
        """For someone who typed its code."""
        return cls(f"L'action « {code} » n'est pas dans la campagne {annee} de « {caisse_code} ». « conseil campagne volumes » montre ses cibles ; "
                   "« conseil campagne installer » met la campagne en place.")


class ActionLocale(Refus):
    code, statut = "ACTION_LOCALE", 422
    message = "Une action locale ne remplit pas une case du socle, ni l'inverse. Enregistrez le contact sous son vrai périmètre."


class GenreIncompatible(Refus):
    code, statut = "GENRE_INCOMPATIBLE", 422
    message = "Cette action ne prévoit pas ce genre de contact. Choisissez l'action qui convient, ou un contact spontané."


class HorsFenetre(Refus):
    code, statut = "HORS_FENETRE", 422
    message = "Ce jour est en dehors de la campagne de cette cible. Choisissez une date de la campagne, ou un entretien spontané."


class ProfessionSansRisque(Refus):
    code, statut = "PROFESSION_SANS_RISQUE", 422
    message = ("Une rencontre par profession suppose une information sur ses risques professionnels, et il n'y en a pas à cette date "
               "pour celle-ci. Choisissez une profession de la liste.")


class RencontreSansEvenement(Refus):
    code, statut = "RENCONTRE_SANS_EVENEMENT", 422
    message = "La rencontre par profession se tient lors d'une manifestation existante : indiquez laquelle, ou créez une action locale."


class ThemeIncompatible(Refus):
    code, statut = "THEME_INCOMPATIBLE", 422
    message = "Le thème de la rencontre n'est pas celui de l'action. Changez l'un ou l'autre."


def socle_du(session: Session, jour: date) -> Socle:
    """The socle in force on a day: the newest of the year, else of the last year that had one (a circular holds until the next). Raises SocleAbsent.
    A contact of an action takes the socle of its cible instead: the EIG of 2011 runs to March 2012 (A1)."""
    trouve = session.scalar(select(Socle).where(Socle.annee <= jour.year).order_by(Socle.annee.desc(), Socle.id.desc()).limit(1))
    if trouve is None:
        raise SocleAbsent
    return trouve


def definition(session: Session, cible: Cible) -> Mapping[str, Any]:
    """What the campaign file says of a cible (criteria, sous_actions, theme…); empty for a local one."""
    socle = session.get_one(Socle, cible.socle_id)
    return next((c for c in socle.contenu["cibles"] if c["code"] == cible.code and cible.caisse_code is None), {})


def _genre(session: Session, action: Action) -> str:
    """Kind of contact of an action: its cible's, unless it is one of the optional sub-actions of the campaign (R38)."""
    if action.code != action.cible.code:
        for sous in definition(session, action.cible).get("sous_actions", ()):
            if sous["code"] == action.code:
                return str(sous["genre"])
    return action.cible.genre


def correspond(assure: Assure, criteres: Mapping[str, Any]) -> bool:
    """Whether a person meets the criteria of a cible, as the campaign file writes them; an absent criterion lets everybody in (R23, R30)."""
    naissance, affiliation = assure.date_naissance, assure.date_affiliation
    annees, periode = criteres.get("annees_naissance"), criteres.get("affiliation")
    return (assure.statut in (criteres.get("statuts") or (assure.statut,))
            and assure.groupe_pro in (criteres.get("groupes_pro") or (assure.groupe_pro,))
            and criteres.get("auto_entrepreneur") in (None, assure.auto_entrepreneur)
            and (not annees or (naissance is not None and naissance.year in annees))
            and (not periode or (affiliation is not None and periode["du"] <= affiliation.isoformat() <= periode["au"])))


def action_de(session: Session, caisse_code: str, annee: int, code: str, *, tenir: bool = False) -> Action:
    """The action of a caisse by its code. `tenir`: held for the rest of the transaction, so that two who change it wait for each other.

    Raises ActionInconnue.
    """
    requete = select(Action).where(Action.caisse_code == caisse_code, Action.annee == annee, Action.code == code)
    action = session.scalar(requete.with_for_update() if tenir else requete)
    if action is None:
        raise ActionInconnue.nommee(code, caisse_code, annee)
    return action


def action_pour(session: Session, *, caisse_code: str, assure: Assure, jour: date) -> Optional[Action]:
    """The action of the socle under which an entretien with this person counts on this day; None = she is in no cible: spontaneous (R55)."""
    actions = session.scalars(select(Action).join(Cible, Action.cible_id == Cible.id).where(
        Action.caisse_code == caisse_code, Action.perimetre == "socle", Action.code == Cible.code, Cible.genre == "entretien",
        Cible.du <= jour, Cible.au >= jour).order_by(Action.annee.desc(), Action.id))
    return next((a for a in actions if correspond(assure, definition(session, a.cible).get("criteres", {}))), None)


def _action(session: Session, action_id: int, caisse_code: str, jour: date, genre: str) -> Action:
    action = session.get(Action, action_id)
    if action is None or action.caisse_code != caisse_code:
        raise ActionInconnue
    if _genre(session, action) != genre:
        raise GenreIncompatible
    if not action.cible.du <= jour <= action.cible.au:
        raise HorsFenetre
    return action


def rattacher(session: Session, *, caisse_code: str, jour: date, genre: str, origine: str,
              action_id: Optional[int]) -> tuple[Socle, Optional[Action]]:
    """The socle and the action a contact belongs to, every rule on origin, perimeter, kind and window held (R06, R19, R33, R55, A6)."""
    caisse = session.get(Caisse, caisse_code)
    if caisse is None or caisse.genre != "regionale":
        raise CaisseHorsSocle
    if origine not in ORIGINES or (origine in ("campagne", "local")) != (action_id is not None):
        raise OrigineIncoherente
    if action_id is None:
        return socle_du(session, jour), None
    action = _action(session, action_id, caisse_code, jour, genre)
    if (origine == "campagne") != (action.perimetre == "socle"):
        raise ActionLocale
    return session.get_one(Socle, action.cible.socle_id), action


def exiger_rencontre_permise(session: Session, *, caisse_code: str, theme: str, jour: date, profession_code: Optional[str] = None,
                             evenement: Optional[str] = None, action_id: Optional[int] = None) -> None:
    """Whether a rencontre may be planned: profession with risk information on that day (R40), an existing event (R39), the action's own theme
    (R42), window and kind. Raises ProfessionSansRisque, RencontreSansEvenement, ThemeIncompatible, ActionInconnue, GenreIncompatible, HorsFenetre."""
    if theme == "profession":
        profession = session.get(ProfessionRisque, profession_code) if profession_code else None
        if profession is None or not profession.du <= jour <= (profession.au or jour):
            raise ProfessionSansRisque
    if action_id is None:
        return
    action = _action(session, action_id, caisse_code, jour, "rencontre")
    prevu = definition(session, action.cible).get("theme")
    if prevu is not None and prevu != theme:
        raise ThemeIncompatible
    if prevu == "profession" and not (evenement or "").strip():
        raise RencontreSansEvenement
