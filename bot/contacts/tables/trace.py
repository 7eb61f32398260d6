"""What happened, append only: history of the objects of the caisse, and audit of who read or wrote a personal file.

Triggers refuse UPDATE and DELETE (migrations 0002 and 0010); the audit lines are chained by their hashes, and leave after a year only.
"""
from datetime import datetime
from typing import Any, Optional

from sqlalchemy import JSON, CheckConstraint, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.contacts.base import Base, Instant
from bot.contacts.tables.marques import ANONYME, PERSONNEL


class Historique(Base):
    """One change of one object: who, as what, when, from what to what (booking.md §5.0)."""

    __tablename__ = "historique"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    acteur: Mapped[str] = mapped_column(String(60), info=PERSONNEL, comment="« conseiller:12 », « assure », « systeme »")
    role: Mapped[Optional[str]] = mapped_column(String(20), info=ANONYME)
    origine: Mapped[str] = mapped_column(String(12), info=ANONYME, comment="chat, page, espace, commande, systeme")
    commande: Mapped[str] = mapped_column(String(40), info=ANONYME)
    objet: Mapped[str] = mapped_column(String(30), info=ANONYME, comment="table de l'objet")
    objet_id: Mapped[str] = mapped_column(String(40), info=ANONYME)
    avant: Mapped[Optional[dict[str, Any]]] = mapped_column(JSON, info=ANONYME, comment="colonnes non personnelles seulement")
    apres: Mapped[Optional[dict[str, Any]]] = mapped_column(JSON, info=ANONYME)
    __table_args__ = (Index("ix_historique_objet", "objet", "objet_id"),)


class Audit(Base):
    """One access to a personal file or one sensitive act. `empreinte` covers the line and the one before it: a line cannot be changed unseen."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    le: Mapped[datetime] = mapped_column(Instant, index=True, info=ANONYME)
    acteur: Mapped[str] = mapped_column(String(60), info=PERSONNEL)
    role: Mapped[Optional[str]] = mapped_column(String(20), info=ANONYME)
    caisse_code: Mapped[Optional[str]] = mapped_column(String(40), info=ANONYME)
    acte: Mapped[str] = mapped_column(String(40), info=ANONYME, comment="« dossier.lu », « connexion.refusee », « export »…")
    objet: Mapped[Optional[str]] = mapped_column(String(30), info=ANONYME)
    objet_id: Mapped[Optional[str]] = mapped_column(String(40), info=ANONYME)
    precedent: Mapped[str] = mapped_column(String(64), info=ANONYME, comment="empreinte de la ligne précédente ; zéros pour la première")
    empreinte: Mapped[str] = mapped_column(String(64), unique=True, info=ANONYME)


class RepereAudit(Base):
    """The end of what was purged from the trail: the chain goes on from its hash, and the seal shows that the purge was ours."""

    __tablename__ = "audit_repere"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    dernier_id: Mapped[int] = mapped_column(Integer, unique=True, info=ANONYME, comment="dernière ligne purgée")
    empreinte: Mapped[str] = mapped_column(String(64), info=ANONYME, comment="la sienne : la première ligne gardée la porte comme précédente")
    nombre: Mapped[int] = mapped_column(Integer, info=ANONYME, comment="lignes purgées cette fois")
    sceau: Mapped[str] = mapped_column(String(64), info=ANONYME, comment="HMAC de ce qui précède, par la clé de l'installation")
    __table_args__ = (CheckConstraint("nombre > 0", name="nombre"),)
