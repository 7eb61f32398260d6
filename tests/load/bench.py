"""`make bench`: our pipeline against Rasa's default one (`rasa init`), same lines, same machine, one run; prints ratios « ours / Rasa's ».

By default both learn the same lines, LIGNES of each label, always the same ones: DIET on the whole corpus takes tens of minutes.
COMPLET=1 takes every line. BENCH_LIGNES and BENCH_EPOCHS are for a quick try. The population follows (tests/load/population.py). Nothing is written but var/bench.json.
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Optional, Sequence

import yaml

from bot.cli.commun import RefusCommande, dire, dire_refus, lire_reglages, preparer_sorties, refuser, secondes
from bot.cli.evaluate import lire_questions
from bot.cli.evaluation import Question, bilan
from bot.cli.manifeste import CONFIG, Manifeste, empreinte_fichier
from bot.cli.moteur_seul import moteur_en_marche
from bot.cli.processus import PYTHON_MOTEUR, environnement_moteur, laisse
from bot.cli.train import controler_sujets, intentions_du_domaine
from bot.reglages import RACINE
from bot.site.comprehension import par_les_mots
from bot.texte.typographie import nombre
from tests.load import agenda, charge, enquete, population, rasa_seul
from tests.load import bilan as bilans
from tests.load.mesures import centiles, descendance, entrainer, interroger, memoire_mo, pile_entiere

LIGNES = 12
VISITEURS = 20
DUREE_AFFLUENCE = 20.0
NOTRE, RASA = "notre", "rasa"
NOMS = {NOTRE: "notre moteur", RASA: "Rasa par défaut"}
# Key of a measure, its name, its unit, digits after the comma, and whether more is better.
TABLE = (
    ("entrainement_s", "entraînement", "s", 1, False), ("entrainement_mo", "mémoire de l'entraînement, au plus", "Mo", 0, False),
    ("demarrage_s", "démarrage du moteur", "s", 1, False), ("moteur_mo", "mémoire du moteur en service", "Mo", 0, False),
    ("message_p50_ms", "un message compris, médiane", "ms", 1, False), ("message_p95_ms", "un message compris, 95 %", "ms", 1, False),
    ("juste", "juste du premier coup", "%", 1, True), ("trois", "juste, ou dans les trois choix", "%", 1, True),
    ("fausse", "réponse fausse donnée", "%", 1, False), ("messages_par_s", f"toute la pile, {VISITEURS} visiteurs", "msg/s", 1, True),
    ("pile_p95_ms", "attente d'un visiteur, 95 %", "ms", 0, False),
)


@dataclass(frozen=True)
class Reglage:
    """How much is learnt: `lignes` a label (None: all) and the `epochs` of Rasa's networks."""

    lignes: Optional[int]
    epochs: int

    @classmethod
    def lu(cls) -> "Reglage":
        complet = os.environ.get("COMPLET", "") not in ("", "0")
        return cls(None if complet else _entier("BENCH_LIGNES", LIGNES), _entier("BENCH_EPOCHS", 100))

    def __str__(self) -> str:
        quoi = "toutes les lignes" if self.lignes is None else f"un échantillon, {self.lignes} lignes par étiquette (COMPLET=1 : toutes)"
        return quoi + ("" if self.epochs == 100 else f" ; ESSAI : {self.epochs} époques au lieu de 100, l'exactitude de Rasa ne vaut rien")


def _entier(nom: str, defaut: int) -> int:
    brut = os.environ.get(nom) or str(defaut)
    if not brut.isdecimal() or int(brut) == 0:
        refuser("REGLAGE_ILLISIBLE", f"{nom} doit être un nombre entier positif, pas « {brut} ».")
    return int(brut)


# -- the two configurations -------------------------------------------------------------------------------------------------------------


def config_rasa(epochs: int) -> dict[str, Any]:
    """What `rasa init` writes (rasa/engine/recipes/config_files/default_config.yml, 3.6.21), in French."""
    reseau = {"epochs": epochs, "constrain_similarities": True}
    return {
        "recipe": "default.v1", "assistant_id": "rasa-par-defaut", "language": "fr",
        "pipeline": [
            {"name": "WhitespaceTokenizer"}, {"name": "RegexFeaturizer"}, {"name": "LexicalSyntacticFeaturizer"},
            {"name": "CountVectorsFeaturizer"}, {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
            {"name": "DIETClassifier", **reseau}, {"name": "EntitySynonymMapper"}, {"name": "ResponseSelector", **reseau},
            {"name": "FallbackClassifier", "threshold": 0.3, "ambiguity_threshold": 0.1}],
        "policies": [{"name": "MemoizationPolicy"}, {"name": "RulePolicy"},
                     {"name": "UnexpecTEDIntentPolicy", "max_history": 5, "epochs": epochs},
                     {"name": "TEDPolicy", "max_history": 5, **reseau}]}


def ecrire_config(qui: str, reglage: Reglage, dossier: Path) -> Path:
    """The configuration of one side, fed by our importer either way."""
    config = yaml.safe_load(CONFIG.read_text(encoding="utf-8")) if qui == NOTRE else config_rasa(reglage.epochs)
    importeur = {"name": "bot.engine.importateur.KnowledgeImporter"}
    config["importers"] = [{**importeur, "exemples_max": reglage.lignes} if reglage.lignes else importeur]
    chemin = dossier / "config.yml"
    chemin.write_text(yaml.safe_dump(config, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return chemin


def signer(modele: Path) -> None:
    """The manifest without which `conseil` would refuse to load a model."""
    intentions = len(intentions_du_domaine(modele))
    Manifeste(empreinte_fichier(modele), "banc d'essai", intentions, intentions, 0, f"{datetime.now(timezone.utc):%FT%TZ}", 0).ecrire(modele)


# -- measures ---------------------------------------------------------------------------------------------------------------------------


def mesurer_moteur(qui: str, modele: Path, dossier: Path, questions: Sequence[Question]) -> dict[str, float]:
    """The engine alone: start, questions one by one, memory once it has served them."""
    reglages = lire_reglages(modele=modele, donnees=dossier, moteur=None)
    autres, debut = descendance(os.getpid()), time.monotonic()
    with moteur_en_marche(reglages) as servi:
        demarrage = time.monotonic() - debut
        mesures, durees = interroger(questions, servi, f"compréhension ({NOMS[qui]})")
        moteur_mo = memoire_mo(descendance(os.getpid()) - autres)
    rapport, (p50, p95) = bilan(mesures), centiles(durees)
    return {"demarrage_s": demarrage, "moteur_mo": moteur_mo, "message_p50_ms": p50, "message_p95_ms": p95,
            "juste": 100 * rapport["right_first"], "trois": 100 * rapport["right_offered"], "fausse": 100 * rapport["wrong"]}


def mesurer(qui: str, reglage: Reglage, dossier: Path, questions: Sequence[Question]) -> dict[str, Any]:
    """Everything about one side, in its own folder."""
    dossier.mkdir()
    nom = NOMS[qui]
    etape(f"{nom} : entraînement")
    config = ecrire_config(qui, reglage, dossier)
    modele, resultats = entrainer(nom, config, dossier, libre=qui == RASA)
    apprises = {"lignes_apprises": controler_sujets(modele, config)["exemples"]} if qui == NOTRE else {}
    signer(modele)
    etape(f"{nom} : démarrage, compréhension de {len(questions)} lignes gelées")
    resultats |= mesurer_moteur(qui, modele, dossier / "moteur-seul", questions)
    etape(f"{nom} : toute la pile, {VISITEURS} visiteurs pendant {DUREE_AFFLUENCE:.0f} s")
    return {**resultats, **apprises, **pile_entiere(modele, dossier / "site", posees(questions), VISITEURS, DUREE_AFFLUENCE)}


def posees(questions: Sequence[Question]) -> list[str]:
    """What the visitors ask: the frozen lines, those that the site answers without the engine left out."""
    return [q.texte for q in questions if par_les_mots(q.texte) is None]


def comparer(dossier: Path) -> dict[str, Any]:
    """`tests/load/comparer.py` in the engine's environment, its table shown as it comes; known encodings are read from a copy."""
    dossier.mkdir()
    if (RACINE / "models/encodages").exists():
        shutil.copytree(RACINE / "models/encodages", dossier / "encodages")
    env = environnement_moteur(dossier / "maison", CONSEIL_ENCODAGES=dossier / "encodages")
    sortie = dossier / "comparaison.json"
    fait = subprocess.run([str(PYTHON_MOTEUR), "-m", "tests.load.comparer", str(sortie)], cwd=RACINE, env=env, preexec_fn=laisse())
    if fait.returncode != 0:
        refuser("COMPARAISON_RATEE", "la comparaison des encodeurs s'est arrêtée ; son message est au-dessus.")
    return json.loads(sortie.read_text(encoding="utf-8"))


# -- what is shown ----------------------------------------------------------------------------------------------------------------------


ETAPES = 13
_debut, _faites = time.monotonic(), 0


def etape(quoi: str) -> None:
    """The next of the steps."""
    global _faites
    _faites += 1
    dire(f"[{_faites}/{ETAPES}, {secondes(time.monotonic() - _debut)}] {quoi}…", erreur=True)


def rapports(notre: dict[str, Any], rasa: dict[str, Any]) -> dict[str, Optional[float]]:
    """Ours / Rasa's, None where Rasa's is nothing."""
    return {cle: round(notre[cle] / rasa[cle], 3) if rasa[cle] else None for cle, *_ in TABLE}


def montrer(notre: dict[str, Any], rasa: dict[str, Any]) -> None:
    """The table of ratios."""
    dire(f"{'':<38}{'notre':>13}{'Rasa':>13}{'notre/Rasa':>12}", brut=True)
    rapport = rapports(notre, rasa)
    for cle, libelle, unite, chiffres, plus in TABLE:
        valeur = rapport[cle]
        sens = "" if valeur is None or valeur == 1 else ("  mieux" if (valeur > 1) == plus else "  moins bien")
        dire(f"{libelle:<38}{nombre(notre[cle], chiffres):>7} {unite:<5}{nombre(rasa[cle], chiffres):>7} {unite:<5}"
             f"{'—' if valeur is None else '× ' + nombre(valeur, 2):>12}{sens}", brut=True)


def montrer_conditions(reglage: Reglage, notre: dict[str, Any], rasa: dict[str, Any]) -> None:
    """What must be known to read the table."""
    dire(f"Appris par les deux : {reglage} ({notre['lignes_apprises']} lignes). Machine : {os.cpu_count()} cœurs.")
    dire("Entraînement : Rasa prend tous les cœurs, nos encodeurs un processus par cœur, sans rien de déjà calculé. En service : un cœur chacun.")
    dire("Rasa n'offre pas de choix : on lui prête les trois premiers de son classement quand il hésite. Nos données n'ont que des règles, "
         "donc TEDPolicy et UnexpecTEDIntentPolicy n'y apprennent rien.")
    for qui, issues in ((NOTRE, notre["pile_issues"]), (RASA, rasa["pile_issues"])):
        if set(issues) - {"moteur"}:
            dire(f"Toute la pile, {NOMS[qui]} : {', '.join(f'{n} {i}' for i, n in sorted(issues.items()))} (seuls « moteur » comptent).")


def prevenir_charge() -> float:
    """Says so when the machine is busy with something else."""
    charge = os.getloadavg()[0]
    if charge > 1:
        dire(f"Attention : la machine est occupée (charge {nombre(charge, 1)}) ; les durées seront trop longues.", erreur=True)
    return charge


def executer() -> None:
    """The whole run; results go to var/bench.json as they come."""
    reglage, sortie = Reglage.lu(), lire_reglages().donnees / "bench.json"
    sortie.parent.mkdir(parents=True, exist_ok=True)
    dire(f"Banc d'essai : {reglage}.", erreur=True)
    tout: dict[str, Any] = {"le": f"{datetime.now(timezone.utc):%FT%TZ}", "lignes_par_etiquette": reglage.lignes, "epochs": reglage.epochs,
                            "coeurs": os.cpu_count(), "charge_au_depart": prevenir_charge()}
    questions = lire_questions(sorted((RACINE / "tests/nlu").glob("gele_*.jsonl")))

    def noter(**ajouts: Any) -> None:
        tout.update(ajouts)
        sortie.write_text(json.dumps(tout, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    with tempfile.TemporaryDirectory(prefix="bench-", dir=sortie.parent) as brut:
        dossier = Path(brut)
        os.environ["CONSEIL_DONNEES"] = str(dossier)
        for qui in (NOTRE, RASA):
            noter(**{qui: mesurer(qui, reglage, dossier / qui, questions)})
        noter(rapports=rapports(tout[NOTRE], tout[RASA]))
        montrer(tout[NOTRE], tout[RASA])
        montrer_conditions(reglage, tout[NOTRE], tout[RASA])
        etape(f"Rasa seul, tel qu'il est livré, {VISITEURS} visiteurs pendant {DUREE_AFFLUENCE:.0f} s")
        noter(rasa_seul=rasa_seul.mesurer(dossier / RASA / "assistant.tar.gz", dossier / "rasa-seul", posees(questions), VISITEURS, DUREE_AFFLUENCE,
                                          tout[NOTRE]["messages_par_s"]))
        etape("encodeurs et classifieurs, sur toutes les lignes")
        noter(comparaison=comparer(dossier / "comparer"))
        etape("population : import et volumes, de plus en plus grands (BENCH_MILLION=1 : jusqu'au million)")
        noter(population=population.mesurer(dossier))
        etape("rendez-vous : recherche, confirmation, ruée sur les mêmes créneaux")
        noter(agenda=agenda.mesurer(dossier))
        etape("charge : 200 conversations, une foule trois fois plus grande, une conversation de 300 tours (CHARGE_S : secondes de chacune)")
        noter(charge=charge.mesurer(dossier))
        etape("enquête : 28 caisses, 500 000 réponses, contre le GROUP BY brut")
        noter(enquete=enquete.montrer())
        etape("bilans : régional (JSON, PDF), national, croissance (BENCH_MILLION=1 : jusqu'au million de contacts)")
        noter(bilan=bilans.mesurer(dossier))
    dire(f"Fini en {secondes(time.monotonic() - _debut)}. Résultats : {sortie}.")


def principal() -> int:
    preparer_sorties()
    for nom in (signal.SIGINT, signal.SIGTERM):  # stopped either way, it stops what it started and removes its folder
        signal.signal(nom, signal.default_int_handler)
    try:
        executer()
    except RefusCommande as refus:
        return dire_refus(refus)
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(principal())
