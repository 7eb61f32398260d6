"""Follow-ups and double questions: what a message means after the one before."""
import pytest

from bot.knowledge.fiches import fiches
from bot.site.comprehension import Comprise
from bot.site.suite import questions, rattacher, suit

SEUILS = "auto_entrepreneur/seuils_ca"


@pytest.mark.parametrize("texte", ["et pour un artisan ?", "c'est combien ?", "et si je dépasse ?", "et la première année", "quand ?", "c koi le montant",
                                   "pour une activité libérale ?", "et en profession libérale"])
def test_une_suite_se_reconnait(texte):
    assert suit(texte)


@pytest.mark.parametrize("texte", ["Quel est le plafond ?", "je veux prendre rendez-vous mardi", "EIRL",
                                   "et je voudrais aussi savoir si mon mari peut travailler avec moi dans la boutique sans statut"])
def test_un_message_qui_se_suffit_n_est_pas_une_suite(texte):
    assert not suit(texte)


def test_une_suite_incertaine_garde_le_sujet():
    lu = rattacher("et pour un artisan ?", Comprise(None, 0.2, ("retraite/complementaire",)), SEUILS, fiches())
    assert lu.etiquette == SEUILS


def test_une_suite_va_au_voisin_que_le_moteur_prefere():
    incertain = Comprise(None, 0.3, ("auto_entrepreneur/depassement_seuils", "cotisations/calcul"))
    assert rattacher("et si je dépasse ?", incertain, SEUILS, fiches()).etiquette == "auto_entrepreneur/depassement_seuils"


def test_une_suite_sure_d_elle_change_de_sujet():
    sur = Comprise("eirl/deces", 0.97)
    assert rattacher("et si je meurs ?", sur, SEUILS, fiches()) is sur


def test_sans_sujet_precedent_rien_ne_change():
    incertain = Comprise(None, 0.2)
    assert rattacher("c'est combien ?", incertain, None, fiches()) is incertain


@pytest.mark.parametrize(("texte", "nombre"), [
    ("Quel est le plafond pour un plombier ? Et faut-il un compte bancaire séparé ?", 2),
    ("combien je paie de cotisations, et sinon est-ce que je peux embaucher un apprenti", 2),
    ("Pourquoi ? Comment ?", 1), ("Quel est le plafond ?", 1), ("Je suis plombier. J'ai deux enfants. Quel est mon plafond cette année ?", 1)])
def test_deux_questions_se_separent(texte, nombre):
    assert len(questions(texte)) == nombre


def test_une_question_courte_qui_nomme_autre_chose_change_de_sujet():
    # « c koi leirl » after a question on ceilings was answered with the ceilings again (seen in a browser, 2026-11-22).
    nomme = Comprise("eirl/definition", 0.6)
    assert rattacher("c koi leirl", nomme, SEUILS, fiches()) is nomme
