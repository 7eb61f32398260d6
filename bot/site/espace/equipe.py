"""The people of the caisse and their accounts: create, change roles, new password, lost telephone, departure.
One's own account is in `compte`; what may be given to whom in bot.contacts.comptes."""
from typing import Any, Callable, Mapping, Optional

from fastapi import Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from bot.contacts import comptes, conservation, mots_de_passe
from bot.contacts.comptes import IdentifiantIncorrect, IdentifiantPris, NomManquant, RoleInterdit, SurSoiMeme, accordables
from bot.contacts.refus import Refus
from bot.contacts.tables import Compte
from bot.contacts.tables.caisse import NIVEAUX
from bot.site.espace.acces import Acteur, Saisie, cle, exiger, routeur_espace, saisie
from bot.site.espace.droits import NOMS_NIVEAUX
from bot.site.espace.gabarits import FAITS, rendre, retour

routeur = routeur_espace()
FAITS.update(
    roles_changes="Les rôles sont changés ; ils valent dès la prochaine page que la personne ouvre.",
    telephone_perdu="Le téléphone est détaché. La personne en rattachera un autre à sa prochaine connexion.",
    compte_desactive="Le compte est désactivé et la personne déconnectée partout.",
    compte_reactive="Le compte est réactivé, avec les rôles qu'il avait.")
CHAMP_FAUTIF: dict[type[Refus], str] = {
    NomManquant: "prenom", IdentifiantIncorrect: "identifiant", IdentifiantPris: "identifiant", RoleInterdit: "roles"}


@routeur.get("/espace/equipe", name="equipe")
def equipe(request: Request, acteur: Acteur = Depends(exiger())) -> Response:
    """The accounts of the caisse, and the form for one more."""
    return _page(request, acteur)


def _page(request: Request, acteur: Acteur, statut: int = 200, erreurs: Optional[Mapping[str, str]] = None, **valeurs: Any) -> Response:
    siens = accordables(acteur.niveaux)
    with request.app.state.contexte.sessions.lecture() as s:
        endormis = conservation.endormis(s, acteur.caisse_code, request.app.state.contexte.horloge.maintenant())
        liste = [(c, niveaux_de(c), c.id != acteur.compte_id and set(niveaux_de(c)) <= siens) for c in comptes.comptes(s, acteur.caisse_code)]
    choix = [(n, NOMS_NIVEAUX[n]) for n in NIVEAUX if n in siens]
    valeurs["endormis"] = endormis
    return rendre(request, "espace/equipe.html", statut, erreurs=erreurs, liste=liste, choix=choix, saisie=valeurs.pop("saisie", Saisie()), **valeurs)


def niveaux_de(compte: Compte) -> list[str]:
    """The levels of an account in its own caisse, in their usual order."""
    siens = {r.niveau for r in compte.conseiller.roles if r.caisse_code == compte.conseiller.caisse_code}
    return [n for n in NIVEAUX if n in siens]


@routeur.post("/espace/equipe", name="equipe.creer")
def creer(request: Request, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """A person and her account. Its first password is drawn here and shown once; she replaces it when she comes in."""
    contexte, mot_de_passe = request.app.state.contexte, mots_de_passe.tirer()
    try:
        with contexte.sessions() as s:
            compte = comptes.creer(
                s, caisse_code=acteur.caisse_code, prenom=saisie.un("prenom"), nom=saisie.un("nom"), identifiant=saisie.un("identifiant"),
                roles=_roles(acteur, saisie), mot_de_passe=mot_de_passe, auteur=acteur.auteur, maintenant=contexte.horloge.maintenant())
    except Refus as refus:
        if type(refus) not in CHAMP_FAUTIF:
            raise
        return _page(request, acteur, refus.statut, {CHAMP_FAUTIF[type(refus)]: refus.message}, saisie=saisie)
    return _montrer(request, compte, mot_de_passe, "Le compte est créé")


def _roles(acteur: Acteur, saisie: Saisie) -> frozenset[str]:
    """The roles of the form. Raises RoleInterdit for one that this person may not give."""
    voulus = frozenset(saisie.tous("roles"))
    if not voulus or not voulus <= accordables(acteur.niveaux):
        raise RoleInterdit
    return voulus


def _montrer(request: Request, compte: Compte, mot_de_passe: str, titre: str) -> Response:
    return rendre(request, "espace/mot_de_passe_donne.html", titre=titre, compte=compte, mot_de_passe=mot_de_passe)


def _sur(request: Request, acteur: Acteur, conseiller_id: int, acte: Callable[[Session, Compte], None]) -> Compte:
    """Do something to somebody's account, hers excepted. Raises Introuvable for another caisse's, and for one above one's own rights."""
    with request.app.state.contexte.sessions() as s:
        compte = comptes.de_la_personne(s, conseiller_id, acteur.caisse_code, accordables(acteur.niveaux))
        if compte.id == acteur.compte_id:
            raise SurSoiMeme
        acte(s, compte)
    return compte


@routeur.post("/espace/equipe/{conseiller_id}/roles", name="equipe.roles")
def changer_roles(request: Request, conseiller_id: int, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    maintenant = request.app.state.contexte.horloge.maintenant()
    _sur(request, acteur, conseiller_id, lambda s, c: comptes.changer_roles(s, c, _roles(acteur, saisie), acteur.auteur, maintenant))
    return retour("equipe", fait="roles_changes")


@routeur.post("/espace/equipe/{conseiller_id}/mot-de-passe", name="equipe.mot_de_passe")
def donner_mot_de_passe(request: Request, conseiller_id: int, acteur: Acteur = Depends(exiger())) -> Response:
    """A new password, drawn and shown once; the count of failed tries starts again."""
    maintenant, mot_de_passe = request.app.state.contexte.horloge.maintenant(), mots_de_passe.tirer()
    compte = _sur(request, acteur, conseiller_id, lambda s, c: comptes.changer_mot_de_passe(
        s, c, mot_de_passe, acteur.auteur, maintenant, doit_changer=True, cle=cle(request)))
    return _montrer(request, compte, mot_de_passe, "Nouveau mot de passe")


@routeur.post("/espace/equipe/{conseiller_id}/telephone", name="equipe.double")
def detacher_telephone(request: Request, conseiller_id: int, acteur: Acteur = Depends(exiger())) -> Response:
    maintenant = request.app.state.contexte.horloge.maintenant()
    _sur(request, acteur, conseiller_id, lambda s, c: comptes.retirer_double(s, c, acteur.auteur, maintenant))
    return retour("equipe", fait="telephone_perdu")


@routeur.post("/espace/equipe/{conseiller_id}/desactivation", name="equipe.desactiver")
def desactiver(request: Request, conseiller_id: int, acteur: Acteur = Depends(exiger())) -> Response:
    maintenant = request.app.state.contexte.horloge.maintenant()
    _sur(request, acteur, conseiller_id, lambda s, c: comptes.desactiver(s, c, acteur.auteur, maintenant))
    return retour("equipe", fait="compte_desactive")


@routeur.post("/espace/equipe/{conseiller_id}/reactivation", name="equipe.reactiver")
def reactiver(request: Request, conseiller_id: int, acteur: Acteur = Depends(exiger())) -> Response:
    maintenant = request.app.state.contexte.horloge.maintenant()
    _sur(request, acteur, conseiller_id, lambda s, c: comptes.reactiver(s, c, acteur.auteur, maintenant))
    return retour("equipe", fait="compte_reactive")
