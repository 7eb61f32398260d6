"""Answer, answer with a way out, offer, refuse: what a ranking leads to, and what the site shows of it."""
import pytest

from bot.cli.evaluation import Mesure, Question
from bot.knowledge.catalogue import HORS_SUJET
from bot.knowledge.decision import INCOMPRIS, PROPOSITIONS_MAX, SEUILS, decider
from bot.knowledge.lecture import lire_yaml
from bot.reglages import RACINE
from bot.site.comprehension import interpreter, lire


def classement(**confiances):
    return [{"name": n.replace("__", "."), "confidence": c} for n, c in confiances.items()]


def brute(intention, confiance, *propositions):
    return {"intention": intention, "confiance": confiance, "propositions": list(propositions),
            "classement": [{"intention": intention, "confiance": confiance}, *({"intention": p, "confiance": 0.05} for p in propositions)]}


def test_une_reponse_sure_vient_seule():
    assert decider(classement(a=0.98, b=0.01, c=0.01), SEUILS) == ("a", [])


def test_une_reponse_moins_sure_vient_avec_les_suivantes():
    assert decider(classement(a=0.7, b=0.2, hors_sujet=0.06, c=0.03, d=0.005), SEUILS) == ("a", ["b", "c"])


def test_le_seuil_du_doute_est_exclu():
    assert decider(classement(a=0.97, b=0.03), SEUILS) == ("a", []) and decider(classement(a=0.969, b=0.03), SEUILS) == ("a", ["b"])


def test_un_hors_sujet_ne_propose_rien_meme_peu_sur():
    assert decider(classement(hors_sujet=0.6, b=0.2), SEUILS) == (HORS_SUJET, [])


def test_une_hesitation_propose_et_un_rien_refuse():
    assert decider(classement(a=0.4, b=0.3, c=0.2), SEUILS) == (INCOMPRIS, ["a", "b", "c"])
    assert decider(classement(a=0.05, b=0.04), SEUILS) == (HORS_SUJET, [])
    assert decider(classement(a=0.4, b=0.3, hors_sujet=0.2), SEUILS) == (HORS_SUJET, [])


def test_jamais_plus_de_propositions_que_prevu():
    nombreuses = classement(a=0.55, **{f"x{i}": 0.04 for i in range(10)})
    assert decider(nombreuses, SEUILS)[1] == [f"x{i}" for i in range(PROPOSITIONS_MAX)]


def test_config_yml_regle_tous_les_seuils():
    etage = next(c for c in lire_yaml(RACINE / "config.yml")["pipeline"] if c["name"].endswith(".Decision"))
    assert set(etage) - {"name"} == set(SEUILS)


# -- what the site shows of it, and what the evaluation counts ---------------------------------------------------------------------------

SEUILS_CA, DEPASSEMENT, TVA = "auto_entrepreneur.seuils_ca", "auto_entrepreneur.depassement_seuils", "auto_entrepreneur.tva"


def test_deux_autres_sujets_au_plus_sous_une_reponse():
    comprise = lire(brute(SEUILS_CA, 0.7, DEPASSEMENT, "saluer", "prendre_rdv", TVA, "eirl.deces"))
    assert (comprise.etiquette, comprise.offertes) == ("auto_entrepreneur/seuils_ca", ("auto_entrepreneur/depassement_seuils", "auto_entrepreneur/tva"))


@pytest.mark.parametrize("intention", ["saluer", "prendre_rdv", "hors_sujet", "sante.conseil_medical", "retraite.estimation_personnalisee", "sante.urgence"])
def test_rien_sous_une_conversation_un_flux_un_refus_une_urgence(intention):
    assert lire(brute(intention, 0.7, DEPASSEMENT)).offertes == ()


def test_une_hesitation_propose_comme_avant():
    assert lire(brute(INCOMPRIS, 0.4, SEUILS_CA, "prendre_rdv", "saluer", TVA, DEPASSEMENT)).offertes == (
        "auto_entrepreneur/seuils_ca", "prendre_rdv", "auto_entrepreneur/tva")


def test_l_evaluation_compte_les_choix_montres_sous_la_reponse():
    comprise = interpreter("seuil de tva ?", brute(SEUILS_CA, 0.7, TVA), None)
    mesure = Mesure(Question("seuil de tva ?", "auto_entrepreneur/tva"), comprise, 1.0)
    assert mesure.offerte and mesure.fausse and not mesure.juste
    seule = Mesure(Question("seuil de tva ?", "auto_entrepreneur/tva"), interpreter("seuil de tva ?", brute(SEUILS_CA, 0.95), None), 1.0)
    assert not seule.offerte


def test_dans_une_autre_langue_une_lecture_peu_sure_est_refusee_et_rien_n_est_propose():
    sure, moins = (interpreter("how do I register my business", brute(SEUILS_CA, c, TVA), None) for c in (0.8, 0.7))
    assert sure.etiquette == "auto_entrepreneur/seuils_ca" and sure.offertes == () and moins.refusee
    assert interpreter("how do I register my business", brute(INCOMPRIS, 0.4, SEUILS_CA, TVA), None).refusee
    assert not interpreter("comment je m'inscris", brute(SEUILS_CA, 0.7, TVA), None).refusee
