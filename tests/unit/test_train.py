"""Training: nothing when nothing changed, a wrong importer fails, a broken config says why, two trainings agree."""
import json
import os
import shutil
import subprocess

import pytest
import yaml

from bot.cli import train
from bot.cli.commun import RefusCommande
from bot.cli.manifeste import CONFIG, SOURCES, Manifeste, controler, empreinte_fichier, empreinte_sources
from bot.cli.processus import PYTHON_MOTEUR, environnement_moteur
from tests.marche import RACINE, conseil, environnement, lisible

MODELE = RACINE / "models" / "assistant.tar.gz"


def _manifeste(**changes):
    valeurs = {"sha256": "", "empreinte": empreinte_sources(), "sujets": 110, "intentions": 134, "exemples": 5_000, "le": "2026-11-22T10:00:00Z", "duree_s": 60}
    return Manifeste(**{**valeurs, **changes})


@pytest.fixture
def modele(tmp_path):
    """A model file and its manifest, up to date; no Rasa in it."""
    chemin = tmp_path / "m.tar.gz"
    chemin.write_bytes(b"poids")
    _manifeste(sha256=empreinte_fichier(chemin)).ecrire(chemin)
    return chemin


@pytest.fixture
def config(tmp_path):
    """Writes a variant of config.yml that trains in seconds: words only, so that the cache of encodings is left alone."""
    def ecrire(**changes):
        contenu = yaml.safe_load(CONFIG.read_text())
        contenu["pipeline"][0]["poids"] = {"mots": 1.0, "lettres": 0, "e5": 0, "use": 0}
        contenu.update(changes)
        chemin = tmp_path / "config.yml"
        chemin.write_text(yaml.safe_dump(contenu, allow_unicode=True, sort_keys=False))
        return chemin
    return ecrire


# -- when to train -------------------------------------------------------------------------------------------------------------------------


def test_un_modele_a_jour_nest_pas_refait(modele, monkeypatch):
    monkeypatch.setattr(train, "lancer_rasa", lambda *_: pytest.fail("entraînement lancé pour rien"))
    assert train.entrainer(modele).exemples == 5_000


def test_force_le_refait_quand_meme(modele, monkeypatch):
    def lance(*_):
        raise RefusCommande("TEMOIN", "lancé")
    monkeypatch.setattr(train, "lancer_rasa", lance)
    with pytest.raises(RefusCommande, match="lancé"):
        train.entrainer(modele, force=True)
    assert modele.read_bytes() == b"poids", "un entraînement raté laisse l'ancien modèle en place"


def test_une_autre_configuration_rend_le_modele_perime(modele, config):
    assert train.a_jour(modele) and not train.a_jour(modele, config())


def test_chaque_sorte_de_source_existe():
    """A pattern that matches nothing would let its changes go unseen."""
    assert [motif for motif in SOURCES if not list(RACINE.glob(motif))] == []


# -- the manifest --------------------------------------------------------------------------------------------------------------------------


def test_le_modele_signe_est_accepte(modele):
    assert controler(modele).sujets == 110


def test_un_octet_change_le_fait_refuser(modele):
    modele.write_bytes(b"poidz")
    with pytest.raises(RefusCommande, match="n'est plus le fichier"):
        controler(modele)


def test_sans_manifeste_il_est_refuse(modele):
    Manifeste.chemin(modele).unlink()
    with pytest.raises(RefusCommande, match="n'a pas de manifeste"):
        controler(modele)


# -- real trainings ------------------------------------------------------------------------------------------------------------------------


def test_lenvironnement_du_moteur_ne_sait_que_ce_quil_doit(tmp_path, monkeypatch):
    monkeypatch.setenv("CONSEIL_BASE", "postgresql://secret")
    monkeypatch.setenv("PGPASSWORD", "secret")
    env = environnement_moteur(tmp_path)
    assert "secret" not in " ".join(env.values())
    assert env["HOME"] == str(tmp_path) and env["RASA_TELEMETRY_ENABLED"] == "false" and env["OMP_NUM_THREADS"] == "1"


@pytest.mark.moteur
def test_un_mauvais_chemin_dimportateur_fait_echouer_lentrainement(config, tmp_path):
    """Rasa itself only warns, and trains a model without a single topic."""
    fausse = config(importers=[{"name": "bot.engine.importeur.KnowledgeImporter"}])
    sortie = tmp_path / "modeles" / "essai.tar.gz"
    fait = conseil("train", "--config", str(fausse), "--sortie", str(sortie), env=environnement(tmp_path / "var"), delai=300)
    assert fait.returncode == 1
    assert "ne connaît que 0 des" in lisible(fait.stderr) and "vérifiez « importers »" in lisible(fait.stderr)
    assert [p.name for p in sortie.parent.iterdir() if p.name != ".verrou"] == []


@pytest.mark.moteur
def test_une_configuration_que_rasa_refuse_est_dite_en_une_phrase(config, tmp_path):
    fausse = config(policies=[{"name": "PolitiqueAbsente"}])
    fait = conseil("train", "--config", str(fausse), "--sortie", str(tmp_path / "m" / "x.tar.gz"), env=environnement(tmp_path / "var"), delai=300)
    assert fait.returncode == 1
    assert "l'entraînement a échoué" in lisible(fait.stderr) and "PolitiqueAbsente" in fait.stderr and "Traceback" not in fait.stderr


@pytest.mark.moteur
def test_un_second_entrainement_donne_les_memes_confiances(tmp_path):
    """Trains once more from the same sources and compares with the model in place, on the question of every sheet."""
    if not train.a_jour(MODELE):
        message = "le modèle n'est pas à jour : « make train » d'abord (« make test » le fait)."
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    second = tmp_path / "second.tar.gz"
    fait = conseil("train", "--force", "--sortie", str(second), env=environnement(tmp_path / "var"), delai=900)
    assert fait.returncode == 0, fait.stderr
    compare = subprocess.run([PYTHON_MOTEUR, "-m", "bot.engine.controle", MODELE, second], cwd=RACINE, capture_output=True, text=True, check=True,
                             env=environnement_moteur(tmp_path / "moteur"))
    mesure = json.loads(compare.stdout.splitlines()[-1])
    assert mesure["questions"] > 100 and mesure["ecart"] == 0
    shutil.rmtree(tmp_path / "var")
