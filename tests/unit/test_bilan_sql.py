# ruff: noqa: F811  (fixtures are imported by name)
"""Every number of a regional bilan, counted again by a script of plain SQL (tests/sql/bilan_regional.sql), on the same database; none is left out."""
import json
import re
import sqlite3
from contextlib import closing
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from bot.bilan import assemblage
from bot.contacts.base import Sessions
from tests.annee_bilan import CAISSE, annee, modele_bilan  # noqa: F401  (fixtures)

ARRETE = date(2012, 1, 20)
SCRIPT = Path(__file__).parent.parent / "sql" / "bilan_regional.sql"
# Numbers that are not counts: which bilan it is, and what the rules found of it.
IDENTITE = {"exercice", "sequence", "controles.bloquants"}


def requetes() -> list[str]:
    """The statements of the script, each after the common first one."""
    nues = [re.sub(r"--[^\n]*", "", r).strip() for r in SCRIPT.read_text(encoding="utf-8").split(";\n")]
    entete, *autres = [r for r in nues if r]
    return [f"{entete}\n{r}" for r in autres]


def recompter(base: Path, caisse: str, exercice: int = 2011, arrete: date = ARRETE) -> dict[str, int]:
    """{path: number} by SQL alone."""
    with closing(sqlite3.connect(f"file:{base}?mode=ro", uri=True)) as c:
        zone = ZoneInfo(c.execute("SELECT fuseau FROM caisse WHERE code = ?", (caisse,)).fetchone()[0])
        du, au = date(exercice, 1, 1), min(date(exercice, 12, 31), arrete)
        debut, fin = (datetime.combine(j, time(), zone).astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M:%S") for j in (du, au + timedelta(days=1)))
        valeurs = {"caisse": caisse, "exercice": exercice, "du": str(du), "au": str(au), "arrete": str(arrete), "debut": debut, "fin": fin}
        return {chemin: n for r in requetes() for chemin, n in c.execute(r, valeurs) if n is not None}


def feuilles(valeur, chemin=""):
    """Every number of a content, by its path; an action is named by its code."""
    if isinstance(valeur, dict):
        for nom, v in valeur.items():
            yield from feuilles(v, f"{chemin}.{nom}" if chemin else nom)
    elif isinstance(valeur, list):
        for rang, v in enumerate(valeur):
            yield from feuilles(v, f"{chemin}.{v['code'] if chemin == 'actions' else rang}")
    elif isinstance(valeur, (int, float)) and not isinstance(valeur, bool):
        yield chemin, valeur


# The families of figures that the script counts; a number of the file in none of them has not been recomputed.
ACTION = (r"actions\.[A-Z][\w-]*\.(objectif|personnes|participants|inscrits|offre_globale|minutes_total|minutes_contacts|estimations_54_plus|ris_utilises"
          r"|hors_fenetre|hors_cible|volumes\.\w+|formes\.\w+|sous_cibles\.\w+|domaines\.D\d|domaines_personnalises\.D\d|effets\.\w+|supports\..+"
          r"|mois\.\d{4}-\d\d|cumul\.\w+|evenements\.\d+\.(participants|inscrits))")
FAMILLES = [re.compile(m) for m in (
    ACTION, r"(actions\.[A-Z][\w-]*|spontanes)\.enquete\.(N|tires|delivres|repondants|modes\.\w+|items\.[A-Z]\d+\.\w+)",
    r"spontanes\.(entretiens|rencontres|participants|minutes_total|estimations_54_plus|ris_utilises|offre_globale|formes\.\w+|domaines\.D\d|effets\.\w+"
    r"|mois\.\d{4}-\d\d|evenements\.\d+\.(participants|inscrits))",
    r"eir\.(realises|minutes_total|formes\.\w+)", r"moyens\.(agents|heures|cout_euros|heures_par_action\.[\w-]+)", r"difficultes\.\d+\.part",
    r"priorites_n1\.\d+\.rang")]


def ecarts(contenu: dict, comptes: dict[str, int]) -> list[str]:
    """Every number that the two do not share, and every number of the file that no statement counts."""
    lues = {c: n for c, n in feuilles(contenu) if c not in IDENTITE}
    nommees = {f"actions.{a['code']}" for a in contenu["actions"]}
    faites = {f"actions.{a['code']}" for a in contenu["actions"] if a.get("volumes")}
    analysees = {f"actions.{a['code']}" for a in contenu["actions"] if (a.get("enquete") or {}).get("statut") == "analysee"}
    analysees |= {"spontanes"} if contenu["spontanes"]["enquete"]["statut"] == "analysee" else set()

    def dit(chemin: str) -> bool:
        """Whether the file has to say it: an action that was not done, a survey that was not analysed, a local action given up say nothing."""
        ligne = ".".join(chemin.split(".")[:2]) if chemin.startswith("actions.") else chemin.split(".")[0]
        if ".enquete." in chemin:
            return ligne in analysees
        return not chemin.startswith("actions.") or ligne in faites or (chemin.endswith(".objectif") and ligne in nommees)
    fautes = [f"{c} : {n} n'est recompté par aucune requête" for c, n in lues.items() if not any(f.fullmatch(c) for f in FAMILLES)]
    fautes += [f"{c} : {n} dans le bilan, {comptes.get(c, 0)} en SQL" for c, n in lues.items() if n != comptes.get(c, 0)]
    return fautes + [f"{c} : {n} en SQL, absent du bilan" for c, n in comptes.items() if n and c not in lues and dit(c)]


def lire(sessions: Sessions, caisse: str) -> dict:
    with sessions.lecture() as s:
        return assemblage.assembler(s, caisse, 2011, ARRETE)


@pytest.mark.parametrize("caisse", [CAISSE, "demo-reunion"])
def test_chaque_nombre_du_bilan_ecrit_a_la_main_se_recompte_en_sql(annee, tmp_path, caisse):
    assert ecarts(lire(annee, caisse), recompter(tmp_path / "contacts.db", caisse)) == []


def test_chaque_nombre_se_recompte_aussi_quand_tout_est_tordu(annee, tmp_path):
    """People gone, erased, outside the window, of another age; an objective; a part of an effect typed."""
    with annee() as s:
        s.execute(text("UPDATE assure SET statut = 'radie' WHERE id IN (SELECT assure_id FROM contact WHERE type = 'entretien' LIMIT 5)"))
        s.execute(text("DELETE FROM assure WHERE id = (SELECT max(assure_id) FROM contact WHERE type = 'entretien' AND resultat = 'realise')"))
        s.execute(text("UPDATE contact SET jour = '2011-06-02', naissance_annee = 1960 WHERE id = "
                       "(SELECT min(id) FROM contact WHERE type = 'entretien' AND action_id IS NOT NULL AND resultat = 'realise')"))
        s.execute(text("UPDATE contact SET estimation_remise = 1, age_54_ou_plus = 1, estimation_raison = 'x' WHERE type = 'entretien' AND resultat = 'realise'"))
        s.execute(text("UPDATE action SET objectif = 12 WHERE code = 'EIG'"))
        s.execute(text("UPDATE saisie_bilan SET valeur = '[{\"code\": \"charge_recouvrement\", \"actions\": [], \"part\": 40}]' WHERE champ = 'difficultes'"))
    contenu = lire(annee, CAISSE)
    eig = contenu["actions"][0]
    assert (eig["hors_fenetre"], eig["hors_cible"], eig["objectif"]) == (1, 1, 12) and contenu["difficultes"][0]["part"] == 40
    assert ecarts(contenu, recompter(tmp_path / "contacts.db", CAISSE)) == []


@pytest.mark.parametrize("chemin", ["actions.EIG.volumes.joints", "actions.CREATEUR.mois.2011-03", "spontanes.domaines.D1", "moyens.heures"])
def test_temoin_un_nombre_change_de_un_se_voit(annee, tmp_path, chemin):
    contenu, comptes = lire(annee, CAISSE), recompter(tmp_path / "contacts.db", CAISSE)
    comptes[chemin] += 1
    assert [f.split(" :")[0] for f in ecarts(contenu, comptes)] == [chemin]


def test_temoin_un_nombre_que_personne_ne_recompte_se_voit(annee, tmp_path):
    contenu = json.loads(json.dumps(lire(annee, CAISSE)))
    contenu["actions"][0]["nouveau"] = {"total": 3}
    assert any("recompté par aucune requête" in f for f in ecarts(contenu, recompter(tmp_path / "contacts.db", CAISSE)))
