"""Population at scale: lines imported a second, time and peak memory as the file grows, volumes against the same counts in hand-written SQL.

Called by `make bench`; alone: `python -m tests.load.population`. BENCH_MILLION=1 (or COMPLET=1) adds a million people.
"""
import json
import multiprocessing
import os
import resource
import sqlite3
import sys
import tempfile
import threading
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Callable

from sqlalchemy import update

from bot.campagnes.annee import installer
from bot.campagnes.fictif import ORDRE, generer
from bot.campagnes.population import Avancement, importer
from bot.campagnes.professions import installer_professions
from bot.campagnes.volumes import volumes
from bot.cli.commun import dire, refuser
from bot.contacts.base import Sessions, ouvrir
from bot.contacts.caisses import installer_demo
from bot.contacts.schema import migrer
from bot.contacts.tables import Caisse
from bot.texte.typographie import nombre

CAISSE, ANNEE = "demo-aquitaine", 2011
TAILLES = (10_000, 100_000)
LIMITE = 3.0  # volumes may take this many times the hand-written SQL
MAINTENANT = datetime(2011, 9, 14, 8, tzinfo=timezone.utc)

# What somebody who knows the table would type, a query a cible: the same counts as `bot.campagnes.volumes`.
_COMPTES = """count(*), count(CASE WHEN adresse IS NOT NULL AND code_postal IS NOT NULL AND ville IS NOT NULL THEN 1 END), count(telephone), count(courriel),
 count(CASE WHEN {joignable} THEN 1 END), count(CASE WHEN carriere = 'incomplete' THEN 1 END), count(c.assure_id), count(i.assure_id),
 count(CASE WHEN refus_contact THEN 1 END), count(CASE WHEN {joignable} AND {libre} AND c.assure_id IS NULL AND i.assure_id IS NULL THEN 1 END)
 FROM assure
 LEFT JOIN (SELECT DISTINCT assure_id FROM contact WHERE action_id = :action AND resultat IN ('prevu', 'realise', 'refus')) c ON c.assure_id = assure.id
 LEFT JOIN (SELECT assure_id FROM invite JOIN tirage ON tirage.id = tirage_id WHERE action_id = :action
  UNION SELECT assure_id FROM envoi WHERE action_id = :action AND etat <> 'echec') i ON i.assure_id = assure.id
 WHERE caisse_code = :caisse AND """
_PARTOUT = "(telephone IS NOT NULL OR courriel IS NOT NULL OR (adresse IS NOT NULL AND code_postal IS NOT NULL AND ville IS NOT NULL))"
_LETTRE = "(canal = 'courriel' OR (adresse IS NOT NULL AND code_postal IS NOT NULL AND ville IS NOT NULL))"
_INVITES, _LETTRES = {"joignable": _PARTOUT, "libre": "NOT refus_contact"}, {"joignable": _LETTRE, "libre": "1"}
A_LA_MAIN = {
    "EIG": "SELECT substr(date_naissance, 1, 4) AS cohorte, " + _COMPTES.format(**_INVITES) + "statut = 'actif' AND (date_naissance BETWEEN '1952-01-01' AND "
           "'1952-12-31' OR date_naissance BETWEEN '1957-01-01' AND '1957-12-31') GROUP BY 1",
    "CREATEUR": "SELECT 0, " + _COMPTES.format(**_LETTRES) + "statut IN ('actif', 'createur') AND date_affiliation BETWEEN '2011-01-01' AND '2011-12-31'",
    "AE": "SELECT 0, " + _COMPTES.format(**_INVITES) + "statut IN ('actif', 'createur') AND groupe_pro IN ('artisan', 'commercant') AND auto_entrepreneur",
    "RCS": "SELECT 0, " + _COMPTES.format(**_INVITES) + "statut IN ('actif', 'createur') AND profession IN ('coiffeur', 'coiffeuse')",
    "L-CONJOINTS": "SELECT 0, " + _COMPTES.format(**_INVITES) + "statut = 'conjoint' AND groupe_pro = 'artisan'",
    "L-TRANSMISSION": "SELECT 0, " + _COMPTES.format(**_INVITES) + "1",
}


def tailles() -> tuple[int, ...]:
    """How many people, from the environment."""
    million = any(os.environ.get(nom, "") not in ("", "0") for nom in ("BENCH_MILLION", "COMPLET"))
    return (*TAILLES, 1_000_000) if million else TAILLES


def _ecrire(chemin: Path, combien: int) -> None:
    with chemin.open("w", encoding="utf-8") as flux:
        flux.write(";".join(ORDRE) + "\n")
        for personne in generer(combien, "banc", annee=ANNEE, villes=[("33000", "Bordeaux"), ("64100", "Bayonne"), ("24000", "Périgueux")]):
            flux.write(";".join(personne[c] for c in ORDRE) + "\n")


def _chrono(faire: Callable[[], Any]) -> tuple[float, float, Any]:
    """Seconds on the clock, seconds of this process, result."""
    debut, travail = time.perf_counter(), time.process_time()
    rendu = faire()
    return time.perf_counter() - debut, time.process_time() - travail, rendu


class Visiteur(threading.Thread):
    """Someone who writes on the site all along an import, and notes how long she waited at most."""

    def __init__(self, adresse: str):
        super().__init__(daemon=True)
        self.sessions, self.attente, self.ecritures, self.fini = Sessions(ouvrir(adresse)), 0.0, 0, threading.Event()

    def run(self) -> None:
        while not self.fini.wait(0.05):
            debut = time.perf_counter()
            with self.sessions() as s:
                s.execute(update(Caisse).where(Caisse.code == CAISSE).values(site="https://caisse.example"))
            self.attente = max(self.attente, time.perf_counter() - debut)
            self.ecritures += 1


def _a_la_main(chemin: Path, actions: dict[str, int]) -> list[tuple[str, Any]]:
    with sqlite3.connect(chemin) as base:
        return [(cible, ligne) for cible, sql in A_LA_MAIN.items()
                for ligne in base.execute(sql, {"caisse": CAISSE, "action": actions.get(cible, 0)}).fetchall()]


def _controler(trouves: list[Any], lignes: list[tuple[str, Any]]) -> None:
    """The two ways must count the same people, or the comparison is worth nothing."""
    for volume in trouves:
        colonnes = list(zip(*(ligne[1:] for cible, ligne in lignes if cible == volume.cible)))
        compte = [sum(c) for c in colonnes]
        sien = [volume.demande, volume.avec_adresse, volume.avec_telephone, volume.avec_courriel, volume.joignables, volume.carriere_incomplete,
                volume.contactes or 0, volume.invites, volume.refus, volume.restants]
        if compte != sien:
            raise AssertionError(f"{volume.cible} : {sien} par la requête, {compte} à la main")


def _une_taille(combien: int, dossier: Path) -> dict[str, Any]:
    """Everything for one size, in a process of its own so that its peak memory is its own."""
    fichier, base = dossier / "population.csv", dossier / "contacts.db"
    _ecrire(fichier, combien)
    avant = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    adresse = f"sqlite:///{base}"
    sessions = Sessions(ouvrir(adresse))
    migrer(sessions.engine)
    with sessions() as s:
        installer_demo(s)
        installer_professions(s)
        installer(s, ANNEE, MAINTENANT)
    visiteur = Visiteur(adresse)
    visiteur.start()
    phases: dict[str, float] = {}

    def suivre(etape: Avancement) -> None:
        phases[etape.phase] = time.perf_counter()
    debut = time.perf_counter()
    duree, travail, rapport = _chrono(lambda: importer(sessions, fichier, CAISSE, maintenant=MAINTENANT, suivre=suivre))
    visiteur.fini.set()
    visiteur.join()
    encore, _, _ = _chrono(lambda: importer(sessions, fichier, CAISSE, maintenant=MAINTENANT))
    return {"lignes": combien, "import_s": duree, "import_cpu_s": travail, "lecture_s": phases["lecture"] - debut, "lignes_par_s": combien / duree,
            "lignes_par_s_cpu": combien / travail,
            "nouvelles": rapport.nouvelles, "reimport_s": encore, "memoire_mo": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "memoire_avant_mo": avant / 1024, "attente_site_s": visiteur.attente, "ecritures_site": visiteur.ecritures, **_volumetrie(sessions, base)}


def _volumetrie(sessions: Sessions, base: Path) -> dict[str, float]:
    """Best of three, each way in turn, in seconds of processor: the machine may be busy with something else."""
    with sessions.lecture() as s:
        actions = {ligne[0]: ligne[1] for ligne in s.connection().exec_driver_sql("SELECT code, id FROM action WHERE caisse_code = ?", (CAISSE,))}
    nous, main = [], []
    for _ in range(3):
        with sessions.lecture() as s:
            _, travail, trouves = _chrono(lambda s=s: volumes(s, ANNEE, CAISSE))
        nous.append(travail)
        _, travail, lignes = _chrono(lambda: _a_la_main(base, actions))
        main.append(travail)
        _controler(trouves, lignes)
    return {"volumes_s": min(nous), "sql_main_s": min(main), "rapport": min(nous) / min(main)}


def mesurer(dossier: Path) -> dict[str, Any]:
    """All sizes, smallest first; refuses when volumes take more than LIMITE times the hand-written SQL at the largest."""
    mesures = []
    for combien in tailles():
        dire(f"  population de {nombre(combien)}…", erreur=True)
        with tempfile.TemporaryDirectory(prefix="population-", dir=dossier) as brut:
            with multiprocessing.get_context("spawn").Pool(1) as seul:
                mesures.append(seul.apply(_une_taille, (combien, Path(brut))) | {"charge": os.getloadavg()[0]})
    montrer(mesures)
    if mesures[-1]["rapport"] > LIMITE:
        refuser("VOLUMES_LENTS", f"les volumes prennent {nombre(mesures[-1]['rapport'], 1)} fois le temps du SQL écrit à la main, plus que {LIMITE:.0f}.")
    return {"mesures": mesures, "croissance": croissance(mesures)}


def croissance(mesures: list[dict[str, Any]]) -> list[dict[str, float]]:
    """For each step, times as many people → times as much work (seconds of processor)."""
    return [{"fois_plus_de_lignes": b["lignes"] / a["lignes"], "fois_plus_long_import": b["import_cpu_s"] / a["import_cpu_s"],
             "fois_plus_long_volumes": b["volumes_s"] / a["volumes_s"]} for a, b in zip(mesures, mesures[1:])]


def montrer(mesures: list[dict[str, Any]]) -> None:
    colonnes = (("personnes", "lignes", "", 0), ("import", "import_s", " s", 1), ("lignes/s", "lignes_par_s", "", 0), ("par s de proc.", "lignes_par_s_cpu", "", 0),
                ("à nouveau", "reimport_s", " s", 1), ("mémoire", "memoire_mo", " Mo", 0), ("site bloqué", "attente_site_s", " s", 2),
                ("volumes", "volumes_s", " s", 2), ("SQL à la main", "sql_main_s", " s", 2), ("rapport", "rapport", "", 2), ("charge", "charge", "", 1))
    dire("".join(f"{titre:>16}" for titre, *_ in colonnes), brut=True)
    for m in mesures:
        dire("".join(f"{nombre(m[cle], chiffres) + unite:>16}" for _, cle, unite, chiffres in colonnes), brut=True)
    dire("Import : à la montre, un visiteur écrivant sur le site pendant ce temps (site bloqué : son attente la plus longue). "
         "Volumes et SQL : secondes de processeur, le meilleur de trois.")
    for pas in croissance(mesures):
        dire(f"  {nombre(pas['fois_plus_de_lignes'], 0)} fois plus de personnes : import × {nombre(pas['fois_plus_long_import'], 1)}, "
             f"volumes × {nombre(pas['fois_plus_long_volumes'], 1)}", brut=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="bench-population-") as temporaire:
        resultat = mesurer(Path(temporaire))
    if "--json" in sys.argv:
        print(json.dumps(resultat, ensure_ascii=False, indent=1))
