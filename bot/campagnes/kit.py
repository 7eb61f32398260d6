"""The kit: eight tools with their versions, who received which, and the adaptations of a caisse (R53-R59).

What a tool says is elsewhere (trame in knowledge/trames, letters in `modeles`, questionnaire in `enquete`, bilan type in `bilan`).
"""
import hashlib
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Iterator, Mapping, Optional
from zoneinfo import ZoneInfo

import rfc8785
from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.campagnes.schema import Bloc, Code, Phrase, charger
from bot.contacts.historique import noter
from bot.contacts.refus import Refus
from bot.contacts.tables import Caisse, Outil, OutilVersion, Reception, Role
from bot.contacts.tables.caisse import NIVEAUX
from bot.knowledge.chemins import KNOWLEDGE
from bot.knowledge.lecture import ErreurConnaissance
from bot.knowledge.verification import Defaut

# R54: « adaptable localement » stands beside these three, and beside no other.
ADAPTABLES = ("trame", "courrier_invitation", "support_ae")
CODES = ("bilan_type", "enquete", "trame", "courrier_invitation", "supports", "requetage", "support_ae", "script_eirl")
DESTINATAIRES = ("directeur", "agent_comptable", "medecin_conseil", "responsable_oc")


class OutilInconnu(Refus):
    code, statut = "OUTIL_INCONNU", 404
    message = "Cet outil n'est pas dans le kit. Choisissez-en un de la liste."


class OutilNonAdaptable(Refus):
    code, statut = "OUTIL_VERROUILLE", 422
    message = "Cet outil est commun à toutes les caisses et ne s'adapte pas. Seuls s'adaptent la trame, le courrier et le support auto-entrepreneur."


class OutilNonPublie(Refus):
    code, statut = "OUTIL_NON_PUBLIE", 409
    message = "Cet outil n'a pas encore de version nationale. Installez d'abord le kit."


class VersionDeja(Refus):
    code, statut = "VERSION_DEJA_PUBLIEE", 409
    message = "Cette version existe déjà avec un autre contenu. Donnez un nouveau numéro à la vôtre."


class VersionNonTransmise(Refus):
    code, statut = "VERSION_NON_TRANSMISE", 404
    message = "Cette version n'a pas été transmise à cette caisse pour ce rôle."


class RoleManquant(Refus):
    code, statut = "ROLE_MANQUANT", 403
    message = "Seule une personne qui tient ce rôle dans la caisse peut accuser réception. Demandez-le-lui."


class AdaptationVide(Refus):
    code, statut = "ADAPTATION_VIDE", 422
    message = "Le texte de l'adaptation est vide. Écrivez-le, ou gardez la version nationale."


# -- the file ------------------------------------------------------------------------------------------------------------------------------


class OutilKit(Bloc):
    code: Code
    titre: Annotated[Phrase, Field(max_length=160)]
    adaptable: bool
    version: Annotated[str, Field(max_length=20)]
    date: date
    fichiers: list[str]
    sha256: Optional[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]] = None
    prise_en_main: Annotated[Phrase, Field(max_length=300)]


class Annexe(Bloc):
    titre: Phrase
    corpus: Phrase
    outil: Optional[Code] = None


class Kit(Bloc):
    edition: Phrase
    mention: Phrase
    destinataires: list[Code]
    outils: list[OutilKit]
    annexes: list[Annexe]


def lire_kit(dossier: Path = KNOWLEDGE) -> Kit:
    """knowledge/kit.yml. Raises ErreurConnaissance, CampagneInvalide."""
    return charger(dossier / "kit.yml", Kit)


def fichiers_de(outil: OutilKit, dossier: Path = KNOWLEDGE) -> list[Path]:
    """The files of a tool that are there, in order."""
    return sorted({f for motif in outil.fichiers for f in dossier.glob(motif)})


def empreinte(outil: OutilKit, dossier: Path = KNOWLEDGE) -> str:
    """SHA-256 of a tool: of its files (names and contents), else of what kit.yml says of it."""
    presents = fichiers_de(outil, dossier)
    contenu: Any = ([[f.relative_to(dossier).as_posix(), hashlib.sha256(f.read_bytes()).hexdigest()] for f in presents]
                    or outil.model_dump(mode="json", exclude={"sha256", "a_relire"}))
    return hashlib.sha256(rfc8785.dumps(contenu)).hexdigest()


def verifier_kit(dossier: Path = KNOWLEDGE) -> list[Defaut]:
    """Faults of kit.yml, for `conseil check`: the eight tools, which ones adapt, files that changed under the same version."""
    try:
        kit = lire_kit(dossier)
    except ErreurConnaissance as e:
        return [Defaut(e.code, "kit.yml", ligne) for ligne in str(e).splitlines()]
    return [Defaut(code, "kit.yml", message) for code, message in _fautes(kit, dossier)]


def _fautes(kit: Kit, dossier: Path) -> Iterator[tuple[str, str]]:
    if sorted(o.code for o in kit.outils) != sorted(CODES):
        yield "KIT_OUTILS", f"le kit compte huit outils, une fois chacun : {', '.join(CODES)} (R53)."
    if set(kit.destinataires) - set(NIVEAUX):
        yield "KIT_DESTINATAIRES", f"rôle inconnu ; rôles possibles : {', '.join(NIVEAUX)}."
    for outil in kit.outils:
        if outil.adaptable != (outil.code in ADAPTABLES):
            yield "KIT_ADAPTABLE", f"« {outil.code} » : ne s'adaptent que {', '.join(ADAPTABLES)} (R54)."
        if outil.sha256 is not None and outil.sha256 != (vu := empreinte(outil, dossier)):
            yield "KIT_EMPREINTE", f"« {outil.code} » a changé sous la version {outil.version} : augmentez « version », puis écrivez sha256: {vu}."


# -- versions and receipts ----------------------------------------------------------------------------------------------------------------------


def installer_kit(session: Session, maintenant: datetime, dossier: Path = KNOWLEDGE, *, souple: bool = False) -> list[OutilVersion]:
    """Put the tools in the database and publish each version that is not there yet; gives those just published. Also pushes what is in force to
    caisses that came since. Raises VersionDeja when a file changed while its version did not; `souple` (demonstration, writers at work) keeps
    what was published instead."""
    publiees = []
    for modele in lire_kit(dossier).outils:
        if session.get(Outil, modele.code) is None:
            session.add(Outil(code=modele.code, titre=modele.titre, adaptable=modele.adaptable))
            session.flush()
        deja = _nationale(session, modele.code, modele.version)
        sha256 = deja.sha256 if deja is not None and souple else empreinte(modele, dossier)
        version = publier_version(session, modele.code, version=modele.version, sha256=sha256, jour=modele.date, maintenant=maintenant,
                                  prise_en_main=modele.prise_en_main)
        publiees += [version] if deja is None else []
    return publiees


def _nationale(session: Session, outil_code: str, version: str) -> Optional[OutilVersion]:
    return session.scalar(select(OutilVersion).where(OutilVersion.outil_code == outil_code, OutilVersion.version == version,
                                                     OutilVersion.caisse_code.is_(None)))


def publier_version(session: Session, outil_code: str, *, version: str, sha256: str, jour: date, maintenant: datetime,
                    prise_en_main: Optional[str] = None) -> OutilVersion:
    """A new national version, pushed at once to every regional caisse, to each of the four roles (R05, R59). Run again, pushes to caisses that
    came since. Raises OutilInconnu, VersionDeja."""
    outil = session.get(Outil, outil_code)
    if outil is None:
        raise OutilInconnu
    publiee = _nationale(session, outil_code, version)
    if publiee is None:
        publiee = OutilVersion(outil_code=outil_code, adaptable=outil.adaptable, version=version, sha256=sha256, date=jour,
                               prise_en_main=prise_en_main)
        session.add(publiee)
        session.flush()
        _noter(session, maintenant, "publier", publiee, {"outil": outil_code, "version": version, "sha256": sha256})
    elif publiee.sha256 != sha256:
        raise VersionDeja
    _transmettre(session, publiee, maintenant)
    return publiee


def _transmettre(session: Session, version: OutilVersion, maintenant: datetime) -> None:
    deja = {(r.caisse_code, r.niveau) for r in session.scalars(select(Reception).where(Reception.outil_version_id == version.id))}
    for caisse in session.scalars(select(Caisse.code).where(Caisse.genre == "regionale").order_by(Caisse.code)):
        session.add_all(Reception(outil_version_id=version.id, caisse_code=caisse, niveau=niveau, transmise_le=maintenant)
                        for niveau in DESTINATAIRES if (caisse, niveau) not in deja)
    session.flush()


def accuser_reception(session: Session, version_id: int, *, caisse_code: str, niveau: str, conseiller_id: int, maintenant: datetime) -> Reception:
    """Someone who holds the role in the caisse says the version was received; the first time counts. Raises VersionNonTransmise, RoleManquant."""
    reception = session.get(Reception, (version_id, caisse_code, niveau))
    if reception is None:
        raise VersionNonTransmise
    if session.get(Role, (conseiller_id, caisse_code, niveau)) is None:
        raise RoleManquant
    if reception.accusee_le is None:
        reception.accusee_le, reception.conseiller_id = maintenant, conseiller_id
        noter(session, le=maintenant, acteur=f"conseiller:{conseiller_id}", role=niveau, commande="kit.accuser", objet="reception",
              objet_id=f"{version_id}/{caisse_code}/{niveau}", origine="espace", apres={"accusee_le": maintenant.isoformat()})
        session.flush()
    return reception


def adapter(session: Session, *, caisse_code: str, outil_code: str, contenu: str, maintenant: datetime,
            prise_en_main: Optional[str] = None, acteur: str = "systeme") -> OutilVersion:
    """A caisse's own text for one of the three adaptable tools, as « 2011.1-L1 », -L2…; the same text again gives the version it already is.
    The database refuses the other tools too. Raises OutilInconnu, OutilNonAdaptable, OutilNonPublie, AdaptationVide."""
    outil = session.get(Outil, outil_code)
    if outil is None:
        raise OutilInconnu
    if not outil.adaptable:
        raise OutilNonAdaptable
    if not contenu.strip():
        raise AdaptationVide
    jour = _jour(session, caisse_code, maintenant)
    nationale = _derniere(session, outil_code, None, jour)
    if nationale is None:
        raise OutilNonPublie
    sha256 = hashlib.sha256(contenu.encode()).hexdigest()
    en_vigueur = _derniere(session, outil_code, caisse_code, jour, nationale.id)
    if en_vigueur is not None and en_vigueur.sha256 == sha256:
        return en_vigueur
    rang = session.scalar(select(func.count()).select_from(OutilVersion).where(
        OutilVersion.caisse_code == caisse_code, OutilVersion.origine_id == nationale.id)) or 0
    adaptee = OutilVersion(outil_code=outil_code, adaptable=True, version=f"{nationale.version}-L{rang + 1}", caisse_code=caisse_code,
                           origine_id=nationale.id, sha256=sha256, contenu=contenu, date=jour, prise_en_main=prise_en_main)
    session.add(adaptee)
    session.flush()
    _noter(session, maintenant, "adapter", adaptee,
           {"outil": outil_code, "version": adaptee.version, "caisse_code": caisse_code, "sha256": sha256}, acteur)
    return adaptee


def versions_en_vigueur(session: Session, caisse_code: Optional[str], jour: date) -> Mapping[str, OutilVersion]:
    """The version of each tool that a caisse uses on a day: its own adaptation of the national version in force, else the national one (R54, R59:
    an adaptation of an older version waits to be made again). `None` = national versions only."""
    vigueur = {}
    for outil_code in session.scalars(select(Outil.code).order_by(Outil.code)):
        nationale = _derniere(session, outil_code, None, jour)
        if nationale is not None:
            adaptee = _derniere(session, outil_code, caisse_code, jour, nationale.id) if caisse_code else None
            vigueur[outil_code] = adaptee or nationale
    return vigueur


def _derniere(session: Session, outil_code: str, caisse_code: Optional[str], jour: date, origine_id: Optional[int] = None) -> Optional[OutilVersion]:
    demande = select(OutilVersion).where(OutilVersion.outil_code == outil_code, OutilVersion.date <= jour,
                                         OutilVersion.caisse_code.is_(None) if caisse_code is None else OutilVersion.caisse_code == caisse_code)
    if origine_id is not None:
        demande = demande.where(OutilVersion.origine_id == origine_id)
    return session.scalar(demande.order_by(OutilVersion.date.desc(), OutilVersion.id.desc()).limit(1))


def etat_kit(session: Session, jour: date, caisse_code: Optional[str] = None) -> list[dict[str, Any]]:
    """What the kit page and `conseil campagne kit` show: each tool, its version in force, how many receipts were asked for and given."""
    etat = []
    for code, version in versions_en_vigueur(session, caisse_code, jour).items():
        outil = session.get_one(Outil, code)
        recues = select(func.count(), func.count(Reception.accusee_le)).where(Reception.outil_version_id == (version.origine_id or version.id))
        if caisse_code:
            recues = recues.where(Reception.caisse_code == caisse_code)
        transmises, accusees = session.execute(recues).one()
        etat.append({"outil": code, "titre": outil.titre, "adaptable": outil.adaptable, "version": version.version, "date": version.date.isoformat(),
                     "sha256": version.sha256, "adaptee_par": version.caisse_code, "prise_en_main": version.prise_en_main,
                     "transmises": transmises, "accusees": accusees})
    return etat


def _jour(session: Session, caisse_code: str, maintenant: datetime) -> date:
    return maintenant.astimezone(ZoneInfo(session.get_one(Caisse, caisse_code).fuseau)).date()


def _noter(session: Session, maintenant: datetime, commande: str, version: OutilVersion, apres: Mapping[str, Any],
           acteur: str = "systeme") -> None:
    noter(session, le=maintenant, acteur=acteur, commande=f"kit.{commande}", objet="outil_version", objet_id=version.id, origine="commande",
          apres=apres)
