"""The survey's pages without JavaScript, the way into the conversation, and its screens of the workspace: entry, results, comments."""
import re

import pytest
from sqlalchemy import func, select

from bot.contacts import comptes
from bot.contacts.cle import cle_installation
from bot.contacts.tables import Assure, Audit, Choix, Commentaire, Contact, InvitationEnquete, Participation, Reponse, Vague
from bot.enquete import cadre, jetons, reponses
from bot.reglages import Reglages
from tests.fabrique_enquete import MAINTENANT, contacts, remise, vague
from tests.marche import lisible

PAGE = {"accept": "text/html"}


@pytest.fixture
def sessions(modele_sqlite, tmp_path_factory):
    yield from remise(modele_sqlite, tmp_path_factory)


@pytest.fixture
def reglages(tmp_path, sessions):
    return Reglages(donnees=tmp_path, base=sessions.engine.url.render_as_string(), port_moteur=1, port_actions=1, demo=True)


def ouvrir(sessions, reglages, nombre=1, code="EIG", quand=None, **contact):
    """An open wave drawn for this site's key: its codes, written as on an invitation."""
    quand = quand or MAINTENANT
    cle = cle_installation(reglages)
    with sessions() as s:
        contacts(s, nombre, code, **contact)
        v = vague(s, code)
        cadre.tirer(s, v, quand, cle)
        return [jetons.presenter(jetons.code(cle, i.pseudonyme)) for i in s.scalars(select(InvitationEnquete).order_by(InvitationEnquete.id))]


@pytest.fixture
def codes(sessions, reglages):
    return ouvrir(sessions, reglages, 2)


@pytest.fixture
def site(client):
    client.headers.update(PAGE)
    return client


def poster(site, adresse, suivre=False, **champs):
    return site.post(adresse, data=champs, follow_redirects=suivre)


def compte(sessions, table):
    with sessions.lecture() as s:
        return s.scalar(select(func.count()).select_from(table))


# -- pages ------------------------------------------------------------------------------------------------------------------------------------


def test_le_code_tape_ouvre_lintroduction(site, codes):
    reponse = poster(site, "/enquete", suivre=True, code=codes[0].lower().replace("-", " "))
    assert reponse.url.path == f"/enquete/{codes[0]}"
    assert "Vous avez eu un contact avec votre caisse RSI le 8 septembre 2011" in lisible(reponse.text) and "modèle reconstitué" in reponse.text


@pytest.mark.parametrize("tape", ["", "AAA-222-BBB", "bonjour"])
def test_un_code_faux_revient_avec_sa_faute(site, codes, tape):
    reponse = poster(site, "/enquete", code=tape)
    assert reponse.status_code == 422 and 'aria-invalid="true"' in reponse.text and "<title>Erreur" in reponse.text
    assert site.get("/enquete/AAA-222-BBB").status_code == 404


def test_une_question_par_page_gardee_avant_la_suivante(site, sessions, codes):
    page = site.get(f"/enquete/{codes[0]}/Q1")
    assert "<title>Question 1 sur 14" in lisible(page.text) and page.text.count("<h1>") == 1 and page.text.count('type="radio"') == 5
    assert re.search(r"<legend><h1>Globalement, êtes-vous satisfait", page.text) and "<script" not in page.text
    suite = poster(site, f"/enquete/{codes[0]}/Q1", reponse="tres", acte="continuer")
    assert (suite.status_code, suite.headers["location"]) == (303, f"/enquete/{codes[0]}/Q2")
    with sessions.lecture() as s:
        assert s.scalars(select(Reponse.code)).all() == ["tres"] and s.scalars(select(Participation.mode)).all() == ["web"]
    assert 'value="tres" checked' in site.get(f"/enquete/{codes[0]}/Q1").text
    assert "Reprendre" in site.get(f"/enquete/{codes[0]}").text


@pytest.mark.parametrize("champs", [{}, {"reponse": "bof"}, {"reponse": ["tres", "pas"]}])
def test_sans_choix_valable_la_page_revient_et_rien_nest_garde(site, sessions, codes, champs):
    reponse = poster(site, f"/enquete/{codes[0]}/Q1", acte="continuer", **champs)
    assert reponse.status_code == 422 and "Choisissez une réponse de la liste, ou passez la question." in lisible(reponse.text)
    assert compte(sessions, Reponse) == 0


def test_tout_le_questionnaire_finit_par_un_merci_et_le_code_ne_sert_plus(site, sessions, codes):
    adresse, pas = f"/enquete/{codes[0]}/Q1", 0
    reponses_de = {"Q5": ["D1", "D3"], "Q6": ["aucun"], "Q11": ["rien"]}
    while not adresse.endswith("/fin"):
        item = adresse.rsplit("/", 1)[1].split("?")[0]
        champs = {"texte": "Merci à Mme Durand"} if item == "Q12" else {"reponse": reponses_de[item]} if item in reponses_de else {"acte": "passer"}
        suite = poster(site, adresse, **champs)
        assert suite.status_code == 303, suite.text
        adresse, pas = suite.headers["location"], pas + 1
        if item == "Q12":
            assert adresse.endswith("?masque=1") and "est remplacé par" in lisible(site.get(adresse).text)
    assert pas == 14 and "Merci de vos réponses" in site.get(adresse).text
    assert "Vous avez déjà répondu" in site.get(f"/enquete/{codes[0]}").text
    with sessions.lecture() as s:
        assert s.scalars(select(Commentaire.texte)).all() == ["Merci à Mme […]"]


@pytest.mark.parametrize("champs, jamais", [({}, False), ({"plus_jamais": "1"}, True)])
def test_ne_pas_repondre_efface_et_peut_valoir_pour_toujours(site, sessions, codes, champs, jamais):
    poster(site, f"/enquete/{codes[0]}/Q1", reponse="tres")
    reponse = poster(site, f"/enquete/{codes[0]}/refus", **champs)
    assert reponse.status_code == 200 and "rien n'est gardé" in lisible(reponse.text)
    assert compte(sessions, Participation) == 0
    with sessions.lecture() as s:
        assert any(s.scalars(select(Assure.refus_enquete))) is jamais
    assert site.get(f"/enquete/{codes[0]}").status_code == 410


def test_la_conversation_souvre_avec_linvitation(site, sessions, codes):
    suite = poster(site, f"/enquete/{codes[0]}/conversation")
    assert (suite.status_code, suite.headers["location"]) == (303, "/conversation#dernier") and "conseil=" in suite.headers["set-cookie"]
    page = site.get("/conversation")
    assert "Votre invitation est bien là." in page.text and ">Commencer<" in page.text and codes[0] not in page.text
    with sessions.lecture() as s:
        assert [c.charge["flux"] for c in s.scalars(select(Choix)) if c.libelle == "Commencer"] == ["repondre_enquete"]
    assert "set-cookie" not in poster(site, f"/enquete/{codes[1]}/conversation").headers


def test_les_codes_ne_sessaient_pas_par_milliers(site, codes):
    statuts = [site.get("/enquete/AAA-222-BBB").status_code for _ in range(61)]
    assert statuts[0] == 404 and statuts[-1] == 429


def test_une_question_inconnue_est_une_page_inconnue(site, codes):
    assert site.get(f"/enquete/{codes[0]}/C1").status_code == 404 and site.get(f"/enquete/{codes[0]}/conversation").status_code == 404


# -- the workspace ------------------------------------------------------------------------------------------------------------------------------


def numero(espace, identifiant):
    with espace.sessions.lecture() as s:
        return comptes.par_identifiant(s, identifiant).conseiller_id


def personne_de(espace, niveau):
    from bot.contacts.comptes_demo import PERSONNES_DEMO
    return next(p.identifiant for p in PERSONNES_DEMO if niveau in p.niveaux and p.caisse_code == "demo-aquitaine")


def test_une_personne_saisit_les_reponses_dun_contact_qui_nest_pas_le_sien(espace):
    claire = numero(espace, "claire.fontaine")
    [code] = ouvrir(espace.sessions, espace.reglages, par=claire)
    secretariat = espace.connecte(personne_de(espace, "secretariat"))
    page = secretariat.post("/espace/enquete/saisie", code=code)
    assert page.status_code == 200 and page.text.count("<fieldset") == 14 and "E1" in page.text
    faute = secretariat.post("/espace/enquete/saisie/reponses", code=code, Q1="tres", commentaire="Très bien")
    assert faute.status_code == 422 and "au téléphone ou sur papier" in lisible(faute.text) and "Très bien" in faute.text
    assert compte(espace.sessions, Reponse) == 0
    fait = secretariat.post("/espace/enquete/saisie/reponses", code=code, mode="papier", Q1="tres", Q5=["D1", "D3"], commentaire="Très bien", suivre=True)
    assert "Les réponses sont enregistrées." in lisible(fait.text)
    with espace.sessions.lecture() as s:
        p = s.scalars(select(Participation)).one()
        assert (p.mode, p.etat, p.saisi_par != claire) == ("papier", "complete", True)
        assert {"enquete.saisie", "enquete.saisie_faite"} <= set(s.scalars(select(Audit.acte)))


def test_le_conseiller_du_contact_est_refuse_a_chaque_porte(espace):
    claire = numero(espace, "claire.fontaine")
    [code] = ouvrir(espace.sessions, espace.reglages, par=claire)
    navigateur = espace.connecte("claire.fontaine")
    assert "Vous avez mené ce contact" in lisible(navigateur.post("/espace/enquete/saisie", code=code).text)
    assert navigateur.post("/espace/enquete/saisie/reponses", code=code, mode="papier", Q1="tres").status_code == 403
    with espace.sessions() as s:
        s.scalars(select(Assure).order_by(Assure.id.desc())).first().telephone = "06 39 98 12 34"
    assert "06 39 98 12 34" not in lisible(navigateur.get("/espace/enquete/saisie").text)
    assert "06 39 98 12 34" in lisible(espace.connecte(personne_de(espace, "secretariat")).get("/espace/enquete/saisie").text)
    assert compte(espace.sessions, Reponse) == 0


def test_le_code_dune_autre_caisse_est_inconnu(espace):
    [code] = ouvrir(espace.sessions, espace.reglages, caisse="demo-aquitaine")
    with espace.sessions() as s:
        s.scalars(select(Vague)).one().caisse_code = "demo-reunion"
    reponse = espace.connecte(personne_de(espace, "secretariat")).post("/espace/enquete/saisie", code=code)
    assert reponse.status_code == 404 and "aucune invitation" in lisible(reponse.text)


def repondre(espace, codes, comptes_q1, **suite):
    cle = cle_installation(espace.reglages)
    with espace.sessions() as s:
        for code, valeur in zip(codes, comptes_q1):
            reponses.repondre(s, reponses.ouvrir(s, code, cle, espace.maintenant), {"Q1": valeur, "Q5": ["D3"]}, "web", **suite)


def test_le_responsable_lit_les_resultats_en_tables_et_en_mots(espace):
    codes = ouvrir(espace.sessions, espace.reglages, 40, quand=espace.maintenant)
    repondre(espace, codes[:20], ["tres"] * 12 + ["plutot"] * 4 + ["pas"] * 4)
    responsable = espace.connecte(personne_de(espace, "responsable"))
    liste = lisible(responsable.get("/espace/enquete").text)
    assert "EIG" in liste and "50 %" in liste
    with espace.sessions.lecture() as s:
        n = s.scalars(select(Vague.id)).one()
    page = lisible(responsable.get(f"/espace/enquete/vagues/{n}").text)
    assert "20 répondants sur 40 tirés dans une base de 40" in page and "recensement" in page
    barre = re.search(r'<svg class="barre-avis"[^>]+aria-label="(Q1 : [^"]+)">(.*?)</svg>', page, re.S)
    assert barre[1] == "Q1 : Pas du tout satisfait(e) 20 %, Plutôt pas satisfait(e) 0 %, Plutôt satisfait(e) 20 %, Très satisfait(e) 60 %"
    assert re.findall(r'class="(\w+)" x="([\d.]+)" y="2" width="([\d.]+)"', barre[2])[1:] == [
        ("pas", "80.0", "20.0"), ("plutot_pas", "100.0", "0.0"), ("plutot", "100.0", "20.0"), ("tres", "120.0", "60.0")]
    assert "80 % (entre 65 % et 90 %, 20 réponses exprimées)" in page and "+ 60 points" in page
    assert page.count("<caption") >= 16 and page.count("<table") == page.count("<caption")
    export = responsable.get(f"/espace/enquete/vagues/{n}/csv")
    assert export.headers["content-type"].startswith("text/csv") and 'Très satisfait(e);12;20;0,8000' in export.text
    assert "Q1;Par mode de réponse;Page du site;16;20;0,8000" in export.text


def test_sous_onze_reponses_la_page_ne_donne_ni_taux_ni_detail(espace):
    codes = ouvrir(espace.sessions, espace.reglages, 12, quand=espace.maintenant)
    repondre(espace, codes[:10], ["tres"] * 9 + ["pas"])
    responsable = espace.connecte(personne_de(espace, "responsable"))
    with espace.sessions.lecture() as s:
        n = s.scalars(select(Vague.id)).one()
    page, export = lisible(responsable.get(f"/espace/enquete/vagues/{n}").text), responsable.get(f"/espace/enquete/vagues/{n}/csv").text
    assert "barre-avis" not in page and "Q1;Par mode de réponse;Page du site;s;s;;;" in export
    assert "10 réponses exprimées : trop peu pour un taux" in page and "<td>9</td>" not in page and "Très satisfait(e);s;10;;;" in export
    assert espace.connecte("claire.fontaine").get(f"/espace/enquete/vagues/{n}").status_code == 404


def test_le_responsable_relit_les_commentaires(espace):
    codes = ouvrir(espace.sessions, espace.reglages, 2, quand=espace.maintenant)
    repondre(espace, codes[:1], ["tres"], commentaire="Accueil parfait, merci à M. Durand")
    responsable = espace.connecte(personne_de(espace, "responsable"))
    assert "1 commentaire attend" in lisible(responsable.get("/espace").text)
    page = lisible(responsable.get("/espace/enquete/commentaires").text)
    assert "Accueil parfait, merci à M. […]" in page and "Durand" not in page
    with espace.sessions.lecture() as s:
        n = s.scalars(select(Commentaire.id)).one()
    faute = responsable.post(f"/espace/enquete/commentaires/{n}", decision="retenir", extrait="Accueil parfait")
    assert faute.status_code == 422 and "il lui faut un thème" in lisible(faute.text) and "Accueil parfait</textarea>" in faute.text
    assert "Le commentaire est relu." in lisible(responsable.post(f"/espace/enquete/commentaires/{n}", suivre=True, decision="retenir", theme="accueil",
                                                                 extrait="Accueil parfait").text)
    with espace.sessions.lecture() as s:
        c = s.get(Commentaire, n)
        assert (c.etat, c.theme, c.extrait, c.relu_par is not None) == ("retenu", "accueil", "Accueil parfait", True)
        assert s.scalar(select(func.count()).select_from(Contact)) >= 2
