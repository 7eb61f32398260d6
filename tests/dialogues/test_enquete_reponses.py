"""Sixty answers typed in free French through the whole stack, each read in the database; and fifteen that must be asked again, never guessed.

Written as people type them, without looking at the lists of knowledge/questionnaires/synonymes.yml.
"""
import pytest

from tests.dialogues.conftest import Assure
from tests.dialogues.test_enquete import commencer, reponses_de

pytestmark = pytest.mark.moteur

# item → what is typed → the code it must land in
SOIXANTE = {
    "Q1": {"oui carrément !!": "tres", "franchement très très bien": "tres", "j'étais ravie": "tres", "c t super": "tres", "tres satisfète": "tres", "trop bien": "tres",
           "plutot ok": "plutot", "ça va": "plutot", "oui ça allait": "plutot", "assez contente": "plutot", "bof": "plutot_pas", "pas vraiment": "plutot_pas",
           "mouais bof": "plutot_pas", "un peu déçu": "plutot_pas", "moyen moyen": "plutot_pas", "pas tro satisfait": "plutot_pas", "nul": "pas", "pas du tou": "pas",
           "nul de chez nul": "pas", "une catastrophe": "pas", "pas contente du tout": "pas", "jsp": "nsp"},
    "Q2": {"tt a fait": "tout_a_fait", "limpide": "tout_a_fait", "oui très claires": "tout_a_fait", "oui plutôt": "plutot", "à peu près": "plutot", "assé clair": "plutot",
           "pas tres clair": "plutot_pas", "un peu flou": "plutot_pas", "j'ai pas tout compris": "plutot_pas", "du chinois": "pas_du_tout", "rien pigé": "pas_du_tout"},
    "Q4": {"oui a toute mes questions": "toutes", "à moitié": "en_partie", "pas à tout": "en_partie", "non aucune": "non", "javais pas de question": "sans_question"},
    "Q5": {"la retraite et mes cotis": "D2 D3", "surtout ma retrete": "D3", "les aides": "D7"},
    "Q7": {"trop loin": "plutot_pas", "pas terrible l'horaire": "plutot_pas", "nickel": "tres", "pas concerné": "so"},
    "Q8": {"très gentille et à l'écoute": "tres", "une dame adorable": "tres", "un peu froide": "plutot_pas"},
    "Q9": {"super utile": "tres", "ça peut servir": "plutot", "pas trop utiles": "peu", "ça sert à rien": "pas", "pas encore lu": "pas_lus", "on m'a rien donné": "pas_recus"},
    "Q10": {"oui bcp mieux": "nettement", "un ptit peu": "un_peu", "pareil qu'avant": "non"},
    "Q11": {"je vais prendre rdv": "rendez_vous", "demander mon relevé de carriere": "releve_carriere", "rien pr l'instant": "rien"}}
AMBIGUES = ("moyen", "oui", "non", "normal", "comme d'habitude", "3/5", "7 sur 10", "couci-couça", "oui et non", "mi-figue mi-raisin", "pas satisfait", "content",
            "satisfait", "ni bien ni mal", "oui mais non")
ORDRE = tuple(f"Q{n}" for n in range(1, 13))


def aller_a(assure: Assure, item: str) -> None:
    """Up to an item, passing the ones before."""
    for passe in ORDRE[:ORDRE.index(item)]:
        assert assure.choisit("Passer"), passe


def test_soixante_facons_de_repondre_au_moins():
    assert sum(map(len, SOIXANTE.values())) >= 60 and len(AMBIGUES) == 15


@pytest.mark.parametrize("item", SOIXANTE)
def test_ce_qui_est_tape_se_range_dans_la_bonne_modalite(assure, codes, base_du_site, donnees, item):
    code = next(codes)
    commencer(assure, code)
    aller_a(assure, item)
    lus = {}
    for tape in SOIXANTE[item]:
        reponse = assure.dit(tape)
        lus[tape] = " ".join(sorted(reponses_de(base_du_site, code, donnees)[0].get(item, ())))
        if f"Question {ORDRE.index(item) + 2} sur 13" in reponse.texte:
            assure.choisit("Revenir")
    assert lus == SOIXANTE[item]


def test_une_reponse_ambigue_est_redemandee_et_rien_nest_garde(assure, codes, base_du_site, donnees):
    code = next(codes)
    commencer(assure, code)
    devinees = []
    for tape in AMBIGUES:
        if "Je ne sais pas ranger cette réponse" not in assure.dit(tape).texte or reponses_de(base_du_site, code, donnees)[0].get("Q1", {"passe"}) != {"passe"}:
            devinees.append(tape)
        assure.choisit("Passer")
        assure.choisit("Revenir")
    assert devinees == []
