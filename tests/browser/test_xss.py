"""S10 of security.md: what a person types is shown as text, wherever it is shown again. 60 payloads in Chromium, typed in the conversation, drawn by the
script and then by the server: no dialog, no breach of the content policy, no node that was not there."""
import pytest
from etapes import Surveillance
from playwright.sync_api import expect
from test_accessibilite import au_travail, installer, moteur  # noqa: F401  (fixtures)

from tests.site.espace import modele_espace  # noqa: F401  (fixture)
from tests.site.espace_agenda import modele_bureau  # noqa: F401  (fixture)

pytestmark = pytest.mark.navigateur
A = "alert(1)"
CHARGES = [
    f"<script>{A}</script>", f"<img src=x onerror={A}>", f"<svg onload={A}>", f"<body onload={A}>", f"<iframe src=javascript:{A}>", f"<a href=javascript:{A}>x</a>",
    f"\"><script>{A}</script>", f"'><script>{A}</script>", f"</p><script>{A}</script>", f"</li></ol><script>{A}</script>", f"</textarea><script>{A}</script>",
    f"</title><script>{A}</script>", f"<!--><script>{A}</script>", f"<script>{A}//", f"<ScRiPt>{A}</sCrIpT>", f"<script/x>{A}</script>", f"<script\n>{A}</script\n>",
    f"<details open ontoggle={A}>", f"<input autofocus onfocus={A}>", f"<select onfocus={A} autofocus>", f"<video src=x onerror={A}>", f"<audio src=x onerror={A}>",
    f"<marquee onstart={A}>", f"<object data=javascript:{A}>", f"<embed src=javascript:{A}>", f"<form action=javascript:{A}><button>x</button></form>",
    f"<math href=javascript:{A}>x</math>", f"<base href=javascript:{A}//>", f"<meta http-equiv=refresh content='0;url=javascript:{A}'>", f"<link rel=stylesheet href=javascript:{A}>",
    f"<style>@import'javascript:{A}';</style>", f"<div style=background:url(javascript:{A})>x</div>", f"<div onmouseover={A}>x</div>", f"<b onclick={A}>x</b>",
    "{{7*7}}", "{% import os %}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "{{constructor.constructor('alert(1)')()}}", f"javascript:{A}", f"data:text/html,<script>{A}</script>",
    f"&lt;script&gt;{A}&lt;/script&gt;", f"&#60;script&#62;{A}&#60;/script&#62;", f"%3Cscript%3E{A}%3C/script%3E", "\\x3cscript\\x3ealert(1)\\x3c/script\\x3e",
    "\\u003cscript\\u003ealert(1)\\u003c/script\\u003e", f"＜script＞{A}＜/script＞", f"<sc<script>ript>{A}</sc</script>ript>", f"<img/src/onerror={A}>",
    f"<img src=`x`onerror={A}>", f"<svg><animate onbegin={A} attributeName=x>", f"<svg><script>{A}</script></svg>", f"<svg><use href=data:,x onload={A}>",
    f"<template><script>{A}</script></template>", f"<noscript><p title=\"</noscript><img src=x onerror={A}>\">", f"<xmp><script>{A}</script></xmp>",
    "' OR 1=1 --", "\"; DROP TABLE conversation; --", "=HYPERLINK(\"http://x\",\"y\")"]
NOEUDS = "() => [...document.querySelectorAll('script, iframe, object, embed, svg, math, base, meta, link, style, template, [onerror], [onload], [onclick]')].map(e => e.outerHTML)"


def test_soixante_charges_restent_du_texte(au_travail, moteur):  # noqa: F811
    assert len(CHARGES) == len(set(CHARGES)) == 60
    page = au_travail.onglet("xss")
    page.surveillance, dialogues = Surveillance(page), []
    page.on("dialog", lambda d: (dialogues.append(d.message), d.dismiss()))
    moteur.comprend("hors_sujet")
    for debut in range(0, 60, 12):
        page.goto(au_travail.adresse + "/conversation")
        avant = page.evaluate(NOEUDS)
        for charge in CHARGES[debut:debut + 12]:
            nombre = page.locator(".message-assure").count()
            page.locator("#texte").fill(charge)
            page.get_by_role("button", name="Envoyer").click()
            expect(page.locator(".message-assure")).to_have_count(nombre + 1)
            expect(page.locator("#etat")).to_be_empty()
            expect(page.locator(".message-assistant").last).to_be_visible()
        assert page.evaluate(NOEUDS) == avant, "dessiné par le script"
        page.reload()
        assert page.evaluate(NOEUDS) == avant, "dessiné par le serveur"
        page.get_by_role("button", name="Effacer cette conversation").click()
    assert dialogues == [] and page.surveillance.entorses == [] and page.surveillance.pannes == [] and page.surveillance.hors_de(au_travail.adresse) == []


@pytest.mark.parametrize("chemin", ["/faq?q={}", "/espace/assures?q={}", "/calculs/age_retraite?naissance={}", "/rendez-vous/code?code={}", "/enquete/{}", "/{}"])
def test_une_adresse_piegee_reste_du_texte(au_travail, chemin):  # noqa: F811
    page = au_travail.onglet("claire.fontaine")
    surveillance, dialogues = Surveillance(page), []
    page.on("dialog", lambda d: (dialogues.append(d.message), d.dismiss()))
    for charge in CHARGES[:9]:
        from urllib.parse import quote
        page.goto(au_travail.adresse + chemin.format(quote(charge, safe="")))
        assert page.evaluate("() => [...document.querySelectorAll('main script, main iframe, main [onerror], main [onload], main img:not([alt])')].length") == 0
    assert dialogues == [] and surveillance.entorses == []


def test_la_surveillance_verrait_une_charge_qui_passe(au_travail):  # noqa: F811
    page = au_travail.onglet("xss-temoin")
    page.goto(au_travail.adresse + "/a-propos")
    avant, surveillance = page.evaluate(NOEUDS), Surveillance(page)
    page.evaluate("(c) => document.querySelector('main').insertAdjacentHTML('beforeend', c)", CHARGES[1])
    expect(page.locator("main img[onerror]")).to_have_count(1)
    page.wait_for_timeout(300)
    assert page.evaluate(NOEUDS) != avant and surveillance.entorses != []
