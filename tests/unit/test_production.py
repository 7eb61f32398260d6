"""`conseil serve --production`: each unsafe setting is refused under its own code, with a sentence that says what to do; a safe set starts."""
import argparse
import json
import socket

import pytest

from bot.cli import points_acces, production, serve
from bot.contacts.base import Sessions
from bot.contacts.tables import Caisse
from bot.reglages import RACINE, Reglages
from tests.marche import conseil, environnement, lisible
from tests.redis import serveur_redis  # noqa: F401  (fixture)

CLE, AUTRE, JETON = "kQ7mX2pLw9RtYb4NcV8sZd1FhJ6gTa3E", "Vn5bH8kMq2WzXs7RdLp4CfTj9GyE1uKa", "Pz3xKc8vBn1mQw6eRt9yUi2oAs5dFg7H"
SUR = {"sites": 2, "moteurs": 2, "base": "postgresql+psycopg://conseil:x@127.0.0.1/conseil", "suivi": "postgresql://suivi:y@127.0.0.1/suivi",
       "cle": CLE, "cle_sauvegardes": AUTRE, "jeton_moteur": JETON, "caisse": "C02", "site": "https://assistant.caisse.example",
       "cookies_surs": True, "smtp_hote": "127.0.0.1", "smtp_expediteur": "x@caisse.example"}


def codes(redis, role=None, bavard=False, environ=(), **changes):
    """Codes of what is refused, with these changes to a safe installation."""
    reglages = Reglages(**{**SUR, "redis": redis, **changes})
    return [d.code.removeprefix("PRODUCTION_") for d in production.defauts(reglages, role, bavard, dict(environ))]


@pytest.mark.parametrize("role", [None, *production.ROLES])
def test_temoin_une_installation_sure_nest_refusee_a_aucun_role(serveur_redis, role):  # noqa: F811
    assert codes(serveur_redis, role) == []


@pytest.mark.parametrize("changes, attendus", [
    ({"demo": True}, ["DEMO"]), ({"environ": {"CONSEIL_NOW": "2011-09-14"}}, ["HORLOGE"]), ({"caisse": "demo-aquitaine"}, ["CAISSE_DEMO"]),
    ({"bavard": True}, ["DEBOGAGE"]), ({"environ": {"PYTHONASYNCIODEBUG": "1"}}, ["DEBOGAGE"]),
    ({"hote": "0.0.0.0"}, ["HOTE_OUVERT"]), ({"hote": "::"}, ["HOTE_OUVERT"]), ({"hote": ""}, ["HOTE_OUVERT"]), ({"hote": "192.0.2.7"}, ["HOTE_OUVERT"]),
    ({"site": None}, ["SANS_TLS"]), ({"site": "http://assistant.caisse.example"}, ["SANS_TLS"]), ({"cookies_surs": False}, ["COOKIES"]),
    ({"mandataires": "*"}, ["MANDATAIRES"]), ({"mandataires": "127.0.0.1,0.0.0.0/0"}, ["MANDATAIRES"]),
    ({"base": None}, ["BASE_SQLITE"]), ({"base": "pas une adresse"}, ["BASE_ILLISIBLE"]),
    ({"base": "postgresql+psycopg://conseil:x@base.caisse.example/conseil"}, ["BASE_EN_CLAIR"]),
    ({"base": "postgresql+psycopg://conseil:x@base.caisse.example/conseil?sslmode=verify-full"}, []),
    ({"cle": None}, ["CLE_ABSENTE"]), ({"cle": CLE[:31]}, ["CLE_COURTE"]), ({"cle": "a" * 40}, ["CLE_EXEMPLE"]),
    ({"cle": "changez-moi-" + CLE}, ["CLE_EXEMPLE"]), ({"cle_sauvegardes": None}, ["CLE_SAUVEGARDES_ABSENTE"]), ({"cle_sauvegardes": CLE}, ["CLES_EGALES"]),
    ({"redis": None}, ["REDIS_ABSENT"]), ({"redis": "redis://redis.caisse.example/0"}, ["REDIS_EN_CLAIR"]),
    ({"suivi": None}, ["SUIVI_LOCAL"]), ({"suivi": "sqlite:///suivi.db"}, ["SUIVI_LOCAL"]),
    ({"suivi": "postgresql://suivi:y@127.0.0.1/conseil"}, ["SUIVI_COMMUN"]), ({"suivi": "postgresql://suivi:y@192.0.2.1/suivi"}, ["SUIVI_EN_CLAIR"]),
    ({"smtp_hote": None}, ["COURRIEL_ABSENT"]), ({"smtp_expediteur": None}, ["COURRIEL_ABSENT"]),
    ({"smtp_hote": "smtp.caisse.example", "smtp_tls": False}, ["COURRIEL_EN_CLAIR"]), ({"smtp_hote": "smtp.caisse.example"}, []),
    ({"role": "site", "jeton_moteur": ""}, ["JETON_ABSENTE"]), ({"role": "moteur", "jeton_moteur": "court"}, ["JETON_COURTE"]), ({"jeton_moteur": ""}, []),
    ({"role": "moteur", "environ": {"CONSEIL_BASE": "x", "CONSEIL_CLE": "y"}}, ["MOTEUR_INFORME"]),
    ({"sites": 1, "moteurs": 1, "base": None, "redis": None, "suivi": None}, []),
])
def test_chaque_reglage_dangereux_a_son_refus(serveur_redis, changes, attendus):  # noqa: F811
    assert codes(changes.pop("redis", serveur_redis), **changes) == attendus


def test_un_redis_muet_est_refuse():
    with socket.socket() as prise:
        prise.bind(("127.0.0.1", 0))
        muet = prise.getsockname()[1]
    assert codes(f"redis://127.0.0.1:{muet}/0") == ["REDIS_MUET"]


def test_une_base_ou_la_demonstration_a_tourne_est_refusee(sessions):
    with sessions() as s:
        assert [d.code for d in production.defauts_base(s)] == ["PRODUCTION_DONNEES_FICTIVES"]
        s.query(Caisse).update({"fictive": False})
        assert production.defauts_base(s) == []


def test_la_commande_dit_tous_les_refus_a_la_fois_et_ne_lance_rien(tmp_path):
    fait = conseil("serve", "--production", "--demo", env=environnement(tmp_path, CONSEIL_HOTE="0.0.0.0"))
    assert fait.returncode == 1 and not (tmp_path / "conseil.pid").exists()
    for code in ("DEMO", "CAISSE_DEMO", "HOTE_OUVERT", "SANS_TLS", "COOKIES", "CLE_ABSENTE", "COURRIEL_ABSENT", "CLE_SAUVEGARDES_ABSENTE"):
        assert f"PRODUCTION_{code} :" in lisible(fait.stderr)


def test_les_exemples_denvironnement_sont_lisibles_et_refuses_tant_que_les_secrets_manquent(serveur_redis):  # noqa: F811
    connus = {f"CONSEIL_{nom.upper()}" for nom in Reglages.model_fields}
    for role in production.ROLES:
        env = lire_env("commun") | lire_env(role)
        assert set(env) <= connus
        reglages = Reglages(**{n.removeprefix("CONSEIL_").lower(): v for n, v in env.items() if v} | {"redis": serveur_redis})
        refuses = {d.code.removeprefix("PRODUCTION_") for d in production.defauts(reglages, role, False, env)}
        assert refuses == {"site": {"CLE_ABSENTE", "JETON_ABSENTE"}, "moteur": {"JETON_ABSENTE"}, "actions": {"CLE_ABSENTE", "JETON_ABSENTE"},
                           "ouvrier": {"CLE_SAUVEGARDES_ABSENTE"}}[role] | ({"CLE_ABSENTE"} if role == "ouvrier" else set())


def lire_env(nom):
    lignes = (RACINE / "deploiement" / "environnement" / f"{nom}.env").read_text(encoding="utf-8").splitlines()
    return dict(ligne.split("=", 1) for ligne in lignes if ligne and not ligne.startswith("#"))


def test_deux_sites_et_deux_moteurs_sous_un_seul_superviseur(tmp_path):
    """Each on its port, each engine in a folder of its own: one that starts must not sweep away the other's model."""
    reglages = Reglages(donnees=tmp_path, sites=2, moteurs=2, port=8100, port_moteur=5100)
    lances = {p.nom: p for p in serve.processus(reglages, argparse.Namespace(sans_moteur=False))}
    assert list(lances) == ["site", "site-2", "actions", "ouvrier", "moteur", "moteur-2"]
    assert [lances[n].environnement["CONSEIL_PORT"] for n in ("site", "site-2")] == ["8100", "8101"]
    assert [lances[n].sonde for n in ("moteur", "moteur-2")] == [f"http://127.0.0.1:{p}/webhooks/front/" for p in (5100, 5101)]
    assert lances["moteur"].environnement["HOME"] != lances["moteur-2"].environnement["HOME"]
    assert reglages.adresses_moteur == ("http://127.0.0.1:5100", "http://127.0.0.1:5101")


# -- what the engines are told -----------------------------------------------------------------------------------------------------------------


def test_un_seul_moteur_garde_le_fichier_du_depot(tmp_path):
    assert points_acces.fichier(Reglages(), tmp_path) == RACINE / "endpoints.yml" and not list(tmp_path.iterdir())


def test_plusieurs_moteurs_partagent_suivi_et_verrous_dans_un_fichier_ferme_aux_autres(tmp_path):
    reglages = Reglages(**SUR, redis="rediss://:p%40sse@redis.caisse.example:6380/3")
    chemin = points_acces.fichier(reglages, tmp_path)
    assert chemin.stat().st_mode & 0o777 == 0o600
    dit = json.loads(chemin.read_text())
    assert dit["tracker_store"] | {"query": ""} == {"type": "bot.engine.suivi.SuiviSobre", "dialect": "postgresql", "db": "suivi", "query": "",
                                                    "host": "127.0.0.1", "username": "suivi", "password": "y"}
    assert "statement_timeout=2000" in dit["tracker_store"]["query"]["options"]
    assert dit["lock_store"] == {"type": "redis", "url": "redis.caisse.example", "port": 6380, "db": 3, "key_prefix": "conseil", "use_ssl": True,
                                 "password": "p@sse"}
    assert "conseil:x" not in chemin.read_text() and CLE not in chemin.read_text()


def test_la_base_du_suivi_sefface_comme_son_fichier(serveur_postgres):
    from sqlalchemy import text

    from bot.cli.ouvrier import purger_suivi_partage
    from bot.contacts.base import ouvrir

    adresse = serveur_postgres.vierge()
    moteur = ouvrir(adresse.render_as_string(hide_password=False))
    try:
        assert purger_suivi_partage(moteur, 1e9) == 0
        with Sessions(moteur)() as s:
            s.execute(text("CREATE TABLE events (id serial primary key, sender_id varchar(255), timestamp float)"))
            s.execute(text("INSERT INTO events (sender_id, timestamp) VALUES ('finie', 1e9 - 3600), ('vive', 1e9 - 90000), ('vive', 1e9 - 5)"))
        assert (purger_suivi_partage(moteur, 1e9), purger_suivi_partage(moteur, 1e9)) == (2, 0)
    finally:
        moteur.dispose()
        serveur_postgres.jeter(adresse)
