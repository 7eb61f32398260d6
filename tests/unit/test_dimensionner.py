"""What a national installation needs: computed from measured figures, refused when one is missing, and written where the page waits for it."""
import json

import pytest

from tests.load import dimensionner
from tests.load.dimensionner import Besoin, ChiffreAbsent, calculer, ecrire, lire, machines
from tests.marche import lisible

BANC = {"coeurs": 2, "notre": {"moteur_mo": 730.0, "messages_par_s": 9.0, "demarrage_s": 8.0}, "rasa": {"moteur_mo": 900.0, "messages_par_s": 3.0},
        "agenda": {"sqlite": {"confirmation": {"confirmation_p95_ms": 140.0}}}}


def table(document=BANC, **besoin):
    return {ligne.quoi: lisible(ligne.valeur) for ligne in calculer(lire([document]), Besoin(**besoin))}


def test_la_pointe_se_porte_a_moitie_plein_avec_une_machine_de_plus():
    assert (machines(20, 10), machines(10, 10), machines(9, 10)) == (2, 3, 4)
    assert table()["machines pour la pointe"] == "4 à 6, de 2 cœurs"


def test_plus_de_monde_demande_plus_et_jamais_moins():
    assert table(pointe=30)["machines pour la pointe"] == "8 à 15, de 2 cœurs"
    assert int(table(assures=6_000_000)["base de contacts"].split()[0]) > int(table()["base de contacts"].split()[0])


def test_le_debit_mesure_sous_la_foule_lemporte_et_celui_de_rasa_ne_compte_jamais():
    assert lire([{"charge": {"foule_messages_par_s": 26.0}}, BANC]).messages_par_s == 26.0
    with pytest.raises(ChiffreAbsent):
        lire([{"coeurs": 2, "rasa": BANC["rasa"]}])


@pytest.mark.parametrize("absent", ["coeurs", "notre"])
def test_un_chiffre_non_mesure_est_nomme_jamais_suppose(absent):
    with pytest.raises(ChiffreAbsent, match="make bench"):
        lire([{n: v for n, v in BANC.items() if n != absent}])


def test_la_commande_imprime_et_ecrit_entre_les_reperes(tmp_path, capsys, monkeypatch):
    fichier, page = tmp_path / "bench.json", tmp_path / "page.md"
    fichier.write_text(json.dumps(BANC))
    page.write_text(f"avant\n{dimensionner.DEBUT}\nvieux\n{dimensionner.FIN}\naprès\n")
    monkeypatch.setattr(dimensionner, "ecrire", lambda texte: ecrire(texte, page))
    assert dimensionner.principal(["--mesures", str(fichier), "--ecrire"]) == 0
    assert "| machines pour la pointe |" in capsys.readouterr().out
    ecrit = page.read_text()
    assert ecrit.startswith("avant") and ecrit.endswith("après\n") and "vieux" not in ecrit and "machines pour la pointe" in ecrit
    fichier.write_text("{}")
    assert dimensionner.principal(["--mesures", str(fichier)]) == 1 and "make bench" in capsys.readouterr().err


def test_la_page_a_ses_reperes_et_son_tableau():
    page = dimensionner.PAGE.read_text(encoding="utf-8")
    assert dimensionner.DEBUT in page and "| machines pour la pointe |" in page
