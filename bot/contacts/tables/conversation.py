"""Conversations, their messages, buttons and journal of turns."""
from datetime import datetime
from typing import Any, Optional

from sqlalchemy import JSON, Boolean, CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.contacts.base import Base, Instant
from bot.contacts.tables.marques import ANONYME, PERSONNEL, parmi

# How a turn ended: one closed list drives the journal, the review page and the statistics.
ISSUES = ("repondu", "propose", "hors_sujet", "incompris", "refus", "urgence", "flux", "degrade", "incivil", "erreur")
RAISONS_AVIS = ("sans_reponse", "sans_rapport", "pas_clair", "incomplet", "perime")


class Conversation(Base):
    """One visitor's conversation. The cookie's secret is stored hashed; everything here is gone after 24 h at most."""

    __tablename__ = "conversation"
    id: Mapped[str] = mapped_column(String(32), primary_key=True, info=ANONYME, comment="128 bits tirés au sort par le site")
    jeton_empreinte: Mapped[str] = mapped_column(String(64), unique=True, info=ANONYME, comment="SHA-256 du secret du cookie")
    moteur_id: Mapped[str] = mapped_column(String(32), info=ANONYME, comment="identifiant donné au moteur ; change tous les 60 tours")
    caisse_code: Mapped[str] = mapped_column(ForeignKey("caisse.code"), info=ANONYME)
    cree_le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    active_le: Mapped[datetime] = mapped_column(Instant, index=True, info=ANONYME, comment="dernier message ; la purge part de là")
    mode: Mapped[str] = mapped_column(String(12), info=ANONYME, comment="assistant, waiting, counsellor, closed (docs/contrat)")
    tours: Mapped[int] = mapped_column(Integer, info=ANONYME, comment="depuis le dernier changement de moteur_id")
    incompris: Mapped[int] = mapped_column(Integer, info=ANONYME, comment="messages de suite sans réponse ; remis à zéro par une réponse")
    incivilites: Mapped[int] = mapped_column(Integer, info=ANONYME, comment="injures dans cette conversation")
    pause_jusqua: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME, comment="injures répétées : pas de réponse avant")
    dernier_sujet: Mapped[Optional[str]] = mapped_column(String(80), info=PERSONNEL)
    profil: Mapped[dict[str, str]] = mapped_column(JSON, info=PERSONNEL, comment="ce que la personne a dit d'elle, listes fermées (fiches.PROFIL)")
    __table_args__ = (CheckConstraint(parmi("mode", ("assistant", "waiting", "counsellor", "closed")), name="mode"),)


class Echange(Base):
    """One message and the envelope that answered it. The unique (conversation, message_id) makes a resend harmless."""

    __tablename__ = "echange"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), index=True, info=ANONYME)
    message_id: Mapped[str] = mapped_column(String(36), info=ANONYME, comment="uuid fait par la page")
    empreinte: Mapped[str] = mapped_column(String(64), info=ANONYME, comment="SHA-256 du contenu : même message_id, autre contenu = erreur")
    dit: Mapped[str] = mapped_column(Text, info=PERSONNEL, comment="ce que la personne a écrit, masqué, tel que la page le montre")
    enveloppe: Mapped[Optional[dict[str, Any]]] = mapped_column(JSON, info=PERSONNEL, comment="la réponse ; absente tant que le tour est en cours")
    recu_le: Mapped[datetime] = mapped_column(Instant, index=True, info=ANONYME)
    __table_args__ = (UniqueConstraint("conversation_id", "message_id"),)


class Choix(Base):
    """What an opaque button id stands for. The page only ever sees the id."""

    __tablename__ = "choix"
    id: Mapped[str] = mapped_column(String(32), primary_key=True, info=ANONYME)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), index=True, info=ANONYME)
    libelle: Mapped[str] = mapped_column(String(200), info=ANONYME)
    charge: Mapped[dict[str, Any]] = mapped_column(JSON, info=ANONYME, comment="ce que le bouton demande : {intention}, {profil}, {avis}…")


class Tour(Base):
    """The journal of turns, for review and figures. It keeps no link to the conversation once that is purged."""

    __tablename__ = "tour"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    conversation_id: Mapped[Optional[str]] = mapped_column(ForeignKey("conversation.id", ondelete="SET NULL"), index=True, info=ANONYME)
    caisse_code: Mapped[str] = mapped_column(ForeignKey("caisse.code"), info=ANONYME)
    le: Mapped[datetime] = mapped_column(Instant, index=True, info=ANONYME)
    issue: Mapped[str] = mapped_column(String(12), info=ANONYME, comment="comment le tour a fini (tables.ISSUES)")
    sujet: Mapped[Optional[str]] = mapped_column(String(80), info=ANONYME)
    confiance: Mapped[Optional[float]] = mapped_column(info=ANONYME)
    premiers: Mapped[list[Any]] = mapped_column(JSON, info=ANONYME, comment="les trois premiers du classement, avec leur confiance")
    texte_masque: Mapped[Optional[str]] = mapped_column(Text, info=PERSONNEL, comment="numéros masqués ; gardé 90 jours si incompris, sinon effacé")
    duree_ms: Mapped[int] = mapped_column(Integer, info=ANONYME)
    __table_args__ = (CheckConstraint(parmi("issue", ISSUES), name="issue"), Index("ix_tour_issue_le", "issue", "le"))


class Avis(Base):
    """« Cette réponse vous aide-t-elle ? » One per turn; the last word counts."""

    __tablename__ = "avis"
    tour_id: Mapped[int] = mapped_column(ForeignKey("tour.id", ondelete="CASCADE"), primary_key=True, info=ANONYME)
    utile: Mapped[bool] = mapped_column(Boolean, info=ANONYME)
    raison: Mapped[Optional[str]] = mapped_column(String(20), info=ANONYME)
    le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    __table_args__ = (CheckConstraint(f"raison IS NULL OR {parmi('raison', RAISONS_AVIS)}", name="raison"),)


class Brouillon(Base):
    """An act under way in a conversation (booking, survey, opening of slots): what is known so far and what was last asked. One at a time.

    It goes with its conversation, or when the act ends; `prive` holds what identifies the person until then, and only that.
    """

    __tablename__ = "brouillon"
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True, info=ANONYME)
    flux: Mapped[str] = mapped_column(String(24), info=ANONYME, comment="étiquette du flux : prendre_rdv, repondre_enquete…")
    etape: Mapped[str] = mapped_column(String(24), info=ANONYME, comment="ce qui vient d'être demandé")
    donnees: Mapped[dict[str, Any]] = mapped_column(JSON, info=ANONYME, comment="choix faits : motif, lieu, jours ; rien qui identifie")
    prive: Mapped[dict[str, Any]] = mapped_column(JSON, info=PERSONNEL, comment="nom, téléphone, courriel, le temps de l'acte")
    relances: Mapped[int] = mapped_column(Integer, info=ANONYME, comment="incompréhensions de suite sur la même question")
    change_le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
