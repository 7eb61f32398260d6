"""The agenda: motifs, openings and closings, entretiens, the guard against double booking, enrolments, outbox, comptes rendus, feeds.

Rules the database can hold are held here (booking.md §5.0); `rencontre` itself stands with the contacts. Personal columns are marked.
"""
from datetime import date, datetime, time
from typing import Any, Optional

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    Time,
    UniqueConstraint,
    false,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.contacts.base import Base, Instant
from bot.contacts.tables.marques import ANONYME, PERSONNEL, parmi

MODALITES = ("presentiel", "telephone")
STATUTS_ENTRETIEN = ("pose", "honore", "absent", "annule_assure", "annule_caisse")
ORIGINES_ENTRETIEN = ("chat", "page", "espace", "secretariat")
PORTEURS = ("entretien", "rencontre", "conversation")
STATUTS_INSCRIPTION = ("inscrit", "attente", "offre", "desiste", "present", "absent", "annule")
SUJETS_NOTIFICATION = ("entretien", "inscription")
TYPES_NOTIFICATION = ("confirmation", "modification", "annulation", "rappel", "plus_tot", "place_liberee", "attente", "annulation_rencontre")
CANAUX_NOTIFICATION = ("courriel", "sms")
RESULTATS_NOTIFICATION = ("envoyee", "perimee", "abandonnee", "sans_adresse")
# No reason of health: an absence is an absence.
RAISONS_FERMETURE = ("conge", "formation", "reunion", "absence", "travaux", "autre")
RAISONS_ANNULATION = ("empechement", "plus_besoin", "autre_canal", "autre")


class Motif(Base):
    """What people come for. Worked example: duree 60 and battement 15 take the counsellor 75 minutes, so a grid opened at 9:00 offers 9:00, 10:15…"""

    __tablename__ = "motif"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    caisse_code: Mapped[str] = mapped_column(ForeignKey("caisse.code"), info=ANONYME)
    code: Mapped[str] = mapped_column(String(40), info=ANONYME, comment="clé dans knowledge/motifs.yml")
    libelle: Mapped[str] = mapped_column(String(120), info=ANONYME)
    libelle_court: Mapped[str] = mapped_column(String(40), info=ANONYME, comment="pour les messages : neutre, ni sujet ni santé")
    modalite: Mapped[str] = mapped_column(String(12), info=ANONYME)
    duree: Mapped[int] = mapped_column(Integer, info=ANONYME, comment="minutes, multiple de 15")
    battement: Mapped[int] = mapped_column(Integer, default=0, server_default="0", info=ANONYME, comment="minutes gardées après, multiple de 15")
    delai_min_h: Mapped[int] = mapped_column(Integer, info=ANONYME, comment="heures entre la prise et le premier créneau offert")
    delai_max_j: Mapped[int] = mapped_column(Integer, info=ANONYME, comment="jours jusqu'au dernier créneau offert")
    limite_modif_h: Mapped[int] = mapped_column(Integer, info=ANONYME, comment="heures avant le début où l'assuré ne déplace plus")
    max_par_jour: Mapped[Optional[int]] = mapped_column(Integer, info=ANONYME, comment="par conseiller et jour local ; absent = sans limite")
    libre_service: Mapped[bool] = mapped_column(Boolean, default=True, server_default=true(), info=ANONYME, comment="l'assuré prend lui-même")
    suivi_referent: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false(), info=ANONYME,
                                                 comment="le référent d'abord, quand il est libre")
    visible: Mapped[bool] = mapped_column(Boolean, default=True, server_default=true(), info=ANONYME)
    cible_code: Mapped[Optional[str]] = mapped_column(String(20), info=ANONYME, comment="cible du socle que ce motif sert d'ordinaire (EIG, AE…)")
    documents: Mapped[str] = mapped_column(Text, default="", server_default="", info=ANONYME, comment="à apporter, un par ligne")
    __table_args__ = (
        UniqueConstraint("caisse_code", "code"),
        UniqueConstraint("id", "modalite"),  # what `entretien` points to: the modality of a motif in use cannot change
        CheckConstraint(parmi("modalite", MODALITES), name="modalite"),
        CheckConstraint("duree BETWEEN 15 AND 480 AND duree % 15 = 0", name="duree"),
        CheckConstraint("battement BETWEEN 0 AND 120 AND battement % 15 = 0", name="battement"),
        CheckConstraint("delai_min_h >= 0 AND delai_max_j * 24 > delai_min_h", name="delais"),
        CheckConstraint("limite_modif_h >= 0", name="limite_modif"),
        CheckConstraint("max_par_jour IS NULL OR max_par_jour > 0", name="max_par_jour"),
    )


class Ouverture(Base):
    """Hours a counsellor gives, in local time: once, or every week until a day. Slots are computed from it, never stored."""

    __tablename__ = "ouverture"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    caisse_code: Mapped[str] = mapped_column(ForeignKey("caisse.code"), info=ANONYME)
    conseiller_id: Mapped[int] = mapped_column(ForeignKey("conseiller.id"), index=True, info=ANONYME)
    antenne_id: Mapped[Optional[int]] = mapped_column(ForeignKey("antenne.id"), info=ANONYME, comment="absente = au téléphone seulement")
    du: Mapped[date] = mapped_column(Date, info=ANONYME, comment="jour local ; le premier, si hebdomadaire")
    jusqu_au: Mapped[Optional[date]] = mapped_column(Date, info=ANONYME, comment="dernier jour possible, compris ; absent = une seule fois")
    debut: Mapped[time] = mapped_column(Time, info=ANONYME, comment="heure locale")
    fin: Mapped[time] = mapped_column(Time, info=ANONYME, comment="heure locale, exclue")
    fuseau: Mapped[str] = mapped_column(String(40), info=ANONYME, comment="zone IANA de l'antenne")
    territoire: Mapped[str] = mapped_column(String(20), info=ANONYME, comment="calendrier des jours fériés (bot.agenda.jours_feries)")
    creee_le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    supprimee_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME)
    motifs: Mapped[list["OuvertureMotif"]] = relationship(cascade="all, delete-orphan")
    exceptions: Mapped[list["OuvertureException"]] = relationship(cascade="all, delete-orphan", order_by="OuvertureException.jour")
    __table_args__ = (
        CheckConstraint("fin > debut", name="heures"),
        CheckConstraint("jusqu_au IS NULL OR jusqu_au >= du", name="jours"),
        Index("ix_ouverture_caisse_jours", "caisse_code", "du", "jusqu_au"),
    )


class OuvertureMotif(Base):
    """A motif that may be booked in an opening."""

    __tablename__ = "ouverture_motif"
    ouverture_id: Mapped[int] = mapped_column(ForeignKey("ouverture.id", ondelete="CASCADE"), primary_key=True)
    motif_id: Mapped[int] = mapped_column(ForeignKey("motif.id"), primary_key=True, index=True)


class OuvertureException(Base):
    """One occurrence of a weekly opening, removed (no hours) or given other hours."""

    __tablename__ = "ouverture_exception"
    ouverture_id: Mapped[int] = mapped_column(ForeignKey("ouverture.id", ondelete="CASCADE"), primary_key=True)
    jour: Mapped[date] = mapped_column(Date, primary_key=True, info=ANONYME, comment="jour local de l'occurrence")
    debut: Mapped[Optional[time]] = mapped_column(Time, info=ANONYME)
    fin: Mapped[Optional[time]] = mapped_column(Time, info=ANONYME)
    __table_args__ = (CheckConstraint("(debut IS NULL) = (fin IS NULL)", name="deux_heures"),
                      CheckConstraint("debut IS NULL OR fin > debut", name="heures"))


class Fermeture(Base):
    """Time in which nobody is received: a counsellor, an antenne, or (neither named) the whole caisse."""

    __tablename__ = "fermeture"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    caisse_code: Mapped[str] = mapped_column(ForeignKey("caisse.code"), info=ANONYME)
    conseiller_id: Mapped[Optional[int]] = mapped_column(ForeignKey("conseiller.id"), index=True, info=ANONYME)
    antenne_id: Mapped[Optional[int]] = mapped_column(ForeignKey("antenne.id"), info=ANONYME)
    du: Mapped[datetime] = mapped_column(Instant, info=ANONYME, comment="instant UTC, compris")
    au: Mapped[datetime] = mapped_column(Instant, info=ANONYME, comment="instant UTC, exclu")
    raison: Mapped[str] = mapped_column(String(12), info=ANONYME)
    creee_le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    levee_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME, comment="fermeture reprise : elle ne compte plus")
    __table_args__ = (
        CheckConstraint("au > du", name="duree"),
        CheckConstraint("conseiller_id IS NULL OR antenne_id IS NULL", name="portee"),
        CheckConstraint(parmi("raison", RAISONS_FERMETURE), name="raison"),
        Index("ix_fermeture_caisse_au", "caisse_code", "au"),
    )


class FerieOuvert(Base):
    """A public holiday on which a caisse receives all the same."""

    __tablename__ = "ferie_ouvert"
    caisse_code: Mapped[str] = mapped_column(ForeignKey("caisse.code"), primary_key=True, info=ANONYME)
    jour: Mapped[date] = mapped_column(Date, primary_key=True, info=ANONYME)


class Entretien(Base):
    """One interview. A move keeps id, code and calendar UID. `nom` and what follows describe a person who is not in the population, or the number
    and address she gave for this entretien."""

    __tablename__ = "entretien"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    caisse_code: Mapped[str] = mapped_column(ForeignKey("caisse.code"), info=ANONYME)
    code: Mapped[str] = mapped_column(String(8), unique=True, info=PERSONNEL, comment="8 signes sans ambiguïté, donnés à la personne")
    ics_uid: Mapped[str] = mapped_column(String(80), unique=True, info=ANONYME)
    ics_sequence: Mapped[int] = mapped_column(Integer, default=0, info=ANONYME)
    contact_id: Mapped[Optional[int]] = mapped_column(ForeignKey("contact.id"), unique=True, info=ANONYME,
                                                      comment="ligne du bilan ; absente quand aucune campagne n'était installée")
    assure_id: Mapped[Optional[int]] = mapped_column(ForeignKey("assure.id", ondelete="SET NULL"), index=True, info=ANONYME)
    personne: Mapped[Optional[str]] = mapped_column(String(64), info=PERSONNEL, comment="à qui est l'entretien, pour n'en avoir qu'un (identite.cle)")
    nom: Mapped[Optional[str]] = mapped_column(String(80), info=PERSONNEL)
    prenom: Mapped[Optional[str]] = mapped_column(String(80), info=PERSONNEL)
    telephone: Mapped[Optional[str]] = mapped_column(String(20), info=PERSONNEL, comment="dix chiffres")
    courriel: Mapped[Optional[str]] = mapped_column(String(120), info=PERSONNEL)
    conseiller_id: Mapped[int] = mapped_column(ForeignKey("conseiller.id"), info=ANONYME)
    second_conseiller_id: Mapped[Optional[int]] = mapped_column(ForeignKey("conseiller.id"), info=ANONYME)
    motif_id: Mapped[int] = mapped_column(Integer, info=ANONYME)
    modalite: Mapped[str] = mapped_column(String(12), info=ANONYME)
    antenne_id: Mapped[Optional[int]] = mapped_column(ForeignKey("antenne.id"), info=ANONYME)
    debut: Mapped[datetime] = mapped_column(Instant, info=ANONYME, comment="instant UTC")
    fin: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    fuseau: Mapped[str] = mapped_column(String(40), info=ANONYME)
    statut: Mapped[str] = mapped_column(String(14), info=ANONYME)
    origine: Mapped[str] = mapped_column(String(12), info=ANONYME)
    version: Mapped[int] = mapped_column(Integer, default=1, info=ANONYME, comment="monte à chaque changement : les messages d'avant se taisent")
    operation_id: Mapped[str] = mapped_column(String(64), unique=True, info=ANONYME, comment="de la confirmation : deux « oui », un entretien")
    deplacements: Mapped[int] = mapped_column(Integer, default=0, server_default="0", info=ANONYME, comment="par l'assuré lui-même ; trois au plus")
    pris_le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    change_le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    annule_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME, comment="jamais pour une absence")
    annule_raison: Mapped[Optional[str]] = mapped_column(String(12), info=ANONYME)
    tardive: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false(), info=ANONYME, comment="annulé par l'assuré après la limite")
    plus_tot: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false(), info=ANONYME, comment="prévenir d'une place plus tôt")
    constate_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME)
    motif: Mapped[Motif] = relationship()
    __table_args__ = (
        ForeignKeyConstraint(["motif_id", "modalite"], ["motif.id", "motif.modalite"], name="fk_entretien_motif"),
        CheckConstraint("fin > debut", name="duree"),
        CheckConstraint(parmi("statut", STATUTS_ENTRETIEN), name="statut"),
        CheckConstraint(parmi("origine", ORIGINES_ENTRETIEN), name="origine"),
        CheckConstraint("(statut IN ('annule_assure', 'annule_caisse')) = (annule_le IS NOT NULL)", name="annule"),
        CheckConstraint("NOT tardive OR statut = 'annule_assure'", name="tardive"),
        CheckConstraint("second_conseiller_id IS NULL OR second_conseiller_id <> conseiller_id", name="second"),
        CheckConstraint("modalite = 'telephone' OR antenne_id IS NOT NULL", name="lieu"),
        CheckConstraint("deplacements >= 0", name="deplacements"),
        CheckConstraint(f"annule_raison IS NULL OR {parmi('annule_raison', RAISONS_ANNULATION)}", name="annule_raison"),
        Index("ix_entretien_conseiller_debut", "conseiller_id", "debut"),
        Index("ix_entretien_caisse_debut", "caisse_code", "debut"),
        Index("ix_entretien_personne", "personne"),
    )


class Occupation(Base):
    """The guard: a counsellor's quarter of an hour has one holder. The primary key refuses the second, on every engine and on every path.

    `cellule` is the UTC instant divided by 900 s: 2011-09-14T08:00Z = 1315987200 s is cell 1462208. All French zones lie whole hours from UTC.
    """

    __tablename__ = "occupation"
    conseiller_id: Mapped[int] = mapped_column(ForeignKey("conseiller.id"), primary_key=True, autoincrement=False)
    cellule: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False, info=ANONYME, comment="quart d'heure UTC depuis 1970")
    porteur: Mapped[str] = mapped_column(String(12), info=ANONYME)
    porteur_id: Mapped[str] = mapped_column(String(40), info=ANONYME)
    expire_le: Mapped[Optional[datetime]] = mapped_column(Instant, index=True, info=ANONYME, comment="seulement tant qu'une conversation choisit")
    __table_args__ = (
        CheckConstraint(parmi("porteur", PORTEURS), name="porteur"),
        CheckConstraint("(porteur = 'conversation') = (expire_le IS NOT NULL)", name="expire"),
        Index("ix_occupation_porteur", "porteur", "porteur_id"),
    )


class RencontreAnimateur(Base):
    """Who leads a rencontre; her cells are taken."""

    __tablename__ = "rencontre_animateur"
    rencontre_id: Mapped[int] = mapped_column(ForeignKey("rencontre.id", ondelete="CASCADE"), primary_key=True)
    conseiller_id: Mapped[int] = mapped_column(ForeignKey("conseiller.id"), primary_key=True)


class Inscription(Base):
    """Someone's place at a rencontre, or in its waiting list. Enrolling again brings the same row back to life."""

    __tablename__ = "inscription"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    rencontre_id: Mapped[int] = mapped_column(ForeignKey("rencontre.id", ondelete="CASCADE"), info=ANONYME)
    code: Mapped[str] = mapped_column(String(8), unique=True, info=PERSONNEL)
    assure_id: Mapped[Optional[int]] = mapped_column(ForeignKey("assure.id", ondelete="SET NULL"), index=True, info=ANONYME)
    personne: Mapped[Optional[str]] = mapped_column(String(64), info=PERSONNEL, comment="voir entretien.personne")
    nom: Mapped[Optional[str]] = mapped_column(String(80), info=PERSONNEL)
    prenom: Mapped[Optional[str]] = mapped_column(String(80), info=PERSONNEL)
    telephone: Mapped[Optional[str]] = mapped_column(String(20), info=PERSONNEL)
    courriel: Mapped[Optional[str]] = mapped_column(String(120), info=PERSONNEL)
    statut: Mapped[str] = mapped_column(String(10), info=ANONYME)
    rang: Mapped[Optional[int]] = mapped_column(Integer, info=ANONYME, comment="ordre d'arrivée dans la liste d'attente ; jamais réattribué")
    offre_expire_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME)
    servie: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false(), info=ANONYME, comment="est passée par la liste d'attente")
    version: Mapped[int] = mapped_column(Integer, default=1, info=ANONYME)
    inscrite_le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    __table_args__ = (
        UniqueConstraint("rencontre_id", "assure_id"), UniqueConstraint("rencontre_id", "personne"), UniqueConstraint("rencontre_id", "rang"),
        CheckConstraint(parmi("statut", STATUTS_INSCRIPTION), name="statut"),
        CheckConstraint("(statut = 'offre') = (offre_expire_le IS NOT NULL)", name="offre"),
        CheckConstraint("statut NOT IN ('attente', 'offre') OR rang IS NOT NULL", name="rang"),
    )


class Notification(Base):
    """The outbox. A row says that a message is due, not what it says: that is read again when it leaves (booking.md §5.6)."""

    __tablename__ = "notification"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    sujet: Mapped[str] = mapped_column(String(12), info=ANONYME)
    sujet_id: Mapped[int] = mapped_column(Integer, info=ANONYME)
    type: Mapped[str] = mapped_column(String(20), info=ANONYME)
    version: Mapped[int] = mapped_column(Integer, info=ANONYME, comment="du sujet, quand le message a été prévu")
    canal: Mapped[str] = mapped_column(String(10), info=ANONYME)
    du_le: Mapped[datetime] = mapped_column(Instant, info=ANONYME, comment="pas avant cet instant ; repoussé à chaque échec")
    pris_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME, comment="un envoi est en cours ; libre de nouveau cinq minutes après")
    envoyee_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME)
    resultat: Mapped[Optional[str]] = mapped_column(String(14), info=ANONYME, comment="absent tant que le message est dû")
    essais: Mapped[int] = mapped_column(Integer, default=0, server_default="0", info=ANONYME)
    charge: Mapped[Optional[dict[str, Any]]] = mapped_column(JSON, info=ANONYME, comment="le strict nécessaire d'une offre : l'instant proposé")
    __table_args__ = (
        UniqueConstraint("sujet", "sujet_id", "type", "version", "canal"),
        CheckConstraint(parmi("sujet", SUJETS_NOTIFICATION), name="sujet"),
        CheckConstraint(parmi("type", TYPES_NOTIFICATION), name="type"),
        CheckConstraint(parmi("canal", CANAUX_NOTIFICATION), name="canal"),
        CheckConstraint(f"resultat IS NULL OR {parmi('resultat', RESULTATS_NOTIFICATION)}", name="resultat"),
        CheckConstraint("(resultat = 'envoyee') = (envoyee_le IS NOT NULL) OR resultat IS NULL", name="envoyee"),
        Index("ix_notification_due", "resultat", "du_le"),
    )


class CompteRendu(Base):
    """What a counsellor wrote of an entretien; each correction is a new version. Read by its author and the responsable; never exported."""

    __tablename__ = "compte_rendu"
    entretien_id: Mapped[int] = mapped_column(ForeignKey("entretien.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False, info=ANONYME)
    auteur_id: Mapped[int] = mapped_column(ForeignKey("conseiller.id"), info=ANONYME)
    le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    issue: Mapped[str] = mapped_column(String(14), info=ANONYME, comment="honore, absent ou annule_caisse")
    theme: Mapped[Optional[str]] = mapped_column(String(40), info=ANONYME, comment="code de thème")
    orientation: Mapped[Optional[str]] = mapped_column(String(40), info=ANONYME, comment="code d'orientation")
    documents: Mapped[str] = mapped_column(Text, default="", server_default="", info=ANONYME, comment="remis, un par ligne")
    note: Mapped[Optional[str]] = mapped_column(String(1000), info=PERSONNEL, comment="ni santé ni jugement")
    __table_args__ = (CheckConstraint(parmi("issue", ("honore", "absent", "annule_caisse")), name="issue"),
                      CheckConstraint("note IS NULL OR length(note) <= 1000", name="note"))


class FluxAgenda(Base):
    """The address of a counsellor's calendar feed. The token is hers; only its hash is kept."""

    __tablename__ = "flux_agenda"
    empreinte: Mapped[str] = mapped_column(String(64), primary_key=True, info=ANONYME, comment="SHA-256 du jeton")
    conseiller_id: Mapped[int] = mapped_column(ForeignKey("conseiller.id", ondelete="CASCADE"), index=True, info=ANONYME)
    cree_le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    revoque_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME)


class EssaiCode(Base):
    """Wrong codes of one visitor: five, then a pause. The key is a hash of what tells visitors apart."""

    __tablename__ = "essai_code"
    cle: Mapped[str] = mapped_column(String(64), primary_key=True, info=ANONYME)
    erreurs: Mapped[int] = mapped_column(Integer, default=0, info=ANONYME)
    dernier_le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    pause_jusqua: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME)


class AccesRdv(Base):
    """Ten minutes of access to one entretien or inscription, given to who knew its code and name. Only the token's hash is kept."""

    __tablename__ = "acces_rdv"
    empreinte: Mapped[str] = mapped_column(String(64), primary_key=True, info=ANONYME)
    entretien_id: Mapped[Optional[int]] = mapped_column(ForeignKey("entretien.id", ondelete="CASCADE"), info=ANONYME)
    inscription_id: Mapped[Optional[int]] = mapped_column(ForeignKey("inscription.id", ondelete="CASCADE"), info=ANONYME)
    expire_le: Mapped[datetime] = mapped_column(Instant, index=True, info=ANONYME)
    __table_args__ = (CheckConstraint("(entretien_id IS NULL) <> (inscription_id IS NULL)", name="un_seul"),)


class Demande(Base):
    """How many searches a motif had on a day, and how many found nothing: demand against open slots, without any person."""

    __tablename__ = "demande"
    motif_id: Mapped[int] = mapped_column(ForeignKey("motif.id", ondelete="CASCADE"), primary_key=True)
    jour: Mapped[date] = mapped_column(Date, primary_key=True, info=ANONYME, comment="jour local de la caisse")
    recherches: Mapped[int] = mapped_column(Integer, default=0, info=ANONYME)
    vides: Mapped[int] = mapped_column(Integer, default=0, info=ANONYME)
    __table_args__ = (CheckConstraint("vides <= recherches", name="vides"),)


class DemandeGuide(Base):
    """A guide asked for in the conversation, for the caisse to post. The address goes once it is sent, or taken back."""

    __tablename__ = "demande_guide"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    caisse_code: Mapped[str] = mapped_column(ForeignKey("caisse.code"), index=True, info=ANONYME)
    guide: Mapped[str] = mapped_column(String(40), info=ANONYME, comment="clé dans knowledge/dialogues/rdv.yml, guides")
    operation_id: Mapped[str] = mapped_column(String(64), unique=True, info=ANONYME, comment="deux envois du formulaire, une commande")
    nom: Mapped[Optional[str]] = mapped_column(String(80), info=PERSONNEL)
    prenom: Mapped[Optional[str]] = mapped_column(String(80), info=PERSONNEL)
    adresse: Mapped[Optional[str]] = mapped_column(String(120), info=PERSONNEL)
    complement: Mapped[Optional[str]] = mapped_column(String(120), info=PERSONNEL)
    code_postal: Mapped[Optional[str]] = mapped_column(String(5), info=PERSONNEL)
    ville: Mapped[Optional[str]] = mapped_column(String(80), info=PERSONNEL)
    demandee_le: Mapped[datetime] = mapped_column(Instant, info=ANONYME)
    envoyee_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME)
    annulee_le: Mapped[Optional[datetime]] = mapped_column(Instant, info=ANONYME)
    __table_args__ = (CheckConstraint("annulee_le IS NULL OR envoyee_le IS NULL", name="fin"),
                      CheckConstraint("annulee_le IS NOT NULL OR envoyee_le IS NOT NULL OR (nom IS NOT NULL AND adresse IS NOT NULL"
                                      " AND code_postal IS NOT NULL AND ville IS NOT NULL)", name="adresse"))
