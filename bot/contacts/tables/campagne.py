"""The campaign: socle, cibles, actions of a caisse, kit, draws, letters. R-numbers: reference/requirements-survey-bilan.md §1."""
from datetime import date, datetime
from typing import Any, Optional

from sqlalchemy import JSON, Boolean, CheckConstraint, Date, ForeignKey, ForeignKeyConstraint, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.contacts.base import Base, Instant
from bot.contacts.tables.marques import ANONYME, PERSONNEL, parmi

PERIMETRES = ("socle", "local")
GENRES_CIBLE = ("entretien", "courrier", "rencontre")
STATUTS_ACTION = ("prevue", "en_cours", "realisee", "partielle", "non_realisee")
CANAUX_ENVOI = ("courrier", "courriel")
ETATS_ENVOI = ("prepare", "en_cours", "envoye", "retourne", "echec")
ETATS_LOT = ("prepare", "en_cours", "parti")
# Two NULLs are different to a unique constraint: what has no caisse needs an index of its own.
_NATIONALE: dict[str, Any] = {"sqlite_where": text("caisse_code IS NULL"), "postgresql_where": text("caisse_code IS NULL")}


class Socle(Base):
    """The common minimum of a year, as read from knowledge/campagnes; every contact and every bilan points to one (R06)."""

    __tablename__ = "socle"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    annee: Mapped[int] = mapped_column(Integer, info=ANONYME)
    version: Mapped[str] = mapped_column(String(20), info=ANONYME)
    sha256: Mapped[str] = mapped_column(String(64), info=ANONYME, comment="du fichier de campagne, forme canonique")
    contenu: Mapped[dict[str, Any]] = mapped_column(JSON, info=ANONYME, comment="le fichier tel qu'il valait à l'installation")
    installe_le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    __table_args__ = (UniqueConstraint("annee", "version"),)


class Cible(Base):
    """A group of people to contact: one of the four of the socle (no caisse), or a caisse's own (R19)."""

    __tablename__ = "cible"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    socle_id: Mapped[int] = mapped_column(ForeignKey("socle.id"))
    code: Mapped[str] = mapped_column(String(20), info=ANONYME, comment="EIG, CREATEUR, AE, RCS, ou le code local d'une caisse")
    perimetre: Mapped[str] = mapped_column(String(8), info=ANONYME)
    caisse_code: Mapped[Optional[str]] = mapped_column(ForeignKey("caisse.code"), info=ANONYME, comment="seulement pour une cible locale")
    genre: Mapped[str] = mapped_column(String(10), info=ANONYME, comment="entretien, courrier ou rencontre")
    titre: Mapped[str] = mapped_column(String(160), info=ANONYME)
    du: Mapped[date] = mapped_column(Date, info=ANONYME, comment="fenêtre de la campagne, indépendante de l'exercice (A1)")
    au: Mapped[date] = mapped_column(Date, info=ANONYME, comment="dernier jour compris ; EIG 2011 : 31 mars 2012 (R33)")
    __table_args__ = (
        UniqueConstraint("socle_id", "caisse_code", "code"),
        Index("uq_cible_nationale", "socle_id", "code", unique=True, **_NATIONALE),
        # what Action's composite key points to: a local action can never hang under a socle target (R19)
        UniqueConstraint("id", "perimetre"),
        CheckConstraint(parmi("perimetre", PERIMETRES), name="perimetre"),
        CheckConstraint(parmi("genre", GENRES_CIBLE), name="genre"),
        CheckConstraint("(perimetre = 'local') = (caisse_code IS NOT NULL)", name="local"),
        CheckConstraint("au >= du", name="fenetre"),
    )


class Action(Base):
    """What one caisse does for one cible in one year."""

    __tablename__ = "action"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    caisse_code: Mapped[str] = mapped_column(ForeignKey("caisse.code"), index=True, info=ANONYME)
    cible_id: Mapped[int] = mapped_column(Integer)
    perimetre: Mapped[str] = mapped_column(String(8), info=ANONYME)
    annee: Mapped[int] = mapped_column(Integer, info=ANONYME)
    code: Mapped[str] = mapped_column(String(20), info=ANONYME, comment="celui de la cible, ou un code à elle pour une sous-action")
    titre: Mapped[str] = mapped_column(String(160), info=ANONYME)
    objectif: Mapped[Optional[int]] = mapped_column(Integer, info=ANONYME, comment="absent = « sans objectif chiffré », jamais 0 (A4)")
    statut: Mapped[str] = mapped_column(String(12), default="prevue", server_default="prevue", info=ANONYME)
    motif: Mapped[Optional[str]] = mapped_column(String(40), info=ANONYME, comment="pourquoi non réalisée (liste fermée de la campagne, R15)")
    cible: Mapped[Cible] = relationship()
    __table_args__ = (
        ForeignKeyConstraint(["cible_id", "perimetre"], ["cible.id", "cible.perimetre"], name="fk_action_cible_perimetre"),
        UniqueConstraint("caisse_code", "annee", "code"),
        CheckConstraint(parmi("statut", STATUTS_ACTION), name="statut"),
        CheckConstraint("objectif IS NULL OR objectif > 0", name="objectif"),
        CheckConstraint("statut <> 'non_realisee' OR motif IS NOT NULL", name="motif"),
    )


class Outil(Base):
    """A tool of the kit (R53). Only three may be adapted by a caisse (R54)."""

    __tablename__ = "outil"
    code: Mapped[str] = mapped_column(String(24), primary_key=True, info=ANONYME)
    titre: Mapped[str] = mapped_column(String(160), info=ANONYME)
    adaptable: Mapped[bool] = mapped_column(Boolean, info=ANONYME)
    __table_args__ = (UniqueConstraint("code", "adaptable"),)


class OutilVersion(Base):
    """One version of a tool: national, or a caisse's adaptation of a national one. The database refuses to fork a locked tool."""

    __tablename__ = "outil_version"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    outil_code: Mapped[str] = mapped_column(String(24), info=ANONYME)
    adaptable: Mapped[bool] = mapped_column(Boolean, info=ANONYME)
    version: Mapped[str] = mapped_column(String(20), info=ANONYME, comment="2011.2 ; 2011.2-L1 pour une adaptation")
    caisse_code: Mapped[Optional[str]] = mapped_column(ForeignKey("caisse.code"), info=ANONYME, comment="absente = version nationale")
    origine_id: Mapped[Optional[int]] = mapped_column(ForeignKey("outil_version.id"), comment="la version nationale adaptée")
    sha256: Mapped[str] = mapped_column(String(64), info=ANONYME)
    contenu: Mapped[Optional[str]] = mapped_column(Text, info=ANONYME, comment="texte de l'adaptation ; les versions nationales sont des fichiers")
    date: Mapped[date] = mapped_column(Date, info=ANONYME)
    prise_en_main: Mapped[Optional[str]] = mapped_column(String(300), info=ANONYME, comment="ce qui change, en une phrase (R53, R59)")
    __table_args__ = (
        ForeignKeyConstraint(["outil_code", "adaptable"], ["outil.code", "outil.adaptable"], name="fk_outil_version_outil"),
        UniqueConstraint("outil_code", "version", "caisse_code"),
        Index("uq_outil_version_nationale", "outil_code", "version", unique=True, **_NATIONALE),
        CheckConstraint("caisse_code IS NULL OR (adaptable AND origine_id IS NOT NULL)", name="adaptation"),
    )


class Reception(Base):
    """A version pushed to a caisse, and by whom and when it was acknowledged (R05, R59)."""

    __tablename__ = "reception"
    outil_version_id: Mapped[int] = mapped_column(ForeignKey("outil_version.id"), primary_key=True)
    caisse_code: Mapped[str] = mapped_column(ForeignKey("caisse.code"), primary_key=True, info=ANONYME)
    niveau: Mapped[str] = mapped_column(String(20), primary_key=True, info=ANONYME, comment="rôle destinataire (R05)")
    transmise_le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    accusee_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME)
    conseiller_id: Mapped[Optional[int]] = mapped_column(ForeignKey("conseiller.id"), info=ANONYME)


class Tirage(Base):
    """A draw of the people to invite. Seed and frame hash let anyone draw again and find the same people (R57)."""

    __tablename__ = "tirage"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    action_id: Mapped[int] = mapped_column(ForeignKey("action.id"), index=True)
    requete: Mapped[str] = mapped_column(String(40), info=ANONYME, comment="nom de la requête enregistrée")
    requete_sql: Mapped[str] = mapped_column(Text, info=ANONYME, comment="le SQL tel qu'il a été joué, paramètres compris")
    graine: Mapped[str] = mapped_column(String(64), info=ANONYME)
    cadre_sha256: Mapped[str] = mapped_column(String(64), info=ANONYME, comment="des identifiants de la base de tirage, triés")
    population: Mapped[int] = mapped_column(Integer, info=ANONYME)
    taille: Mapped[int] = mapped_column(Integer, info=ANONYME)
    le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    __table_args__ = (CheckConstraint("taille <= population", name="taille"),)


class Invite(Base):
    """Someone drawn, with the rank and the sentence that explains it (R23, R30)."""

    __tablename__ = "invite"
    tirage_id: Mapped[int] = mapped_column(ForeignKey("tirage.id", ondelete="CASCADE"), primary_key=True)
    assure_id: Mapped[int] = mapped_column(ForeignKey("assure.id", ondelete="CASCADE"), primary_key=True, index=True)
    rang: Mapped[int] = mapped_column(Integer, info=ANONYME)
    raison: Mapped[str] = mapped_column(String(120), info=PERSONNEL, comment="« carrière incomplète, née en 1952 »")


class Lot(Base):
    """A batch of letters: recorded before anything leaves, so that a second run sends nothing twice."""

    __tablename__ = "lot"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    action_id: Mapped[int] = mapped_column(ForeignKey("action.id"), index=True)
    tirage_id: Mapped[Optional[int]] = mapped_column(ForeignKey("tirage.id"))
    numero: Mapped[int] = mapped_column(Integer, info=ANONYME)
    modele: Mapped[str] = mapped_column(String(40), info=ANONYME, comment="modèle de courrier")
    outil_version_id: Mapped[Optional[int]] = mapped_column(ForeignKey("outil_version.id"), comment="version du modèle (R35, R37)")
    etat: Mapped[str] = mapped_column(String(10), info=ANONYME)
    prepare_le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    __table_args__ = (UniqueConstraint("action_id", "numero"), CheckConstraint(parmi("etat", ETATS_LOT), name="etat"))


class Envoi(Base):
    """One letter to one person. Returned mail (NPAI) is a state of its own (R37). One per person, action and reminder."""

    __tablename__ = "envoi"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    action_id: Mapped[int] = mapped_column(ForeignKey("action.id"))
    assure_id: Mapped[int] = mapped_column(ForeignKey("assure.id", ondelete="CASCADE"), index=True)
    relance: Mapped[int] = mapped_column(Integer, default=0, info=ANONYME, comment="0 = premier courrier")
    canal: Mapped[str] = mapped_column(String(10), info=ANONYME)
    etat: Mapped[str] = mapped_column(String(10), info=ANONYME)
    essais: Mapped[int] = mapped_column(Integer, default=0, info=ANONYME)
    parti_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME)
    retourne_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME, comment="pli revenu : n'habite pas à l'adresse indiquée")
    support: Mapped[Optional[str]] = mapped_column(String(60), info=ANONYME, comment="support joint et son édition (R37)")
    __table_args__ = (
        UniqueConstraint("action_id", "assure_id", "relance"),
        CheckConstraint(parmi("canal", CANAUX_ENVOI), name="canal"),
        CheckConstraint(parmi("etat", ETATS_ENVOI), name="etat"),
        CheckConstraint("(etat = 'retourne') = (retourne_le IS NOT NULL)", name="retour"),
    )


class CodeOuverture(Base):
    """The code printed in an invitation: it opens booking in one step. Only its hash is kept."""

    __tablename__ = "code_ouverture"
    empreinte: Mapped[str] = mapped_column(String(64), primary_key=True, info=ANONYME, comment="HMAC-SHA256 du code, clé de l'installation")
    envoi_id: Mapped[int] = mapped_column(ForeignKey("envoi.id", ondelete="CASCADE"), unique=True)
    assure_id: Mapped[int] = mapped_column(ForeignKey("assure.id", ondelete="CASCADE"), index=True)
    action_id: Mapped[int] = mapped_column(ForeignKey("action.id"))
    expire_le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    utilise_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME)
