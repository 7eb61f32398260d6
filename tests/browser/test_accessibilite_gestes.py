"""What only a hand or an eye would find (reference security.md §4 B), written as assertions: announcements, focus, colours, movement, time, recap.
Keyboard journeys are in test_fenetre, test_rendez_vous and test_conversation; what holds on every page is in test_accessibilite."""
import re

import pytest
from axe import axe
from playwright.sync_api import expect
from test_accessibilite import au_travail, installer, moteur  # noqa: F401  (fixtures)

from tests.site.espace import modele_espace  # noqa: F401  (fixture)
from tests.site.espace_agenda import modele_bureau  # noqa: F401  (fixture)

pytestmark = pytest.mark.navigateur
# One page of each kind.
GENRES = [("/", None), ("/faq/auto_entrepreneur/seuils_ca", None), ("/conversation", None), ("/rendez-vous", None), ("/calculs/age_retraite", None),
          ("/espace", "claire.fontaine"), ("/espace/agenda", "claire.fontaine"), ("/espace/entretiens/1/trame", "claire.fontaine"), ("/espace/equipe", "marc.colline")]


def demander(page, question):
    page.locator("#texte").fill(question)
    page.keyboard.press("Enter")


# -- 7.5, 3.1 -----------------------------------------------------------------------------------------------------------------------------------------


def test_la_reponse_arrive_dans_un_journal_et_ne_deplace_pas_le_focus(au_travail, moteur):  # noqa: F811
    page = au_travail.onglet("journal")
    page.goto(au_travail.adresse + "/conversation")
    journal = page.get_by_role("log", name="Nouvelles réponses")
    assert [journal.get_attribute(a) for a in ("aria-live", "aria-relevant")] == ["polite", "additions"] and journal.inner_text() == ""
    expect(page.locator("#etat[role=status]")).to_have_count(1)
    expect(page.locator("#erreurs[role=alert]")).to_have_count(1)
    moteur.attendu.clear()
    moteur.comprend("auto_entrepreneur.seuils_ca")
    demander(page, "plafond ca auto entrepreneur ?")
    expect(page.locator("#etat")).not_to_be_empty()
    moteur.attendu.set()
    expect(page.locator(".message-assistant")).to_have_count(2)
    expect(journal).to_contain_text("Assistant")
    expect(page.locator("#texte")).to_be_focused()
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator("#erreurs")).not_to_be_empty()
    expect(page.locator("#texte")).to_be_focused()


def test_l_auteur_de_chaque_message_est_ecrit(au_travail, moteur):  # noqa: F811
    page = au_travail.onglet("auteurs")
    page.goto(au_travail.adresse + "/conversation")
    moteur.comprend("auto_entrepreneur.seuils_ca")
    demander(page, "plafond ca auto entrepreneur ?")
    expect(page.locator(".message-assistant")).to_have_count(2)
    for dessine_par in ("script", "serveur"):
        assert [a.strip() for a in page.locator(".auteur").all_inner_texts()] == ["Assistant", "Vous", "Assistant"], dessine_par
        assert page.locator("#messages [tabindex='0']").count() == 0, "une bulle n'est pas un arrêt de tabulation"
        page.reload()


# -- 10.7, colours, movement ----------------------------------------------------------------------------------------------------------------------------

# Every element that may take the focus: its outline, and how it stands out from what is behind it.
CONTOURS = """() => {
  const couleur = (c) => (c.match(/[\\d.]+/g) || []).map(Number);
  const lueur = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((s, v, i) => s + v * [.2126, .7152, .0722][i], 0);
  const fond = (e) => { for (let p = e.parentElement; p; p = p.parentElement) { const c = couleur(getComputedStyle(p).backgroundColor);
    if (c.length === 3 || c[3] > .9) return c.slice(0, 3); } return [255, 255, 255]; };
  const faux = [];
  for (const e of document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')) {
    if (e.disabled || !e.getClientRects().length || e.closest('.hors-ecran') || e.classList.contains('hors-ecran')) continue;
    e.focus({focusVisible: true});
    if (document.activeElement !== e) continue;
    const s = getComputedStyle(e);
    const trait = s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2;
    const [a, b] = [lueur(couleur(s.outlineColor)), lueur(fond(e))].sort((x, y) => y - x);
    if (!trait || (a + .05) / (b + .05) < 3) faux.push((e.textContent || e.name || e.id).trim().slice(0, 40) + ' : ' + s.outline);
  }
  return faux;
}"""


def test_le_contour_du_focus_se_voit(au_travail):  # noqa: F811
    for chemin, qui in GENRES:
        page = au_travail.page(chemin, qui)
        page.keyboard.press("Tab")
        assert (chemin, page.evaluate(CONTOURS)) == (chemin, [])
    page.evaluate("() => { const f = new CSSStyleSheet(); f.replaceSync('*:focus-visible { outline: 1px solid #eee !important; }'); document.adoptedStyleSheets = [f]; }")
    assert page.evaluate(CONTOURS) != [], "la mesure voit un contour trop pâle"


def test_en_couleurs_imposees_tout_reste_visible(au_travail):  # noqa: F811
    """Windows' contrast themes: buttons keep an edge, the current entry is not told by its colour only, and axe finds nothing."""
    page = au_travail.onglet("couleurs imposées")
    page.emulate_media(forced_colors="active")
    try:
        for chemin in ("/", "/conversation", "/rendez-vous", "/calculs/age_retraite"):
            page.goto(au_travail.adresse + chemin)
            assert page.evaluate("""() => [...document.querySelectorAll('.principal, .bouton, .choix button, .carte')].filter(e => e.getClientRects().length
                && (getComputedStyle(e).borderTopStyle === 'none' || parseFloat(getComputedStyle(e).borderTopWidth) < 1)).length""") == 0, chemin
            # The system chooses the colours: contrast is its own affair, and axe mixes its background with our text.
            assert [c for c in axe(page) if " color-contrast " not in c] == []
        assert page.locator(".menu [aria-current]").count() == 1
    finally:
        page.emulate_media(forced_colors="none")


def test_rien_ne_bouge_pour_qui_le_demande(au_travail, moteur):  # noqa: F811
    page = au_travail.onglet("mouvement")
    page.emulate_media(reduced_motion="reduce")
    page.goto(au_travail.adresse + "/conversation")
    moteur.comprend("auto_entrepreneur.seuils_ca")
    demander(page, "plafond ca auto entrepreneur ?")
    expect(page.locator(".message-assistant")).to_have_count(2)
    assert page.evaluate("document.getAnimations().length") == 0 and page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "smooth", "témoin : le mouvement existe pour les autres"
    durees = page.evaluate("""() => [...document.styleSheets].flatMap(f => [...f.cssRules]).flatMap(r => r.cssRules ? [...r.cssRules] : [r])
        .map(r => r.style?.animationIterationCount).filter(n => n === 'infinite').length""")
    assert durees == 0, "rien ne tourne sans fin"


# -- 10.1 to 10.3, 10.13, 13.2 ------------------------------------------------------------------------------------------------------------------------


def test_sans_feuille_de_style_tout_se_lit_dans_l_ordre(au_travail):  # noqa: F811
    for chemin, qui in GENRES:
        page = au_travail.page(chemin, qui)
        assert page.locator("[style]:not([style=''])").count() == 0, chemin
        avec = "".join(page.locator("main").inner_text().lower().split())
        page.evaluate("() => document.querySelectorAll('link[rel=stylesheet]').forEach(l => l.remove())")
        reste = iter("".join(page.locator("main").inner_text().lower().split()))
        perdu = next((i for i, signe in enumerate(avec) if signe not in reste), None)
        assert (chemin, perdu) == (chemin, None), f"perdu ou déplacé sans style : …{avec[perdu - 30:perdu + 30] if perdu else ''}…"


def test_rien_n_apparait_au_survol_seul(au_travail):  # noqa: F811
    for chemin, qui in GENRES[:3] + GENRES[5:6]:
        page = au_travail.page(chemin, qui)
        regles = page.evaluate("""() => [...document.styleSheets].flatMap(f => [...f.cssRules]).flatMap(r => r.cssRules && r.cssRules.length ? [...r.cssRules] : [r])
            .filter(r => r.selectorText && /:hover/.test(r.selectorText) && (r.style.display || r.style.visibility || r.style.opacity || r.style.content)).map(r => r.cssText)""")
        assert (chemin, regles) == (chemin, [])
        assert page.locator("[onmousedown], [onmouseover], [onmouseenter]").count() == 0


def test_un_lien_qui_ouvre_un_onglet_le_dit(au_travail):  # noqa: F811
    for chemin in ("/faq/auto_entrepreneur/seuils_ca", "/conversation", "/accessibilite", "/cadre?caisse=demo-aquitaine"):
        page = au_travail.page(chemin)
        for lien in page.locator("a[target=_blank]").all():
            assert "nouvel onglet" in lien.text_content(), (chemin, lien.text_content())
        assert page.evaluate("window.length") == 0


def test_les_mots_d_une_autre_langue_portent_la_leur(au_travail):  # noqa: F811
    page = au_travail.page("/")
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    for lang in page.locator("[lang]").evaluate_all("e => e.map(x => x.lang)"):
        assert re.fullmatch("[a-z]{2}(-[A-Z]{2})?", lang)
    assert page.locator("[dir]").count() == 0


# -- 5.x, 1.6 -----------------------------------------------------------------------------------------------------------------------------------------


def test_l_agenda_est_une_vraie_table_et_les_graphiques_ont_la_leur(au_travail):  # noqa: F811
    page = au_travail.page("/espace/agenda?jour=2011-09-14", "claire.fontaine")
    table = page.locator("main table").first
    assert table.locator("caption").inner_text().strip() and table.locator("thead th[scope=col]").count() >= 3
    assert table.locator("tbody th[scope=row]").count() >= 1
    for chemin, qui in (("/espace/agenda", "claire.fontaine"), ("/espace/qualite", "marc.colline"), ("/espace/enquete/vagues/1", "marc.colline"),
                        ("/espace/campagne", "marc.colline")):
        page = au_travail.page(chemin, qui)
        for table in page.locator("main table").all():
            assert table.locator("th[colspan], th[rowspan]").count() == 0 and table.get_attribute("role") in (None, "table"), chemin
        dessins = page.locator("main svg:not([aria-hidden=true]), main canvas, main figure").count()
        assert dessins == 0 or page.locator("main table").count() >= 1, chemin


# -- forms ----------------------------------------------------------------------------------------------------------------------------------------------


def jusquaux_coordonnees(au_travail, qui):  # noqa: F811
    page = au_travail.onglet(qui)
    page.goto(au_travail.adresse + "/rendez-vous")
    page.get_by_role("main").get_by_role("link", name="Faire le point sur ma protection sociale").click()
    page.get_by_role("main").get_by_role("link", name="Antenne de Bordeaux").click()
    page.locator(".jour button").first.click()
    return page


def test_les_coordonnees_se_completent_seules(au_travail):  # noqa: F811
    page = jusquaux_coordonnees(au_travail, "complétion")
    for libelle, attendu in (("Nom", "family-name"), ("Prénom", "given-name"), ("Téléphone", "tel"), ("Courriel", "email"), ("Code postal", "postal-code")):
        expect(page.get_by_label(libelle, exact=libelle == "Nom").first).to_have_attribute("autocomplete", attendu)
    page = au_travail.page("/espace/connexion")
    expect(page.get_by_label("Identifiant")).to_have_attribute("autocomplete", "username")
    expect(page.get_by_label("Mot de passe")).to_have_attribute("autocomplete", "current-password")


def test_rien_ne_part_sans_un_recapitulatif_que_l_on_peut_modifier(au_travail):  # noqa: F811
    page = jusquaux_coordonnees(au_travail, "récapitulatif")
    for champ, valeur in (("Nom", "Relecture"), ("Prénom", "Dominique"), ("Téléphone", "06 39 98 00 66")):
        page.get_by_label(champ, exact=champ == "Nom").fill(valeur)
    page.get_by_role("button", name="Continuer").click()
    expect(page.locator("h1")).to_contain_text("Vérifiez")
    for lu in ("Dominique Relecture", "06\u00a039\u00a098\u00a000\u00a066"):
        expect(page.locator("main")).to_contain_text(lu)
    for modifier in ("Corriger mes coordonnées", "Changer de créneau"):
        expect(page.get_by_role("link", name=modifier)).to_be_visible()
    page.get_by_role("button", name="Je confirme").click()
    expect(page.locator("main")).to_contain_text("C'est réservé.")
    for chemin, bouton in (("/rendez-vous/mon/annuler", "Oui, j'annule"), ("/rendez-vous/mon/deplacer", None)):
        page.goto(au_travail.adresse + chemin)
        if bouton is None:
            page.locator(".jour").nth(1).get_by_role("button").first.click()
            bouton = "Oui, déplacez-le"
        expect(page.get_by_role("button", name=bouton)).to_be_visible()
        expect(page.locator("main")).to_contain_text("2011")


def test_le_temps_qui_passe_ne_perd_rien(au_travail):  # noqa: F811
    """A hold says until when; what a counsellor typed when her session ended is given back."""
    page = jusquaux_coordonnees(au_travail, "temps")
    expect(page.locator("main")).to_contain_text("Ce créneau vous est gardé jusqu'à")
    page = au_travail.page("/espace/rencontres/nouvelle", "paul.vallon")
    page.locator("main form").evaluate("f => f.noValidate = true")
    page.locator("main form").last.locator("#titre").fill("Une matinée préparée avec soin")
    page.context.clear_cookies()
    page.locator("main form button").last.click()
    expect(page.locator("main")).to_contain_text("Une matinée préparée avec soin")
    au_travail.onglets.pop("paul.vallon").context.close()
