"""The trame filled in during an entretien, kept as it is written. What is counted of the entretien is in `contact`."""
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.contacts.base import Base, Instant
from bot.contacts.tables.marques import ANONYME, PERSONNEL


class SaisieTrame(Base):
    """One state of a trame, by one open page: further saves of that page replace it, another page's come beside it. The highest `rang` counts."""

    __tablename__ = "saisie_trame"
    entretien_id: Mapped[int] = mapped_column(ForeignKey("entretien.id", ondelete="CASCADE"), primary_key=True)
    rang: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False, info=ANONYME)
    version: Mapped[int] = mapped_column(Integer, info=ANONYME, comment="monte à chaque enregistrement, quelle que soit la page")
    onglet: Mapped[str] = mapped_column(String(40), info=ANONYME, comment="la page ouverte qui écrit : tirée au sort à chaque ouverture")
    auteur_id: Mapped[int] = mapped_column(ForeignKey("conseiller.id"), info=ANONYME)
    le: Mapped[datetime] = mapped_column(Instant, index=True, info=ANONYME)
    trame_version: Mapped[str] = mapped_column(String(20), info=ANONYME, comment="« 2011.1 », ou « 2011.1-L1 » pour l'adaptation de la caisse")
    contenu: Mapped[dict[str, Any]] = mapped_column(JSON, info=PERSONNEL, comment="profondeurs, minutes, notes courtes ; ni santé ni jugement")
    __table_args__ = (CheckConstraint("rang >= 1 AND version >= rang", name="rang"),)
