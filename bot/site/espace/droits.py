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

# How far a browser has come. A session does not store it: it is read again at each request from the account and the session.
VISITEUR, CODE, MOT_DE_PASSE, ENROLEMENT, OUVERTE = "visiteur", "code", "mot_de_passe", "enrolement", "ouverte"


@dataclass(frozen=True)
class Droit:
    """Who may take a route, and what follows.

    `niveaux`: any one of them is enough. `phrase`: what the route is for, as in « … : réservé aux responsables. » `menu`: its name in the
    navigation, in the order of the table. `etapes`: how far one must have come (fully logged in, by default). `acte` and `objet`: the line
    of audit that taking it leaves (« dossier.lu », « assure »).
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
