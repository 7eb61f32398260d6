"""The satisfaction survey: waves, frozen frames, the link between a person and her pseudonym (destroyed), answers, comments.

Answers hang on a pseudonym drawn at random for one wave; only `invitation_enquete` knows whose it is, and its rows are deleted 30 days after
closing. No instant is kept beside an answer, only the month of the contact (reference/requirements-survey-bilan.md §3d).
"""
from datetime import date, datetime
from typing import Any, Optional

from sqlalchemy import JSON, BigInteger, Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.contacts.base import Base, Instant
from bot.contacts.tables.contact import FORMES
from bot.contacts.tables.marques import ANONYME, PERSONNEL, parmi

ETATS_VAGUE = ("ouverte", "close")
EXCLUSIONS = ("refus_enquete", "deja_sollicite", "meme_personne", "sans_personne", "sans_feuille")
ETATS_INVITATION = ("tire", "delivre", "relance", "partiel", "complet", "refuse", "non_remis", "clos")
CANAUX_INVITATION = ("courriel", "papier", "sur_place")
MODES_REPONSE = ("chatbot", "web", "telephone", "papier")
ETATS_PARTICIPATION = ("ouverte", "partielle", "complete")
ETATS_COMMENTAIRE = ("a_relire", "retenu", "ecarte")
THEMES_COMMENTAIRE = ("clarte", "accueil", "delai", "lieu", "telephone", "documents", "site", "cotisations", "retraite", "autre")


class Vague(Base):
    """A wave: the survey of one stratum (an action of a caisse, or its spontaneous entretiens) over one exercise. It keeps the questionnaire it
    opened with, its seed and its plan: one drawing fraction for the whole wave, so that its weeks add up to one sample (§3b)."""

    __tablename__ = "vague"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    caisse_code: Mapped[str] = mapped_column(ForeignKey("caisse.code"), info=ANONYME)
    action_id: Mapped[Optional[int]] = mapped_column(ForeignKey("action.id"), info=ANONYME, comment="absente pour les entretiens spontanés (R55)")
    cible: Mapped[str] = mapped_column(String(20), info=ANONYME, comment="EIG, CREATEUR, AE, RCS, code local, ou SPONT")
    genre: Mapped[str] = mapped_column(String(10), info=ANONYME, comment="entretien, courrier ou rencontre : il règle le délai de l'invitation")
    exercice: Mapped[int] = mapped_column(Integer, info=ANONYME, comment="année des contacts : l'enquête d'un bilan est celle de son exercice (A1)")
    du: Mapped[date] = mapped_column(Date, info=ANONYME, comment="premier jour de contact compris")
    au: Mapped[date] = mapped_column(Date, info=ANONYME, comment="dernier jour de contact compris")
    version: Mapped[str] = mapped_column(String(20), info=ANONYME, comment="du questionnaire national, gardée jusqu'à la fin (R59)")
    sha256: Mapped[str] = mapped_column(String(64), info=ANONYME, comment="du questionnaire à l'ouverture")
    locales: Mapped[Optional[dict[str, Any]]] = mapped_column(JSON, info=ANONYME, comment="questions locales telles qu'elles valaient à l'ouverture")
    graine: Mapped[str] = mapped_column(String(64), info=ANONYME, comment="rang d'une unité : HMAC-SHA256(graine, clé de l'unité)")
    taille_prevue: Mapped[int] = mapped_column(Integer, info=ANONYME, comment="sur base_prevue : fraction tirée, la même chaque semaine")
    base_prevue: Mapped[int] = mapped_column(Integer, info=ANONYME, comment="volume de contacts attendu à l'ouverture")
    etat: Mapped[str] = mapped_column(String(8), info=ANONYME)
    ouverte_le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    close_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME)
    releves: Mapped[list["Releve"]] = relationship(back_populates="vague", order_by="Releve.id")
    __table_args__ = (
        UniqueConstraint("action_id", "exercice"),
        Index("uq_vague_spontanee", "caisse_code", "exercice", unique=True, sqlite_where=text("action_id IS NULL"),
              postgresql_where=text("action_id IS NULL")),
        CheckConstraint("(action_id IS NULL) = (cible = 'SPONT')", name="spontanee"),
        CheckConstraint("genre IN ('entretien', 'courrier', 'rencontre')", name="genre"),
        CheckConstraint("au >= du", name="periode"),
        CheckConstraint("taille_prevue BETWEEN 1 AND base_prevue", name="fraction"),
        CheckConstraint(parmi("etat", ETATS_VAGUE), name="etat"),
        CheckConstraint("(etat = 'close') = (close_le IS NOT NULL)", name="close"),
    )


class Releve(Base):
    """The frame of one week, frozen: how many could be asked, who was left out and why, its hash, and what became of its invitations."""

    __tablename__ = "releve"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    vague_id: Mapped[int] = mapped_column(ForeignKey("vague.id"), info=ANONYME)
    semaine: Mapped[str] = mapped_column(String(8), info=ANONYME, comment="semaine ISO du gel : « 2011-W37 » ; une par vague")
    gele_le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    jusqu_au: Mapped[date] = mapped_column(Date, info=ANONYME, comment="dernier jour de contact pris, délai de l'invitation déduit")
    base: Mapped[int] = mapped_column(Integer, info=ANONYME, comment="unités dans la base, exclusions déduites")
    tires: Mapped[int] = mapped_column(Integer, info=ANONYME)
    exclusions: Mapped[dict[str, int]] = mapped_column(JSON, info=ANONYME, comment="par raison, comptées et imprimées")
    sha256: Mapped[str] = mapped_column(String(64), info=ANONYME, comment="des clés des unités, triées, une par ligne")
    clos_le: Mapped[datetime] = mapped_column(Instant, info=ANONYME, comment="J+21 après le gel : après, plus de réponse")
    comptes: Mapped[Optional[dict[str, int]]] = mapped_column(JSON, info=ANONYME, comment="invitations par état, gardées après les liens")
    liens_detruits_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME)
    vague: Mapped[Vague] = relationship(back_populates="releves")
    __table_args__ = (UniqueConstraint("vague_id", "semaine"),
                      CheckConstraint("tires >= 0 AND tires <= base", name="tires"),
                      CheckConstraint("liens_detruits_le IS NULL OR comptes IS NOT NULL", name="comptes"))


class UniteSondage(Base):
    """One unit of a frozen frame: a closed contact, someone present at a rencontre, or a numbered sheet handed out there. Says who could be
    asked and who was; never what was answered."""

    __tablename__ = "unite_sondage"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    releve_id: Mapped[int] = mapped_column(ForeignKey("releve.id"), index=True, info=ANONYME)
    vague_id: Mapped[int] = mapped_column(ForeignKey("vague.id"), info=ANONYME)
    cle: Mapped[str] = mapped_column(String(24), info=ANONYME, comment="« c:45 » contact, « i:12 » inscription, « f:8:3 » feuille 3 du contact 8")
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"), index=True, info=ANONYME)
    assure_id: Mapped[Optional[int]] = mapped_column(ForeignKey("assure.id", ondelete="SET NULL"), index=True, info=ANONYME)
    forme: Mapped[str] = mapped_column(String(10), info=ANONYME)
    mois: Mapped[str] = mapped_column(String(7), info=ANONYME, comment="du contact : « 2011-09 »")
    exclusion: Mapped[Optional[str]] = mapped_column(String(16), info=ANONYME, comment="pourquoi elle n'est pas dans la base ; absente : elle y est")
    tire: Mapped[bool] = mapped_column(Boolean, info=ANONYME)
    __table_args__ = (UniqueConstraint("vague_id", "cle"), CheckConstraint(parmi("forme", FORMES), name="forme"),
                      CheckConstraint(f"exclusion IS NULL OR {parmi('exclusion', EXCLUSIONS)}", name="exclusion"),
                      CheckConstraint("exclusion IS NULL OR NOT tire", name="exclue"))


class FeuilleRencontre(Base):
    """A numbered sheet with a code, printed for a rencontre before it is held. It joins the frame with the rencontre's contact."""

    __tablename__ = "feuille_rencontre"
    rencontre_id: Mapped[int] = mapped_column(ForeignKey("rencontre.id", ondelete="CASCADE"), primary_key=True)
    numero: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False, info=ANONYME)
    vague_id: Mapped[int] = mapped_column(ForeignKey("vague.id"), index=True, info=ANONYME)
    jeton_empreinte: Mapped[str] = mapped_column(String(64), unique=True, info=ANONYME)
    pseudonyme: Mapped[int] = mapped_column(BigInteger, unique=True, info=ANONYME, comment="de qui tient la feuille : personne ne sait qui")


class InvitationEnquete(Base):
    """The link between a person and her pseudonym. Deleted 30 days after closing; its states are counted on the relevé before."""

    __tablename__ = "invitation_enquete"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    unite_id: Mapped[int] = mapped_column(ForeignKey("unite_sondage.id"), unique=True, info=ANONYME)
    releve_id: Mapped[int] = mapped_column(ForeignKey("releve.id"), info=ANONYME)
    pseudonyme: Mapped[int] = mapped_column(BigInteger, unique=True, info=PERSONNEL, comment="tiré au sort pour cette vague ; clé des réponses")
    jeton_empreinte: Mapped[str] = mapped_column(String(64), unique=True, info=ANONYME, comment="HMAC-SHA256 du code, clé de l'installation")
    canal: Mapped[str] = mapped_column(String(10), info=ANONYME)
    etat: Mapped[str] = mapped_column(String(10), info=ANONYME)
    en_cours: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME, comment="courriel confié au serveur, sans conclusion encore")
    echecs: Mapped[int] = mapped_column(Integer, default=0, server_default="0", info=ANONYME)
    delivree_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME)
    relancee_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME)
    unite: Mapped[UniteSondage] = relationship()
    releve: Mapped[Releve] = relationship()
    __table_args__ = (CheckConstraint(parmi("etat", ETATS_INVITATION), name="etat"),
                      CheckConstraint(parmi("canal", CANAUX_INVITATION), name="canal"),
                      Index("ix_invitation_enquete_suivi", "releve_id", "etat"))


class Participation(Base):
    """A questionnaire begun under a pseudonym: how, where it stands, and nothing that leads back to the person. A respondent is a participation
    with at least one expressed answer (`exprimee`), whole or partial."""

    __tablename__ = "participation"
    pseudonyme: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False, info=ANONYME)
    vague_id: Mapped[int] = mapped_column(ForeignKey("vague.id"), index=True, info=ANONYME)
    forme: Mapped[str] = mapped_column(String(10), info=ANONYME, comment="du contact")
    mois: Mapped[str] = mapped_column(String(7), info=ANONYME, comment="du contact, seule date gardée")
    mode: Mapped[str] = mapped_column(String(10), info=ANONYME, comment="par où sont venues les réponses ; le dernier, s'il a changé")
    etat: Mapped[str] = mapped_column(String(10), info=ANONYME)
    exprimee: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false(), info=ANONYME)
    saisi_par: Mapped[Optional[int]] = mapped_column(ForeignKey("conseiller.id"), info=ANONYME,
                                                     comment="téléphone et papier ; jamais le conseiller du contact")
    __table_args__ = (CheckConstraint(parmi("mode", MODES_REPONSE), name="mode"),
                      CheckConstraint(parmi("etat", ETATS_PARTICIPATION), name="etat"),
                      CheckConstraint("(mode IN ('telephone', 'papier')) = (saisi_par IS NOT NULL)", name="saisie"))


class Reponse(Base):
    """One answer: an item and its code (several rows for an item with several choices). « passe » is an answer too: the question was shown."""

    __tablename__ = "reponse"
    pseudonyme: Mapped[int] = mapped_column(ForeignKey("participation.pseudonyme", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    item: Mapped[str] = mapped_column(String(6), primary_key=True, info=ANONYME)
    code: Mapped[str] = mapped_column(String(20), primary_key=True, info=ANONYME)


class Commentaire(Base):
    """A free comment, masked as it came in. A person reads it before anything of it leaves the caisse; only themes and extracts ever do."""

    __tablename__ = "commentaire"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    vague_id: Mapped[int] = mapped_column(ForeignKey("vague.id"), info=ANONYME)
    pseudonyme: Mapped[Optional[int]] = mapped_column(ForeignKey("participation.pseudonyme", ondelete="CASCADE"), unique=True, info=ANONYME,
                                                      comment="effacé avec les liens : la phrase ne se rattache plus aux autres réponses")
    texte: Mapped[str] = mapped_column(String(600), info=PERSONNEL, comment="masqué à l'entrée ; jamais publié tel quel")
    masque: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false(), info=ANONYME, comment="quelque chose a été masqué")
    etat: Mapped[str] = mapped_column(String(8), info=ANONYME)
    theme: Mapped[Optional[str]] = mapped_column(String(12), info=ANONYME)
    extrait: Mapped[Optional[str]] = mapped_column(String(300), info=PERSONNEL, comment="ce qui peut sortir de la caisse, relu par une personne")
    relu_par: Mapped[Optional[int]] = mapped_column(ForeignKey("conseiller.id"), info=ANONYME)
    relu_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME)
    __table_args__ = (CheckConstraint(parmi("etat", ETATS_COMMENTAIRE), name="etat"),
                      CheckConstraint(f"theme IS NULL OR {parmi('theme', THEMES_COMMENTAIRE)}", name="theme"),
                      CheckConstraint("(etat = 'a_relire') = (relu_par IS NULL)", name="relu"),
                      CheckConstraint("etat <> 'retenu' OR theme IS NOT NULL", name="retenu"),
                      CheckConstraint("extrait IS NULL OR etat = 'retenu'", name="extrait"),
                      Index("ix_commentaire_relecture", "vague_id", "etat"))
