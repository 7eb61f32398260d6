"""Bilans: exercises, keys, a caisse's files and what is written in them, files received by the national fund, its editions.

Figures are never kept here but inside signed files: they are read from the contacts (bot.bilan.assemblage). R-numbers: reference §1 and §4.
"""
from datetime import datetime
from typing import Any, Optional

from sqlalchemy import JSON, Boolean, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Integer, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.contacts.base import Base, Instant
from bot.contacts.tables.marques import ANONYME, PERSONNEL, parmi

ETATS_EXERCICE = ("ouvert", "clos", "erratum")
ETATS_BILAN = ("brouillon", "controle", "signe", "transmis", "accuse", "accepte", "refuse", "consolide", "clos", "remplace")
ETATS_RECU = ("accepte", "refuse", "remplace", "consolide", "clos")
VISAS = ("chiffres", "prevention")
ROLES_CLE = ("directeur", "national")


class ExerciceBilan(Base):
    """One year of bilans, opened by the national fund: its deadline (A2), its kit and its questionnaire."""

    __tablename__ = "exercice_bilan"
    annee: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False, info=ANONYME)
    etat: Mapped[str] = mapped_column(String(8), default="ouvert", server_default="ouvert", info=ANONYME, comment="erratum : rouvert après clôture")
    limite: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME, comment="dernier instant à l'heure ; absent = règle A2")
    strict: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false(), info=ANONYME, comment="« avant le 31 » lu à la lettre (A2)")
    kit: Mapped[str] = mapped_column(String(20), info=ANONYME, comment="version du kit en vigueur, qui porte le bilan type (R61)")
    questionnaire: Mapped[Optional[dict[str, Any]]] = mapped_column(JSON(none_as_null=True), info=ANONYME,
                                                                    comment="id, version, sha256, items : le modèle national (R56)")
    ouvert_le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    clos_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME)
    __table_args__ = (CheckConstraint(parmi("etat", ETATS_EXERCICE), name="etat"),)


class CleBilan(Base):
    """A signing key, known by its public half. The private one is here only encrypted, or in a file of the caisse's own."""

    __tablename__ = "cle_bilan"
    kid: Mapped[str] = mapped_column(String(60), primary_key=True, info=ANONYME, comment="caisse et année : « demo-aquitaine-2011 »")
    caisse_code: Mapped[Optional[str]] = mapped_column(ForeignKey("caisse.code"), info=ANONYME, comment="absente = la caisse nationale")
    role: Mapped[str] = mapped_column(String(12), info=ANONYME)
    publique: Mapped[str] = mapped_column(String(64), unique=True, info=ANONYME, comment="Ed25519, 32 octets en base64")
    privee_chiffree: Mapped[Optional[str]] = mapped_column(Text, info=ANONYME, comment="par la clé de l'installation ; absente = fichier ailleurs")
    creee_le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    revoquee_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME)
    revocation: Mapped[Optional[str]] = mapped_column(String(200), info=ANONYME, comment="pourquoi, en une phrase")
    __table_args__ = (CheckConstraint(parmi("role", ROLES_CLE), name="role"),
                      CheckConstraint("(role = 'national') = (caisse_code IS NULL)", name="porteur"))


class Bilan(Base):
    """The bilan of a caisse for an exercise. `enveloppe` is frozen at signature: no later change of data reaches it. A rectificatif is another
    line, sequence + 1, that replaces the former whole."""

    __tablename__ = "bilan"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    caisse_code: Mapped[str] = mapped_column(ForeignKey("caisse.code"), info=ANONYME)
    annee: Mapped[int] = mapped_column(Integer, info=ANONYME)
    sequence: Mapped[int] = mapped_column(Integer, info=ANONYME)
    etat: Mapped[str] = mapped_column(String(10), default="brouillon", server_default="brouillon", info=ANONYME)
    remplace: Mapped[Optional[str]] = mapped_column(String(64), info=ANONYME, comment="empreinte du bilan remplacé")
    rapport: Mapped[Optional[dict[str, Any]]] = mapped_column(JSON(none_as_null=True), info=ANONYME, comment="derniers contrôles joués")
    sha256: Mapped[Optional[str]] = mapped_column(String(64), info=ANONYME, comment="du contenu contrôlé puis signé")
    contenu: Mapped[Optional[str]] = mapped_column(Text, info=ANONYME, comment="JSON canonique du contenu contrôlé ; visé puis signé tel quel")
    enveloppe: Mapped[Optional[str]] = mapped_column(Text, info=ANONYME, comment="fichier d'échange signé, octet pour octet")
    cree_le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    controle_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME)
    signe_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME)
    transmis_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME)
    hors_delai: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false(), info=ANONYME, comment="accepté tout de même (K22)")
    accuse: Mapped[Optional[dict[str, Any]]] = mapped_column(JSON(none_as_null=True), info=ANONYME, comment="rendu par la caisse nationale")
    __table_args__ = (
        UniqueConstraint("caisse_code", "annee", "sequence"),
        CheckConstraint(parmi("etat", ETATS_BILAN), name="etat"),
        CheckConstraint("sequence >= 1", name="sequence"),
        CheckConstraint("(sequence = 1) = (remplace IS NULL)", name="remplace"),
        CheckConstraint("etat IN ('brouillon', 'controle') OR (enveloppe IS NOT NULL AND sha256 IS NOT NULL AND signe_le IS NOT NULL)", name="fige"),
    )


class VisaBilan(Base):
    """A visa on a checked content: figures by the agent comptable, prevention wording by the médecin conseil (R05). Only for that content."""

    __tablename__ = "visa_bilan"
    bilan_id: Mapped[int] = mapped_column(ForeignKey("bilan.id", ondelete="CASCADE"), primary_key=True)
    genre: Mapped[str] = mapped_column(String(12), primary_key=True, info=ANONYME)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True, info=ANONYME, comment="du contenu visé")
    conseiller_id: Mapped[int] = mapped_column(ForeignKey("conseiller.id"), info=ANONYME)
    le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    __table_args__ = (CheckConstraint(parmi("genre", VISAS), name="genre"),)


class SaisieBilan(Base):
    """What people write for a bilan, append only: each save is a version, so that nothing typed is ever lost. A save made over someone else's is
    kept too, marked `ecartee`, and both are shown."""

    __tablename__ = "saisie_bilan"
    dossier: Mapped[str] = mapped_column(String(60), primary_key=True, info=ANONYME, comment="« regional:demo-aquitaine:2011 » ou « national:2011 »")
    champ: Mapped[str] = mapped_column(String(60), primary_key=True, info=ANONYME)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False, info=ANONYME)
    valeur: Mapped[Any] = mapped_column(JSON, info=ANONYME, comment="texte ou liste structurée ; les nom, numéro et adresse y sont refusés (K21)")
    ecartee: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false(), info=ANONYME)
    auteur: Mapped[str] = mapped_column(String(60), info=PERSONNEL)
    le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    __table_args__ = (CheckConstraint("version >= 1", name="version"),)


class RappelBilan(Base):
    """A reminder given to a caisse, once for each step (J-30, -15, -7, -1)."""

    __tablename__ = "rappel_bilan"
    caisse_code: Mapped[str] = mapped_column(ForeignKey("caisse.code"), primary_key=True, info=ANONYME)
    annee: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False, info=ANONYME)
    palier: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False, info=ANONYME, comment="jours avant la limite")
    le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)


class BilanRecu(Base):
    """A file received by the national fund, whatever became of it: the refused ones are the refusal log. One accepted file a caisse and year."""

    __tablename__ = "bilan_recu"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    annee: Mapped[int] = mapped_column(Integer, index=True, info=ANONYME, comment="exercice auquel la caisse nationale l'a rattaché")
    caisse_code: Mapped[Optional[str]] = mapped_column(String(40), info=ANONYME, comment="celle que le fichier nomme ; absente = illisible")
    sequence: Mapped[Optional[int]] = mapped_column(Integer, info=ANONYME)
    fichier: Mapped[str] = mapped_column(String(200), info=ANONYME, comment="nom du fichier, sans son chemin")
    fichier_sha256: Mapped[str] = mapped_column(String(64), info=ANONYME, comment="des octets reçus")
    sha256: Mapped[Optional[str]] = mapped_column(String(64), info=ANONYME, comment="du contenu, tel que l'enveloppe le dit")
    enveloppe: Mapped[Optional[str]] = mapped_column(Text, info=ANONYME, comment="les octets reçus, s'ils étaient un texte raisonnable")
    etat: Mapped[str] = mapped_column(String(10), info=ANONYME)
    recu_le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    hors_delai: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false(), info=ANONYME)
    constats: Mapped[list[dict[str, Any]]] = mapped_column(JSON, info=ANONYME, comment="règles enfreintes, avec leur phrase")
    ecartes: Mapped[dict[str, Any]] = mapped_column(JSON, info=ANONYME, comment="parts refusées seules : bloc d'enquête, questions (K16, K17)")
    registre_sha256: Mapped[str] = mapped_column(String(64), info=ANONYME, comment="registre national contre lequel il fut contrôlé")
    accuse: Mapped[dict[str, Any]] = mapped_column(JSON, info=ANONYME)
    __table_args__ = (
        CheckConstraint(parmi("etat", ETATS_RECU), name="etat"),
        CheckConstraint("etat = 'refuse' OR (enveloppe IS NOT NULL AND sha256 IS NOT NULL AND caisse_code IS NOT NULL AND sequence IS NOT NULL)",
                        name="accepte"),
        Index("uq_bilan_recu_retenu", "caisse_code", "annee", unique=True,
              sqlite_where=text("etat IN ('accepte', 'consolide', 'clos')"), postgresql_where=text("etat IN ('accepte', 'consolide', 'clos')")),
    )


class CommentaireBilan(Base):
    """What the national working group says of a bilan received (R12, R13)."""

    __tablename__ = "commentaire_bilan"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    bilan_recu_id: Mapped[int] = mapped_column(ForeignKey("bilan_recu.id"), index=True, info=ANONYME)
    conseiller_id: Mapped[int] = mapped_column(ForeignKey("conseiller.id"), info=ANONYME)
    texte: Mapped[str] = mapped_column(Text, info=ANONYME)
    le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)


class EquivalenceQuestion(Base):
    """One question of another version declared equal to the national one, by the national fund alone, item by item, signed (K16, K17)."""

    __tablename__ = "equivalence_question"
    annee: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False, info=ANONYME)
    question: Mapped[str] = mapped_column(String(12), primary_key=True, info=ANONYME)
    version: Mapped[str] = mapped_column(String(20), primary_key=True, info=ANONYME, comment="version d'où vient la question")
    sha256: Mapped[str] = mapped_column(String(64), info=ANONYME, comment="de la question dans cette version")
    nationale: Mapped[str] = mapped_column(String(64), info=ANONYME, comment="de la question dans le modèle national")
    raison: Mapped[str] = mapped_column(String(200), info=ANONYME, comment="« coquille » ; jamais un changement d'échelle")
    signature: Mapped[str] = mapped_column(String(100), info=ANONYME)
    kid: Mapped[str] = mapped_column(ForeignKey("cle_bilan.kid"), info=ANONYME)
    le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)


class EditionNationale(Base):
    """One edition of the bilan national. The files it was made from are listed in it; what was shown to the public stays known for the next one."""

    __tablename__ = "edition_nationale"
    annee: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False, info=ANONYME)
    numero: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False, info=ANONYME)
    erratum: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false(), info=ANONYME, comment="faite après la clôture")
    fichiers: Mapped[list[dict[str, Any]]] = mapped_column(JSON, info=ANONYME, comment="caisse, séquence et empreinte de chaque fichier pris")
    interne: Mapped[str] = mapped_column(Text, info=ANONYME, comment="JSON canonique, chiffres exacts")
    publique: Mapped[str] = mapped_column(Text, info=ANONYME, comment="JSON canonique, petits effectifs masqués")
    sha256: Mapped[str] = mapped_column(String(64), info=ANONYME, comment="de l'édition interne")
    cree_le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    publiee_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME)
    signataire_id: Mapped[Optional[int]] = mapped_column(ForeignKey("conseiller.id"), info=ANONYME)
    __table_args__ = (CheckConstraint("numero >= 1", name="numero"), UniqueConstraint("annee", "sha256", "numero"),
                      ForeignKeyConstraint(["annee"], ["exercice_bilan.annee"], name="fk_edition_nationale_exercice"))
