"""Slots as a pure function: grid, closings, holidays, delays, clocks that change, zones overseas."""
from datetime import date, datetime, time, timedelta, timezone
from time import thread_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.agenda.creneaux import Creneau, Fermee, Horaire, calculer, creneaux, lire_id, pourquoi_vide
from bot.agenda.instants import cellule, cellules, jour_local, vers_utc
from bot.agenda.jours_feries import TERRITOIRES, feries_entre, fuseau, jours_feries, territoire
from bot.agenda.refus import CreneauIllisible
from bot.contacts.tables import Motif
from tests.unit.agenda_aide import LUNDI, MAINTENANT, PARIS, a

JANVIER = datetime(2011, 1, 3, 8, tzinfo=timezone.utc)


def motif(duree=60, battement=0, modalite="presentiel", **reste) -> Motif:
    return Motif(**{"id": 1, "duree": duree, "battement": battement, "modalite": modalite, "delai_min_h": 24, "delai_max_j": 365, "max_par_jour": None, **reste})


def horaire(jour=LUNDI, debut="09:00", fin="12:00", conseiller=1, antenne=7, jusqu_au=None, zone=PARIS, **reste) -> Horaire:
    return Horaire(conseiller, antenne, jour, jusqu_au, time.fromisoformat(debut), time.fromisoformat(fin), zone, **reste)


def heures(trouves: list[Creneau]) -> list[str]:
    return [f"{c.local:%H:%M}" for c in trouves]


def test_une_ouverture_de_trois_heures_donne_trois_creneaux_d_une_heure():
    assert heures(creneaux([horaire()], [], {}, {}, MAINTENANT, motif())) == ["09:00", "10:00", "11:00"]


def test_le_battement_espace_la_grille_et_seuls_les_creneaux_entiers_restent():
    assert heures(creneaux([horaire()], [], {}, {}, MAINTENANT, motif(45, 15))) == ["09:00", "10:00", "11:00"]
    assert heures(creneaux([horaire()], [], {}, {}, MAINTENANT, motif(60, 15))) == ["09:00", "10:15"]


def test_un_rdv_de_9_h_a_10_h_et_une_fermeture_de_9_h_15_a_9_h_45_ne_retirent_que_le_creneau_de_9_h():
    prises = {1: set(cellules(a(LUNDI, "9:00"), a(LUNDI, "10:00")))}
    ferme = [Fermee(a(LUNDI, "9:15"), a(LUNDI, "9:45"), conseiller_id=1)]
    assert heures(creneaux([horaire(fin="11:00")], ferme, prises, {}, MAINTENANT, motif())) == ["10:00"]


def test_les_intervalles_sont_semi_ouverts_une_fermeture_qui_finit_a_10_h_laisse_le_creneau_de_10_h():
    ferme = [Fermee(a(LUNDI, "9:00"), a(LUNDI, "10:00"))]
    assert heures(creneaux([horaire()], ferme, {}, {}, MAINTENANT, motif())) == ["10:00", "11:00"]


def test_une_fermeture_vise_un_conseiller_une_antenne_ou_toute_la_caisse():
    deux = [horaire(conseiller=1, antenne=7), horaire(conseiller=2, antenne=8)]

    def restent(**portee):
        trouves = creneaux(deux, [Fermee(a(LUNDI, "0:00"), a(LUNDI, "23:00"), **portee)], {}, {}, MAINTENANT, motif())
        return {c.antenne_id for c in trouves}

    assert (restent(conseiller_id=1), restent(antenne_id=8), restent()) == ({8}, {7}, set())


def test_un_meme_instant_n_est_propose_qu_une_fois_avec_tous_les_conseillers_libres():
    trouves = creneaux([horaire(conseiller=2), horaire(conseiller=1)], [], {2: set(cellules(a(LUNDI, "9:00"), a(LUNDI, "10:00")))}, {}, MAINTENANT, motif())
    assert [(f"{c.local:%H:%M}", c.candidats) for c in trouves] == [("09:00", (1,)), ("10:00", (1, 2)), ("11:00", (1, 2))]


def test_au_telephone_le_lieu_ne_compte_pas_et_sur_place_il_en_faut_un():
    deux = [horaire(conseiller=1, antenne=7), horaire(conseiller=2, antenne=None)]
    assert {(c.antenne_id, c.candidats) for c in creneaux(deux, [], {}, {}, MAINTENANT, motif(modalite="telephone"))} == {(None, (1, 2))}
    assert {(c.antenne_id, c.candidats) for c in creneaux(deux, [], {}, {}, MAINTENANT, motif())} == {(7, (1,))}


def test_une_recurrence_hebdomadaire_avec_un_jour_retire_et_un_jour_change():
    exceptions = {LUNDI + timedelta(7): None, LUNDI + timedelta(14): (time(14), time(15))}
    trouves = creneaux([horaire(fin="10:00", jusqu_au=LUNDI + timedelta(21), exceptions=exceptions)], [], {}, {}, MAINTENANT, motif())
    assert [f"{c.local:%d/%m %H:%M}" for c in trouves] == ["19/09 09:00", "03/10 14:00", "10/10 09:00"]


# ---- delays, to the second ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("ecart, offert", [(-1, True), (0, True), (1, False)])
def test_le_delai_de_24_heures_se_compte_a_la_seconde(ecart, offert):
    maintenant = a(LUNDI, "9:00") - timedelta(hours=24) + timedelta(seconds=ecart)
    assert ("09:00" in heures(creneaux([horaire()], [], {}, {}, maintenant, motif()))) is offert


@pytest.mark.parametrize("ecart, offert", [(1, True), (0, True), (-1, False)])
def test_l_horizon_se_compte_a_la_seconde(ecart, offert):
    maintenant = a(LUNDI, "9:00") - timedelta(days=30) + timedelta(seconds=ecart)
    assert ("09:00" in heures(creneaux([horaire()], [], {}, {}, maintenant, motif(delai_max_j=30)))) is offert


def test_les_delais_ne_lient_pas_la_caisse_mais_le_passe_reste_ferme():
    maintenant = a(LUNDI, "9:30")
    assert heures(creneaux([horaire()], [], {}, {}, maintenant, motif(), delais=False)) == ["10:00", "11:00"]


def test_le_nombre_par_jour_est_borne():
    m = motif(max_par_jour=2)
    assert heures(creneaux([horaire()], [], {}, {}, MAINTENANT, m, par_jour={(1, LUNDI): 2})) == []
    assert heures(creneaux([horaire()], [], {}, {}, MAINTENANT, m, par_jour={(1, LUNDI): 1})) == ["09:00", "10:00", "11:00"]


def test_pourquoi_vide_compte_ce_que_chaque_etape_retire():
    demain = jour_local(MAINTENANT, PARIS) + timedelta(1)
    ouvertes = [horaire(demain, "08:00", "11:00"), horaire(LUNDI), horaire(LUNDI + timedelta(1), "09:00", "10:00")]
    prises = {1: set(cellules(a(LUNDI, "9:00"), a(LUNDI, "12:00")))}
    ferme = [Fermee(a(LUNDI + timedelta(1), "9:00"), a(LUNDI + timedelta(1), "10:00"))]
    resultat = calculer(ouvertes, ferme, prises, {}, MAINTENANT, motif(), au=LUNDI + timedelta(1))
    assert [f"{c.local:%d/%m %H:%M}" for c in resultat.creneaux] == ["15/09 10:00"]
    assert pourquoi_vide(resultat) == {"existants": 7, "fermeture": 1, "trop_tot": 2, "pris": 3}
    assert resultat.raison(a(LUNDI, "9:00"), 7) == "pris"
    assert resultat.raison(a(LUNDI, "15:00"), 7) is None


def test_de_deux_conseillers_c_est_le_plus_pres_d_etre_libre_qui_dit_pourquoi():
    ferme = [Fermee(a(LUNDI, "9:00"), a(LUNDI, "12:00"), conseiller_id=1)]
    prises = {2: set(cellules(a(LUNDI, "9:00"), a(LUNDI, "12:00")))}
    resultat = calculer([horaire(conseiller=1), horaire(conseiller=2)], ferme, prises, {}, MAINTENANT, motif())
    assert pourquoi_vide(resultat) == {"existants": 3, "pris": 3}


# ---- clocks, zones, holidays --------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone, ecarts", [("Europe/Paris", {1, 2}), ("Indian/Reunion", {4}), ("America/Guadeloupe", {-4}), ("America/Cayenne", {-3})])
def test_neuf_heures_restent_neuf_heures_de_part_et_d_autre_des_changements_d_heure(zone, ecarts):
    hebdo = horaire(date(2011, 3, 21), fin="10:00", jusqu_au=date(2011, 11, 7), zone=zone)
    trouves = creneaux([hebdo], [], {}, {}, JANVIER, motif())
    assert {f"{c.local:%H:%M}" for c in trouves} == {"09:00"}
    assert {int(c.local.utcoffset().total_seconds() // 3600) for c in trouves} == ecarts
    assert len(trouves) == 34


def test_le_jour_du_changement_d_heure_une_ouverture_du_matin_garde_ses_trois_creneaux():
    for dimanche in (date(2011, 3, 27), date(2011, 10, 30)):
        assert heures(creneaux([horaire(dimanche)], [], {}, {}, JANVIER, motif())) == ["09:00", "10:00", "11:00"]


@pytest.mark.parametrize("jour", [date(2011, 4, 25), date(2011, 6, 2), date(2011, 6, 13)])
def test_lundi_de_paques_ascension_et_lundi_de_pentecote_2011_sont_fermes_partout(jour):
    for t in TERRITOIRES:
        ferme = {t: set(feries_entre(t, jour, jour))}
        assert calculer([horaire(jour, territoire=t)], [], {}, ferme, JANVIER, motif()).creneaux == ()
    resultat = calculer([horaire(jour)], [], {}, {"metropole": {jour}}, JANVIER, motif())
    assert pourquoi_vide(resultat) == {"existants": 3, "ferie": 3}


@pytest.mark.parametrize("code_postal, jour", [("97100", date(2011, 5, 27)), ("97200", date(2011, 5, 22)), ("97300", date(2011, 6, 10)),
                                               ("97400", date(2011, 12, 20)), ("97600", date(2011, 4, 27)), ("67000", date(2011, 4, 22)),
                                               ("57000", date(2011, 12, 26))])
def test_chaque_territoire_a_ses_jours_et_la_metropole_ne_les_a_pas(code_postal, jour):
    assert jour in jours_feries(territoire(code_postal), 2011)
    assert jour not in jours_feries("metropole", 2011)


def test_onze_jours_en_metropole_douze_outre_mer_treize_en_alsace_moselle():
    assert [len(jours_feries(t, 2011)) for t in TERRITOIRES] == [11, 13, 12, 12, 12, 12, 12]


def test_le_code_postal_donne_le_fuseau_de_l_antenne():
    assert [fuseau(c, PARIS) for c in ("97300", "97400", "33000")] == ["America/Cayenne", "Indian/Reunion", PARIS]


# ---- names of slots -----------------------------------------------------------------------------------------------


def test_le_nom_d_un_creneau_se_relit():
    c = Creneau(a(LUNDI, "9:00"), a(LUNDI, "10:00"), 7, PARIS, 3)
    assert lire_id(c.id) == (3, c.debut, 7)
    assert lire_id(Creneau(c.debut, c.fin, None, PARIS, 3).id) == (3, c.debut, None)


@pytest.mark.parametrize("faux", ["", "1-20110931T0700Z-0", "1-20111332T2500Z-0", "x", "1-20110919T0700Z", "1-20110919T0700Z-1 OR 1=1", "99999999999-20110919T0700Z-1"])
def test_un_nom_de_creneau_invente_est_refuse(faux):
    with pytest.raises(CreneauIllisible):
        lire_id(faux)


# ---- properties ---------------------------------------------------------------------------------------------------

_minutes = st.integers(24, 80).map(lambda n: time(n // 4, 15 * (n % 4)))


@st.composite
def _ouvertures(tirer):
    debut, fin = sorted(tirer(st.lists(_minutes, min_size=2, max_size=2, unique=True)))
    return Horaire(tirer(st.integers(1, 3)), 7, LUNDI + timedelta(tirer(st.integers(0, 4))), None, debut, fin, PARIS)


@settings(max_examples=60, deadline=None)
@given(st.lists(_ouvertures(), min_size=1, max_size=4), st.sets(st.tuples(st.integers(1, 3), st.integers(0, 200)), max_size=25),
       st.sampled_from([(30, 0), (45, 15), (60, 15)]))
def test_aucun_creneau_libre_ne_touche_une_cellule_prise_ni_ne_sort_de_son_ouverture(ouvertes, prises, mesures):
    base = cellule(a(LUNDI, "6:00"))
    occupees: dict[int, set[int]] = {}
    for conseiller, ecart in prises:
        occupees.setdefault(conseiller, set()).add(base + ecart)
    m = motif(*mesures)
    for c in creneaux(ouvertes, [], occupees, {}, MAINTENANT, m):
        assert c.candidats
        for qui in c.candidats:
            assert not occupees.get(qui, set()) & set(cellules(c.debut, c.fin + timedelta(minutes=m.battement)))
            assert any(o.conseiller_id == qui and vers_utc(o.du, o.debut, PARIS) <= c.debut and c.fin <= vers_utc(o.du, o.fin, PARIS) for o in ouvertes)


@settings(max_examples=40, deadline=None)
@given(st.lists(_ouvertures(), min_size=1, max_size=3), st.data())
def test_prendre_un_creneau_puis_le_rendre_rend_la_meme_liste(ouvertes, data):
    m = motif(45, 15)
    avant = creneaux(ouvertes, [], {}, {}, MAINTENANT, m)
    if not avant:
        return
    c = data.draw(st.sampled_from(avant))
    prises = {c.candidats[0]: set(cellules(c.debut, c.fin + timedelta(minutes=15)))}
    pendant = creneaux(ouvertes, [], prises, {}, MAINTENANT, m)
    assert not any(x.debut == c.debut and c.candidats[0] in x.candidats for x in pendant)
    assert creneaux(ouvertes, [], {}, {}, MAINTENANT, m) == avant


def test_quarante_conseillers_sur_quatre_vingt_dix_jours_en_moins_de_cinquante_millisecondes():
    """The figure of the issue, of processor time; three times that is let through here, as a shared machine is not a bench."""
    ouvertes = [horaire(LUNDI + timedelta(j), d, f, conseiller=c, jusqu_au=LUNDI + timedelta(120)) for c in range(40) for j in range(5)
                for d, f in (("09:00", "12:00"), ("13:30", "16:30"))]
    m = motif(45, 15, delai_max_j=90)
    calculer(ouvertes, [], {}, {}, MAINTENANT, m)
    mesures = []
    for _ in range(5):
        depart = thread_time()
        calculer(ouvertes, [], {}, {}, MAINTENANT, m)
        mesures.append(thread_time() - depart)
    assert min(mesures) < 0.15, f"{min(mesures) * 1000:.0f} ms"
