"""The people of the caisse: who may create, change, reset and close whose account; the home page and its cards."""
import re

import pytest
from jinja2 import ChoiceLoader, DictLoader
from sqlalchemy import select

from bot.contacts import comptes
from bot.contacts.tables import Audit, Historique
from bot.site.espace import accueil
from bot.site.espace.accueil import Carte
from bot.site.pages.gabarits import GABARITS
from tests.marche import lisible


@pytest.fixture
def marc(espace):
    return espace.connecte("marc.colline")


def numero(espace, identifiant):
    with espace.sessions.lecture() as s:
        return comptes.par_identifiant(s, identifiant).conseiller_id


def roles(espace, identifiant):
    with espace.sessions.lecture() as s:
        return set(comptes.niveaux(s, comptes.par_identifiant(s, identifiant).conseiller))


NOUVELLE = {"prenom": "Nina", "nom": "Lande", "identifiant": "nina.lande", "roles": ["conseiller", "secretariat"]}


def test_lequipe_montre_la_caisse_et_elle_seule(marc):
    page = lisible(marc.get("/espace/equipe").text)
    assert "Claire Fontaine" in page and "Rose Lagon" not in page and "Jean Plateau" not in page


def test_creer_un_conseiller_montre_son_mot_de_passe_une_fois_et_elle_le_change(espace, marc):
    page = marc.post("/espace/equipe", **NOUVELLE)
    provisoire = re.search(r'id="mot_de_passe"[^>]*value="([\w-]+)"', page.text)[1]
    assert page.status_code == 200 and roles(espace, "nina.lande") == {"conseiller", "secretariat"}
    assert provisoire not in marc.get("/espace/equipe").text
    nina = espace.visiteur()
    assert nina.entrer("nina.lande", provisoire).status_code == 303
    assert nina.get("/espace").url.path == "/espace/compte/mot-de-passe"
    with espace.sessions.lecture() as s:
        derniere = s.scalars(select(Audit).where(Audit.acte == "compte.cree").order_by(Audit.id.desc())).first()
        assert derniere.acteur == f"conseiller:{numero(espace, 'marc.colline')}" and derniere.role == "responsable"
        assert s.scalars(select(Historique).where(Historique.commande == "compte.cree")).all()[-1].origine == "espace"


@pytest.mark.parametrize("change, champ", [
    ({"identifiant": "Nina Lande"}, "identifiant"), ({"identifiant": "claire.fontaine"}, "identifiant"), ({"nom": ""}, "prenom"), ({"roles": []}, "roles"),
    ({"roles": ["administrateur"]}, "roles"), ({"roles": ["conseiller", "national"]}, "roles"), ({"roles": ["roi"]}, "roles")])
def test_un_compte_refuse_garde_ce_qui_etait_ecrit_et_dit_quoi_corriger(espace, marc, change, champ):
    page = marc.post("/espace/equipe", **(NOUVELLE | change))
    assert page.status_code in (409, 422) and f'href="#{champ}"' in page.text and 'value="Nina"' in page.text
    with espace.sessions.lecture() as s:
        assert comptes.par_identifiant(s, "nina.lande") is None


def test_changer_les_roles_de_quelquun(espace, marc):
    paul = numero(espace, "paul.vallon")
    assert marc.post(f"/espace/equipe/{paul}/roles", roles=["secretariat"]).headers["location"] == "/espace/equipe?fait=roles_changes"
    assert roles(espace, "paul.vallon") == {"secretariat"}
    assert marc.post(f"/espace/equipe/{paul}/roles", roles=["administrateur"]).status_code == 422, "personne ne donne plus qu'il n'a"
    assert roles(espace, "paul.vallon") == {"secretariat"}


@pytest.mark.parametrize("acte", ["roles", "mot-de-passe", "telephone", "desactivation", "reactivation"])
def test_les_comptes_dune_autre_caisse_ou_au_dessus_de_soi_sont_introuvables(espace, marc, acte):
    for identifiant in ("rose.lagon", "jean.plateau", "hugo.falaise", "anne.sommet"):
        avant = roles(espace, identifiant)
        assert marc.post(f"/espace/equipe/{numero(espace, identifiant)}/{acte}", roles=["conseiller"]).status_code == 404
        assert roles(espace, identifiant) == avant and espace.visiteur().entrer(identifiant).status_code == 303


def test_on_nagit_pas_sur_son_propre_compte(espace, marc):
    moi = numero(espace, "marc.colline")
    for acte in ("roles", "mot-de-passe", "telephone", "desactivation"):
        assert marc.post(f"/espace/equipe/{moi}/{acte}", roles=["conseiller"]).status_code == 409


def test_le_dernier_responsable_reste(espace):
    hugo, marc = espace.connecte("hugo.falaise"), numero(espace, "marc.colline")
    page = hugo.post(f"/espace/equipe/{marc}/desactivation")
    assert page.status_code == 409 and "autre responsable" in lisible(page.text)
    assert hugo.post(f"/espace/equipe/{marc}/roles", roles=["conseiller"]).status_code == 409
    hugo.post("/espace/equipe", **(NOUVELLE | {"roles": ["responsable"]}))
    assert hugo.post(f"/espace/equipe/{marc}/desactivation").status_code == 303


def test_desactiver_coupe_et_reactiver_rouvre(espace, marc):
    paul, lui = espace.connecte("paul.vallon"), numero(espace, "paul.vallon")
    assert marc.post(f"/espace/equipe/{lui}/desactivation").status_code == 303
    assert paul.get("/espace").url.path == "/espace/connexion" and espace.visiteur().entrer("paul.vallon").status_code == 401
    assert marc.post(f"/espace/equipe/{lui}/reactivation").status_code == 303
    assert espace.visiteur().entrer("paul.vallon").status_code == 303


def test_un_nouveau_mot_de_passe_debloque_et_deconnecte(espace, marc):
    paul = espace.connecte("paul.vallon")
    for _ in range(6):
        dehors = espace.visiteur().entrer("paul.vallon", "faux")
    assert dehors.status_code == 429
    page = marc.post(f"/espace/equipe/{numero(espace, 'paul.vallon')}/mot-de-passe")
    provisoire = re.search(r'id="mot_de_passe"[^>]*value="([\w-]+)"', page.text)[1]
    assert paul.get("/espace").url.path == "/espace/connexion"
    assert espace.visiteur().entrer("paul.vallon", provisoire).status_code == 303


# -- home ----------------------------------------------------------------------------------------------------------------------------------


def test_laccueil_salue_dit_le_jour_et_la_demonstration(espace):
    page = lisible(espace.connecte("claire.fontaine").get("/espace").text)
    assert "Bonjour Claire" in page and "14 septembre 2011" in page and "Démonstration — données fictives" in page
    assert "Équipe" not in page and "Équipe" in espace.connecte("marc.colline").get("/espace").text


def test_une_carte_apparait_a_qui_elle_parle_dans_lordre(espace, monkeypatch):
    def carte(titre, rang, pour):
        return lambda s, acteur, maintenant: Carte(titre, "espace/essai_carte.html", {"n": maintenant.year}, rang) if pour in acteur.niveaux else None
    monkeypatch.setattr(GABARITS, "loader", ChoiceLoader([DictLoader({"espace/essai_carte.html": "<p>En {{ valeurs.n }}</p>"}), GABARITS.loader]))
    monkeypatch.setattr(accueil, "CARTES", [carte("Seconde", 2, "conseiller"), carte("Première", 1, "conseiller"), carte("Chef", 0, "responsable")])
    page = espace.connecte("claire.fontaine").get("/espace").text
    assert page.index("Première") < page.index("Seconde") and "Chef" not in page and "En 2011" in page


def test_une_adresse_ne_fait_pas_parler_le_site(espace):
    page = espace.connecte("claire.fontaine").get("/espace?fait=<script>alert(1)</script>").text
    assert "alert(1)" not in page and 'class="info fait"' not in page
