"""Dates of the calculators: calendar arithmetic, declarations, deadlines to contest."""
from datetime import date

import pytest

from bot.knowledge.calculs import ErreurCalcul
from bot.knowledge.calculs.calendrier import (
    ajouter_mois,
    debut_trimestre,
    est_ouvrable,
    fin_de_mois,
    fin_trimestre,
    jours_de_l_annee,
    jours_feries,
    paques,
    premier_du_mois_a_partir_de,
    premier_jour_ouvrable,
)
from bot.knowledge.calculs.dates import lire_date, trouver_date
from bot.knowledge.calculs.declarations import echeances_declaration, periodes_declarees
from bot.knowledge.calculs.recours import COMMISSION, TRIBUNAL, delai_recours

SEPTEMBRE = date(2011, 9, 14)


# --- calendar ------------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("jour, mois, attendu", [
    (date(2011, 1, 31), 1, date(2011, 2, 28)), (date(2012, 1, 31), 1, date(2012, 2, 29)), (date(2011, 12, 31), 2, date(2012, 2, 29)),
    (date(2011, 8, 31), 1, date(2011, 9, 30)), (date(2011, 11, 15), 2, date(2012, 1, 15)), (date(1952, 2, 29), 12, date(1953, 2, 28)),
    (date(2012, 2, 29), 48, date(2016, 2, 29)), (date(2011, 3, 31), 0, date(2011, 3, 31))])
def test_un_mois_va_de_date_a_date_ou_au_dernier_jour(jour, mois, attendu):
    assert ajouter_mois(jour, mois) == attendu


def test_les_trimestres_civils():
    assert (debut_trimestre(date(2011, 6, 30)), fin_trimestre(date(2011, 4, 1))) == (date(2011, 4, 1), date(2011, 6, 30))
    assert fin_trimestre(date(2011, 12, 31)) == date(2011, 12, 31) and fin_de_mois(date(2012, 2, 1)) == date(2012, 2, 29)
    assert (jours_de_l_annee(2011), jours_de_l_annee(2012), jours_de_l_annee(1900), jours_de_l_annee(2000)) == (365, 366, 365, 366)


def test_le_premier_du_mois():
    assert premier_du_mois_a_partir_de(date(2011, 11, 1)) == date(2011, 11, 1)
    assert premier_du_mois_a_partir_de(date(2011, 11, 2)) == premier_du_mois_a_partir_de(date(2011, 11, 30)) == date(2011, 12, 1)
    assert premier_du_mois_a_partir_de(date(2011, 12, 31)) == date(2012, 1, 1)


@pytest.mark.parametrize("annee, jour", [(2010, date(2010, 4, 4)), (2011, date(2011, 4, 24)), (2012, date(2012, 4, 8)), (2008, date(2008, 3, 23)),
                                         (2026, date(2026, 4, 5))])
def test_paques(annee, jour):
    assert paques(annee) == jour


def test_les_jours_feries_de_2011():
    feries = jours_feries(2011)
    assert len(feries) == 11
    assert {date(2011, 4, 25), date(2011, 6, 2), date(2011, 6, 13), date(2011, 7, 14), date(2011, 11, 11)} <= feries


def test_le_premier_jour_ouvrable():
    assert premier_jour_ouvrable(date(2011, 9, 14)) == date(2011, 9, 14)
    assert premier_jour_ouvrable(date(2011, 4, 23)) == date(2011, 4, 26)  # Saturday before Easter Monday
    assert not est_ouvrable(date(2011, 5, 1)) and est_ouvrable(date(2011, 5, 2))


# --- dates typed by people -------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("texte, attendu", [
    ("1er avril 2011", date(2011, 4, 1)), ("01/04/2011", date(2011, 4, 1)), ("1/4/11", date(2011, 4, 1)), ("2011-04-01", date(2011, 4, 1)),
    ("le premier juillet 2011", date(2011, 7, 1)), ("15 AOUT 2011", date(2011, 8, 15)), ("12 avril 52", date(1952, 4, 12)),
    ("12.04.1952", date(1952, 4, 12)), ("avril 2011", date(2011, 4, 1)), ("3 mars", date(2011, 3, 3)), ("aujourd'hui", SEPTEMBRE),
    ("29/02/2012", date(2012, 2, 29)), ("le 1 er mai 2011", date(2011, 5, 1)), ("20 déc 2010", date(2010, 12, 20))])
def test_une_date_tapee(texte, attendu):
    assert lire_date(texte, SEPTEMBRE) == attendu


@pytest.mark.parametrize("texte, code", [("31/02/2011", "DATE_IMPOSSIBLE"), ("29/02/2011", "DATE_IMPOSSIBLE"), ("12/13/2011", "DATE_IMPOSSIBLE"),
                                         ("bientôt", "DATE_ILLISIBLE"), ("1952", "DATE_ILLISIBLE"), ("06 12 34 56 78", "DATE_ILLISIBLE")])
def test_une_date_illisible(texte, code):
    with pytest.raises(ErreurCalcul) as e:
        lire_date(texte, SEPTEMBRE)
    assert e.value.code == code


def test_sans_jour_de_reference_une_date_sans_annee_n_est_pas_lue():
    assert trouver_date("le 3 mars") is None and trouver_date("je gagne 2000 euros") is None


# --- declarations ----------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("debut, fin, echeance", [
    (date(2011, 1, 1), date(2011, 6, 30), date(2011, 7, 31)), (date(2011, 3, 31), date(2011, 6, 30), date(2011, 7, 31)),
    (date(2011, 4, 1), date(2011, 9, 30), date(2011, 10, 31)), (date(2011, 6, 30), date(2011, 9, 30), date(2011, 10, 31)),
    (date(2011, 7, 1), date(2011, 12, 31), date(2012, 1, 31)), (date(2011, 9, 30), date(2011, 12, 31), date(2012, 1, 31)),
    (date(2011, 10, 1), date(2012, 3, 31), date(2012, 4, 30)), (date(2011, 12, 31), date(2012, 3, 31), date(2012, 4, 30))])
def test_la_premiere_declaration_au_trimestre(debut, fin, echeance):
    r = echeances_declaration(debut, "trimestre", au=SEPTEMBRE)
    assert r.valeur("Première déclaration, période couverte") == (debut, fin)
    assert r.valeur("Première déclaration, dernier jour") == echeance


@pytest.mark.parametrize("debut, fin, echeance", [
    (date(2011, 1, 1), date(2011, 4, 30), date(2011, 5, 31)), (date(2011, 4, 1), date(2011, 7, 31), date(2011, 8, 31)),
    (date(2011, 4, 30), date(2011, 7, 31), date(2011, 8, 31)), (date(2011, 10, 15), date(2012, 1, 31), date(2012, 2, 29)),
    (date(2010, 10, 15), date(2011, 1, 31), date(2011, 2, 28))])
def test_la_premiere_declaration_au_mois(debut, fin, echeance):
    r = echeances_declaration(debut, "mois", au=SEPTEMBRE)
    assert (r.valeur("Première déclaration, période couverte"), r.valeur("Première déclaration, dernier jour")) == ((debut, fin), echeance)


def test_les_echeances_de_l_annee_suivante():
    r = echeances_declaration(date(2011, 1, 15), "trimestre", au=SEPTEMBRE)
    assert [ligne.valeur_brute for ligne in r.lignes[2:]] == [date(2011, 10, 31), date(2012, 1, 31), date(2012, 4, 30), date(2012, 7, 31)]
    assert len(echeances_declaration(date(2011, 1, 15), "mois", au=SEPTEMBRE).lignes) == 2 + 12


def test_une_echeance_un_jour_ferme_est_signalee_sans_etre_repoussee():
    r = echeances_declaration(date(2011, 2, 1), "trimestre", au=SEPTEMBRE)  # 31 July 2011 is a Sunday
    assert r.valeur("Première déclaration, dernier jour") == date(2011, 7, 31) and any("dimanche" in x for x in r.limites)


def test_les_periodes_declarees_se_suivent_sans_trou():
    for periodicite in ("mois", "trimestre"):
        periodes = periodes_declarees(date(2011, 2, 14), periodicite, au=SEPTEMBRE, nombre=6)
        assert all((b - a).days == 1 for (_, a, _), (b, _, _) in zip(periodes, periodes[1:]))


@pytest.mark.parametrize("debut, code", [(date(2008, 12, 31), "DEBUT_AVANT_2009"), (date(2013, 1, 1), "DEBUT_HORS_PERIODE")])
def test_un_debut_hors_periode_est_refuse(debut, code):
    with pytest.raises(ErreurCalcul) as e:
        echeances_declaration(debut, "mois", au=SEPTEMBRE)
    assert e.value.code == code


# --- deadlines -------------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("nature, dernier, ou", [
    ("decision", date(2011, 10, 31), COMMISSION), ("mise_en_demeure", date(2011, 9, 30), COMMISSION), ("contrainte", date(2011, 9, 15), TRIBUNAL),
    ("rejet_commission", date(2011, 10, 31), TRIBUNAL), ("rejet_implicite", date(2011, 11, 30), TRIBUNAL)])
def test_le_dernier_jour_pour_agir(nature, dernier, ou):
    r = delai_recours(date(2011, 8, 31), nature, au=SEPTEMBRE)
    assert (r.valeur("Dernier jour pour agir"), r.valeur("Où")) == (dernier, ou)


@pytest.mark.parametrize("notification, nature, dernier", [
    (date(2011, 1, 31), "mise_en_demeure", date(2011, 2, 28)), (date(2011, 12, 31), "decision", date(2012, 2, 29)),
    (date(2011, 7, 31), "mise_en_demeure", date(2011, 8, 31)), (date(2011, 12, 20), "contrainte", date(2012, 1, 4)),
    (date(2011, 2, 14), "contrainte", date(2011, 3, 1)), (date(2011, 8, 1), "decision", date(2011, 10, 1))])
def test_les_bornes_des_delais(notification, nature, dernier):
    assert delai_recours(notification, nature, au=notification).valeur("Dernier jour pour agir") == dernier


def test_devant_le_tribunal_un_delai_qui_finit_un_samedi_est_prolonge_et_cela_se_dit_a_part():
    r = delai_recours(date(2011, 8, 1), "rejet_commission", au=SEPTEMBRE)  # 1 October 2011 is a Saturday
    assert r.valeur("Dernier jour pour agir") == date(2011, 10, 1)
    assert r.valeur("Report possible au premier jour ouvrable") == date(2011, 10, 3)


def test_devant_la_commission_on_ne_promet_pas_de_report():
    r = delai_recours(date(2011, 8, 1), "decision", au=SEPTEMBRE)
    assert all("Report" not in ligne.libelle for ligne in r.lignes) and any("avant" in x for x in r.limites)


def test_le_silence_de_la_commission_fait_un_refus_puis_un_delai():
    r = delai_recours(date(2011, 6, 10), "rejet_implicite", au=date(2011, 6, 20))
    assert r.valeur("Refus par silence de la commission") == date(2011, 7, 10)
    assert r.valeur("Dernier jour pour agir") == date(2011, 9, 10)


def test_un_delai_passe_le_dit_et_garde_une_porte():
    r = delai_recours(date(2011, 5, 30), "decision", au=SEPTEMBRE)
    assert r.phrase.startswith("Le délai s'est terminé le 30") and "Écrivez quand même" in r.phrase


def test_le_jour_prolonge_par_le_tribunal_n_est_pas_encore_passe():
    assert delai_recours(date(2011, 8, 1), "rejet_commission", au=date(2011, 10, 3)).phrase.startswith("Vous avez jusqu'au lundi 3")
    assert delai_recours(date(2011, 8, 1), "rejet_commission", au=date(2011, 10, 4)).phrase.startswith("Le délai s'est terminé")
    assert delai_recours(date(2011, 8, 1), "decision", au=date(2011, 10, 3)).phrase.startswith("Le délai s'est terminé")


@pytest.mark.parametrize("notification, code", [(date(2011, 9, 15), "DATE_FUTURE"), (date(2005, 1, 1), "DATE_TROP_ANCIENNE")])
def test_une_date_de_courrier_impossible(notification, code):
    with pytest.raises(ErreurCalcul) as e:
        delai_recours(notification, "decision", au=SEPTEMBRE)
    assert e.value.code == code


def test_un_courrier_de_2010_ou_de_2026_est_calcule_avec_un_avertissement():
    assert delai_recours(date(2010, 12, 20), "decision", au=date(2011, 1, 5)).avertissement
    assert delai_recours(date(2026, 11, 1), "mise_en_demeure", au=date(2026, 11, 22)).avertissement
    assert delai_recours(date(2011, 8, 1), "decision", au=SEPTEMBRE).avertissement is None
