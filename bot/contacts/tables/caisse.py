"""Caisses, antennes, and the people who work there."""
from datetime import date
from typing import Optional

from sqlalchemy import JSON, Boolean, CheckConstraint, Date, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.contacts.base import Base
from bot.contacts.tables.marques import ANONYME, PERSONNEL, parmi

GENRES_CAISSE = ("regionale", "professions_liberales", "nationale")
# What a person may do (booking.md §5.11) and what she signs or reads (R05, R12).
NIVEAUX = ("conseiller", "secretariat", "responsable", "directeur", "agent_comptable", "medecin_conseil", "responsable_oc",
           "groupe_travail", "national", "administrateur")


class Caisse(Base):
    """A regional caisse as its visitors need it. Names and numbers are data, never code."""

    __tablename__ = "caisse"
    code: Mapped[str] = mapped_column(String(40), primary_key=True, info=ANONYME, comment="court, stable, sans accent : « demo-aquitaine »")
    nom: Mapped[str] = mapped_column(String(120), info=ANONYME)
    telephone: Mapped[str] = mapped_column(String(30), info=ANONYME, comment="tel que les gens le composent")
    horaires: Mapped[str] = mapped_column(String(200), info=ANONYME, comment="en une ligne : « du lundi au vendredi, 9 h à 17 h »")
    courriel: Mapped[Optional[str]] = mapped_column(String(120), info=ANONYME)
    site: Mapped[Optional[str]] = mapped_column(String(200), info=ANONYME)
    fuseau: Mapped[str] = mapped_column(String(40), info=ANONYME, comment="zone IANA, par ex. Europe/Paris")
    origines: Mapped[list[str]] = mapped_column(JSON, info=ANONYME, comment="sites autorisés à porter la fenêtre : « https://caisse.example »")
    genre: Mapped[str] = mapped_column(String(24), default="regionale", server_default="regionale", info=ANONYME,
                                       comment="une caisse de professions libérales n'est pas dans le socle (R18)")
    attendue_du: Mapped[Optional[date]] = mapped_column(Date, info=ANONYME, comment="première date où son bilan est attendu ; absente = jamais")
    attendue_au: Mapped[Optional[date]] = mapped_column(Date, info=ANONYME, comment="dernière date, comprise ; absente = toujours attendue")
    fictive: Mapped[bool] = mapped_column(Boolean, info=ANONYME, comment="vrai pour la démonstration ; affiché partout")
    antennes: Mapped[list["Antenne"]] = relationship(back_populates="caisse", order_by="Antenne.nom")
    __table_args__ = (CheckConstraint(parmi("genre", GENRES_CAISSE), name="genre"),
                      CheckConstraint("genre = 'regionale' OR attendue_du IS NULL", name="attendue"))


class Antenne(Base):
    """A place where a caisse receives people."""

    __tablename__ = "antenne"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    caisse_code: Mapped[str] = mapped_column(ForeignKey("caisse.code"), info=ANONYME)
    nom: Mapped[str] = mapped_column(String(80), info=ANONYME)
    adresse: Mapped[str] = mapped_column(String(200), info=ANONYME)
    code_postal: Mapped[str] = mapped_column(String(10), info=ANONYME)
    ville: Mapped[str] = mapped_column(String(80), info=ANONYME)
    horaires: Mapped[str] = mapped_column(String(200), info=ANONYME)
    caisse: Mapped[Caisse] = relationship(back_populates="antennes")
    __table_args__ = (UniqueConstraint("caisse_code", "nom"),)


class Conseiller(Base):
    """Someone who works for a caisse, whatever the role. The account that lets her in is apart (`Compte`)."""

    __tablename__ = "conseiller"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    caisse_code: Mapped[str] = mapped_column(ForeignKey("caisse.code"), index=True, info=ANONYME)
    nom: Mapped[str] = mapped_column(String(80), info=PERSONNEL)
    prenom: Mapped[str] = mapped_column(String(80), info=PERSONNEL)
    courriel: Mapped[Optional[str]] = mapped_column(String(120), info=PERSONNEL)
    telephone: Mapped[Optional[str]] = mapped_column(String(30), info=PERSONNEL, comment="numéro qui s'affiche chez l'assuré appelé")
    antenne_id: Mapped[Optional[int]] = mapped_column(ForeignKey("antenne.id"), comment="antenne habituelle")
    parti_le: Mapped[Optional[date]] = mapped_column(Date, info=ANONYME, comment="date de départ ; absente = en poste")
    roles: Mapped[list["Role"]] = relationship(back_populates="conseiller", cascade="all, delete-orphan")


class Role(Base):
    """What a person may do in a caisse. One line a role; someone may hold several."""

    __tablename__ = "role"
    conseiller_id: Mapped[int] = mapped_column(ForeignKey("conseiller.id", ondelete="CASCADE"), primary_key=True)
    caisse_code: Mapped[str] = mapped_column(ForeignKey("caisse.code"), primary_key=True, info=ANONYME)
    niveau: Mapped[str] = mapped_column(String(20), primary_key=True, info=ANONYME, comment="voir NIVEAUX")
    conseiller: Mapped[Conseiller] = relationship(back_populates="roles")
    __table_args__ = (CheckConstraint(parmi("niveau", NIVEAUX), name="niveau"),)
