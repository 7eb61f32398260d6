"""One's own account: password, telephone, recovery codes, other devices. Other people's accounts are in `equipe`."""
from dataclasses import dataclass
from typing import Any, Mapping, Optional

import segno
from fastapi import Depends, Request
from fastapi.responses import Response
from sqlalchemy import select

from bot.contacts import comptes, connexion, mots_de_passe, totp
from bot.contacts.mots_de_passe import MotDePasseFaible
from bot.contacts.refus import Refus
from bot.contacts.tables import Compte, SessionEspace
from bot.site.espace.acces import Acteur, Saisie, aller, cle, exiger, poser_cookie, routeur_espace, saisie
from bot.site.espace.connexion import heure_telephone, oublier_cookie
from bot.site.espace.droits import NOMS_NIVEAUX
from bot.site.espace.gabarits import FAITS, rendre, retour

routeur = routeur_espace()
FAITS.update(
    mot_de_passe_change="Votre mot de passe est changé. Vos autres appareils sont déconnectés.",
    telephone_rattache="Votre téléphone est rattaché : un code vous sera demandé à chaque connexion.",
    autres_fermees="Vos autres appareils sont déconnectés.")


@dataclass(frozen=True)
class Moi:
    """What the account's page shows."""

    identifiant: str
    niveaux: list[str]
    double: bool
    secours: int
    autres: int


@routeur.get("/espace/compte", name="compte")
def compte(request: Request, acteur: Acteur = Depends(exiger())) -> Response:
    return _page(request, acteur)


def _page(request: Request, acteur: Acteur, statut: int = 200, erreurs: Optional[Mapping[str, str]] = None, **valeurs: Any) -> Response:
    with request.app.state.contexte.sessions.lecture() as s:
        le_mien = s.get_one(Compte, acteur.compte_id)
        autres = s.scalars(select(SessionEspace.id).where(SessionEspace.compte_id == le_mien.id, SessionEspace.id != acteur.session_id)).all()
        moi = Moi(le_mien.identifiant, [NOMS_NIVEAUX[n] for n in NOMS_NIVEAUX if n in acteur.niveaux], le_mien.totp_actif_le is not None,
                  totp.secours_restants(s, le_mien), len(autres))
    return rendre(request, "espace/compte.html", statut, erreurs=erreurs, moi=moi, **valeurs)


# -- password ------------------------------------------------------------------------------------------------------------------------------


@routeur.get("/espace/compte/mot-de-passe", name="compte.mot_de_passe")
def page_mot_de_passe(request: Request, acteur: Acteur = Depends(exiger())) -> Response:
    return rendre(request, "espace/mot_de_passe.html", minimum=mots_de_passe.LONGUEUR_MIN)


@routeur.post("/espace/compte/mot-de-passe", name="compte.mot_de_passe.envoyer")
def changer_mot_de_passe(request: Request, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """The old one, then the new one twice. A wrong old one counts as a try at coming in: a browser left open gives no free guesses."""
    contexte, maintenant = request.app.state.contexte, request.app.state.contexte.horloge.maintenant()
    ancien, nouveau = saisie.brut("ancien"), saisie.brut("nouveau")
    with contexte.sessions() as s:
        essai = connexion.cle_essai(cle(request), "mot_de_passe", acteur.identifiant)
        connexion.compter_essai(s, essai, maintenant)
        hache = s.get_one(Compte, acteur.compte_id).mot_de_passe
    erreurs: dict[str, str] = {}
    if not mots_de_passe.verifier(hache, ancien):
        erreurs["ancien"] = "Le mot de passe actuel ne convient pas."
    elif nouveau == ancien:
        erreurs["nouveau"] = "Choisissez un mot de passe différent de l'actuel."
    elif nouveau != saisie.brut("confirmation"):
        erreurs["confirmation"] = "Les deux saisies du nouveau mot de passe diffèrent : écrivez deux fois le même."
    with contexte.sessions() as s:
        if "ancien" not in erreurs:
            connexion.oublier_essais(s, essai)
        if not erreurs:
            try:
                comptes.changer_mot_de_passe(s, comptes.verrouille(s, acteur.compte_id), nouveau, acteur.auteur, maintenant, garder=acteur.session_id)
                secret = connexion.renouveler(s, s.get_one(SessionEspace, acteur.session_id))
            except MotDePasseFaible as refus:
                erreurs["nouveau"] = refus.message
    if erreurs:
        return rendre(request, "espace/mot_de_passe.html", 422, erreurs=erreurs, minimum=mots_de_passe.LONGUEUR_MIN)
    reponse = retour("accueil", fait="mot_de_passe_change")
    poser_cookie(reponse, secret, contexte.reglages)
    return reponse


# -- telephone -----------------------------------------------------------------------------------------------------------------------------


@routeur.get("/espace/compte/double-authentification", name="compte.double")
def page_double(request: Request, acteur: Acteur = Depends(exiger())) -> Response:
    """Attach a telephone: the QR code of the secret that was drawn, its text for those who cannot scan, and where to confirm."""
    return _page_double(request, acteur)


def _page_double(request: Request, acteur: Acteur, statut: int = 200, erreurs: Optional[Mapping[str, str]] = None) -> Response:
    with request.app.state.contexte.sessions.lecture() as s:
        le_mien = s.get_one(Compte, acteur.compte_id)
        actif = le_mien.totp_actif_le is not None
        secret = totp.proposer(le_mien, cle(request)) if le_mien.totp_secret and not actif else None
        lien = totp.adresse(le_mien, secret) if secret else None
    qr = segno.make(lien, error="m").svg_data_uri(scale=5, border=3, light="#fff") if lien else None
    return rendre(request, "espace/double.html", statut, erreurs=erreurs, actif=actif, secret=secret, lien=lien, qr=qr)


@routeur.post("/espace/compte/double-authentification", name="compte.double.preparer")
def preparer_double(request: Request, acteur: Acteur = Depends(exiger())) -> Response:
    """Draw the secret. Nothing changes at the login until a code has confirmed it."""
    with request.app.state.contexte.sessions() as s:
        le_mien = comptes.verrouille(s, acteur.compte_id)
        if le_mien.totp_actif_le is None:
            totp.proposer(le_mien, cle(request))
    return retour("compte.double")


@routeur.post("/espace/compte/double-authentification/activation", name="compte.double.activer")
def activer_double(request: Request, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """The first code confirms; the recovery codes are shown on this page and nowhere else."""
    contexte, maintenant = request.app.state.contexte, request.app.state.contexte.horloge.maintenant()
    try:
        with contexte.sessions() as s:
            le_mien = comptes.verrouille(s, acteur.compte_id)
            codes = totp.activer(s, le_mien, saisie.un("code"), cle(request), heure_telephone())
            ouverte = s.get_one(SessionEspace, acteur.session_id)
            ouverte.second_facteur = True
            connexion.fermer_sessions(s, le_mien.id, sauf=ouverte.id)
            secret = connexion.renouveler(s, ouverte)
            comptes.noter(s, acteur.auteur, "compte.double_active", le_mien, maintenant)
    except totp.CodeRefuse as refus:
        return _page_double(request, acteur, refus.statut, {"code": refus.message})
    return _montrer_codes(request, codes, secret)


def _montrer_codes(request: Request, codes: list[str], secret: str) -> Response:
    """The recovery codes, with a form token that fits the cookie given with them."""
    request.state.espace.cookie = secret
    reponse = rendre(request, "espace/secours.html", codes=codes)
    poser_cookie(reponse, secret, request.app.state.contexte.reglages)
    return reponse


@routeur.post("/espace/compte/double-authentification/retrait", name="compte.double.retirer")
def retirer_double(request: Request, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """Leave this telephone for another; a code of it is asked, and the next login asks for the other."""
    if (refus := _prouver(request, acteur, saisie.un("code"))) is not None:
        return _page(request, acteur, refus.statut, {"code": refus.message})
    with request.app.state.contexte.sessions() as s:
        comptes.retirer_double(s, comptes.verrouille(s, acteur.compte_id), acteur.auteur, request.app.state.contexte.horloge.maintenant())
    return oublier_cookie(request, aller("/espace/connexion?fait=reconnecter"))


@routeur.post("/espace/compte/codes-de-secours", name="compte.secours")
def refaire_secours(request: Request, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """A new list of recovery codes; a code of the telephone is asked."""
    if (refus := _prouver(request, acteur, saisie.un("code"))) is not None:
        return _page(request, acteur, refus.statut, {"code": refus.message})
    contexte = request.app.state.contexte
    with contexte.sessions() as s:
        le_mien = comptes.verrouille(s, acteur.compte_id)
        codes = totp.renouveler_secours(s, le_mien, cle(request))
        secret = connexion.renouveler(s, s.get_one(SessionEspace, acteur.session_id))
        comptes.noter(s, acteur.auteur, "compte.secours", le_mien, contexte.horloge.maintenant())
    return _montrer_codes(request, codes, secret)


def _prouver(request: Request, acteur: Acteur, code: str) -> Optional[Refus]:
    """Check a code before a change of the second factor itself; counted like those of the login."""
    contexte, maintenant = request.app.state.contexte, request.app.state.contexte.horloge.maintenant()
    essai = connexion.cle_essai(cle(request), "code", str(acteur.compte_id))
    try:
        with contexte.sessions() as s:
            connexion.compter_essai(s, essai, maintenant)
        with contexte.sessions() as s:
            totp.verifier(s, comptes.verrouille(s, acteur.compte_id), code, cle(request), heure_telephone())
            connexion.oublier_essais(s, essai)
    except (totp.CodeRefuse, connexion.TropDEssais) as refus:
        return refus
    return None


@routeur.post("/espace/compte/autres-appareils", name="compte.sessions.fermer")
def fermer_autres(request: Request, acteur: Acteur = Depends(exiger())) -> Response:
    """Log out everywhere but here."""
    contexte = request.app.state.contexte
    with contexte.sessions() as s:
        connexion.fermer_sessions(s, acteur.compte_id, sauf=acteur.session_id)
        comptes.noter(s, acteur.auteur, "compte.autres_fermees", comptes.verrouille(s, acteur.compte_id), contexte.horloge.maintenant())
    return retour("compte", fait="autres_fermees")
