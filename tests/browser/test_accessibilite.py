"""axe-core on every page and state, and what axe cannot see (reference security.md §4). The pages come from the routes of the application:
a GET route that nobody visits here fails `test_aucune_page_n_est_oubliee`."""
import re
import shutil
import threading
from pathlib import Path

import pyotp
import pytest
from anyio import to_thread
from axe import COUPES, EXPLIQUES, axe, etroitesse, structure
from fastapi.routing import APIRoute
from playwright.sync_api import expect
from sqlalchemy import select

from bot.contacts import comptes
from bot.contacts.base import Sessions, ouvrir
from bot.contacts.comptes_demo import PERSONNES_DEMO
from bot.contacts.tables import Assure, Caisse, Entretien
from bot.knowledge.calculs import REGISTRE
from bot.site.demo_caisse.serveur import creer_app as caisse_fictive
from bot.site.espace.acces import nom_cookie
from tests.marche import ports_libres, servie
from tests.site import remplie
from tests.site.espace import Espace, Sites, hachage_rapide, modele_espace  # noqa: F401  (fixture)
from tests.site.espace_agenda import CAISSE, Bureau, modele_bureau  # noqa: F401  (fixture)
from tests.site.remplie import adresse, lectures, qui_prend
from tests.site.test_espace_droits import routes
from tests.site.test_reponses_du_moteur import FauxMoteur

pytestmark = pytest.mark.navigateur
# What answers GET and is no page: figures for Prometheus, and two files that stand for as long as a proposal does (YAML, patch).
PAS_DES_PAGES = {"/metrics", "/espace/relecture/propositions/{nom}", "/espace/relecture/propositions/{nom}/correctif"}
VUES: set[str] = set()
JOUEES: set[str] = set()


def nu(page) -> str:
    """What a page shows, without what changes by itself: tokens and numbers of sending."""
    return re.sub(r'value="[\w.-]{30,}"|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', "", page.locator("body").inner_html())


def immobile(page):
    """Wait until the page is whole and nothing moves: a click comes back as soon as the next page begins, and a colour on its way is no colour."""
    page.wait_for_load_state()
    page.evaluate("() => Promise.allSettled(document.getAnimations().map(a => a.finished)).then(() => null)")


class Lieu:
    """A site that is served, its application, and the tabs opened there: one a person."""

    def __init__(self, espace: Espace, adresse: str, navigateur):
        self.espace, self.adresse, self.navigateur, self.onglets = espace, adresse, navigateur, {}
        self.fautes: list[str] = []
        self.lues: set[str] = set()
        self.chemins = [r for r in routes(espace.app) if isinstance(r, APIRoute) and "GET" in r.methods and not r.include_in_schema]

    def onglet(self, qui=None, second_facteur=True):
        """A tab where this person is logged in (a login), or someone of the public's own."""
        if qui not in self.onglets:
            contexte = self.navigateur.new_context(locale="fr-FR", viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
            contexte.set_default_timeout(15_000)
            if qui in {p.identifiant for p in PERSONNES_DEMO}:
                cookie = self.espace.connecte(qui, second_facteur).cookie
                contexte.add_cookies([{"name": nom_cookie(self.espace.reglages), "value": cookie, "url": self.adresse}])
            self.onglets[qui] = contexte.new_page()
        return self.onglets[qui]

    def page(self, chemin, qui=None, statut=None):
        """Open a page of the site; its tab, or None when it is a file."""
        onglet = self.onglet(qui)
        self.noter(chemin)
        if not onglet.request.get(self.adresse + chemin, headers={"accept": "text/html"}).headers.get("content-type", "").startswith("text/html"):
            return None
        reponse = onglet.goto(self.adresse + chemin)
        if statut:
            assert reponse.status == statut, (chemin, reponse.status)
        return onglet

    def regarder(self, page, etat, cadre=None):
        """axe and the measures, on what the tab shows now."""
        self.noter(page.url.removeprefix(self.adresse))
        immobile(page)
        if nu(page) in self.lues:
            return  # the very page that was just looked at
        self.lues.add(nu(page))
        # A document that is downloaded stands alone: no menu, no foot of this site.
        constats = axe(cadre or page) + ([] if re.search(r"/(document|editions)/", page.url) else structure(page)) + etroitesse(page)
        self.fautes += [f"{etat} [{page.url.removeprefix(self.adresse)}] {c}" for c in constats]

    def noter(self, chemin):
        """The route that this address belongs to has been seen."""
        VUES.update([r.path for r in self.chemins if r.path_regex.match(chemin.partition("?")[0].partition("#")[0])][:1])

    def rendre(self):
        fautes, self.fautes = self.fautes, []
        assert not fautes, f"{len(fautes)} constats\n" + "\n".join(fautes)


@pytest.fixture(scope="module")
def installer(tmp_path_factory, navigateur):
    """Workspaces of their own, served, for this module: `installer(modele)`."""
    with hachage_rapide():
        ouverts = []

        def faire(modele, port=0, **reglages):
            sites = Sites(tmp_path_factory.mktemp("lieux"), modele)
            espace = sites.donner(**{"conversations_par_minute": 10_000, "messages_par_minute": 10_000, **reglages})
            espace.app.state.contexte.dialogue.horloge = espace.app.state.contexte.horloge
            service = servie(espace.app, port)
            ouverts.append((sites, service))
            return Lieu(espace, service.__enter__(), navigateur)
        yield faire
        for sites, service in ouverts:
            service.__exit__(None, None, None)
            sites.pile.close()


@pytest.fixture(scope="module")
def au_travail(installer, modele_bureau):  # noqa: F811
    """A caisse where everything has happened once, on 14 September 2011."""
    lieu = installer(modele_bureau)
    with lieu.espace.sessions.lecture() as s:
        claire, paul = (comptes.par_identifiant(s, n).conseiller_id for n in ("claire.fontaine", "paul.vallon"))
        assure = s.scalar(select(Assure.id).where(Assure.identifiant == "FICTIF001", Assure.caisse_code == CAISSE))
        entretien = s.scalar(select(Entretien.id).where(Entretien.operation_id == "ce-matin"))
    lieu.bureau = Bureau(lieu.espace, claire, paul, assure, entretien)
    remplie.remplir(lieu.bureau)
    return lieu


@pytest.fixture(scope="module")
def vide(installer, modele_espace):  # noqa: F811
    """A caisse on its first day: accounts, and nothing else."""
    return installer(modele_espace)


@pytest.fixture(scope="module")
def a_lechance(installer, modele_espace, tmp_path_factory):  # noqa: F811
    """The same caisse on 20 January 2012, its bilan sent, the national one published."""
    lieu = installer(remplie.ecrire_annee(modele_espace, tmp_path_factory.mktemp("annee")))
    remplie.remplir_bilan(lieu.espace)
    return lieu


def pages_de_lespace(lieu, etat, seulement=lambda nom: True):
    """Every GET route of the workspace that has something to answer here."""
    valeurs = remplie.parametres(lieu.espace)
    for nom, chemin in lectures(lieu.espace).items():
        ou = adresse(chemin, valeurs)
        if ou is None or not seulement(nom):
            continue
        if nom in FLUX:
            lieu.noter(ou)
            continue
        page = lieu.page(ou, TENUES.get(nom) or qui_prend(nom))
        if page is not None:
            lieu.regarder(page, f"{etat}, {nom}")


# Never ends, and is read by a script: there is no page to look at.
FLUX = {"relais.flux", "relais.file.flux"}
# Who is shown a page that belongs to one person.
TENUES = {"relais.voir": "claire.fontaine"}
# What the workspace also shows at an address of its own: with a choice made, or a preview.
VARIANTES = [
    ("/espace/agenda?vue=jour&jour=2011-09-15", "claire.fontaine"), ("/espace/assures?q=fictif", "claire.fontaine"), ("/espace/assures?q=zzz", "claire.fontaine"),
    ("/espace/agenda/ouverture?jour=2011-10-18&debut=14:00&fin=17:00&motifs=conseil_social_telephone", "claire.fontaine"),
    ("/espace/agenda/fermeture?jour=2011-09-15&portee=caisse&raison=formation", "marc.colline"), ("/espace/rendez-vous?motif=retraite", "claire.fontaine"),
    ("/espace/kit/courrier_invitation/parties/lettre", "marc.colline"), ("/espace/nulle-part", "claire.fontaine"), ("/espace/assures/999999", "claire.fontaine"),
    *[("/espace", qui) for qui in sorted(set(remplie.QUI.values()))]]


def test_lespace_au_travail(au_travail):
    JOUEES.add("au_travail")
    pages_de_lespace(au_travail, "au travail")
    for chemin, qui in VARIANTES:
        au_travail.regarder(au_travail.page(chemin, qui), f"au travail, {qui}")
    au_travail.rendre()


def test_lespace_vide(vide):
    JOUEES.add("vide")
    pages_de_lespace(vide, "vide")
    for etape in ("mot de passe donné", "téléphone à rattacher", "codes de secours", "code demandé"):
        vide.regarder(compte_en_chemin(vide, etape), etape)
    vide.rendre()


def compte_en_chemin(lieu, etape):
    """The pages of the way in, as Paul meets them one after the other."""
    page = lieu.onglet("paul.vallon")
    if etape == "mot de passe donné":
        marc = lieu.page("/espace/equipe", "marc.colline")
        ligne = marc.get_by_role("row", name="Lise Rivière")
        ligne.locator("summary").click()
        ligne.get_by_role("button", name="Donner un nouveau mot de passe").click()
        return marc
    if etape == "téléphone à rattacher":
        page.goto(lieu.adresse + "/espace/compte/double-authentification")
        page.get_by_role("button", name="Commencer").click()
        expect(page.locator("#cle")).to_be_visible()
        lieu.cle = page.locator("#cle").input_value()
    if etape == "codes de secours":
        page.get_by_label("Les six chiffres affichés").fill(pyotp.TOTP(lieu.cle).now())
        page.get_by_role("button", name="Rattacher ce téléphone").click()
        expect(page.locator(".codes")).to_be_visible()
    if etape == "code demandé":
        lieu.onglets.pop("paul.vallon").context.close()
        page = lieu.onglet("paul.vallon", second_facteur=False)
        page.goto(lieu.adresse + "/espace/connexion/code")
        assert page.url.endswith("/espace/connexion/code")
    return page


def test_le_bilan_transmis_consolide_publie(a_lechance):
    JOUEES.add("bilan")
    pages_de_lespace(a_lechance, "bilan", lambda nom: nom.startswith(("bilan", "accueil")))
    for qui in ("anne.sommet", "denis.ravin", "ines.prairie"):
        a_lechance.regarder(a_lechance.page("/espace/bilan" if qui != "ines.prairie" else "/espace/bilans", qui), qui)
    a_lechance.rendre()


def test_un_bilan_refuse_au_controle(installer, modele_espace, tmp_path_factory):  # noqa: F811
    lieu = installer(remplie.ecrire_annee(modele_espace, tmp_path_factory.mktemp("refuse")))
    marc = lieu.espace.connecte("marc.colline")
    remplie.marcher(marc.post(f"{remplie.BILAN}/parties/textes.moyens", valeur="Appeler le 06 12 34 56 78."))
    remplie.marcher(marc.post(f"{remplie.BILAN}/controle"))
    for chemin in ("/espace/bilan", "/espace/bilan/2011/preparation"):
        lieu.regarder(lieu.page(chemin, "marc.colline"), "contrôle refusé")
    lieu.rendre()


# -- the public site --------------------------------------------------------------------------------------------------------------------------------

PUBLIQUES = ["/", "/faq", "/faq?q=retraite", "/faq?q=zzzzzz", "/faq/auto_entrepreneur/depassement_seuils", "/faq/auto_entrepreneur/seuils_ca", "/faq/sante/urgence",
             "/faq/retraite/age_legal", "/calculs", *[f"/calculs/{nom}" for nom in REGISTRE],
             "/calculs/cotisations_micro?montant=2000&periode=mois&activite=prestation&groupe=artisan", "/calculs/age_retraite?naissance=2031-01-01",
             "/donnees-personnelles", "/accessibilite", "/a-propos", "/aide", "/page-qui-n-existe-pas", "/conversation", "/rencontres", "/rencontres/999"]


def test_les_pages_publiques(au_travail):
    JOUEES.add("publiques")
    for chemin in PUBLIQUES:
        au_travail.regarder(au_travail.page(chemin), "public")
    au_travail.rendre()


def test_les_pages_de_rendez_vous(au_travail):
    """Every step of booking, its faults, a slot that is gone, the booking itself, moving, cancelling, a rencontre and its waiting list."""
    JOUEES.add("rdv")
    lieu, page = au_travail, au_travail.onglet("rdv-visiteur")

    def voir(etat):
        page.wait_for_load_state()
        lieu.regarder(page, etat)

    def aller(chemin, etat):
        lieu.noter(chemin)
        page.goto(lieu.adresse + chemin)
        voir(etat)
    aller("/rendez-vous", "motifs")
    page.get_by_role("main").get_by_role("link", name="Faire le point sur ma protection sociale").click()
    voir("lieu")
    page.get_by_role("main").get_by_role("link", name="Antenne de Bordeaux").click()
    voir("créneaux")
    creneaux = page.url
    aller(creneaux.removeprefix(lieu.adresse) + "&du=2011-31-12", "date fausse")
    aller(creneaux.removeprefix(lieu.adresse) + "&du=2012-06-01", "aucun créneau")
    page.goto(creneaux)
    page.locator(".jour button").first.click()
    voir("coordonnées")
    page.locator("form.formulaire").first.evaluate("f => f.noValidate = true")
    page.get_by_role("button", name="Continuer").click()
    voir("coordonnées fausses")
    for champ, valeur in (("Nom", "Exemple"), ("Prénom", "Dominique"), ("Téléphone", "06 39 98 00 55")):
        page.get_by_label(champ, exact=champ == "Nom").fill(valeur)
    page.get_by_role("button", name="Continuer").click()
    voir("récapitulatif")
    page.get_by_role("button", name="Je confirme le rendez-vous").click()
    voir("réservé")
    code = page.locator(".code").inner_text()
    for chemin in ("/rendez-vous/mon/imprimer", "/rendez-vous/mon/annuler", "/rendez-vous/mon/deplacer"):
        aller(chemin, chemin)
    page.locator(".jour").nth(1).get_by_role("button").first.click()
    voir("déplacer, confirmer")
    page.get_by_role("button", name="Oui, déplacez-le").click()
    voir("déplacé")
    aller("/rendez-vous/mon/annuler", "annuler")
    page.get_by_role("button", name="Oui, j'annule").click()
    voir("annulé")
    for fichier in ("/rendez-vous/mon/agenda.ics", f"/rendez-vous/agenda/{code}.ics"):
        assert lieu.page(fichier) is None or True
    aller("/rendez-vous/code", "code")
    page.get_by_label("Code", exact=True).fill("ABCD-EFGH")
    page.get_by_label("Les trois premières lettres").fill("xyz")
    page.get_by_role("button", name="Continuer").click()
    voir("code faux")
    aller("/rencontres", "rencontres")
    page.get_by_role("main").get_by_role("link", name="Bien démarrer").click()
    voir("rencontre complète")
    for champ, valeur in (("Nom", "Attente"), ("Prénom", "Dominique"), ("Courriel", "attente@exemple.example")):
        page.get_by_label(champ, exact=champ == "Nom").fill(valeur)
    page.get_by_role("button", name="attente").click()
    voir("en attente")
    lieu.rendre()


def test_lenquete(au_travail):
    """The code and its fault, each question and its kinds of answers, stopping, refusing, the end."""
    JOUEES.add("enquete")
    lieu, page = au_travail, au_travail.onglet("enquete-visiteur")
    premier, second, *_ = remplie.codes_enquete(lieu.espace)

    def aller(chemin, etat):
        page.goto(lieu.adresse + chemin)
        lieu.regarder(page, etat)
    aller("/enquete", "code")
    page.locator("form.carte").evaluate("f => f.noValidate = true")
    page.get_by_role("button", name="Ouvrir mon questionnaire").click()
    lieu.regarder(page, "code faux")
    aller("/enquete/AAA-222-BBB", "code inconnu")
    aller(f"/enquete/{premier}", "introduction")
    for rang in range(1, 16):
        page.goto(f"{lieu.adresse}/enquete/{premier}/Q{rang}")
        if page.url.endswith(f"/Q{rang}") and page.locator("main form").count():
            lieu.regarder(page, f"question {rang}")
            if rang == 1:
                page.get_by_role("button", name="Continuer").click()
                lieu.regarder(page, "question sans réponse")
    aller(f"/enquete/{premier}/fin", "fin")
    page.goto(f"{lieu.adresse}/enquete/{second}")
    page.get_by_role("button", name="répondre").last.click()
    lieu.regarder(page, "refus")
    lieu.rendre()


# -- the conversation ---------------------------------------------------------------------------------------------------------------------------------


class MoteurLent(FauxMoteur):
    """Takes its time, until the test has looked."""

    def __init__(self, app):
        super().__init__(app)
        self.attendu = threading.Event()

    async def dire(self, *a):
        await to_thread.run_sync(self.attendu.wait, 20)
        return await super().dire(*a)


@pytest.fixture
def moteur(au_travail):
    """An engine that understands what the test says, in place of the one that is down."""
    dialogue = au_travail.espace.app.state.contexte.dialogue
    vrai, dialogue.moteur = dialogue.moteur, MoteurLent(au_travail.espace.app)
    dialogue.moteur.attendu.set()
    yield dialogue.moteur
    dialogue.moteur = vrai


@pytest.mark.parametrize("chemin", ["/conversation", "/cadre?caisse=demo-aquitaine"])
def test_la_conversation_dans_tous_ses_etats(au_travail, moteur, chemin):
    JOUEES.add(f"conversation {chemin}")
    lieu, page = au_travail, au_travail.onglet(f"conversation {chemin}")

    def repondu(nombre):
        expect(page.locator(".message-assistant")).to_have_count(nombre)
        immobile(page)
    page.goto(lieu.adresse + chemin)
    lieu.regarder(page, "au début")
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator("#erreurs p")).to_have_count(1)
    lieu.regarder(page, "message vide")

    moteur.attendu.clear()
    moteur.comprend("auto_entrepreneur.seuils_ca")
    page.locator("#texte").fill("plafond ca auto entrepreneur ?")
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator("#etat")).not_to_be_empty()
    lieu.regarder(page, "le robot écrit")
    moteur.attendu.set()
    repondu(2)
    page.locator(".message-assistant details").last.evaluate("d => d.open = true")
    lieu.regarder(page, "après une réponse")

    moteur.comprend("auto_entrepreneur.seuils_ca", 0.4, "auto_entrepreneur.depassement_seuils", "auto_entrepreneur.tva")
    page.locator("#texte").fill("plafond")
    page.keyboard.press("Enter")
    repondu(3)
    lieu.regarder(page, "des boutons")

    page.locator("#texte").fill("je veux mourir")
    page.keyboard.press("Enter")
    repondu(4)
    lieu.regarder(page, "urgence")

    moteur.comprend("parler_conseiller")
    page.locator("#texte").fill("je veux parler à quelqu'un")
    page.keyboard.press("Enter")
    expect(page.locator("#mode")).to_contain_text("Un conseiller va vous répondre")
    lieu.regarder(page, "en attente d'un conseiller")
    page.get_by_role("button", name="Laisser un message").last.click()
    expect(page.locator(".formulaire")).to_be_visible()
    lieu.regarder(page, "un formulaire")
    page.locator(".formulaire").get_by_role("button").click()
    expect(page.locator("[aria-invalid=true]").first).to_be_visible()
    lieu.regarder(page, "un formulaire à corriger")
    page.reload()
    lieu.regarder(page, "rechargée, dessinée par le serveur")
    page.goto(lieu.adresse + chemin)
    page.get_by_role("button", name="Effacer cette conversation").click()
    expect(page.locator("body")).to_contain_text("La conversation est effacée")
    lieu.regarder(page, "effacée")
    lieu.rendre()


def test_la_conversation_quand_le_moteur_est_arrete(au_travail):
    """No engine: the answer comes from the search in the sheets, and the page says so."""
    page = au_travail.onglet("panne")
    page.goto(au_travail.adresse + "/conversation")
    page.locator("#texte").fill("plafond ca auto entrepreneur ?")
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator(".message-assistant")).to_have_count(2)
    immobile(page)
    au_travail.regarder(page, "moteur arrêté")
    page.context.set_offline(True)
    page.locator("#texte").fill("allô ?")
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator("#erreurs p")).to_have_count(1)
    au_travail.regarder(page, "connexion coupée")
    au_travail.rendre()


def test_la_fenetre_fermee_puis_ouverte(installer, modele_espace, tmp_path):  # noqa: F811
    """The launcher and the panel in a caisse's own site, and the frame inside."""
    ici, la = ports_libres(2)
    modele = Path(shutil.copy(modele_espace, tmp_path / "contacts.db"))
    engine = ouvrir(f"sqlite:///{modele}")
    with Sessions(engine)() as s:
        s.get_one(Caisse, CAISSE).origines = [f"http://127.0.0.1:{la}"]
    engine.dispose()
    lieu = installer(modele, port=ici)
    with servie(caisse_fictive(lieu.adresse), la) as hote:
        page = lieu.onglet("fenetre")
        page.goto(hote)
        fautes = axe(page)
        lanceur = page.get_by_role("button", name="Poser une question")
        expect(lanceur).to_have_attribute("aria-expanded", "false")
        lanceur.click()
        expect(page.frame_locator("conseil-assistant iframe").locator("#texte")).to_be_focused()
        panneau = page.get_by_role("dialog")
        assert lanceur.get_attribute("aria-controls") == panneau.get_attribute("id") and panneau.get_attribute("aria-modal") is None
        assert page.locator("conseil-assistant iframe").get_attribute("title") == "Conversation avec l'assistant"
        fautes += axe(page) + axe(page.frames[-1])
        # The caisse's own page is not ours (and hostile on purpose): only what we bring into it counts.
        assert [f for f in fautes if re.search("conseil-assistant|lanceur|panneau|fermer|iframe|bulle|saisie|cadre", f)] == []


# -- faults ----------------------------------------------------------------------------------------------------------------------------------------

FAUTES = [("/espace/connexion", None, "Se connecter"), ("/espace/compte/mot-de-passe", "lise.riviere", "Changer le mot de passe"),
          ("/espace/equipe", "marc.colline", "Créer le compte"), ("/espace/rencontres/nouvelle", "claire.fontaine", None),
          ("/espace/enquete/saisie", "lise.riviere", None), ("/espace/campagne/2011/EIG/courriers", "lise.riviere", "Noter"),
          ("/espace/entretien-spontane?assure=1", "claire.fontaine", "Enregistrer")]


@pytest.mark.parametrize("chemin, qui, bouton", FAUTES)
def test_une_faute_se_dit_se_relie_et_prend_le_focus(au_travail, chemin, qui, bouton):
    page = au_travail.page(chemin, qui)
    formulaire = page.locator("main form").filter(has=page.get_by_role("button", name=bouton)).last if bouton else page.locator("main form").last
    formulaire.evaluate("""f => { f.noValidate = true; for (const e of f.elements) if (e.matches('input:not([type=hidden], [type=checkbox], [type=radio]), textarea')) e.value = ''; }""")
    (formulaire.get_by_role("button", name=bouton) if bouton else formulaire.get_by_role("button")).first.click()
    page.wait_for_load_state()
    expect(page).to_have_title(re.compile("^Erreur"))
    expect(page.locator("[role=alert]")).to_be_focused()
    liens = page.locator("[role=alert] a")
    assert liens.count() > 0
    cible = page.locator(liens.first.get_attribute("href"))
    expect(cible).to_have_count(1)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("(c) => document.activeElement === c || c.contains(document.activeElement) || location.hash === '#' + c.id", cible.element_handle())
    au_travail.regarder(page, "faute")
    au_travail.rendre()


# -- guards ------------------------------------------------------------------------------------------------------------------------------------------


def test_axe_et_les_mesures_voient_une_page_mal_faite(au_travail):
    page = au_travail.onglet("temoin")
    page.goto(au_travail.adresse + "/a-propos")
    page.evaluate("""() => {
        document.body.insertAdjacentHTML('beforeend', '<p id="gris">gris</p><input id="nu"><h4>saut</h4><table><tr><th>a</th></tr></table><div id="large">large</div>');
        const f = new CSSStyleSheet();
        f.replaceSync('#gris { color: #ddd; background: #fff } #large { width: 1500px } .marque { overflow: hidden; height: 4px }');
        document.adoptedStyleSheets = [f];
        document.querySelector('footer a[href="/accessibilite"]').remove();
    }""")
    vues = "\n".join(axe(page) + structure(page) + page.evaluate(COUPES))
    for attendu in ("color-contrast", "label", "table sans titre", "entête sans portée", "défile en largeur", "texte coupé", "pied"):
        assert attendu in vues, attendu


def test_chaque_exception_d_axe_est_expliquee():
    assert len(EXPLIQUES) <= 5 and all(len(raison) > 40 for _, _, raison in EXPLIQUES)


def test_aucune_page_n_est_oubliee(au_travail):
    """Every GET route that people reach has been looked at, by its address."""
    attendues = {"au_travail", "vide", "bilan", "publiques", "rdv", "enquete", "conversation /conversation", "conversation /cadre?caisse=demo-aquitaine"}
    if not attendues <= JOUEES:
        pytest.skip("se juge après les autres essais de ce fichier")
    toutes = {r.path for r in au_travail.chemins}
    assert len(toutes) > 80 and toutes - VUES == PAS_DES_PAGES
