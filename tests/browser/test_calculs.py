"""A calculation from the home page to its figure, in a browser without JavaScript."""
import pytest
from etapes import alors_on_lit, depasse_en_largeur, etant_donne_la_page, quand_on_suit
from playwright.sync_api import expect

pytestmark = pytest.mark.navigateur


def test_un_calcul_se_fait_se_partage_et_mene_a_sa_fiche(page_sans_js, site):
    page = page_sans_js
    etant_donne_la_page(page, site)
    quand_on_suit(page, "Ce que je paie en auto-entrepreneur")
    page.get_by_label("Combien encaissez-vous ?".replace(" ?", "\u202f?")).fill("2 000 €")
    page.get_by_label("Pour quelle durée").select_option("Par mois")
    page.get_by_label("Quelle est votre activité").select_option("Prestations de services")
    page.get_by_label("Êtes-vous artisan ou commerçant").select_option("Artisan")
    page.get_by_role("button", name="Calculer").click()
    alors_on_lit(page, "432\u00a0€", "21,3\u00a0%", "Règles en vigueur au", "Code de la sécurité sociale")
    etant_donne_la_page(page, page.url)
    alors_on_lit(page, "432\u00a0€")
    page.get_by_role("button", name="Prendre rendez-vous").click()
    expect(page).to_have_url(f"{site}/conversation#dernier")


def test_une_date_impossible_se_corrige(page_sans_js, site):
    etant_donne_la_page(page_sans_js, f"{site}/calculs/age_retraite?naissance=2031-01-01")
    expect(page_sans_js.get_by_role("alert")).to_contain_text("avenir")
    champ = page_sans_js.get_by_label("Quelle est votre date de naissance")
    expect(champ).to_have_attribute("aria-invalid", "true")
    champ.fill("1952-04-12")
    page_sans_js.get_by_role("button", name="Calculer").click()
    alors_on_lit(page_sans_js, "Âge minimum de départ")


def test_les_calculs_tiennent_sur_un_ecran_etroit(page_etroite, site):
    for chemin in ("/calculs", "/calculs/cotisations_micro?montant=2000&periode=mois&activite=prestation&groupe=artisan", "/calculs/delai_recours"):
        etant_donne_la_page(page_etroite, site + chemin)
        assert not depasse_en_largeur(page_etroite)
