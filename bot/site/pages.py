"""The public pages: home, questions and answers, the conversation without JavaScript, the frame for a caisse's site, legal notices.
What is answered belongs to `dialogue`, what the law says to `bot.knowledge`; here it is only laid out, and typeset once, at the door."""
import html
import json
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Iterator, Mapping, Optional, Sequence
from urllib.parse import parse_qsl, urlencode
from uuid import UUID, uuid4, uuid5

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader
from sqlalchemy.exc import SQLAlchemyError

from bot.contacts import caisses
from bot.contacts.conversations import ConversationInconnue, Refus
from bot.contacts.tables import Caisse
from bot.knowledge.chemins import KNOWLEDGE
from bot.knowledge.fiches import Fiche, Source, lire_sources
from bot.knowledge.lecture import lire_yaml
from bot.knowledge.recherche import rechercher
from bot.knowledge.rendu import Chiffre, Reponse, rendre
from bot.knowledge.urgences import SUJET as URGENCE
from bot.knowledge.urgences import reconnaitre
from bot.site.api import lire_cookie, poser_cookie
from bot.site.garde import LONGUEUR_MAX, RequeteIllisible, lire_texte
from bot.texte.typographie import ESPACE_INSECABLE, composer, date_longue

ICI = Path(__file__).parent
NOM_SITE = "L'assistant des indépendants"

# Order and names of the domains as readers see them.
DOMAINES: dict[str, tuple[str, str]] = {
    "auto_entrepreneur": ("Auto-entrepreneur", "Plafonds, cotisations, déclarations, impôts, cumul avec un emploi ou une retraite."),
    "eirl": ("EIRL", "Séparer ses biens professionnels et personnels : déclaration, coût, limites."),
    "cotisations": ("Cotisations", "Calcul, échéances, début d'activité, difficultés de paiement."),
    "sante": ("Santé et arrêts de travail", "Remboursements, indemnités journalières, maternité, prévention."),
    "retraite": ("Retraite", "Âge de départ, trimestres, relevé de carrière, réversion."),
    "protection": ("Famille, aides, situations particulières", "Conjoint, invalidité, aide sociale, travail dans plusieurs pays."),
    "rsi": ("Votre caisse et ses services", "Contact, entretien de conseil social, réclamations, vos données."),
}
# What people ask most (circular of 2011, its annexes); shown on the home page, in this order.
POPULAIRES: dict[str, tuple[str, ...]] = {
    "auto_entrepreneur": ("seuils_ca", "taux_cotisations", "declaration_ca", "cumul_salarie"),
    "eirl": ("definition", "biens_affectes", "cout_formalites"),
    "cotisations": ("calcul", "difficulte_paiement", "debut_activite"),
    "sante": ("indemnites_journalieres", "maternite_paternite", "prestations_maladie"),
    "retraite": ("age_depart", "releve_carriere_ris", "trimestres_manquants"),
    "rsi": ("conseil_social", "contact_caisse", "reclamation"),
}
EXEMPLES = ("auto_entrepreneur/seuils_ca", "eirl/definition", "cotisations/difficulte_paiement")
CAS: dict[tuple[str, str], str] = {
    ("activite", "vente"): "Vous vendez des marchandises, des repas ou un hébergement",
    ("activite", "prestation"): "Vous vendez des services",
    ("activite", "liberal"): "Vous exercez une profession libérale",
    ("situation", "salarie"): "Vous êtes aussi salarié",
    ("situation", "demandeur_emploi"): "Vous êtes demandeur d'emploi",
    ("situation", "retraite"): "Vous êtes retraité",
    ("situation", "etudiant"): "Vous êtes étudiant",
    ("situation", "fonctionnaire"): "Vous êtes agent public",
    ("groupe", "artisan"): "Vous êtes artisan",
    ("groupe", "commercant"): "Vous êtes commerçant",
    ("statut", "auto_entrepreneur"): "Vous êtes auto-entrepreneur",
    ("statut", "classique"): "Vous relevez du régime classique",
    ("statut", "eirl"): "Vous êtes en EIRL",
    ("statut", "conjoint"): "Vous êtes le conjoint du chef d'entreprise",
    ("besoin", "a_payer"): "Vous voulez savoir combien vous paierez",
}
CONFIANCES = {"elevee": "Élevée", "moyenne": "Moyenne"}
_NUMEROS_URGENCE = re.compile(r"\b(15|112|3114)\b")


# --- typesetting -------------------------------------------------------------------------------------------------------------------

_TEXTE_VISIBLE = re.compile(r"(<textarea\b.*?</textarea>)|(?<=>)([^<>]+)(?=<)", re.S)


def composer_page(page: str) -> str:
    """French non-breaking spaces in everything a page shows, except what the visitor is typing. Templates are written with plain spaces."""
    def _composer(m: "re.Match[str]") -> str:
        return m[1] or html.escape(composer(html.unescape(m[2])), quote=False)
    return _TEXTE_VISIBLE.sub(_composer, page)


def paragraphes(texte: str) -> list[str]:
    """The paragraphs of an answer: one a line."""
    return [p for p in (ligne.strip() for ligne in texte.split("\n")) if p]


def lien_tel(numero: str) -> str:
    """A telephone number as a `tel:` link wants it."""
    return "tel:" + re.sub(r"[^\d+]", "", numero)


def jour_long(jour: "date | str") -> str:
    """A date, or its ISO form as the API carries it, in words."""
    return date_longue(date.fromisoformat(jour) if isinstance(jour, str) else jour)


def numeros_urgence(texte: str) -> list[str]:
    """The emergency numbers an answer gives, once each, in its order: each becomes a link to call."""
    return list(dict.fromkeys(_NUMEROS_URGENCE.findall(texte)))


def _gabarits() -> Environment:
    env = Environment(loader=FileSystemLoader(ICI / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    textes = {cle: composer(t) for cle, t in json.loads((ICI / "templates" / "textes.json").read_text(encoding="utf-8")).items()}
    env.filters.update(typo=composer, paragraphes=paragraphes, lien_tel=lien_tel, jour_long=jour_long, numeros_urgence=numeros_urgence,
                       insecable=lambda t: str(t).replace(" ", ESPACE_INSECABLE))
    env.globals.update(textes=textes, nom_site=NOM_SITE, domaines=DOMAINES, confiances=CONFIANCES, longueur_max=LONGUEUR_MAX)
    return env


GABARITS = _gabarits()
routeur = APIRouter(include_in_schema=False)


# --- a page ------------------------------------------------------------------------------------------------------------------------

def _caisse(request: Request, code: Optional[str] = None) -> Optional[Caisse]:
    """The caisse named, or the site's own. None when it is unknown, or while the database is away: pages then still answer."""
    contexte = request.app.state.contexte
    try:
        with contexte.sessions.lecture() as session:
            return caisses.caisse(session, code or contexte.reglages.caisse)
    except SQLAlchemyError:
        return None


def page(request: Request, gabarit: str, statut: int = 200, caisse: Optional[Caisse] = None, **valeurs: Any) -> HTMLResponse:
    """A page from its template, with what every page shows: caisse, date, banner of the demonstration."""
    contexte = request.app.state.contexte
    rendu = GABARITS.get_template(gabarit).render(
        request=request, caisse=caisse or _caisse(request), demo=contexte.reglages.demo, aujourdhui=contexte.horloge.aujourdhui(), **valeurs)
    return HTMLResponse(composer_page(rendu), statut)


TITRES_ERREUR = {404: "Page introuvable", 403: "Accès refusé", 405: "Action impossible", 413: "Message trop volumineux",
                 429: "Trop de demandes", 503: "Service indisponible"}
PHRASES_ERREUR = {404: "Cette page n'existe pas ou n'existe plus. La réponse que vous cherchez est peut-être parmi les questions fréquentes.",
                  503: "Une partie du site ne répond pas pour le moment. Réessayez dans quelques minutes."}


def page_erreur(request: Request, statut: int, message: Optional[str] = None, incident: Optional[str] = None) -> HTMLResponse:
    """A refusal or a failure, as a page: what happened, what to do, whom to call. For routes here and for the handlers of `app`."""
    titre = TITRES_ERREUR.get(statut, "Une erreur est survenue")
    phrase = message or PHRASES_ERREUR.get(statut, "La page n'a pas pu s'afficher. Réessayez dans un instant.")
    return page(request, "erreur.html", statut, titre=titre, message=phrase, incident=incident)


# --- questions and answers ---------------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Cas:
    """The answer for some of the readers: whom it is for, what it says."""

    titre: str
    reponse: Reponse


@dataclass(frozen=True)
class LigneChiffre:
    """A figure of the answers of a sheet, with its text of law as it can be read."""

    chiffre: Chiffre
    source: Source


@dataclass(frozen=True)
class Resultat:
    """A sheet found by a search: its question, and the sentence that answers it."""

    fiche: Fiche
    extrait: str


def titre_cas(si: Mapping[str, str]) -> str:
    """Whom a variant is for, in words."""
    return ", ".join(CAS.get((trait, valeur), f"{trait} : {valeur}") for trait, valeur in si.items()).replace(", Vous", ", et vous")


def cas_particuliers(fiche: Fiche, jour: date) -> list[Cas]:
    """The variants of a sheet, each rendered for the people it is for."""
    return [Cas(titre_cas(v.si), rendre(fiche, jour, v.si)) for v in fiche.variantes]


def _source(brute: str, jour: date) -> Source:
    """The source of a figure: « cgi 50-0 » opened into a title and a link, a whole title left as it is."""
    textes = lire_textes()
    return lire_sources([brute], textes, jour, "barème")[0] if brute.split(" ", 1)[0] in textes else Source(brute)


def lire_textes() -> Mapping[str, Mapping[str, str]]:
    """Titles and links of the codes and laws, read once."""
    if "textes" not in _MEMOIRE:
        _MEMOIRE["textes"] = lire_yaml(KNOWLEDGE / "textes.yml")
    return _MEMOIRE["textes"]


_MEMOIRE: dict[str, Any] = {}


def chiffres_cites(reponses: Sequence[Reponse]) -> list[LigneChiffre]:
    """Every figure the answers cite, once, in order."""
    uniques = {c.nom: LigneChiffre(c, _source(c.source, r.valable_le)) for r in reversed(reponses) for c in reversed(r.chiffres)}
    return list(reversed(uniques.values()))


def premiere_phrase(texte: str) -> str:
    """The first sentence of an answer: it answers the question."""
    return re.split(r"(?<=[.!?])\s", texte.split("\n", 1)[0], maxsplit=1)[0]


def chercher(question: str, fiches: Mapping[str, Fiche], jour: date) -> list[Resultat]:
    """The sheets nearest to a question; the emergency sheet before all when the words mean danger."""
    sujets = [sujet for sujet, _ in rechercher(question, 8) if sujet in fiches]
    if reconnaitre(question) and URGENCE in fiches:
        sujets = [URGENCE, *(s for s in sujets if s != URGENCE)]
    return [Resultat(fiches[s], premiere_phrase(rendre(fiches[s], jour).texte)) for s in sujets]


def par_domaine(fiches: Mapping[str, Fiche]) -> Iterator[tuple[str, list[Fiche]]]:
    """The sheets by domain, in the order of the menu; a domain unknown to the menu comes last under its own name."""
    for domaine in [*DOMAINES, *sorted({f.domaine for f in fiches.values()} - set(DOMAINES))]:
        trouvees = sorted((f for f in fiches.values() if f.domaine == domaine), key=lambda f: f.question)
        if trouvees:
            yield domaine, trouvees


@routeur.get("/")
def accueil(request: Request) -> Response:
    """Home: ask, see what people ask, reach the caisse."""
    fiches = request.app.state.contexte.fiches
    populaires = [(d, [fiches[f"{d}/{s}"] for s in sujets if f"{d}/{s}" in fiches]) for d, sujets in POPULAIRES.items()]
    return page(request, "accueil.html", populaires=[(d, f) for d, f in populaires if f], jeton=uuid4(), nombre=len(fiches))


@routeur.get("/faq")
def faq(request: Request, q: str = "") -> Response:
    """All the questions, or those nearest to what is searched."""
    contexte = request.app.state.contexte
    question = q.strip()[:LONGUEUR_MAX]
    resultats = chercher(question, contexte.fiches, contexte.horloge.aujourdhui()) if question else []
    urgence = rendre(contexte.fiches[URGENCE], contexte.horloge.aujourdhui()) if resultats and resultats[0].fiche.sujet == URGENCE else None
    return page(request, "faq.html", question=question, resultats=resultats, urgence=urgence, rubriques=list(par_domaine(contexte.fiches)),
                jeton=uuid4())


@routeur.get("/faq/{domaine}/{sujet}")
def fiche(request: Request, domaine: str, sujet: str) -> Response:
    """One question, its answer, and all that lets a reader check it."""
    contexte = request.app.state.contexte
    trouvee = contexte.fiches.get(f"{domaine}/{sujet}")
    if trouvee is None:
        return page_erreur(request, 404, "Cette question n'existe pas, ou n'existe plus, sur ce site.")
    jour = contexte.horloge.aujourdhui()
    reponse, cas = rendre(trouvee, jour), cas_particuliers(trouvee, jour)
    return page(request, "fiche.html", fiche=trouvee, reponse=reponse, cas=cas,
                chiffres=chiffres_cites([reponse, *(c.reponse for c in cas)]),
                voir_aussi=[contexte.fiches[s] for s in trouvee.voir_aussi if s in contexte.fiches])


# --- the conversation --------------------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Cadre:
    """Where a conversation is shown: on the site's own page, or in the frame of a caisse's site (`hote`: that site's origin)."""

    chemin: str
    caisse: Optional[Caisse]
    hote: Optional[str] = None

    def adresse(self, suite: str = "", **parametres: str) -> str:
        """The address of this page, or of what follows it (« /effacer »)."""
        garde = {"caisse": self.caisse.code, "hote": self.hote or ""} if self.chemin == "/cadre" and self.caisse else {}
        requete = urlencode({k: v for k, v in {**garde, **parametres}.items() if v})
        return self.chemin + suite + (f"?{requete}" if requete else "")


def _cadre(request: Request) -> Cadre:
    """The place a request comes from. An origin that the caisse did not declare is not kept: nothing will be posted to it."""
    if not request.url.path.startswith("/cadre"):
        return Cadre("/conversation", _caisse(request))
    caisse = _caisse(request, request.query_params.get("caisse"))
    hote = request.query_params.get("hote")
    return Cadre("/cadre", caisse, hote if caisse and hote in caisse.origines else None)


async def lire_formulaire(request: Request) -> dict[str, str]:
    """The fields of an ordinary form. Raises RequeteIllisible for anything else."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise RequeteIllisible
    try:
        return dict(parse_qsl((await request.body()).decode("utf-8"), keep_blank_values=True, max_num_fields=20))
    except ValueError as e:
        raise RequeteIllisible from e


def message_id(jeton: str, contenu: str) -> str:
    """The id of a message sent by a form: sent twice from one page it is the same, edited after « Précédent » it is another."""
    try:
        return str(uuid5(UUID(jeton), contenu))
    except ValueError:
        return str(uuid4())


def _sans_memoire(reponse: Response) -> Response:
    """What a person wrote stays out of every cache."""
    reponse.headers["Cache-Control"] = "no-store"
    return reponse


def _messages(request: Request) -> tuple[list[dict[str, Any]], bool]:
    """The conversation so far, and whether the visitor's cookie speaks of one that is over."""
    secret = lire_cookie(request)
    if not secret:
        return [], False
    try:
        return [m.model_dump() for m in request.app.state.contexte.dialogue.relire(secret).messages], False
    except ConversationInconnue:
        return [], True


def choix_faits(messages: Sequence[Mapping[str, Any]]) -> set[str]:
    """The ids of the buttons already used: the visitor's next words are their label."""
    faits, offerts = set(), {}
    for m in messages:
        if m["author"] == "assistant":
            offerts.update({c["label"]: c["id"] for c in m["choices"]})
        elif m["text"] in offerts:
            faits.add(offerts[m["text"]])
    return faits


def _conversation(request: Request, cadre: Cadre, statut: int = 200, **valeurs: Any) -> Response:
    fiches = request.app.state.contexte.fiches
    messages, perdue = _messages(request)
    rangs = [rang for rang, m in enumerate(messages) if m["author"] == "assure"]
    gabarit = "cadre.html" if cadre.chemin == "/cadre" else "conversation.html"
    return _sans_memoire(page(
        request, gabarit, statut, caisse=cadre.caisse, cadre=cadre, messages=messages, dernier=rangs[-1] if rangs else None,
        faits=choix_faits(messages), jeton=uuid4(), ouverte=bool(messages), perdue=perdue, efface="efface" in request.query_params,
        exemples=[fiches[s].question for s in EXEMPLES if s in fiches], **valeurs))


@routeur.get("/conversation")
@routeur.get("/cadre")
def conversation(request: Request) -> Response:
    """The conversation, readable and usable without JavaScript; /cadre is the same for the frame of a caisse's site."""
    cadre = _cadre(request)
    if cadre.chemin == "/cadre" and cadre.caisse is None:
        return page_erreur(request, 404, "Cette caisse n'est pas connue de l'assistant.")
    return _conversation(request, cadre)


async def _traiter(request: Request, cadre: Cadre, champs: Mapping[str, str]) -> Optional[str]:
    """Answer a message or a button; the secret of the conversation when one had to be opened for it."""
    dialogue, secret = request.app.state.contexte.dialogue, lire_cookie(request)
    choix, texte = champs.get("choix"), champs.get("texte", "")
    demande = {"choix": choix} if choix else {"texte": texte}
    numero = message_id(champs.get("jeton", ""), choix or texte)
    if secret:
        try:
            await dialogue.traiter(secret, numero, **demande)
            return None
        except ConversationInconnue:
            if choix:
                raise
    lire_texte(texte)  # an empty or endless message is refused before a cookie is set for it
    _, secret = await dialogue.ouvrir(cadre.caisse.code if cadre.caisse else request.app.state.contexte.reglages.caisse)
    await dialogue.traiter(secret, numero, **demande)
    return secret


@routeur.post("/conversation")
@routeur.post("/cadre")
async def envoyer(request: Request) -> Response:
    """A message sent by the form: answered, then shown by the page it leads back to, so that reloading sends nothing again."""
    cadre, champs = _cadre(request), {}
    try:
        champs = await lire_formulaire(request)
        secret = await _traiter(request, cadre, champs)
    except Refus as refus:
        reponse = _conversation(request, cadre, refus.statut, erreur=refus.message, texte=champs.get("texte", ""))
        if refus.attendre:
            reponse.headers["Retry-After"] = str(refus.attendre)
        return reponse
    reponse = _sans_memoire(RedirectResponse(cadre.adresse() + "#dernier", 303))
    if secret:
        poser_cookie(reponse, secret, request.app.state.contexte.reglages)
    return reponse


@routeur.post("/conversation/effacer")
@routeur.post("/cadre/effacer")
def effacer(request: Request) -> Response:
    """Forget the conversation now, cookie included."""
    secret = lire_cookie(request)
    if secret:
        try:
            request.app.state.contexte.dialogue.oublier(secret)
        except ConversationInconnue:
            pass  # already gone, which is what was asked
    reponse = _sans_memoire(RedirectResponse(_cadre(request).adresse(efface="1"), 303))
    reponse.delete_cookie("conseil", path="/")
    return reponse


# --- notices -----------------------------------------------------------------------------------------------------------------------

@routeur.get("/donnees-personnelles")
def donnees_personnelles(request: Request) -> Response:
    """Second layer of the notice: RGPD articles 13 and 14."""
    return page(request, "donnees.html")


@routeur.get("/accessibilite")
def accessibilite(request: Request) -> Response:
    """What was tested, what was not, whom to write to."""
    return page(request, "accessibilite.html")


@routeur.get("/a-propos")
def a_propos(request: Request) -> Response:
    """What this site is, and what it is not."""
    return page(request, "a_propos.html", nombre=len(request.app.state.contexte.fiches))
