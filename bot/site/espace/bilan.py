"""The bilans in the workspace: a caisse prepares, checks, has its bilan vised, signed and sent; the national fund receives, adds up, publishes.

Rules are bot.bilan's (`etats` for who may do what, `controles`, `national`); a figure is never typed here.
"""
import json
from datetime import datetime
from typing import Any, Mapping, Optional

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile

from bot.bilan import cles, echange, echeance, ecriture, etats, national, reception, registre, rendus, saisie
from bot.bilan.avancement import avancement
from bot.bilan.codes import ETATS, PRIORITES_MAX, SOCLE, STATUTS, TEXTE_MAX, TEXTES
from bot.bilan.controles import REGLES
from bot.bilan.documents_nationaux import ETATS_RECEPTION
from bot.bilan.regional import COURTS, Source, document
from bot.bilan.schema import schema_json
from bot.contacts.campagne import SocleAbsent
from bot.contacts.isolement import Introuvable
from bot.contacts.refus import Refus
from bot.contacts.tables import Action, Bilan, BilanRecu, Caisse, Cible, CommentaireBilan, EditionNationale, ExerciceBilan
from bot.site.espace.acces import Acteur, Saisie, cle, exiger, routeur_espace
from bot.site.espace.acces import saisie as lire_saisie
from bot.site.espace.accueil import CARTES, Carte
from bot.site.espace.gabarits import FAITS, rendre, retour

routeur = routeur_espace()
public = APIRouter(tags=["bilans"])
FAITS.update(
    part_gardee="C'est gardé.", bilan_controle="Les contrôles sont joués.", bilan_vise="Votre visa est enregistré.",
    bilan_signe="Le bilan est signé : ses chiffres ne changeront plus.", bilan_rouvert="Le bilan est de nouveau un brouillon.",
    bilan_transmis="Le bilan est transmis ; l'accusé de réception est ci-dessous.", fichier_recu="Le fichier est traité : voyez son accusé.",
    rectificatif_ouvert="Le rectificatif est ouvert : il remplacera en entier le bilan accepté.",
    cle_creee="La clé de signature est créée. Lisez son empreinte au téléphone à la caisse nationale.",
    bilan_consolide="La consolidation est faite.", edition_publiee="L'édition est publiée.", exercice_clos="L'exercice est clos.",
    exercice_ouvert="L'exercice est ouvert.", commentaire_garde="Votre commentaire est gardé.")
TYPES = {"html": "text/html; charset=utf-8", "pdf": "application/pdf", "json": "application/json",
         "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
         "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document"}
# The page of a bilan is a file: its styles and charts are inside it, and nothing else runs.
CSP_DOCUMENT = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


@public.get("/schemas/bilan-regional-1.0.json", summary="Schéma JSON du fichier d'échange d'un bilan régional", response_class=Response,
            responses={200: {"content": {"application/schema+json": {"schema": {"type": "object"}}}}})
def schema() -> JSONResponse:
    """The published schema of the interchange file (docs/schemas holds the same)."""
    return JSONResponse(schema_json(), media_type="application/schema+json")


def _maintenant(request: Request) -> datetime:
    maintenant: datetime = request.app.state.contexte.horloge.maintenant()
    return maintenant


def _annee(request: Request, annee: Optional[int]) -> int:
    return annee or echeance.dernier_exercice(_maintenant(request))


def _acte(acteur: Acteur) -> etats.Acte:
    return etats.Acte(acteur.acteur, acteur.niveaux, acteur.conseiller_id)


def _champ_regional(acteur: Acteur, session: Session) -> str:
    """The caisse of the person, when it makes a bilan. Raises Introuvable."""
    if session.get_one(Caisse, acteur.caisse_code).genre != "regionale":
        raise Introuvable
    return acteur.caisse_code


def _bilan(session: Session, acteur: Acteur, annee: int) -> Bilan:
    """The bilan of one's caisse. Raises BilanAbsent."""
    bilan = etats.courant(session, _champ_regional(acteur, session), annee)
    if bilan is None:
        raise etats.BilanAbsent
    return bilan


# -- where one stands ------------------------------------------------------------------------------------------------------------------------


def _carte(session: Session, acteur: Acteur, maintenant: datetime) -> Optional[Carte]:
    """The countdown, from thirty days before the deadline until the bilan is sent."""
    annee = echeance.dernier_exercice(maintenant)
    if not acteur.peut("bilan") or session.get_one(Caisse, acteur.caisse_code).genre != "regionale":
        return None
    fin = echeance.limite(annee, session.get(ExerciceBilan, annee))
    bilan = etats.courant(session, acteur.caisse_code, annee)
    if echeance.jours_restants(maintenant, fin) > max(echeance.PALIERS) or (bilan is not None and bilan.transmis_le is not None):
        return None
    etat = ETATS[bilan.etat] if bilan else "pas commencé"
    return Carte(f"Bilan {annee}", "espace/bilan_carte.html", {"phrase": echeance.compte_a_rebours(maintenant, fin), "etat": etat,
                 "rappel": echeance.dernier_rappel(session, acteur.caisse_code, annee)}, 5,
                 ("Ouvrir le bilan", "/espace/bilan"))


CARTES.append(_carte)


@routeur.get("/espace/bilan", name="bilan")
def voir(request: Request, annee: Optional[int] = Query(None, ge=2009, le=2100), acteur: Acteur = Depends(exiger())) -> Response:
    """Where the bilan and the campaign of the year stand, and what this person may do next."""
    exercice, maintenant = _annee(request, annee), _maintenant(request)
    with request.app.state.contexte.sessions.lecture() as s:
        code = _champ_regional(acteur, s)
        try:
            avances = avancement(s, code, exercice, maintenant.astimezone(echeance.PARIS).date())
        except SocleAbsent as refus:
            return rendre(request, "espace/bilan.html", annee=exercice, absente=refus.message, bilan=None)
        bilan, fin = etats.courant(s, code, exercice), echeance.limite(exercice, s.get(ExerciceBilan, exercice))
        return rendre(request, "espace/bilan.html", annee=exercice, absente=None, bilan=bilan, avances=avances, etats=ETATS,
                      visas=etats.visas(s, bilan) if bilan else {}, rebours=echeance.compte_a_rebours(maintenant, fin),
                      cle=_cle_connue(s, code, exercice), regles=REGLES, peut_signer="directeur" in acteur.niveaux,
                      peut_preparer=not acteur.niveaux.isdisjoint(etats.QUI["brouillon"]),
                      vises=[g for g, n in etats.QUI_VISE.items() if n in acteur.niveaux])


def _cle_connue(session: Session, caisse_code: str, annee: int) -> Optional[Mapping[str, str]]:
    try:
        connue = cles.en_vigueur(session, caisse_code, annee)
    except cles.CleAbsente:
        return None
    return {"kid": connue.kid, "empreinte": cles.empreinte(connue.publique)}


# -- preparing -------------------------------------------------------------------------------------------------------------------------------


@routeur.get("/espace/bilan/{annee}/preparation", name="bilan.preparation")
def preparer(request: Request, annee: int, acteur: Acteur = Depends(exiger())) -> Response:
    """Everything that is written by hand, part by part; each part is kept by itself."""
    return _page_preparation(request, annee, acteur)


def _page_preparation(request: Request, annee: int, acteur: Acteur, statut: int = 200, erreurs: Optional[Mapping[str, str]] = None,
                      typees: Optional[Mapping[str, Any]] = None) -> Response:
    with request.app.state.contexte.sessions.lecture() as s:
        code = _champ_regional(acteur, s)
        socle = saisie.socle_de(s, annee).contenu
        actions = s.scalars(select(Action).join(Cible, Action.cible_id == Cible.id).where(Action.caisse_code == code, Action.annee == annee)
                            .order_by(Action.perimetre.desc(), Cible.id)).all()
        parts = saisie.lire(s, saisie.dossier_regional(code, annee))
        bilan = etats.courant(s, code, annee)
        fige = bilan is not None and bilan.etat not in ("brouillon", "controle", "refuse")
        return rendre(request, "espace/bilan_preparation.html", statut, erreurs=erreurs, annee=annee, parts=parts, vide=saisie.VIDE, textes=TEXTES,
                      socle=socle, actions=actions, courts=COURTS, principales=SOCLE, maximum=TEXTE_MAX, priorites_max=PRIORITES_MAX, fige=fige,
                      typees=typees or {})


@routeur.post("/espace/bilan/{annee}/parties/{champ}", name="bilan.enregistrer")
def enregistrer(request: Request, annee: int, champ: str, acteur: Acteur = Depends(exiger()), lue: Saisie = Depends(lire_saisie)) -> Response:
    """Keep one part. By a form, or by the page's script while one writes (it asks for JSON): nothing typed is lost, even over another's text."""
    brute = _valeur(champ, lue)
    base = int(lue.un("version")) if lue.un("version").isdigit() else None
    try:
        version = _garder(request, annee, champ, brute, base, acteur)
    except Refus as refus:
        if "text/html" not in request.headers.get("accept", "") or isinstance(refus, Introuvable):
            raise
        typees = {} if isinstance(refus, saisie.SaisieDepassee) else {champ: brute}  # set aside, it is shown beside the other's
        return _page_preparation(request, annee, acteur, refus.statut, {champ: refus.message}, typees)
    if "text/html" not in request.headers.get("accept", ""):
        return JSONResponse({"version": version})
    reponse = retour("bilan.preparation", fait="part_gardee", annee=annee)
    reponse.headers["location"] += f"#{champ}"
    return reponse


def _garder(request: Request, annee: int, champ: str, brute: Any, base: Optional[int], acteur: Acteur) -> int:
    with request.app.state.contexte.sessions() as s:
        code = _champ_regional(acteur, s)
        valeur = saisie.propre(champ, brute, saisie.socle_de(s, annee).contenu)
        depassee: Optional[saisie.SaisieDepassee] = None
        try:
            version = saisie.ecrire(s, saisie.dossier_regional(code, annee), champ, valeur, base=base, auteur=acteur.acteur,
                                    maintenant=_maintenant(request))
        except saisie.SaisieDepassee as refus:
            depassee, version = refus, refus.version  # kept aside: the transaction must end well
    if depassee is not None:
        raise depassee
    return version


def _valeur(champ: str, lue: Saisie) -> Any:
    """The part as the form sends it: lists by rows numbered 1, 2, 3…; texts with their line breaks."""
    if champ == "moyens":
        heures = {n.partition(".")[2]: v for n, v in lue.paires if n.startswith("heures_action.")}
        return {"agents": lue.un("agents"), "heures": lue.un("heures"), "cout_euros": lue.un("cout_euros"), "heures_par_action": heures,
                "partenaires": lue.brut("partenaires").split("\n")}
    if champ == "difficultes":
        lignes = [{"code": lue.un(f"code{i}"), "actions": lue.tous(f"actions{i}"), "part": lue.un(f"part{i}"), "precision": lue.un(f"precision{i}")}
                  for i in range(1, 8)]
        return [ligne for ligne in lignes if ligne["code"]]
    if champ == "priorites":
        return [{"code": lue.un(f"code{i}"), "precision": lue.un(f"precision{i}")} for i in range(1, PRIORITES_MAX + 1) if lue.un(f"code{i}")]
    return lue.brut("valeur")


# -- checking, visas, signing, sending ---------------------------------------------------------------------------------------------------------


@routeur.post("/espace/bilan/{annee}/controle", name="bilan.controler")
def jouer_controles(request: Request, annee: int, acteur: Acteur = Depends(exiger())) -> Response:
    """Read the data and play the rules; the report is shown, whatever it says."""
    with request.app.state.contexte.sessions() as s:
        bilan = etats.preparer(s, _champ_regional(acteur, s), annee, _acte(acteur), _maintenant(request))
        etats.controler_bilan(s, bilan, _acte(acteur), _maintenant(request))
    return retour("bilan", fait="bilan_controle")


@routeur.post("/espace/bilan/{annee}/visa/{genre}", name="bilan.viser")
def viser(request: Request, annee: int, genre: str, acteur: Acteur = Depends(exiger()), lue: Saisie = Depends(lire_saisie)) -> Response:
    with request.app.state.contexte.sessions() as s:
        etats.viser(s, _bilan(s, acteur, annee), genre, _acte(acteur), _maintenant(request), lue.un("sha256"))
    return retour("bilan", fait="bilan_vise")


@routeur.post("/espace/bilan/{annee}/cle", name="bilan.cle")
def creer_cle(request: Request, annee: int, acteur: Acteur = Depends(exiger())) -> Response:
    """The signing key of the caisse, drawn here and kept encrypted; one at a time."""
    with request.app.state.contexte.sessions() as s:
        code = _champ_regional(acteur, s)
        if _cle_connue(s, code, annee) is not None:
            raise cles.CleDejaLa
        cles.creer(s, code, annee, _maintenant(request), cle_installation=cle(request), acteur=acteur.acteur)
    return retour("bilan", fait="cle_creee")


@routeur.post("/espace/bilan/{annee}/signature", name="bilan.signer")
def signer(request: Request, annee: int, acteur: Acteur = Depends(exiger()), lue: Saisie = Depends(lire_saisie)) -> Response:
    """The director signs the very content that was checked, vised and shown."""
    with request.app.state.contexte.sessions() as s:
        bilan = _bilan(s, acteur, annee)
        connue = cles.en_vigueur(s, bilan.caisse_code, annee)
        etats.signer(s, bilan, cles.privee(connue, cle(request)), connue.kid, _acte(acteur), _maintenant(request), sha256=lue.un("sha256"))
    return retour("bilan", fait="bilan_signe")


@routeur.post("/espace/bilan/{annee}/transmission", name="bilan.transmettre")
def transmettre(request: Request, annee: int, acteur: Acteur = Depends(exiger())) -> Response:
    """Send to the national fund of this installation, which answers at once. The circular's address is shown beside: nothing is mailed (R62)."""
    maintenant = _maintenant(request)
    with request.app.state.contexte.sessions() as s:
        bilan = _bilan(s, acteur, annee)
        octets = etats.transmettre(s, bilan, _acte(acteur), maintenant)
        nom = echange.nom_fichier(json.loads(octets)["payload"])
        reception.recevoir(s, nom, octets, maintenant, cle=_cle_nationale(request, s, annee))
    return retour("bilan", fait="bilan_transmis")


@routeur.post("/espace/bilan/{annee}/reprise", name="bilan.rouvrir")
def rouvrir(request: Request, annee: int, acteur: Acteur = Depends(exiger())) -> Response:
    """Back to a draft, before it is sent or after a refusal."""
    with request.app.state.contexte.sessions() as s:
        etats.rouvrir(s, _bilan(s, acteur, annee), _acte(acteur), _maintenant(request))
    return retour("bilan", fait="bilan_rouvert")


@routeur.post("/espace/bilan/{annee}/rectificatif", name="bilan.rectifier")
def rectifier(request: Request, annee: int, acteur: Acteur = Depends(exiger())) -> Response:
    with request.app.state.contexte.sessions() as s:
        etats.rectifier(s, _bilan(s, acteur, annee), _acte(acteur), _maintenant(request))
    return retour("bilan", fait="rectificatif_ouvert")


@routeur.get("/espace/bilan/{annee}/document/{format}", name="bilan.document")
def prendre(request: Request, annee: int, format: str, acteur: Acteur = Depends(exiger())) -> Response:
    """The bilan as a page, a PDF, sheets, an editable copy, or the interchange file."""
    with request.app.state.contexte.sessions.lecture() as s:
        bilan = _bilan(s, acteur, annee)
        octets, source = ecriture.octets_json(bilan), ecriture.source(s, bilan)
    return _fichier(document(source), format, (echange.nom_fichier(source.payload), octets))


def _fichier(doc: Any, format: str, joint: tuple[str, bytes]) -> Response:
    """One format of a document. Raises Introuvable."""
    if format not in TYPES:
        raise Introuvable
    faire = {"html": lambda: rendus.html(doc).encode(), "pdf": lambda: rendus.pdf(doc, joint), "xlsx": lambda: rendus.xlsx(doc),
             "docx": lambda: rendus.docx(doc), "json": lambda: joint[1]}
    nom = joint[0].removesuffix(".json")
    entetes = {"content-security-policy": CSP_DOCUMENT} if format == "html" else {"content-disposition": f'attachment; filename="{nom}.{format}"'}
    return Response(faire[format](), media_type=TYPES[format], headers=entetes)


# -- the national fund -------------------------------------------------------------------------------------------------------------------------


def _cle_nationale(request: Request, session: Session, annee: int) -> Optional[reception.CleNationale]:
    try:
        connue = cles.en_vigueur(session, None, annee)
        return reception.CleNationale(cles.privee(connue, cle(request)), connue.kid)
    except cles.CleAbsente:
        return None


@routeur.get("/espace/bilans", name="bilans")
def table_reception(request: Request, annee: Optional[int] = Query(None, ge=2009, le=2100), acteur: Acteur = Depends(exiger())) -> Response:
    """Who has sent, who is late, refused, missing; the refusal log; the editions made."""
    exercice, maintenant = _annee(request, annee), _maintenant(request)
    with request.app.state.contexte.sessions.lecture() as s:
        try:
            connu = registre.lire(s, exercice)
        except SocleAbsent as refus:
            return rendre(request, "espace/bilans.html", annee=exercice, absente=refus.message, registre=None)
        tous = reception.recus(s, exercice)
        pris = [national.Recu(r.caisse_code or "", "", r.sequence or 0, r.sha256 or "", r.hors_delai, {}, r.ecartes) for r in tous
                if r.etat in reception.RETENUS]
        return rendre(request, "espace/bilans.html", annee=exercice, absente=None, registre=connu, perimetre=national.perimetre(connu, pris, tous),
                      recus=list(reversed(tous)), numeros={r.caisse_code: r.id for r in tous if r.etat in reception.RETENUS},
                      etats=ETATS_RECEPTION, etats_fichier=ETATS, editions=national.editions(s, exercice),
                      rebours=echeance.compte_a_rebours(maintenant, connu.limite),
                      exercice=s.get(ExerciceBilan, exercice), proposition=saisie.lire_un(s, saisie.dossier_national(exercice), "socle_n1"))


@routeur.post("/espace/bilans/exercice/{annee}", name="bilans.exercice")
def ouvrir_exercice(request: Request, annee: int, acteur: Acteur = Depends(exiger()), lue: Saisie = Depends(lire_saisie)) -> Response:
    """Open the exercise, or set how « avant le 31 janvier » is read (A2); reopen it for an erratum."""
    with request.app.state.contexte.sessions() as s:
        registre.ouvrir(s, annee, _maintenant(request), strict=lue.un("strict") == "oui", acteur=acteur.acteur, role="national")
    return retour("bilans", fait="exercice_ouvert")


async def fichiers_envoyes(request: Request) -> list[tuple[str, bytes]]:
    """The files of a multipart form, read whole: the cap on the body has already been held."""
    formulaire = await request.form()
    return [(f.filename or "sans nom", await f.read()) for f in formulaire.getlist("fichier") if isinstance(f, UploadFile) and f.filename]


@routeur.post("/espace/bilans/reception", name="bilans.recevoir")
def recevoir(request: Request, acteur: Acteur = Depends(exiger()), fichiers: list[tuple[str, bytes]] = Depends(fichiers_envoyes)) -> Response:
    """Receive one file; refused or accepted, it has its line and its receipt."""
    if not fichiers:
        raise reception.FichierAbsent
    with request.app.state.contexte.sessions() as s:
        exercice = registre.exercice_ouvert(s, _maintenant(request)).annee
        nom, octets = fichiers[0]
        recu = reception.recevoir(s, nom, octets, _maintenant(request), _acte(acteur), _cle_nationale(request, s, exercice))
    return retour("bilans.recu", fait="fichier_recu", recu_id=recu.id)


def _recu(session: Session, recu_id: int) -> BilanRecu:
    trouve = session.get(BilanRecu, recu_id)
    if trouve is None:
        raise Introuvable
    return trouve


@routeur.get("/espace/bilans/recus/{recu_id}", name="bilans.recu")
def voir_recu(request: Request, recu_id: int, acteur: Acteur = Depends(exiger())) -> Response:
    """One file received: what was accepted and refused, and what the working group says of it (R12)."""
    with request.app.state.contexte.sessions.lecture() as s:
        recu = _recu(s, recu_id)
        commentaires = s.scalars(select(CommentaireBilan).where(CommentaireBilan.bilan_recu_id == recu_id).order_by(CommentaireBilan.id)).all()
        lue = echange.lire((recu.enveloppe or "").encode())
        return rendre(request, "espace/bilan_recu.html", recu=recu, commentaires=commentaires, payload=lue.payload, statuts=STATUTS, courts=COURTS)


@routeur.get("/espace/bilans/recus/{recu_id}/document/{format}", name="bilans.recu.document")
def prendre_recu(request: Request, recu_id: int, format: str, acteur: Acteur = Depends(exiger())) -> Response:
    """A transmitted bilan, made again from its file. Raises Introuvable for one that cannot be read."""
    with request.app.state.contexte.sessions.lecture() as s:
        recu = _recu(s, recu_id)
        lue = echange.lire((recu.enveloppe or "").encode())
        if lue.payload is None:
            raise Introuvable
        connu = registre.lire(s, recu.annee)
        caisse = connu.caisses.get(lue.payload["caisse"], lue.payload["caisse"])
    source = Source(lue.payload, connu.campagne, caisse, "reçu par la caisse nationale", ("le directeur",), recu.sha256 or "",
                    rapport={"constats": recu.constats})
    return _fichier(document(source), format, (echange.nom_fichier(lue.payload), lue.octets))


@routeur.get("/espace/bilans/recus/{recu_id}/accuse", name="bilans.accuse")
def prendre_accuse(request: Request, recu_id: int, acteur: Acteur = Depends(exiger())) -> Response:
    """The receipt, to send back to the caisse."""
    with request.app.state.contexte.sessions.lecture() as s:
        recu = _recu(s, recu_id)
        return JSONResponse(recu.accuse, headers={"content-disposition": f'attachment; filename="accuse-{recu.id}.json"'})


@routeur.post("/espace/bilans/recus/{recu_id}/commentaires", name="bilans.commenter")
def commenter(request: Request, recu_id: int, acteur: Acteur = Depends(exiger()), lue: Saisie = Depends(lire_saisie)) -> Response:
    with request.app.state.contexte.sessions() as s:
        reception.commenter(s, _recu(s, recu_id), lue.brut("texte"), acteur.conseiller_id, _maintenant(request))
    return retour("bilans.recu", fait="commentaire_garde", recu_id=recu_id)


@routeur.post("/espace/bilans/{annee}/proposition", name="bilans.proposer")
def proposer(request: Request, annee: int, acteur: Acteur = Depends(exiger()), lue: Saisie = Depends(lire_saisie)) -> Response:
    """What the working group proposes for the next socle (R12, R13)."""
    with request.app.state.contexte.sessions() as s:
        valeur = saisie.propre("socle_n1", lue.brut("valeur"), {})
        saisie.ecrire(s, saisie.dossier_national(annee), "socle_n1", valeur, base=None, auteur=acteur.acteur, maintenant=_maintenant(request))
    return retour("bilans", fait="part_gardee")


@routeur.post("/espace/bilans/{annee}/consolidation", name="bilans.consolider")
def consolider(request: Request, annee: int, acteur: Acteur = Depends(exiger())) -> Response:
    with request.app.state.contexte.sessions() as s:
        national.consolider(s, annee, _maintenant(request), _acte(acteur))
    return retour("bilans", fait="bilan_consolide")


def _edition(session: Session, annee: int, numero: int) -> EditionNationale:
    trouvee = session.get(EditionNationale, (annee, numero))
    if trouvee is None:
        raise Introuvable
    return trouvee


@routeur.post("/espace/bilans/{annee}/editions/{numero}/publication", name="bilans.publier")
def publier(request: Request, annee: int, numero: int, acteur: Acteur = Depends(exiger())) -> Response:
    with request.app.state.contexte.sessions() as s:
        national.publier(s, _edition(s, annee, numero), _acte(acteur), _maintenant(request))
    return retour("bilans", fait="edition_publiee")


@routeur.post("/espace/bilans/{annee}/cloture", name="bilans.clore")
def clore(request: Request, annee: int, acteur: Acteur = Depends(exiger())) -> Response:
    with request.app.state.contexte.sessions() as s:
        national.clore(s, annee, _acte(acteur), _maintenant(request))
    return retour("bilans", fait="exercice_clos")


@routeur.get("/espace/bilans/{annee}/editions/{numero}/{genre}/{format}", name="bilans.edition")
def prendre_edition(request: Request, annee: int, numero: int, genre: str, format: str, acteur: Acteur = Depends(exiger())) -> Response:
    """An edition, internal (exact figures) or public (small cells hidden)."""
    if genre not in ("interne", "publique"):
        raise Introuvable
    with request.app.state.contexte.sessions.lecture() as s:
        edition = _edition(s, annee, numero)
        octets: str = getattr(edition, genre)
        doc = ecriture.document_national(s, edition, json.loads(octets))
    return _fichier(doc, format, (f"bilan-national-{annee}-{numero}-{genre}.json", octets.encode()))
