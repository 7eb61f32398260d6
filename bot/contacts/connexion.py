"""Coming in: counting the tries, opening, finding, renewing and closing the sessions of the workspace.
The second factor is in `totp`; cookies and pages belong to the site."""
import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Optional

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from bot.contacts.cle import hmac_hex
from bot.contacts.conversations import empreinte
from bot.contacts.refus import Refus
from bot.contacts.tables import Compte, EssaiConnexion, SessionEspace
from bot.texte.typographie import quantite

INACTIVITE = timedelta(minutes=30)
DUREE_MAX = timedelta(hours=8)
# `active_le` is written at most this often: reading a page must not take the write lock each time.
PRECISION = timedelta(minutes=1)
# Tries that cost nothing; from there the wait doubles, up to BLOCAGE at the tenth (reference/security.md, S7).
ESSAIS_LIBRES, ESSAIS_MAX = 4, 10
PREMIERE_ATTENTE, BLOCAGE = timedelta(seconds=30), timedelta(minutes=15)
OUBLI_ESSAIS = timedelta(hours=24)


class IdentifiantsRefuses(Refus):
    code, statut = "IDENTIFIANTS_REFUSES", 401
    message = "L'identifiant ou le mot de passe ne convient pas. Vérifiez-les, puis réessayez."


class TropDEssais(Refus):
    code, statut = "TROP_D_ESSAIS", 429

    def __init__(self, secondes: int):
        minutes = -(-secondes // 60)
        super().__init__(f"Trop d'essais de suite. Attendez {quantite(minutes, 'minute')}, puis réessayez ; ou demandez à votre responsable.")
        self.attendre = secondes


def attente(echecs: int) -> timedelta:
    """How long to wait after so many failures in a row: 0 up to 4, then 30 s, 1, 2, 4, 8 min, and 15 min from the tenth."""
    if echecs <= ESSAIS_LIBRES:
        return timedelta(0)
    return BLOCAGE if echecs >= ESSAIS_MAX else PREMIERE_ATTENTE * 2 ** (echecs - ESSAIS_LIBRES - 1)


def cle_essai(cle: bytes, quoi: str, qui: str) -> str:
    """Under which the tries are counted; `quoi`: « mot_de_passe » (of an identifier) or « code » (of an account)."""
    return hmac_hex(cle, "connexion.essai", f"{quoi}:{qui}")


def compter_essai(session: Session, cle: str, maintenant: datetime) -> int:
    """Count a try before it is checked, so that tries made at the same time are all counted; give the failures it would make.

    Raises TropDEssais, counting nothing, while the wait lasts. Commit before checking; then `oublier_essais` if it was right.
    """
    session.execute(delete(EssaiConnexion).where(EssaiConnexion.dernier_le < maintenant - OUBLI_ESSAIS))
    if session.get(EssaiConnexion, cle) is None:
        with suppress(IntegrityError), session.begin_nested():  # two first tries at once: one makes the line, both count in it
            session.execute(insert(EssaiConnexion).values(cle=cle, echecs=0, dernier_le=maintenant))
    essai = session.get_one(EssaiConnexion, cle, with_for_update=True, populate_existing=True)
    if essai.bloque_jusqua and maintenant < essai.bloque_jusqua:
        raise TropDEssais(int((essai.bloque_jusqua - maintenant).total_seconds()) + 1)
    essai.echecs += 1
    essai.dernier_le = maintenant
    essai.bloque_jusqua = maintenant + attente(essai.echecs) if essai.echecs > ESSAIS_LIBRES else None
    session.flush()
    return essai.echecs


def oublier_essais(session: Session, cle: str) -> None:
    """The try was right, or a second person has given a new password: the count starts again."""
    session.execute(delete(EssaiConnexion).where(EssaiConnexion.cle == cle))


def ouvrir_session(session: Session, compte: Compte, maintenant: datetime) -> tuple[SessionEspace, str]:
    """A new session and the secret that its cookie will hold. Sessions that ended are swept at the same time."""
    session.execute(delete(SessionEspace).where(
        (SessionEspace.active_le < maintenant - INACTIVITE) | (SessionEspace.cree_le < maintenant - DUREE_MAX)))
    secret = secrets.token_urlsafe(32)
    ouverte = SessionEspace(empreinte=empreinte(secret), compte_id=compte.id, compte=compte, cree_le=maintenant, active_le=maintenant,
                            second_facteur=False)
    session.add(ouverte)
    session.flush()
    return ouverte, secret


def retrouver_session(session: Session, secret: Optional[str], maintenant: datetime, demo: bool) -> Optional[SessionEspace]:
    """The live session of a cookie, its account and its person loaded; None when it is over, or its account is no longer let in.

    `demo`: whether this is a demonstration site; elsewhere fictitious accounts open nothing.
    """
    if not secret:
        return None
    trouvee = session.scalar(select(SessionEspace).where(SessionEspace.empreinte == empreinte(secret))
                             .options(joinedload(SessionEspace.compte).joinedload(Compte.conseiller)))
    if trouvee is None or maintenant - trouvee.active_le > INACTIVITE or maintenant - trouvee.cree_le > DUREE_MAX:
        return None
    return trouvee if ouvre(trouvee.compte, demo) else None


def ouvre(compte: Optional[Compte], demo: bool) -> bool:
    """Whether an account lets anyone in."""
    return compte is not None and compte.desactive_le is None and (demo or not compte.demo)


def toucher(session: Session, session_id: int, maintenant: datetime) -> None:
    """The session was used now."""
    if (ouverte := session.get(SessionEspace, session_id)) is not None:
        ouverte.active_le = maintenant


def renouveler(session: Session, ouverte: SessionEspace) -> str:
    """A new secret for a session whose rights have just grown; the old cookie is worth nothing from now on."""
    secret = secrets.token_urlsafe(32)
    ouverte.empreinte = empreinte(secret)
    session.flush()
    return secret


def fermer_session(session: Session, session_id: int) -> None:
    session.execute(delete(SessionEspace).where(SessionEspace.id == session_id))


def fermer_sessions(session: Session, compte_id: int, sauf: Optional[int] = None) -> int:
    """Log an account out everywhere, but for the session `sauf`. Gives how many were closed."""
    condition = SessionEspace.compte_id == compte_id
    if sauf is not None:
        condition &= SessionEspace.id != sauf
    ids = session.scalars(select(SessionEspace.id).where(condition)).all()
    session.execute(delete(SessionEspace).where(SessionEspace.id.in_(ids)))
    return len(ids)
