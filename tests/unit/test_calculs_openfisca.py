"""Barèmes that the calculators read, against the same parameters of OpenFisca-France.

Compared with OpenFisca-France 176.1.8 (package `openfisca-france` on PyPI, AGPL; values only, cited by parameter path). The package is not a
dependency: to compare again, install it in a throw-away environment and read the parameter files at these paths.
OpenFisca-France dates the micro ceilings of 82 200 € and 32 900 € to 2013, the fact file to 2014: years after 2012 are not calculated.
"""
from datetime import date
from decimal import Decimal

import pytest

from bot.knowledge.baremes import baremes
from bot.knowledge.calculs.commun import arrondir, exact

AE = "prelevements_sociaux.professions_liberales.auto_entrepreneur"
RPNS = "impot_revenu.calcul_revenus_imposables.rpns"
MICRO = f"{RPNS}.micro.microentreprise"
AC = "prelevements_sociaux.cotisations_taxes_independants_artisans_commercants"
PSS = "prelevements_sociaux.pss"
SMIC = "marche_travail.salaire_minimum.smic.smic_b_horaire"

# barème, day, OpenFisca value (rates as fractions), parameter; « [0].rate » is the first bracket of a scale
VALEURS = [
    *[(nom, jour, valeur, chemin) for jour in ("2009-07-01", "2011-07-01", "2012-07-01") for nom, valeur, chemin in (
        ("taux_vente", "0.12", f"{AE}.cotisations_prestations.vente"),
        ("taux_service", "0.213", f"{AE}.cotisations_prestations.service"),
        ("taux_cipav", "0.183", f"{AE}.cotisations_prestations.cipav"),
        ("vl_vente", "0.01", f"{RPNS}.microsocial.vente"),
        ("vl_service", "0.017", f"{RPNS}.microsocial.servi"),
        ("vl_liberal", "0.022", f"{RPNS}.microsocial.bnc"),
        ("abattement_vente", "0.71", f"{MICRO}.regime_micro_bic.marchandises.taux"),
        ("abattement_service", "0.5", f"{MICRO}.regime_micro_bic.services.taux"),
        ("abattement_liberal", "0.34", f"{MICRO}.regime_micro_bnc.taux"))],
    ("plafond_vente", "2009-07-01", "80000", f"{MICRO}.regime_micro_bic.marchandises.plafond"),
    ("plafond_vente", "2010-07-01", "80300", f"{MICRO}.regime_micro_bic.marchandises.plafond"),
    ("plafond_vente", "2011-07-01", "81500", f"{MICRO}.regime_micro_bic.marchandises.plafond"),
    ("plafond_vente", "2012-07-01", "81500", f"{MICRO}.regime_micro_bic.marchandises.plafond"),
    ("plafond_service", "2009-07-01", "32000", f"{MICRO}.regime_micro_bic.services.plafond"),
    ("plafond_service", "2010-07-01", "32100", f"{MICRO}.regime_micro_bic.services.plafond"),
    ("plafond_service", "2011-07-01", "32600", f"{MICRO}.regime_micro_bic.services.plafond"),
    ("plafond_service", "2012-07-01", "32600", f"{MICRO}.regime_micro_bic.services.plafond"),
    ("plafond_service", "2011-07-01", "32600", f"{MICRO}.regime_micro_bnc.plafond"),
    ("formation_commerce", "2011-07-01", "0.001", f"{AE}.formation_professionnelle.ventecom_chiffre_affaires"),
    ("formation_service", "2011-07-01", "0.002", f"{AE}.formation_professionnelle.servicecom_chiffre_affaires"),
    ("formation_service", "2011-07-01", "0.002", f"{AE}.formation_professionnelle.professions_liberales_chiffre_affaires"),
    ("formation_artisan", "2011-07-01", "0.003", f"{AE}.formation_professionnelle.artisans_hors_alsace_chiffre_affaires"),
    ("formation_alsace", "2011-07-01", "0.00176", f"{AE}.formation_professionnelle.artisans_alsace_chiffre_affaires"),
    ("taux_maladie_classique", "2011-07-01", "0.065", f"{AC}.mmid.arti.maladie[0].rate"),
    ("taux_maladie_classique", "2011-07-01", "0.065", f"{AC}.mmid.comind.maladie[0].rate"),
    ("taux_retraite_base_classique", "2011-07-01", "0.1665", f"{AC}.ret_ac.artisans.sous_pss"),
    ("taux_retraite_base_classique", "2011-07-01", "0.1665", f"{AC}.ret_ac.industriels_et_commercants.sous_pss"),
    ("taux_complementaire_artisan", "2011-07-01", "0.072", f"{AC}.ret_comp_ac.artisans.sous_1_pss"),
    ("taux_complementaire_commercant", "2011-07-01", "0.065", f"{AC}.ret_comp_ac.industriels_commercants.sous_3_pss"),
    ("taux_invalidite_deces_artisan", "2011-07-01", "0.018", f"{AC}.deces_ac.artisans.sous_pss"),
    ("taux_allocations_familiales_classique", "2011-07-01", "0.054", f"{AC}.famille.arti.famille[0].rate"),
    ("taux_allocations_familiales_classique", "2011-07-01", "0.054", f"{AC}.famille.comind.famille[0].rate"),
    ("pass", "2011-07-01", "35352", f"{PSS}.plafond_securite_sociale_annuel"),
    ("pmss", "2011-07-01", "2946", f"{PSS}.plafond_securite_sociale_mensuel"),
    ("smic_janvier", "2010-01-01", "8.86", SMIC),
    ("smic_janvier", "2011-01-01", "9", SMIC),
    ("smic_janvier", "2012-01-01", "9.22", SMIC),
]


@pytest.mark.parametrize("nom, jour, valeur, chemin", VALEURS, ids=[f"{n}-{j}-{c.rsplit('.', 2)[-2]}" for n, j, _, c in VALEURS])
def test_le_bareme_a_la_valeur_d_openfisca(nom, jour, valeur, chemin):
    bareme = baremes()[nom]
    ici = exact(bareme.le(date.fromisoformat(jour)).valeur)
    assert ici == Decimal(valeur) * (100 if bareme.unite == "pourcentage" else 1)


def test_csg_et_crds_ensemble():
    # prelevements_sociaux.contributions_sociales.csg.activite.taux_global + prelevements_sociaux.contributions_sociales.crds
    assert exact(baremes()["taux_csg_crds_independant"].le(date(2011, 7, 1)).valeur) == 100 * (Decimal("0.075") + Decimal("0.005"))


@pytest.mark.parametrize("nom, fois", [("base_forfait_premiere_annee", 18), ("base_forfait_deuxieme_annee", 27)])
def test_les_revenus_forfaitaires_sont_des_multiples_de_la_bmaf(nom, fois):
    bmaf_octobre_2010 = Decimal("389.20")  # prestations_sociales.prestations_familiales.bmaf.bmaf, 2010-10-01
    assert baremes()[nom].le(date(2011, 7, 1)).valeur == arrondir(fois * bmaf_octobre_2010)


def test_le_smic_de_janvier_est_le_smic_du_premier_janvier():
    for jour in (date(2011, 1, 1), date(2012, 1, 1)):
        assert baremes()["smic_janvier"].le(jour).valeur == baremes()["smic_horaire"].le(jour).valeur
