"""The door of the workspace: login, lockout, second factor, sessions that cannot be stolen, fixed or outlived, forms that only ours can send."""
import re
from datetime import datetime, timedelta, timezone

import pyotp
import pytest
from sqlalchemy import delete, select

from bot.contacts import comptes, connexion, totp
from bot.contacts.cle import cle_installation
from bot.contacts.comptes import COMMANDE
from bot.contacts.tables import Audit, Compte, SessionEspace
from bot.horloge import Horloge
from bot.site.espace.connexion import suite_sure
from tests.marche import lisible
from tests.site.espace import hachage_rapide

BON = "girafe mauve tracteur lune"


@pytest.fixture
def production(sites_espace):
    """A site that is not a demonstration, behind HTTPS, with two real accounts."""
    with hachage_rapide():
        espace = sites_espace.donner(demo=False, cookies_surs=True)
        with espace.sessions() as s:
            for identifiant, role in (("vera.vraie", "conseiller"), ("rene.vrai", "responsable")):
                comptes.creer(s, caisse_code="demo-aquitaine", prenom="V", nom="R", identifiant=identifiant, roles=[role], mot_de_passe=BON,
                              auteur=COMMANDE, maintenant=espace.maintenant, doit_changer=False)
        yield espace


def actes(espace):
    with espace.sessions.lecture() as s:
        return list(s.scalars(select(Audit.acte).order_by(Audit.id)))


def rattacher(espace, identifiant, quand=None):
    """Give an account a telephone; gives its codes' maker and its recovery codes."""
    with espace.sessions() as s:
        compte = comptes.par_identifiant(s, identifiant)
        cle = cle_installation(espace.reglages)
        telephone = pyotp.TOTP(totp.proposer(compte, cle))
        quand = quand or datetime.now(timezone.utc) - timedelta(minutes=2)
        return telephone, totp.activer(s, compte, telephone.at(quand), cle, quand)


# -- coming in -----------------------------------------------------------------------------------------------------------------------------


def test_entrer_mene_a_la_page_demandee(espace):
    visiteur = espace.visiteur()
    arrivee = visiteur.get("/espace/compte")
    assert arrivee.url.path == "/espace/connexion" and 'value="/espace/compte"' in arrivee.text
    reponse = visiteur.entrer("Claire.Fontaine ", suite="/espace/compte")
    assert (reponse.status_code, reponse.headers["location"]) == (303, "/espace/compte")
    assert "Claire Fontaine" in visiteur.get("/espace").text and "connexion.ouverte" in actes(espace)


@pytest.mark.parametrize("suite, sure", [
    ("/espace/agenda?jour=2011-09-20", "/espace/agenda?jour=2011-09-20"), ("/espace", "/espace"), ("https://malin.example/espace", "/espace"),
    ("//malin.example", "/espace"), ("/espace//malin", "/espace"), ("/espace\\malin", "/espace"), ("/espaceX", "/espace"), ("/faq", "/espace"),
    ("/espace/connexion", "/espace"), ("javascript:alert(1)", "/espace"), ("", "/espace")])
def test_la_suite_ne_mene_jamais_hors_de_lespace(suite, sure):
    assert suite_sure(suite) == sure


def test_inconnu_faux_et_desactive_recoivent_la_meme_reponse(espace):
    with espace.sessions() as s:
        comptes.desactiver(s, comptes.par_identifiant(s, "paul.vallon"), COMMANDE, espace.maintenant)
    pages = []
    for identifiant, mot_de_passe in (("personne.connue", "demonstration-2011"), ("claire.fontaine", "faux"), ("paul.vallon", "demonstration-2011")):
        reponse = espace.visiteur().entrer(identifiant, mot_de_passe)
        assert reponse.status_code == 401
        pages.append(re.sub(r'(name="csrf" value=")\w+', r"\1", re.sub(r"[a-z]+\.(connue|fontaine|vallon)", "X", reponse.text)))
    assert pages[0] == pages[1] == pages[2] and "ne convient pas" in lisible(pages[0])
    assert [a for a in actes(espace) if a.startswith("connexion")] == ["connexion.refusee"] * 3


def test_les_champs_vides_sont_nommes_et_lidentifiant_garde(espace):
    reponse = espace.visiteur().entrer("claire.fontaine", "")
    assert reponse.status_code == 422 and 'href="#mot_de_passe"' in reponse.text and 'value="claire.fontaine"' in reponse.text
    assert 'aria-describedby="mot_de_passe-erreur"' in reponse.text and "<title>Erreur : Connexion" in lisible(reponse.text)


@pytest.mark.parametrize("identifiant", ["claire.fontaine", "personne.connue"])
def test_le_cinquieme_essai_fait_attendre_connu_ou_non_meme_avec_le_bon_mot_de_passe(espace, identifiant):
    visiteur = espace.visiteur()
    assert [visiteur.entrer(identifiant, "faux").status_code for _ in range(6)] == [401] * 5 + [429]
    reponse = visiteur.entrer(identifiant)
    assert reponse.status_code == 429 and 0 < int(reponse.headers["retry-after"]) <= 31 and "Trop d'essais" in reponse.text.replace("&#39;", "'")
    assert espace.visiteur().entrer("lise.riviere").status_code == 303, "les autres entrent"


def test_reussir_remet_le_compte_des_essais_a_zero(espace):
    visiteur = espace.visiteur()
    for _ in range(2):
        for _ in range(4):
            assert visiteur.entrer("claire.fontaine", "faux").status_code == 401
        assert visiteur.entrer("claire.fontaine").status_code == 303
        visiteur = espace.visiteur()


def test_trop_de_connexions_dune_adresse_attendent(sites_espace):
    with hachage_rapide():
        espace = sites_espace.donner(connexions_par_minute=3)
        assert [espace.visiteur().entrer(f"inconnu{n}", "x").status_code for n in range(4)] == [401, 401, 401, 429]


# -- cookies and sessions ------------------------------------------------------------------------------------------------------------------


def test_le_cookie_est_lie_a_lhote_et_hors_de_portee_des_scripts(production):
    cookie = production.visiteur().entrer("vera.vraie", BON).headers["set-cookie"]
    assert cookie.startswith("__Host-espace=") and "Path=/" in cookie and "Domain" not in cookie
    assert {"httponly", "secure", "samesite=lax"} <= {p.strip().lower() for p in cookie.split(";")} and "max-age" not in cookie.lower()


def test_un_cookie_fixe_avant_la_connexion_ne_devient_pas_une_session(espace):
    piege = espace.visiteur()
    piege.client.cookies.set("espace", "choisi-par-un-autre")
    assert piege.entrer("claire.fontaine").status_code == 303
    voleur = espace.visiteur()
    voleur.client.cookies.set("espace", "choisi-par-un-autre")
    assert voleur.get("/espace").url.path == "/espace/connexion"
    assert piege.get("/espace").url.path == "/espace"


def test_un_cookie_vole_ne_vaut_plus_rien_apres_la_deconnexion(espace):
    claire, voleur = espace.connecte("claire.fontaine"), espace.visiteur()
    voleur.client.cookies.set("espace", claire.cookie)
    assert voleur.get("/espace/compte").status_code == 200 and voleur.get("/espace/compte").url.path == "/espace/compte"
    fin = claire.post("/espace/deconnexion", suivre=True)
    assert "Vous êtes déconnecté" in fin.text
    assert voleur.get("/espace/compte").url.path == claire.get("/espace/compte").url.path == "/espace/connexion"
    assert actes(espace)[-1] == "connexion.fermee"


@pytest.mark.parametrize("ecart, dedans", [(timedelta(minutes=29), True), (timedelta(minutes=31), False)])
def test_une_session_oubliee_trente_minutes_est_fermee(espace, ecart, dedans):
    claire = espace.connecte("claire.fontaine")
    espace.app.state.contexte.horloge = Horloge.depuis(espace.maintenant + ecart)
    assert (claire.get("/espace/compte").url.path == "/espace/compte") == dedans


def test_chaque_page_prolonge_la_session_jusqua_huit_heures(espace):
    claire, depart = espace.connecte("claire.fontaine"), espace.maintenant
    for minutes in range(25, 8 * 60, 25):
        espace.app.state.contexte.horloge = Horloge.depuis(depart + timedelta(minutes=minutes))
        assert claire.get("/espace/compte").url.path == "/espace/compte", minutes
    espace.app.state.contexte.horloge = Horloge.depuis(depart + timedelta(hours=8, minutes=1))
    assert claire.get("/espace/compte").url.path == "/espace/connexion"


def test_un_compte_desactive_est_coupe_a_sa_page_suivante(espace):
    paul = espace.connecte("paul.vallon")
    assert paul.get("/espace").url.path == "/espace"
    with espace.sessions() as s:
        comptes.par_identifiant(s, "paul.vallon").desactive_le = espace.maintenant
    assert paul.get("/espace").url.path == "/espace/connexion"


def test_un_role_retire_est_perdu_a_la_page_suivante(espace):
    marc = espace.connecte("marc.colline")
    assert marc.get("/espace/equipe").status_code == 200
    with espace.sessions() as s:
        compte = comptes.par_identifiant(s, "marc.colline")
        compte.conseiller.roles = [r for r in compte.conseiller.roles if r.niveau == "conseiller"]
    assert marc.get("/espace/equipe").status_code == 404


def test_un_compte_de_demonstration_nentre_pas_ailleurs(production):
    assert production.visiteur().entrer("claire.fontaine").status_code == 401
    assert production.connecte("claire.fontaine").get("/espace").url.path == "/espace/connexion"


def test_entrer_sous_un_autre_nom_ferme_la_premiere_session(espace):
    navigateur = espace.visiteur()
    navigateur.entrer("claire.fontaine")
    premier = navigateur.cookie
    # The login page sends someone who is in to her day; a second tab still shows its form.
    navigateur.post("/espace/connexion", identifiant="paul.vallon", mot_de_passe="demonstration-2011")
    assert "Paul Vallon" in navigateur.get("/espace").text
    with espace.sessions.lecture() as s:
        assert connexion.retrouver_session(s, premier, espace.maintenant, demo=True) is None


# -- forms ---------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jeton", [None, "", "0" * 64, "é"])
def test_une_connexion_sans_notre_jeton_est_refusee(espace, jeton):
    visiteur = espace.visiteur()
    visiteur.get("/espace/connexion")
    champs = {"identifiant": "claire.fontaine", "mot_de_passe": "demonstration-2011"} | ({} if jeton is None else {"csrf": jeton})
    reponse = visiteur.client.post("/espace/connexion", data=champs)
    assert reponse.status_code == 403 and "trop ancien" in reponse.text
    programme = visiteur.client.post("/espace/connexion", data=champs, headers={"accept": "application/json"})
    assert (programme.status_code, programme.json()["error"]["code"]) == (403, "JETON_REFUSE")


def test_le_jeton_dun_autre_navigateur_ou_davant_la_connexion_est_refuse(espace):
    claire, paul = espace.connecte("claire.fontaine"), espace.connecte("paul.vallon")
    assert claire.client.post("/espace/compte/autres-appareils", data={"csrf": paul.csrf}).status_code == 403
    visiteur = espace.visiteur()
    visiteur.get("/espace/connexion")
    avant = visiteur.csrf
    visiteur.entrer("claire.fontaine")
    assert visiteur.client.post("/espace/deconnexion", data={"csrf": avant}).status_code == 403
    assert visiteur.post("/espace/deconnexion").status_code == 303


def test_sans_cookie_le_jeton_dune_page_copiee_ne_suffit_pas(espace):
    visiteur = espace.visiteur()
    visiteur.get("/espace/connexion")
    jeton = visiteur.csrf
    visiteur.client.cookies.clear()
    assert visiteur.client.post("/espace/connexion", data={"csrf": jeton, "identifiant": "x", "mot_de_passe": "y"}).status_code == 403


@pytest.mark.parametrize("entetes", [{"origin": "https://malin.example"}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}])
def test_un_autre_site_ne_peut_rien_envoyer_meme_avec_le_jeton(espace, entetes):
    claire = espace.connecte("claire.fontaine")
    assert claire.client.post("/espace/deconnexion", data={"csrf": claire.csrf}, headers=entetes).status_code == 403
    assert claire.get("/espace").url.path == "/espace"


def test_le_jeton_passe_aussi_par_un_entete_pour_les_scripts(espace):
    claire = espace.connecte("claire.fontaine")
    assert claire.client.post("/espace/deconnexion", json={}, headers={"x-csrf": claire.csrf}, follow_redirects=False).status_code == 303


def test_la_deconnexion_ne_se_fait_pas_par_un_lien(espace):
    claire = espace.connecte("claire.fontaine")
    assert claire.get("/espace/deconnexion").status_code == 405
    assert claire.get("/espace").url.path == "/espace"


def test_ce_qui_etait_ecrit_quand_la_session_a_fini_est_montre_sans_les_secrets(espace):
    claire = espace.connecte("claire.fontaine")
    with espace.sessions() as s:
        s.execute(delete(SessionEspace))
    page = claire.post("/espace/compte/mot-de-passe", note="Vu le RIS, <b>carrière</b> à compléter", nouveau="un secret que je tapais")
    assert page.status_code == 401 and "carrière" in page.text and "&lt;b&gt;" in page.text
    assert "un secret que je tapais" not in page.text


# -- second factor -------------------------------------------------------------------------------------------------------------------------


def test_avec_un_telephone_le_mot_de_passe_ne_suffit_pas(production):
    telephone, secours = rattacher(production, "vera.vraie")
    vera = production.visiteur()
    assert vera.entrer("vera.vraie", BON, suite="/espace/compte").status_code == 303
    avant = vera.cookie
    for page in ("/espace", "/espace/compte", "/espace/compte/mot-de-passe", "/espace/compte/double-authentification"):
        assert vera.get(page).url.path == "/espace/connexion/code", page
    assert vera.post("/espace/connexion/code", code="000000" if telephone.now() != "000000" else "111111").status_code == 422
    assert vera.post("/espace/connexion/code", code=telephone.now()).headers["location"] == "/espace"
    assert vera.cookie != avant and vera.get("/espace").url.path == "/espace"
    voleur = production.visiteur()
    voleur.client.cookies.set("__Host-espace", avant)
    assert voleur.get("/espace").url.path == "/espace/connexion", "le cookie d'avant le code ne vaut plus rien"
    assert [a for a in actes(production) if a.startswith("connexion")] == ["connexion.mot_de_passe", "connexion.code_refuse", "connexion.ouverte"]
    autre = production.visiteur()
    autre.entrer("vera.vraie", BON)
    assert autre.post("/espace/connexion/code", code=telephone.now()).status_code == 422, "le même code, une seconde fois"
    assert "code de secours" in autre.post("/espace/connexion/code", code=secours[0], suivre=True).text


def test_deviner_le_code_fait_attendre(production):
    rattacher(production, "vera.vraie")
    vera = production.connecte("vera.vraie", second_facteur=False)
    assert [vera.post("/espace/connexion/code", code="12345").status_code for _ in range(6)] == [422] * 5 + [429]


@pytest.mark.parametrize("identifiant", ["vera.vraie", "rene.vrai"])
def test_chacun_rattache_un_telephone_avant_d_entrer(production, identifiant):
    visiteur = production.visiteur()
    visiteur.entrer(identifiant, BON)
    assert {visiteur.get(page).url.path for page in ("/espace", "/espace/agenda", "/espace/compte")} == {"/espace/compte/double-authentification"}


def test_rattacher_un_telephone_ouvre_l_espace_et_donne_dix_codes_de_secours(production):
    rene = production.visiteur()
    rene.entrer("rene.vrai", BON)
    assert rene.get("/espace").url.path == rene.get("/espace/equipe").url.path == "/espace/compte/double-authentification"
    assert rene.post("/espace/equipe", suivre=True, prenom="X").url.path == "/espace/compte/double-authentification", "aucun formulaire non plus"
    page = rene.post("/espace/compte/double-authentification", suivre=True)
    assert 'src="data:image/svg+xml' in page.text
    secret = re.search(r'id="cle"[^>]*value="(\w+)"', page.text)[1]
    assert rene.post("/espace/compte/double-authentification/activation", code="12345").status_code == 422
    avant = rene.cookie
    codes = rene.post("/espace/compte/double-authentification/activation", code=pyotp.TOTP(secret).now())
    assert codes.status_code == 200 and len(re.findall(r"<code>[\w-]{11}</code>", codes.text)) == 10 and rene.cookie != avant
    assert rene.get("/espace/equipe").status_code == 200 and "compte.double_active" in actes(production)
    assert secret not in rene.get("/espace/compte/double-authentification").text
    with production.sessions.lecture() as s:
        assert secret not in str(s.scalar(select(Compte.totp_secret).where(Compte.identifiant == "rene.vrai")))


def test_un_compte_de_demonstration_entre_sans_telephone_et_peut_en_rattacher_un(espace):
    claire = espace.visiteur()
    claire.entrer("claire.fontaine")
    assert claire.get("/espace").url.path == "/espace" and "Rattacher un téléphone" in claire.get("/espace/compte").text


# -- one's own account ---------------------------------------------------------------------------------------------------------------------


def test_un_mot_de_passe_donne_est_change_avant_tout(production):
    with production.sessions() as s:
        comptes.changer_mot_de_passe(s, comptes.par_identifiant(s, "vera.vraie"), "donne par un autre que moi", COMMANDE, production.maintenant, doit_changer=True)
    vera = production.visiteur()
    vera.entrer("vera.vraie", "donne par un autre que moi")
    assert vera.get("/espace").url.path == "/espace/compte/mot-de-passe"
    champs = {"ancien": "donne par un autre que moi", "nouveau": "quatre canards sous la neige", "confirmation": "quatre canards sous la neige"}
    for faute, champ in (({"ancien": "faux"}, "ancien"), ({"confirmation": "autre"}, "confirmation"), ({"nouveau": "court", "confirmation": "court"}, "nouveau"),
                         ({"nouveau": champs["ancien"]}, "nouveau")):
        page = vera.post("/espace/compte/mot-de-passe", **(champs | faute))
        assert page.status_code == 422 and f'href="#{champ}"' in page.text and "canards" not in page.text
    avant = vera.cookie
    assert vera.post("/espace/compte/mot-de-passe", **champs).headers["location"] == "/espace?fait=mot_de_passe_change"
    assert vera.cookie != avant and vera.get("/espace").url.path == "/espace/compte/double-authentification"
    assert production.visiteur().entrer("vera.vraie", "quatre canards sous la neige").status_code == 303


def test_deviner_lancien_mot_de_passe_depuis_un_poste_ouvert_fait_attendre(espace):
    claire = espace.connecte("claire.fontaine")
    statuts = [claire.post("/espace/compte/mot-de-passe", ancien="x", nouveau=BON, confirmation=BON).status_code for _ in range(6)]
    assert statuts == [422] * 5 + [429]


def test_changer_de_telephone_demande_un_code_de_l_ancien_puis_le_nouveau(production):
    telephone, _ = rattacher(production, "vera.vraie")
    vera = production.connecte("vera.vraie")
    assert vera.post("/espace/compte/double-authentification/retrait", code="12345").status_code == 422
    assert vera.post("/espace/compte/double-authentification/retrait", code=telephone.now()).status_code == 303
    assert vera.get("/espace").url.path == "/espace/connexion"
    vera.entrer("vera.vraie", BON)
    assert vera.get("/espace").url.path == "/espace/compte/double-authentification"


def test_refaire_ses_codes_de_secours_annule_les_anciens(production):
    telephone, anciens = rattacher(production, "vera.vraie")
    vera = production.connecte("vera.vraie")
    page = vera.post("/espace/compte/codes-de-secours", code=telephone.now())
    neufs = re.findall(r"<code>([\w-]{11})</code>", page.text)
    assert len(neufs) == 10 and not set(neufs) & set(anciens)
    assert vera.post("/espace/compte/codes-de-secours", code=anciens[0]).status_code == 422


def test_se_deconnecter_des_autres_appareils(espace):
    ici, ailleurs = espace.connecte("claire.fontaine"), espace.connecte("claire.fontaine")
    assert "connecté ailleurs (1)" in lisible(ici.get("/espace/compte").text)
    assert ici.post("/espace/compte/autres-appareils").status_code == 303
    assert ailleurs.get("/espace").url.path == "/espace/connexion" and ici.get("/espace").url.path == "/espace"


def test_aucun_secret_nentre_dans_la_piste_daudit(espace):
    visiteur = espace.visiteur()
    visiteur.entrer("mon-mot-de-passe-tape-au-mauvais-endroit", "CANARI7")
    visiteur.entrer("claire.fontaine", "CANARI7")
    visiteur.entrer("claire.fontaine")
    with espace.sessions.lecture() as s:
        tout = str([[getattr(a, c.key) for c in Audit.__table__.columns] for a in s.scalars(select(Audit))])
    assert "CANARI7" not in tout and "mauvais-endroit" not in tout and "demonstration" not in tout and visiteur.cookie not in tout
