"""The weekly review: what was not understood, alike together and masked; proposals as files, never as training; the quality panel."""
import re
from datetime import date, timedelta
from html import unescape
from shutil import rmtree

import pytest
import yaml
from sqlalchemy import func, select

from bot.contacts.tables import Audit, Avis, Tour
from bot.knowledge.fiches import fiches, lire_fiches
from bot.knowledge.relecture import Proposition, a_revoir, ecrire, grouper
from tests.marche import lisible

SUJET = "eirl/definition"


@pytest.fixture
def dossier(espace):
    """Where this installation keeps its proposals; the espace is shared between tests, its files are not."""
    dossier = espace.reglages.donnees / "propositions"
    yield dossier
    if dossier.is_file():
        dossier.unlink()
    rmtree(dossier, ignore_errors=True)


@pytest.fixture
def claire(espace):
    return espace.connecte("claire.fontaine")


def tour(espace, texte=None, issue="incompris", caisse="demo-aquitaine", sujet=None, il_y_a=0, avis=None, raison=None):
    with espace.sessions() as s:
        ligne = Tour(caisse_code=caisse, le=espace.maintenant - timedelta(days=il_y_a), issue=issue, sujet=sujet, premiers=[], texte_masque=texte,
                     duree_ms=12)
        s.add(ligne)
        s.flush()
        if avis is not None:
            s.add(Avis(tour_id=ligne.id, utile=avis, raison=raison, le=ligne.le))
        return ligne.id


def restent(espace):
    with espace.sessions.lecture() as s:
        return s.scalar(select(func.count()).select_from(Tour).where(Tour.texte_masque.is_not(None)))


def champs(page, groupe=1):
    """The fields of one group, as its form would send them."""
    ids = re.findall(rf'name="garder" value="({groupe}-\d+)"', page)
    valeurs = {"garder": ids}
    for i in ids:
        valeurs[f"texte-{i}"] = unescape(re.search(rf'name="texte-{i}" value="([^"]*)"', page)[1])
        valeurs[f"tours-{i}"] = re.search(rf'name="tours-{i}" value="([^"]*)"', page)[1]
    return valeurs


# -- groups ---------------------------------------------------------------------------------------------------------------------------------


def test_les_questions_semblables_se_suivent_et_le_plus_grand_groupe_vient_en_premier():
    textes = ["mon dossier de prêt", "comment protéger ma maison avec l'eirl", "comment proteger ma maison avec leirl ?",
              "Comment protéger ma maison avec l'EIRL", "tarte aux pommes"]
    assert grouper(textes)[0] == [1, 2, 3] and sorted(map(len, grouper(textes))) == [1, 1, 3]
    assert grouper([]) == []


def test_la_page_groupe_masque_et_suggere_un_sujet(espace, claire):
    for texte in ("comment protéger ma maison avec l'eirl", "comment proteger ma maison avec leirl", "appelez moi au 01 99 00 00 07"):
        tour(espace, texte)
    page = lisible(claire.get("/espace/relecture").text)
    assert "2 fois : « comment prot" in page and "[téléphone masqué]" in page and "01 99 00 00 07" not in page
    assert 'value="eirl/' in page
    with espace.sessions.lecture() as s:
        assert s.scalars(select(Audit.acte).order_by(Audit.id.desc())).first() == "relecture.lue"


def test_une_autre_caisse_ne_voit_pas_nos_questions(espace, claire):
    tour(espace, "une question de chez nous")
    assert "question de chez nous" not in espace.connecte("rose.lagon").get("/espace/relecture").text
    assert "question de chez nous" in claire.get("/espace/relecture").text


# -- proposals ------------------------------------------------------------------------------------------------------------------------------


def test_proposer_ecrit_un_fichier_efface_les_questions_et_napprend_rien(espace, claire, dossier):
    tour(espace, "comment protéger ma maison avec l'eirl")
    tour(espace, "comment proteger ma maison avec leirl")
    formulaire = champs(claire.get("/espace/relecture").text)
    assert claire.post("/espace/relecture/propositions", sujet=SUJET, nature="formulation", **formulaire).status_code == 303
    (fichier,) = dossier.glob("*.yml")
    ecrit = yaml.safe_load(fichier.read_text(encoding="utf-8"))
    assert ecrit["sujet"] == SUJET and len(ecrit["formulations"]) == 2 and ecrit["par"].startswith("conseiller:") and restent(espace) == 0
    assert "à lire par une personne" in fichier.read_text(encoding="utf-8")
    page = claire.get("/espace/relecture").text
    assert fichier.name in page and claire.get(f"/espace/relecture/propositions/{fichier.name}").text == fichier.read_text(encoding="utf-8")
    assert not set(ecrit["formulations"]) & set(fiches()[SUJET].toutes_formulations)


def test_temoin_les_fiches_ne_lisent_pas_le_dossier_des_propositions(tmp_path):
    """With real sheets beside a folder of proposals, reading everything gives the same sheets."""
    from shutil import copytree

    from bot.knowledge.chemins import KNOWLEDGE
    copytree(KNOWLEDGE / "faq" / "eirl", tmp_path / "faq" / "eirl")
    (tmp_path / "textes.yml").write_bytes((KNOWLEDGE / "textes.yml").read_bytes())
    avant = {s: f.toutes_formulations for s, f in lire_fiches(tmp_path).items()}
    ecrire(Proposition("formulation", SUJET, ("une façon toute nouvelle de le dire",), date(2011, 9, 14), "conseiller:1", "demo-aquitaine"),
           tmp_path / "propositions")
    assert {s: f.toutes_formulations for s, f in lire_fiches(tmp_path).items()} == avant and len(avant) > 5


@pytest.mark.parametrize("nature, sujet, attendu", [("hors_sujet", "", None), ("nouvelle_fiche", "Le local à la maison", "Le local à la maison")])
def test_une_nouvelle_fiche_ou_un_hors_sujet_se_proposent_aussi(espace, claire, dossier, nature, sujet, attendu):
    tour(espace, "puis je travailler chez moi")
    claire.post("/espace/relecture/propositions", sujet=sujet, nature=nature, **champs(claire.get("/espace/relecture").text))
    ecrit = yaml.safe_load(next(dossier.glob("*.yml")).read_text(encoding="utf-8"))
    assert (ecrit["nature"], ecrit["sujet"]) == (nature, attendu)


@pytest.mark.parametrize("change, raison", [({"sujet": "eirl/nexiste_pas"}, "sujet de la liste"), ({"garder": []}, "Cochez au moins une question"),
                                            ({"texte-1-1": "  "}, "Cochez au moins une question"), ({"nature": "apprendre"}, "sujet de la liste")])
def test_un_choix_faux_revient_avec_sa_raison_et_rien_nest_perdu(espace, claire, dossier, change, raison):
    tour(espace, "puis je travailler chez moi")
    envoi = {"sujet": SUJET, "nature": "formulation", **champs(claire.get("/espace/relecture").text), **change}
    page = claire.post("/espace/relecture/propositions", **envoi)
    assert page.status_code == 422 and raison in lisible(page.text) and "travailler chez moi" in page.text
    assert restent(espace) == 1 and not dossier.exists()


def test_deux_relecteurs_une_seule_proposition(espace, claire, dossier):
    tour(espace, "puis je travailler chez moi")
    formulaire = champs(claire.get("/espace/relecture").text)
    paul = espace.connecte("paul.vallon")
    assert claire.post("/espace/relecture/propositions", sujet=SUJET, **formulaire).status_code == 303
    assert paul.post("/espace/relecture/propositions", sujet=SUJET, **formulaire).status_code == 409 and len(list(dossier.glob("*.yml"))) == 1


def test_les_questions_dune_autre_caisse_ne_se_relisent_pas_en_les_nommant(espace, claire, dossier):
    autre = tour(espace, "question de La Réunion", caisse="demo-reunion")
    page = claire.post("/espace/relecture/propositions", sujet=SUJET, **{"garder": "1-1", "texte-1-1": "essai", "tours-1-1": str(autre)})
    assert page.status_code == 409 and restent(espace) == 1 and not dossier.exists()


def test_un_dossier_ferme_en_ecriture_se_dit_et_ne_perd_rien(espace, claire, dossier):
    tour(espace, "puis je travailler chez moi")
    formulaire = champs(claire.get("/espace/relecture").text)
    dossier.write_text("un fichier là où il faudrait un dossier")
    page = claire.post("/espace/relecture/propositions", sujet=SUJET, **formulaire)
    assert page.status_code == 503 and "pas ouvert en écriture" in lisible(page.text) and restent(espace) == 1


def test_ecarter_efface_sans_rien_proposer(espace, claire, dossier):
    tour(espace, "tarte aux pommes", issue="hors_sujet")
    assert claire.post("/espace/relecture/ecarts", **champs(claire.get("/espace/relecture").text)).status_code == 303
    assert restent(espace) == 0 and not dossier.exists()
    assert claire.post("/espace/relecture/ecarts").status_code == 422


def test_un_numero_tape_par_le_relecteur_est_masque_encore(dossier):
    ecrit = ecrire(Proposition("hors_sujet", "", ("mon numéro 1 85 05 78 006 084 36",), date(2011, 9, 14), "conseiller:1", "demo-aquitaine"), dossier)
    assert "[numéro masqué]" in ecrit.read_text(encoding="utf-8") and "006 084" not in ecrit.read_text(encoding="utf-8")


@pytest.mark.parametrize("nom", ["rien.yml", "..%2F..%2Fcatalogue.yml", "%2Fetc%2Fpasswd"])
def test_un_fichier_qui_nest_pas_une_proposition_de_la_caisse_est_introuvable(espace, claire, dossier, nom):
    ecrite = ecrire(Proposition("hors_sujet", "", ("essai",), date(2011, 9, 14), "conseiller:9", "demo-reunion"), dossier)
    assert claire.get(f"/espace/relecture/propositions/{nom}").status_code == 404
    assert claire.get(f"/espace/relecture/propositions/{ecrite.name}").status_code == 404


# -- sheets, opinions, quality --------------------------------------------------------------------------------------------------------------


def test_les_avis_negatifs_et_les_fiches_a_revoir_se_voient(espace, claire):
    tour(espace, issue="repondu", sujet=SUJET, avis=False, raison="incomplet")
    tour(espace, issue="repondu", sujet=SUJET, avis=True)
    page = lisible(claire.get("/espace/relecture").text)
    assert "il manque quelque chose (1)" in page and "Fiches à revoir" in page


def test_une_fiche_est_a_revoir_avant_sa_fin_ou_un_an_apres_sa_relecture():
    fiche = fiches()[SUJET]
    seule = {SUJET: fiche}
    assert a_revoir(seule, fiche.validite[1] - timedelta(days=30)) == [fiche]
    assert a_revoir(seule, fiche.verifie_le, delai=timedelta(days=-99_999)) == []
    assert a_revoir(seule, fiche.verifie_le + timedelta(days=366), delai=timedelta(days=-99_999)) == [fiche]


def test_la_qualite_compte_par_issue_la_part_comprise_et_les_avis(espace, claire):
    for issue, combien in (("repondu", 6), ("incompris", 2), ("hors_sujet", 5), ("incivil", 1)):
        for _ in range(combien):
            tour(espace, issue=issue, sujet=SUJET if issue == "repondu" else None)
    tour(espace, issue="repondu", il_y_a=20, avis=True)
    tour(espace, issue="repondu", caisse="demo-reunion")
    page = lisible(claire.get("/espace/qualite?jours=7").text)
    assert "75 %" in page and "<dd>14</dd>" in page and "0 sur 0" in page
    mois = lisible(claire.get("/espace/qualite").text)
    assert "<dd>15</dd>" in mois and "1 sur 1" in mois and "78 %" in mois and mois.count("Compris, semaine du") == 2


def test_sans_message_la_qualite_ne_divise_pas_par_zero(claire):
    assert "Aucun message sur cette période" in lisible(claire.get("/espace/qualite").text)


def test_les_pages_ont_un_titre_et_des_champs_nommes(espace, claire):
    from tests.site.test_espace_droits import Lecture
    tour(espace, "comment protéger ma maison avec l'eirl", avis=False)
    tour(espace, "tarte aux pommes", issue="hors_sujet")
    for ou in ("/espace/relecture", "/espace/qualite"):
        lue = Lecture(claire.get(ou).text)
        assert lue.titres.count("h1") == 1 and len(lue.ids) == len(set(lue.ids)), ou
        assert [c for c, nomme in lue.champs if not nomme and c not in lue.libelles] == [], ou
