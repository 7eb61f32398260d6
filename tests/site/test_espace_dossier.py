"""A person's file: found within the caisse only, each reading audited, her refusals changed without a personal word in the history."""
import re
from html import unescape

import pytest
from sqlalchemy import select

from bot.contacts.tables import Assure, Historique
from tests.site.test_espace_agenda import bilan, issue, texte


def noms(reponse) -> list[str]:
    return re.findall(r'<th scope="row"><a href="[^"]+">([^<]+)</a>', unescape(reponse.text))


@pytest.mark.parametrize("cherche", ["FICTIF001", "tilleul", "TILLEUL éléonore", "eleonore", "Fictif-Tilleul", "fictif tilleul"])
def test_une_personne_se_trouve_par_son_numero_ou_des_lettres_de_son_nom_sans_accent(bureau, cherche):
    assert noms(bureau.connecte().get("/espace/assures", params={"q": cherche})) == ["Fictif-Tilleul Éléonore"]
    assert bureau.audits("assure.trouve") == 1


def test_un_homonyme_dune_autre_caisse_reste_dans_la_sienne(bureau):
    assert noms(bureau.connecte("rose.lagon").get("/espace/assures?q=tilleul")) == ["Fictif-Tilleul Rosa"]
    rose = bureau.connecte("rose.lagon")
    inconnue, etrangere = rose.get("/espace/assures/999999"), rose.get(f"/espace/assures/{bureau.assure_id}")
    assert inconnue.status_code == etrangere.status_code == 404
    principal = re.compile(r"<main.*</main>", re.S)
    assert principal.search(inconnue.text)[0] == principal.search(etrangere.text)[0]
    assert rose.post(f"/espace/assures/{bureau.assure_id}/refus", refus="refus_contact").status_code == 404
    assert not bureau.lire(Assure, bureau.assure_id).refus_contact


@pytest.mark.parametrize("cherche, phrase", [("x", "Écrivez au moins deux lettres"), ("Nullepart", "Personne de ce nom"), ("%%__", "Personne de ce nom")])
def test_une_recherche_sans_resultat_dit_quoi_faire(bureau, cherche, phrase):
    reponse = bureau.connecte().get("/espace/assures", params={"q": cherche})
    assert phrase.replace("'", "’") in texte(reponse).replace("'", "’") or (cherche == "%%__" and noms(reponse) == [])


def test_le_dossier_dit_la_cible_et_pourquoi_ce_quil_faut_apporter_et_lentretien(bureau):
    bureau.a("2011-09-13T10:00")
    lu = texte(bureau.connecte().get(f"/espace/assures/{bureau.assure_id}"))
    assert "Population « EIG »" in lu and "Parce que : actif, naissance en 1952, carrière incomplète, prioritaire." in lu
    assert "À apporter au prochain entretien" in lu and "Le relevé individuel de situation" in lu and "à venir" in lu
    assert "FICTIF001" in lu and "(59 ans)" in lu and "ni santé ni jugement" in lu
    assert bureau.audits("dossier.lu") == 1


def test_le_dossier_dune_personne_hors_cible_le_dit(bureau):
    with bureau.espace.sessions.lecture() as s:
        alix = s.scalar(select(Assure.id).where(Assure.identifiant == "FICTIF002"))
    lu = texte(bureau.connecte().get(f"/espace/assures/{alix}"))
    assert "Dans aucune cible en ce moment" in lu and "Aucun." in lu


def test_le_dossier_montre_ce_qui_a_ete_aborde_et_cache_la_note_a_qui_ne_doit_pas_la_lire(bureau):
    bureau.connecte().post(f"/espace/entretiens/{bureau.entretien_id}/compte-rendu", **issue(), **bilan())
    siens, autre = (texte(bureau.connecte(qui).get(f"/espace/assures/{bureau.assure_id}")) for qui in ("claire.fontaine", "lise.riviere"))
    assert "retraite (3)" in siens and "réalisé, 50 min" in siens and "1978" in siens
    assert "1978" not in autre and "seuls son auteur et le responsable" in autre


def test_les_refus_se_changent_avec_une_ligne_daudit_et_une_histoire_sans_rien_de_personnel(bureau):
    claire = bureau.connecte()
    assert claire.post(f"/espace/assures/{bureau.assure_id}/refus", refus=["refus_contact", "autre"]).status_code == 303
    qui = bureau.lire(Assure, bureau.assure_id)
    assert (qui.refus_contact, qui.refus_enquete) == (True, False) and bureau.audits("dossier.modifie") == 1
    with bureau.espace.sessions.lecture() as s:
        ligne = s.scalars(select(Historique).where(Historique.objet == "assure")).one()
        assert (ligne.commande, ligne.avant, ligne.apres) == ("assure.refus", None, None)
    assert "ne veut plus être invitée" in texte(claire.get(f"/espace/assures/{bureau.assure_id}"))
    claire.post(f"/espace/assures/{bureau.assure_id}/refus")
    assert not bureau.lire(Assure, bureau.assure_id).refus_contact


def test_un_directeur_ne_lit_pas_les_dossiers(bureau):
    assert bureau.connecte("anne.sommet").get(f"/espace/assures/{bureau.assure_id}").status_code == 404
