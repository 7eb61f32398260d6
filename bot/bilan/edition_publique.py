"""The public edition: the internal one with its small cells hidden, the same in every page, chart, sheet and attached file (§3d).

How cells are chosen is `secret`. What is sensitive: answers of fewer than 11 people; crossings with incomplete career, collection, social action,
cross-border situation. Totals of activity are not.
"""
import json
from typing import Any, Iterable, Mapping, Optional, Sequence

from bot.bilan.codes import SOCLE
from bot.bilan.secret import SEUIL, Connu, Masque, masquer
from bot.enquete.statistiques import masquees

CACHE = "s"
SENSIBLES = (("sous_cibles", "carriere_incomplete"), ("effets", "oriente_recouvrement"), ("effets", "transfrontalier_signale"), ("domaines", "D7"))


def publique(interne: Mapping[str, Any], anciennes: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """The public edition, given the public editions already out: hidden cells say « s », hidden totals too."""
    sortie: dict[str, Any] = json.loads(json.dumps(interne))
    comptes = {"V": 0, "A": 0, "D": 0}
    for code in SOCLE:
        for bloc, nom in SENSIBLES:
            _noter(comptes, _masquer_compte(sortie, anciennes, code, bloc, nom))
        for question in _questions(sortie, code):
            _noter(comptes, _masquer_question(sortie, anciennes, code, question))
    _masquer_hors_cibles(sortie, anciennes)
    sortie["edition"] = "publique"
    sortie["secret"] = {"seuil": SEUIL, "cellules": comptes}
    for ligne in sortie["refus"]:
        ligne["fichier"] = "fichier d'une caisse"
    return sortie


def _noter(comptes: dict[str, int], masque: Optional[Masque]) -> None:
    for statut, n in (masque.comptes() if masque else {}).items():
        comptes[statut] += n


# -- one column: a count by caisse, and its national total -----------------------------------------------------------------------------------


def _empreintes(edition: Mapping[str, Any]) -> dict[str, str]:
    return {f["caisse"]: f["sha256"] for f in edition["fichiers"]}


def _colonne(edition: Mapping[str, Any], code: str, bloc: str, nom: str) -> dict[str, Any]:
    """Value by file (its hash): a caisse that sends a rectificatif is another cell, the same file is the same cell in two editions."""
    empreintes = _empreintes(edition)
    return {empreintes[c]: ligne[code].get(bloc, {}).get(nom, 0) for c, ligne in edition["caisses"].items() if "volumes" in ligne.get(code, {})}


def _connu(anciennes: Iterable[Mapping[str, Any]], lire: Any, total: Any) -> Connu:
    """What earlier public editions told of a column: its visible cells, and its total over all of them."""
    cellules: dict[Any, int] = {}
    sommes = []
    for edition in anciennes:
        colonne, somme = lire(edition), total(edition)
        cellules |= {c: v for c, v in colonne.items() if isinstance(v, int)}
        if isinstance(somme, int):
            sommes.append((frozenset(colonne), somme))
    return Connu(cellules, tuple(sommes))


def _masquer_compte(sortie: dict[str, Any], anciennes: Sequence[Mapping[str, Any]], code: str, bloc: str, nom: str) -> Optional[Masque]:
    valeurs = _colonne(sortie, code, bloc, nom)
    if not any(valeurs.values()):
        return None
    def total(edition: Mapping[str, Any]) -> Any:
        return edition["totaux"].get(code, {}).get(bloc, {}).get(nom, 0)
    connu = _connu(anciennes, lambda e: _colonne(e, code, bloc, nom), total)
    masque = masquer(valeurs, {nom: list(valeurs)}, connu)
    for caisse, sha in _empreintes(sortie).items():
        if sha in masque.statuts and not masque.montre(sha):
            sortie["caisses"][caisse][code][bloc][nom] = CACHE
    somme = sum(valeurs.values())
    if masque.totaux or 0 < somme < SEUIL:
        sortie["totaux"][code][bloc][nom] = CACHE
        if nom in (dits := sortie["objectifs"]["effets"].get(code, {})) and bloc == "effets":
            dits[nom] = CACHE  # never taken away: a table would print 0
    return masque


# -- the survey of a target: one block a caisse, hidden or shown whole, question by question ---------------------------------------------------


def _effectifs(edition: Mapping[str, Any], code: str, question: str) -> dict[str, Any]:
    """Answers by file to one question; « s » when they are hidden."""
    empreintes, colonne = _empreintes(edition), {}
    for caisse, ligne in edition["caisses"].items():
        codes = ligne.get(code, {}).get("items", {}).get(question)
        if codes is not None:
            colonne[empreintes[caisse]] = codes if codes == CACHE else sum(codes.values())
    return colonne


def _questions(sortie: Mapping[str, Any], code: str) -> list[str]:
    return sorted({q for ligne in sortie["caisses"].values() for q in ligne.get(code, {}).get("items", {})})


def _masquer_question(sortie: dict[str, Any], anciennes: Sequence[Mapping[str, Any]], code: str, question: str) -> Masque:
    """Answers are shown from 11 expressed ones. The hidden group is at least two caisses and 11 answers, or the national line is hidden too."""
    exprimees = _exprimees(sortie, code, question)
    petites = {c for c, (n, _) in exprimees.items() if n < SEUIL}
    if petites and any(x for _, x in exprimees.values()):
        petites |= set(masquees(exprimees))
    valeurs = {c: max(n, 1) for c, (n, _) in exprimees.items()}
    def total(edition: Mapping[str, Any]) -> Any:
        items = edition["totaux"].get(code, {}).get("enquete", {}).get("items", {})
        return sum(items[question].values()) if isinstance(items.get(question), dict) else None
    connu = _connu(anciennes, lambda e: _effectifs(e, code, question), total)
    masque = masquer(valeurs, {question: list(valeurs)}, connu, primaires=petites)
    for caisse, sha in _empreintes(sortie).items():
        if sha in masque.statuts and not masque.montre(sha):
            sortie["caisses"][caisse][code]["items"][question] = CACHE
    national = sortie["enquete"].get(code, {}).get("questions", {}).get(question)
    if masque.totaux or sum(n for n, _ in exprimees.values()) < SEUIL:
        sortie["totaux"][code]["enquete"]["items"][question] = CACHE
        if national is not None:
            sortie["enquete"][code]["questions"][question] = CACHE
    elif national is not None:
        caches = {c for c, sha in _empreintes(sortie).items() if sha in masque.statuts and not masque.montre(sha)}
        national["entonnoir"] = [p for p in national["entonnoir"] if p["caisse"] not in caches]
    return masque


def _exprimees(sortie: Mapping[str, Any], code: str, question: str) -> dict[str, tuple[int, int]]:
    """Expressed answers and positive ones, by file; for a question without a rate, answers alone."""
    empreintes = _empreintes(sortie)
    national = sortie["enquete"].get(code, {}).get("questions", {}).get(question)
    points = {p["caisse"]: (p["n"], p["x"]) for p in national["entonnoir"]} if isinstance(national, dict) else {}
    return {empreintes[c]: points.get(c, (0 if points else ligne[code]["enquete"].get("repondants", 0), 0))
            for c, ligne in sortie["caisses"].items() if question in ligne.get(code, {}).get("items", {})}


# -- outside the targets ------------------------------------------------------------------------------------------------------------------------


def _petit(n: int, dits: Iterable[Any]) -> bool:
    """Whether a total is small, or differs by little from one already published."""
    return 0 < n < SEUIL or any(isinstance(d, int) and 0 < abs(n - d) < SEUIL for d in dits)


def _masquer_hors_cibles(sortie: dict[str, Any], anciennes: Sequence[Mapping[str, Any]]) -> None:
    """Spontaneous interviews, local actions and sub-actions have national totals only: hidden when small, or too close to an earlier edition's."""
    for code, somme in sortie["totaux"].items():
        if code in SOCLE:
            continue
        vieux = [e["totaux"].get(code, {}) for e in anciennes]
        for bloc, nom in SENSIBLES:
            if _petit(somme.get(bloc, {}).get(nom, 0), [v.get(bloc, {}).get(nom) for v in vieux]):
                somme[bloc][nom] = CACHE
        for question in sortie["enquete"].get(code, {}).get("questions", {}).values():
            question["entonnoir"] = []  # no target, no table by caisse: a point of three answers would be the only place where they show
        for question, codes in somme.get("enquete", {}).get("items", {}).items():
            dits = [v.get("enquete", {}).get("items", {}).get(question) for v in vieux]
            if _petit(sum(codes.values()), [sum(d.values()) for d in dits if isinstance(d, dict)]):
                somme["enquete"]["items"][question] = CACHE
                if question in sortie["enquete"].get(code, {}).get("questions", {}):
                    sortie["enquete"][code]["questions"][question] = CACHE
    for code, effets in sortie["objectifs"]["effets"].items():
        for nom in ("oriente_recouvrement", "transfrontalier_signale"):
            if isinstance(n := effets.get(nom, 0), int) and 0 < n < SEUIL:
                effets[nom] = CACHE
            if sortie["totaux"].get(code, {}).get("effets", {}).get(nom) == CACHE and nom in effets:
                effets[nom] = CACHE
