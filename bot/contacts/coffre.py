"""A backup under lock and key: a file encrypted in slices (AES-256-GCM), so that it needs no memory and that a missing or swapped slice is seen.

The key is CONSEIL_CLE_SAUVEGARDES, another one than the installation's; what is in the file is `bot.contacts.sauvegarde`.
"""
import hashlib
import os
import secrets
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.contacts.refus import Refus

MARQUE = b"CONSEIL-SAUVEGARDE-1\n"
SUFFIXE = ".chiffre"
TRANCHE = 1 << 20
_SEL, _SCEAU = 16, 16


class CoffreFerme(Refus):
    code, statut = "SAUVEGARDE_CHIFFREE", 409
    message = "Cette sauvegarde est chiffrée : donnez dans CONSEIL_CLE_SAUVEGARDES la clé du jour où elle fut faite. Rien n'a été changé."


class CoffreForce(Refus):
    code, statut = "SAUVEGARDE_MAUVAISE_CLE", 422
    message = "Cette sauvegarde ne s'ouvre pas : la clé (CONSEIL_CLE_SAUVEGARDES) n'est pas la sienne, ou le fichier est abîmé. Rien n'a été changé."


def est_chiffre(fichier: Path) -> bool:
    """Whether a file was written by `enfermer`. Raises OSError."""
    with fichier.open("rb") as f:
        return f.read(len(MARQUE)) == MARQUE


def enfermer(fichier: Path, cle: str) -> Path:
    """Encrypt a file beside itself and remove it; gives the new path, mode 600, on the disk before the clear one goes."""
    chemin = fichier.with_name(fichier.name + SUFFIXE)
    sel = secrets.token_bytes(_SEL)
    with fichier.open("rb") as clair, os.fdopen(os.open(chemin, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as ferme:
        ferme.write(MARQUE + sel)
        coffre = _coffre(cle, sel)
        for rang, (tranche, derniere) in enumerate(_tranches(clair, TRANCHE)):
            ferme.write(coffre.encrypt(_nonce(rang, derniere), tranche, MARQUE))
        ferme.flush()
        os.fsync(ferme.fileno())
    fichier.unlink()
    return chemin


@contextmanager
def ouvert(fichier: Path, cle: "str | None") -> Iterator[Path]:
    """The clear file of a backup, for the time of its return; the file itself when it was never encrypted. Raises CoffreFerme, CoffreForce."""
    if not fichier.is_file() or not est_chiffre(fichier):
        yield fichier
        return
    if not cle:
        raise CoffreFerme
    with tempfile.TemporaryDirectory(prefix=".retour-", dir=fichier.parent) as dossier:
        clair = Path(dossier) / fichier.name.removesuffix(SUFFIXE)
        _ouvrir(fichier, clair, cle)
        yield clair


def _ouvrir(fichier: Path, vers: Path, cle: str) -> None:
    with fichier.open("rb") as ferme, os.fdopen(os.open(vers, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as clair:
        ferme.read(len(MARQUE))
        coffre = _coffre(cle, ferme.read(_SEL))
        try:
            for rang, (tranche, derniere) in enumerate(_tranches(ferme, TRANCHE + _SCEAU)):
                clair.write(coffre.decrypt(_nonce(rang, derniere), tranche, MARQUE))
        except InvalidTag as e:
            raise CoffreForce from e


def _coffre(cle: str, sel: bytes) -> AESGCM:
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=sel, info=b"sauvegarde").derive(hashlib.sha256(cle.encode()).digest()))


def _nonce(rang: int, derniere: bool) -> bytes:
    """One a slice, and another one for the last: a file cut short, or whose slices were moved, does not open."""
    return rang.to_bytes(11, "big") + bytes([derniere])


def _tranches(flux: BinaryIO, taille: int) -> Iterator[tuple[bytes, bool]]:
    """The slices of a file, each with whether it is the last; an empty file has one, empty."""
    tranche = flux.read(taille)
    while True:
        suivante = flux.read(taille)
        yield tranche, not suivante
        if not suivante:
            return
        tranche = suivante
