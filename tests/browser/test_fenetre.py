"""The assistant in a caisse's own site, on another origin, under a style that would spoil any guest."""
import pytest
from etapes import (
    alors_il_y_a_reponses,
    derniere_reponse,
    etant_donne_la_page,
    nom_du_focus,
    quand_on_demande,
    quand_on_tabule_jusqua,
    quand_on_tape,
    style,
)
from playwright.sync_api import expect

pytestmark = pytest.mark.navigateur
FENETRE = "conseil-assistant iframe"


def test_tout_se_fait_au_clavier_de_l_ouverture_a_la_fermeture(page, site_demo_caisse):
    etant_donne_la_page(page, site_demo_caisse)
    quand_on_tabule_jusqua(page, "Poser une question")
    quand_on_tape(page, "Enter")
    fenetre = page.frame_locator(FENETRE)
    expect(fenetre.locator("#texte")).to_be_focused()

    page.keyboard.type("plafond ca auto entrepreneur ?")
    quand_on_tape(page, "Enter")
    alors_il_y_a_reponses(fenetre, 2)

    libelle = derniere_reponse(fenetre).locator("button").last.inner_text()
    quand_on_tabule_jusqua(page, libelle, touche="Shift+Tab")
    quand_on_tape(page, "Enter")
    alors_il_y_a_reponses(fenetre, 3)

    quand_on_tape(page, "Escape")
    lanceur = page.get_by_role("button", name="Poser une question")
    expect(lanceur).to_have_attribute("aria-expanded", "false")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert nom_du_focus(page) == "Poser une question"


def test_le_clavier_n_est_pas_pris_au_piege(page, site_demo_caisse):
    etant_donne_la_page(page, site_demo_caisse)
    quand_on_tabule_jusqua(page, "Poser une question")
    quand_on_tape(page, "Enter")
    expect(page.frame_locator(FENETRE).locator("#texte")).to_be_focused()
    quand_on_tabule_jusqua(page, "Poser une question", touche="Shift+Tab")


def test_la_fenetre_ne_charge_rien_avant_d_etre_ouverte(page, site, site_demo_caisse):
    etant_donne_la_page(page, site_demo_caisse)
    expect(page.get_by_role("button", name="Poser une question")).to_be_visible()
    assert [d for d in page.surveillance.demandes if d.startswith(site)] == [f"{site}/static/conseil.js"]
    assert page.context.cookies() == []


def test_le_style_du_site_n_entre_pas_chez_l_assistant(page, site_demo_caisse):
    etant_donne_la_page(page, site_demo_caisse)
    lanceur = "conseil-assistant .lanceur"
    expect(page.locator(lanceur)).to_be_visible()
    assert "cursive" not in style(page, lanceur, "font-family")
    assert style(page, lanceur, "background-color") == "rgb(20, 80, 74)"
    assert style(page, lanceur, "text-transform") == "none"
    assert style(page, lanceur, "font-size") == "16px"
    page.locator(lanceur).click()
    titre = "conseil-assistant .tete h2"
    assert (style(page, titre, "letter-spacing"), style(page, titre, "transform")) == ("normal", "none")
    assert "cursive" not in style(page, titre, "font-family")
    cadre = page.locator(FENETRE).bounding_box()
    assert cadre["width"] > 350 and cadre["height"] > 400 and style(page, FENETRE, "opacity") == "1"


def test_le_style_de_l_assistant_ne_sort_pas_sur_le_site(page, site_demo_caisse):
    etant_donne_la_page(page, site_demo_caisse)
    page.get_by_role("button", name="Poser une question").click()
    # Control: the site's own rules do hold on its own button, the assistant's do not.
    assert style(page, "#temoin", "background-color") == "rgb(255, 0, 0)"
    assert "cursive" in style(page, "#temoin", "font-family")
    assert page.evaluate("document.adoptedStyleSheets.length + document.querySelectorAll('style').length") == 0


def test_une_origine_que_la_caisse_n_a_pas_declaree_ne_recoit_aucun_message(page, site, site_demo_caisse):
    declaree, inconnue = (page.request.get(f"{site}/cadre", params={"caisse": "demo-aquitaine", "hote": hote}).text()
                          for hote in (site_demo_caisse, "https://inconnu.example"))
    assert f'data-hote="{site_demo_caisse}"' in declaree and "data-hote" not in inconnue


def test_sur_un_telephone_la_fenetre_prend_tout_l_ecran(page, site_demo_caisse):
    page.set_viewport_size({"width": 390, "height": 844})
    etant_donne_la_page(page, site_demo_caisse)
    page.get_by_role("button", name="Poser une question").click()
    assert page.get_by_role("dialog").bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 844}


def test_rien_ne_part_ailleurs_ni_ne_contredit_la_politique_de_contenu(page, site, site_demo_caisse):
    etant_donne_la_page(page, site_demo_caisse)
    page.get_by_role("button", name="Poser une question").click()
    fenetre = page.frame_locator(FENETRE)
    quand_on_demande(fenetre)
    alors_il_y_a_reponses(fenetre, 2)
    assert page.surveillance.hors_de(site, site_demo_caisse) == []
    assert page.surveillance.entorses == [] and page.surveillance.pannes == []
