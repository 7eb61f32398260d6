"""A whole conversation with nothing but HTML: forms, buttons that send, a page after each."""
import pytest
from etapes import (
    QUESTION,
    alors_il_y_a_reponses,
    alors_on_lit,
    derniere_reponse,
    etant_donne_une_conversation,
    quand_on_choisit_le_premier_bouton,
    quand_on_demande,
)
from playwright.sync_api import expect

pytestmark = pytest.mark.navigateur


def test_on_demande_on_choisit_on_efface_sans_javascript(page_sans_js, site):
    page = page_sans_js
    etant_donne_une_conversation(page, site)
    quand_on_demande(page)
    alors_on_lit(page, QUESTION.replace(" ?", "\u202f?"))
    alors_il_y_a_reponses(page, 2)

    libelle = quand_on_choisit_le_premier_bouton(page)
    expect(page.locator(".message-assure").last).to_contain_text(libelle)
    alors_il_y_a_reponses(page, 3)

    page.get_by_role("button", name="Effacer cette conversation").click()
    alors_on_lit(page, "La conversation est effacée")
    assert page.context.cookies() == []


def test_recharger_la_page_n_envoie_rien_de_nouveau(page_sans_js, site):
    etant_donne_une_conversation(page_sans_js, site)
    quand_on_demande(page_sans_js)
    alors_il_y_a_reponses(page_sans_js, 2)
    page_sans_js.reload()
    alors_il_y_a_reponses(page_sans_js, 2)


def test_la_question_de_l_accueil_ouvre_la_conversation(page_sans_js, site):
    page_sans_js.goto(site)
    page_sans_js.get_by_label("Votre question, avec vos mots").fill(QUESTION)
    page_sans_js.get_by_role("button", name="Poser ma question").click()
    expect(page_sans_js).to_have_url(f"{site}/conversation#dernier")
    alors_il_y_a_reponses(page_sans_js, 2)


def test_l_avis_precede_le_champ_et_aucun_cookie_n_est_pose_avant_le_premier_message(page_sans_js, site):
    etant_donne_une_conversation(page_sans_js, site)
    contenu = page_sans_js.content()
    assert 0 < contenu.index("Vous parlez à un robot") < contenu.index("<textarea")
    assert page_sans_js.context.cookies() == []


def test_un_message_vide_est_refuse_par_une_phrase_liee_au_champ(page_sans_js, site):
    etant_donne_une_conversation(page_sans_js, site)
    quand_on_demande(page_sans_js, "   ")
    champ = page_sans_js.locator("#texte")
    expect(champ).to_have_attribute("aria-invalid", "true")
    assert "erreurs" in champ.get_attribute("aria-describedby")
    expect(page_sans_js.get_by_role("alert")).to_contain_text("vide")


def test_une_urgence_montre_les_numeros_a_appeler(page_sans_js, site):
    etant_donne_une_conversation(page_sans_js, site)
    quand_on_demande(page_sans_js, "j'ai envie de mourir")
    appels = derniere_reponse(page_sans_js).get_by_role("link", name="Appeler le")
    assert [a.get_attribute("href") for a in appels.all()] == ["tel:15", "tel:112", "tel:3114"]
