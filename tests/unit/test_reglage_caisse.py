"""What a caisse says of itself: read, refused with what to do, kept in the history, and seen by visitors once it can be rung."""
import json
from datetime import datetime, timezone

import pytest
from sqlalchemy import select

from bot.contacts import reglage_caisse as regles
from bot.contacts.caisses import CaisseInconnue, caisse_ouverte
from bot.contacts.tables import Caisse, Historique
from tests.marche import conseil, environnement, lisible

LE = datetime(2011, 9, 14, 8, tzinfo=timezone.utc)
HORAIRES = "du lundi au vendredi, de 9 h à 12 h et de 13 h 30 à 16 h 30"


@pytest.fixture
def s(sessions):
    """A transaction with a caisse of the network, as the installation of a campaign leaves it."""
    with sessions() as s:
        s.add(Caisse(code="C02", nom="RSI Aquitaine", telephone="", horaires="", fuseau="Europe/Paris", origines=[], fictive=False))
        s.flush()
        yield s


def test_une_caisse_se_montre_des_quelle_a_un_telephone_et_lhistorique_le_garde(s):
    with pytest.raises(CaisseInconnue):
        caisse_ouverte(s, "C02")
    regles.regler(s, "C02", {"telephone": "05.56.00.00.00", "horaires": HORAIRES}, LE)
    assert caisse_ouverte(s, "C02").telephone == "05 56 00 00 00"
    ligne, = s.scalars(select(Historique).where(Historique.objet_id == "C02"))
    assert (ligne.commande, ligne.avant["telephone"], ligne.apres["telephone"]) == ("regler_caisse", "", "05 56 00 00 00")


def test_redire_la_meme_chose_ne_note_rien_et_ce_quon_tait_ne_change_pas(s):
    regles.regler(s, "C02", {"telephone": "3648", "horaires": HORAIRES, "site": None}, LE)
    regles.regler(s, "C02", {"telephone": "36 48"}, LE)
    assert len(s.scalars(select(Historique).where(Historique.objet_id == "C02")).all()) == 1
    assert s.get_one(Caisse, "C02").horaires == HORAIRES


def test_une_origine_se_range_sans_barre_finale_en_minuscules(s):
    assert regles.regler(s, "C02", {"horaires": HORAIRES, "origines": ["https://Caisse.example/"]}, LE).origines == ["https://caisse.example"]


@pytest.mark.parametrize("valeurs, refus", [
    ({"telephone": "12"}, regles.TelephoneIllisible), ({"telephone": "0556000000"}, regles.HorairesAbsents),
    ({"horaires": "aux heures de bureau"}, regles.HorairesIllisibles), ({"courriel": "caisse"}, regles.CourrielIllisible),
    ({"site": "http://caisse.example"}, regles.AdresseDeSiteIllisible),
    *[({"origines": [o]}, regles.AdresseDeSiteIllisible) for o in ("http://caisse.example", "https://*.example", "https://caisse.example/page", "*")]])
def test_ce_qui_ne_se_lit_pas_est_refuse(s, valeurs, refus):
    with pytest.raises(refus):
        regles.regler(s, "C02", valeurs, LE)


def test_une_antenne_sajoute_puis_se_corrige(s):
    ou = {"adresse": "1 rue des Essais", "code_postal": "33000", "ville": None, "horaires": "le lundi, de 9 h à 12 h", "maintenant": LE}
    premiere = regles.regler_antenne(s, "C02", "Bordeaux", **ou)
    corrigee = regles.regler_antenne(s, "C02", "Bordeaux", **{**ou, "adresse": "2 rue des Essais"})
    assert premiere is corrigee and (corrigee.adresse, corrigee.ville) == ("2 rue des Essais", "Bordeaux")
    with pytest.raises(regles.CodePostalIllisible):
        regles.regler_antenne(s, "C02", "Agen", **{**ou, "code_postal": "470"})


def test_la_commande_regle_et_liste(tmp_path, modele_sqlite):
    env = environnement(tmp_path)
    (tmp_path / "contacts.db").write_bytes(modele_sqlite.read_bytes())
    fait = conseil("caisse", "regler", "demo-reunion", "--telephone", "0262000000", "--origine", "https://caisse.example", env=env)
    assert fait.returncode == 0 and "02 62 00 00 00" in lisible(fait.stdout)
    liste = {c["code"]: c for c in json.loads(conseil("caisse", "lister", "--json", env=env).stdout)}
    assert liste["demo-reunion"]["telephone"] == "02 62 00 00 00"
    inconnue = conseil("caisse", "regler", "ZZ", "--telephone", "3648", env=env)
    assert inconnue.returncode == 1 and "conseil caisse lister" in inconnue.stderr
