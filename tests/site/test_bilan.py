"""The bilans in the workspace: from the first word written to the edition published, each by the right person."""
import json
import re
import shutil
import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import select

from bot.bilan import echeance, etats, reception, registre, saisie
from bot.bilan.schema import schema_json
from bot.contacts.base import Sessions, ouvrir
from bot.contacts.tables import BilanRecu, SaisieBilan
from bot.horloge import Horloge, lire_instant
from tests.annee_bilan import Annee, nationale
from tests.marche import lisible

RACINE = "/espace/bilan/2011"
MOTIFS = {"EIG": "charge_ISU", "CREATEUR": "charge_accueil", "AE": "volume_entretiens", "RCS": "charge_ISU"}


@pytest.fixture(scope="module")
def annee_ecrite(modele_espace, tmp_path_factory):
    """The workspace's database with a whole year of demo-aquitaine, made once."""
    chemin = shutil.copy(modele_espace, tmp_path_factory.mktemp("bilans") / "contacts.db")
    engine = ouvrir(f"sqlite:///{chemin}")
    with Sessions(engine)() as s:
        nationale(s)
        Annee(s, "demo-aquitaine").tout()
    engine.dispose()
    return chemin


@pytest.fixture
def bilans(espace, annee_ecrite):
    """That year in the workspace, on 20 January 2012."""
    with closing(sqlite3.connect(annee_ecrite)) as ecrite, closing(sqlite3.connect(espace.reglages.donnees / "contacts.db")) as base:
        ecrite.backup(base)
    espace.app.state.contexte.horloge = Horloge.depuis(lire_instant("2012-01-20T10:00"))
    return espace


@pytest.fixture
def marc(bilans):
    return bilans.connecte("marc.colline")


def empreinte(page):
    return re.search(r'name="sha256" value="(\w{64})"', page.text)[1]


def jusqu_a_la_signature(bilans, marc):
    marc.post(f"{RACINE}/controle")
    for qui, genre in (("denis.ravin", "chiffres"), ("zoe.garrigue", "prevention")):
        navigateur = bilans.connecte(qui)
        assert navigateur.post(f"{RACINE}/visa/{genre}", sha256=empreinte(navigateur.get("/espace/bilan"))).status_code == 303
    anne = bilans.connecte("anne.sommet")
    assert anne.post(f"{RACINE}/cle").status_code == 303
    assert anne.post(f"{RACINE}/signature", sha256=empreinte(anne.get("/espace/bilan"))).status_code == 303
    return anne


def transmis(bilans, marc):
    anne = jusqu_a_la_signature(bilans, marc)
    assert anne.post(f"{RACINE}/transmission").status_code == 303
    return anne


# -- the caisse --------------------------------------------------------------------------------------------------------------------------------


def test_la_page_du_bilan_dit_ce_qui_reste_et_ou_l_on_en_est(marc):
    page = lisible(marc.get("/espace/bilan").text)
    assert "Il reste 11 jours" in page and "Le bilan n'est pas commencé" in page
    assert "Population « EIG »" in page and "sans objectif chiffré" in page


def test_du_brouillon_a_l_accuse_de_la_caisse_nationale(bilans, marc):
    anne = transmis(bilans, marc)
    page = lisible(anne.get("/espace/bilan").text)
    assert "Bilan n° 1 : accepté" in page and "Accusé de la caisse nationale" in page
    with bilans.sessions.lecture() as s:
        assert etats.courant(s, "demo-aquitaine", 2011).etat == "accepte"


def test_le_rapport_de_controle_dit_la_regle_et_quoi_faire(marc):
    marc.post(f"{RACINE}/parties/textes.moyens", valeur="Appeler le 06 12 34 56 78.")
    marc.post(f"{RACINE}/controle")
    page = lisible(marc.get("/espace/bilan").text)
    assert "K21" in page and "un numéro de téléphone" in page and "Retirez du texte" in page and "brouillon" in page


def test_sans_les_visas_la_signature_est_refusee_et_expliquee(bilans, marc):
    marc.post(f"{RACINE}/controle")
    anne = bilans.connecte("anne.sommet")
    anne.post(f"{RACINE}/cle")
    reponse = anne.post(f"{RACINE}/signature", sha256=empreinte(anne.get("/espace/bilan")))
    assert reponse.status_code == 409 and "l'agent comptable vise les chiffres" in lisible(reponse.text)


@pytest.mark.parametrize("qui, chemin", [("marc.colline", "signature"), ("denis.ravin", "signature"), ("claire.fontaine", "controle"),
                                         ("anne.sommet", "visa/chiffres"), ("jean.plateau", "signature"), ("omar.clairiere", "controle")])
def test_ce_qui_revient_a_un_autre_role_n_existe_pas_pour_moi(bilans, qui, chemin):
    assert bilans.connecte(qui).post(f"{RACINE}/{chemin}", sha256="x").status_code == 404


def test_on_ne_signe_que_ce_que_l_on_a_lu(bilans, marc):
    marc.post(f"{RACINE}/controle")
    anne = bilans.connecte("anne.sommet")
    anne.post(f"{RACINE}/cle")
    assert anne.post(f"{RACINE}/signature", sha256="ab" * 32).status_code == 409


# -- writing -------------------------------------------------------------------------------------------------------------------------------------


def test_une_partie_se_garde_par_formulaire_et_par_la_page(marc, bilans):
    assert marc.post(f"{RACINE}/parties/textes.synthese", valeur="Une phrase.", version="0").status_code == 303
    reponse = marc.client.post(f"{RACINE}/parties/textes.synthese", data={"valeur": "Deux phrases.", "version": "1"},
                               headers={"accept": "application/json", "x-csrf": marc.csrf})
    assert (reponse.status_code, reponse.json()) == (200, {"version": 2})
    assert "Deux phrases." in marc.get(f"{RACINE}/preparation").text


def test_deux_personnes_qui_ecrivent_ensemble_gardent_chacune_leur_texte(bilans, marc):
    anne = bilans.connecte("anne.sommet")
    marc.post(f"{RACINE}/parties/textes.synthese", valeur="Le texte de Marc.", version="0")
    reponse = anne.post(f"{RACINE}/parties/textes.synthese", valeur="Le texte d'Anne.", version="0")
    page = lisible(reponse.text)
    assert reponse.status_code == 409 and "Le texte de Marc." in page and "Le texte d'Anne." in page
    with bilans.sessions.lecture() as s:
        assert len(s.scalars(select(SaisieBilan).where(SaisieBilan.champ == "textes.synthese")).all()) == 2


@pytest.mark.parametrize("champ, donnees, phrase", [
    ("moyens", {"agents": "six"}, "nombre entier"), ("textes.synthese", {"valeur": "é" * 3600}, "dépasse"),
    ("difficultes", {"code1": "paresse"}, "pas dans la liste"), ("priorites", {"code1": "EIG", "code2": "EIG"}, "chacune une fois")])
def test_une_saisie_refusee_revient_avec_sa_phrase_et_ce_qui_etait_tape(marc, champ, donnees, phrase):
    reponse = marc.post(f"{RACINE}/parties/{champ}", **donnees)
    assert reponse.status_code == 422 and phrase in lisible(reponse.text)
    assert "six" not in donnees.values() or 'value="six"' in reponse.text


def test_un_texte_long_d_accents_passe_sous_la_limite_du_site(marc):
    texte = "é" * 3500
    reponse = marc.client.post(f"{RACINE}/parties/textes.enseignements", data={"csrf": marc.csrf, "version": "1"}, files={"valeur": (None, texte)},
                               follow_redirects=False)
    assert reponse.status_code == 303 and texte in marc.get(f"{RACINE}/preparation").text


def test_les_listes_se_saisissent_et_arrivent_dans_le_bilan(marc, bilans):
    marc.post(f"{RACINE}/parties/priorites", code1="AE", code2="EIG")
    marc.post(f"{RACINE}/parties/difficultes", code1="charge_ISU", actions1=["EIG", "AE"], part1="40")
    marc.post(f"{RACINE}/parties/moyens", **{"agents": "7", "heures": "1 200", "heures_action.EIG": "600", "partenaires": "CMA\nCCI"})
    with bilans.sessions.lecture() as s:
        lues = {n: c.valeur for n, c in saisie.lire(s, saisie.dossier_regional("demo-aquitaine", 2011)).items()}
    assert [p["code"] for p in lues["priorites"]] == ["AE", "EIG"]
    assert lues["difficultes"] == [{"code": "charge_ISU", "actions": ["AE", "EIG"], "part": 40}]
    assert lues["moyens"] == {"agents": 7, "heures": 1200, "partenaires": ["CMA", "CCI"], "heures_par_action": {"EIG": 600}}


# -- documents ---------------------------------------------------------------------------------------------------------------------------------


def test_le_bilan_se_lit_en_page_en_tableur_et_en_fichier(marc):
    marc.post(f"{RACINE}/controle")
    page = marc.get(f"{RACINE}/document/html")
    assert "Modèle reconstitué" in page.text and "Données fictives" in page.text and "style-src 'unsafe-inline'" in page.headers["content-security-policy"]
    assert "script-src" not in page.headers["content-security-policy"]
    assert marc.get(f"{RACINE}/document/xlsx").content[:2] == b"PK"
    assert json.loads(marc.get(f"{RACINE}/document/json").content)["signature"] is None
    assert marc.get(f"{RACINE}/document/exe").status_code == 404


def test_le_schema_est_public(bilans):
    reponse = bilans.visiteur().get("/schemas/bilan-regional-1.0.json")
    assert reponse.status_code == 200 and reponse.json() == schema_json()


# -- the national fund ---------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def jean(bilans):
    return bilans.connecte("jean.plateau")


def envoyer(navigateur, contenu, nom="bilan.json"):
    return navigateur.client.post("/espace/bilans/reception", data={"csrf": navigateur.csrf}, files={"fichier": (nom, contenu, "application/json")})


def test_la_caisse_nationale_recoit_un_fichier_et_montre_son_accuse(bilans, marc, jean):
    anne = jusqu_a_la_signature(bilans, marc)
    fichier = anne.get(f"{RACINE}/document/json").content
    page = lisible(envoyer(jean, fichier, "bilan-demo-aquitaine-2011-1.json").text)
    assert "Accepté" in page and "Créateurs : réalisée" in page
    page = lisible(jean.get("/espace/bilans").text)
    assert "Caisse de démonstration Aquitaine" in page and "manquant" in page


@pytest.mark.parametrize("contenu, regle", [(b"PK\x03\x04", "K01"), (b"{}", "K01"), (b'{"a":1,"a":2}', "K02")])
def test_un_fichier_etrange_est_refuse_et_garde_dans_le_journal(bilans, jean, contenu, regle):
    page = lisible(envoyer(jean, contenu).text)
    assert "Refusé" in page and regle in page
    with bilans.sessions.lecture() as s:
        assert s.scalar(select(BilanRecu.etat)) == "refuse"


def test_sans_fichier_la_page_dit_quoi_faire(jean):
    reponse = jean.post("/espace/bilans/reception")
    assert reponse.status_code == 422 and "Choisissez le fichier" in lisible(reponse.text)


def test_de_la_consolidation_a_la_publication_et_a_la_cloture(bilans, marc, jean):
    transmis(bilans, marc)
    assert jean.post("/espace/bilans/2011/consolidation").status_code == 303
    assert jean.post("/espace/bilans/2011/editions/1/publication").status_code == 303
    page = lisible(jean.get("/espace/bilans").text)
    assert "Édition 1" in page and "publiée le 20 janvier 2012" in page
    publique = json.loads(jean.get("/espace/bilans/2011/editions/1/publique/json").content)
    assert publique["edition"] == "publique" and publique["caisses"]["demo-aquitaine"]["EIG"]["effets"]["oriente_recouvrement"] == "s"
    assert "Bilan national 2011" in jean.get("/espace/bilans/2011/editions/1/publique/html").text
    assert jean.post("/espace/bilans/2011/cloture").status_code == 303
    with bilans.sessions.lecture() as s:
        assert registre.lire(s, 2011).etat == "clos" and etats.courant(s, "demo-aquitaine", 2011).etat == "clos"


def test_sans_bilan_recu_la_consolidation_le_dit(jean, bilans):
    with bilans.sessions() as s:
        registre.ouvrir(s, 2011, bilans.maintenant)
    reponse = jean.post("/espace/bilans/2011/consolidation")
    assert reponse.status_code == 409 and "rien à consolider" in lisible(reponse.text)


def test_le_groupe_de_travail_lit_commente_et_propose_mais_ne_recoit_pas(bilans, marc):
    transmis(bilans, marc)
    ines = bilans.connecte("ines.prairie")
    with bilans.sessions.lecture() as s:
        numero = reception.recus(s, 2011)[0].id
    assert "Bilan 2011 de la politique de contact" in ines.get(f"/espace/bilans/recus/{numero}/document/html").text
    assert ines.post(f"/espace/bilans/recus/{numero}/commentaires", texte="À reprendre ailleurs.").status_code == 303
    assert "À reprendre ailleurs." in lisible(ines.get(f"/espace/bilans/recus/{numero}").text)
    assert ines.post("/espace/bilans/2011/proposition", valeur="Garder les quatre cibles.").status_code == 303
    assert ines.post("/espace/bilans/2011/consolidation").status_code == 404


def test_une_caisse_ne_voit_pas_les_bilans_des_autres(marc):
    assert marc.get("/espace/bilans").status_code == 404


def test_l_echeance_se_regle_a_la_lettre(jean, bilans):
    assert jean.post("/espace/bilans/exercice/2011", strict="oui").status_code == 303
    assert "30 janvier 2012" in lisible(jean.get("/espace/bilans").text)


def test_la_page_d_accueil_rappelle_l_echeance_dans_les_trente_jours(marc, bilans):
    assert "Il reste 11 jours" in lisible(marc.get("/espace").text)
    bilans.app.state.contexte.horloge = Horloge.depuis(lire_instant("2011-12-01T10:00"))
    assert "Il reste" not in lisible(marc.get("/espace").text)


def test_le_rappel_de_l_ouvrier_se_lit_a_l_accueil(marc, bilans):
    assert echeance.rappeler(bilans.sessions, bilans.app.state.contexte.horloge) == 2  # two caisses have sent nothing
    assert echeance.rappeler(bilans.sessions, bilans.app.state.contexte.horloge) == 0
    assert "Rappel de la caisse nationale, à 15 jours de la limite." in lisible(marc.get("/espace").text)


def test_une_caisse_sans_aucune_activite_dit_ses_motifs_et_transmet(bilans):
    rose = bilans.connecte("rose.lagon")
    rose.post(f"{RACINE}/controle")
    assert "non réalisée sans motif" in lisible(rose.get("/espace/bilan").text)
    for code, motif in MOTIFS.items():
        assert rose.post(f"{RACINE}/parties/action.{code}.motif", valeur=motif).status_code == 303
    rose.post(f"{RACINE}/controle")
    assert "contrôlé" in lisible(rose.get("/espace/bilan").text)
