"""The steps of the scenarios: what is given, what a visitor does, what must then be seen. Scenarios say what, steps say how."""
from urllib.parse import urlsplit

from playwright.sync_api import FrameLocator, Locator, Page, expect

REPONSES = ".message-assistant"
QUESTION = "plafond ca auto entrepreneur ?"


class Surveillance:
    """What a tab did: addresses asked for, breaches of its content security policy, errors of its scripts."""

    def __init__(self, page: Page):
        self.demandes: list[str] = []
        self.entorses: list[str] = []
        self.pannes: list[str] = []
        page.context.on("request", lambda r: self.demandes.append(r.url))
        page.on("pageerror", lambda e: self.pannes.append(str(e)))
        page.on("console", self._lire_console)

    def _lire_console(self, message) -> None:
        if "Content Security Policy" in message.text:
            self.entorses.append(message.text)

    def hors_de(self, *sites: str) -> list[str]:
        """The addresses asked for elsewhere than on these sites."""
        permis = {urlsplit(s).netloc for s in sites}
        return [d for d in self.demandes if urlsplit(d).scheme in ("http", "https", "ws", "wss") and urlsplit(d).netloc not in permis]


# --- given ---------------------------------------------------------------------------------------------------------------------------

def etant_donne_la_page(page: Page, adresse: str) -> None:
    page.goto(adresse)


def etant_donne_une_conversation(page: Page, site: str) -> None:
    page.goto(f"{site}/conversation")
    expect(page.locator("#texte")).to_be_visible()


# --- when ----------------------------------------------------------------------------------------------------------------------------

def quand_on_cherche(page: Page, mots: str) -> None:
    page.get_by_label("Rechercher une question").fill(mots)
    quand_la_page_suivante_arrive(page, page.get_by_role("button", name="Rechercher"))


def quand_on_suit(page: Page, lien: str) -> None:
    quand_la_page_suivante_arrive(page, page.get_by_role("main").get_by_role("link", name=lien).first)


def quand_la_page_suivante_arrive(page: Page, bouton: Locator) -> str:
    """Press what leads to another page, and wait for that page: a click alone comes back before it on a busy machine. The label pressed."""
    libelle = bouton.inner_text()
    with page.expect_navigation():
        bouton.click()
    return libelle


def quand_on_demande(lieu: "Page | FrameLocator", question: str = QUESTION) -> None:
    """Type a question in the page or the frame, and send it with the button."""
    lieu.locator("#texte").fill(question)
    _envoyer(lieu, lieu.get_by_role("button", name="Envoyer"))


def quand_on_choisit_le_premier_bouton(lieu: "Page | FrameLocator") -> str:
    """Press the first button under the last answer; its label."""
    return _envoyer(lieu, derniere_reponse(lieu).locator("button").first)


def _envoyer(lieu: "Page | FrameLocator", bouton: Locator) -> str:
    """Press a button of the conversation; its label. Without script, each exchange is a whole page: wait for it."""
    if getattr(lieu, "sans_script", False):
        return quand_la_page_suivante_arrive(lieu, bouton)
    libelle = bouton.inner_text()
    bouton.click()
    return libelle


def quand_on_tape(page: Page, *touches: str) -> None:
    for touche in touches:
        page.keyboard.press(touche)


def quand_on_tabule_jusqua(page: Page, nom: str, touche: str = "Tab", au_plus: int = 40) -> None:
    """Press Tab until the focus is on what bears this name, through shadow roots and frames."""
    for _ in range(au_plus):
        page.keyboard.press(touche)
        if nom in nom_du_focus(page):
            return
    raise AssertionError(f"le focus n'atteint pas « {nom} » en {au_plus} tabulations")


def quand_on_note_les_annonces(page: Page) -> None:
    """From now on, keep what the live region says."""
    page.evaluate("""() => {
        window.annonces = [];
        const region = document.querySelector('[aria-live="polite"]');
        new MutationObserver(() => { const dit = region.textContent.trim(); if (dit) window.annonces.push(dit); })
            .observe(region, {childList: true, subtree: true, characterData: true});
    }""")


def quand_la_connexion_coupe_une_fois(page: Page) -> list[str]:
    """The next two messages are lost on their way; the bodies that are sent."""
    corps: list[str] = []

    def couper(route) -> None:
        corps.append(route.request.post_data)
        route.abort() if len(corps) <= 2 else route.continue_()

    page.route("**/api/messages", couper)
    return corps


# --- what is on the page ---------------------------------------------------------------------------------------------------------------

def derniere_reponse(lieu: "Page | FrameLocator") -> Locator:
    return lieu.locator(REPONSES).last


def nom_du_focus(page: Page) -> str:
    """What holds the focus, as a person would name it: its label or its text."""
    lire = """() => {
        let e = document.activeElement;
        while (e && e.shadowRoot && e.shadowRoot.activeElement) e = e.shadowRoot.activeElement;
        return e ? (e.labels?.[0]?.textContent || e.getAttribute('aria-label') || e.title || e.textContent || '').trim() : '';
    }"""
    noms = [cadre.evaluate(lire) for cadre in page.frames]
    return noms[-1] if len(noms) > 1 and noms[0] == "Conversation avec l'assistant" else noms[0]


def style(lieu: "Page | FrameLocator", cible: str, propriete: str) -> str:
    return lieu.locator(cible).first.evaluate("(e, p) => getComputedStyle(e).getPropertyValue(p)", propriete)


def depasse_en_largeur(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


# --- then ----------------------------------------------------------------------------------------------------------------------------

def alors_on_lit(lieu: "Page | FrameLocator", *textes: str) -> None:
    corps = lieu.locator("body")
    for texte in textes:
        expect(corps).to_contain_text(texte)


def alors_il_y_a_reponses(lieu: "Page | FrameLocator", nombre: int) -> None:
    expect(lieu.locator(REPONSES)).to_have_count(nombre)
