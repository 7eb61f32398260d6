"""Live conversations: the queue and one conversation, followed live; taking over, writing, a draft from the sheets, giving back; call-backs.
Rules are bot.contacts.relais, what the visitor reads bot.site.relais."""
import hashlib
from datetime import datetime
from typing import Any, Mapping, Optional, Sequence
from uuid import uuid4
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy.orm import Session

from bot.contacts import conversations as memoire
from bot.contacts import relais
from bot.contacts.refus import Refus
from bot.contacts.tables import Conversation, Rappel, Relais
from bot.knowledge.recherche import rechercher
from bot.knowledge.rendu import rendre as rediger
from bot.site import relais as en_conversation
from bot.site.enveloppe import Enveloppe
from bot.site.espace import accueil, direct
from bot.site.espace.acces import Acteur, Saisie, aller, exiger, noter_acces, routeur_espace, saisie
from bot.site.espace.accueil import Carte
from bot.site.espace.gabarits import FAITS, adresse, rendre, retour
from bot.texte.typographie import composer, quantite

routeur = routeur_espace()
FAITS.update(present="Vous êtes annoncé disponible. Gardez cette page ouverte : les conversations y arrivent.",
             absent="Vous n'êtes plus annoncé disponible.", message_envoye="Votre message est envoyé.",
             conversation_rendue="La conversation est rendue à l'assistant.", rappel_fait="Le rappel est noté ; le nom et le numéro sont effacés.")
AUTEURS = {"assure": "La personne", "assistant": "Assistant", "conseiller": "Vous"}
BONJOUR = "Bonjour, je suis {prenom}, conseiller de votre caisse. Je lis vos messages et je vous réponds."
AU_REVOIR = "Je vous laisse avec l'assistant. Vous pouvez redemander un conseiller à tout moment."
BROUILLONS = 3


def _quand(instant: datetime, acteur: Acteur) -> str:
    return f"{instant.astimezone(ZoneInfo(acteur.fuseau)):%H h %M}"


# -- the queue --------------------------------------------------------------------------------------------------------------------------------


@routeur.get("/espace/conversations", name="relais")
def file(request: Request, acteur: Acteur = Depends(exiger())) -> Response:
    """Who waits, who is being answered, which call-backs are to be made."""
    contexte = request.app.state.contexte
    maintenant = contexte.horloge.maintenant()
    with contexte.sessions() as s:
        ouverts = relais.ouverts(s, acteur.caisse_code, maintenant)
        la = relais.presents(s, acteur.caisse_code, maintenant)
        rappels = relais.rappels(s, acteur.caisse_code)
        if rappels:
            noter_acces(request, s, acteur.caisse_code, "rappels.lus", "caisse")
        return rendre(request, "espace/relais.html", ouverts=ouverts, la=len(la), moi=acteur.conseiller_id in la, rappels=rappels,
                      etat=etat_file(ouverts, rappels, maintenant),
                      depuis=lambda r: max(0, int((maintenant - r.demande_le).total_seconds() // 60)), quand=lambda i: _quand(i, acteur),
                      libre=lambda r: r.etat == "attente" or relais.muet(r, maintenant))


@routeur.get("/espace/conversations/flux", name="relais.file.flux")
def suivre_file(request: Request, vu: str = "", acteur: Acteur = Depends(exiger())) -> Response:
    """The queue, live: how many wait and how many call-backs are to be made, each time that changes; the page then reads itself again."""
    contexte = request.app.state.contexte

    def lire(dernier: str) -> "Optional[tuple[str, Any]]":
        with contexte.sessions.lecture() as s:
            maintenant = contexte.horloge.maintenant()
            ouverts, rappels = relais.ouverts(s, acteur.caisse_code, maintenant), relais.rappels(s, acteur.caisse_code)
        numero = etat_file(ouverts, rappels, maintenant)
        attendent = sum(r.etat == "attente" for r in ouverts)
        return None if numero == dernier else (numero, {"attendent": attendent, "rappels": len(rappels)})
    return direct.diffuser(request, lire, vu[:2_000])


def etat_file(ouverts: Sequence[Relais], rappels: Sequence[Rappel], maintenant: datetime) -> str:
    """What tells one state of the queue from another, short and without anything said."""
    etats = [f"{r.id}{r.etat[0]}{r.conseiller_id or ''}{'m' * relais.muet(r, maintenant)}" for r in ouverts] + [f"r{r.id}" for r in rappels]
    return hashlib.sha256(" ".join(etats).encode()).hexdigest()[:16]


@routeur.post("/espace/conversations/presence", name="relais.presence")
def presence(request: Request, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """« Je suis disponible », and the sign that the page gives while it stays open (JSON: how many wait)."""
    contexte = request.app.state.contexte
    maintenant, absent = contexte.horloge.maintenant(), saisie.un("acte") == "absent"
    with contexte.sessions() as s:
        if absent:
            relais.s_absenter(s, acteur.conseiller_id)
        else:
            relais.signaler(s, acteur.conseiller_id, acteur.caisse_code, maintenant)
        attendent = sum(r.etat == "attente" for r in relais.file(s, acteur.caisse_code, maintenant))
    if "text/html" not in request.headers.get("accept", ""):
        return JSONResponse({"attendent": attendent})
    return retour("relais", fait="absent" if absent else "present")


@routeur.post("/espace/conversations/{relais_id}/prise", name="relais.prendre")
def prendre(request: Request, relais_id: int, acteur: Acteur = Depends(exiger())) -> Response:
    """Take a conversation; the visitor is told by whom at once."""
    contexte = request.app.state.contexte
    maintenant = contexte.horloge.maintenant()
    with contexte.sessions() as s:
        pris, conversation = relais.prendre(s, relais_id, acteur.caisse_code, acteur.conseiller_id, maintenant)
        numero = str(uuid4())
        en_conversation.du_conseiller(s, conversation, BONJOUR.format(prenom=acteur.prenom), numero, maintenant, premier=True)
        noter_acces(request, s, pris.id)
    return retour("relais.voir", relais_id=relais_id)


# -- one conversation -------------------------------------------------------------------------------------------------------------------------


def _dits(s: Session, conversation: Conversation, acteur: Acteur) -> list[dict[str, str]]:
    """The conversation as the visitor sees it, numbers masked, oldest first."""
    lignes: list[dict[str, str]] = []
    for echange in memoire.echanges(s, conversation):
        heure = _quand(echange.recu_le, acteur)
        if echange.dit:
            lignes.append({"auteur": "assure", "nom": AUTEURS["assure"], "texte": echange.dit, "heure": heure})
        for m in Enveloppe.model_validate(echange.enveloppe).messages if echange.enveloppe else []:
            lignes.append({"auteur": m.author, "nom": AUTEURS[m.author], "texte": m.text, "heure": heure})
    return lignes


def _page(request: Request, s: Session, ligne: Relais, conversation: Conversation, acteur: Acteur, statut: int = 200,
          erreurs: Optional[Mapping[str, str]] = None, **valeurs: Any) -> Response:
    a_moi = ligne.conseiller_id == acteur.conseiller_id and ligne.etat in relais.OUVERTS
    return rendre(request, "espace/relais_conversation.html", statut, erreurs=erreurs, ligne=ligne, a_moi=a_moi, jeton=valeurs.pop("jeton", uuid4()),
                  dits=_dits(s, conversation, acteur), profil=conversation.profil, brouillons=valeurs.pop("brouillons", None),
                  texte=valeurs.pop("texte", ""), cherche=valeurs.pop("cherche", ""), longueur=relais.LONGUEUR_MAX, **valeurs)


def _la_mienne(s: Session, relais_id: int, acteur: Acteur) -> "tuple[Relais, Conversation]":
    """A conversation that this person holds, or held and lost to a cut. Raises Introuvable, PlusAVous."""
    ligne, conversation = relais.de_la_caisse(s, relais_id, acteur.caisse_code)
    if ligne.conseiller_id != acteur.conseiller_id or ligne.etat not in relais.OUVERTS:
        raise relais.PlusAVous
    return ligne, conversation


@routeur.get("/espace/conversations/{relais_id}", name="relais.voir")
def voir(request: Request, relais_id: int, acteur: Acteur = Depends(exiger())) -> Response:
    """The conversation in one's hands. A colleague's is not shown: what is said is between two people."""
    with request.app.state.contexte.sessions() as s:
        ligne, conversation = _la_mienne(s, relais_id, acteur)
        noter_acces(request, s, relais_id)
        return _page(request, s, ligne, conversation, acteur)


@routeur.get("/espace/conversations/{relais_id}/flux", name="relais.flux")
def suivre(request: Request, relais_id: int, vu: str = "0", acteur: Acteur = Depends(exiger())) -> Response:
    """The conversation in one's hands, live: what was said after the messages that the page shows. Who reads it was noted when the page opened."""
    contexte = request.app.state.contexte

    def lire(dernier: str) -> "Optional[tuple[str, Any]]":
        with contexte.sessions.lecture() as s:
            dits = _dits(s, _la_mienne(s, relais_id, acteur)[1], acteur)
        debut = min(int(dernier), len(dits)) if dernier.isdecimal() else 0
        return (str(len(dits)), {"debut": debut, "messages": dits[debut:]}) if len(dits) > debut else None
    with contexte.sessions.lecture() as s:
        _la_mienne(s, relais_id, acteur)
    return direct.diffuser(request, lire, vu[:6])


@routeur.post("/espace/conversations/{relais_id}/signe", name="relais.signe")
def signe(request: Request, relais_id: int, acteur: Acteur = Depends(exiger())) -> Response:
    """The sign that the page gives while it stays open; answers the conversation so far, for the page to add what is new."""
    contexte = request.app.state.contexte
    with contexte.sessions() as s:
        ligne, conversation = relais.tenir(s, relais_id, acteur.caisse_code, acteur.conseiller_id, contexte.horloge.maintenant())
        return JSONResponse({"etat": ligne.etat, "messages": _dits(s, conversation, acteur)})


@routeur.post("/espace/conversations/{relais_id}/message", name="relais.ecrire")
def ecrire(request: Request, relais_id: int, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """Write to the visitor. Sent twice from one page it is said once; what cannot leave stays in the field."""
    contexte, texte = request.app.state.contexte, saisie.brut("texte")
    maintenant = contexte.horloge.maintenant()
    try:
        with contexte.sessions() as s:
            _, conversation = relais.tenir(s, relais_id, acteur.caisse_code, acteur.conseiller_id, maintenant)
            en_conversation.du_conseiller(s, conversation, texte, saisie.un("jeton"), maintenant)
    except (relais.PlusAVous, relais.MessageHorsTaille) as refus:
        return _refuser(request, relais_id, acteur, refus, texte)
    if "text/html" not in request.headers.get("accept", ""):
        return JSONResponse({"etat": "en_cours"})
    return aller(adresse("relais.voir", relais_id=relais_id) + "#ecrire")


def _refuser(request: Request, relais_id: int, acteur: Acteur, refus: Refus, texte: str) -> Response:
    if "text/html" not in request.headers.get("accept", ""):
        raise refus
    with request.app.state.contexte.sessions.lecture() as s:
        ligne, conversation = relais.de_la_caisse(s, relais_id, acteur.caisse_code)
        if ligne.conseiller_id != acteur.conseiller_id or ligne.etat not in relais.OUVERTS:
            return rendre(request, "espace/relais_perdue.html", refus.statut, refus=refus, texte=texte)
        return _page(request, s, ligne, conversation, acteur, refus.statut, {"texte": refus.message}, texte=texte)


@routeur.post("/espace/conversations/{relais_id}/brouillon", name="relais.brouillon")
def brouillon(request: Request, relais_id: int, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """A draft answer from the sheets nearest to what was asked: shown to the counsellor, who changes it and sends it, or not."""
    contexte = request.app.state.contexte
    maintenant, cherche = contexte.horloge.maintenant(), saisie.un("cherche")
    with contexte.sessions() as s:
        ligne, conversation = relais.tenir(s, relais_id, acteur.caisse_code, acteur.conseiller_id, maintenant)
        demande = cherche or next((d["texte"] for d in reversed(_dits(s, conversation, acteur)) if d["auteur"] == "assure"), "")
        trouves = [(contexte.fiches[sujet], rediger(contexte.fiches[sujet], contexte.horloge.aujourdhui(), conversation.profil))
                   for sujet, _ in rechercher(demande, BROUILLONS) if sujet in contexte.fiches]
        choisi = next((r for f, r in trouves if f.sujet == saisie.un("fiche")), None)
        texte = choisi.texte_complet if choisi else saisie.brut("texte")
        return _page(request, s, ligne, conversation, acteur, brouillons=trouves, texte=texte, cherche=demande)


@routeur.post("/espace/conversations/{relais_id}/retour", name="relais.rendre")
def donner(request: Request, relais_id: int, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """Give the conversation back to the assistant, with a last word."""
    contexte = request.app.state.contexte
    maintenant = contexte.horloge.maintenant()
    with contexte.sessions() as s:
        ligne, conversation = relais.tenir(s, relais_id, acteur.caisse_code, acteur.conseiller_id, maintenant)
        en_conversation.du_conseiller(s, conversation, AU_REVOIR, str(uuid4()), maintenant)
        relais.rendre(s, ligne, conversation, acteur.conseiller_id, maintenant)
    return retour("relais", fait="conversation_rendue")


# -- call-backs -------------------------------------------------------------------------------------------------------------------------------


@routeur.post("/espace/rappels/{rappel_id}", name="relais.rappel")
def rappeler(request: Request, rappel_id: int, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """Rung back, or nobody answered."""
    contexte = request.app.state.contexte
    with contexte.sessions() as s:
        relais.traiter_rappel(s, rappel_id, acteur.caisse_code, saisie.un("etat"), acteur.conseiller_id, contexte.horloge.maintenant())
        noter_acces(request, s, rappel_id)
    return retour("relais", fait="rappel_fait")


def carte(session: Session, acteur: Acteur, maintenant: datetime) -> Optional[Carte]:
    """On the home page: who waits, and the call-backs."""
    if not acteur.peut("relais"):
        return None
    attendent = sum(r.etat == "attente" or relais.muet(r, maintenant) for r in relais.ouverts(session, acteur.caisse_code, maintenant))
    rappels = len(relais.rappels(session, acteur.caisse_code))
    if not attendent and not rappels:
        return None
    dits = [quantite(attendent, "personne attend un conseiller", "personnes attendent un conseiller")] * bool(attendent)
    dits += [quantite(rappels, "rappel à faire", "rappels à faire")] * bool(rappels)
    return Carte("Conversations", "espace/relais_carte.html", {"phrase": composer(", ".join(dits))}, 5,
                 ("Ouvrir les conversations", adresse("relais")))


accueil.CARTES.append(carte)
