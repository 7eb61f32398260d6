"""People who say anything, press any button and fill any form, on a site of their own: whatever they do is answered."""
import pytest

from tests.conftest import installation
from tests.load.visites import Programme, lancer, lire

pytestmark = pytest.mark.moteur


def test_quoi_que_fassent_vingt_personnes_elles_ont_une_reponse(tmp_path):
    with installation(tmp_path) as adresse:
        releve = lire(lancer(Programme(adresse, 20, 1.0, 30, tours=12)))
    assert len(releve.reponses) > 100
    assert (releve.perdus, releve.vides) == (0, 0), dict(releve.statuts)
