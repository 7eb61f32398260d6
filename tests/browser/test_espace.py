"""A counsellor's morning, in a real browser: login, agenda, trame that saves itself through a cut, outcome, undo. The front alone: no engine is needed."""
import re

import pytest
from playwright.sync_api import expect

from bot.contacts.comptes_demo import MOT_DE_PASSE_DEMO
from tests.marche import servie
from tests.site.espace import modele_espace  # noqa: F401  (fixture)
from tests.site.espace_agenda import bureau, modele_bureau, sites_bureau  # noqa: F401  (fixtures)

pytestmark = pytest.mark.navigateur


@pytest.fixture
def adresse(bureau):  # noqa: F811
    """The workspace of `bureau`, served on a free port."""
    with servie(bureau.espace.app) as ou:
        yield ou


def etant_donne_claire_connectee(page, adresse):
    page.goto(f"{adresse}/espace")
    page.get_by_label("Identifiant").fill("claire.fontaine")
    page.get_by_label("Mot de passe").fill(MOT_DE_PASSE_DEMO)
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("heading", name="Bonjour Claire")).to_be_visible()


def quand_elle_ouvre_lentretien(page):
    page.get_by_role("navigation", name="Principal").get_by_role("link", name="Agenda", exact=True).click()
    page.get_by_role("link", name=re.compile("^Éléonore Fictif-Tilleul")).click()
    expect(page.get_by_role("heading", name="Éléonore Fictif-Tilleul")).to_be_visible()


def test_la_matinee_dune_conseillere(page, adresse, bureau):  # noqa: F811
    etant_donne_claire_connectee(page, adresse)
    quand_elle_ouvre_lentretien(page)
    page.get_by_role("link", name="Trame de l'entretien").click()
    etat = page.locator("#etat")

    # the trame saves itself; a cut line loses nothing
    page.get_by_label("Ce que la personne attend").fill("Comprendre son relevé")
    expect(etat).to_contain_text("Enregistré à")
    page.route("**/trame", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    page.get_by_label("Profondeur, Votre carrière, année par année").select_option("3")
    expect(etat).to_contain_text("Connexion coupée")
    page.unroute("**/trame")
    expect(etat).to_contain_text("Enregistré à", timeout=10_000)

    # another page of the same trame is never overwritten
    autre = page.context.new_page()
    autre.goto(page.url)
    expect(autre.get_by_label("Profondeur, Votre carrière, année par année")).to_have_value("3")
    autre.get_by_label("Ce qui est décidé").fill("Elle envoie ses bulletins.")
    expect(autre.locator("#etat")).to_contain_text("Enregistré à")
    page.get_by_label("Minutes, Votre carrière, année par année").fill("20")
    expect(etat).to_contain_text("depuis une autre page")
    page.get_by_role("button", name="Enregistrer la trame").click()
    expect(page.get_by_role("heading", name="Deux pages ouvertes")).to_be_visible()
    expect(page.get_by_role("cell", name="Elle envoie ses bulletins.")).to_be_visible()
    page.get_by_label("Ce qui est décidé").fill("Elle envoie ses bulletins.")
    page.get_by_role("button", name="Enregistrer la trame").click()
    expect(page.get_by_role("status").first).to_contain_text("La trame est enregistrée")

    # ten seconds: the outcome, with what the trame already says
    page.get_by_role("link", name="Passer au compte rendu").click()
    expect(page.get_by_label("Note")).to_have_value("Elle envoie ses bulletins.")
    page.get_by_label("Sujet principal").select_option("carriere")
    page.get_by_text("Ce qui a été abordé, pour le bilan").click()
    page.get_by_label("Les domaines laissés vides").select_option("manque_de_temps")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_role("status")).to_contain_text("Le compte rendu est enregistré")
    contact = bureau.contact()
    assert (contact.resultat, len(contact.domaines)) == ("realise", 9)

    assert page.surveillance.entorses == [] and page.surveillance.pannes == [] and page.surveillance.hors_de(adresse) == []


def test_ouvrir_et_defaire_sans_javascript_sur_un_telephone(page_sans_js, adresse):
    page = page_sans_js
    page.set_viewport_size({"width": 320, "height": 640})
    etant_donne_claire_connectee(page, adresse)
    page.get_by_role("navigation", name="Principal").get_by_role("link", name="Agenda", exact=True).click()
    page.get_by_role("link", name="Ouvrir des créneaux").click()
    page.get_by_label("Jour").fill("2011-10-18")
    page.get_by_label("De", exact=True).fill("14:00")
    page.get_by_label("À", exact=True).fill("17:00")
    page.get_by_label("Entretien de conseil social, par téléphone").check()
    page.get_by_role("button", name="Voir ce que cela donne").click()
    expect(page.get_by_role("heading", name="Ce que cela donne")).to_be_visible()
    page.get_by_role("button", name="Ouvrir ces créneaux").click()
    expect(page.get_by_role("status")).to_contain_text("Les créneaux sont ouverts")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.get_by_role("button", name="Défaire").click()
    expect(page.get_by_role("status")).to_contain_text("C'est défait")
