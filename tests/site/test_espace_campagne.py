"""The campaign in the workspace: volumes, draws, letters, mail that came back, kit; each page for who may, and for their own caisse only."""
import io
import re
from datetime import date

import pikepdf
import pytest
import yaml
from docx import Document
from sqlalchemy import func, select

from bot.contacts.tables import Assure, Audit, Contact, Envoi, Historique, Invite, Lot, OutilVersion, Reception, Tirage
from tests.campagne_essai import CAISSE, installer_campagne
from tests.marche import lisible

EIG = "/espace/campagne/2011/EIG"


def assure(n, **autres):
    return Assure(**{"caisse_code": CAISSE, "identifiant": f"F{n:05}", "civilite": "MME", "nom": f"Fictif-{n}", "prenom": "Jeanne", "sexe": "F",
                     "date_naissance": date(1952 if n % 2 else 1957, 3, 1), "groupe_pro": "artisan", "statut": "actif", "auto_entrepreneur": False,
                     "carriere": "incomplete" if n % 3 else "complete", "date_affiliation": date(1990, 1, 1), "adresse": f"{n} rue de l'Essai",
                     "code_postal": "33000", "ville": "Bordeaux", "canal": "courrier", "telephone": "01 99 00 00 01", **autres})


@pytest.fixture
def campagne(espace):
    """The campaign of 2011 with twenty fictitious people of the EIG: one said no, one cannot be reached; and two créateurs."""
    with espace.sessions() as s:
        installer_campagne(s)
        s.add_all([assure(n) for n in range(1, 19)])
        s.add(assure(19, refus_contact=True))
        s.add(assure(20, adresse=None, telephone=None))
        s.add_all([assure(n, statut="createur", date_naissance=date(1980, 1, 1), date_affiliation=date(2011, 5, 2)) for n in (30, 31)])
    return espace


@pytest.fixture
def marc(campagne):
    return campagne.connecte("marc.colline")


@pytest.fixture
def lise(campagne):
    return campagne.connecte("lise.riviere")


def compter(espace, table, *conditions):
    with espace.sessions.lecture() as s:
        return s.scalar(select(func.count()).select_from(table).where(*conditions))


def tirer(navigateur, taille="10", apres="0", **champs):
    return navigateur.post(f"{EIG}/tirages", taille=taille, apres=apres, **champs)


def tirage(espace):
    with espace.sessions.lecture() as s:
        return s.scalars(select(Tirage).order_by(Tirage.id.desc())).first()


# -- socle and volumes ----------------------------------------------------------------------------------------------------------------------


def test_la_campagne_montre_cibles_fenetres_outils_et_volumes(marc):
    page = lisible(marc.get("/espace/campagne").text)
    for mot in ("Population « EIG »", "Ensemble des créateurs", "du 1er juillet 2011 au 31 mars 2012", "en cours", "Trame d'entretien",
                "nés en 1952", "Conjoints collaborateurs", "objectif : 400"):
        assert mot in page, mot
    ligne = page[page.index('<th scope="row">Population'):]
    assert ligne[:ligne.index("</tr>")].count("<td>20</td>") == 1


def test_sans_campagne_installee_la_page_dit_qui_doit_faire_quoi(espace):
    page = espace.connecte("claire.fontaine").get("/espace/campagne")
    assert page.status_code == 200 and "conseil campagne installer 2011" in lisible(page.text)


def test_les_volumes_se_telechargent_pour_un_tableur(marc):
    reponse = marc.get("/espace/campagne/2011/volumes.csv")
    lignes = reponse.content.decode("utf-8-sig").splitlines()
    assert lignes[0].startswith("caisse;annee;cible;") and any(ligne.startswith("demo-aquitaine;2011;EIG;") for ligne in lignes)
    assert 'filename="volumes-demo-aquitaine-2011.csv"' in reponse.headers["content-disposition"]


def test_le_sql_se_montre_a_la_demande_tel_quon_le_tape(marc):
    assert "SELECT" not in marc.get("/espace/campagne").text
    page = marc.get("/espace/campagne/2011/requetes").text
    sql = re.findall(r"<textarea[^>]*>(.*?)</textarea>", page, re.S)
    assert any("1952-01-01" in requete for requete in sql) and all("\u00a0" not in requete for requete in sql)


def test_une_annee_qui_nest_pas_installee_nexiste_pas(marc):
    assert marc.get("/espace/campagne?annee=2009").status_code == 404
    assert marc.get("/espace/campagne/2009/EIG").status_code == 404


# -- draws ----------------------------------------------------------------------------------------------------------------------------------


def test_un_tirage_dit_combien_pourquoi_et_qui_ne_pouvait_pas_letre(campagne, marc):
    page = marc.client.get(tirer(marc, graine="essai").headers["location"])
    texte = lisible(page.text)
    assert "10 personnes à inviter, parmi 18 possibles" in texte and "carrière incomplète, pas encore de conseiller référent, née en 1952" in texte
    assert "Ne veulent plus être invitées : 1" in texte and "Sans moyen de les joindre : 1" in texte and "essai" in texte
    with campagne.sessions.lecture() as s:
        derniere = s.scalars(select(Audit).where(Audit.acte == "tirage.fait")).one()
        assert derniere.objet == "tirage" and derniere.role == "responsable"
        assert s.scalars(select(Historique).where(Historique.commande == "campagne.tirer")).one().acteur == derniere.acteur


def test_un_formulaire_envoye_deux_fois_ne_tire_quune_fois(campagne, marc):
    assert tirer(marc).status_code == 303
    page = tirer(marc)
    assert page.status_code == 409 and "vient d'être fait" in lisible(page.text) and compter(campagne, Tirage) == 1
    assert tirer(marc, apres=str(tirage(campagne).id)).status_code == 303 and compter(campagne, Invite) == 18


@pytest.mark.parametrize("taille", ["", "beaucoup", "0", "-3", "9" * 7])
def test_une_taille_illisible_garde_la_saisie_et_dit_quoi_ecrire(campagne, marc, taille):
    page = tirer(marc, taille=taille, graine="ma graine")
    assert page.status_code == 422 and 'href="#taille"' in page.text and 'value="ma graine"' in page.text and compter(campagne, Tirage) == 0


def test_refaire_le_tirage_le_prouve_sans_rien_ecrire(campagne, marc):
    tirer(marc)
    numero = tirage(campagne).id
    avant = compter(campagne, Historique)
    assert "exactement la même liste" in lisible(marc.post(f"/espace/tirages/{numero}/preuve").text)
    assert compter(campagne, Historique) == avant
    with campagne.sessions() as s:
        s.add(assure(99))
    assert "population a changé" in lisible(marc.post(f"/espace/tirages/{numero}/preuve").text)


def test_la_liste_des_rangs_est_pour_qui_y_a_droit_et_laisse_sa_ligne(campagne, marc, lise):
    tirer(marc)
    adresse = f"/espace/tirages/{tirage(campagne).id}/personnes"
    page = lisible(lise.get(adresse).text)
    assert "Jeanne Fictif-" in page and "née en 1952" in page and "pas encore" in page
    assert compter(campagne, Audit, Audit.acte == "tirage.lu", Audit.role == "secretariat") == 1
    claire = campagne.connecte("claire.fontaine")
    assert claire.get(adresse).status_code == 404 and claire.get(adresse.removesuffix("/personnes")).status_code == 200


def test_le_tirage_dune_autre_caisse_est_introuvable(campagne, marc):
    tirer(marc)
    rose, numero = campagne.connecte("rose.lagon"), tirage(campagne).id
    for suite in ("", "/personnes"):
        assert rose.get(f"/espace/tirages/{numero}{suite}").status_code == rose.get(f"/espace/tirages/999999{suite}").status_code == 404
    assert rose.post(f"/espace/tirages/{numero}/preuve").status_code == 404


# -- letters --------------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def lot(campagne, marc, lise):
    """A batch of four letters, prepared by the secretariat after a draw."""
    tirer(marc, taille="4")
    assert lise.post(f"{EIG}/courriers").headers["location"] == f"{EIG}/courriers?fait=lot_prepare"
    with campagne.sessions.lecture() as s:
        return s.scalars(select(Lot)).one().id


def test_preparer_deux_fois_nembauche_personne_de_plus(campagne, lise, lot):
    page = lise.post(f"{EIG}/courriers")
    assert page.status_code == 409 and compter(campagne, Envoi) == 4
    assert "4 lettres à imprimer (4 préparées)" in lisible(lise.get(f"{EIG}/courriers").text)


def test_les_lettres_se_prennent_en_pdf_en_docx_et_leur_liste_en_csv(campagne, lise, lot):
    pdf = lise.get(f"/espace/lots/{lot}/lettres.pdf")
    assert pdf.headers["content-type"] == "application/pdf" and len(pikepdf.open(io.BytesIO(pdf.content)).pages) == 4
    texte = "\n".join(p.text for p in Document(io.BytesIO(lise.get(f"/espace/lots/{lot}/lettres.docx?de=3").content)).paragraphs)
    assert texte.count("référence : EIG-2011-1-") == 2
    assert lise.get(f"/espace/lots/{lot}/liste.csv").text.count("\n") == 5
    assert lise.get(f"/espace/lots/{lot}/lettres.pdf?de=5").status_code == 404 and lise.get(f"/espace/lots/{lot}/lettres.exe").status_code == 404
    assert compter(campagne, Envoi, Envoi.etat == "envoye") == 0, "prendre les lettres n'est pas les envoyer"
    assert compter(campagne, Audit, Audit.acte == "courriers.lus") == 2


def test_dire_les_lettres_parties_une_fois_ou_deux(campagne, lise, lot):
    for _ in range(2):
        assert lise.post(f"/espace/lots/{lot}/parti").status_code == 303
    assert compter(campagne, Envoi, Envoi.etat == "envoye") == 4


def test_la_lettre_du_createur_est_elle_meme_le_contact(campagne, lise):
    assert lise.post("/espace/campagne/2011/CREATEUR/courriers").status_code == 303
    with campagne.sessions.lecture() as s:
        numero = s.scalars(select(Lot)).one().id
    lise.post(f"/espace/lots/{numero}/parti")
    assert compter(campagne, Contact, Contact.type == "courrier") == 2


def test_les_plis_revenus_sentrent_par_liste_et_ce_qui_nest_pas_a_nous_revient(campagne, lise, lot):
    lise.post(f"/espace/lots/{lot}/parti")
    with campagne.sessions.lecture() as s:
        notre = f"EIG-2011-1-{s.scalars(select(Envoi.id)).first()}"
    page = lisible(lise.post(f"{EIG}/retours", references=f"{notre}\nEIG-2011-1-999999\n{notre}").text)
    assert "1 pli noté revenu" in page and ">EIG-2011-1-999999</textarea>" in page and compter(campagne, Envoi, Envoi.etat == "retourne") == 1
    assert "1 déjà noté" in lisible(lise.post(f"{EIG}/retours", references=notre).text)
    vide = lise.post(f"{EIG}/retours", references=" ")
    assert vide.status_code == 422 and 'href="#references"' in vide.text


def test_le_lot_dune_autre_caisse_est_introuvable_et_le_conseiller_ne_prend_pas_les_lettres(campagne, lise, lot):
    rose, claire = campagne.connecte("rose.lagon"), campagne.connecte("claire.fontaine")
    for navigateur in (rose, claire):
        assert navigateur.get(f"/espace/lots/{lot}/lettres.pdf").status_code == 404
        assert navigateur.post(f"/espace/lots/{lot}/parti").status_code == 404
    assert claire.get(f"{EIG}/courriers").status_code == 200 and "Préparer" not in claire.get(f"{EIG}/courriers").text


def test_une_rencontre_na_pas_de_courrier_et_la_page_le_dit(lise):
    assert "pas de modèle de courrier" in lisible(lise.get("/espace/campagne/2011/AE/courriers").text)


# -- kit ------------------------------------------------------------------------------------------------------------------------------------


def test_le_kit_montre_huit_outils_et_ce_que_jai_a_accuser(campagne):
    anne = campagne.connecte("anne.sommet")
    page = lisible(anne.get("/espace/kit").text)
    assert page.count("J'ai reçu cette version") == 8 and "8 outils en vigueur" in page and "Modèle reconstitué" in page
    with campagne.sessions.lecture() as s:
        version = s.scalars(select(OutilVersion).where(OutilVersion.outil_code == "trame")).one().id
    assert anne.post(f"/espace/kit/versions/{version}/reception", niveau="directeur").status_code == 303
    assert anne.get("/espace/kit").text.count("reçu cette version") == 7
    assert "1 sur 4" in lisible(anne.get("/espace/kit").text)
    assert anne.post(f"/espace/kit/versions/{version}/reception", niveau="medecin_conseil").status_code == 403
    assert compter(campagne, Reception, Reception.accusee_le.is_not(None)) == 1


def test_la_caisse_nationale_voit_les_accuses_de_tous(campagne):
    assert "0 sur 8" in lisible(campagne.connecte("jean.plateau").get("/espace/kit").text)


def lettre(page):
    """The fields of the letter's form, as the page shows them."""
    import html
    champs = dict(re.findall(r'<textarea id="(\w+)"[^>]*>(.*?)</textarea>', page, re.S))
    champs |= dict(re.findall(r'<input id="(\w+)" name="\w+" type="text" value="([^"]*)"', page))
    return {nom: html.unescape(v) for nom, v in champs.items()}


def test_adapter_la_lettre_apercu_puis_version_de_la_caisse(campagne, marc):
    ou = "/espace/kit/courrier_invitation/parties/lettre"
    champs = lettre(marc.get(ou).text) | {"objet": "Préparons votre retraite à Bordeaux"}
    page = marc.post(f"{ou}/apercu", **champs)
    assert "Préparons votre retraite à Bordeaux</strong>" in page.text and "Madame" in page.text and compter(campagne, OutilVersion) == 8
    assert marc.post(ou, **champs).status_code == 303
    with campagne.sessions.lecture() as s:
        gardee = s.scalars(select(OutilVersion).where(OutilVersion.caisse_code == CAISSE)).one()
    assert gardee.version == "2011.1-L1" and yaml.safe_load(gardee.contenu) == {"objet": "Préparons votre retraite à Bordeaux"}


def test_la_lettre_adaptee_est_celle_qui_simprime(campagne, marc, lise):
    champs = lettre(marc.get("/espace/kit/courrier_invitation/parties/lettre").text) | {"objet": "Objet de chez nous"}
    marc.post("/espace/kit/courrier_invitation/parties/lettre", **champs)
    tirer(marc, taille="1")
    lise.post(f"{EIG}/courriers")
    with campagne.sessions.lecture() as s:
        numero = s.scalars(select(Lot)).one().id
    contenu = Document(io.BytesIO(lise.get(f"/espace/lots/{numero}/lettres.docx").content))
    assert "Objet de chez nous" in [p.text for p in contenu.paragraphs]


@pytest.mark.parametrize("outil, partie, change, champ, raison", [
    ("courrier_invitation", "lettre", {"paragraphes": "Bonjour {nir}"}, "paragraphes", "champ inconnu"),
    ("courrier_invitation", "lettre", {"objet": ""}, "objet", "vide"),
    ("trame", "STATUT", {"questions": "Quelle maladie avez-vous ?"}, "questions", "information de santé"),
    ("trame", "STATUT", {"minutes": "trois"}, "minutes", "minutes"),
    ("support_ae", "page-3", {"points": "Le plafond est de 32 600 euros."}, "points", "tape un chiffre")])
def test_une_adaptation_refusee_dit_pourquoi_et_garde_ce_qui_etait_ecrit(campagne, marc, outil, partie, change, champ, raison):
    ou = f"/espace/kit/{outil}/parties/{partie}"
    champs = lettre(marc.get(ou).text) | change
    for adresse in (f"{ou}/apercu", ou):
        page = marc.post(adresse, **champs)
        assert page.status_code == 422 and f'href="#{champ}"' in page.text and raison in lisible(page.text)
        assert not change[champ] or change[champ] in page.text
    assert compter(campagne, OutilVersion) == 8


def test_deux_tiroirs_adaptes_lun_apres_lautre_sont_gardes_tous_deux(campagne, marc):
    for tiroir, ligne in (("STATUT", "Une phrase de Bordeaux."), ("RSI", "Une autre phrase.")):
        ou = f"/espace/kit/trame/parties/{tiroir}"
        assert marc.post(ou, **(lettre(marc.get(ou).text) | {"points": ligne})).status_code == 303
    with campagne.sessions.lecture() as s:
        derniere = s.scalars(select(OutilVersion).where(OutilVersion.caisse_code == CAISSE).order_by(OutilVersion.id.desc())).first()
    points = {t["code"]: t["points"] for t in yaml.safe_load(derniere.contenu)["tiroirs"]}
    assert derniere.version == "2011.1-L2" and points["STATUT"] == ["Une phrase de Bordeaux."] and points["RSI"] == ["Une autre phrase."]


def test_un_outil_commun_ne_sadapte_pas_et_la_page_dit_pourquoi(campagne, marc):
    assert "commun à toutes les caisses" in lisible(marc.get("/espace/kit/enquete").text)
    assert marc.get("/espace/kit/enquete/parties/lettre").status_code == 422
    assert marc.get("/espace/kit/trame/parties/INCONNU").status_code == 404 and marc.get("/espace/kit/rien").status_code == 404


def test_chaque_page_a_un_titre_et_des_champs_nommes(campagne, marc, lot):
    from tests.site.test_espace_droits import Lecture
    for ou in ("/espace/campagne", "/espace/campagne/2011/requetes", EIG, f"/espace/tirages/{tirage(campagne).id}", f"{EIG}/courriers",
               f"/espace/tirages/{tirage(campagne).id}/personnes", "/espace/kit", "/espace/kit/trame", "/espace/kit/trame/parties/STATUT"):
        lue = Lecture(marc.get(ou).text)
        assert lue.titres[0] == "h1" and lue.titres.count("h1") == 1 and len(lue.ids) == len(set(lue.ids)), ou
        assert [c for c, nomme in lue.champs if not nomme and c not in lue.libelles] == [], ou
