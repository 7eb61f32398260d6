"""The supply chain (S14): the audit gate on reports made by hand, what an acceptance must say, the lock files, the list of components."""
import json
import subprocess
import sys
from datetime import date
from importlib.util import module_from_spec, spec_from_file_location

import pytest

from bot.reglages import RACINE

spec = spec_from_file_location("audit_paquets", RACINE / "requirements" / "audit.py")
audit = module_from_spec(spec)
sys.modules["audit_paquets"] = audit
spec.loader.exec_module(audit)

JOUR = date(2026, 11, 22)
ATTENDUS = {"fastapi": "0.120.0", "jinja2": "3.1.6"}
SAIN = {"dependencies": [{"name": "fastapi", "version": "0.120.0", "vulns": []}, {"name": "Jinja2", "version": "3.1.6", "vulns": []}], "fixes": []}
AVIS = {"id": "PYSEC-2026-1", "aliases": ["CVE-2026-1"], "fix_versions": ["3.1.7"], "description": "…"}
ACCEPTE = audit.Acceptation("CVE-2026-1", "jinja2", "gabarits écrits par nous seuls", "anne.sommet", date(2026, 11, 1), date(2027, 5, 1))


def avec(**paquet):
    """A healthy report, but for what is said of jinja2."""
    return {"dependencies": [SAIN["dependencies"][0], {"name": "jinja2", "version": "3.1.6", "vulns": [], **paquet}]}


def juger(rapport, acceptations=(), jour=JOUR):
    return audit.juger(rapport, ATTENDUS, acceptations, jour)


def test_temoin_un_rapport_entier_et_sain_passe():
    assert juger(SAIN) == []


def test_un_avis_que_personne_na_accepte_refuse():
    faute, = juger(avec(vulns=[AVIS]))
    assert "PYSEC-2026-1" in faute and "3.1.7" in faute


def test_un_avis_accepte_passe_sous_lun_de_ses_noms_jusqua_sa_date():
    assert juger(avec(vulns=[AVIS]), [ACCEPTE]) == []
    assert juger(avec(vulns=[AVIS]), [ACCEPTE], date(2027, 5, 1)) == []
    faute, = juger(avec(vulns=[AVIS]), [ACCEPTE], date(2027, 5, 2))
    assert "échue le 2027-05-01" in faute and "anne.sommet" in faute


def test_une_acceptation_ne_vaut_que_pour_son_paquet():
    autre = audit.Acceptation("CVE-2026-1", "fastapi", "…", "anne.sommet", date(2026, 11, 1), date(2027, 5, 1))
    assert len(juger(avec(vulns=[AVIS]), [autre])) == 1


@pytest.mark.parametrize("rapport", [
    {"dependencies": [SAIN["dependencies"][0], {"name": "jinja2", "skip_reason": "Dependency not found on PyPI"}]},
    {"dependencies": [SAIN["dependencies"][0]]}, avec(version="3.1.5"), {"dependencies": [{"name": "jinja2", "skip_reason": "x"}]}, None, [], {}],
    ids=["un paquet sauté", "un paquet absent", "une autre version", "tous sautés", "pas de rapport", "une liste", "vide"])
def test_un_audit_qui_na_pas_tout_regarde_est_refuse(rapport):
    assert any("audit impossible" in faute for faute in juger(rapport))


@pytest.mark.parametrize("change", [{"raison": " "}, {"responsable": ""}, {"jusqu_au": date(2028, 1, 1)}, {"jusqu_au": date(2026, 10, 1)}, {"le": "hier"},
                                    {"raison": None}])
def test_une_acceptation_sans_raison_sans_responsable_ou_sans_fin_nen_est_pas_une(tmp_path, change):
    import yaml
    fichier = tmp_path / "avis.yml"
    fichier.write_text(yaml.safe_dump({"avis": [{**vars(ACCEPTE), **change}]}))
    with pytest.raises(audit.AvisIllisibles):
        audit.lire_acceptations(fichier)
    fichier.write_text(yaml.safe_dump({"avis": [vars(ACCEPTE)]}))
    assert audit.lire_acceptations(fichier) == [ACCEPTE]


def test_le_fichier_des_acceptations_se_lit():
    audit.lire_acceptations()


def test_la_commande_refuse_et_accepte_par_son_code(tmp_path):
    """The gate on a whole lock file: green when each package is there without advisory, red with one advisory, or one package skipped."""
    rapport = {"dependencies": [{"name": n, "version": v, "vulns": []} for n, v in audit.verrouilles(audit.VERROUS["outils"]).items()]}
    fichier = tmp_path / "outils.json"

    def lancer():
        fichier.write_text(json.dumps(rapport))
        return subprocess.run([sys.executable, RACINE / "requirements" / "audit.py", "juger", fichier], capture_output=True, text=True)
    assert (lancer().returncode, "rien à redire" in lancer().stdout) == (0, True)
    rapport["dependencies"][0]["vulns"] = [AVIS]
    refuse = lancer()
    assert refuse.returncode == 1 and "PYSEC-2026-1" in refuse.stdout
    rapport["dependencies"][0] = {"name": rapport["dependencies"][0]["name"], "skip_reason": "réseau absent"}
    refuse = lancer()
    assert refuse.returncode == 1 and "audit impossible" in refuse.stdout


@pytest.mark.parametrize("nom", ["engine", "service", "outils"])
def test_chaque_paquet_verrouille_porte_son_empreinte_et_aucun_depot(nom):
    texte = audit.VERROUS[nom].read_text(encoding="utf-8")
    paquets = audit.verrouilles(audit.VERROUS[nom])
    assert paquets and texte.count("--hash=sha256:") >= len(paquets) and "://" not in texte and "--index" not in texte


def test_rasa_est_fige_et_nentre_pas_dans_le_service():
    assert audit.verrouilles(audit.VERROUS["engine"])["rasa"] == "3.6.21"
    assert "rasa" not in audit.verrouilles(audit.VERROUS["service"])


def test_la_liste_des_composants_se_fait_pour_les_deux_environnements(tmp_path):
    assert audit.composants(tmp_path) == 0
    for nom in ("service", "engine"):
        liste = json.loads((tmp_path / f"sbom-{nom}.json").read_text(encoding="utf-8"))
        trouves = {audit.normaliser(c["name"]): c["version"] for c in liste["components"]}
        assert liste["bomFormat"] == "CycloneDX" and audit.verrouilles(audit.VERROUS[nom]).items() <= trouves.items()
