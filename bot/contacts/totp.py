"""The second factor: codes of 30 seconds from a telephone (RFC 6238), and recovery codes for the day it is lost.
Who must have one, and when it is asked, belongs to `comptes` and to the site."""
from datetime import datetime, timedelta

import pyotp
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.contacts.cle import chiffrer, dechiffrer, hmac_hex
from bot.contacts.mots_de_passe import tirer
from bot.contacts.refus import Refus
from bot.contacts.tables import CodeSecours, Compte

USAGE, USAGE_SECOURS = "totp.secret", "totp.secours"
PAS = 30
EMETTEUR = "Assistant des indépendants"
NOMBRE_SECOURS = 10


class CodeRefuse(Refus):
    code, statut = "CODE_REFUSE", 422
    message = "Ce code ne convient pas, ou a déjà servi. Attendez le suivant sur votre téléphone, puis écrivez ses six chiffres."


def proposer(compte: Compte, cle: bytes) -> str:
    """A secret for the account, not active until a code confirms it; the one already proposed if there is one. Gives it in base 32."""
    if compte.totp_secret and compte.totp_actif_le is None:
        return dechiffrer(cle, USAGE, compte.totp_secret)
    secret = pyotp.random_base32()
    compte.totp_secret, compte.totp_pas, compte.totp_actif_le = chiffrer(cle, USAGE, secret), None, None
    return secret


def adresse(compte: Compte, secret: str) -> str:
    """The `otpauth://` address that the QR code holds."""
    return pyotp.TOTP(secret).provisioning_uri(name=compte.identifiant, issuer_name=EMETTEUR)


def _accepter(compte: Compte, code: str, cle: bytes, maintenant: datetime) -> bool:
    """Whether a code is right now, one step before or after, and was not used yet; the step is then used up (ASVS 6.5.1)."""
    chiffres = "".join(code.split())
    if not compte.totp_secret or len(chiffres) != 6 or not (chiffres.isascii() and chiffres.isdecimal()):
        return False
    totp = pyotp.TOTP(dechiffrer(cle, USAGE, compte.totp_secret), interval=PAS)
    for ecart in (0, -1, 1):
        instant = maintenant + timedelta(seconds=ecart * PAS)
        pas = int(instant.timestamp()) // PAS
        if (compte.totp_pas is None or pas > compte.totp_pas) and totp.verify(chiffres, for_time=instant):
            compte.totp_pas = pas
            return True
    return False


def activer(session: Session, compte: Compte, code: str, cle: bytes, maintenant: datetime) -> list[str]:
    """A first code confirms the proposed secret. Gives ten recovery codes, to show once. Raises CodeRefuse."""
    if compte.totp_actif_le is not None or not _accepter(compte, code, cle, maintenant):
        raise CodeRefuse
    compte.totp_actif_le = maintenant
    return renouveler_secours(session, compte, cle)


def renouveler_secours(session: Session, compte: Compte, cle: bytes) -> list[str]:
    """Ten new recovery codes, to show once; the former ones are worth nothing."""
    session.execute(delete(CodeSecours).where(CodeSecours.compte_id == compte.id))
    codes = [tirer(groupes=2) for _ in range(NOMBRE_SECOURS)]
    session.add_all(CodeSecours(compte_id=compte.id, empreinte=_empreinte(cle, compte, c)) for c in codes)
    session.flush()
    return codes


def verifier(session: Session, compte: Compte, code: str, cle: bytes, maintenant: datetime) -> str:
    """Check what was typed, a code of the telephone or a recovery code, and use it up. Gives « code » or « secours ». Raises CodeRefuse."""
    if compte.totp_actif_le is None:
        raise CodeRefuse
    if _accepter(compte, code, cle, maintenant):
        session.flush()
        return "code"
    secours = session.scalar(select(CodeSecours).where(
        CodeSecours.compte_id == compte.id, CodeSecours.empreinte == _empreinte(cle, compte, code), CodeSecours.utilise_le.is_(None))
        .with_for_update())
    if secours is None:
        raise CodeRefuse
    secours.utilise_le = maintenant
    session.flush()
    return "secours"


def secours_restants(session: Session, compte: Compte) -> int:
    return len(session.scalars(select(CodeSecours.id).where(CodeSecours.compte_id == compte.id, CodeSecours.utilise_le.is_(None))).all())


def retirer(session: Session, compte: Compte) -> None:
    """Forget the second factor of an account: the person attaches a telephone again."""
    session.execute(delete(CodeSecours).where(CodeSecours.compte_id == compte.id))
    compte.totp_secret = compte.totp_actif_le = compte.totp_pas = None


def _empreinte(cle: bytes, compte: Compte, code: str) -> str:
    return hmac_hex(cle, USAGE_SECOURS, f"{compte.id}:{code.strip().lower().replace(' ', '').replace('-', '')}")
