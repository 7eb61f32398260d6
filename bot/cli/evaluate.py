"""`conseil evaluate FILE.jsonl`: asks the engine exactly what the site would, and counts."""
import argparse
import asyncio
import html
import json
import sys
import time
from pathlib import Path
from typing import Iterator, Sequence

from bot.cli.commun import afficher_json, dire, lire_reglages, refuser
from bot.cli.evaluation import Mesure, Question, bilan, courbe
from bot.cli.moteur_seul import moteur_en_marche
from bot.contacts.refus import Refus
from bot.knowledge.catalogue import HORS_SUJET, catalogue
from bot.reglages import Reglages
from bot.site.comprehension import Comprise, comprendre
from bot.site.garde import lire_texte
from bot.site.moteur import Moteur
from bot.texte.typographie import nombre

AIDE = "mesurer la compréhension sur des lignes {text, label, acceptable}"


def declarer(analyseur: argparse.ArgumentParser) -> None:
    analyseur.add_argument("fichiers", nargs="+", type=Path, metavar="FICHIER.jsonl", help="lignes à poser à l'assistant")
    analyseur.add_argument("--json", type=Path, metavar="SORTIE", help="écrire le rapport complet dans ce fichier (« - » : sortie standard)")
    analyseur.add_argument("--page", type=Path, metavar="SORTIE.html", help="écrire une page : courbe, confusions, registres")
    analyseur.add_argument("--domaines", metavar="D1,D2", help="ne garder que les lignes de ces domaines (et le hors-sujet avec « hors_sujet »)")


def executer(options: argparse.Namespace) -> int:
    questions = lire_questions(options.fichiers, options.domaines.split(",") if options.domaines else None)
    reglages = lire_reglages()
    with moteur_en_marche(reglages) as reglages_moteur:
        mesures = asyncio.run(poser(questions, reglages_moteur))
    rapport = bilan(mesures)
    if options.json and str(options.json) == "-":
        afficher_json(rapport)
        return 0
    if options.json:
        options.json.write_text(json.dumps(rapport, ensure_ascii=False, indent=1), encoding="utf-8")
    if options.page:
        options.page.write_text(page(rapport, courbe(mesures, [m.comprise.premiers for m in mesures])), encoding="utf-8")
    imprimer(rapport)
    return 0


def lire_questions(fichiers: Sequence[Path], domaines: "Sequence[str] | None" = None) -> list[Question]:
    """The lines of the files. Refuses, naming file and line, what cannot be measured with."""
    questions = []
    for fichier in fichiers:
        if not fichier.is_file():
            refuser("FICHIER_INTROUVABLE", f"{fichier} : ce fichier n'existe pas.")
        for rang, ligne in enumerate(fichier.read_text(encoding="utf-8").splitlines(), 1):
            if not ligne.strip():
                continue
            try:
                brut = json.loads(ligne)
                question = Question(brut["text"], brut["label"], tuple(brut.get("acceptable") or ()), brut.get("style", ""))
            except (ValueError, KeyError, TypeError):
                refuser("LIGNE_ILLISIBLE", f"{fichier}, ligne {rang} : il faut {{\"text\": …, \"label\": …}}.")
            if question.label not in catalogue().etiquettes:
                refuser("ETIQUETTE_INCONNUE", f"{fichier}, ligne {rang} : « {question.label} » n'est pas au catalogue.")
            if domaines is None or question.label.split("/")[0] in domaines:
                questions.append(question)
    if not questions:
        refuser("RIEN_A_MESURER", "aucune ligne à mesurer dans ces fichiers.")
    return questions


async def poser(questions: Sequence[Question], reglages: Reglages) -> list[Mesure]:
    """Ask one by one, as visitors do, with the site's own contract, words and engine."""
    moteur = Moteur(reglages.model_copy(update={"delai_moteur": 60.0}))
    mesures = []
    try:
        for rang, question in enumerate(questions, 1):
            debut = time.perf_counter()
            try:
                comprise = await comprendre(lire_texte(question.texte).texte, moteur)
            except Refus:  # the site would not take this text at all
                comprise = Comprise(HORS_SUJET, 1.0)
            mesures.append(Mesure(question, comprise, 1000 * (time.perf_counter() - debut)))
            if sys.stderr.isatty() and (rang % 20 == 0 or rang == len(questions)):
                print(f"\r{rang}/{len(questions)}", end="" if rang < len(questions) else "\n", file=sys.stderr, flush=True)
    finally:
        await moteur.fermer()
    return mesures


LIGNES = (("right_first", "juste du premier coup"), ("right_offered", "juste parmi les choix offerts"), ("wrong", "réponse fausse donnée"),
          ("out_of_scope_refused", "hors sujet refusé"), ("in_scope_refused", "question du domaine refusée"))


def imprimer(rapport: dict) -> None:
    """The four numbers, the worst labels and the confusions, for a person."""
    dire(f"{rapport['n']} lignes")
    for cle, libelle in LIGNES:
        dire(f"  {libelle:<32} {nombre(100 * rapport[cle], 1):>6} %")
    dire(f"  {'temps par message':<32} {nombre(rapport['ms_p50'], 1)} ms (médiane), {nombre(rapport['ms_p95'], 1)} ms (95 %)")
    for paire in rapport["confusions"][:10]:
        dire(f"  confusion : {paire['label']} pris pour {paire['predicted']} ({paire['n']})")


def page(rapport: dict, points: Sequence[dict]) -> str:
    """A plain page without script: figures, the curve as an SVG with its table, registers, confusions."""
    e = html.escape
    def tableau(titres: Sequence[str], lignes: Iterator[Sequence[str]]) -> str:
        return ("<table><tr>" + "".join(f"<th>{e(t)}</th>" for t in titres) + "</tr>"
                + "".join("<tr>" + "".join(f"<td>{e(str(c))}</td>" for c in ligne) + "</tr>" for ligne in lignes) + "</table>")
    pct = lambda v: f"{nombre(100 * v, 1)} %"  # noqa: E731
    trace = " ".join(f"{40 + 500 * p['unanswered']:.1f},{340 - 1500 * p['wrong']:.1f}" for p in points)
    return f"""<!doctype html><html lang="fr"><meta charset="utf-8"><title>Compréhension : rapport</title>
<style>body{{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}}table{{border-collapse:collapse;margin:1rem 0}}
td,th{{border:1px solid #ccc;padding:.2rem .6rem;text-align:left}}</style>
<h1>Compréhension : {rapport['n']} lignes</h1>
{tableau(["mesure", "valeur"], ((libelle, pct(rapport[cle])) for cle, libelle in LIGNES))}
<h2>Réponses fausses contre questions laissées sans réponse immédiate</h2>
<svg viewBox="0 0 560 360" role="img" aria-label="Courbe, données dans le tableau suivant"><path d="M40 10V340H550" fill="none" stroke="#555"/>
<polyline points="{trace}" fill="none" stroke="#1b4f72" stroke-width="2"/></svg>
{tableau(["seuil", "réponses fausses", "sans réponse immédiate"], ((nombre(p["seuil"]), pct(p["wrong"]), pct(p["unanswered"])) for p in points))}
<h2>Par registre</h2>
{tableau(["registre", "n", "juste", "offerte", "fausse"],
         ((n, v["n"], pct(v["right_first"]), pct(v["right_offered"]), pct(v["wrong"])) for n, v in rapport["per_style"].items()))}
<h2>Confusions</h2>
{tableau(["attendu", "pris pour", "n"], ((c["label"], c["predicted"], c["n"]) for c in rapport["confusions"]))}
<h2>Erreurs</h2>
{tableau(["texte", "attendu", "pris pour", "offerts"],
         ((x["text"], x["label"], x["predicted"] or "—", ", ".join(x["offered"])) for x in rapport["errors"]))}
</html>"""
