"""The conversation with JavaScript: what is announced, where the focus stays, what happens when the connection drops."""
import json

import pytest
from etapes import (
    alors_il_y_a_reponses,
    derniere_reponse,
    etant_donne_une_conversation,
    nom_du_focus,
    quand_la_connexion_coupe_une_fois,
    quand_on_choisit_le_premier_bouton,
    quand_on_demande,
    quand_on_note_les_annonces,
    quand_on_tape,
)
from playwright.sync_api import expect

pytestmark = pytest.mark.navigateur


def test_la_reponse_est_annoncee_une_fois_et_seule(page, site):
    etant_donne_une_conversation(page, site)
    quand_on_note_les_annonces(page)
    quand_on_demande(page)
    alors_il_y_a_reponses(page, 2)
    page.wait_for_timeout(300)
    annonces = page.evaluate("window.annonces")
    premiers_mots = derniere_reponse(page).locator(".bulle p").first.inner_text()
    assert len(annonces) == 1 and premiers_mots in annonces[0] and "Bonjour" not in annonces[0]


def test_le_focus_reste_dans_le_champ(page, site):
    etant_donne_une_conversation(page, site)
    page.locator("#texte").focus()
    page.keyboard.type("c koi leirl")
    quand_on_tape(page, "Enter")
    alors_il_y_a_reponses(page, 2)
    assert nom_du_focus(page) == "Votre question"


def test_maj_entree_va_a_la_ligne_sans_envoyer(page, site):
    etant_donne_une_conversation(page, site)
    page.locator("#texte").fill("une ligne")
    quand_on_tape(page, "Shift+Enter")
    assert page.locator("#texte").input_value() == "une ligne\n"
    alors_il_y_a_reponses(page, 1)


def test_un_bouton_sert_une_fois(page, site):
    etant_donne_une_conversation(page, site)
    quand_on_demande(page)
    alors_il_y_a_reponses(page, 2)
    libelle = quand_on_choisit_le_premier_bouton(page)
    alors_il_y_a_reponses(page, 3)
    expect(page.get_by_role("button", name=libelle, exact=True).first).to_be_disabled()


def test_le_compteur_parait_a_quatre_cents_caracteres(page, site):
    etant_donne_une_conversation(page, site)
    page.locator("#texte").fill("a" * 399)
    expect(page.locator("#compteur")).to_be_empty()
    page.locator("#texte").fill("a" * 400)
    expect(page.locator("#compteur")).to_contain_text("100")


def test_un_message_perdu_repart_sous_le_meme_numero(page, site):
    etant_donne_une_conversation(page, site)
    envois = quand_la_connexion_coupe_une_fois(page)
    quand_on_demande(page)
    expect(page.get_by_role("alert")).to_contain_text("n'est pas parti")
    page.get_by_role("button", name="Renvoyer").click()
    alors_il_y_a_reponses(page, 2)
    assert len(envois) == 3 and len({json.loads(e)["message_id"] for e in envois}) == 1


def test_un_refus_avec_delai_le_dit_et_laisse_renvoyer_ensuite(page, site):
    etant_donne_une_conversation(page, site)
    page.route("**/api/messages", lambda route: route.fulfill(
        status=429, headers={"Retry-After": "60"}, json={"error": {"code": "TROP_DE_MESSAGES", "message": "Patientez.", "incident": "0"}}))
    quand_on_demande(page)
    expect(page.get_by_role("alert")).to_contain_text("60 secondes")
    expect(page.get_by_role("button", name="Renvoyer")).to_be_disabled()


def test_une_reponse_peu_sure_montre_sa_sortie_a_part(page, site):
    etant_donne_une_conversation(page, site)
    choix = [{"id": str(i), "label": nom, "role": role} for i, (nom, role) in enumerate((("Vente", "reponse"), ("Et la TVA ?", "autre"), ("Oui, merci", "avis_oui")))]
    page.route("**/api/messages", lambda route: route.fulfill(json={"state": {"mode": "assistant"}, "messages": [
        {"author": "assistant", "text": "Le plafond est…", "kind": "answer", "choices": choix, "sources": [], "form": None, "data": None, "topic": None}]}))
    quand_on_note_les_annonces(page)
    quand_on_demande(page)
    alors_il_y_a_reponses(page, 2)
    sortie = page.get_by_role("group", name="Ce n'était pas votre question")
    expect(sortie.get_by_role("button")).to_have_text(["Et la TVA ?"])
    assert "Et la TVA ?" in page.evaluate("window.annonces")[0]


def test_la_conversation_survit_au_rechargement(page, site):
    etant_donne_une_conversation(page, site)
    quand_on_demande(page)
    alors_il_y_a_reponses(page, 2)
    avant = derniere_reponse(page).locator(".bulle").inner_text()
    page.reload()
    assert derniere_reponse(page).locator(".bulle").inner_text() == avant


def test_un_texte_hostile_reste_du_texte(page, site):
    etant_donne_une_conversation(page, site)
    quand_on_demande(page, "<img src=x onerror=alert(1)> plafond")
    alors_il_y_a_reponses(page, 2)
    assert page.locator("#messages img").count() == 0
    page.reload()
    assert page.locator("#messages img").count() == 0 and page.surveillance.entorses == []
