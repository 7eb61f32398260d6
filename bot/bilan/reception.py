"""Receiving a caisse's file at the national fund: read, checked, kept whatever becomes of it, and answered by a receipt.

The rules are `controles`; adding the accepted files together is `national`.
"""
import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Mapping, Optional

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.bilan import echange, etats, registre
from bot.bilan.controles import NATIONAL, Dossier, Rapport, controler
from bot.bilan.echange import TAILLE_MAX, Lecture
from bot.contacts.historique import noter
from bot.contacts.refus import Refus
from bot.contacts.tables import BilanRecu, CleBilan, CommentaireBilan
from bot.texte.normalisation import nettoyer

RETENUS = ("accepte", "consolide", "clos")
COMMENTAIRE_MAX = 3_500


class CommentaireVide(Refus):
    code, statut = "COMMENTAIRE_VIDE", 422
    message = f"Écrivez votre commentaire, en {COMMENTAIRE_MAX} signes au plus."


class FichierAbsent(Refus):
    code, statut = "FICHIER_ABSENT", 422
    message = "Aucun fichier n'a été reçu. Choisissez le fichier « bilan-….json » de la caisse, puis recommencez."


@dataclass(frozen=True)
class CleNationale:
    """The key that signs receipts."""

    privee: Ed25519PrivateKey
    kid: str


def recevoir(session: Session, nom: str, octets: bytes, maintenant: datetime, acte: etats.Acte = etats.OPERATEUR,
             cle: Optional[CleNationale] = None) -> BilanRecu:
    """Receive one file: accepted, or refused with the rules it breaks; a survey block or a question may be refused alone (K16, K17).

    Nothing is lost: a refused file stays in the log. An accepted rectificatif takes the place of the former file, whole. When the bilan was made in
    this installation its state follows. Raises ExerciceFerme, SocleAbsent.
    """
    exercice = registre.exercice_ouvert(session, maintenant)
    national = registre.lire(session, exercice.annee)
    lecture = echange.lire(octets)
    code = (lecture.payload or {}).get("caisse")
    dernier = dernier_accepte(session, code, exercice.annee)
    dossier = Dossier(lecture.payload, national, maintenant, lecture=lecture,
                      dernier=(dernier.sequence or 0, dernier.sha256 or "") if dernier else None, precedent=_precedent(session, code, exercice.annee))
    rapport = controler(dossier, NATIONAL)
    recu = _garder(session, nom, lecture, rapport, national, maintenant, dernier, cle)
    noter(session, le=maintenant, acteur=acte.acteur, role=acte.role, commande="bilan.recevoir", objet="bilan_recu", objet_id=recu.id,
          origine=acte.origine, apres={"caisse_code": recu.caisse_code, "etat": recu.etat, "regles": sorted({c["regle"] for c in recu.constats})})
    if recu.sha256 is not None and (recu.etat == "accepte" or not _forme_douteuse(rapport)):
        etats.enregistrer_accuse(session, recu.accuse, etats.OPERATEUR, maintenant)
    return recu


def _forme_douteuse(rapport: Rapport) -> bool:
    """A refusal that says nothing of the caisse's own bilan: its file was altered, forged, or sent twice on the way."""
    return bool({c.regle for c in rapport.bloquants} & {"K01", "K02", "K03", "K04", "K05", "K06", "K09"})


def _garder(session: Session, nom: str, lecture: Lecture, rapport: Rapport, national: registre.Registre, maintenant: datetime,
            dernier: Optional[BilanRecu], cle: Optional[CleNationale]) -> BilanRecu:
    payload = lecture.payload or {}
    etat = "accepte" if rapport.passe else "refuse"
    if etat == "accepte" and dernier is not None:
        dernier.etat = "remplace"
        session.flush()
    recu = BilanRecu(annee=national.annee, caisse_code=payload.get("caisse"), sequence=payload.get("sequence"),
                     fichier=nettoyer(nom)[:200] or "sans nom", fichier_sha256=lecture.empreinte,
                     sha256=lecture.enveloppe["sha256"] if lecture.enveloppe else None, enveloppe=_texte(lecture),
                     etat=etat, recu_le=maintenant, hors_delai=maintenant > national.limite, constats=[c.en_dict() for c in rapport.constats],
                     ecartes=rapport.ecartes, registre_sha256=national.sha256, accuse={})
    recu.accuse = accuse(recu, national.annee, cle)
    session.add(recu)
    session.flush()
    return recu


def _texte(lecture: Lecture) -> Optional[str]:
    """The bytes as kept: those of a file that could be read, or of a refused text of honest size."""
    if len(lecture.octets) > TAILLE_MAX:
        return None
    try:
        texte = lecture.octets.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\x00" in texte else texte


def accuse(recu: BilanRecu, annee: int, cle: Optional[CleNationale]) -> dict[str, Any]:
    """The receipt returned to the caisse: what was accepted and refused, the rules, the hash of the file, the time, the national signature."""
    contenu: dict[str, Any] = {
        "format": "accuse-bilan", "format_version": "1.0", "caisse": recu.caisse_code, "exercice": annee, "sequence": recu.sequence,
        "fichier": recu.fichier, "fichier_sha256": recu.fichier_sha256, "sha256": recu.sha256,
        "recu_le": f"{recu.recu_le.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%SZ}",
        "hors_delai": recu.hors_delai, "accepte": recu.etat == "accepte", "ecartes": recu.ecartes, "constats": recu.constats}
    if cle is not None:
        contenu["signature"] = {"alg": "Ed25519", "kid": cle.kid, "valeur": b64encode(cle.privee.sign(echange.canonique(contenu))).decode()}
    return contenu


class AccuseInvalide(Refus):
    code, statut = "ACCUSE_INVALIDE", 422
    message = "Ce fichier n'est pas un accusé signé par la caisse nationale. Redemandez-le-lui."


def lire_accuse(session: Session, octets: bytes) -> dict[str, Any]:
    """A receipt from the national fund of another installation, its signature checked against an enrolled national key. Raises AccuseInvalide."""
    try:
        contenu = json.loads(octets)
        signature = contenu["signature"]
        cle = session.get(CleBilan, signature["kid"])
        if contenu["format"] != "accuse-bilan" or cle is None or cle.role != "national" or cle.revoquee_le is not None:
            raise AccuseInvalide
        corps = echange.canonique({nom: v for nom, v in contenu.items() if nom != "signature"})
        Ed25519PublicKey.from_public_bytes(b64decode(cle.publique)).verify(b64decode(signature["valeur"]), corps)
    except (ValueError, KeyError, TypeError, InvalidSignature) as e:
        raise AccuseInvalide from e
    return dict(contenu)


def dernier_accepte(session: Session, caisse_code: Optional[str], annee: int) -> Optional[BilanRecu]:
    """The file that counts for a caisse and year."""
    return session.scalar(select(BilanRecu).where(BilanRecu.caisse_code == caisse_code, BilanRecu.annee == annee, BilanRecu.etat.in_(RETENUS)))


def recontroler(session: Session, annee: int, maintenant: datetime, cle: Optional[CleNationale] = None) -> list[BilanRecu]:
    """Check the accepted files again, against the register as it now is; gives those that no longer pass, refused from now on. A signature is
    judged at the instant the file came in: a key revoked since was good then."""
    national, refuses = registre.lire(session, annee), []
    for recu in [r for r in recus(session, annee) if r.etat in RETENUS]:
        lecture = echange.lire((recu.enveloppe or "").encode())
        sequence = recu.sequence or 1
        dernier = (sequence - 1, (lecture.payload or {}).get("remplace") or "") if sequence > 1 else None
        precedent = _precedent(session, recu.caisse_code, annee)
        rapport = controler(Dossier(lecture.payload, national, recu.recu_le, lecture, dernier, precedent), NATIONAL)
        recu.constats, recu.ecartes, recu.registre_sha256 = [c.en_dict() for c in rapport.constats], rapport.ecartes, national.sha256
        if not rapport.passe:
            recu.etat = "refuse"
            refuses.append(recu)
        recu.accuse = accuse(recu, annee, cle)
        noter(session, le=maintenant, acteur="systeme", commande="bilan.recontroler", objet="bilan_recu", objet_id=recu.id, origine="systeme",
              apres={"etat": recu.etat})
    session.flush()
    return refuses


def _precedent(session: Session, caisse_code: Optional[str], annee: int) -> Optional[Mapping[str, Any]]:
    avant = dernier_accepte(session, caisse_code, annee - 1)
    lue = echange.lire((avant.enveloppe or "").encode()) if avant else None
    return lue.payload if lue else None


def recus(session: Session, annee: int) -> list[BilanRecu]:
    """Every file received for a year, oldest first: the reception table and the refusal log."""
    return list(session.scalars(select(BilanRecu).where(BilanRecu.annee == annee).order_by(BilanRecu.id)))


def commenter(session: Session, recu: BilanRecu, texte: str, conseiller_id: int, maintenant: datetime) -> CommentaireBilan:
    """A comment of the working group on a bilan received (R12). Raises CommentaireVide."""
    propre = nettoyer(texte)
    if not propre or len(propre) > COMMENTAIRE_MAX:
        raise CommentaireVide
    commentaire = CommentaireBilan(bilan_recu_id=recu.id, conseiller_id=conseiller_id, texte=propre, le=maintenant)
    session.add(commentaire)
    session.flush()
    noter(session, le=maintenant, acteur=f"conseiller:{conseiller_id}", role="groupe_travail", commande="bilan.commenter", objet="bilan_recu",
          objet_id=recu.id, origine="espace")
    return commentaire
