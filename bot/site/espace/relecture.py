"""The weekly review: questions not understood, grouped and masked, assigned to a topic as a proposal; opinions; sheets to check; quality panel.
Writing a proposal is bot.knowledge.relecture; nothing here changes a sheet."""
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Mapping, Optional, Sequence
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from fastapi.responses import Response
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.contacts.isolement import Introuvable, dans_la_caisse
from bot.contacts.refus import Refus
from bot.contacts.tables import Avis, Relais, Tour
from bot.knowledge import relecture
from bot.knowledge.recherche import rechercher
from bot.knowledge.relecture import Proposition
from bot.site.espace.acces import Acteur, Saisie, exiger, noter_acces, routeur_espace, saisie
from bot.site.espace.campagne import fichier
from bot.site.espace.gabarits import FAITS, rendre, retour
from bot.texte.masquage import masquer
from bot.texte.normalisation import cle

routeur = routeur_espace()
FAITS.update(proposition_ecrite="La proposition est écrite. Une personne la lira avant qu'elle ne change une fiche ; ces questions sont effacées.",
             questions_ecartees="Ces questions sont écartées et effacées.")
A_RELIRE = ("incompris", "propose", "hors_sujet", "degrade")
# How a turn ended, told to a person, in the order of the panel.
ISSUES = {"repondu": "a reçu une réponse", "flux": "a avancé une démarche", "refus": "a été orientée vers la bonne personne",
          "urgence": "a reçu les numéros d'urgence", "propose": "s'est vu proposer des questions proches", "incompris": "n'a pas été comprise",
          "hors_sujet": "était hors sujet", "degrade": "est tombée pendant une panne", "incivil": "était une injure", "erreur": "a échoué"}
COMPRISES, COMPTEES = ("repondu", "flux", "refus", "urgence"), ("repondu", "flux", "refus", "urgence", "propose", "incompris", "degrade")
RAISONS = {"sans_reponse": "n'a pas trouvé sa réponse", "sans_rapport": "ce n'était pas la question", "pas_clair": "pas compris",
           "incomplet": "il manque quelque chose", "perime": "plus à jour", None: "sans précision"}
PERIODES = (7, 30, 90)
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


def _page(request: Request, s: Session, acteur: Acteur, statut: int = 200, refus: Optional[Refus] = None) -> Response:
    contexte = request.app.state.contexte
    jour = contexte.horloge.aujourdhui()
    return rendre(request, "espace/relecture.html", statut, groupes=groupes(s, acteur.caisse_code), fiches=contexte.fiches, refus=refus,
                  avis=_avis_negatifs(s, acteur.caisse_code, contexte.horloge.maintenant()), raisons=RAISONS, jour=jour,
                  a_revoir=relecture.a_revoir(contexte.fiches, jour), propositions=relecture.propositions(acteur.caisse_code, relecture.DOSSIER))


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
                                         acteur.caisse_code), relecture.DOSSIER)
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


@routeur.get("/espace/relecture/propositions/{nom}", name="relecture.fichier")
def telecharger(request: Request, nom: str, acteur: Acteur = Depends(exiger())) -> Response:
    """One proposal of the caisse, as its file."""
    connues = {n for n, _ in relecture.propositions(acteur.caisse_code, relecture.DOSSIER)}
    if nom not in connues:
        raise Introuvable
    return fichier((relecture.DOSSIER / nom).read_bytes(), "application/yaml", nom)


# -- quality ------------------------------------------------------------------------------------------------------------------------------------


@routeur.get("/espace/qualite", name="qualite")
def qualite(request: Request, acteur: Acteur = Depends(exiger()), jours: int = 30) -> Response:
    """How the assistant does in a period: ends of turns, share understood, opinions, topics, hand-overs."""
    contexte = request.app.state.contexte
    periode = jours if jours in PERIODES else 30
    with contexte.sessions.lecture() as s:
        mesures = mesurer(s, acteur.caisse_code, contexte.horloge.maintenant(), periode, ZoneInfo(acteur.fuseau))
    return rendre(request, "espace/qualite.html", m=mesures, issues=ISSUES, raisons=RAISONS, periode=periode, periodes=PERIODES,
                  fiches=contexte.fiches)


def mesurer(s: Session, caisse: str, maintenant: datetime, jours: int, zone: ZoneInfo) -> dict[str, Any]:
    """The figures of the panel. `part`: turns understood among those that asked something of ours, from 0 to 1, None without any."""
    depuis = maintenant - timedelta(days=jours)
    ici = (dans_la_caisse(Tour, caisse), Tour.le > depuis)
    par_issue: Mapping[str, int] = {i: n for i, n in s.execute(select(Tour.issue, func.count()).where(*ici).group_by(Tour.issue))}
    avis = {bool(u): n for u, n in s.execute(select(Avis.utile, func.count()).join(Tour, Tour.id == Avis.tour_id).where(*ici).group_by(Avis.utile))}
    raisons = s.execute(select(Avis.raison, func.count()).join(Tour, Tour.id == Avis.tour_id).where(*ici, Avis.utile.is_(False))
                        .group_by(Avis.raison).order_by(func.count().desc())).all()
    sujets = s.execute(select(Tour.sujet, func.count()).where(*ici, Tour.issue == "repondu", Tour.sujet.is_not(None))
                       .group_by(Tour.sujet).order_by(func.count().desc(), Tour.sujet).limit(15)).all()
    mains = {e: n for e, n in s.execute(select(Relais.etat, func.count()).where(dans_la_caisse(Relais, caisse), Relais.demande_le > depuis)
                                        .group_by(Relais.etat))}
    return {"total": sum(par_issue.values()), "issues": par_issue, "part": _part(par_issue), "avis": avis, "raisons": [tuple(r) for r in raisons],
            "sujets": [tuple(t) for t in sujets], "semaines": _semaines(s, ici, zone), "relais": mains}


def _part(par_issue: Mapping[str, int]) -> Optional[float]:
    comptes = sum(par_issue.get(i, 0) for i in COMPTEES)
    return sum(par_issue.get(i, 0) for i in COMPRISES) / comptes if comptes else None


def _semaines(s: Session, ici: Sequence[Any], zone: ZoneInfo) -> list[tuple[Any, int, Optional[float]]]:
    """(Monday, questions, share understood) of each week, newest first."""
    par_semaine: dict[Any, Counter[str]] = defaultdict(Counter)
    for le, issue in s.execute(select(Tour.le, Tour.issue).where(*ici)):
        jour = le.astimezone(zone).date()
        par_semaine[jour - timedelta(days=jour.weekday())][issue] += 1
    return [(lundi, compte.total(), _part(compte)) for lundi, compte in sorted(par_semaine.items(), reverse=True)]
