"""The door of the workspace: identifier and password, then the code of the telephone; and the way out.
What a session may then do belongs to `acces` and `droits`; the account itself to `compte`."""
import re
import secrets
from contextlib import suppress
from datetime import datetime, timezone

from anyio import to_thread
from fastapi import Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from bot.contacts import audit, comptes, connexion, mots_de_passe, totp
from bot.contacts.connexion import IdentifiantsRefuses, TropDEssais
from bot.contacts.conversations import TropDeMessages
from bot.contacts.refus import Refus
from bot.contacts.tables import Compte, SessionEspace
from bot.site import api
from bot.site.espace.acces import Acteur, Etat, Saisie, aller, cle, exiger, poser_cookie, routeur_espace, saisie
from bot.site.espace.droits import OUVERTE
from bot.site.espace.gabarits import FAITS, patienter, rendre

routeur = routeur_espace()
_SUITE = re.compile(r"/espace(?:/[\w./%-]*)?(?:\?[\w./%=&+-]*)?")
FAITS["deconnecte"] = "Vous êtes déconnecté."
FAITS["reconnecter"] = "C'est enregistré. Reconnectez-vous."


def suite_sure(suite: str) -> str:
    """Where to go after the login: a page of the workspace, and nothing else that an address might have been made to say."""
    return suite if _SUITE.fullmatch(suite) and "//" not in suite and not suite.startswith("/espace/connexion") else "/espace"


def heure_telephone() -> datetime:
    """The real time, whatever day the site lives in: a telephone that makes codes knows no other clock (RFC 6238)."""
    return datetime.now(timezone.utc)


@routeur.get("/espace/connexion", name="connexion")
def page_connexion(request: Request, suite: str = "") -> Response:
    """The login form; someone who is in already goes on."""
    etat: Etat = request.state.espace
    if etat.acteur is not None and etat.acteur.etape == OUVERTE:
        return aller(suite_sure(suite))
    return rendre(request, "espace/connexion.html", suite=suite_sure(suite), identifiant="")


@routeur.post("/espace/connexion", name="connexion.envoyer")
async def entrer(request: Request, saisie: Saisie = Depends(saisie)) -> Response:
    """Check identifier and password. An unknown identifier, a closed account and a wrong password get the same answer, after the same work."""
    contexte = request.app.state.contexte
    try:
        await contexte.limites.compter("connexion", request.client.host if request.client else "", contexte.reglages.connexions_par_minute)
    except TropDeMessages as e:
        raise TropDEssais(60) from e
    return await to_thread.run_sync(_entrer, request, saisie)


def _entrer(request: Request, saisie: Saisie) -> Response:
    identifiant, suite = saisie.un("identifiant")[:200].lower(), suite_sure(saisie.un("suite"))
    vides = {nom: phrase for nom, phrase in (("identifiant", "Écrivez votre identifiant."), ("mot_de_passe", "Écrivez votre mot de passe."))
             if not saisie.brut(nom).strip()}
    if vides:
        return rendre(request, "espace/connexion.html", 422, erreurs=vides, suite=suite, identifiant=identifiant)
    try:
        secret = authentifier(request, identifiant, saisie.brut("mot_de_passe"))
    except (IdentifiantsRefuses, TropDEssais) as refus:
        return patienter(rendre(request, "espace/connexion.html", refus.statut, erreurs={"identifiant": refus.message}, suite=suite,
                                identifiant=identifiant), refus)
    reponse = aller(suite)  # the guard sends on to what is still missing
    poser_cookie(reponse, secret, request.app.state.contexte.reglages)
    return oublier_conversation(request, reponse)


def authentifier(request: Request, identifiant: str, mot_de_passe: str) -> str:
    """The secret of a new session. The try is counted before it is checked, and the password is hashed outside any transaction.

    Raises IdentifiantsRefuses, TropDEssais.
    """
    contexte, maintenant = request.app.state.contexte, request.app.state.contexte.horloge.maintenant()
    essai = connexion.cle_essai(cle(request), "mot_de_passe", identifiant)
    with contexte.sessions() as s:
        connexion.compter_essai(s, essai, maintenant)
        compte = comptes.par_identifiant(s, identifiant)
    entre = connexion.ouvre(compte, contexte.reglages.demo)
    juste = mots_de_passe.verifier(compte.mot_de_passe if compte and entre else None, mot_de_passe[:mots_de_passe.LONGUEUR_MAX + 1])
    with contexte.sessions() as s:
        etat: Etat = request.state.espace
        if not juste or compte is None:
            audit.noter(s, le=maintenant, acteur="inconnu", acte="connexion.refusee", objet="compte", objet_id=compte.id if compte else None,
                        caisse_code=compte.conseiller.caisse_code if compte else None)
        else:
            connexion.oublier_essais(s, essai)
            if etat.acteur is not None:  # someone was already in on this browser: one at a time
                connexion.fermer_session(s, etat.acteur.session_id)
            return _ouvrir(s, compte.id, mot_de_passe, maintenant)
    raise IdentifiantsRefuses


def _ouvrir(session: Session, compte_id: int, mot_de_passe: str, maintenant: datetime) -> str:
    """Open the session, in the transaction that notes it."""
    compte = comptes.verrouille(session, compte_id)
    if mots_de_passe.a_rehacher(compte.mot_de_passe):
        compte.mot_de_passe = mots_de_passe.hacher(mot_de_passe)
    _, secret = connexion.ouvrir_session(session, compte, maintenant)
    _noter_entree(session, compte, "connexion.ouverte" if compte.totp_actif_le is None else "connexion.mot_de_passe", maintenant)
    return secret


def _noter_entree(session: Session, compte: Compte, acte: str, maintenant: datetime) -> None:
    if acte == "connexion.ouverte":
        compte.derniere_connexion_le = maintenant
    audit.noter(session, le=maintenant, acteur=f"conseiller:{compte.conseiller_id}", acte=acte, caisse_code=compte.conseiller.caisse_code,
                objet="compte", objet_id=compte.id)


# -- the code of the telephone -------------------------------------------------------------------------------------------------------------


@routeur.get("/espace/connexion/code", name="connexion.code")
def page_code(request: Request) -> Response:
    return rendre(request, "espace/code.html")


@routeur.post("/espace/connexion/code", name="connexion.code.envoyer")
def donner_code(request: Request, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """The six digits, or a recovery code. Each code serves once; the session's cookie changes with its rights."""
    contexte, maintenant = request.app.state.contexte, request.app.state.contexte.horloge.maintenant()
    essai = connexion.cle_essai(cle(request), "code", str(acteur.compte_id))
    try:
        with contexte.sessions() as s:
            connexion.compter_essai(s, essai, maintenant)
    except TropDEssais as refus:
        return patienter(rendre(request, "espace/code.html", refus.statut, erreurs={"code": refus.message}), refus)
    with contexte.sessions() as s:
        compte = comptes.verrouille(s, acteur.compte_id)
        ouverte = s.get_one(SessionEspace, acteur.session_id)
        try:
            moyen = totp.verifier(s, compte, saisie.un("code"), cle(request), heure_telephone())
        except totp.CodeRefuse as refus:
            _noter_entree(s, compte, "connexion.code_refuse", maintenant)
            return rendre(request, "espace/code.html", refus.statut, erreurs={"code": refus.message})
        connexion.oublier_essais(s, essai)
        ouverte.second_facteur = True
        secret = connexion.renouveler(s, ouverte)
        _noter_entree(s, compte, "connexion.ouverte", maintenant)
        reste = totp.secours_restants(s, compte)
    reponse = aller("/espace" if moyen == "code" else f"/espace/compte?fait={'secours_bas' if reste < 3 else 'secours_utilise'}")
    poser_cookie(reponse, secret, contexte.reglages)
    return reponse


FAITS["secours_utilise"] = "Vous êtes entré avec un code de secours : il ne servira plus. Rattachez vite un téléphone si vous avez perdu le vôtre."
FAITS["secours_bas"] = "Il vous reste moins de trois codes de secours : refaites-en une liste ci-dessous."


# -- the way out ---------------------------------------------------------------------------------------------------------------------------


@routeur.post("/espace/deconnexion", name="deconnexion")
def sortir(request: Request, acteur: Acteur = Depends(exiger())) -> Response:
    """Close the session: the cookie is worth nothing from now on, wherever it was copied."""
    contexte = request.app.state.contexte
    with contexte.sessions() as s:
        connexion.fermer_session(s, acteur.session_id)
        audit.noter(s, le=contexte.horloge.maintenant(), acteur=acteur.acteur, role=acteur.role, caisse_code=acteur.caisse_code,
                    acte="connexion.fermee", objet="compte", objet_id=acteur.compte_id)
    reponse = aller("/espace/connexion?fait=deconnecte")
    return oublier_conversation(request, oublier_cookie(request, reponse))


def oublier_conversation(request: Request, reponse: Response) -> Response:
    """The conversation of this browser ends where someone comes in or goes out: what was said belongs to who said it (security.md S1)."""
    contexte, secret = request.app.state.contexte, api.lire_cookie(request)
    if secret:
        with suppress(Refus):
            contexte.dialogue.oublier(secret)
        api.retirer_cookie(reponse, contexte.reglages)
    return reponse


def oublier_cookie(request: Request, reponse: Response) -> Response:
    """A cookie that belongs to nobody, in the place of the session's."""
    poser_cookie(reponse, secrets.token_urlsafe(32), request.app.state.contexte.reglages)
    return reponse

