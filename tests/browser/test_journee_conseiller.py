"""A day of a counsellor against the running demonstration, every process on: from the code on his telephone to the undone closing, with screenshots.

Each step is photographed on a desktop and 360 pixels wide, where nothing may overflow. CAPTURES=folder keeps the pictures; else pytest's folder does.
"""
import json
import os
import re
import time
from datetime import date, datetime, timezone
from datetime import time as heure
from pathlib import Path

import pyotp
import pytest
from etapes import Surveillance, depasse_en_largeur
from playwright.sync_api import expect
from sqlalchemy import select

from bot.agenda import ouvertures, reservation
from bot.agenda.auteurs import ASSURE_PAGE, SYSTEME
from bot.agenda.identite import Personne
from bot.agenda.instants import vers_utc
from bot.agenda.ouvertures import DemandeOuverture
from bot.contacts import comptes, totp
from bot.contacts.base import Sessions, ouvrir
from bot.contacts.comptes_demo import MOT_DE_PASSE_DEMO
from bot.contacts.tables import Antenne, Motif
from tests.campagne_essai import personne

pytestmark = [pytest.mark.navigateur, pytest.mark.moteur, pytest.mark.usefixtures("sans_hate")]
CAISSE, PAUL, BUREAU, TELEPHONE = "demo-aquitaine", "paul.vallon", (1280, 800), (360, 740)
MERCREDI, LUNDI = date(2011, 9, 14), date(2011, 11, 7)  # today, 10:00; and a Monday far enough for no other test to book it
HIER = datetime(2011, 9, 7, 8, tzinfo=timezone.utc)


class Album:
    """The pictures of the day, numbered in order."""

    def __init__(self, dossier: Path):
        self.dossier, self.rang = dossier, 0

    def photo(self, page, nom: str) -> None:
        """Both widths; on the narrow one nothing may need a horizontal scroll."""
        self.rang += 1
        for largeur, hauteur in (TELEPHONE, BUREAU):
            page.set_viewport_size({"width": largeur, "height": hauteur})
            page.screenshot(path=self.dossier / f"{self.rang:02d}-{nom}-{largeur}.png", full_page=True)
            assert not depasse_en_largeur(page), f"« {nom} » dépasse à {largeur} pixels"


@pytest.fixture
def album(tmp_path):
    dossier = Path(os.environ.get("CAPTURES") or tmp_path / "captures")
    dossier.mkdir(parents=True, exist_ok=True)
    return Album(dossier)


@pytest.fixture(scope="module")
def base(site, tmp_path_factory):
    """The database of the running site: what the day finds when it begins is put there, and the telephone taken away when it is over."""
    donnees = next(f.parent for f in tmp_path_factory.getbasetemp().glob("*/conseil.pid")
                   if json.loads(f.read_text() or "{}").get("adresse") == site)
    engine = ouvrir(f"sqlite:///{donnees / 'contacts.db'}")
    sessions = Sessions(engine)
    with sessions() as s:
        installer_la_journee(s)
    yield sessions
    with sessions() as s:
        totp.retirer(s, comptes.par_identifiant(s, PAUL))
    engine.dispose()


def installer_la_journee(s) -> None:
    """This morning, two entretiens that are over; on a Monday to come, two people in the afternoon."""
    paul = comptes.par_identifiant(s, PAUL).conseiller
    bordeaux = s.scalar(select(Antenne).where(Antenne.caisse_code == CAISSE, Antenne.nom == "Bordeaux"))
    motifs = {m.code: m for m in s.scalars(select(Motif).where(Motif.caisse_code == CAISSE))}
    for debut, fin, code in ((heure(7, 30), heure(9), "conseil_social"), (heure(9), heure(10, 30), "retraite")):
        ouvertures.ouvrir(s, DemandeOuverture(paul.id, MERCREDI, debut, fin, [motifs[code]], bordeaux.id), SYSTEME, HIER)
    qui = personne(s, nom="Fictif-Tilleul", prenom="Éléonore", identifiant="FICTIF901", telephone="06 39 98 00 91", profession="coiffeuse")

    def reserver(jour, h, code, personne_):
        reservation.confirmer(s, operation_id=f"journee-{jour}-{h}", motif=motifs[code], debut=vers_utc(jour, h, "Europe/Paris"), maintenant=HIER,
                              antenne_id=bordeaux.id, personne=personne_, auteur=ASSURE_PAGE, conseiller_id=paul.id)
    reserver(MERCREDI, heure(7, 30), "conseil_social", Personne(nom="Fictif-Aubépine", prenom="Basile", telephone="06 39 98 00 92"))
    reserver(MERCREDI, heure(9), "retraite", Personne(assure_id=qui.id))
    reserver(LUNDI, heure(13, 30), "conseil_social", Personne(nom="Fictif-Charme", prenom="Cécile", telephone="06 39 98 00 93"))
    reserver(LUNDI, heure(14, 45), "conseil_social", Personne(nom="Fictif-Dattier", prenom="Denis", telephone="06 39 98 00 94"))


# -- steps ----------------------------------------------------------------------------------------------------------------------------------


def quand_il_entre(page, site):
    page.goto(f"{site}/espace")
    page.get_by_label("Identifiant").fill(PAUL)
    page.get_by_label("Mot de passe").fill(MOT_DE_PASSE_DEMO)
    page.get_by_role("button", name="Se connecter").click()


def quand_il_rattache_son_telephone(page, album) -> pyotp.TOTP:
    """The page of the account, the picture to scan; gives what his telephone now holds."""
    page.get_by_role("link", name="Paul Vallon").click()
    page.get_by_role("link", name="Rattacher un téléphone").click()
    page.get_by_role("button", name="Commencer").click()
    album.photo(page, "telephone-a-rattacher")
    code = pyotp.TOTP(page.get_by_label("Clé").input_value())
    page.get_by_label("Les six chiffres affichés").fill(code.at(time.time()))
    page.get_by_role("button", name="Rattacher ce téléphone").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("codes de secours")
    album.photo(page, "codes-de-secours")
    return code


def quand_il_va(page, nom):
    page.get_by_role("navigation", name="Principal").get_by_role("link", name=nom, exact=True).click()


def quand_il_va_au(page, site, jour, vue="semaine"):
    page.goto(f"{site}/espace/agenda?vue={vue}&jour={jour}")


def quand_elle_dit(page, phrase):
    """The insured person types; what the assistant answers is awaited."""
    avant = page.locator(".message-assistant").count()
    page.locator("#texte").fill(phrase)
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator(".message-assistant").nth(avant)).to_be_visible()


def quand_elle_reserve(page, site, album) -> None:
    """An insured person books with Paul, in the chat."""
    page.set_default_timeout(60_000)
    page.goto(f"{site}/conversation")
    creneaux = page.locator(".message-assistant").last.locator("button", has_text=re.compile(r"\d\sh\s\d\d"))
    for _ in range(5):  # on a machine that is busy elsewhere, the engine may be late: the assistant then says so, and one asks again
        quand_elle_dit(page, "je voudrais un rendez-vous à Bordeaux le mardi 8 novembre au matin")
        if creneaux.count():
            break
    creneaux.first.click()
    page.get_by_label("Nom", exact=True).fill("Fictif-Érable")
    page.get_by_label("Prénom").fill("Estelle")
    page.get_by_label("Téléphone").first.fill("06 39 98 00 95")
    page.locator("form.formulaire button[type=submit]").last.click()
    page.get_by_role("button", name="Oui, je confirme").click()
    expect(page.locator(".genre-confirmation")).to_be_visible()
    album.photo(page, "rendez-vous-pris-dans-la-conversation")


# -- the day --------------------------------------------------------------------------------------------------------------------------------


def test_la_journee_dun_conseiller(page, navigateur, site, base, album):
    page.set_default_timeout(60_000)
    # -- he comes in, with a code of his telephone
    quand_il_entre(page, site)
    album.photo(page, "aujourdhui")
    code = quand_il_rattache_son_telephone(page, album)
    page.get_by_role("button", name="Se déconnecter").click()
    quand_il_entre(page, site)
    expect(page.get_by_role("heading", name="Code de votre téléphone")).to_be_visible()
    album.photo(page, "code-du-telephone")
    page.get_by_label("Code", exact=True).fill(code.at(time.time() + 30))  # the last one is used up
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_role("heading", name="Bonjour Paul")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("À renseigner")

    # -- he opens slots by a sentence: what is missing is asked, what it gives is shown, then saved; it can be undone
    quand_il_va(page, "Agenda")
    album.photo(page, "agenda-tableau")
    page.get_by_role("link", name="Ouvrir des créneaux").click()
    page.get_by_label("Dites ce que vous ouvrez").fill("mardi et jeudi de 14 h à 17 h")
    page.get_by_role("button", name="Lire cette phrase").click()
    expect(page.get_by_role("alert")).to_contain_text("Il manque le lieu")
    album.photo(page, "phrase-incomplete")
    page.get_by_label("Dites ce que vous ouvrez").fill("mardi et jeudi de 14 h à 17 h au téléphone jusqu'à fin octobre")
    page.get_by_role("button", name="Lire cette phrase").click()
    expect(page.get_by_role("region", name="Ce que cela donne")).to_contain_text("téléphone")
    album.photo(page, "apercu-de-louverture")
    page.get_by_role("button", name="Ouvrir ces créneaux").click()
    expect(page.get_by_role("status").first).to_contain_text("Les créneaux sont ouverts")
    expect(page.get_by_role("region", name="Ce que vous venez de faire").get_by_role("listitem")).to_have_count(2)
    album.photo(page, "creneaux-ouverts")

    # -- the same by drawing in the calendar leads to the same preview
    quand_il_va_au(page, site, "2011-11-07")
    page.get_by_role("button", name="Vue calendrier").click()
    expect(page.locator(".cal-entretien")).to_have_count(2)
    album.photo(page, "agenda-calendrier")
    quand_il_trace(page, "mercredi")
    expect(page.get_by_role("region", name="Ce que cela donne")).to_contain_text("Mercredi 9 novembre 2011")
    album.photo(page, "apercu-de-la-plage-tracee")
    page.get_by_role("button", name="Ouvrir ces créneaux").click()
    expect(page.get_by_role("status").first).to_contain_text("Les créneaux sont ouverts")

    # -- someone books in the chat, and is there when he looks
    elle = navigateur.new_context(locale="fr-FR", viewport={"width": 1280, "height": 800}).new_page()
    elle.surveillance = Surveillance(elle)
    quand_elle_reserve(elle, site, album)
    elle.context.close()
    quand_il_va_au(page, site, "2011-11-08", "jour")
    page.get_by_role("button", name="Vue calendrier").click()
    lien = page.locator(".cal-entretien", has_text="Estelle Fictif-Érable").get_by_role("link")
    expect(lien).to_be_visible()
    album.photo(page, "reservation-arrivee")
    lien.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Estelle Fictif-Érable")
    album.photo(page, "entretien")

    # -- this morning's entretien: the trame is filled as they talk, through a cut line
    quand_il_va_au(page, site, MERCREDI, "jour")
    page.get_by_role("button", name="Vue tableau").click()
    page.get_by_role("link", name=re.compile("^Éléonore Fictif-Tilleul")).first.click()
    page.get_by_role("link", name="Trame de l'entretien").click()
    etat = page.locator("#etat")
    page.get_by_label("Ce que la personne attend").fill("Comprendre son relevé de carrière.")
    expect(etat).to_contain_text("Enregistré à")
    album.photo(page, "trame")
    page.context.set_offline(True)
    page.get_by_label("Profondeur, Votre carrière, année par année").select_option("3")
    page.get_by_label("Ce qui est décidé").fill("Elle envoie ses bulletins de 1978.")
    expect(etat).to_contain_text("Connexion coupée")
    album.photo(page, "trame-connexion-coupee")
    page.context.set_offline(False)
    expect(etat).to_contain_text("Enregistré à")
    page.reload()
    expect(page.get_by_label("Ce qui est décidé")).to_have_value("Elle envoie ses bulletins de 1978.")
    expect(page.get_by_label("Profondeur, Votre carrière, année par année")).to_have_value("3")

    # -- ten seconds: three gestures, everything else comes from the trame
    page.get_by_role("link", name="Passer au compte rendu").click()
    expect(page.get_by_label("Note")).to_have_value("Elle envoie ses bulletins de 1978.")
    gestes = 1
    page.get_by_label("Sujet principal").select_option("carriere")
    gestes += 1
    album.photo(page, "compte-rendu")
    page.get_by_role("button", name="Enregistrer").click()
    gestes += 1
    fini_ou_a_completer(page)
    assert gestes <= 3, "un compte rendu tient en dix secondes : ouvrir, un sujet, enregistrer"
    album.photo(page, "compte-rendu-enregistre")

    # -- the other one did not come
    quand_il_va(page, "Aujourd'hui")
    album.photo(page, "aujourdhui-a-renseigner")
    page.get_by_role("region", name="À renseigner").get_by_role("link", name=re.compile("7 h 30")).click()
    page.get_by_label("n'est pas venue").check()
    album.photo(page, "absence")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_role("main")).to_contain_text("absent")

    # -- he closes an afternoon with two people in it: who is hit is said first, each gets a decision; then he takes it back
    quand_il_va(page, "Agenda")
    page.get_by_role("link", name="Fermer une période").click()
    page.get_by_label("Du", exact=True).fill(LUNDI.isoformat())
    page.get_by_label("À partir de").fill("13:00")
    page.get_by_label("Jusqu'à").fill("18:00")
    page.get_by_label("Raison").select_option("formation")
    page.get_by_role("button", name="Voir qui est touché").click()
    consequences = page.get_by_role("region", name="2 rendez-vous touchés")
    expect(consequences).to_contain_text("Cécile Fictif-Charme")
    album.photo(page, "fermeture-qui-est-touche")
    consequences.get_by_role("group", name=re.compile("Cécile")).get_by_label(re.compile("L.annuler")).check()
    consequences.get_by_role("group", name=re.compile("Denis")).get_by_label(re.compile("Le garder")).check()
    page.get_by_role("button", name="Fermer, et faire ce que j'ai choisi").click()
    expect(page.get_by_role("status").first).to_contain_text("La période est fermée")
    expect(page.get_by_role("main")).not_to_contain_text("Cécile Fictif-Charme")
    album.photo(page, "periode-fermee")
    page.get_by_role("button", name=re.compile("^Défaire")).first.click()
    expect(page.get_by_role("status").first).to_contain_text("C'est défait")
    quand_il_va_au(page, site, LUNDI, "jour")
    expect(page.get_by_role("main")).to_contain_text("Cécile Fictif-Charme")
    expect(page.get_by_role("main")).to_contain_text("Denis Fictif-Dattier")
    album.photo(page, "fermeture-defaite")

    assert page.surveillance.entorses == [] and page.surveillance.pannes == [] and page.surveillance.hors_de(site) == []


def quand_il_trace(page, jour) -> None:
    """Two hours drawn in the column of a day, on hours that are free."""
    colonne = page.locator(".ec-body .ec-day").nth({"lundi": 0, "mardi": 1, "mercredi": 2}[jour])
    colonne.evaluate("e => e.scrollIntoView({block: 'center', behavior: 'instant'})")
    place = colonne.bounding_box()
    x, heure_px = place["x"] + place["width"] / 2, place["height"] / 10  # 8:00 to 18:00
    page.mouse.move(x, place["y"] + 1 * heure_px + 4)
    page.mouse.down()
    page.mouse.move(x, place["y"] + 2 * heure_px, steps=5)
    page.mouse.move(x, place["y"] + 3 * heure_px - 4, steps=5)
    page.mouse.up()


def fini_ou_a_completer(page) -> None:
    expect(page.get_by_role("status").first).to_contain_text(re.compile("Le compte rendu est enregistré|C'est noté"))
