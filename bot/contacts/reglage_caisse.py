"""What a caisse says of itself: telephone, hours, its site, the sites that carry the chat window, its antennes. The network itself (codes, names,
territories) is `knowledge/caisses.yml`; until a caisse has a telephone, no visitor meets it."""
import re
from datetime import datetime
from typing import Any, Mapping, Optional, Sequence
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.contacts import relais
from bot.contacts.caisses import caisse as lire_caisse
from bot.contacts.historique import noter
from bot.contacts.refus import Refus
from bot.contacts.tables import Antenne, Caisse

_TELEPHONE = re.compile(r"0[1-9](?: \d\d){4}|3\d(?: \d\d)")
_COURRIEL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_CODE_POSTAL = re.compile(r"\d{5}")
CHAMPS = ("telephone", "horaires", "courriel", "site", "origines")


class TelephoneIllisible(Refus):
    code, statut = "TELEPHONE_ILLISIBLE", 422
    message = "Ce numéro ne se compose pas en France : écrivez-le à dix chiffres, par exemple « 05 56 00 00 00 », ou à quatre, « 36 48 »."


class CourrielIllisible(Refus):
    code, statut = "COURRIEL_ILLISIBLE", 422
    message = "Cette adresse de courriel ne peut pas recevoir de message : écrivez-la comme « contact@caisse.example »."


class AdresseDeSiteIllisible(Refus):
    code, statut = "ADRESSE_DE_SITE_ILLISIBLE", 422
    message = "Une adresse de site s'écrit avec https:// et, pour une origine, sans rien après le nom : « https://caisse.example »."


class CodePostalIllisible(Refus):
    code, statut = "CODE_POSTAL_ILLISIBLE", 422
    message = "Un code postal compte cinq chiffres : « 33000 »."


class HorairesAbsents(Refus):
    code, statut = "HORAIRES_ABSENTS", 422
    message = "Dites aussi quand on peut appeler : « --horaires \"du lundi au vendredi, de 9 h à 16 h 30\" »."


class HorairesIllisibles(Refus):
    code, statut = "HORAIRES_ILLISIBLES", 422
    message = ("Je ne sais pas lire ces horaires, et ils ouvrent et ferment la file des conseillers : écrivez-les comme « du lundi au vendredi, "
               "de 9 h à 12 h et de 13 h 30 à 16 h 30 ».")


def regler(session: Session, code: str, valeurs: Mapping[str, Any], maintenant: datetime) -> Caisse:
    """Change what is given (keys of CHAMPS), keep the rest, and note it. Raises CaisseInconnue and the refusals above."""
    caisse = lire_caisse(session, code)
    nouvelles = {nom: _lire(nom, valeur) for nom, valeur in valeurs.items() if valeur is not None}
    if not (nouvelles.get("horaires") or caisse.horaires):
        raise HorairesAbsents
    change = {nom: valeur for nom, valeur in nouvelles.items() if getattr(caisse, nom) != valeur}
    if change:
        avant = {nom: getattr(caisse, nom) for nom in change}
        for nom, valeur in change.items():
            setattr(caisse, nom, valeur)
        noter(session, le=maintenant, acteur="systeme", origine="systeme", commande="regler_caisse", objet="caisse", objet_id=code,
              avant=avant, apres=change)
    session.flush()
    return caisse


def regler_antenne(session: Session, code: str, nom: str, *, adresse: str, code_postal: str, ville: Optional[str], horaires: str,
                   maintenant: datetime) -> Antenne:
    """Add an antenne, or bring the one of that name to what is said. Raises CaisseInconnue, CodePostalIllisible."""
    caisse = lire_caisse(session, code)
    if not _CODE_POSTAL.fullmatch(code_postal):
        raise CodePostalIllisible
    antenne = session.scalar(select(Antenne).where(Antenne.caisse_code == caisse.code, Antenne.nom == nom))
    valeurs = {"adresse": adresse.strip(), "code_postal": code_postal, "ville": (ville or nom).strip(), "horaires": horaires.strip()}
    avant = {n: getattr(antenne, n) for n in valeurs} if antenne else None
    if avant == valeurs and antenne is not None:
        return antenne
    if antenne is None:
        antenne = Antenne(caisse_code=caisse.code, nom=nom.strip())
        session.add(antenne)
    for champ, valeur in valeurs.items():
        setattr(antenne, champ, valeur)
    session.flush()
    noter(session, le=maintenant, acteur="systeme", origine="systeme", commande="regler_antenne", objet="antenne", objet_id=antenne.id,
          avant=avant, apres=valeurs)
    return antenne


def _lire(nom: str, valeur: "str | Sequence[str]") -> Any:
    if nom == "origines":
        assert not isinstance(valeur, str)
        return [_origine(v) for v in valeur]
    assert isinstance(valeur, str)
    valeur = " ".join(valeur.split())
    if nom == "telephone":
        return _telephone(valeur)
    if nom == "horaires" and relais.lire_horaires(valeur) is None:
        raise HorairesIllisibles
    if nom == "courriel" and not _COURRIEL.fullmatch(valeur):
        raise CourrielIllisible
    if nom == "site" and urlsplit(valeur).scheme != "https":
        raise AdresseDeSiteIllisible
    return valeur


def _telephone(valeur: str) -> str:
    """As people dial it, in pairs: « 05 56 00 00 00 », « 36 48 »."""
    chiffres = re.sub(r"[ .\-]", "", valeur)
    pairs = " ".join(chiffres[i:i + 2] for i in range(0, len(chiffres), 2))
    if not _TELEPHONE.fullmatch(pairs):
        raise TelephoneIllisible
    return pairs


def _origine(valeur: str) -> str:
    parties = urlsplit(valeur.strip().rstrip("/"))
    if parties.scheme != "https" or not parties.netloc or parties.path or parties.query or parties.fragment or "*" in parties.netloc:
        raise AdresseDeSiteIllisible
    return f"https://{parties.netloc.lower()}"
