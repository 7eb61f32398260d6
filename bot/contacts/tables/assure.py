"""Insured people as the caisse's file describes them, and the imports that brought them. Pseudonymous number, never the NIR."""
from datetime import date, datetime
from typing import Optional

from sqlalchemy import JSON, Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from bot.contacts.base import Base, Instant
from bot.contacts.tables.marques import ANONYME, PERSONNEL, parmi

GROUPES_PRO = ("artisan", "commercant")
STATUTS = ("actif", "retraite", "radie", "createur", "conjoint")
CARRIERES = ("complete", "incomplete", "inconnue")
CANAUX = ("courrier", "courriel")
ETATS_IMPORTATION = ("lecture", "fusion", "terminee", "refusee")


class Portrait:
    """What a population file says of a person: the same columns in `assure` and `assure_lu`, so that merging is one INSERT … SELECT."""

    civilite: Mapped[Optional[str]] = mapped_column(String(10), info=PERSONNEL)
    nom: Mapped[str] = mapped_column(String(80), info=PERSONNEL)
    prenom: Mapped[str] = mapped_column(String(80), info=PERSONNEL)
    date_naissance: Mapped[Optional[date]] = mapped_column(Date, info=PERSONNEL, comment="la cible EIG se lit sur l'année (R30)")
    sexe: Mapped[Optional[str]] = mapped_column(String(1), info=PERSONNEL)
    groupe_pro: Mapped[str] = mapped_column(String(12), info=PERSONNEL, comment="les industriels sont avec les commerçants (R21)")
    statut: Mapped[str] = mapped_column(String(10), info=PERSONNEL)
    auto_entrepreneur: Mapped[bool] = mapped_column(Boolean, info=PERSONNEL, comment="à part du groupe : artisan ou commerçant aussi (R21)")
    carriere: Mapped[str] = mapped_column(String(12), info=PERSONNEL, comment="incomplète : prioritaire pour l'EIG (R30)")
    date_affiliation: Mapped[Optional[date]] = mapped_column(Date, info=PERSONNEL, comment="un créateur de l'année est affilié dans l'année (R36)")
    code_ape: Mapped[Optional[str]] = mapped_column(String(6), info=PERSONNEL)
    profession: Mapped[Optional[str]] = mapped_column(String(80), info=PERSONNEL)
    adresse: Mapped[Optional[str]] = mapped_column(String(120), info=PERSONNEL, comment="numéro et voie ; colonne facultative du fichier")
    complement: Mapped[Optional[str]] = mapped_column(String(120), info=PERSONNEL)
    code_postal: Mapped[Optional[str]] = mapped_column(String(5), info=PERSONNEL)
    ville: Mapped[Optional[str]] = mapped_column(String(80), info=PERSONNEL)
    telephone: Mapped[Optional[str]] = mapped_column(String(20), info=PERSONNEL)
    courriel: Mapped[Optional[str]] = mapped_column(String(120), info=PERSONNEL)
    langue: Mapped[str] = mapped_column(String(8), default="fr", info=PERSONNEL)
    canal: Mapped[str] = mapped_column(String(10), default="courrier", server_default="courrier", info=PERSONNEL,
                                       comment="courriel seulement quand la personne l'a choisi")


class Assure(Portrait, Base):
    """One person of a caisse's population. `identifiant` is the caisse's own number; nothing here says anything of health."""

    __tablename__ = "assure"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    caisse_code: Mapped[str] = mapped_column(ForeignKey("caisse.code"), info=ANONYME)
    identifiant: Mapped[str] = mapped_column(String(32), info=PERSONNEL, comment="numéro pseudonyme de la caisse ; jamais le NIR")
    refus_contact: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false(), info=PERSONNEL,
                                                comment="ne veut plus être invitée ; l'envoi d'affiliation reste dû")
    refus_enquete: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false(), info=PERSONNEL)
    referent_id: Mapped[Optional[int]] = mapped_column(ForeignKey("conseiller.id"), info=ANONYME, comment="conseiller qui la suit")
    importation_id: Mapped[Optional[int]] = mapped_column(ForeignKey("importation.id"), info=ANONYME, comment="dernier fichier qui la portait")
    __table_args__ = (
        UniqueConstraint("caisse_code", "identifiant"),
        CheckConstraint(parmi("groupe_pro", GROUPES_PRO), name="groupe_pro"),
        CheckConstraint(parmi("statut", STATUTS), name="statut"),
        CheckConstraint(parmi("carriere", CARRIERES), name="carriere"),
        CheckConstraint(parmi("canal", CANAUX), name="canal"),
        CheckConstraint("canal = 'courrier' OR courriel IS NOT NULL", name="canal_courriel"),
        Index("ix_assure_cible", "caisse_code", "statut", "date_naissance", "carriere"),
        Index("ix_assure_affiliation", "caisse_code", "date_affiliation"),
    )


class Importation(Base):
    """One reading of a population file. A file is read whole into `AssureLu`, then merged; a crash is finished or forgotten at the next start."""

    __tablename__ = "importation"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    caisse_code: Mapped[str] = mapped_column(ForeignKey("caisse.code"), info=ANONYME)
    fichier: Mapped[str] = mapped_column(String(200), info=ANONYME, comment="nom du fichier, sans son chemin")
    sha256: Mapped[Optional[str]] = mapped_column(String(64), info=ANONYME)
    etat: Mapped[str] = mapped_column(String(10), info=ANONYME)
    commencee_le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    finie_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME)
    lues: Mapped[int] = mapped_column(Integer, default=0, info=ANONYME)
    rejetees: Mapped[int] = mapped_column(Integer, default=0, info=ANONYME)
    colonnes: Mapped[list[str]] = mapped_column(JSON, default=list, info=ANONYME, comment="celles du fichier ; une colonne absente ne change rien")
    nouvelles: Mapped[int] = mapped_column(Integer, default=0, info=ANONYME)
    modifiees: Mapped[int] = mapped_column(Integer, default=0, info=ANONYME)
    __table_args__ = (CheckConstraint(parmi("etat", ETATS_IMPORTATION), name="etat"),)


class AssureLu(Portrait, Base):
    """Lines of a file being imported, not yet merged. Empty outside an import: a merged slice leaves it, a refused or broken reading too."""

    __tablename__ = "assure_lu"
    importation_id: Mapped[int] = mapped_column(ForeignKey("importation.id", ondelete="CASCADE"), primary_key=True)
    identifiant: Mapped[str] = mapped_column(String(32), primary_key=True, info=PERSONNEL)
    ligne: Mapped[int] = mapped_column(Integer, info=ANONYME, comment="numéro de la ligne dans le fichier")
