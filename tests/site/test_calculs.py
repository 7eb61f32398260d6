"""The calculators as pages: one form each, faults beside the fields, and the figures of the chat and of `conseil calcul`."""
import json
import re
from datetime import date
from html import unescape

import pytest

from bot.cli import principal
from bot.knowledge.calculs import REGISTRE, calculer, lire_reponses
from bot.knowledge.fiches import fiches
from bot.texte.typographie import date_longue

JOUR = date(2011, 9, 14)
COMPLETS = {
    "plafond_premiere_annee": {"debut": "2011-04-01", "activite": "vente"},
    "cotisations_micro": {"montant": "2 000 €", "periode": "mois", "activite": "prestation", "groupe": "artisan"},
    "taux_accre": {"debut": "2011-04-01", "activite": "vente"},
    "echeances_declaration": {"debut": "2011-04-01", "periodicite": "trimestre"},
    "trimestres_valides": {"montant": "9 000", "activite": "prestation"},
    "age_retraite": {"naissance": "1952-04-12"},
    "debut_activite": {"debut": "2011-04-01", "groupe": "artisan"},
    "delai_recours": {"nature": "decision", "notification": "2011-09-01"},
}


def lire(client, nom, **textes):
    reponse = client.get(f"/calculs/{nom}", params=textes, headers={"accept": "text/html"})
    return reponse.status_code, unescape(reponse.text)


def test_chaque_calcul_a_sa_page_dans_la_liste_et_l_accueil_y_mene(client):
    liste, accueil = (unescape(client.get(chemin).text) for chemin in ("/calculs", "/"))
    for nom, calcul in REGISTRE.items():
        assert f'href="/calculs/{nom}"' in liste and calcul.libelle in liste and f'href="/calculs/{nom}"' in accueil
    assert '<a href="/calculs">Calculs</a>' in accueil


@pytest.mark.parametrize("nom", REGISTRE)
def test_le_formulaire_a_tous_les_champs_en_natif_et_rien_n_est_faux_d_avance(client, nom):
    statut, page = lire(client, nom)
    assert statut == 200 and "Résultat" not in page and 'role="alert"' not in page and "Erreur" not in page
    for champ in REGISTRE[nom].champs:
        genre = {"date": '<input id="c-{0}" name="{0}" type="date"', "montant": '<input id="c-{0}" name="{0}" type="text"'}
        assert genre.get(champ.type, '<select id="c-{0}" name="{0}"').format(champ.nom) in page
        assert f'<label for="c-{champ.nom}">{champ.libelle.replace(" ?", chr(0x202f) + "?")}' in page


@pytest.mark.parametrize("nom", REGISTRE)
def test_la_page_dit_ce_que_dit_le_calcul(client, nom):
    statut, page = lire(client, nom, **COMPLETS[nom])
    attendu = calculer(nom, lire_reponses(nom, COMPLETS[nom], au=JOUR), au=JOUR)
    assert statut == 200
    for texte in (attendu.phrase, attendu.regle, *attendu.limites, *attendu.sources, *(x.ecrit for x in attendu.lignes)):
        assert texte in page
    assert f"Règles en vigueur au {date_longue(attendu.valable_le)}." in page and f'href="/faq/{REGISTRE[nom].sujet}"' in page
    assert "Prendre rendez-vous avec un conseiller" in page


def test_le_terminal_et_la_page_donnent_le_meme_chiffre(client, capsys):
    principal(["calcul", "cotisations_micro", "--montant", "2 000 €", "--periode", "mois", "--activite", "prestation", "--groupe", "artisan",
               "--au", "2011-09-14", "--json"])
    assert json.loads(capsys.readouterr().out)["phrase"] in lire(client, "cotisations_micro", **COMPLETS["cotisations_micro"])[1]


def test_une_adresse_partagee_remplit_le_formulaire(client):
    page = lire(client, "cotisations_micro", **COMPLETS["cotisations_micro"])[1]
    assert 'value="2 000 €"' in page and '<option value="prestation" selected>Prestations de services</option>' in page
    assert 'name="debut" type="date" value="2011-04-01"' in lire(client, "taux_accre", debut="1er avril 2011", activite="vente")[1]


def test_les_fautes_sont_dites_toutes_et_a_cote_de_leur_champ(client):
    statut, page = lire(client, "cotisations_micro", montant="beaucoup", activite="")
    assert statut == 422 and "<title>Erreur\u00a0: " in page
    for nom in ("montant", "activite"):
        assert f'href="#c-{nom}"' in page and f'id="c-{nom}-erreur"' in page
        assert re.search(rf'id="c-{nom}"[^>]*aria-invalid="true" aria-describedby="[^"]*c-{nom}-erreur"', page)
    assert 'value="beaucoup"' in page and "Résultat" not in page


def test_un_refus_du_calcul_se_lit_a_cote_de_son_champ(client):
    statut, page = lire(client, "age_retraite", naissance="2031-01-01")
    assert statut == 422 and re.search(r'id="c-naissance-erreur">[^<]*dans l\'avenir', page)


def test_un_calcul_inconnu_ou_une_adresse_chargee_ne_cassent_rien(client):
    assert lire(client, "zzz")[0] == 404
    assert lire(client, "age_retraite", utm_source="lettre")[0] == 200
    assert lire(client, "age_retraite", naissance="<script>alert(1)</script>")[0] == 422
    assert "<script>alert" not in client.get("/calculs/age_retraite", params={"naissance": "<script>alert(1)</script>"}).text
    assert lire(client, "age_retraite", naissance="9" * 3000)[0] == 422


def test_la_fiche_mene_a_son_calcul(client):
    for fiche in fiches().values():
        if fiche.calcul:
            assert f'href="/calculs/{fiche.calcul}"' in client.get(f"/faq/{fiche.sujet}").text
    assert fiches()["cotisations/debut_activite"].calcul == "debut_activite"


def test_tous_les_calculs_ont_leur_fiche(client):
    assert all(c.sujet in fiches() for c in REGISTRE.values())
