"""Rules that hold on every page: nothing asked for elsewhere, no breach of the content security policy, no sideways scrolling at 320 pixels."""
import pytest
from etapes import alors_il_y_a_reponses, depasse_en_largeur, etant_donne_la_page, etant_donne_une_conversation, quand_on_demande

pytestmark = pytest.mark.navigateur
PAGES = ["/", "/faq", "/faq?q=retraite", "/faq/auto_entrepreneur/depassement_seuils", "/faq/sante/urgence", "/conversation",
         "/cadre?caisse=demo-aquitaine", "/donnees-personnelles", "/accessibilite", "/a-propos", "/page-qui-n-existe-pas"]


def test_aucune_page_ne_demande_rien_ailleurs_ni_n_enfreint_sa_politique(page, site):
    for chemin in PAGES:
        etant_donne_la_page(page, site + chemin)
    etant_donne_une_conversation(page, site)
    quand_on_demande(page)
    alors_il_y_a_reponses(page, 2)
    assert page.surveillance.hors_de(site) == []
    assert page.surveillance.entorses == []
    assert page.surveillance.pannes == []


def test_la_surveillance_voit_une_demande_faite_ailleurs(page):
    page.route("**/*", lambda route: route.abort())
    page.set_content('<img src="https://ailleurs.invalid/image.png">')
    assert page.surveillance.hors_de("http://127.0.0.1:8000") == ["https://ailleurs.invalid/image.png"]


def test_la_surveillance_voit_une_entorse_a_la_politique(page, site):
    etant_donne_la_page(page, site)
    page.evaluate("document.body.append(Object.assign(new Image(), {src: 'https://ailleurs.invalid/image.png'}))")
    page.wait_for_timeout(200)
    assert page.surveillance.entorses != []


@pytest.mark.parametrize("chemin", PAGES)
def test_rien_ne_depasse_en_largeur_a_320_pixels(page_etroite, site, chemin):
    etant_donne_la_page(page_etroite, site + chemin)
    assert not depasse_en_largeur(page_etroite)


def test_une_reponse_ne_depasse_pas_en_largeur_a_320_pixels(page_etroite, site):
    etant_donne_une_conversation(page_etroite, site)
    quand_on_demande(page_etroite, "a" * 120)
    alors_il_y_a_reponses(page_etroite, 2)
    assert not depasse_en_largeur(page_etroite)


def test_la_mesure_voit_une_page_trop_large(page_etroite):
    page_etroite.set_content('<div style="width: 600px">trop large</div>')
    assert depasse_en_largeur(page_etroite)
