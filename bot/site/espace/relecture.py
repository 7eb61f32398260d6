"""The weekly review: questions not understood, grouped and masked, assigned to a topic as a proposal; opinions; sheets to check.
Writing a proposal is bot.knowledge.relecture, its patch and its measured effect `propositions`; nothing here changes a sheet."""
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Optional, Sequence

from fastapi import Depends, Request
from fastapi.responses import Response
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.contacts.isolement import Introuvable, dans_la_caisse
from bot.contacts.refus import Refus
from bot.contacts.tables import Avis, Tour
from bot.knowledge import relecture
from bot.knowledge.recherche import rechercher
from bot.knowledge.relecture import Proposition
from bot.site.espace import propositions
from bot.site.espace.acces import Acteur, Saisie, exiger, noter_acces, routeur_espace, saisie
from bot.site.espace.campagne import fichier
from bot.site.espace.gabarits import FAITS, rendre, retour
from bot.site.espace.usage import RAISONS
from bot.texte.masquage import masquer
from bot.texte.normalisation import cle

routeur = routeur_espace()
FAITS.update(proposition_ecrite="La proposition est écrite. Une personne la lira avant qu'elle ne change une fiche ; ces questions sont effacées.",
             questions_ecartees="Ces questions sont écartées et effacées.",
             mesure_demandee="La mesure est demandée : elle prend quelques minutes, sur une copie. Cette page montrera l'effet.",
             proposition_gardee="La proposition est gardée. Son correctif attend qu'une personne l'applique et le relise.",
             proposition_abandonnee="La proposition est abandonnée.")
A_RELIRE = ("incompris", "propose", "hors_sujet", "degrade")
GROUPES_MAX, TEXTES_MAX, TOURS_MAX = 25, 6, 2_000


class RienChoisi(Refus):
    code, statut = "RIEN_CHOISI", 422
    message = "Cochez au moins une question, et gardez-lui un texte sans rien qui désigne quelqu'un."


class SujetInconnu(Refus):
    code, statut = "SUJET_INCONNU", 422
    message = "Choisissez un sujet de la liste, comme « eirl/definition » ; pour un sujet nouveau, cochez « Une nouvelle fiche »."


class DejaRelue(Refus):
    code, statut = "DEJA_RELUE", 409
    message = "Un collègue vient de relire ces questions. La liste est à jour."


class EcritureImpossible(Refus):
    code, statut = "PROPOSITION_IMPOSSIBLE", 503
    message = ("La proposition n'a pas pu être écrite : le dossier des connaissances n'est pas ouvert en écriture. Rien n'est perdu ; "
               "prévenez l'administrateur.")


@dataclass
class Question:
    """One wording, with the turns that used it."""

    texte: str
    tours: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Groupe:
    """Questions that look alike, how many people asked them, the topics they may be about."""

    questions: Sequence[Question]
    nombre: int
    sujets: Sequence[str]


# -- what was not understood --------------------------------------------------------------------------------------------------------------------


def groupes(session: Session, caisse: str) -> list[Groupe]:
    """The questions of a caisse to read again, alike together, most asked first."""
    lignes = session.execute(select(Tour.id, Tour.texte_masque, Tour.premiers).where(
        dans_la_caisse(Tour, caisse), Tour.issue.in_(A_RELIRE), Tour.texte_masque.is_not(None)).order_by(Tour.id.desc()).limit(TOURS_MAX)).all()
    textes = [masquer(texte or "").texte for _, texte, _ in lignes]
    formes = []
    for rangs in relecture.grouper(textes)[:GROUPES_MAX]:
        questions: dict[str, Question] = {}
        for rang in rangs:
            questions.setdefault(cle(textes[rang]) or textes[rang], Question(textes[rang])).tours.append(lignes[rang][0])
        devines = Counter(str(p[0]) for rang in rangs for p in (lignes[rang][2] or [])[:1])
        trouves = [s for s, _ in devines.most_common(2) if "/" in s] + [s for s, _ in rechercher(textes[rangs[0]], 3)]
        formes.append(Groupe(list(questions.values())[:TEXTES_MAX], len(rangs), list(dict.fromkeys(trouves))[:3]))
    return formes


@routeur.get("/espace/relecture", name="relecture")
def voir(request: Request, acteur: Acteur = Depends(exiger())) -> Response:
    """Everything to read again this week."""
    sessions = request.app.state.contexte.sessions
    with sessions.lecture() as s:  # grouping takes a moment: nobody should wait to write meanwhile
        reponse = _page(request, s, acteur)
    with sessions() as s:
        noter_acces(request, s, acteur.caisse_code)
    return reponse


def _dossier(request: Request) -> Path:
    """Where proposals wait: with the installation's data. `knowledge/`, from which the assistant learns, is never written by a running site (S15)."""
    donnees: Path = request.app.state.contexte.reglages.donnees
    return donnees / "propositions"


def _page(request: Request, s: Session, acteur: Acteur, statut: int = 200, refus: Optional[Refus] = None) -> Response:
    contexte = request.app.state.contexte
    jour = contexte.horloge.aujourdhui()
    return rendre(request, "espace/relecture.html", statut, groupes=groupes(s, acteur.caisse_code), fiches=contexte.fiches, refus=refus,
                  avis=_avis_negatifs(s, acteur.caisse_code, contexte.horloge.maintenant()), raisons=RAISONS, jour=jour,
                  a_revoir=relecture.a_revoir(contexte.fiches, jour), propositions=propositions.lister(_dossier(request), acteur.caisse_code))


def _avis_negatifs(s: Session, caisse: str, maintenant: datetime) -> list[tuple[str, int, list[tuple[Optional[str], int]]]]:
    """(topic, how many, reasons with their counts) of the answers that did not help in 90 days, the worst first."""
    par_sujet: dict[str, Counter[Optional[str]]] = defaultdict(Counter)
    for sujet, raison, nombre in s.execute(select(Tour.sujet, Avis.raison, func.count()).join(Avis, Avis.tour_id == Tour.id).where(
            dans_la_caisse(Tour, caisse), Avis.utile.is_(False), Avis.le > maintenant - timedelta(days=90)).group_by(Tour.sujet, Avis.raison)):
        par_sujet[sujet or ""][raison] += nombre
    return sorted(((sujet, compte.total(), compte.most_common()) for sujet, compte in par_sujet.items()), key=lambda a: (-a[1], a[0]))


@routeur.post("/espace/relecture/propositions", name="relecture.proposer")
def proposer(request: Request, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """Assign questions to a topic: a proposal file, and the questions are done with. What is chosen wrongly comes back with the reason."""
    contexte = request.app.state.contexte
    with contexte.sessions() as s:
        try:
            nature, sujet = _sujet(request, saisie)
            retenues = [texte for rang in saisie.tous("garder") if (texte := saisie.un(f"texte-{rang}"))]
            if not retenues:
                raise RienChoisi
            _effacer(s, acteur.caisse_code, _tours(saisie))
            relecture.ecrire(Proposition(nature, sujet, tuple(dict.fromkeys(retenues)), contexte.horloge.aujourdhui(), acteur.acteur,
                                         acteur.caisse_code), _dossier(request))
            noter_acces(request, s, acteur.caisse_code)
        except (RienChoisi, SujetInconnu) as refus:
            return _page(request, s, acteur, refus.statut, refus)
        except OSError as e:
            raise EcritureImpossible from e
    return retour("relecture", fait="proposition_ecrite")


def _sujet(request: Request, saisie: Saisie) -> "tuple[str, str]":
    """(nature, subject) of the form. Raises SujetInconnu."""
    nature, sujet = saisie.un("nature") or "formulation", saisie.un("sujet")
    if nature == "hors_sujet":
        return nature, ""
    if nature == "nouvelle_fiche" and sujet:
        return nature, sujet[:120]
    if nature != "formulation" or sujet not in request.app.state.contexte.fiches:
        raise SujetInconnu
    return nature, sujet


def _tours(saisie: Saisie) -> list[int]:
    return [int(n) for rang in saisie.tous("garder") for n in saisie.un(f"tours-{rang}").split() if n.isdecimal()]


def _effacer(s: Session, caisse: str, tours: Sequence[int]) -> None:
    """The words of turns read again are of no more use: they go before their 90 days. Raises DejaRelue when they are gone already."""
    faits = s.execute(update(Tour).where(dans_la_caisse(Tour, caisse), Tour.id.in_(tours), Tour.texte_masque.is_not(None))
                      .values(texte_masque=None).returning(Tour.id)).all()
    if not faits:
        raise DejaRelue


@routeur.post("/espace/relecture/ecarts", name="relecture.ecarter")
def ecarter(request: Request, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """Put questions aside: nothing is to be learnt from them."""
    with request.app.state.contexte.sessions() as s:
        tours = _tours(saisie)
        if not tours:
            return _page(request, s, acteur, RienChoisi.statut, RienChoisi())
        _effacer(s, acteur.caisse_code, tours)
        noter_acces(request, s, acteur.caisse_code)
    return retour("relecture", fait="questions_ecartees")


# -- proposals: their file, their patch, their measured effect, what is decided ---------------------------------------------------------------


def _proposition(request: Request, nom: str, acteur: Acteur) -> propositions.Fiche:
    """One proposal of the caisse. Raises Introuvable."""
    trouvee = next((f for f in propositions.lister(_dossier(request), acteur.caisse_code) if f.nom == nom), None)
    if trouvee is None:
        raise Introuvable
    return trouvee


@routeur.get("/espace/relecture/propositions/{nom}", name="relecture.fichier")
def telecharger(request: Request, nom: str, acteur: Acteur = Depends(exiger())) -> Response:
    """One proposal, as its file."""
    return fichier(_proposition(request, nom, acteur).chemin.read_bytes(), "application/yaml", nom)


@routeur.get("/espace/relecture/propositions/{nom}/correctif", name="relecture.correctif")
def telecharger_correctif(request: Request, nom: str, acteur: Acteur = Depends(exiger())) -> Response:
    """What it changes in the files of the project, as a patch for `git apply`. Raises SansCorrectif."""
    texte = propositions.correctif(_proposition(request, nom, acteur).contenu)
    return fichier(texte.encode(), "text/x-patch; charset=utf-8", nom.removesuffix(".yml") + ".patch")


@routeur.post("/espace/relecture/propositions/{nom}/mesure", name="relecture.mesurer")
def mesurer(request: Request, nom: str, acteur: Acteur = Depends(exiger())) -> Response:
    """Ask for its effect on the frozen sets; the worker measures on a copy. Raises SansCorrectif: what changes nothing has no effect."""
    proposition = _proposition(request, nom, acteur)
    propositions.changements(proposition.contenu)
    try:
        propositions.demande_de(proposition.chemin).touch()
    except OSError as e:
        raise EcritureImpossible from e
    return retour("relecture", fait="mesure_demandee")


@routeur.post("/espace/relecture/propositions/{nom}/decision", name="relecture.decider")
def decider(request: Request, nom: str, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """Keep it, once its effect was shown; or give it up. Raises MesureManquante."""
    proposition, contexte = _proposition(request, nom, acteur), request.app.state.contexte
    try:
        if saisie.un("decision") == "garder":
            propositions.garder(proposition.chemin, contexte.horloge.aujourdhui(), acteur.acteur)
        else:
            propositions.abandonner(proposition.chemin)
    except OSError as e:
        raise EcritureImpossible from e
    with contexte.sessions() as s:
        noter_acces(request, s, acteur.caisse_code)
    return retour("relecture", fait="proposition_gardee" if saisie.un("decision") == "garder" else "proposition_abandonnee")
