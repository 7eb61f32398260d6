"""Accounts of the counsellors' workspace, their sessions, and the guesses that are being counted.
What someone may do stands in `role`; what each level opens, in bot/site/espace/droits.py."""
from datetime import datetime
from typing import Optional

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Integer, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.contacts.base import Base, Instant
from bot.contacts.tables.caisse import Conseiller
from bot.contacts.tables.marques import ANONYME, PERSONNEL


class Compte(Base):
    """What lets a person of a caisse in. One account a person; what she may do is in her roles."""

    __tablename__ = "compte"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    conseiller_id: Mapped[int] = mapped_column(ForeignKey("conseiller.id"), unique=True, info=ANONYME)
    identifiant: Mapped[str] = mapped_column(String(60), unique=True, info=PERSONNEL, comment="en minuscules : « claire.fontaine »")
    mot_de_passe: Mapped[str] = mapped_column(String(200), info=PERSONNEL, comment="argon2id, avec ses paramètres et son sel")
    mot_de_passe_le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    doit_changer: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false(), info=ANONYME,
                                               comment="mot de passe donné par quelqu'un d'autre : à remplacer à la première connexion")
    totp_secret: Mapped[Optional[str]] = mapped_column(Text, info=PERSONNEL, comment="chiffré par la clé de l'installation")
    totp_actif_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME, comment="absent : secret proposé, pas encore confirmé")
    totp_pas: Mapped[Optional[int]] = mapped_column(Integer, info=ANONYME, comment="dernier pas de 30 s accepté : un code ne sert qu'une fois")
    derniere_connexion_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME)
    desactive_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME, comment="absent : le compte ouvre l'espace")
    demo: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false(), info=ANONYME,
                                       comment="compte fictif : n'ouvre l'espace que d'un site de démonstration")
    cree_le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    conseiller: Mapped[Conseiller] = relationship()
    __table_args__ = (CheckConstraint("totp_actif_le IS NULL OR totp_secret IS NOT NULL", name="totp"),
                      CheckConstraint("identifiant = lower(identifiant)", name="identifiant"))


class CodeSecours(Base):
    """A recovery code of the second factor: used once, in the place of a telephone that is lost."""

    __tablename__ = "code_secours"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    compte_id: Mapped[int] = mapped_column(ForeignKey("compte.id", ondelete="CASCADE"), index=True, info=ANONYME)
    empreinte: Mapped[str] = mapped_column(String(64), unique=True, info=PERSONNEL, comment="HMAC par la clé de l'installation")
    utilise_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME)


class SessionEspace(Base):
    """One browser that is logged in. Only the hash of its cookie is kept; deleting the line logs it out at its next request."""

    __tablename__ = "session_espace"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    empreinte: Mapped[str] = mapped_column(String(64), unique=True, info=ANONYME, comment="SHA-256 du secret du cookie")
    compte_id: Mapped[int] = mapped_column(ForeignKey("compte.id", ondelete="CASCADE"), index=True, info=ANONYME)
    cree_le: Mapped[datetime] = mapped_column(Instant, info=ANONYME, comment="8 h au plus à partir d'ici")
    active_le: Mapped[datetime] = mapped_column(Instant, index=True, info=ANONYME, comment="30 min au plus à partir d'ici ; à la minute près")
    second_facteur: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false(), info=ANONYME,
                                                 comment="le code du téléphone a été donné dans cette session")
    compte: Mapped[Compte] = relationship()


class EssaiConnexion(Base):
    """Failed tries in a row for one identifier, known or not: what is counted alike gives nothing away."""

    __tablename__ = "essai_connexion"
    cle: Mapped[str] = mapped_column(String(64), primary_key=True, info=PERSONNEL, comment="HMAC de l'identifiant essayé, ou du compte pour le code")
    echecs: Mapped[int] = mapped_column(Integer, info=ANONYME)
    dernier_le: Mapped[datetime] = mapped_column(Instant, index=True, info=ANONYME)
    bloque_jusqua: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME)
