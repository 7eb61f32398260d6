# ruff: noqa: F401  (this module only gathers the tables, so that the metadata is whole)
"""Tables of the contact database, one module a subject. A column that holds something of a person carries `info=PERSONNEL`; the mark drives
export, erasure and retention, and a test refuses a text column that has no mark at all."""
from bot.contacts.tables.acces import CodeSecours, Compte, EssaiConnexion, SessionEspace
from bot.contacts.tables.agenda import (
                                        AccesRdv,
                                        CompteRendu,
                                        Demande,
                                        DemandeGuide,
                                        Entretien,
                                        EssaiCode,
                                        FerieOuvert,
                                        Fermeture,
                                        FluxAgenda,
                                        Inscription,
                                        Motif,
                                        Notification,
                                        Occupation,
                                        Ouverture,
                                        OuvertureException,
                                        OuvertureMotif,
                                        RencontreAnimateur,
)
from bot.contacts.tables.assure import Assure, AssureLu, Importation
from bot.contacts.tables.bilan import (
                                        Bilan,
                                        BilanRecu,
                                        CleBilan,
                                        CommentaireBilan,
                                        EditionNationale,
                                        EquivalenceQuestion,
                                        ExerciceBilan,
                                        RappelBilan,
                                        SaisieBilan,
                                        VisaBilan,
)
from bot.contacts.tables.caisse import Antenne, Caisse, Conseiller, Role
from bot.contacts.tables.campagne import Action, Cible, CodeOuverture, Envoi, Invite, Lot, Outil, OutilVersion, Reception, Socle, Tirage
from bot.contacts.tables.contact import Contact, ContactDomaine, ContactEffet, ContactOutil, ProfessionRisque, Rencontre
from bot.contacts.tables.conversation import ISSUES, RAISONS_AVIS, Avis, Brouillon, Choix, Conversation, Echange, Tour
from bot.contacts.tables.enquete import Commentaire, FeuilleRencontre, InvitationEnquete, Participation, Releve, Reponse, UniteSondage, Vague
from bot.contacts.tables.relais import Presence, Rappel, Relais
from bot.contacts.tables.rgpd import Effacement, Elimination, PassagePurge
from bot.contacts.tables.trace import Audit, Historique, RepereAudit
from bot.contacts.tables.trame import SaisieTrame
