"""Booking in a real browser: without JavaScript, by keyboard only, on a narrow screen; and what every page of the way must hold."""
import re
from datetime import timedelta

import pytest
from etapes import alors_on_lit, depasse_en_largeur, nom_du_focus, quand_la_page_suivante_arrive, quand_on_suit, quand_on_tabule_jusqua
from playwright.sync_api import expect

from bot.agenda import rencontres
from bot.agenda.auteurs import SYSTEME
from bot.contacts.base import Sessions
from bot.contacts.base import ouvrir as ouvrir_base
from tests.load import agenda as ruee
from tests.unit.agenda_aide import LUNDI, MAINTENANT, a, installer, ouvrir

pytestmark = pytest.mark.navigateur
FINE, DURE = "\u202f", "\u00a0"
NUMEROS = iter(range(10, 90))

# What a tool such as axe looks for, in few words: one h1, a language, a title, names on everything that is used, ids once, labels that point somewhere.
REGLES = """() => {
  const faux = [], visible = e => e.offsetParent !== null || e.tagName === 'BODY';
  const nom = e => (e.getAttribute('aria-label') || (e.labels && [...e.labels].map(l => l.textContent).join(' ')) || e.textContent || e.value || '').trim();
  if (document.querySelectorAll('h1').length !== 1) faux.push('un seul h1');
  if (document.documentElement.lang !== 'fr') faux.push('langue');
  if (!document.title.trim()) faux.push('titre');
  if (document.querySelectorAll('main').length !== 1) faux.push('un seul main');
  const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
  ids.filter((id, i) => ids.indexOf(id) !== i).forEach(id => faux.push('id deux fois : ' + id));
  let niveau = 0;
  for (const h of document.querySelectorAll('main h1, main h2, main h3, main h4')) {
    if (+h.tagName[1] > niveau + 1) faux.push('niveau de titre sauté : ' + h.textContent.trim());
    niveau = +h.tagName[1];
  }
  for (const e of document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea'))
    if (!nom(e)) faux.push('sans nom : ' + e.outerHTML.slice(0, 90));
  for (const e of document.querySelectorAll('input:not([type=hidden]), select, textarea'))
    if (!e.labels || !e.labels.length) faux.push('sans étiquette : ' + e.outerHTML.slice(0, 90));
  for (const attribut of ['aria-describedby', 'aria-labelledby'])
    for (const e of document.querySelectorAll('[' + attribut + ']'))
      for (const id of e.getAttribute(attribut).split(' ')) if (!document.getElementById(id)) faux.push(attribut + ' vers rien : ' + id);
  for (const e of document.querySelectorAll('fieldset')) if (!e.querySelector(':scope > legend')) faux.push('fieldset sans legend');
  for (const e of document.querySelectorAll('[aria-invalid=true]')) if (!e.getAttribute('aria-describedby')) faux.push('faute sans lien : ' + e.id);
  for (const e of document.querySelectorAll('[tabindex]')) if (+e.getAttribute('tabindex') > 0) faux.push('tabindex positif');
  for (const e of document.querySelectorAll('main a[href], main button')) {
    const b = e.getBoundingClientRect();
    if (visible(e) && e.tagName === 'BUTTON' && b.height < 24) faux.push('cible trop petite : ' + nom(e));
  }
  return faux;
}"""


@pytest.fixture(scope="module")
def guichet(tmp_path_factory, modele_sqlite):
    """The front alone (no engine) on a caisse at work, as people reach it: its address."""
    dossier = tmp_path_factory.mktemp("guichet")
    (dossier / "contacts.db").write_bytes(modele_sqlite.read_bytes())
    sessions = Sessions(ouvrir_base(f"sqlite:///{dossier / 'contacts.db'}"))
    monde = installer(sessions)
    with sessions() as s:
        for jour in range(5):
            ouvrir(s, monde, LUNDI + timedelta(jour), jusqu_au=LUNDI + timedelta(60 + jour))
        ouvrir(s, monde, LUNDI, "13:30", "16:30", qui=1, codes=("conseil_social_telephone",), antenne=None, jusqu_au=LUNDI + timedelta(60))
        rencontres.creer(s, rencontres.DemandeRencontre(monde.caisse_code, "auto_entrepreneur", "Rencontre fictive", "Bordeaux", a(LUNDI, "17:30"),
                                                        a(LUNDI, "19:00"), monde.fuseau, [monde.conseillers[0]], 1), SYSTEME, MAINTENANT)
    with ruee.site(sessions, dossier) as adresse:
        yield adresse
    sessions.engine.dispose()


def etant_donne_les_creneaux(page, guichet):
    page.goto(f"{guichet}/rendez-vous")
    quand_on_suit(page, "Faire le point sur ma protection sociale")
    quand_on_suit(page, "Antenne de Bordeaux")


def quand_on_se_nomme(page, nom="Exemple"):
    page.get_by_label("Nom", exact=True).fill(nom)
    page.get_by_label("Prénom").fill("Dominique")
    page.get_by_label("Téléphone").fill(f"06 39 98 00 {next(NUMEROS)}")
    quand_la_page_suivante_arrive(page, page.get_by_role("button", name="Continuer"))


def quand_on_choisit_le_premier(page):
    return quand_la_page_suivante_arrive(page, page.locator(".jour button").first)


def alors_la_page_tient(page):
    assert page.evaluate(REGLES) == []


def le_code(page):
    return page.locator(".code").inner_text()


def test_reserver_deplacer_annuler_sans_javascript(page_sans_js, guichet):
    page = page_sans_js
    etant_donne_les_creneaux(page, guichet)
    quand_on_choisit_le_premier(page)
    alors_on_lit(page, "Ce créneau vous est gardé jusqu'à")
    quand_on_se_nomme(page, "Sansscript")
    alors_on_lit(page, "Dominique Sansscript", "Comptez une heure", "jusqu'à l'heure prévue")
    quand_la_page_suivante_arrive(page, page.get_by_role("button", name="Je confirme le rendez-vous"))
    alors_on_lit(page, "C'est réservé.", "(SAN)")
    code = le_code(page)
    with page.expect_download() as telecharge:
        page.get_by_role("link", name="Ajouter à mon agenda").click()
    assert telecharge.value.suggested_filename == "rendez-vous.ics"

    quand_la_page_suivante_arrive(page, page.get_by_role("button", name="Refermer cette page"))
    page.get_by_label("Code", exact=True).fill(f"{code[:4].lower()}-{code[4:]}")
    page.get_by_label("Les trois premières lettres").fill("san")
    quand_la_page_suivante_arrive(page, page.get_by_role("button", name="Continuer"))
    quand_on_suit(page, "Le déplacer")
    quand_la_page_suivante_arrive(page, page.locator(".jour").nth(2).get_by_role("button").first)
    quand_la_page_suivante_arrive(page, page.get_by_role("button", name="Oui, déplacez-le"))
    alors_on_lit(page, "C'est déplacé.")
    assert le_code(page) == code
    quand_on_suit(page, "L'annuler")
    page.get_by_label("Un empêchement").check()
    quand_la_page_suivante_arrive(page, page.get_by_role("button", name="Oui, j'annule"))
    alors_on_lit(page, "C'est annulé. Merci d'avoir prévenu.", "Choisir une autre date")
    assert page.surveillance.hors_de(guichet) == []


def test_reserver_au_clavier_seul(page, guichet):
    page.goto(f"{guichet}/rendez-vous")
    quand_on_tabule_jusqua(page, "Faire le point")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("À l'antenne, ou par téléphone" + FINE + "?")
    quand_on_tabule_jusqua(page, "Antenne de Bordeaux")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Quel jour")
    quand_on_tabule_jusqua(page, f"10{DURE}h{DURE}15")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Vos coordonnées")
    quand_on_tabule_jusqua(page, "Nom")
    page.keyboard.type("Clavier")
    page.keyboard.press("Tab")
    page.keyboard.type("Dominique")
    page.keyboard.press("Tab")
    page.keyboard.type(f"06 39 98 00 {next(NUMEROS)}")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Vérifiez")
    quand_on_tabule_jusqua(page, "Je confirme le rendez-vous")
    page.keyboard.press("Enter")
    alors_on_lit(page, "C'est réservé.")
    assert "C'est réservé." in nom_du_focus(page)
    quand_on_tabule_jusqua(page, "Le déplacer")
    assert page.surveillance.entorses == [] and page.surveillance.pannes == []


def test_une_faute_prend_le_focus_et_mene_au_champ(page, guichet):
    etant_donne_les_creneaux(page, guichet)
    quand_on_choisit_le_premier(page)
    page.locator("form.formulaire").evaluate("f => f.noValidate = true")
    page.get_by_label("Prénom").fill("Dominique")
    quand_la_page_suivante_arrive(page, page.get_by_role("button", name="Continuer"))
    expect(page.locator("#fautes")).to_be_focused()
    expect(page).to_have_title(re.compile("^Erreur"))
    alors_la_page_tient(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Nom", exact=True)).to_be_focused()
    expect(page.get_by_label("Prénom")).to_have_value("Dominique")


def test_precedent_et_recharger_ne_reservent_rien_de_plus(page, guichet):
    etant_donne_les_creneaux(page, guichet)
    quand_on_choisit_le_premier(page)
    quand_on_se_nomme(page, "Retour")
    quand_la_page_suivante_arrive(page, page.get_by_role("button", name="Je confirme le rendez-vous"))
    code = le_code(page)
    page.reload()
    assert le_code(page) == code
    page.go_back()
    page.reload()
    assert le_code(page) == code


def test_un_double_clic_donne_un_seul_rendez_vous(page, guichet):
    etant_donne_les_creneaux(page, guichet)
    quand_on_choisit_le_premier(page)
    quand_on_se_nomme(page, "Double")
    page.get_by_role("button", name="Je confirme le rendez-vous").dblclick()
    alors_on_lit(page, "C'est réservé.")
    assert re.fullmatch("[A-Z2-9]{8}", le_code(page))


def test_perdre_un_creneau_montre_les_plus_proches_et_garde_la_saisie(page, page_sans_js, guichet):
    etant_donne_les_creneaux(page, guichet)
    vise = page.locator(".jour button").first.get_attribute("value")
    page.goto(f"{guichet}/rendez-vous/coordonnees?creneau={vise}")  # seen, not held
    autre = page_sans_js
    etant_donne_les_creneaux(autre, guichet)
    quand_on_choisit_le_premier(autre)
    quand_on_se_nomme(autre, "Rapide")
    quand_la_page_suivante_arrive(autre, autre.get_by_role("button", name="Je confirme le rendez-vous"))
    alors_on_lit(autre, "C'est réservé.")

    quand_on_se_nomme(page, "Perdu")
    expect(page.locator("#fautes")).to_be_focused()
    alors_on_lit(page, "Ce créneau vient d'être pris", "Voici les plus proches")
    expect(page.get_by_label("Nom", exact=True)).to_have_value("Perdu")
    alors_la_page_tient(page)
    quand_la_page_suivante_arrive(page, page.locator("#fautes button").first)
    alors_on_lit(page, "Dominique Perdu")


def test_chaque_page_du_chemin_tient_et_ne_depasse_pas_a_320_pixels(page_etroite, guichet):
    page = page_etroite

    def alors_tout_tient():
        alors_la_page_tient(page)
        assert not depasse_en_largeur(page), page.url

    for chemin in ("/rendez-vous", "/rendez-vous/code?code=ABCD-EFGH", "/rencontres", "/rencontres/1"):
        page.goto(guichet + chemin)
        alors_tout_tient()
    etant_donne_les_creneaux(page, guichet)
    alors_tout_tient()
    page.get_by_label("À partir du").fill("2011-11-01")
    quand_la_page_suivante_arrive(page, page.get_by_role("button", name="Voir les créneaux"))
    alors_on_lit(page, "C'est un jour férié (Toussaint).")
    alors_tout_tient()
    quand_on_choisit_le_premier(page)
    alors_tout_tient()
    quand_on_se_nomme(page, "Étroit-de-la-Très-Longue-Rue")
    alors_tout_tient()
    quand_la_page_suivante_arrive(page, page.get_by_role("button", name="Je confirme le rendez-vous"))
    alors_tout_tient()
    for chemin in ("/rendez-vous/mon/deplacer", "/rendez-vous/mon/annuler", "/rendez-vous/mon/imprimer"):
        page.goto(guichet + chemin)
        alors_tout_tient()


def test_la_mesure_voit_une_page_mal_faite(page):
    page.set_content('<html><body><main><h1>A</h1><h3>B</h3><input id="x"><fieldset></fieldset><button></button></main></body></html>')
    fautes = page.evaluate(REGLES)
    assert any("étiquette" in f for f in fautes) and any("titre sauté" in f for f in fautes) and any("legend" in f for f in fautes)


def test_s_inscrire_a_une_rencontre_puis_a_sa_liste_d_attente_sans_javascript(page_sans_js, guichet):
    page = page_sans_js
    for nom, dit in (("Premier", "Inscrit"), ("Second", "Sur la liste d'attente, au rang 1")):
        page.goto(f"{guichet}/rencontres")
        quand_on_suit(page, "Rencontre fictive")
        page.get_by_label("Nom", exact=True).fill(nom)
        page.get_by_label("Prénom").fill("Dominique")
        page.get_by_label("Courriel").fill(f"{nom.lower()}@exemple.example")
        page.get_by_role("button", name="M'inscrire").click()
        alors_on_lit(page, "C'est noté.", dit)
