"""Forms and modes of the conversation in the page's script: what the server sends is drawn as native fields, and sent back once."""
import json

import pytest
from etapes import alors_il_y_a_reponses, etant_donne_une_conversation, nom_du_focus, quand_on_demande
from playwright.sync_api import expect

pytestmark = pytest.mark.navigateur

CHAMPS = [{"name": "telephone", "label": "Téléphone", "type": "tel", "required": True, "autocomplete": "tel", "choices": [], "max_length": 30},
          {"name": "naissance", "label": "Date de naissance", "type": "date", "required": False, "choices": [], "max_length": 30, "help": "Si vous voulez."},
          {"name": "antenne", "label": "Antenne", "type": "select", "required": True, "choices": ["Bayonne", "Bordeaux"], "max_length": 30}]


def message(texte, champs=None, auteur="assistant"):
    form = champs and {"id": "essai", "fields": champs, "submit": "Enregistrer", "sent": "Coordonnées envoyées"}
    return {"author": auteur, "text": texte, "kind": "form" if form else "answer", "choices": [], "sources": [], "form": form, "data": None, "topic": None}


def quand_le_serveur_repond(page, *enveloppes):
    """The next messages get these answers, in order; the bodies they were sent with."""
    corps, suite = [], iter(enveloppes)

    def repondre(route):
        if route.request.method == "GET":
            return route.continue_()
        corps.append(json.loads(route.request.post_data))
        messages, mode = next(suite)
        return route.fulfill(json={"messages": messages, "state": {"mode": mode}})

    page.route("**/api/messages", repondre)
    return corps


def test_un_formulaire_se_remplit_se_corrige_et_disparait(page, site):
    etant_donne_une_conversation(page, site)
    faux = [{**CHAMPS[0], "error": "Écrivez un numéro complet."}, *CHAMPS[1:]]
    corps = quand_le_serveur_repond(page, ([message("Vos coordonnées ?", CHAMPS)], "assistant"), ([message("Il reste un point.", faux)], "assistant"),
                                    ([message("C'est noté.")], "assistant"))
    quand_on_demande(page, "je veux un rendez-vous")
    page.get_by_label("Téléphone").fill("12")
    page.get_by_label("Antenne").select_option("Bayonne")
    page.get_by_role("button", name="Enregistrer").click()
    alors_il_y_a_reponses(page, 3)
    champ = page.get_by_label("Téléphone")
    expect(champ).to_have_count(1)
    expect(champ).to_have_value("12")
    expect(page.get_by_label("Antenne")).to_have_value("Bayonne")
    expect(champ).to_have_attribute("aria-describedby", "f-essai-telephone-erreur")
    assert nom_du_focus(page) == "Téléphone"
    champ.fill("06 39 98 56 78")
    page.get_by_role("button", name="Enregistrer").click()
    alors_il_y_a_reponses(page, 4)
    expect(page.locator(".formulaire")).to_have_count(0)
    expect(page.locator(".message-assure").last).to_contain_text("Coordonnées envoyées")
    assert [c["form"]["values"]["telephone"] for c in corps[1:]] == ["12", "06 39 98 56 78"]
    assert "06 39 98 56 78" not in page.locator("#messages").inner_text() and page.surveillance.pannes == []


def test_la_page_dit_qui_repond_et_se_ferme(page, site):
    etant_donne_une_conversation(page, site)
    quand_le_serveur_repond(page, ([message("Je passe la main.")], "waiting"), ([message("Bonjour, c'est Maïté.", auteur="conseiller")], "counsellor"),
                            ([message("Au revoir.")], "closed"))
    quand_on_demande(page, "un conseiller svp")
    expect(page.locator("#mode")).to_contain_text("Un conseiller va vous répondre")
    quand_on_demande(page, "vous êtes là ?")
    expect(page.locator("#mode")).to_contain_text("Vous parlez maintenant à un conseiller")
    expect(page.locator(".message-conseiller .auteur")).to_have_text("Conseiller")
    quand_on_demande(page, "merci")
    expect(page.locator("#saisie")).to_be_hidden()
    expect(page.get_by_role("button", name="Commencer une autre conversation")).to_be_visible()
    assert page.surveillance.pannes == []


def test_les_messages_du_conseiller_arrivent_seuls(page, site):
    etant_donne_une_conversation(page, site)
    quand_on_demande(page)
    alors_il_y_a_reponses(page, 2)
    dits = page.evaluate("async () => (await (await fetch('/api/messages')).json()).messages")
    arrive = [*dits, message("question", auteur="assure"), message("Je passe la main."), message("Bonjour, c'est Maïté.", auteur="conseiller")]
    page.route("**/api/messages", lambda route: route.fulfill(json={
        "messages": arrive if route.request.method == "GET" else [message("Je passe la main.")], "state": {"mode": "waiting"}}))
    quand_on_demande(page, "question")
    expect(page.locator(".message-conseiller")).to_contain_text("Bonjour, c'est Maïté.", timeout=15_000)
    alors_il_y_a_reponses(page, 3)
