"""Contacts: what was done with whom, how deep, with which tools and effects. The bilan is made from these tables alone.

R-numbers: reference/requirements-survey-bilan.md §1. No field for health, and no free text but the structured note of a compte rendu (agenda).
"""
from datetime import date, datetime
from typing import Optional

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, ForeignKeyConstraint, Index, Integer, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.contacts.base import Base, Instant
from bot.contacts.tables.marques import ANONYME, PERSONNEL, parmi

TYPES_CONTACT = ("entretien", "courrier", "rencontre")
FORMES = ("physique", "telephone", "courrier", "courriel", "collective")
ORIGINES = ("campagne", "local", "spontane", "eir")
# « prevu » from booking to the day itself; the bilan counts the others
RESULTATS = ("prevu", "realise", "refus", "absent", "annule")
BENEFICIAIRES = ("assure", "conjoint", "ayant_droit")
# D1 to D8 are the axes of the circular (R49); D9 is required for EIG and AE though missing from that list (A7).
DOMAINES = {"D1": "le RSI et ses missions", "D2": "statut et cotisations", "D3": "retraite", "D4": "maladie et maternité",
            "D5": "prévention générale", "D6": "risques professionnels", "D7": "action sanitaire et sociale", "D8": "services en ligne",
            "D9": "invalidité et décès"}
EFFETS = ("fichier_corrige", "carriere_completee", "preliquidation_ouverte", "oriente_recouvrement", "transfrontalier_signale")
RAISONS_NON_ABORDE = ("sans_objet", "deja_connu", "manque_de_temps", "refus_assure", "autre_rendez_vous")


class ProfessionRisque(Base):
    """Professions for which the fund had information on occupational risks, with the dates from which it did (R40)."""

    __tablename__ = "profession_risque"
    code: Mapped[str] = mapped_column(String(40), primary_key=True, info=ANONYME)
    libelle: Mapped[str] = mapped_column(String(120), info=ANONYME)
    du: Mapped[date] = mapped_column(Date, info=ANONYME)
    au: Mapped[Optional[date]] = mapped_column(Date, info=ANONYME)
    source: Mapped[str] = mapped_column(String(300), info=ANONYME)


class Rencontre(Base):
    """A collective meeting. Who enrolled is in `inscription` until it is closed; what stays is numbers (R44)."""

    __tablename__ = "rencontre"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    caisse_code: Mapped[str] = mapped_column(ForeignKey("caisse.code"), index=True, info=ANONYME)
    action_id: Mapped[Optional[int]] = mapped_column(ForeignKey("action.id"), comment="absente = hors campagne")
    theme: Mapped[str] = mapped_column(String(20), info=ANONYME, comment="auto_entrepreneur, profession ou autre")
    titre: Mapped[str] = mapped_column(String(160), info=ANONYME)
    profession_code: Mapped[Optional[str]] = mapped_column(ForeignKey("profession_risque.code"), info=ANONYME,
                                                           comment="obligatoire pour une rencontre par profession (R40)")
    evenement: Mapped[Optional[str]] = mapped_column(String(160), info=ANONYME, comment="salon ou manifestation existante (R39)")
    partenaire: Mapped[Optional[str]] = mapped_column(String(120), info=ANONYME)
    antenne_id: Mapped[Optional[int]] = mapped_column(ForeignKey("antenne.id"))
    lieu: Mapped[str] = mapped_column(String(200), info=ANONYME)
    debut: Mapped[datetime] = mapped_column(Instant, index=True, info=ANONYME, comment="instant UTC")
    fin: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    fuseau: Mapped[str] = mapped_column(String(40), info=ANONYME)
    places: Mapped[Optional[int]] = mapped_column(Integer, info=ANONYME, comment="absent = sans limite")
    inscrits: Mapped[int] = mapped_column(Integer, default=0, server_default="0", info=ANONYME, comment="sièges pris, offres en attente comprises")
    hors_quota: Mapped[int] = mapped_column(Integer, default=0, server_default="0", info=ANONYME, comment="sièges ajoutés par un conseiller")
    cloture_inscriptions: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    cloturee_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME, comment="présences relevées ; ensuite plus rien ne change")
    annulee_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME)
    participants: Mapped[Optional[int]] = mapped_column(Integer, info=ANONYME, comment="présents comptés, inscrits ou non ; un nombre, pas des noms")
    __table_args__ = (
        CheckConstraint(parmi("theme", ("auto_entrepreneur", "profession", "autre")), name="theme"),
        CheckConstraint("theme <> 'profession' OR profession_code IS NOT NULL", name="profession"),
        CheckConstraint("fin > debut", name="duree"),
        CheckConstraint("places IS NULL OR inscrits <= places + hors_quota", name="places"),
        CheckConstraint("inscrits >= 0 AND hors_quota >= 0", name="comptes"),
        CheckConstraint("participants IS NULL OR participants >= 0", name="participants"),
    )


class Contact(Base):
    """One contact: an entretien with one person, a letter to one person, or a rencontre without any person's data (R44, R45)."""

    __tablename__ = "contact"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    caisse_code: Mapped[str] = mapped_column(ForeignKey("caisse.code"), info=ANONYME)
    socle_id: Mapped[int] = mapped_column(ForeignKey("socle.id"), comment="le socle en vigueur le jour du contact (R06)")
    type: Mapped[str] = mapped_column(String(10), info=ANONYME)
    collectif: Mapped[bool] = mapped_column(Boolean, info=ANONYME, comment="vrai si et seulement si c'est une rencontre ; porte la règle R48")
    forme: Mapped[str] = mapped_column(String(10), info=ANONYME)
    origine: Mapped[str] = mapped_column(String(10), info=ANONYME, comment="un entretien spontané ou un EIR ne compte dans aucune cible (R55, A6)")
    action_id: Mapped[Optional[int]] = mapped_column(ForeignKey("action.id"), comment="absente pour un contact spontané")
    assure_id: Mapped[Optional[int]] = mapped_column(ForeignKey("assure.id", ondelete="SET NULL"), index=True)
    rencontre_id: Mapped[Optional[int]] = mapped_column(ForeignKey("rencontre.id"), unique=True)
    envoi_id: Mapped[Optional[int]] = mapped_column(ForeignKey("envoi.id", ondelete="SET NULL"), unique=True)
    conseiller_id: Mapped[Optional[int]] = mapped_column(ForeignKey("conseiller.id"), info=ANONYME)
    jour: Mapped[date] = mapped_column(Date, info=ANONYME, comment="jour local du contact : l'exercice se lit ici (A1)")
    resultat: Mapped[str] = mapped_column(String(8), info=ANONYME)
    minutes: Mapped[Optional[int]] = mapped_column(Integer, info=ANONYME)
    beneficiaire: Mapped[str] = mapped_column(String(12), default="assure", server_default="assure", info=ANONYME, comment="R22")
    moment_vie: Mapped[Optional[str]] = mapped_column(String(24), info=PERSONNEL, comment="liste fermée de la campagne (R22)")
    accompagnant: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false(), info=ANONYME)
    naissance_annee: Mapped[Optional[int]] = mapped_column(Integer, info=PERSONNEL, comment="année seule, pour les sous-cibles 1952 et 1957 (R30)")
    carriere_incomplete: Mapped[Optional[bool]] = mapped_column(Boolean, info=PERSONNEL, comment="au jour du contact (R30)")
    mecanismes: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false(), info=ANONYME, comment="retraite, les mécanismes (R48)")
    droits_acquis: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false(), info=ANONYME)
    optimisation: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false(), info=ANONYME)
    ris_utilise: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false(), info=ANONYME, comment="appui sur le RIS (R51)")
    estimation_remise: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false(), info=ANONYME,
                                                    comment="estimation maison : déconseillée dès 54 ans (R50)")
    age_54_ou_plus: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false(), info=ANONYME)
    estimation_raison: Mapped[Optional[str]] = mapped_column(String(200), info=ANONYME, comment="exigée pour une estimation dès 54 ans (R50)")
    enregistre_le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    domaines: Mapped[list["ContactDomaine"]] = relationship(cascade="all, delete-orphan", order_by="ContactDomaine.domaine")
    effets: Mapped[list["ContactEffet"]] = relationship(cascade="all, delete-orphan", order_by="ContactEffet.effet")
    outils: Mapped[list["ContactOutil"]] = relationship(cascade="all, delete-orphan")
    __table_args__ = (
        UniqueConstraint("id", "collectif"),
        CheckConstraint(parmi("type", TYPES_CONTACT), name="type"),
        CheckConstraint(parmi("forme", FORMES), name="forme"),
        CheckConstraint(parmi("origine", ORIGINES), name="origine"),
        CheckConstraint(parmi("resultat", RESULTATS), name="resultat"),
        CheckConstraint(parmi("beneficiaire", BENEFICIAIRES), name="beneficiaire"),
        CheckConstraint("(type = 'rencontre' AND collectif) OR (type <> 'rencontre' AND NOT collectif)", name="collectif"),
        CheckConstraint("(type = 'entretien' AND forme IN ('physique', 'telephone')) OR (type = 'courrier' AND forme IN ('courrier', 'courriel'))"
                        " OR (type = 'rencontre' AND forme = 'collective')", name="type_forme"),
        # A person's row may be erased later: her contacts stay, counted, without her (R10); a rencontre never had her.
        CheckConstraint("type <> 'rencontre' OR (assure_id IS NULL AND naissance_annee IS NULL AND moment_vie IS NULL"
                        " AND carriere_incomplete IS NULL AND rencontre_id IS NOT NULL)", name="rencontre_sans_personne"),
        CheckConstraint("(origine IN ('campagne', 'local')) = (action_id IS NOT NULL)", name="origine_action"),
        CheckConstraint("NOT (estimation_remise AND age_54_ou_plus) OR estimation_raison IS NOT NULL", name="estimation_54"),
        CheckConstraint("minutes IS NULL OR minutes BETWEEN 1 AND 480", name="minutes"),
        Index("ix_contact_bilan", "caisse_code", "jour", "type"),
        Index("ix_contact_action", "action_id", "resultat"),
    )


class ContactDomaine(Base):
    """How deep one domain was gone into: 0 not at all (a reason is needed) to 3 in depth (R46). Retirement ≤ 1 in a collective meeting (R48)."""

    __tablename__ = "contact_domaine"
    contact_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    collectif: Mapped[bool] = mapped_column(Boolean, info=ANONYME)
    domaine: Mapped[str] = mapped_column(String(2), primary_key=True, info=ANONYME)
    profondeur: Mapped[int] = mapped_column(Integer, info=ANONYME)
    personnalise: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false(), info=ANONYME, comment="sinon générique (R08)")
    raison: Mapped[Optional[str]] = mapped_column(String(20), info=ANONYME)
    __table_args__ = (
        ForeignKeyConstraint(["contact_id", "collectif"], ["contact.id", "contact.collectif"], name="fk_contact_domaine_contact", ondelete="CASCADE"),
        CheckConstraint(parmi("domaine", tuple(DOMAINES)), name="domaine"),
        CheckConstraint("profondeur BETWEEN 0 AND 3", name="profondeur"),
        CheckConstraint("(profondeur = 0) = (raison IS NOT NULL)", name="raison"),
        CheckConstraint(f"raison IS NULL OR {parmi('raison', RAISONS_NON_ABORDE)}", name="raison_connue"),
        CheckConstraint("NOT (collectif AND domaine = 'D3' AND profondeur > 1)", name="retraite_collective"),
        CheckConstraint("NOT (collectif AND personnalise)", name="collectif_generique"),
    )


class ContactEffet(Base):
    """What a contact changed for the fund (R26)."""

    __tablename__ = "contact_effet"
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), primary_key=True)
    effet: Mapped[str] = mapped_column(String(28), primary_key=True, info=ANONYME)
    __table_args__ = (CheckConstraint(parmi("effet", EFFETS), name="effet"),)


class ContactOutil(Base):
    """Which version of which tool served (R35, R43)."""

    __tablename__ = "contact_outil"
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), primary_key=True)
    outil_version_id: Mapped[int] = mapped_column(ForeignKey("outil_version.id"), primary_key=True)
