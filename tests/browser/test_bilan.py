# ruff: noqa: F811  (fixtures are imported by name)
"""The bilan in a real browser: parts that keep themselves while one writes, the road from the first check to the published edition, wide and narrow.

The front alone: no engine is needed. CAPTURES=folder keeps a picture of each page, at 1280 and 360 pixels.
"""
import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from bot.contacts.comptes_demo import MOT_DE_PASSE_DEMO
from tests.marche import servie
from tests.site.espace import espace, modele_espace, sites_espace  # noqa: F401  (fixtures)
from tests.site.test_bilan import annee_ecrite, bilans  # noqa: F401  (fixtures)

pytestmark = [pytest.mark.navigateur, pytest.mark.usefixtures("sans_hate")]
ETROIT = {"width": 360, "height": 740}


@pytest.fixture
def adresse(bilans):
    """The workspace on 20 January 2012, a whole year behind it, served on a free port."""
    with servie(bilans.app) as ou:
        yield ou


@pytest.fixture
def entrer(navigateur, adresse):
    """A tab of its own for each person, already at the workspace."""
    contextes = []

    def ouvrir(identifiant):
        contexte = navigateur.new_context(locale="fr-FR", viewport={"width": 1280, "height": 900})
        contexte.set_default_timeout(120_000)  # generous: nothing here is about speed
        contextes.append(contexte)
        page = contexte.new_page()
        page.goto(f"{adresse}/espace")
        page.get_by_label("Identifiant").fill(identifiant)
        page.get_by_label("Mot de passe").fill(MOT_DE_PASSE_DEMO)
        page.get_by_role("button", name="Se connecter").click()
        expect(page.get_by_role("heading", name="Bonjour")).to_be_visible()
        return page
    yield ouvrir
    for contexte in contextes:
        contexte.close()


def regarder(page, nom):
    """The page as it is, wide then narrow: nothing overflows sideways, wide tables scroll in their own frame; pictures kept when asked."""
    dossier = os.environ.get("CAPTURES")
    for largeur, taille in (("1280", {"width": 1280, "height": 900}), ("360", ETROIT)):
        page.set_viewport_size(taille)
        assert page.evaluate("document.documentElement.scrollWidth") <= taille["width"], (nom, largeur)
        if dossier:
            page.screenshot(path=Path(dossier) / f"bilan-{nom}-{largeur}.png", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 900})


def partie(page, nom):
    """One part to write, with its own line that says whether it is kept."""
    return page.locator(f'form[data-partie="{nom}"]')


def test_une_partie_se_garde_pendant_quon_ecrit_et_traverse_une_coupure(entrer, adresse):
    page = entrer("marc.colline")
    page.goto(f"{adresse}/espace/bilan")
    expect(page.get_by_role("table", name="Chaque cible")).to_contain_text("Population « EIG »")
    regarder(page, "ou-en-est-on")
    page.get_by_role("link", name="Écrire les parties à la main").click()
    formulaire = partie(page, "textes.enseignements")
    champ, etat = formulaire.get_by_role("textbox"), formulaire.get_by_role("status")

    champ.fill("Les entretiens du soir sont demandés.")
    expect(etat).to_have_text("Gardé.")
    page.reload()
    expect(champ).to_have_value("Les entretiens du soir sont demandés.")

    # a cut line loses nothing, and the page says so
    page.route("**/parties/**", lambda route: route.abort())
    champ.fill("Les entretiens du soir sont très demandés.")
    expect(etat).to_contain_text("Pas de réseau")
    page.unroute("**/parties/**")
    expect(etat).to_have_text("Gardé.")

    # another person in the same part: neither text is lost
    autre = entrer("marc.colline")
    autre.goto(page.url)
    champ_autre = partie(autre, "textes.enseignements").get_by_role("textbox")
    champ_autre.fill("Écrit ailleurs.")
    expect(partie(autre, "textes.enseignements").get_by_role("status")).to_have_text("Gardé.")
    champ.fill("Écrit ici.")
    expect(etat).to_contain_text("Quelqu'un d'autre vient d'écrire")
    page.on("dialog", lambda dialogue: dialogue.accept())
    page.reload()
    expect(champ).to_have_value("Écrit ailleurs.")
    expect(page.get_by_text("Écrit ici.")).to_be_visible()

    # numbers too, and what cannot be kept says why
    moyens = partie(page, "moyens")
    moyens.get_by_label("Heures", exact=True).fill("beaucoup")
    expect(moyens.get_by_role("status")).to_contain_text("nombre entier")
    moyens.get_by_label("Heures", exact=True).fill("1 200")
    expect(moyens.get_by_role("status")).to_have_text("Gardé.")
    regarder(page, "preparation")


def test_sans_script_le_bouton_garde_la_meme_chose(navigateur, adresse):
    contexte = navigateur.new_context(locale="fr-FR", java_script_enabled=False)
    page = contexte.new_page()
    page.goto(f"{adresse}/espace")
    page.get_by_label("Identifiant").fill("marc.colline")
    page.get_by_label("Mot de passe").fill(MOT_DE_PASSE_DEMO)
    page.get_by_role("button", name="Se connecter").click()
    page.goto(f"{adresse}/espace/bilan/2011/preparation")
    partie(page, "textes.synthese").get_by_role("textbox").fill("Une année de transition.")
    partie(page, "textes.synthese").get_by_role("button", name="Garder").click()
    expect(page.get_by_text("C'est gardé.")).to_be_visible()
    expect(partie(page, "textes.synthese").get_by_role("textbox")).to_have_value("Une année de transition.")
    contexte.close()


def test_du_premier_controle_a_l_edition_publiee_chacun_a_sa_page(entrer, adresse):
    marc = entrer("marc.colline")
    marc.goto(f"{adresse}/espace/bilan")
    marc.get_by_role("button", name="Jouer les contrôles").click()
    expect(marc.get_by_role("heading", name="contrôlé")).to_be_visible()
    regarder(marc, "controle")
    for qui, bouton in (("denis.ravin", "Viser les chiffres"), ("zoe.garrigue", "Viser la rédaction de la prévention")):
        page = entrer(qui)
        page.goto(f"{adresse}/espace/bilan")
        page.get_by_role("button", name=bouton).click()
        expect(page.get_by_text("visé", exact=True)).to_be_visible()
    anne = entrer("anne.sommet")
    anne.goto(f"{adresse}/espace/bilan")
    anne.get_by_role("button", name="Créer la clé de signature").click()
    anne.get_by_role("button", name="Signer ce bilan").click()
    expect(anne.get_by_role("heading", name="signé")).to_be_visible()
    anne.get_by_role("button", name="Transmettre à la caisse nationale").click()
    expect(anne.get_by_role("heading", name="Accusé de la caisse nationale")).to_be_visible()
    regarder(anne, "transmis")
    anne.get_by_role("link", name="page", exact=True).click()
    expect(anne.get_by_role("heading", level=1, name="Bilan 2011 de la politique de contact")).to_be_visible()
    assert anne.locator("img").count() == anne.locator('img[alt]:not([alt=""])').count() > 1
    regarder(anne, "document")

    jean = entrer("jean.plateau")
    jean.goto(f"{adresse}/espace/bilans")
    jean.get_by_role("link", name="bilan-demo-aquitaine-2011-1.json").click()
    expect(jean.get_by_text("Accepté").first).to_be_visible()
    regarder(jean, "recu")
    jean.goto(f"{adresse}/espace/bilans")
    jean.get_by_role("button", name="Consolider les bilans acceptés").click()
    jean.get_by_role("button", name="Publier l'édition 1").click()
    expect(jean.get_by_text("publiée le 20 janvier 2012")).to_be_visible()
    regarder(jean, "national")
    jean.goto(f"{adresse}/espace/bilans/2011/editions/1/publique/html")
    expect(jean.get_by_role("heading", level=1, name="Bilan national 2011")).to_be_visible()
    regarder(jean, "edition-publique")
