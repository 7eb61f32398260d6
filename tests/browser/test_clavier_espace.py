"""The workspace by keyboard only: Tab, Enter, Space, arrows and letters; the focus is seen wherever it stops. The front alone: no engine is needed."""
import pytest
from etapes import nom_du_focus
from playwright.sync_api import expect
from test_espace import adresse  # noqa: F401  (fixture)

from bot.contacts import conversations as memoire
from bot.contacts import relais
from bot.contacts.comptes_demo import MOT_DE_PASSE_DEMO
from bot.contacts.tables import Contact, Entretien
from tests.site.espace import modele_espace  # noqa: F401  (fixture)
from tests.site.espace_agenda import CAISSE, bureau, modele_bureau, sites_bureau  # noqa: F401  (fixtures)

pytestmark = [pytest.mark.navigateur, pytest.mark.usefixtures("sans_hate")]

# Outline, ring or underline: something of the page changes where the focus is.
VISIBLE = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return "";
  const s = getComputedStyle(e);
  const vu = (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2) || s.boxShadow !== "none";
  const boite = e.getBoundingClientRect();
  return vu || e.id === "contenu" || boite.width < 2 ? "" : e.outerHTML.slice(0, 120);
}"""


def tabule(page, nom, touche="Tab", au_plus=150):
    """Tab until the focus is on what is so named, or begins so; at each stop it must be seen."""
    for _ in range(au_plus):
        page.keyboard.press(touche)
        assert page.evaluate(VISIBLE) == "", "le focus ne se voit pas"
        if nom_du_focus(page).replace("\u202f", " ").replace("\u00a0", " ").startswith(nom):
            return
    raise AssertionError(f"le focus n'atteint pas « {nom} » en {au_plus} tabulations")


def suit(page, nom):
    """Reach a link or a button, press Enter."""
    tabule(page, nom)
    page.keyboard.press("Enter")


def ecrit(page, nom, texte):
    tabule(page, nom)
    page.keyboard.press("Control+A")
    page.keyboard.type(texte)


def va_a_la_page(page, nom, titre):
    """From the top of a page, by its menu."""
    page.evaluate("() => { document.activeElement?.blur(); window.scrollTo(0, 0); }")
    suit(page, nom)
    expect(page.get_by_role("heading", level=1)).to_contain_text(titre)


def entre(page, ici):
    page.set_default_timeout(30_000)
    page.goto(f"{ici}/espace")
    ecrit(page, "Identifiant", "claire.fontaine")
    ecrit(page, "Mot de passe", MOT_DE_PASSE_DEMO)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Bonjour Claire")).to_be_visible()


def test_entrer_ouvrir_des_creneaux_et_defaire_au_clavier(page, adresse, bureau):  # noqa: F811
    entre(page, adresse)
    va_a_la_page(page, "Agenda", "Semaine")
    suit(page, "Ouvrir des créneaux")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ouvrir des créneaux")
    ecrit(page, "Dites ce que vous ouvrez", "mardi de 14 h à 17 h au téléphone")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Ce que cela donne")).to_be_visible()
    suit(page, "Ouvrir ces créneaux")
    expect(page.get_by_role("status").first).to_contain_text("Les créneaux sont ouverts")
    tabule(page, "Défaire")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("C'est défait")
    # the calendar's choice of view is a button like another, and Space works it; the table comes back the same way
    tabule(page, "Vue calendrier")
    page.keyboard.press("Space")
    expect(page.locator(".cal-entretien").first).to_be_visible()
    tabule(page, "Vue tableau", "Shift+Tab")
    page.keyboard.press("Space")
    expect(page.get_by_role("link", name="Éléonore Fictif-Tilleul").first).to_be_visible()


def test_le_dossier_la_trame_et_le_compte_rendu_au_clavier(page, adresse, bureau):  # noqa: F811
    entre(page, adresse)
    va_a_la_page(page, "Assurés", "assuré")
    tabule(page, "Numéro de la caisse, ou nom")
    page.keyboard.type("tilleul")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Fictif-Tilleul")).to_be_visible()
    suit(page, "Fictif-Tilleul")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Fictif-Tilleul")
    page.goto(f"{adresse}/espace/entretiens/{bureau.entretien_id}")
    suit(page, "Trame de l'entretien")
    expect(page.get_by_label("Ce que la personne attend")).to_be_visible()
    ecrit(page, "Ce que la personne attend", "Comprendre son relevé")
    tabule(page, "Profondeur, Votre carrière, année par année")
    page.keyboard.press("3")
    expect(page.get_by_label("Profondeur, Votre carrière, année par année")).to_have_value("3")
    expect(page.locator("#etat")).to_contain_text("Enregistré à")
    suit(page, "Passer au compte rendu")
    expect(page.get_by_label("Sujet principal")).to_be_visible()
    tabule(page, "Sujet principal")
    page.keyboard.press("ArrowDown")
    suit(page, "Enregistrer")
    expect(page.get_by_role("status").first).to_contain_text("C'est noté")
    assert bureau.lire(Entretien).statut == "honore" and bureau.lire(Contact, bureau.entretien().contact_id).resultat == "realise"


def test_prendre_une_conversation_repondre_et_la_rendre_au_clavier(page, adresse, bureau):  # noqa: F811
    with bureau.espace.sessions() as s:
        maintenant = bureau.espace.maintenant
        conversation, _ = memoire.ouvrir(s, CAISSE, maintenant)
        relais.demander(s, conversation, maintenant)
    entre(page, adresse)
    va_a_la_page(page, "Conversations", "Conversations")
    suit(page, "Je suis disponible")
    expect(page.get_by_role("status").first).to_contain_text("disponible")
    suit(page, "Répondre")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Conversation n°")
    ecrit(page, "Votre message", "Bonjour, je vous écoute.")
    suit(page, "Envoyer")
    expect(page.locator("#fil-relais")).to_contain_text("Bonjour, je vous écoute.")
    suit(page, "Terminer et rendre la conversation")
    expect(page.get_by_role("status").first).to_contain_text("rendue à l'assistant")
