"""The key of this installation: signs form tokens and codes, encrypts what must be read again. Secrets that are only compared are hashed instead.
One key, one purpose each time: every use derives its own from it, so that nothing signed for one place is worth anything in another."""
import hashlib
import hmac
import os
import secrets
from base64 import urlsafe_b64encode
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.reglages import Reglages

LONGUEUR_MIN = 32


class CleTropCourte(ValueError):
    """CONSEIL_CLE is too short to be a key."""

    code = "CLE_TROP_COURTE"


class CleAutre(ValueError):
    """What is read was encrypted with another key."""

    code = "CLE_AUTRE"


def cle_installation(reglages: Reglages) -> bytes:
    """The 32 bytes of this installation's key: made from CONSEIL_CLE, or from the file `cle` of its data folder, drawn at the first need.

    Several fronts on one database must be given the same CONSEIL_CLE. Raises CleTropCourte.
    """
    if reglages.cle:
        secret = reglages.cle.get_secret_value()
        if len(secret) < LONGUEUR_MIN:
            raise CleTropCourte(f"CONSEIL_CLE doit compter au moins {LONGUEUR_MIN} caractères tirés au hasard.")
        return hashlib.sha256(secret.encode()).digest()
    chemin = reglages.donnees / "cle"
    if not chemin.exists():
        _tirer(chemin)
    return hashlib.sha256(chemin.read_bytes().strip()).digest()


def _tirer(chemin: Path) -> None:
    """Write a new key beside its place and put it there in one move: of two processes that start together, the first one's stays."""
    chemin.parent.mkdir(parents=True, exist_ok=True)
    brouillon = chemin.with_name(f"cle.{secrets.token_hex(8)}")
    with os.fdopen(os.open(brouillon, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as fichier:
        fichier.write(secrets.token_urlsafe(32))
        fichier.flush()
        os.fsync(fichier.fileno())
    try:
        os.link(brouillon, chemin)
    except FileExistsError:
        pass
    finally:
        brouillon.unlink()


def _derivee(cle: bytes, usage: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=usage.encode()).derive(cle)


def hmac_hex(cle: bytes, usage: str, valeur: str) -> str:
    """HMAC-SHA256 in 64 hexadecimal digits. `usage` names the place: the same value signed for two uses gives two results."""
    return hmac.new(_derivee(cle, usage), valeur.encode(), hashlib.sha256).hexdigest()


def chiffrer(cle: bytes, usage: str, texte: str) -> str:
    """A text that only this installation can read again (Fernet: AES-128-CBC and HMAC-SHA256)."""
    return Fernet(urlsafe_b64encode(_derivee(cle, usage))).encrypt(texte.encode()).decode()


def dechiffrer(cle: bytes, usage: str, chiffre: str) -> str:
    """The text that `chiffrer` hid. Raises CleAutre when the key or the text has changed."""
    try:
        return Fernet(urlsafe_b64encode(_derivee(cle, usage))).decrypt(chiffre.encode()).decode()
    except InvalidToken as e:
        raise CleAutre("Ce secret a été chiffré avec une autre clé que celle de cette installation (CONSEIL_CLE).") from e
