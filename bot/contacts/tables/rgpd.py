"""People's rights and the end of data: erasures remembered without the person, passages of the purge, what each one destroyed."""
from datetime import datetime
from typing import Optional

from sqlalchemy import CheckConstraint, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.contacts.base import Base, Instant
from bot.contacts.tables.marques import ANONYME


class Effacement(Base):
    """An erasure done, by a keyed hash of who: a restored backup or a new file that brings her back is recognised, and erased again."""

    __tablename__ = "effacement"
    empreinte: Mapped[str] = mapped_column(String(64), primary_key=True, info=ANONYME,
                                           comment="HMAC de la caisse et du numéro de la personne, par la clé de l'installation")
    caisse_code: Mapped[str] = mapped_column(ForeignKey("caisse.code"), info=ANONYME)
    le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    rejoue_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME, comment="dernière fois qu'elle est revenue et a été effacée encore")


class PassagePurge(Base):
    """When a line of knowledge/conservation.yml was last applied: a line without a passage for 26 hours raises the alarm."""

    __tablename__ = "passage_purge"
    regle: Mapped[str] = mapped_column(String(40), primary_key=True, info=ANONYME)
    passe_le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)


class Elimination(Base):
    """What a passage destroyed, by category: the list that an elimination visa asks for (Code du patrimoine, L212-2). Never what it was."""

    __tablename__ = "elimination"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    regle: Mapped[str] = mapped_column(String(40), index=True, info=ANONYME)
    le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    nombre: Mapped[int] = mapped_column(Integer, info=ANONYME)
    __table_args__ = (CheckConstraint("nombre > 0", name="nombre"),)
