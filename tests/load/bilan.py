"""The bilans at scale: a regional one (JSON, PDF) of 100,000 people and 10,000 interviews, a national one from 28 files, growth from 10 k to 1 M contacts.

Each against the same aggregates in bare SQL, in the same run, and against the limits of the issue. Called by `make bench`; alone:
`python -m tests.load.bilan`. BENCH_MILLION=1 (or COMPLET=1) adds a million contacts.
"""
import json
import os
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Callable, Iterator

from bot.bilan import assemblage, cles, documents_nationaux, echange, ecriture, etats, national, reception, registre, rendus, saisie
from bot.bilan.regional import document
from bot.campagnes.annee import installer
from bot.campagnes.professions import installer_professions
from bot.cli.commun import dire, refuser
from bot.contacts.base import Sessions, ouvrir
from bot.contacts.caisses import installer_demo
from bot.contacts.schema import migrer
from bot.texte.typographie import nombre
from tests.annee_bilan import ajouter_caisse, bloc_enquete, contenu
from tests.load.population import tailles

CAISSE, CLE = "demo-aquitaine", bytes(range(32))
FIN, ARRETE = datetime(2012, 1, 20, 9, tzinfo=timezone.utc), date(2012, 1, 20)
ASSURES, ENTRETIENS = 100_000, 10_000
LIMITES = {"json_s": 5.0, "pdf_s": 20.0, "national_s": 10.0}
DOMAINES, EFFETS = [f"D{n}" for n in range(1, 10)], ("fichier_corrige", "carriere_completee", "preliquidation_ouverte")
# The aggregates a bilan cannot do without, as somebody who knows the tables would type them: one pass over each.
NUS = (
    "SELECT action_id, origine, type, forme, resultat, substr(jour, 1, 7), count(*), sum(minutes), sum(ris_utilise), count(DISTINCT assure_id) "
    "FROM contact WHERE caisse_code = :c AND jour BETWEEN '2011-01-01' AND '2011-12-31' GROUP BY 1, 2, 3, 4, 5, 6",
    "SELECT k.action_id, d.domaine, count(*), sum(d.personnalise) FROM contact k JOIN contact_domaine d ON d.contact_id = k.id "
    "WHERE k.caisse_code = :c AND k.jour BETWEEN '2011-01-01' AND '2011-12-31' AND k.resultat = 'realise' AND d.profondeur > 0 GROUP BY 1, 2",
    "SELECT k.action_id, e.effet, count(*) FROM contact k JOIN contact_effet e ON e.contact_id = k.id "
    "WHERE k.caisse_code = :c AND k.jour BETWEEN '2011-01-01' AND '2011-12-31' AND k.resultat = 'realise' GROUP BY 1, 2",
    "SELECT action_id, support, count(*) FROM envoi GROUP BY 1, 2",
    "SELECT statut, substr(date_naissance, 1, 4), auto_entrepreneur, count(*) FROM assure WHERE caisse_code = :c GROUP BY 1, 2, 3",
)


# -- a base of any size, written straight into its tables -----------------------------------------------------------------------------------


def fabriquer(chemin: Path, assures: int, entretiens: int, lettres: int) -> Sessions:
    """A year of one caisse: so many people, interviews (nine domains each, two effects) and letters to créateurs."""
    sessions = Sessions(ouvrir(f"sqlite:///{chemin}"))
    migrer(sessions.engine)
    with sessions() as s:
        installer_demo(s)
        installer_professions(s)
        installer(s, 2011, FIN)
        registre.ouvrir(s, 2011, FIN)
        cles.creer(s, CAISSE, 2011, FIN, cle_installation=CLE)
        for code in ("AE", "RCS"):
            saisie.ecrire(s, saisie.dossier_regional(CAISSE, 2011), f"action.{code}.motif", "charge_ISU", base=None, auteur="banc", maintenant=FIN)
    with closing(sqlite3.connect(chemin, isolation_level=None)) as base:
        base.execute("BEGIN")
        _remplir(base, assures, entretiens, lettres)
        base.execute("COMMIT")
        base.execute("ANALYZE")
    return sessions


def _remplir(base: sqlite3.Connection, assures: int, entretiens: int, lettres: int) -> None:
    actions = dict(base.execute("SELECT code, id FROM action WHERE caisse_code = ? AND annee = 2011", (CAISSE,)))
    socle = base.execute("SELECT id FROM socle WHERE annee = 2011").fetchone()[0]
    eig, createur = actions["EIG"], actions["CREATEUR"]

    def inserer(table: str, colonnes: str, lignes: Iterator[tuple[Any, ...]]) -> None:
        noms = colonnes.split()
        base.executemany(f"INSERT INTO {table} ({', '.join(noms)}) VALUES ({', '.join('?' * len(noms))})", lignes)
    inserer("assure", "id caisse_code identifiant civilite nom prenom groupe_pro statut auto_entrepreneur carriere langue canal date_naissance date_affiliation",
            ((i, CAISSE, f"FICTIF{i}", "Mme", "Fictif", "Camille", "artisan", "actif" if i <= assures - lettres else "createur", i % 7 == 0, "complete", "fr",
              "courrier", f"{(1952, 1957)[i % 2] if i <= entretiens else 1960}-03-{1 + i % 28:02d}",
              "2000-01-01" if i <= assures - lettres else f"2011-{1 + i % 12:02d}-05") for i in range(1, assures + 1)))
    for numero, action in ((1, eig), (2, createur)):
        base.execute("INSERT INTO lot (id, action_id, numero, modele, etat, prepare_le) VALUES (?, ?, 1, 'x', 'parti', '2011-02-01 08:00:00')", (numero, action))
    inserer("envoi", "id lot_id action_id assure_id relance canal etat essais parti_le support",
            ((i, 1 if i <= entretiens else 2, eig if i <= entretiens else createur, i if i <= entretiens else assures - lettres + i - entretiens, 0, "courrier",
              "envoye", 1, "2011-07-04 08:00:00", None if i <= entretiens else "guide-createur:2011") for i in range(1, entretiens + lettres + 1)))
    jours = [str(date(2011, 7, 5) + timedelta(days=n)) for n in range(170)]
    inserer("contact", "id caisse_code socle_id type collectif forme origine action_id assure_id jour resultat minutes naissance_annee carriere_incomplete "
            "ris_utilise enregistre_le",
            ((i, CAISSE, socle, *(("entretien", 0, ("physique", "telephone")[i % 3 == 0], "campagne", eig, i) if i <= entretiens
                                  else ("courrier", 0, "courrier", "campagne", createur, assures - lettres + i - entretiens)), jours[i % 170],
              ("realise", "absent")[i % 11 == 0], 45 if i <= entretiens else None, (1952, 1957)[i % 2] if i <= entretiens else None, i % 5 == 0, i % 2,
              "2011-12-31 08:00:00") for i in range(1, entretiens + lettres + 1)))
    inserer("contact_domaine", "contact_id collectif domaine profondeur personnalise raison",
            ((i, 0, d, 0 if (i + n) % 13 == 0 else 2, 0, "manque_de_temps" if (i + n) % 13 == 0 else None)
             for i in range(1, entretiens + 1) for n, d in enumerate(DOMAINES)))
    inserer("contact_effet", "contact_id effet", ((i, e) for i in range(1, entretiens + 1) for e in EFFETS[:i % 3]))


# -- measures --------------------------------------------------------------------------------------------------------------------------------


def chrono(faire: Callable[[], Any], fois: int = 3) -> tuple[float, Any]:
    """Best of so many, in seconds of the clock, and what it gave."""
    durees, rendu = [], None
    for _ in range(fois):
        debut = time.perf_counter()
        rendu = faire()
        durees.append(time.perf_counter() - debut)
    return min(durees), rendu


def regional_json(sessions: Sessions) -> dict[str, Any]:
    """What « conseil bilan regional --signer » does but write: read, check, sign."""
    with sessions() as s:
        bilan = etats.preparer(s, CAISSE, 2011, etats.OPERATEUR, FIN)
        rapport = etats.controler_bilan(s, bilan, etats.OPERATEUR, FIN, ARRETE)
        connue = cles.en_vigueur(s, CAISSE, 2011)
        octets = echange.enveloppe(json.loads(bilan.contenu or "{}"), cles.privee(connue, CLE), connue.kid, "directeur", FIN)
        return {"bilan": bilan.id, "octets": octets, "regles": sorted({c.regle for c in rapport.bloquants})}


def nus(chemin: Path) -> int:
    with closing(sqlite3.connect(chemin)) as base:
        return sum(len(base.execute(sql, {"c": CAISSE} if ":c" in sql else {}).fetchall()) for sql in NUS)


def _une_taille(dossier: Path, assures: int, entretiens: int, lettres: int, pdf: bool) -> dict[str, Any]:
    chemin = dossier / f"bilan-{assures}.db"
    sessions = fabriquer(chemin, assures, entretiens, lettres)
    try:
        json_s, fait = chrono(lambda: regional_json(sessions))
        lecture_s, lu = chrono(lambda: _assembler(sessions))
        sql_s, _ = chrono(lambda: nus(chemin))
        _controler(lu, chemin)
        if fait["regles"]:
            raise AssertionError(f"le bilan fabriqué ne passe pas : {fait['regles']}")
        mesure = {"assures": assures, "contacts": entretiens + lettres, "json_s": json_s, "lecture_s": lecture_s, "sql_s": sql_s, "rapport": json_s / sql_s}
        if pdf:
            with sessions.lecture() as s:
                source = ecriture.source(s, s.get_one(etats.Bilan, fait["bilan"]))
            mesure["pdf_s"], _ = chrono(lambda: rendus.pdf(document(source), ("bilan.json", fait["octets"])), 1)
        return mesure
    finally:
        sessions.engine.dispose()
        chemin.unlink()


def _assembler(sessions: Sessions) -> dict[str, Any]:
    with sessions.lecture() as s:
        return assemblage.assembler(s, CAISSE, 2011, ARRETE)


def _controler(lu: dict[str, Any], chemin: Path) -> None:
    """The two ways must count the same, or the comparison is worth nothing."""
    from tests.unit.test_bilan_sql import ecarts, recompter
    if fautes := ecarts(lu, recompter(chemin, CAISSE)):
        raise AssertionError("; ".join(fautes[:5]))


def _national(dossier: Path) -> dict[str, float]:
    """Twenty-eight files of honest size received, then consolidated, with both editions as JSON, pages and PDF; against reading and adding them bare."""
    sessions = fabriquer(dossier / "national.db", 100, 10, 10)
    codes = [f"N{i:02d}" for i in range(1, 29)]
    with sessions() as s:
        for code in codes:
            ajouter_caisse(s, code, f"Caisse fictive {code}")
            cles.creer(s, code, 2011, FIN, cle_installation=CLE)
    fichiers = []
    with sessions() as s:
        lu = registre.lire(s, 2011)
        for i, code in enumerate(codes, 1):
            p = contenu(code, lu, realises=300 + 10 * i, repondants=100 + i, pas=i % 9, effets={"oriente_recouvrement": 5 + i})
            p["actions"][1]["enquete"], p["actions"][2]["enquete"] = bloc_enquete(205, 60, pas=3), bloc_enquete(88, 40, pas=2)
            connue = cles.en_vigueur(s, code, 2011)
            fichiers.append(echange.enveloppe(p, cles.privee(connue, CLE), connue.kid, "directeur", FIN))
    reception_s, _ = chrono(lambda: _recevoir(sessions, fichiers), 1)
    debut = time.perf_counter()
    with sessions() as s:
        edition = national.consolider(s, 2011, FIN)
        national.publier(s, edition, etats.OPERATEUR, FIN)
        interne = json.loads(edition.interne)
    national_s = time.perf_counter() - debut
    with sessions.lecture() as s:
        campagne, jour = registre.lire(s, 2011).campagne, "2012-01-31"
    pdf_s, _ = chrono(lambda: rendus.pdf(documents_nationaux.document(interne, campagne, 1, jour)), 1)
    sommes_s, _ = chrono(lambda: _additionner(fichiers))
    sessions.engine.dispose()
    return {"fichiers": len(fichiers), "reception_s": reception_s, "national_s": national_s, "national_pdf_s": pdf_s, "sommes_s": sommes_s,
            "rapport": national_s / sommes_s}


def _recevoir(sessions: Sessions, fichiers: list[bytes]) -> None:
    with sessions() as s:
        for i, octets in enumerate(fichiers):
            assert reception.recevoir(s, f"{i}.json", octets, FIN).etat == "accepte"


def _additionner(fichiers: list[bytes]) -> dict[str, int]:
    """The same integers added bare: parse, walk, sum."""
    total: dict[str, int] = {}

    def marcher(valeur: Any, chemin: str) -> None:
        if isinstance(valeur, dict):
            for nom, v in valeur.items():
                marcher(v, f"{chemin}.{nom}")
        elif isinstance(valeur, int):
            total[chemin] = total.get(chemin, 0) + valeur
    for octets in fichiers:
        for a in json.loads(octets)["payload"]["actions"]:
            marcher(a, a["code"])
    return total


def mesurer(dossier: Path) -> dict[str, Any]:
    """Everything, smallest first; refuses when a limit of the issue is passed, or when growth is worse than the bare SQL's by half again."""
    dire(f"  bilan régional : {nombre(ASSURES)} assurés, {nombre(ENTRETIENS)} entretiens…", erreur=True)
    vise = _une_taille(dossier, ASSURES, ENTRETIENS, 8_000, pdf=True)
    mesures = []
    for combien in tailles():
        dire(f"  croissance : {nombre(combien)} contacts…", erreur=True)
        mesures.append(_une_taille(dossier, combien, combien // 2, combien // 2, pdf=False))
    dire("  bilan national : 28 fichiers…", erreur=True)
    resultat = {"vise": vise, "mesures": mesures, "national": _national(dossier), "charge": os.getloadavg()[0]}
    montrer(resultat)
    trop = [f"{nom} {nombre(valeur, 1)} s (limite {nombre(LIMITES[nom], 0)} s)" for nom, valeur in (*vise.items(), *resultat["national"].items())
            if nom in LIMITES and valeur > LIMITES[nom]]
    if trop:
        refuser("BILAN_LENT", f"un bilan prend trop de temps : {', '.join(trop)}.")
    return resultat


def montrer(r: dict[str, Any]) -> None:
    v, n = r["vise"], r["national"]
    dire(f"{'assurés':>12}{'contacts':>12}{'JSON':>10}{'dont lecture':>14}{'SQL nu':>10}{'rapport':>10}", brut=True)
    for m in (v, *r["mesures"]):
        dire(f"{nombre(m['assures']):>12}{nombre(m['contacts']):>12}{nombre(m['json_s'], 2) + ' s':>10}{nombre(m['lecture_s'], 2) + ' s':>14}"
             f"{nombre(m['sql_s'], 2) + ' s':>10}{'× ' + nombre(m['rapport'], 1):>10}", brut=True)
    for a, b in zip(r["mesures"], r["mesures"][1:]):
        dire(f"  {nombre(b['contacts'] / a['contacts'], 0)} fois plus de contacts : bilan × {nombre(b['json_s'] / a['json_s'], 1)}, "
             f"SQL nu × {nombre(b['sql_s'] / a['sql_s'], 1)}", brut=True)
    dire(f"  Régional visé : JSON {nombre(v['json_s'], 2)} s (limite 5), PDF {nombre(v['pdf_s'], 1)} s (limite 20).")
    dire(f"  National, {n['fichiers']} fichiers : {nombre(n['national_s'], 2)} s (limite 10), × {nombre(n['rapport'], 0)} l'addition nue ; réception "
         f"{nombre(n['reception_s'], 1)} s, PDF {nombre(n['national_pdf_s'], 1)} s. Charge de la machine : {nombre(r['charge'], 1)}.")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="bench-bilan-") as temporaire:
        fait = mesurer(Path(temporaire))
    if "--json" in sys.argv:
        print(json.dumps(fait, ensure_ascii=False, indent=1))
