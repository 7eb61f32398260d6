"""What the pages of the agenda share: days and hours as typed, whose agenda one may write in, how lines and lists are written.
Rules of openings, slots and entretiens are those of bot.agenda."""
import re
from datetime import date, datetime, time, timedelta
from typing import Any, Optional, Sequence

from fastapi import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.agenda.auteurs import Auteur
from bot.agenda.instants import heure_en_lettres, jour_local, local
from bot.agenda.refus import DroitRefuse
from bot.contacts.isolement import dans_la_caisse
from bot.contacts.refus import Refus
from bot.contacts.tables import Antenne, Conseiller, Entretien, Role
from bot.site.espace.acces import Acteur
from bot.texte.typographie import date_longue

ECRIT_POUR_TOUS = frozenset({"secretariat", "responsable"})
MODALITES = {"presentiel": "sur place", "telephone": "par téléphone"}
ETATS = {"a_venir": "à venir", "en_cours": "en cours", "a_renseigner": "à renseigner", "honore": "venu", "absent": "absent",
         "annule_assure": "annulé par l'assuré", "annule_caisse": "annulé par la caisse"}
RAISONS_FERMETURE = {"conge": "congé", "formation": "formation", "reunion": "réunion", "absence": "absence", "travaux": "travaux", "autre": "autre"}
_HEURE = re.compile(r"([01]?\d|2[0-3])\s*[h:]\s*([0-5]\d)?", re.I)
_JOUR = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")


class SaisieIllisible(Refus):
    """A field that cannot be read. `champ`: its id on the page."""

    code, statut = "SAISIE_ILLISIBLE", 422

    def __init__(self, champ: str, message: str):
        super().__init__(message)
        self.champ = champ


def lire_jour(texte: str, champ: str = "jour", defaut: Optional[date] = None) -> date:
    """A day as the browser (« 2011-09-20 ») or a person (« 20/09/2011 ») writes it. Raises SaisieIllisible; an empty field gives `defaut`."""
    texte = texte.strip()
    if not texte and defaut is not None:
        return defaut
    lu = _JOUR.fullmatch(texte)
    try:
        return date(int(lu[3]), int(lu[2]), int(lu[1])) if lu else date.fromisoformat(texte)
    except ValueError as e:
        raise SaisieIllisible(champ, "Écrivez le jour en chiffres, par exemple 20/09/2011.") from e


def lire_heure(texte: str, champ: str) -> time:
    """An hour as typed: « 14:00 », « 14 h », « 14h30 ». Raises SaisieIllisible."""
    lu = _HEURE.fullmatch(texte.strip())
    if lu is None:
        raise SaisieIllisible(champ, "Écrivez l'heure en chiffres, par exemple 14:00.")
    return time(int(lu[1]), int(lu[2] or 0))


def lire_nombre(texte: str, champ: str) -> Optional[int]:
    """A whole number, None when the field is empty. Raises SaisieIllisible."""
    texte = texte.strip()
    if not texte:
        return None
    if not texte.isdecimal() or len(texte) > 6:
        raise SaisieIllisible(champ, "Écrivez un nombre entier, en chiffres.")
    return int(texte)


def lire_cle(texte: str) -> Optional[int]:
    """The number of an object as an address carries it; None when it is not one (another page's, a broken link)."""
    return int(texte) if texte.isdecimal() and len(texte) <= 9 else None


def maintenant(request: Request) -> datetime:
    """The injected clock's instant."""
    quand: datetime = request.app.state.contexte.horloge.maintenant()
    return quand


def aujourdhui(request: Request, acteur: Acteur) -> date:
    """The calendar day at the caisse."""
    return jour_local(maintenant(request), acteur.fuseau)


def auteur(acteur: Acteur) -> Auteur:
    """Who the agenda must know. A responsable acts as one wherever she is one: corrections after seven days are hers."""
    return Auteur(acteur.acteur, "responsable" if "responsable" in acteur.niveaux else acteur.role, acteur.origine)


def ecrit_pour(acteur: Acteur, *conseillers: Optional[int]) -> bool:
    """Whether this person may change an agenda: her own; everybody's for the secretariat and the responsable (booking.md §5.11)."""
    return not ECRIT_POUR_TOUS.isdisjoint(acteur.niveaux) or acteur.conseiller_id in conseillers


def exiger_ecriture(acteur: Acteur, *conseillers: Optional[int]) -> None:
    """Raises DroitRefuse when the agenda is a colleague's."""
    if not ecrit_pour(acteur, *conseillers):
        raise DroitRefuse


def equipe(session: Session, caisse_code: str) -> list[Conseiller]:
    """Who receives in a caisse: those still there who are counsellors or responsable, by name."""
    return list(session.scalars(select(Conseiller).where(
        dans_la_caisse(Conseiller, caisse_code), Conseiller.parti_le.is_(None),
        Conseiller.id.in_(select(Role.conseiller_id).where(Role.niveau.in_(("conseiller", "responsable")), Role.caisse_code == caisse_code)))
        .order_by(Conseiller.nom, Conseiller.prenom)))


def antennes(session: Session, caisse_code: str) -> list[Antenne]:
    """The antennes of a caisse, by name."""
    return list(session.scalars(select(Antenne).where(dans_la_caisse(Antenne, caisse_code)).order_by(Antenne.nom)))


def nommer(conseiller: Optional[Conseiller]) -> str:
    """A counsellor's name."""
    return f"{conseiller.prenom} {conseiller.nom}" if conseiller is not None else ""


def heures(debut: datetime, fin: datetime, fuseau: str) -> str:
    """« 9 h 00 – 10 h 00 » on the clock of the place."""
    return f"{heure_en_lettres(local(debut, fuseau))} – {heure_en_lettres(local(fin, fuseau))}"


def jour_en_lettres(jour: date) -> str:
    """« Mardi 20 septembre 2011 »."""
    texte = date_longue(jour, jour_semaine=True)
    return texte[:1].upper() + texte[1:]


def ou(session: Session, entretien: Entretien) -> str:
    """« Bordeaux », or « par téléphone »."""
    antenne = session.get(Antenne, entretien.antenne_id) if entretien.antenne_id is not None else None
    return antenne.nom if antenne is not None else "par téléphone"


def fautes(refus: Refus, champs: "dict[type[Refus], str]", defaut: str) -> dict[str, str]:
    """A refusal beside the field it is about."""
    return {refus.champ if isinstance(refus, SaisieIllisible) else champs.get(type(refus), defaut): refus.message}


def choix(elements: Sequence[Any], vide: Optional[str] = None) -> list[tuple[str, str]]:
    """Pairs for a list of choices, from antennes or counsellors; `vide`: what comes first, for « none of them »."""
    pairs = [(str(e.id), nommer(e) if isinstance(e, Conseiller) else e.nom) for e in elements]
    return ([("", vide)] if vide is not None else []) + pairs


UN_JOUR = timedelta(days=1)
