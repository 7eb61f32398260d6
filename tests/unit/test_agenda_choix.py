"""Three spread proposals from a sentence; an empty answer explained, with the smallest wish to let go."""
from datetime import date, timedelta

import pytest

from bot.agenda import choix
from bot.agenda.moment import Moment, comprendre
from tests.unit.agenda_aide import LUNDI, MAINTENANT, a, base_agenda, installer, moteur_agenda, ouvrir, quelqu_un, reserver  # noqa: F401

MARDI, JEUDI = LUNDI + timedelta(1), LUNDI + timedelta(3)


@pytest.fixture
def monde(base):
    """Mondays and Thursdays at Bordeaux all day, Tuesdays at Bayonne in the morning, for a month; the telephone on Wednesday afternoons."""
    m = installer(base, conseillers=3)
    fin = LUNDI + timedelta(27)
    with base() as s:
        for jour in (LUNDI, JEUDI):
            ouvrir(s, m, jour, "9:00", "12:00", jusqu_au=fin)
            ouvrir(s, m, jour, "14:00", "17:00", jusqu_au=fin)
        ouvrir(s, m, MARDI, qui=1, antenne="Bayonne", jusqu_au=fin)
        ouvrir(s, m, LUNDI + timedelta(2), "14:00", "17:00", qui=2, codes=("conseil_social_telephone",), antenne=None, jusqu_au=fin)
    return m


def proposer(base, monde, phrase="", **reste):
    with base.lecture() as s:
        m = {c: s.merge(x, load=False) for c, x in monde.motifs.items()}
        if "autre" in reste:
            reste["autre"] = m[reste["autre"]]
        moment = comprendre(phrase, MAINTENANT) if phrase else Moment()
        return choix.proposer(s, m["conseil_social"], moment, MAINTENANT, **{"antenne_id": monde.antennes["Bordeaux"], **reste})


def dits(creneaux) -> list[str]:
    return [f"{c.local:%d/%m %H:%M}" for c in creneaux]


def test_sans_souhait_trois_propositions_de_jours_et_de_moments_differents(base, monde):
    p = proposer(base, monde)
    assert dits(p.creneaux) == ["19/09 09:00", "22/09 14:00", "26/09 09:00"]
    assert (p.total, p.pertes, list(p.relachements)) == (32, {}, [])


@pytest.mark.parametrize("phrase, attendu", [
    ("lundi prochain", ["19/09 09:00", "19/09 10:15", "19/09 14:00"]),
    ("un jeudi après-midi", ["22/09 14:00", "29/09 14:00", "06/10 14:00"]),
    ("jeudi 22 septembre vers 10h", ["22/09 10:15"]),
    ("lundi matin avant 10h", ["19/09 09:00"]),
    ("en octobre mais pas le jeudi", ["03/10 09:00", "03/10 14:00", "10/10 14:00"])])
def test_les_propositions_repondent_a_la_phrase(base, monde, phrase, attendu):
    assert dits(proposer(base, monde, phrase).creneaux) == attendu


def test_d_autres_propositions_ne_repetent_pas_les_premieres(base, monde):
    premieres = proposer(base, monde).creneaux
    suivantes = proposer(base, monde, sauf=[c.id for c in premieres]).creneaux
    assert not {c.id for c in premieres} & {c.id for c in suivantes} and len(suivantes) == 3


def test_l_autre_modalite_est_dite_quand_elle_repond_aussi(base, monde):
    p = proposer(base, monde, "mercredi prochain après-midi", autre="conseil_social_telephone")
    assert p.creneaux == () and f"{p.autre_modalite.local:%d/%m %H:%M}" == "21/09 14:00"


@pytest.mark.parametrize("phrase, contrainte, nombre", [
    ("jeudi 22 à 18h", "heure", 4), ("jeudi 22 le soir", "partie", 4), ("vendredi 23 septembre", "jour", 8), ("un mardi", "jours", 32),
    ("avant le 18 septembre", "au", 32)])
def test_une_reponse_vide_dit_le_plus_petit_souhait_a_relacher(base, monde, phrase, contrainte, nombre):
    p = proposer(base, monde, phrase)
    assert p.creneaux == ()
    assert (p.relachements[0].contrainte, p.relachements[0].nombre) == (contrainte, nombre)


def test_une_autre_antenne_est_un_relachement(base, monde):
    p = proposer(base, monde, "mardi 20 septembre")
    assert {r.contrainte: r.nombre for r in p.relachements}["antenne"] == 2


def test_un_jour_plein_dit_que_tout_est_pris(base, monde):
    with base() as s:
        for n, heure in enumerate(("9:00", "10:15", "14:00", "15:15")):
            reserver(s, monde, a(JEUDI, heure), personne=quelqu_un(n))
    assert proposer(base, monde, "jeudi 22 septembre").pertes == {"existants": 4, "pris": 4}


def test_un_jour_trop_proche_passe_ferie_ou_trop_lointain_est_dit_tel(base, monde):
    with base() as s:
        ouvrir(s, monde, date(2011, 9, 14), "14:00", "16:00", qui=1)
        ouvrir(s, monde, date(2011, 11, 1), qui=1)
        ouvrir(s, monde, date(2012, 3, 5), qui=1)
    assert proposer(base, monde, "aujourd'hui").pertes == {"existants": 1, "trop_tot": 1}
    assert proposer(base, monde, "le 1er novembre").ferie == "Toussaint"
    assert proposer(base, monde, "le 1er novembre").pertes == {"existants": 2, "ferie": 2}
    assert proposer(base, monde, "le 5 mars 2012").pertes == {"existants": 2, "trop_loin": 2}
    assert proposer(base, monde, "le 5 septembre 2011").passe


def test_une_plage_de_plusieurs_heures_et_des_dates_exclues():
    moment = comprendre("du 19 au 30 septembre sauf le 22, de 9 h à 11 h ou de 14 h à 15 h", MAINTENANT)
    from bot.agenda.creneaux import Creneau

    def creneau(jour, heure):
        return Creneau(a(jour, heure), a(jour, heure) + timedelta(hours=1), 1, "Europe/Paris", 1)

    oui = [creneau(LUNDI, h) for h in ("9:00", "10:45", "14:15")]
    non = [creneau(LUNDI, "11:00"), creneau(LUNDI, "15:00"), creneau(JEUDI, "9:00"), creneau(LUNDI + timedelta(14), "9:00")]
    assert [choix.convient(c, moment) for c in oui + non] == [True] * 3 + [False] * 4
