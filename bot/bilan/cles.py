"""Signing keys: drawn, enrolled, revoked. The private half is in a file only its owner reads, or encrypted in the database by the installation's key.

What is signed is `echange`. A key is enrolled out of band: the national fund compares its fingerprint by telephone before trusting it.
"""
import hashlib
import os
from base64 import b64decode, b64encode
from datetime import datetime
from pathlib import Path
from typing import Optional

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat, load_pem_private_key
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.contacts.cle import chiffrer, dechiffrer
from bot.contacts.historique import noter
from bot.contacts.refus import Refus
from bot.contacts.tables import CleBilan

USAGE = "bilan.cle"
NATIONALE = "nationale"


class CleAbsente(Refus):
    code, statut = "CLE_ABSENTE", 409
    message = "Aucune clé de signature n'est enregistrée pour cette caisse et cet exercice : « conseil bilan cle creer » en fait une."


class CleIllisible(Refus):
    code, statut = "CLE_ILLISIBLE", 422
    message = "Ce fichier n'est pas une clé Ed25519 (PEM). Donnez celui que « conseil bilan cle creer » a écrit."


class ClePublique(Refus):
    code, statut = "CLE_TROP_OUVERTE", 422
    message = "Ce fichier de clé peut être lu par d'autres comptes de ce poste. Réservez-le à son titulaire (chmod 600), puis recommencez."


class CleInconnue(Refus):
    code, statut = "CLE_INCONNUE", 404
    message = "Cette clé n'est pas enregistrée. Vérifiez son nom : « conseil bilan cle lister » donne la liste."


class CleDejaLa(Refus):
    code, statut = "CLE_DEJA_LA", 409
    message = "Cette clé est déjà enregistrée. Pour en changer, révoquez l'ancienne, puis créez-en une autre."


def publique_de(cle: Ed25519PrivateKey) -> str:
    """The public half, 32 bytes in base64."""
    return b64encode(cle.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def empreinte(publique: str) -> str:
    """What two people read to each other to be sure of a key: 8 groups of 4 hexadecimal digits."""
    chiffres = hashlib.sha256(b64decode(publique)).hexdigest()[:32]
    return " ".join(chiffres[i:i + 4] for i in range(0, 32, 4))


def creer(session: Session, caisse_code: Optional[str], annee: int, maintenant: datetime, *, cle_installation: Optional[bytes] = None,
          fichier: Optional[Path] = None, acteur: str = "commande") -> CleBilan:
    """Draw a key and enrol its public half; the private one goes to `fichier` (mode 600, never overwritten), else encrypted into the database.

    `caisse_code` None: the national fund's. The kid is « caisse-année », then « caisse-année-2 » for the next. Raises FileExistsError.
    """
    privee = Ed25519PrivateKey.generate()
    pem = privee.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    if fichier is not None:
        with os.fdopen(os.open(fichier, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as sortie:
            sortie.write(pem)
    elif cle_installation is None:
        raise CleAbsente
    chiffree = chiffrer(cle_installation, USAGE, pem.decode()) if fichier is None and cle_installation is not None else None
    return _garder(session, CleBilan(kid=_kid(session, caisse_code, annee), caisse_code=caisse_code,
                                     role="national" if caisse_code is None else "directeur", publique=publique_de(privee),
                                     privee_chiffree=chiffree, creee_le=maintenant), acteur, maintenant)


def enroler(session: Session, caisse_code: Optional[str], kid: str, publique: str, maintenant: datetime, acteur: str = "commande") -> CleBilan:
    """Trust a public key that another installation drew. Raises CleIllisible, CleDejaLa."""
    try:
        if len(b64decode(publique, validate=True)) != 32:
            raise ValueError
    except ValueError as e:
        raise CleIllisible from e
    if session.get(CleBilan, kid) or session.scalar(select(CleBilan).where(CleBilan.publique == publique)):
        raise CleDejaLa
    return _garder(session, CleBilan(kid=kid, caisse_code=caisse_code, role="national" if caisse_code is None else "directeur", publique=publique,
                                     creee_le=maintenant), acteur, maintenant)


def _garder(session: Session, cle: CleBilan, acteur: str, maintenant: datetime) -> CleBilan:
    session.add(cle)
    session.flush()
    noter(session, le=maintenant, acteur=acteur, commande="bilan.cle.enroler", objet="cle_bilan", objet_id=cle.kid[:40], origine="commande",
          apres={"kid": cle.kid, "role": cle.role, "publique": cle.publique})
    return cle


def revoquer(session: Session, kid: str, raison: str, maintenant: datetime, acteur: str = "commande") -> CleBilan:
    """A key is worth nothing any more, from now on: a file received later and signed by it is refused (K06). Raises CleInconnue."""
    cle = session.get(CleBilan, kid)
    if cle is None:
        raise CleInconnue
    if cle.revoquee_le is None:
        cle.revoquee_le, cle.revocation = maintenant, raison[:200]
        noter(session, le=maintenant, acteur=acteur, commande="bilan.cle.revoquer", objet="cle_bilan", objet_id=kid[:40], origine="commande",
              apres={"revoquee": True})
    return cle


def _kid(session: Session, caisse_code: Optional[str], annee: int) -> str:
    base = f"{caisse_code or NATIONALE}-{annee}"
    rang = session.scalar(select(func.count()).select_from(CleBilan).where(CleBilan.kid.in_((base, *(f"{base}-{n}" for n in range(2, 100)))))) or 0
    return base if not rang else f"{base}-{rang + 1}"


def en_vigueur(session: Session, caisse_code: Optional[str], annee: int) -> CleBilan:
    """The newest key of a caisse (None: the national fund) that is not revoked, for a year. Raises CleAbsente."""
    base = f"{caisse_code or NATIONALE}-{annee}"
    requete = select(CleBilan).where(CleBilan.revoquee_le.is_(None), CleBilan.kid.in_((base, *(f"{base}-{n}" for n in range(2, 100)))))
    trouvees = [c for c in session.scalars(requete.order_by(CleBilan.creee_le.desc(), CleBilan.kid.desc())) if c.caisse_code == caisse_code]
    if not trouvees:
        raise CleAbsente
    return trouvees[0]


def privee(cle: CleBilan, cle_installation: bytes) -> Ed25519PrivateKey:
    """The private half that the database keeps. Raises CleAbsente when it is in a file elsewhere."""
    if cle.privee_chiffree is None:
        raise CleAbsente
    return _charger(dechiffrer(cle_installation, USAGE, cle.privee_chiffree).encode())


def lire_fichier(chemin: Path) -> Ed25519PrivateKey:
    """A private key from its file. Raises CleIllisible, ClePublique (others of this machine may read it)."""
    try:
        if os.name == "posix" and chemin.stat().st_mode & 0o077:
            raise ClePublique
        return _charger(chemin.read_bytes())
    except OSError as e:
        raise CleIllisible from e


def _charger(pem: bytes) -> Ed25519PrivateKey:
    try:
        cle = load_pem_private_key(pem, None)
    except (ValueError, TypeError) as e:
        raise CleIllisible from e
    if not isinstance(cle, Ed25519PrivateKey):
        raise CleIllisible
    return cle
