"""Quarters and ages: the tables of the fact files, both calendars, and no amount anywhere."""
from datetime import date

import pytest

from bot.knowledge.baremes import baremes
from bot.knowledge.calculs import ErreurCalcul
from bot.knowledge.calculs.retraite import age_legal, age_retraite, duree_requise, seuils_trimestres, trimestres_valides

MI_2011, SEPTEMBRE, EN_2012 = date(2011, 7, 1), date(2011, 9, 14), date(2012, 1, 1)


def mois(ans, mois=0):
    return 12 * ans + mois


# --- quarters --------------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("activite, annee, seuils", [
    ("vente", 2011, [6207, 12414, 18621, 24828]), ("prestation", 2011, [3600, 7200, 10800, 14400]), ("liberal", 2011, [2728, 5455, 8182, 10910])])
def test_les_recettes_pour_un_a_quatre_trimestres(activite, annee, seuils):
    assert seuils_trimestres(activite, annee) == seuils


@pytest.mark.parametrize("activite, seuil", [("vente", 6111), ("prestation", 3544), ("liberal", 2685)])
def test_le_premier_trimestre_de_2010(activite, seuil):
    assert seuils_trimestres(activite, 2010)[0] == seuil


@pytest.mark.parametrize("cle, activite", [("vente", "vente"), ("service", "prestation"), ("liberal", "liberal")])
def test_les_baremes_des_trimestres_sont_ce_que_la_fonction_calcule(cle, activite):
    for rang, seuil in enumerate(seuils_trimestres(activite, 2011), 1):
        assert baremes()[f"trimestre_{cle}_{rang}"].le(SEPTEMBRE).valeur == seuil
    assert baremes()[f"trimestre_{cle}_1"].le(date(2010, 6, 1)).valeur == seuils_trimestres(activite, 2010)[0]


@pytest.mark.parametrize("montant, activite, valides, manque", [
    (0, "vente", 0, 6207), (6206, "vente", 0, 1), (6207, "vente", 1, 6207), (12413, "vente", 1, 1), (12414, "vente", 2, 6207),
    (3600, "prestation", 1, 3600), (14399, "prestation", 3, 1), (8000, "liberal", 2, 182)])
def test_les_trimestres_valides_et_ce_qui_manque(montant, activite, valides, manque):
    r = trimestres_valides(montant, activite, 2011, au=SEPTEMBRE)
    assert (r.valeur("Trimestres validés"), r.valeur("Recettes qui manquent pour le trimestre suivant")) == (valides, manque)


@pytest.mark.parametrize("montant, activite", [(24828, "vente"), (14400, "prestation"), (10910, "liberal"), (81500, "vente"), (500000, "liberal")])
def test_quatre_trimestres_au_plus(montant, activite):
    r = trimestres_valides(montant, activite, 2011, au=SEPTEMBRE)
    assert r.valeur("Trimestres validés") == 4 and "maximum" in r.phrase


def test_l_annee_est_celle_du_jour_par_defaut_et_le_smic_celui_de_janvier():
    assert trimestres_valides(3600, "prestation", au=date(2011, 12, 31)).valeur("Trimestres validés") == 1
    assert trimestres_valides(3600, "prestation", au=date(2012, 1, 1)).valeur("Trimestres validés") == 0  # 3 688 € in 2012


@pytest.mark.parametrize("annee", [2009, 2014])
def test_une_annee_sans_regle_connue_est_refusee(annee):
    with pytest.raises(ErreurCalcul) as e:
        trimestres_valides(5000, "vente", annee, au=SEPTEMBRE)
    assert e.value.code == "ANNEE_HORS_PERIODE"


# --- ages ------------------------------------------------------------------------------------------------------------------------------

CALENDRIERS = [  # birth, by the law of mid-2011, by the law of December 2011
    (date(1948, 1, 1), mois(60), mois(60)), (date(1951, 6, 30), mois(60), mois(60)), (date(1951, 7, 1), mois(60, 4), mois(60, 4)),
    (date(1951, 12, 31), mois(60, 4), mois(60, 4)), (date(1952, 1, 1), mois(60, 8), mois(60, 9)), (date(1952, 12, 31), mois(60, 8), mois(60, 9)),
    (date(1953, 1, 1), mois(61), mois(61, 2)), (date(1954, 6, 15), mois(61, 4), mois(61, 7)), (date(1955, 1, 1), mois(61, 8), mois(62)),
    (date(1955, 12, 31), mois(61, 8), mois(62)), (date(1956, 1, 1), mois(62), mois(62)), (date(1980, 5, 5), mois(62), mois(62))]


@pytest.mark.parametrize("naissance, avant, apres", CALENDRIERS)
def test_les_deux_calendriers(naissance, avant, apres):
    assert (age_legal(naissance, MI_2011), age_legal(naissance, EN_2012)) == (avant, apres)


@pytest.mark.parametrize("naissance, avant, apres", CALENDRIERS)
def test_le_taux_plein_automatique_vient_cinq_ans_apres(naissance, avant, apres):
    for jour, attendu in ((SEPTEMBRE, avant), (EN_2012, apres)):
        r = age_retraite(naissance, au=jour)
        assert r.valeur("Âge du taux plein automatique") == attendu + 60


@pytest.mark.parametrize("jour, age", [(date(2011, 12, 21), mois(60, 8)), (date(2011, 12, 22), mois(60, 9)), (date(2011, 12, 31), mois(60, 9)),
                                       (date(2012, 6, 1), mois(60, 9))])
def test_le_nouveau_calendrier_repond_des_sa_publication(jour, age):
    assert age_retraite(date(1952, 4, 12), au=jour).valeur("Âge minimum de départ") == age


def test_chaque_calendrier_dit_l_autre():
    assert "60 ans et 9 mois" in age_retraite(date(1952, 4, 12), au=SEPTEMBRE).limites[0].replace("\u00a0", " ")
    assert "60 ans et 8 mois" in age_retraite(date(1952, 4, 12), au=EN_2012).limites[0].replace("\u00a0", " ")
    assert ";" not in age_retraite(date(1960, 4, 12), au=SEPTEMBRE).limites[0]


@pytest.mark.parametrize("annee, trimestres", [(1943, 160), (1948, 160), (1949, 161), (1950, 162), (1951, 163), (1952, 164), (1953, 165), (1954, 165),
                                               (1955, 166), (1956, None), (1942, None)])
def test_les_trimestres_du_taux_plein(annee, trimestres):
    assert duree_requise(date(annee, 6, 1), SEPTEMBRE) == trimestres


def test_la_duree_de_1955_n_est_connue_que_depuis_le_decret_d_aout_2011():
    assert duree_requise(date(1955, 6, 1), date(2011, 8, 1)) is None and duree_requise(date(1955, 6, 1), date(2011, 8, 2)) == 166
    assert "décret" in age_retraite(date(1958, 6, 1), au=SEPTEMBRE).phrase


@pytest.mark.parametrize("naissance, jour, depart", [
    # examples of the Assurance retraite and of lemagdelepargne-maif.fr for the calendar of December 2011
    (date(1954, 1, 19), EN_2012, date(2015, 9, 1)), (date(1955, 3, 24), EN_2012, date(2017, 4, 1)), (date(1952, 1, 1), EN_2012, date(2012, 10, 1)),
    (date(1951, 7, 1), SEPTEMBRE, date(2011, 11, 1)), (date(1951, 7, 2), SEPTEMBRE, date(2011, 12, 1)), (date(1951, 10, 31), SEPTEMBRE, date(2012, 3, 1)),
    (date(1952, 2, 29), SEPTEMBRE, date(2012, 11, 1)), (date(1951, 6, 30), SEPTEMBRE, date(2011, 7, 1))])
def test_le_premier_depart_est_un_premier_du_mois(naissance, jour, depart):
    assert age_retraite(naissance, au=jour).valeur("Premier départ possible") == depart


def test_un_age_deja_atteint_le_dit():
    assert "est possible depuis" in age_retraite(date(1949, 5, 5), au=SEPTEMBRE).phrase
    assert "aucune réduction" in age_retraite(date(1945, 5, 5), au=SEPTEMBRE).phrase


@pytest.mark.parametrize("naissance, code", [(date(2011, 9, 15), "NAISSANCE_FUTURE"), (date(2005, 1, 1), "NAISSANCE_ABSURDE"),
                                             (date(1890, 1, 1), "NAISSANCE_ABSURDE")])
def test_une_naissance_impossible_est_refusee(naissance, code):
    with pytest.raises(ErreurCalcul) as e:
        age_retraite(naissance, au=SEPTEMBRE)
    assert e.value.code == code
