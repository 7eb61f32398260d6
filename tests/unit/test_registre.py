"""What is told of retention is what is done: the register of processing, the notice page and the table of security.md §3.2 against conservation.yml."""
import re

import pytest

from bot.contacts import conservation
from bot.contacts.conservation import limite
from bot.contacts.conversations import DUREE_MAX, GARDE_INCOMPRIS, INACTIVITE
from bot.reglages import RACINE

LUES = conservation.lire()
REGLES = {r.code: r for r in (*LUES.regles, *LUES.fichiers)}
REGISTRE = (RACINE / "docs" / "registre_traitements.md").read_text(encoding="utf-8")
PAGE = (RACINE / "bot" / "site" / "templates" / "donnees.html").read_text(encoding="utf-8")

# Each row of security.md §3.2: the rules that apply it, with the longest delay it allows.
TABLE = {
    "texte de conversation et suivi du moteur": {"conversations": "30 minutes"},
    "phrase non comprise": {"incompris": "90 jours"},
    "échange remis à un conseiller": {"conversations": "30 minutes", "rappels": "3 mois"},
    "rendez-vous": {"identites": "92 jours", "rendez_vous": "13 mois", "inscriptions": "13 mois"},
    "compte rendu du conseiller": {"notes": "24 mois", "contacts": "24 mois", "trames": "24 mois"},
    "courriels et SMS": {"messages": "30 jours", "envois_agenda": "6 mois"},
    "enquête": {"liens_enquete": "30 jours"},
    "audit": {"audit": "12 mois"},
    "journaux techniques": {"journaux": "6 mois"},
    "sauvegardes": {"sauvegardes": "30 jours", "bases_de_cote": "30 jours"},
    "renvoi d'un message (idempotence)": {"conversations": "24 heures", "acces_rendez_vous": "24 heures"},
    "compte inutilisé": {"comptes_inutilises": "90 jours", "comptes_fermes": "24 mois"},
}
UN_JOUR_FIXE = conservation.datetime(2011, 9, 14, 8, tzinfo=conservation.datetime.now().astimezone().tzinfo)


@pytest.mark.parametrize("ligne", TABLE)
def test_chaque_ligne_du_cahier_a_sa_regle_et_aucune_ne_garde_plus_longtemps(ligne):
    for code, au_plus in TABLE[ligne].items():
        assert limite(REGLES[code].delai, UN_JOUR_FIXE) >= limite(au_plus, UN_JOUR_FIXE), f"{code} garde plus que {au_plus}"


@pytest.mark.parametrize("code", REGLES)
def test_le_registre_dit_chaque_regle_avec_sa_duree(code):
    ligne = re.search(rf"^\| `{code}` \| (.+?) \| (.+?) \| (.+?) \|$", REGISTRE, re.M)
    assert ligne, f"« {code} » manque au registre"
    assert ligne[2].startswith(REGLES[code].delai) and ligne[1] == REGLES[code].donnees


def test_le_registre_ne_dit_aucune_regle_qui_nexiste_pas():
    assert set(re.findall(r"^\| `(\w+)` \|", REGISTRE, re.M)) == set(REGLES)


@pytest.mark.parametrize("dit, code, delai", [
    ("Effacé 30 minutes après le dernier message, au plus tard 24 h", "conversations", "30 minutes"), ("Trois mois après le rendez-vous", "identites", "92 jours"),
    ("détruit 30 jours après la clôture", "liens_enquete", "30 jours"), ("90 jours, relues par une personne", "incompris", "90 jours")])
def test_la_page_des_donnees_personnelles_dit_les_memes_durees(dit, code, delai):
    assert dit in PAGE and REGLES[code].delai == delai


def test_les_durees_que_le_code_applique_sont_celles_du_fichier():
    assert (conservation.timedelta(minutes=30), conservation.timedelta(hours=24), conservation.timedelta(days=90)) == (INACTIVITE, DUREE_MAX, GARDE_INCOMPRIS)
    assert "24 heures au plus" in REGLES["conversations"].precision
