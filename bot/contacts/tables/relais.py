"""The hand-over of a conversation to a person: the queue, who is there to answer, and the messages left outside opening hours."""
from datetime import datetime
from typing import Any, Optional

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.contacts.base import Base, Instant
from bot.contacts.tables.marques import ANONYME, PERSONNEL, parmi

ETATS_RELAIS = ("attente", "en_cours", "rendu", "repris", "ferme")
ETATS_RAPPEL = ("a_faire", "fait", "injoignable")
_OUVERT: dict[str, Any] = {"sqlite_where": text("etat IN ('attente', 'en_cours')"), "postgresql_where": text("etat IN ('attente', 'en_cours')")}


class Relais(Base):
    """One request for a person in a conversation. What is said stays in the conversation's messages; this line outlives them, without link."""

    __tablename__ = "relais"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    conversation_id: Mapped[Optional[str]] = mapped_column(ForeignKey("conversation.id", ondelete="SET NULL"), index=True, info=ANONYME)
    caisse_code: Mapped[str] = mapped_column(ForeignKey("caisse.code"), info=ANONYME)
    etat: Mapped[str] = mapped_column(String(10), info=ANONYME,
                                      comment="attente, en_cours, rendu (par le conseiller), repris (par la personne), ferme (plus personne)")
    demande_le: Mapped[datetime] = mapped_column(Instant, info=ANONYME, comment="donne la place dans la file, gardée après une coupure")
    place_dite: Mapped[int] = mapped_column(Integer, info=ANONYME, comment="la dernière place annoncée ; seule une meilleure se redit")
    conseiller_id: Mapped[Optional[int]] = mapped_column(ForeignKey("conseiller.id"), info=ANONYME)
    pris_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME)
    signe_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME, comment="dernier signe du navigateur du conseiller")
    fini_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME)
    coupures: Mapped[int] = mapped_column(Integer, default=0, info=ANONYME, comment="remises en file après le silence d'un navigateur")
    __table_args__ = (
        CheckConstraint(parmi("etat", ETATS_RELAIS), name="etat"),
        CheckConstraint("etat <> 'en_cours' OR (conseiller_id IS NOT NULL AND pris_le IS NOT NULL AND signe_le IS NOT NULL)", name="pris"),
        CheckConstraint("(etat IN ('attente', 'en_cours')) = (fini_le IS NULL)", name="fini"),
        # a conversation waits for one person at a time
        Index("uq_relais_conversation_ouverte", "conversation_id", unique=True, **_OUVERT),
        Index("ix_relais_caisse_etat", "caisse_code", "etat"),
    )


class Presence(Base):
    """A counsellor who says she is there to answer conversations; an old line is worth nothing."""

    __tablename__ = "presence"
    conseiller_id: Mapped[int] = mapped_column(ForeignKey("conseiller.id", ondelete="CASCADE"), primary_key=True)
    caisse_code: Mapped[str] = mapped_column(ForeignKey("caisse.code"), index=True, info=ANONYME)
    vu_le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)


class Rappel(Base):
    """A message left for a person of the caisse, who rings back. Name, number and words go once it is dealt with."""

    __tablename__ = "rappel"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    caisse_code: Mapped[str] = mapped_column(ForeignKey("caisse.code"), info=ANONYME)
    nom: Mapped[Optional[str]] = mapped_column(String(120), info=PERSONNEL)
    telephone: Mapped[Optional[str]] = mapped_column(String(40), info=PERSONNEL)
    moment: Mapped[str] = mapped_column(String(40), info=ANONYME, comment="quand rappeler : « Le matin »…")
    message: Mapped[Optional[str]] = mapped_column(String(400), info=PERSONNEL, comment="numéros masqués")
    etat: Mapped[str] = mapped_column(String(12), info=ANONYME)
    demande_le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    traite_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME)
    conseiller_id: Mapped[Optional[int]] = mapped_column(ForeignKey("conseiller.id"), info=ANONYME)
    __table_args__ = (
        CheckConstraint(parmi("etat", ETATS_RAPPEL), name="etat"),
        CheckConstraint("(etat = 'a_faire') = (traite_le IS NULL)", name="traite"),
        Index("ix_rappel_caisse_etat", "caisse_code", "etat"),
    )
