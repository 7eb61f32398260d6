"""The command: French everywhere, exit codes, refusals in one sentence; check and chat."""
import argparse
import http.server
import inspect
import json
import re
import shutil
import threading

import pytest

from bot.cli import COMMANDES, check, module, principal
from bot.cli.francais import MESSAGES
from bot.cli.manifeste import Manifeste
from bot.knowledge.catalogue import catalogue
from tests.marche import RACINE, Marche, conseil, environnement, lisible

# What only a programmer who misuses argparse would ever see.
DE_PROGRAMMEUR = re.compile(r"invalid conflict_resolution|mutually exclusive arguments must|cannot (have|merge)|conflicting|'required' is an invalid|"
                            r"dest= is required|is not callable|__call__|invalid option string|argument \"-\" with mode|%\(heading\)s")


# -- French, and codes ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments, phrase", [
    ([], "conseil : erreur : il manque : COMMANDE"),
    (["danser"], "'danser' n'existe pas ; choisissez parmi 'serve', 'train'"),
    (["serve", "--port"], "--port : une valeur est attendue"),
    (["serve", "--port", "huit"], "« huit » n'est pas un nombre de 1 à 65534"),
    (["serve", "--port", "0"], "« 0 » n'est pas un nombre de 1 à 65534"),
    (["train", "--vite"], "argument inconnu : --vite"),
    (["check", "--json=oui"], "cette option ne prend pas de valeur"),
    (["base"], "il manque : ACTE"),
])
def test_un_mauvais_usage_est_dit_en_francais_avec_le_code_2(capsys, arguments, phrase):
    assert principal(arguments) == 2
    dit = lisible(capsys.readouterr().err)
    assert phrase in dit and dit.startswith("usage : conseil")


@pytest.mark.parametrize("commande", ["", *COMMANDES])
def test_laide_est_en_francais(capsys, commande):
    assert principal([commande, "--help"] if commande else ["--help"]) == 0
    dit = capsys.readouterr().out
    assert "montre cette aide" in dit and not re.search(r"\b(show this|usage:|options:|positional|default)\b", dit)


def test_tout_message_dargparse_est_traduit():
    """A newer Python may bring a new message; this test names it."""
    source = inspect.getsource(argparse)
    messages = [m[1] for m in re.findall(r"""\b_\(\s*(['"])(.*?)\1\s*\)""", source)]
    messages += [m for paire in re.findall(r"""ngettext\('(.*?)',\s*'(.*?)'""", source) for m in paire]
    assert len(messages) > 15
    assert [m for m in messages if m.replace("\\n", "\n") not in MESSAGES and not DE_PROGRAMMEUR.search(m)] == []


@pytest.mark.parametrize("commande", COMMANDES)
def test_chaque_commande_est_un_module_complet(commande):
    m = module(commande)
    assert m.AIDE and callable(m.declarer) and callable(m.executer)


def test_un_reglage_illisible_est_nomme(capsys, monkeypatch):
    monkeypatch.setenv("CONSEIL_PORT", "huit mille")
    assert principal(["base", "migrer"]) == 1
    assert "CONSEIL_PORT ne peut pas valoir « huit mille »" in lisible(capsys.readouterr().err)


def test_une_panne_se_dit_en_une_phrase_et_garde_sa_trace(capsys, monkeypatch, tmp_path):
    def panne(_):
        raise ZeroDivisionError("secret de fabrication")
    monkeypatch.setattr(check, "executer", panne)
    monkeypatch.setenv("CONSEIL_DONNEES", str(tmp_path))
    assert principal(["check"]) == 1
    dit = lisible(capsys.readouterr().err)
    assert "panne inattendue (ZeroDivisionError)" in dit and "secret" not in dit and "Traceback" not in dit
    assert "secret de fabrication" in (tmp_path / "journaux" / "conseil.log").read_text()


def test_une_sortie_fermee_ne_fait_pas_de_bruit(tmp_path):
    """« conseil … | head »."""
    import subprocess
    fait = subprocess.run(["bash", "-c", f"exec {RACINE}/.venv/service/bin/conseil --help | true"], capture_output=True, text=True, timeout=60)
    assert fait.stderr == ""


# -- base ----------------------------------------------------------------------------------------------------------------------------------


def test_base_migrer_fait_la_base_et_se_rejoue(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("CONSEIL_DONNEES", str(tmp_path))
    assert [principal(["base", "migrer"]), principal(["base", "migrer"])] == [0, 0]
    assert (tmp_path / "contacts.db").exists()


@pytest.mark.parametrize("adresse", ["sqlite:////dev/null/contacts.db", "postgresql://conseil:tresor@127.0.0.1:9/conseil", "n'importe quoi tresor"])
def test_une_base_que_lon_ne_peut_pas_ouvrir_est_refusee_sans_montrer_le_mot_de_passe(capsys, monkeypatch, adresse):
    monkeypatch.setenv("CONSEIL_BASE", adresse)
    assert principal(["base", "migrer"]) == 1
    dit = lisible(capsys.readouterr().err)
    assert "CONSEIL_BASE" in dit and "panne" not in dit and "tresor" not in dit


# -- check ---------------------------------------------------------------------------------------------------------------------------------


def test_les_fichiers_du_projet_nont_aucun_defaut():
    defauts, resume = check.tout_verifier()
    assert defauts == [] and "fiches" in resume


@pytest.fixture
def arbre(tmp_path):
    """A copy of what the dialogue checks read."""
    for nom in ("domain.yml", "config.yml", "endpoints.yml", "credentials.yml"):
        shutil.copy(RACINE / nom, tmp_path / nom)
    shutil.copytree(RACINE / "bot" / "data", tmp_path / "bot" / "data")
    for dossier in ("engine", "actions"):
        shutil.copytree(RACINE / "bot" / dossier, tmp_path / "bot" / dossier)
    return tmp_path


def _codes(arbre):
    dialogue = check.Dialogue.lire(arbre)
    return {d.code for d in [*check.verifier_intentions(dialogue, catalogue()), *check.verifier_regles(dialogue), *check.verifier_exemples(dialogue, {}),
                             *check.verifier_actions(dialogue, arbre), *check.verifier_config(arbre)]}


def test_la_copie_intacte_na_aucun_defaut(arbre):
    assert _codes(arbre) == set()


@pytest.mark.parametrize("fichier, avant, apres, code", [
    ("domain.yml", "- saluer\n", "", "ETIQUETTE_SANS_INTENTION"),
    ("domain.yml", "- saluer\n", "- saluer\n- danser\n", "INTENTION_HORS_CATALOGUE"),
    ("bot/data/rules/conversation.yml", "- {rule: saluer, steps: [{intent: saluer}, {action: utter_saluer}]}\n", "", "INTENTION_SANS_REGLE"),
    ("bot/data/rules/conversation.yml", "{intent: saluer}", "{intent: saluter}", "REGLE_INTENTION_INCONNUE"),
    ("bot/data/rules/conversation.yml", "{action: utter_saluer}", "{action: utter_salue}", "REPONSE_ABSENTE"),
    ("bot/data/rules/assures.yml", "{action: action_coordonnees}", "{action: action_coordonnee}", "ACTION_ABSENTE"),
    ("domain.yml", "- action_coordonnees\n", "- action_coordonnees\n- action_danser\n", "ACTION_SANS_CODE"),
    ("domain.yml", "responses:\n", "responses:\n  utter_perdue:\n  - text: perdue\n", "REPONSE_INUTILE"),
    ("bot/data/nlu/conversation.yml", "- intent: saluer\n", "- intent: saluter\n", "EXEMPLES_RARES"),
    ("bot/data/nlu/conversation.yml", "- intent: saluer\n", "- intent: saluter\n", "EXEMPLES_PERDUS"),
    ("bot/data/nlu/conversation.yml", "  examples: |\n", "  examples: |\n    - prise de rendez-vous\n", "FORMULATION_PARTAGEE"),
    ("config.yml", "bot.engine.importateur.KnowledgeImporter", "bot.engine.importeur.KnowledgeImporter", "COMPOSANT_INCONNU"),
    ("config.yml", "bot.engine.classifieur.Decision", "bot.engine.classifieur.Decisions", "COMPOSANT_INCONNU"),
    ("config.yml", "importers:\n", "importers:\n- name: RasaFileImporter\n", "IMPORTATEUR"),
    ("credentials.yml", "${CONSEIL_JETON_MOTEUR}", '"${CONSEIL_JETON_MOTEUR}"', "VARIABLE_CITEE"),
    ("endpoints.yml", "http://127.0.0.1:", "http://actions.example:", "ADRESSE_EXTERIEURE"),
    ("endpoints.yml", "tracker_store:", "models:\n  url: http://127.0.0.1:9/m\ntracker_store:", "MODELE_DISTANT"),
])
def test_chaque_faute_semee_est_trouvee(arbre, fichier, avant, apres, code):
    texte = (arbre / fichier).read_text(encoding="utf-8")
    assert avant in texte, "la faute ne peut plus être semée : le fichier a changé"
    (arbre / fichier).write_text(texte.replace(avant, apres, 1), encoding="utf-8")
    assert code in _codes(arbre)


def test_check_rend_1_et_du_json_quand_une_fiche_est_fautive(capsys, monkeypatch):
    defaut = check.Defaut("LIEN_MORT", "eirl/deces", "« voir_aussi » cite « eirl/rien ».")
    monkeypatch.setattr(check, "tout_verifier", lambda: ([defaut], ""))
    assert principal(["check", "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == [{"code": "LIEN_MORT", "ou": "eirl/deces", "message": "« voir_aussi » cite « eirl/rien »."}]


# -- chat ----------------------------------------------------------------------------------------------------------------------------------


def test_chat_sans_site_dit_comment_le_lancer(capsys):
    assert principal(["chat", "--url", "http://127.0.0.1:9"]) == 1
    assert "lancez d'abord le site avec « make run »" in lisible(capsys.readouterr().err)


def test_chat_refuse_une_adresse_qui_nen_est_pas_une(capsys):
    assert principal(["chat", "--url", "chez moi"]) == 1
    assert "n'est pas une adresse" in lisible(capsys.readouterr().err)


def test_chat_reconnait_un_site_qui_nest_pas_lassistant(capsys, tmp_path):
    class Autre(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>bonjour</html>")

        def log_message(self, *_):
            pass
    serveur = http.server.HTTPServer(("127.0.0.1", 0), Autre)
    threading.Thread(target=serveur.serve_forever, daemon=True).start()
    try:
        assert principal(["chat", "--url", f"http://127.0.0.1:{serveur.server_port}"]) == 1
    finally:
        serveur.shutdown()
        serveur.server_close()
    assert "ce n'est pas l'assistant" in lisible(capsys.readouterr().err)


def test_chat_numerote_les_choix_montre_les_sources_et_quitte(tmp_path):
    """The real site, without its engine: the search in the sheets offers choices, a number takes one."""
    site = Marche(tmp_path / "site", "--demo", "--sans-moteur")
    try:
        site.attendre("Site prêt")
        fait = conseil("chat", "--url", site.adresse, entree="definition eirl\n1\n\n/effacer\n/quitter\njamais lu\n", env=environnement(tmp_path))
    finally:
        site.finir()
    dit = lisible(fait.stdout)
    assert fait.returncode == 0, fait.stderr
    assert "Vous parlez à un robot" in dit and re.search(r"^ +1\. .*EIRL", dit, re.M)
    assert "Sources : " in dit and "Conversation effacée." in dit and "jamais lu" not in dit


def test_le_manifeste_illisible_vaut_absence(tmp_path):
    (tmp_path / "m.json").write_text('{"sha256": 1')
    assert Manifeste.lire(tmp_path / "m.tar.gz") is None
