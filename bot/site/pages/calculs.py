"""The calculators as pages: one form each, made from its fields, in the address so that a result can be kept or passed on.
The figures come from `bot.knowledge.calculs`, as in the chat and in `conseil calcul`."""
from dataclasses import dataclass
from typing import Mapping, Optional
from uuid import uuid4

from fastapi import APIRouter, Request
from fastapi.responses import Response

from bot.knowledge.calculs import REGISTRE, Calcul, Champ, ErreurCalcul, Reponse, calculer, lire_champs
from bot.site.garde import LONGUEUR_MAX
from bot.site.pages.gabarits import page, page_erreur
from bot.texte.normalisation import nettoyer

routeur = APIRouter(include_in_schema=False)
OUI_NON = (("oui", "Oui"), ("non", "Non"))
AIDES = {"montant": "En euros, par exemple 2 000.", "date": "Par exemple 01/04/2011."}


@dataclass(frozen=True)
class ChampPage:
    """A field of a calculator as the macro `champ` of templates/_morceaux.html draws it. `type` text, not number, for an amount: a number
    field drops « 2 000 € » without a word, and the wheel of a mouse changes it."""

    name: str
    label: str
    type: str
    required: bool
    choices: tuple[tuple[str, str], ...] = ()
    inputmode: Optional[str] = None
    max_length: int = 60
    help: Optional[str] = None
    error: Optional[str] = None
    autocomplete: Optional[str] = None


def champ_page(champ: Champ, erreur: Optional[str]) -> ChampPage:
    """A field as the page shows it: date, amount or list."""
    choix = OUI_NON if champ.type == "oui_non" else champ.choix
    genre = {"date": "date", "montant": "text"}.get(champ.type, "select")
    naissance = "bday" if champ.nom == "naissance" else None
    return ChampPage(champ.nom, champ.libelle, genre, champ.obligatoire, choix, "decimal" if champ.type == "montant" else None,
                     help=AIDES.get(champ.type), error=erreur, autocomplete=naissance)


def valeur_ecrite(champ: Champ, textes: Mapping[str, str], reponses: Mapping[str, Reponse]) -> str:
    """What the field shows again: what was typed for an amount, what was understood for a date or a choice."""
    if champ.type == "montant" or champ.nom not in reponses:
        return textes.get(champ.nom, "")
    reponse = reponses[champ.nom]
    return ("oui" if reponse else "non") if isinstance(reponse, bool) else str(reponse)


@routeur.get("/calculs")
def calculs(request: Request) -> Response:
    """All the calculators."""
    return page(request, "calculs.html", calculs=list(REGISTRE.values()), fiches=request.app.state.contexte.fiches)


@routeur.get("/calculs/{nom}")
def calcul(request: Request, nom: str) -> Response:
    """One calculator: its form, and with answers in the address, its result or what is wrong beside each field."""
    trouve = REGISTRE.get(nom)
    if trouve is None:
        return page_erreur(request, 404, "Ce calcul n'existe pas, ou n'existe plus, sur ce site.")
    textes = {c.nom: nettoyer(request.query_params[c.nom])[:LONGUEUR_MAX] for c in trouve.champs if c.nom in request.query_params}
    return _montrer(request, trouve, textes)


def _montrer(request: Request, calcul: Calcul, textes: Mapping[str, str]) -> Response:
    contexte = request.app.state.contexte
    jour = contexte.horloge.aujourdhui()
    reponses, erreurs = lire_champs(calcul.nom, textes, au=jour) if textes else ({}, [])
    resultat = None
    if textes and not erreurs:
        try:
            resultat = calculer(calcul.nom, reponses, au=jour)
        except ErreurCalcul as e:
            erreurs = [e]
    par_champ = {e.champ: e.message for e in erreurs if e.champ}
    return page(request, "calcul.html", 422 if erreurs else 200, calcul=calcul, resultat=resultat, erreurs=erreurs, jeton=uuid4(),
                champs=[champ_page(c, par_champ.get(c.nom)) for c in calcul.champs],
                valeurs={c.nom: valeur_ecrite(c, textes, reponses) for c in calcul.champs}, fiche=contexte.fiches.get(calcul.sujet))
