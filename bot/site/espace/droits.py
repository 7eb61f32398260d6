"""What each level opens: one line a route of the workspace, one table, the rule and the sentence that explains it.
A route that is not here opens to nobody, and a test names it."""
from dataclasses import dataclass
from typing import Collection, Optional

from bot.contacts.tables.caisse import NIVEAUX

NOMS_NIVEAUX = {
    "conseiller": "Conseiller", "secretariat": "Secrétariat", "responsable": "Responsable", "directeur": "Directeur",
    "agent_comptable": "Agent comptable", "medecin_conseil": "Médecin-conseil", "responsable_oc": "Responsable des organismes conventionnés",
    "groupe_travail": "Groupe de travail national", "national": "Caisse nationale", "administrateur": "Administrateur"}
_A_QUI = {
    "conseiller": "aux conseillers", "secretariat": "au secrétariat", "responsable": "aux responsables", "directeur": "au directeur",
    "agent_comptable": "à l'agent comptable", "medecin_conseil": "au médecin-conseil",
    "responsable_oc": "au responsable des organismes conventionnés", "groupe_travail": "au groupe de travail national",
    "national": "à la caisse nationale", "administrateur": "aux administrateurs"}
TOUS = frozenset(NIVEAUX)
TERRAIN = frozenset({"conseiller", "secretariat", "responsable"})
CONSEIL = frozenset({"conseiller", "responsable"})
DIRECTION = frozenset({"responsable", "administrateur"})
# Who receives the kit (R05), and who looks at it beside the people of the field.
DESTINATAIRES_KIT = frozenset({"directeur", "agent_comptable", "medecin_conseil", "responsable_oc"})
KIT = DESTINATAIRES_KIT | {"national", "groupe_travail"}
# Who prepares, signs, vises or reads the bilan of a caisse (R05); who receives them all, and reads them (R12).
BILAN = DESTINATAIRES_KIT | {"responsable"}
NATIONAUX = frozenset({"national", "groupe_travail"})

# How far a browser has come. A session does not store it: it is read again at each request from the account and the session.
VISITEUR, CODE, MOT_DE_PASSE, ENROLEMENT, OUVERTE = "visiteur", "code", "mot_de_passe", "enrolement", "ouverte"


@dataclass(frozen=True)
class Droit:
    """Who may take a route, and what follows.

    `niveaux`: any one of them is enough. `phrase`: what the route is for, as in « … : réservé aux responsables. » `menu`: its name in the
    navigation, in the order of the table. `etapes`: how far one must have come (fully logged in, by default). `acte` and `objet`: the line
    of audit that taking it leaves (« dossier.lu », « assure »); by default the name of the route.
    """

    niveaux: Collection[str]
    phrase: str
    menu: Optional[str] = None
    acte: Optional[str] = None
    objet: Optional[str] = None
    etapes: Collection[str] = (OUVERTE,)


_AVANT = (VISITEUR, CODE, MOT_DE_PASSE, ENROLEMENT, OUVERTE)
DROITS: dict[str, Droit] = {
    # -- coming in and going out (connexion.py)
    "connexion": Droit(TOUS, "se connecter", etapes=_AVANT),
    "connexion.envoyer": Droit(TOUS, "se connecter", etapes=_AVANT),
    "connexion.code": Droit(TOUS, "donner le code du téléphone", etapes=(CODE,)),
    "connexion.code.envoyer": Droit(TOUS, "donner le code du téléphone", etapes=(CODE,)),
    "deconnexion": Droit(TOUS, "se déconnecter", etapes=(CODE, MOT_DE_PASSE, ENROLEMENT, OUVERTE)),
    # -- home (accueil.py)
    "accueil": Droit(TOUS, "voir sa journée", menu="Aujourd'hui"),
    # -- the agenda and its entretiens (agenda.py, fermetures.py, rendez_vous.py)
    "agenda": Droit(TERRAIN, "voir l'agenda", menu="Agenda", acte="agenda.lu", objet="caisse"),
    "agenda.evenements": Droit(TERRAIN, "voir l'agenda en calendrier", acte="agenda.lu", objet="caisse"),
    "agenda.ouverture": Droit(TERRAIN, "préparer une ouverture de créneaux"),
    "agenda.ouvrir": Droit(TERRAIN, "ouvrir des créneaux"),
    "agenda.supprimer": Droit(TERRAIN, "retirer une ouverture"),
    "agenda.ferie": Droit({"responsable"}, "recevoir un jour férié"),
    "agenda.fermeture": Droit(TERRAIN, "préparer une fermeture"),
    "agenda.fermer": Droit(TERRAIN, "fermer une période"),
    "agenda.fermeture.voir": Droit(TERRAIN, "voir une fermeture"),
    "agenda.lever": Droit(TERRAIN, "lever une fermeture"),
    "agenda.defaire": Droit(TERRAIN, "défaire sa dernière commande"),
    "agenda.flux": Droit(TERRAIN, "voir son calendrier ailleurs"),
    "agenda.flux.creer": Droit(TERRAIN, "créer l'adresse de son calendrier"),
    "agenda.flux.revoquer": Droit(TERRAIN, "révoquer l'adresse de son calendrier"),
    "entretien": Droit(TERRAIN, "voir un entretien", acte="entretien.lu", objet="entretien"),
    "entretien.deplacement": Droit(TERRAIN, "chercher un autre créneau pour un entretien"),
    "entretien.deplacer": Droit(TERRAIN, "déplacer un entretien", acte="entretien.deplace", objet="entretien"),
    "entretien.annuler": Droit(TERRAIN, "annuler un entretien", acte="entretien.annule", objet="entretien"),
    "entretien.compte_rendu": Droit(CONSEIL, "préparer un compte rendu"),
    "entretien.rendre_compte": Droit(CONSEIL, "enregistrer un compte rendu", acte="compte_rendu.ecrit", objet="entretien"),
    "rendez_vous": Droit(TERRAIN, "chercher un rendez-vous pour quelqu'un"),
    "rendez_vous.prendre": Droit(TERRAIN, "prendre un rendez-vous pour quelqu'un", acte="entretien.pris", objet="entretien"),
    "spontane": Droit(CONSEIL, "préparer un entretien spontané"),
    "spontane.enregistrer": Droit(CONSEIL, "enregistrer un entretien spontané", acte="contact.enregistre", objet="contact"),
    # -- the trame (trame.py)
    "entretien.trame": Droit(CONSEIL, "voir la trame d'un entretien"),
    "entretien.trame.garder": Droit(CONSEIL, "remplir la trame d'un entretien"),
    "entretien.trame.impression": Droit(CONSEIL, "imprimer la trame d'un entretien"),
    "entretien.trame.pdf": Droit(CONSEIL, "télécharger la trame d'un entretien"),
    # -- people's files (dossier.py)
    "assures": Droit(TERRAIN, "trouver un assuré", menu="Assurés"),
    "assure": Droit(TERRAIN, "lire le dossier d'un assuré", acte="dossier.lu", objet="assure"),
    "assure.refus": Droit(TERRAIN, "changer les refus d'un assuré", acte="dossier.modifie", objet="assure"),
    # -- rencontres (rencontres.py)
    "rencontres": Droit(TERRAIN, "voir les rencontres", menu="Rencontres"),
    "rencontre.nouvelle": Droit(TERRAIN, "préparer une rencontre"),
    "rencontre.creer": Droit(TERRAIN, "prévoir une rencontre"),
    "rencontre": Droit(TERRAIN, "voir une rencontre et ses inscrits", acte="rencontre.lue", objet="rencontre"),
    "rencontre.inscrire": Droit(TERRAIN, "inscrire quelqu'un à une rencontre", acte="rencontre.inscrit", objet="rencontre"),
    "rencontre.desister": Droit(TERRAIN, "retirer quelqu'un d'une rencontre", acte="rencontre.desiste", objet="rencontre"),
    "rencontre.annuler": Droit(TERRAIN, "annuler une rencontre"),
    "rencontre.clore": Droit(TERRAIN, "clore une rencontre", acte="rencontre.close", objet="rencontre"),
    # -- one's own account (compte.py)
    "compte": Droit(TOUS, "voir son compte"),
    "compte.mot_de_passe": Droit(TOUS, "changer son mot de passe", etapes=(MOT_DE_PASSE, ENROLEMENT, OUVERTE)),
    "compte.mot_de_passe.envoyer": Droit(TOUS, "changer son mot de passe", etapes=(MOT_DE_PASSE, ENROLEMENT, OUVERTE)),
    "compte.double": Droit(TOUS, "rattacher un téléphone à son compte", etapes=(ENROLEMENT, OUVERTE)),
    "compte.double.preparer": Droit(TOUS, "rattacher un téléphone à son compte", etapes=(ENROLEMENT, OUVERTE)),
    "compte.double.activer": Droit(TOUS, "rattacher un téléphone à son compte", etapes=(ENROLEMENT, OUVERTE)),
    "compte.double.retirer": Droit(TOUS, "détacher le téléphone de son compte"),
    "compte.secours": Droit(TOUS, "refaire ses codes de secours"),
    "compte.sessions.fermer": Droit(TOUS, "se déconnecter des autres appareils"),
    # -- the people of the caisse (equipe.py)
    "equipe": Droit(DIRECTION, "voir les comptes de la caisse", menu="Équipe"),
    "equipe.creer": Droit(DIRECTION, "créer un compte"),
    "equipe.roles": Droit(DIRECTION, "changer les rôles d'un compte"),
    "equipe.mot_de_passe": Droit(DIRECTION, "donner un nouveau mot de passe"),
    "equipe.double": Droit(DIRECTION, "détacher un téléphone perdu"),
    "equipe.desactiver": Droit(DIRECTION, "désactiver un compte"),
    "equipe.reactiver": Droit(DIRECTION, "réactiver un compte"),
    # -- the survey (enquete.py)
    "enquete": Droit(TERRAIN | {"directeur"}, "voir où en est l'enquête", menu="Enquête"),
    "enquete.resultats": Droit({"responsable", "directeur"}, "lire les résultats de l'enquête"),
    "enquete.resultats.csv": Droit({"responsable", "directeur"}, "télécharger les résultats de l'enquête"),
    "enquete.saisie": Droit(TERRAIN, "saisir des réponses à l'enquête", acte="enquete.liste_lue", objet="caisse"),
    "enquete.saisie.ouvrir": Droit(TERRAIN, "ouvrir un questionnaire à saisir", acte="enquete.saisie", objet="contact"),
    "enquete.saisie.enregistrer": Droit(TERRAIN, "enregistrer des réponses saisies", acte="enquete.saisie_faite", objet="contact"),
    "enquete.commentaires": Droit({"responsable"}, "relire les commentaires de l'enquête", acte="enquete.commentaires_lus", objet="caisse"),
    "enquete.commentaires.relire": Droit({"responsable"}, "décider d'un commentaire de l'enquête"),
    # -- the campaign and the kit (campagne.py, courriers.py, kit.py)
    "campagne": Droit(TERRAIN | {"directeur"}, "voir la campagne de la caisse", menu="Campagne"),
    "campagne.volumes": Droit(TERRAIN | {"directeur"}, "télécharger les volumes"),
    "campagne.requetes": Droit(TERRAIN | {"directeur"}, "voir les requêtes des cibles"),
    "campagne.action": Droit(TERRAIN | {"directeur"}, "suivre une action de la campagne"),
    "campagne.tirer": Droit({"responsable"}, "tirer les personnes à inviter", acte="tirage.fait", objet="tirage"),
    "campagne.tirage": Droit(TERRAIN | {"directeur"}, "voir comment un tirage a été fait"),
    "campagne.preuve": Droit(TERRAIN | {"directeur"}, "refaire un tirage pour le vérifier"),
    "campagne.personnes": Droit({"responsable", "secretariat"}, "lire la liste des personnes tirées", acte="tirage.lu", objet="tirage"),
    "courriers": Droit(TERRAIN | {"directeur"}, "voir les courriers d'une action"),
    "courriers.preparer": Droit({"responsable", "secretariat"}, "préparer un lot de courriers", acte="courriers.prepares", objet="lot"),
    "courriers.lettres": Droit({"responsable", "secretariat"}, "prendre les lettres d'un lot", acte="courriers.lus", objet="lot"),
    "courriers.liste": Droit({"responsable", "secretariat"}, "prendre la liste d'un lot", acte="courriers.liste_lue", objet="lot"),
    "courriers.partis": Droit({"responsable", "secretariat"}, "dire qu'un lot est parti", acte="courriers.partis", objet="lot"),
    "courriers.retours": Droit({"responsable", "secretariat"}, "noter des plis revenus", acte="courriers.retours", objet="action"),
    "kit": Droit(TERRAIN | KIT, "voir le kit et ses versions", menu="Kit"),
    "kit.outil": Droit(TERRAIN | KIT, "voir un outil du kit"),
    "kit.accuser": Droit(DESTINATAIRES_KIT, "accuser réception d'une version"),
    "kit.partie": Droit({"responsable", "directeur"}, "préparer l'adaptation d'un outil"),
    "kit.apercu": Droit({"responsable", "directeur"}, "voir le résultat d'une adaptation"),
    "kit.adapter": Droit({"responsable", "directeur"}, "adapter un outil à la caisse"),
    # -- the bilans (bilan.py): a caisse's own, then the national fund's
    "bilan": Droit(BILAN, "voir le bilan de la caisse", menu="Bilan"),
    "bilan.preparation": Droit({"responsable", "directeur"}, "écrire les parties du bilan"),
    "bilan.enregistrer": Droit({"responsable", "directeur"}, "garder une partie du bilan"),
    "bilan.controler": Droit({"responsable", "directeur"}, "jouer les contrôles du bilan"),
    "bilan.viser": Droit({"agent_comptable", "medecin_conseil"}, "viser le bilan"),
    "bilan.cle": Droit({"directeur"}, "créer la clé de signature de la caisse", acte="bilan.cle", objet="cle_bilan"),
    "bilan.signer": Droit({"directeur"}, "signer le bilan", acte="bilan.signe", objet="bilan"),
    "bilan.transmettre": Droit({"responsable", "directeur"}, "transmettre le bilan à la caisse nationale", acte="bilan.transmis", objet="bilan"),
    "bilan.rouvrir": Droit({"responsable", "directeur"}, "reprendre le bilan"),
    "bilan.rectifier": Droit({"responsable", "directeur"}, "préparer un rectificatif"),
    "bilan.document": Droit(BILAN, "prendre le bilan de la caisse"),
    "bilans": Droit(NATIONAUX, "voir les bilans reçus", menu="Bilans"),
    "bilans.recu": Droit(NATIONAUX, "voir un bilan reçu"),
    "bilans.recu.document": Droit(NATIONAUX, "lire un bilan reçu"),
    "bilans.accuse": Droit(NATIONAUX, "prendre un accusé de réception"),
    "bilans.edition": Droit(NATIONAUX, "lire une édition du bilan national"),
    "bilans.commenter": Droit({"groupe_travail"}, "commenter un bilan reçu"),
    "bilans.proposer": Droit({"groupe_travail"}, "proposer le socle de l'année suivante"),
    "bilans.exercice": Droit({"national"}, "ouvrir un exercice de bilans"),
    "bilans.recevoir": Droit({"national"}, "recevoir un fichier de bilan", acte="bilan.recu", objet="bilan_recu"),
    "bilans.consolider": Droit({"national"}, "consolider les bilans"),
    "bilans.publier": Droit({"national"}, "publier le bilan national", acte="bilan.publie", objet="edition_nationale"),
    "bilans.clore": Droit({"national"}, "clore un exercice", acte="bilan.clos", objet="exercice_bilan"),
    # -- live conversations and call-backs (relais.py)
    "relais": Droit(TERRAIN, "voir les conversations en attente", menu="Conversations"),
    "relais.file.flux": Droit(TERRAIN, "suivre la file des conversations"),
    "relais.presence": Droit(CONSEIL, "s'annoncer disponible"),
    "relais.prendre": Droit(CONSEIL, "répondre à une conversation", acte="conversation.prise", objet="relais"),
    "relais.voir": Droit(CONSEIL, "lire une conversation qu'on tient", acte="conversation.lue", objet="relais"),
    "relais.flux": Droit(CONSEIL, "suivre une conversation qu'on tient"),
    "relais.signe": Droit(CONSEIL, "rester dans une conversation"),
    "relais.ecrire": Droit(CONSEIL, "écrire dans une conversation"),
    "relais.brouillon": Droit(CONSEIL, "demander un brouillon à l'assistant"),
    "relais.rendre": Droit(CONSEIL, "rendre une conversation à l'assistant"),
    "relais.rappel": Droit(TERRAIN, "noter un rappel fait", acte="rappel.traite", objet="rappel"),
    # -- the weekly review (relecture.py)
    "relecture": Droit(CONSEIL, "relire les questions non comprises", menu="Relecture", acte="relecture.lue", objet="caisse"),
    "relecture.proposer": Droit(CONSEIL, "proposer une formulation", acte="relecture.proposee", objet="caisse"),
    "relecture.ecarter": Droit(CONSEIL, "écarter des questions relues", acte="relecture.ecartee", objet="caisse"),
    "relecture.fichier": Droit(CONSEIL, "prendre une proposition"),
    "relecture.correctif": Droit(CONSEIL, "prendre le correctif d'une proposition"),
    "relecture.mesurer": Droit(CONSEIL, "demander l'effet d'une proposition"),
    "relecture.decider": Droit(CONSEIL, "garder ou abandonner une proposition", acte="relecture.decidee", objet="caisse"),
    # -- how the assistant is used, and how it does (usage.py)
    "qualite": Droit(TERRAIN | {"directeur"}, "voir l'usage de l'assistant et la qualité des réponses", menu="Usage"),
}


def autoriser(route: str, niveaux: Collection[str]) -> bool:
    """Whether someone with these levels may take a route. An undeclared route opens to nobody."""
    droit = DROITS.get(route)
    return droit is not None and not frozenset(droit.niveaux).isdisjoint(niveaux)


def expliquer(route: str) -> str:
    """The rule in one sentence: « Créer un compte : réservé aux administrateurs et aux responsables. »"""
    droit = DROITS[route]
    debut = droit.phrase[:1].upper() + droit.phrase[1:]
    if frozenset(droit.niveaux) >= TOUS:
        return f"{debut} : ouvert à toute personne qui a un compte."
    *debuts, dernier = (_A_QUI[n] for n in NIVEAUX if n in droit.niveaux)
    return f"{debut} : réservé {', '.join(debuts)}{' et ' if debuts else ''}{dernier}."
