"""The life of a caisse's bilan (§4c): who may make it pass from one state to the next, and what is frozen on the way.

brouillon → controle → signe → transmis → accuse → accepte | refuse → consolide → clos. Figures freeze when checked, for good when signed.
"""
import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Mapping, Optional

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.bilan import assemblage, echange, registre
from bot.bilan.controles import CAISSE, Dossier, Rapport, controler
from bot.contacts.historique import noter
from bot.contacts.refus import Refus
from bot.contacts.tables import Bilan, VisaBilan
from bot.contacts.tables.bilan import VISAS
from bot.horloge import PARIS

# What may follow what. « remplace » is where a former sequence ends once its rectificatif is accepted.
SUITES: Mapping[str, tuple[str, ...]] = {
    "brouillon": ("controle",), "controle": ("brouillon", "controle", "signe"), "signe": ("brouillon", "transmis"), "transmis": ("accuse",),
    "accuse": ("accepte", "refuse"), "refuse": ("brouillon",), "accepte": ("consolide", "remplace"), "consolide": ("clos", "remplace"),
    "clos": ("remplace",), "remplace": ()}
# Which levels may bring a bilan to a state (R05, R12). « commande » is the operator of the server, who holds the key's file.
QUI: Mapping[str, frozenset[str]] = {
    "brouillon": frozenset({"responsable", "directeur"}), "controle": frozenset({"responsable", "directeur"}), "signe": frozenset({"directeur"}),
    "transmis": frozenset({"directeur", "responsable"}), "accuse": frozenset({"national"}), "accepte": frozenset({"national"}),
    "refuse": frozenset({"national"}), "consolide": frozenset({"national"}), "clos": frozenset({"national"}), "remplace": frozenset({"national"})}
QUI_VISE = {"chiffres": "agent_comptable", "prevention": "medecin_conseil"}
COMMANDE = "commande"


class SuiteInterdite(Refus):
    code, statut = "SUITE_INTERDITE", 409
    message = "Le bilan n'est pas dans un état qui permet cela. Rechargez la page pour voir où il en est."


class PasAVous(Refus):
    code, statut = "ROLE_INTERDIT", 403
    message = "Cette étape revient à un autre rôle : le responsable prépare, le directeur signe, la caisse nationale reçoit."


class ControlesEnEchec(Refus):
    """Blocking rules fail: the ids are in `regles`."""

    code, statut = "CONTROLES_EN_ECHEC", 409

    def __init__(self, rapport: Rapport):
        self.regles = sorted({c.regle for c in rapport.bloquants})
        self.rapport = rapport
        super().__init__(f"Le bilan ne passe pas les contrôles {', '.join(self.regles)}. Le rapport dit quoi corriger ; rien n'est perdu.")


class VisaManquant(Refus):
    code, statut = "VISA_MANQUANT", 409
    message = "Avant la signature, l'agent comptable vise les chiffres et le médecin-conseil la rédaction de la prévention."


class DonneesChangees(Refus):
    code, statut = "DONNEES_CHANGEES", 409
    message = "Le contenu contrôlé n'est plus celui que vous avez lu. Relisez-le, puis recommencez."


class BilanAbsent(Refus):
    code, statut = "BILAN_ABSENT", 404
    message = "Ce bilan n'existe pas encore. Ouvrez la préparation de l'exercice."


class ExerciceClos(Refus):
    code, statut = "EXERCICE_CLOS", 409
    message = "L'exercice est clos : un rectificatif n'est plus possible. La caisse nationale peut ouvrir un erratum."


@dataclass(frozen=True)
class Acte:
    """Who acts, with which levels; `commande` for the operator of the server."""

    acteur: str
    niveaux: frozenset[str]
    conseiller_id: Optional[int] = None
    origine: str = "espace"

    @property
    def role(self) -> Optional[str]:
        return min(self.niveaux) if len(self.niveaux) == 1 else None


OPERATEUR = Acte(COMMANDE, frozenset({COMMANDE}), origine="commande")


def autorise(acte: Acte, vers: str) -> bool:
    """Whether someone may bring a bilan to a state."""
    return COMMANDE in acte.niveaux or not acte.niveaux.isdisjoint(QUI[vers])


def passer(session: Session, bilan: Bilan, vers: str, acte: Acte, maintenant: datetime, **apres: Any) -> None:
    """One step. Raises SuiteInterdite, PasAVous."""
    if vers not in SUITES[bilan.etat]:
        raise SuiteInterdite
    if not autorise(acte, vers):
        raise PasAVous
    avant, bilan.etat = bilan.etat, vers
    session.flush()
    noter(session, le=maintenant, acteur=acte.acteur, role=acte.role, commande=f"bilan.{vers}", objet="bilan", objet_id=bilan.id,
          origine=acte.origine, avant={"etat": avant}, apres={"etat": vers, **apres})


# -- at the caisse -------------------------------------------------------------------------------------------------------------------------


def courant(session: Session, caisse_code: str, annee: int) -> Optional[Bilan]:
    """The newest sequence of a caisse and year."""
    return session.scalar(select(Bilan).where(Bilan.caisse_code == caisse_code, Bilan.annee == annee).order_by(Bilan.sequence.desc()).limit(1))


def preparer(session: Session, caisse_code: str, annee: int, acte: Acte, maintenant: datetime) -> Bilan:
    """The bilan being made: the newest one, or the first. A refused one is taken up again. Raises PasAVous, SocleAbsent."""
    bilan = courant(session, caisse_code, annee)
    if bilan is not None and bilan.etat == "refuse":
        passer(session, bilan, "brouillon", acte, maintenant)
    if bilan is not None:
        return bilan
    if not autorise(acte, "brouillon"):
        raise PasAVous
    bilan = Bilan(caisse_code=caisse_code, annee=annee, sequence=1, etat="brouillon", cree_le=maintenant)
    session.add(bilan)
    session.flush()
    noter(session, le=maintenant, acteur=acte.acteur, role=acte.role, commande="bilan.preparer", objet="bilan", objet_id=bilan.id,
          origine=acte.origine, apres={"caisse_code": caisse_code, "annee": annee, "sequence": 1})
    return bilan


def rectifier(session: Session, bilan: Bilan, acte: Acte, maintenant: datetime) -> Bilan:
    """Begin a rectificatif: sequence + 1, which will replace the former whole. Raises SuiteInterdite (nothing accepted yet), ExerciceClos."""
    if not autorise(acte, "brouillon"):
        raise PasAVous
    if bilan.etat not in ("accepte", "consolide", "clos") or bilan.sha256 is None:
        raise SuiteInterdite
    if registre.lire(session, bilan.annee).etat == "clos":
        raise ExerciceClos
    suivant = Bilan(caisse_code=bilan.caisse_code, annee=bilan.annee, sequence=bilan.sequence + 1, etat="brouillon", remplace=bilan.sha256,
                    cree_le=maintenant)
    session.add(suivant)
    session.flush()
    noter(session, le=maintenant, acteur=acte.acteur, role=acte.role, commande="bilan.rectifier", objet="bilan", objet_id=suivant.id,
          origine=acte.origine, apres={"sequence": suivant.sequence, "remplace": suivant.remplace})
    return suivant


def dossier_de(session: Session, payload: Mapping[str, Any], maintenant: datetime) -> Dossier:
    """What the rules look at before signing: this content, the register of its year, the bilan of the year before."""
    avant = courant(session, payload["caisse"], payload["exercice"] - 1)
    precedent = json.loads(avant.contenu) if avant is not None and avant.contenu else None
    return Dossier(payload, registre.lire(session, payload["exercice"]), maintenant, precedent=precedent)


def controler_bilan(session: Session, bilan: Bilan, acte: Acte, maintenant: datetime, arrete: Optional[date] = None) -> Rapport:
    """Read the data, play the rules, and keep both. When none blocks, the content is fixed: visas and signature will bear on these very bytes.

    `arrete`: the day data are stopped at, today by default. A failed check leaves a draft with its report. Raises SuiteInterdite, PasAVous.
    """
    if bilan.etat not in ("brouillon", "controle"):
        raise SuiteInterdite
    if not autorise(acte, "controle"):
        raise PasAVous
    jour = arrete or maintenant.astimezone(PARIS).date()
    payload = assemblage.assembler(session, bilan.caisse_code, bilan.annee, jour, sequence=bilan.sequence, remplace=bilan.remplace)
    rapport = controler(dossier_de(session, payload, maintenant), CAISSE)
    payload["controles"] = rapport.resume()
    contenu = echange.canonique(payload).decode()
    bilan.rapport, bilan.controle_le = rapport.en_dict(), maintenant
    bilan.contenu, bilan.sha256 = contenu, echange.sha256(payload)
    if rapport.passe:
        passer(session, bilan, "controle", acte, maintenant, sha256=bilan.sha256)
    elif bilan.etat == "controle":
        passer(session, bilan, "brouillon", acte, maintenant)
    session.flush()
    return rapport


def rouvrir(session: Session, bilan: Bilan, acte: Acte, maintenant: datetime) -> None:
    """Back to a draft before anything was sent; a signature made is given up. Raises SuiteInterdite, PasAVous."""
    passer(session, bilan, "brouillon", acte, maintenant)
    bilan.enveloppe = bilan.signe_le = None
    session.flush()


def viser(session: Session, bilan: Bilan, genre: str, acte: Acte, maintenant: datetime, sha256: str) -> VisaBilan:
    """A visa on the checked content one has read (`sha256`). Raises SuiteInterdite, PasAVous, DonneesChangees."""
    if bilan.etat != "controle" or genre not in VISAS:
        raise SuiteInterdite
    if QUI_VISE[genre] not in acte.niveaux or acte.conseiller_id is None:
        raise PasAVous
    if bilan.sha256 != sha256:
        raise DonneesChangees
    visa = session.merge(VisaBilan(bilan_id=bilan.id, genre=genre, sha256=sha256, conseiller_id=acte.conseiller_id, le=maintenant))
    session.flush()
    noter(session, le=maintenant, acteur=acte.acteur, role=QUI_VISE[genre], commande="bilan.viser", objet="bilan", objet_id=bilan.id,
          origine=acte.origine, apres={"visa": genre, "sha256": sha256})
    return visa


def visas(session: Session, bilan: Bilan) -> dict[str, VisaBilan]:
    """The visas that hold for the content as it is."""
    lus = session.scalars(select(VisaBilan).where(VisaBilan.bilan_id == bilan.id, VisaBilan.sha256 == bilan.sha256))
    return {v.genre: v for v in lus}


def signer(session: Session, bilan: Bilan, cle: Ed25519PrivateKey, kid: str, acte: Acte, maintenant: datetime, *,
           sha256: Optional[str] = None) -> bytes:
    """Sign the checked content; from here on its bytes never change. The workspace asks for both visas; `sha256` is what the director read.

    Raises SuiteInterdite, PasAVous, DonneesChangees, VisaManquant.
    """
    if bilan.etat != "controle" or bilan.contenu is None:
        raise SuiteInterdite
    if not autorise(acte, "signe"):
        raise PasAVous
    if sha256 is not None and bilan.sha256 != sha256:
        raise DonneesChangees
    if COMMANDE not in acte.niveaux and set(visas(session, bilan)) != set(VISAS):
        raise VisaManquant
    octets = echange.enveloppe(json.loads(bilan.contenu), cle, kid, "directeur", maintenant)
    bilan.enveloppe, bilan.signe_le = octets.decode(), maintenant
    passer(session, bilan, "signe", acte, maintenant, kid=kid)
    return octets


def transmettre(session: Session, bilan: Bilan, acte: Acte, maintenant: datetime) -> bytes:
    """The signed file leaves; late is accepted, and flagged (K22). Sent to the national fund of this same installation, it is received by
    `reception`. Raises SuiteInterdite, PasAVous."""
    passer(session, bilan, "transmis", acte, maintenant)
    bilan.transmis_le = maintenant
    bilan.hors_delai = maintenant > registre.lire(session, bilan.annee).limite
    session.flush()
    return (bilan.enveloppe or "").encode()


def enregistrer_accuse(session: Session, accuse: Mapping[str, Any], acte: Acte, maintenant: datetime) -> Optional[Bilan]:
    """The receipt of the national fund, on the bilan whose content it names; None when it is not of this installation. A rectificatif that was
    accepted ends the life of the one it replaces."""
    bilan = session.scalar(select(Bilan).where(Bilan.sha256 == accuse["sha256"], Bilan.etat.in_(("signe", "transmis", "accuse")))
                           .order_by(Bilan.id.desc()).limit(1))
    if bilan is None:
        return None
    if bilan.etat == "signe":
        passer(session, bilan, "transmis", OPERATEUR, maintenant)
        bilan.transmis_le = maintenant
    if bilan.etat == "transmis":
        passer(session, bilan, "accuse", acte, maintenant)
    bilan.accuse, bilan.hors_delai = dict(accuse), bool(accuse.get("hors_delai"))
    passer(session, bilan, "accepte" if accuse["accepte"] else "refuse", acte, maintenant)
    if not accuse["accepte"]:
        bilan.transmis_le = None  # a refused bilan is still due: countdown and reminders go on
    if accuse["accepte"] and bilan.remplace:
        ancien = session.scalar(select(Bilan).where(Bilan.caisse_code == bilan.caisse_code, Bilan.annee == bilan.annee,
                                                    Bilan.sequence == bilan.sequence - 1))
        if ancien is not None and "remplace" in SUITES[ancien.etat]:
            passer(session, ancien, "remplace", acte, maintenant)
    session.flush()
    return bilan


def compter(session: Session, annee: int) -> dict[str, int]:
    """How many bilans of a year stand in each state."""
    return {etat: n for etat, n in session.execute(select(Bilan.etat, func.count()).where(Bilan.annee == annee).group_by(Bilan.etat))}
