"""The booking rush, small enough for every day (the whole of it: tests/load/agenda.py): many people, few slots, by the services and by HTTP."""
import pytest

from bot.agenda import occupation, reservation
from bot.agenda.recherche import chercher
from bot.contacts.base import Sessions
from tests.load import agenda

PERSONNES, CRENEAUX = 16, 8


@pytest.mark.parametrize("graine", [1, 2])
def test_huit_creneaux_seize_personnes_par_les_services(base, graine):
    issue = agenda.ruee(base, agenda.installer(base, CRENEAUX), PERSONNES, graine)
    assert issue.juste and issue.reserves == CRENEAUX and issue.codes == {"pris": CRENEAUX, "CRENEAU_PRIS": PERSONNES - CRENEAUX}


def test_huit_creneaux_seize_personnes_par_http(base, tmp_path):
    code = agenda.installer(base, CRENEAUX)
    with agenda.site(base, tmp_path) as adresse:
        issue = agenda.ruee_http(adresse, base, code, PERSONNES)
    assert issue.juste and issue.reserves == CRENEAUX and issue.codes == {"pris": CRENEAUX, "CRENEAU_PRIS": PERSONNES - CRENEAUX}


def test_temoin_sans_la_garde_la_ruee_vend_deux_fois(sessions: Sessions, monkeypatch):
    """What everybody saw is given to them as it was, and nothing arbitrates: the same measure must then find it out."""
    code = agenda.installer(sessions, 4)
    with sessions.lecture() as s:
        vu = chercher(s, agenda.motifs.motif(s, agenda.CAISSE, code), agenda.MAINTENANT)
    monkeypatch.setattr(reservation, "chercher", lambda *_, **__: vu)
    monkeypatch.setattr(occupation, "prendre", lambda *_, **__: True)
    issue = agenda.ruee(sessions, code, PERSONNES)
    assert not issue.juste and issue.chevauchements > 0 and issue.reserves > 4
