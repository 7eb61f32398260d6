"""A second way to every number of a bilan national: from the signed files alone, by the formulas of the reference (§3b, §3c, §4b), written apart.

Nothing is imported from bot.bilan nor from bot.enquete; scales are read from the questionnaire's own file.
"""
import json
from collections import Counter
from fractions import Fraction
from math import sqrt
from pathlib import Path
from statistics import NormalDist
from typing import Any, Iterator, Mapping, Sequence

import yaml

CIBLES = ("EIG", "CREATEUR", "AE", "RCS")
QUESTIONS = Path(__file__).parent.parent / "knowledge" / "questionnaires"
# Numbers of an edition that are not computed from the files: its year, and the sequence that a refused file gave itself.
DONNES = ("exercice", "refus.")
Fichier = tuple[Mapping[str, Any], Mapping[str, Any]]  # content, parts refused alone


def feuilles(valeur: Any, chemin: str = "") -> Iterator[tuple[str, Any]]:
    """Every number of a content, with its path."""
    if isinstance(valeur, dict):
        for nom, v in valeur.items():
            yield from feuilles(v, f"{chemin}.{nom}" if chemin else nom)
    elif isinstance(valeur, list):
        for rang, v in enumerate(valeur):
            yield from feuilles(v, f"{chemin}.{rang}")
    elif isinstance(valeur, (int, float)) and not isinstance(valeur, bool):
        yield chemin, valeur


def ecarts(interne: Mapping[str, Any], attendus: Mapping[str, Any]) -> list[str]:
    """Every number that the two do not share. Interval bounds come from square roots: one ten-thousandth is the same."""
    lus = {c: n for c, n in feuilles(interne) if not c.startswith(DONNES)}
    marge = {c: 1 if c.endswith((".bas", ".haut")) or ".limites." in c else 0 for c in lus}
    return ([f"{c} : {n} dans l'édition, {attendus.get(c)} recompté" for c, n in lus.items() if c not in attendus or abs(n - attendus[c]) > marge[c]]
            + [f"{c} : {n} recompté, absent de l'édition" for c, n in attendus.items() if c not in lus])


def recompter(fichiers: Sequence[Fichier], attendues: Mapping[str, str], etats: Mapping[str, str]) -> dict[str, Any]:
    """{path: number} of a whole internal edition. `attendues`: caisses of the year, by code; `etats`: hors_delai and refuse, by code."""
    par_caisse = {p["caisse"]: (p, ecartes) for p, ecartes in sorted(fichiers, key=lambda f: f[0]["caisse"])}
    lus = list(par_caisse.values())
    sortie: dict[str, Any] = {
        "fichiers": [{"sequence": p["sequence"]} for p, _ in lus],
        "perimetre": _perimetre(par_caisse, attendues, etats), "totaux": _totaux(lus), "dispersion": _dispersion(lus),
        "caisses": {c: _caisse(*f) for c, f in par_caisse.items()}, "enquete": _enquetes(lus), "objectifs": _objectifs(lus),
        "difficultes": _difficultes(lus), "priorites": _priorites(lus), "locales": _locales(lus), "cog": _cog(lus)}
    return dict(feuilles(sortie))


def _perimetre(par_caisse: Mapping[str, Fichier], attendues: Mapping[str, str], etats: Mapping[str, str]) -> dict[str, Any]:
    etat = {c: etats.get(c, "recu" if c in par_caisse else "manquant") for c in attendues}
    return {"attendues": len(attendues), "comptes": {e: sum(x == e for x in etat.values()) for e in ("recu", "hors_delai", "refuse", "manquant")},
            "lignes": [{"sequence": par_caisse[c][0]["sequence"]} if c in par_caisse else {} for c in sorted(attendues)],
            "couverture_pour_dix_mille": round(10_000 * len(par_caisse) / len(attendues))}


# -- sums ----------------------------------------------------------------------------------------------------------------------------------


def _socle(p: Mapping[str, Any], code: str) -> Mapping[str, Any]:
    return next(a for a in p["actions"] if a["code"] == code and a["perimetre"] == "socle")


def _bloc(p: Mapping[str, Any], ecartes: Mapping[str, Any], code: str) -> Mapping[str, Any]:
    """The survey block that counts, without the questions refused alone; empty when there is none."""
    bloc = p["spontanes"]["enquete"] if code == "SPONT" else _socle(p, code).get("enquete") or {}
    if ecartes.get("enquete") or bloc.get("statut") != "analysee":
        return {}
    return {**bloc, "items": {q: c for q, c in bloc["items"].items() if q not in ecartes.get("questions", ())}}


SIMPLES = ("participants", "inscrits", "offre_globale", "minutes_total", "minutes_contacts", "estimations_54_plus", "ris_utilises")
BLOCS = ("volumes", "formes", "sous_cibles", "domaines", "domaines_personnalises", "effets", "supports", "mois", "cumul")


def _totaux(lus: Sequence[Fichier]) -> dict[str, Any]:
    somme: Counter[tuple[str, ...]] = Counter()
    vus: set[tuple[str, ...]] = set()

    def ajouter(n: int, *chemin: str) -> None:
        somme[chemin] += n
        vus.add(chemin)
    for p, ecartes in lus:
        lignes = [(a["code"] if a["perimetre"] == "socle" else "LOCALES", a) for a in p["actions"]] + [("SPONT", p["spontanes"])]
        for code, a in lignes:
            for nom in SIMPLES:
                if a.get(nom) is not None:
                    ajouter(a[nom], code, nom)
            for bloc in BLOCS:
                for cle, n in (a.get(bloc) or {}).items():
                    ajouter(n, code, bloc, cle)
        for code in {c for c, a in lignes if a.get("enquete") and c != "LOCALES"}:
            b = _bloc(p, ecartes, code)
            for nom in ("N", "tires", "delivres", "repondants") if b else ():
                ajouter(b[nom], code, "enquete", nom)
            for bloc, cle, n in [("modes", m, n) for m, n in b.get("modes", {}).items()]:
                ajouter(n, code, "enquete", bloc, cle)
            for q, codes in b.get("items", {}).items():
                for c, n in codes.items():
                    ajouter(n, code, "enquete", "items", q, c)
        ajouter(p["spontanes"]["entretiens"], "SPONT", "entretiens")
        ajouter(p["eir"]["realises"], "EIR", "realises")
        for nom in ("agents", "heures", "cout_euros"):
            if nom in p["moyens"]:
                ajouter(p["moyens"][nom], "MOYENS", nom)
    arbre: dict[str, Any] = {}
    for chemin in vus:
        noeud = arbre
        for pas in chemin[:-1]:
            noeud = noeud.setdefault(pas, {})
        noeud[chemin[-1]] = somme[chemin]
    return arbre


def _quartile(valeurs: Sequence[int], rang: Fraction) -> float:
    """By position among n - 1 steps, between neighbours (the inclusive method)."""
    place = rang * (len(valeurs) - 1)
    bas, reste = int(place), place - int(place)
    return float(valeurs[bas] + (reste * (valeurs[bas + 1] - valeurs[bas]) if reste else 0))


def _dispersion(lus: Sequence[Fichier]) -> dict[str, Any]:
    sortie: dict[str, Any] = {}
    for code in CIBLES:
        faites = [a for a in (_socle(p, code) for p, _ in lus) if a.get("volumes")]
        series = {"realises": [a["volumes"]["realises"] for a in faites], "invites": [a["volumes"]["invites"] for a in faites],
                  "participants": [a["participants"] for a in faites if a.get("participants") is not None]}
        sortie[code] = {nom: {"caisses": len(v), "min": min(v), "max": max(v), "q1": _quartile(v, Fraction(1, 4)), "mediane": _quartile(v, Fraction(1, 2)),
                              "q3": _quartile(v, Fraction(3, 4))} for nom, v in ((n, sorted(v)) for n, v in series.items()) if v}
    return sortie


def _base(p: Mapping[str, Any], ecartes: Mapping[str, Any], code: str) -> int:
    """Who could be asked: the frame when there was one, else participants, letters, interviews (§3b)."""
    if b := _bloc(p, ecartes, code):
        return int(b["N"])
    if code == "SPONT":
        return int(p["spontanes"]["entretiens"])
    a = _socle(p, code)
    return _contacts(a) if a.get("volumes") else 0


def _contacts(a: Mapping[str, Any]) -> int:
    return int({"rencontre": a.get("participants") or 0, "courrier": a["volumes"]["invites"], "entretien": a["volumes"]["realises"]}[a["genre"]])


def _caisse(p: Mapping[str, Any], ecartes: Mapping[str, Any]) -> dict[str, Any]:
    lignes: dict[str, Any] = {}
    for code in CIBLES:
        a, b = _socle(p, code), _bloc(p, ecartes, code)
        if a.get("volumes"):
            lignes[code] = {nom: a.get(nom) for nom in ("volumes", "participants", "effets", "sous_cibles", "domaines", "minutes_total")}
            lignes[code] |= {"enquete": {"base": _contacts(a), **{n: b[n] for n in ("N", "tires", "delivres", "repondants") if b}},
                             "items": b.get("items", {})}
    return lignes


# -- satisfaction (§3c) ---------------------------------------------------------------------------------------------------------------------


def _echelles(version: str) -> dict[str, tuple[list[str], list[str]]]:
    lu = yaml.safe_load((QUESTIONS / f"qsn-{version}.yml").read_text(encoding="utf-8"))
    echelles = lu["echelles"]
    return {i["id"]: (echelles[i["echelle"]]["positifs"], echelles[i["echelle"]].get("negatifs", []))
            for i in lu["items"] if echelles[i["echelle"]].get("positifs")}


def _wilson(p: float, n: float, z: float) -> tuple[float, float]:
    milieu, ecart = (p + z**2 / (2 * n)) / (1 + z**2 / n), z / (1 + z**2 / n) * sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return max(0.0, milieu - ecart), min(1.0, milieu + ecart)


def _enquetes(lus: Sequence[Fichier]) -> dict[str, Any]:
    sortie: dict[str, Any] = {}
    for code in (*CIBLES, "SPONT"):
        analysees = [(p, e) for p, e in lus if _bloc(p, e, code)]
        if not analysees:
            continue
        version = next(p["questionnaire"]["version"] for p, _ in analysees)
        questions = {}
        for item, (plus, moins) in _echelles(version).items():
            strates = []
            for p, e in lus:
                codes, N = _bloc(p, e, code).get("items", {}).get(item, {}), _base(p, e, code)
                if N:
                    x, y = (sum(codes.get(c, 0) for c in cs) for cs in (plus, moins))
                    strates.append((p["caisse"], N, min(x + y, N), x))
            if any(n >= 2 for _, _, n, _ in strates):
                questions[item] = _question(strates)
        sortie[code] = {"caisses": len(analysees), "base": sum(_base(p, e, code) for p, e in lus), "questions": questions}
    return sortie


def _question(strates: Sequence[tuple[str, int, int, int]]) -> dict[str, Any]:
    utiles = [s for s in strates if s[2] >= 2]
    N = sum(s[1] for s in utiles)
    p = sum(Fraction(n_base, N) * Fraction(x, n) for _, n_base, n, x in utiles)
    V = sum(Fraction(n_base, N) ** 2 * (1 - Fraction(n, n_base)) * Fraction(x + 1, n + 2) * Fraction(n - x + 1, n + 2) / (n - 1)
            for _, n_base, n, x in utiles)
    bord = Fraction(1, sum(s[2] for s in utiles) + 2)
    tire = min(max(p, bord), 1 - bord)
    bas, haut = _wilson(float(p), float(tire * (1 - tire) / V), NormalDist().inv_cdf(0.975)) if V else (float(p), float(p))
    return {"taux": round(10_000 * float(p)), "bas": round(10_000 * bas), "haut": round(10_000 * haut), "strates": len(utiles),
            "couverture": round(10_000 * N / sum(s[1] for s in strates)), "entonnoir": [_point(float(p), *s) for s in strates if s[2]]}


def _point(p: float, caisse: str, N: int, n: int, x: int) -> dict[str, Any]:
    limites = []
    for z, sens in ((0.999, -1), (0.975, -1), (0.975, 1), (0.999, 1)):
        ecart = NormalDist().inv_cdf(z) * sqrt(p * (1 - p) / n * ((N - n) / (N - 1) if N > 1 else 1))
        limites.append(round(10_000 * min(max(p + sens * ecart, 0), 1)))
    return {"n": n, "x": x, "N": N, "taux": round(10_000 * x / n), "limites": limites}


# -- the rest ------------------------------------------------------------------------------------------------------------------------------


def _objectifs(lus: Sequence[Fichier]) -> dict[str, Any]:
    faites = [_socle(p, c) for p, _ in lus for c in CIBLES]
    effets: dict[str, Counter[str]] = {}
    outils: Counter[str] = Counter()
    for p, _ in lus:
        for a in p["actions"]:
            if a.get("effets"):
                effets.setdefault(a["code"] if a["perimetre"] == "socle" else "LOCALES", Counter()).update(a["effets"])
        outils.update({o for a in p["actions"] for o in a.get("outils") or []})
    return {"politique_nationale": {"cibles_menees": sum(a["statut"] != "non_realisee" for a in faites), "cibles_attendues": 4 * len(lus)},
            "communication_relayee": {"supports": sum(n for a in faites for n in (a.get("supports") or {}).values()),
                                      "manifestations": sum(1 for a in faites for e in a.get("evenements") or [] if "partenaire" in e or "evenement" in e)},
            "ressources": {**{n: sum(p["moyens"].get(n, 0) for p, _ in lus) for n in ("agents", "heures")},
                           "caisses": sum("heures" in p["moyens"] for p, _ in lus)},
            "effets": {c: dict(e) for c, e in effets.items()}, "outils": dict(outils)}


def _difficultes(lus: Sequence[Fichier]) -> list[dict[str, Any]]:
    caisses = Counter(c for p, _ in lus for c in {d["code"] for d in p["difficultes"]})
    actions = {c: Counter(a for p, _ in lus for d in p["difficultes"] if d["code"] == c for a in d["actions"]) for c in caisses}
    return [{"caisses": n, "actions": dict(actions[c])} for c, n in sorted(caisses.items(), key=lambda x: (-x[1], x[0]))]


def _priorites(lus: Sequence[Fichier]) -> list[dict[str, Any]]:
    rangs: dict[str, list[int]] = {}
    for p, _ in lus:
        for x in p["priorites_n1"]:
            rangs.setdefault(x["code"], []).append(x["rang"])
    tries = sorted(rangs.items(), key=lambda x: (-len(x[1]), sum(x[1]), x[0]))
    return [{"rang": i, "caisses": len(r), "premieres": r.count(1), "somme_rangs": sum(r)} for i, (_, r) in enumerate(tries, 1)]


def _locales(lus: Sequence[Fichier]) -> list[dict[str, Any]]:
    return [{"realises": (a.get("volumes") or {}).get("realises"), "participants": a.get("participants")}
            for p, _ in lus for a in p["actions"] if a["perimetre"] == "local"]


def _cog(lus: Sequence[Fichier]) -> dict[str, Any]:
    faites = [a["volumes"] for a in (_socle(p, "CREATEUR") for p, _ in lus) if a.get("volumes")]
    envoyes, affilies = sum(v["invites"] for v in faites), sum(v["requete"] for v in faites)
    return {"caisses": len(faites), "courriers": envoyes, "affiliations": affilies, "retours": sum(v["absents"] for v in faites),
            "taux": round(10_000 * envoyes / affilies) if affilies else None}


def contenus(enveloppes: Sequence[bytes]) -> list[Mapping[str, Any]]:
    return [json.loads(o)["payload"] for o in enveloppes]
