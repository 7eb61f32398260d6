"""Home, questions and answers: the sheets laid out for reading, without JavaScript.
The words come from `bot.knowledge.rendu`, the same as in the chat."""
import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Iterator, Mapping, Sequence
from uuid import uuid4

from fastapi import APIRouter, Request
from fastapi.responses import Response

from bot.knowledge import protections
from bot.knowledge.calculs import REGISTRE
from bot.knowledge.catalogue import catalogue
from bot.knowledge.chemins import KNOWLEDGE
from bot.knowledge.fiches import Fiche, Source, lire_sources
from bot.knowledge.lecture import lire_yaml
from bot.knowledge.recherche import rechercher
from bot.knowledge.rendu import Chiffre, Reponse, rendre
from bot.site.garde import LONGUEUR_MAX
from bot.site.pages.gabarits import DOMAINES, page, page_erreur
from bot.texte.normalisation import nettoyer

routeur = APIRouter(include_in_schema=False)
# What people ask most (circular of 2011, its annexes); shown on the home page, in this order.
POPULAIRES: dict[str, tuple[str, ...]] = {
    "auto_entrepreneur": ("seuils_ca", "taux_cotisations", "declaration_ca", "cumul_salarie"),
    "eirl": ("definition", "biens_affectes", "cout_formalites"),
    "cotisations": ("calcul", "difficulte_paiement", "debut_activite"),
    "sante": ("indemnites_journalieres", "maternite_paternite", "prestations_maladie"),
    "retraite": ("age_depart", "releve_carriere_ris", "trimestres_manquants"),
    "rsi": ("conseil_social", "contact_caisse", "reclamation"),
}
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


@lru_cache(maxsize=1)
def _textes_de_loi() -> Mapping[str, Mapping[str, str]]:
    return lire_yaml(KNOWLEDGE / "textes.yml")


def _source(brute: str, jour: date) -> Source:
    """The source of a figure: « cgi 50-0 » opened into a title and a link, a whole title left as it is."""
    textes = _textes_de_loi()
    return lire_sources([brute], textes, jour, "barème")[0] if brute.split(" ", 1)[0] in textes else Source(brute)


def chiffres_cites(reponses: Sequence[Reponse]) -> list[LigneChiffre]:
    """Every figure the answers cite, once, in order."""
    uniques = {c.nom: LigneChiffre(c, _source(c.source, r.valable_le)) for r in reversed(reponses) for c in reversed(r.chiffres)}
    return list(reversed(uniques.values()))


def premiere_phrase(texte: str) -> str:
    """The first sentence of an answer: it answers the question."""
    return re.split(r"(?<=[.!?])\s", texte.split("\n", 1)[0], maxsplit=1)[0]


def chercher(question: str, fiches: Mapping[str, Fiche], jour: date) -> list[Resultat]:
    """The sheets nearest to a question; before them the protective one that its words call for (medical advice, pension amount)."""
    protege = protections.reconnaitre(question)
    sujets = dict.fromkeys(([protege.sujet] if protege else []) + [sujet for sujet, _ in rechercher(question, 8)])
    return [Resultat(fiches[s], premiere_phrase(rendre(fiches[s], jour).texte)) for s in sujets if s in fiches]


def par_domaine(fiches: Mapping[str, Fiche]) -> Iterator[tuple[str, list[Fiche]]]:
    """The sheets by domain, in the order of the menu and of the catalogue; a domain unknown to the menu comes last under its own name."""
    rangs = {sujet: rang for rang, sujet in enumerate(catalogue().sujets)}
    for domaine in [*DOMAINES, *sorted({f.domaine for f in fiches.values()} - set(DOMAINES))]:
        trouvees = sorted((f for f in fiches.values() if f.domaine == domaine), key=lambda f: rangs.get(f.sujet, len(rangs)))
        if trouvees:
            yield domaine, trouvees


@routeur.get("/")
def accueil(request: Request) -> Response:
    """Home: ask, see what people ask, reach the caisse."""
    fiches = request.app.state.contexte.fiches
    populaires = [(d, [fiches[f"{d}/{s}"] for s in sujets if f"{d}/{s}" in fiches]) for d, sujets in POPULAIRES.items()]
    return page(request, "accueil.html", populaires=[(d, f) for d, f in populaires if f], jeton=uuid4(), nombre=len(fiches),
                calculs=list(REGISTRE.values()))


@routeur.get("/faq")
def faq(request: Request, q: str = "") -> Response:
    """All the questions, or those nearest to what is searched; where the words mean danger, the numbers to call and nothing else."""
    fiches, jour = request.app.state.contexte.fiches, request.app.state.contexte.horloge.aujourdhui()
    question = nettoyer(q)[:LONGUEUR_MAX]
    danger = protections.reconnaitre(question)
    if danger and danger.sujet == protections.URGENCE:
        return page(request, "faq.html", question=question, urgence=rendre(fiches[protections.URGENCE], jour))
    resultats = chercher(question, fiches, jour) if question else []
    return page(request, "faq.html", question=question, resultats=resultats, rubriques=list(par_domaine(fiches)))


@routeur.get("/faq/{domaine}/{sujet}")
def fiche(request: Request, domaine: str, sujet: str) -> Response:
    """One question, its answer, and all that lets a reader check it."""
    contexte = request.app.state.contexte
    trouvee = contexte.fiches.get(f"{domaine}/{sujet}")
    if trouvee is None:
        return page_erreur(request, 404, "Cette question n'existe pas, ou n'existe plus, sur ce site.")
    retiree = contexte.arrets.etat().phrase(trouvee.sujet)
    if retiree:
        return page_erreur(request, 503, f"{retiree} Votre caisse répond au {contexte.telephone}." if contexte.telephone else retiree)
    jour = contexte.horloge.aujourdhui()
    reponse, cas = rendre(trouvee, jour), cas_particuliers(trouvee, jour)
    return page(request, "fiche.html", fiche=trouvee, reponse=reponse, cas=cas, calcul=REGISTRE.get(trouvee.calcul or ""),
                chiffres=chiffres_cites([reponse, *(c.reponse for c in cas)]),
                voir_aussi=[contexte.fiches[s] for s in trouvee.voir_aussi if s in contexte.fiches])
