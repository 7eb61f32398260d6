"""What people type: fields of a form, and amounts of turnover in free sentences."""
from datetime import date
from decimal import Decimal

import pytest

from bot.knowledge.calculs import REGISTRE, ErreurCalcul, lire_champ, lire_demande
from bot.knowledge.calculs.nombres import nombres, simplifier, valeur_en_lettres

SEPTEMBRE = date(2011, 9, 14)
MONTANT = REGISTRE["cotisations_micro"].champ("montant")
MONTANT_ANNUEL = REGISTRE["trimestres_valides"].champ("montant")
OPTION = REGISTRE["cotisations_micro"].champ("versement_liberatoire")
ACTIVITE = REGISTRE["cotisations_micro"].champ("activite")
PERIODE = REGISTRE["cotisations_micro"].champ("periode")
NATURE = REGISTRE["delai_recours"].champ("nature")


# --- numbers ---------------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("mots, valeur", [
    ("deux mille cinq cents", 2500), ("quatre vingt quinze mille", 95000), ("soixante et onze", 71), ("quatre vingts", 80), ("mille", 1000),
    ("trente deux mille six cents", 32600), ("treize cents", 1300), ("un million", 1_000_000), ("septante cinq", 75), ("vingt et un", 21)])
def test_un_nombre_en_lettres(mots, valeur):
    assert valeur_en_lettres(mots.split()) == valeur


@pytest.mark.parametrize("texte, simple", [
    ("Trente-quatre mille euros", "34000 euros"), ("un chantier", "un chantier"), ("douze pour cent", "12 %"), ("pour cent euros", "pour 100 euros"),
    ("quinze et vingt mille", "15 et 20000"), ("deux-cents", "200")])
def test_les_nombres_en_lettres_deviennent_des_chiffres(texte, simple):
    assert simplifier(texte) == simple


@pytest.mark.parametrize("texte, valeur", [
    ("2 000", 2000), ("2\u202f000", 2000), ("2.000", 2000), ("2,000", 2000), ("2.000,50", Decimal("2000.50")), ("2000.5", Decimal("2000.5")), ("2,5k", 2500),
    ("30 mille", 30000), ("1 234 567", 1234567), ("-300", -300), ("32600", 32600)])
def test_un_nombre_en_chiffres(texte, valeur):
    assert [n.valeur for n in nombres(simplifier(texte))] == [valeur]


# --- fields ----------------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("texte, valeur", [
    ("2 000 €", 2000), ("2000 euros/mois", 2000), ("2000", 2000), ("1 500€ HT", 1500), ("environ deux mille", 2000), ("0", 0), ("rien", 0), ("néant", 0),
    ("je fais 1800 en ce moment", 1800), ("2000 en 2011", 2000), ("2010 euros", 2010)])
def test_un_montant_tape(texte, valeur):
    assert lire_champ(MONTANT, texte) == valeur


@pytest.mark.parametrize("texte, valeur", [("7200", 7200), ("600 € par mois", 7200), ("1 800 par trimestre", 7200), ("7 200 l'an", 7200)])
def test_un_montant_a_l_annee_accepte_un_montant_au_mois(texte, valeur):
    assert lire_champ(MONTANT_ANNUEL, texte) == valeur


@pytest.mark.parametrize("texte, code", [("", "CHAMP_VIDE"), ("beaucoup", "MONTANT_ILLISIBLE"), ("entre 1000 et 2000", "MONTANT_ILLISIBLE"),
                                         ("-200", "MONTANT_NEGATIF"), ("50 000 000 €", "MONTANT_ABSURDE"), ("06 12 34 56 78", "MONTANT_ILLISIBLE")])
def test_un_montant_refuse_dit_quoi_ecrire(texte, code):
    with pytest.raises(ErreurCalcul) as e:
        lire_champ(MONTANT, texte)
    assert (e.value.code, e.value.champ) == (code, "montant") and e.value.message.endswith(".")


@pytest.mark.parametrize("texte, valeur", [("oui", True), ("Oui, depuis janvier", True), ("ouais", True), ("OK", True), ("bien sûr !", True), ("non", False),
                                           ("nan", False), ("pas du tout", False), ("Non merci", False)])
def test_oui_ou_non(texte, valeur):
    assert lire_champ(OPTION, texte) is valeur


@pytest.mark.parametrize("texte", ["je ne sais pas", "aucune idée", "peut-être", "c'est quoi ?"])
def test_ni_oui_ni_non_est_redemande(texte):
    with pytest.raises(ErreurCalcul) as e:
        lire_champ(OPTION, texte)
    assert e.value.code == "OUI_NON_ILLISIBLE"


@pytest.mark.parametrize("champ, texte, valeur", [
    (ACTIVITE, "vente", "vente"), (ACTIVITE, "Prestations de services", "prestation"), (ACTIVITE, "libéral", "liberal"), (ACTIVITE, "3", "liberal"),
    (ACTIVITE, "je suis coiffeuse", "prestation"), (ACTIVITE, "boulanger", "vente"), (ACTIVITE, "traductrice", "liberal"), (PERIODE, "chaque mois", "mois"),
    (PERIODE, "au trimestre", "trimestre"), (PERIODE, "annuel", "annee"), (NATURE, "une mise en demeure", "mise_en_demeure"),
    (NATURE, "contrainte d'huissier", "contrainte"), (NATURE, "j'ai pas eu de réponse de la commission", "rejet_implicite"),
    (NATURE, "lettre de mise en demeure", "mise_en_demeure"), (NATURE, "la commission a refusé", "rejet_commission"), (NATURE, "une lettre", "decision")])
def test_un_choix_tape(champ, texte, valeur):
    assert lire_champ(champ, texte) == valeur


@pytest.mark.parametrize("texte", ["bleu", "vente et services", "mon mari est plombier"])
def test_un_choix_incertain_est_redemande(texte):
    with pytest.raises(ErreurCalcul) as e:
        lire_champ(ACTIVITE, texte)
    assert e.value.code == "CHOIX_ILLISIBLE" and "Activité libérale" in e.value.message


# --- free sentences ----------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("texte, montant, periode", [
    ("Je suis coiffeuse, je fais 2 000 € par mois, combien je paie ?", 2000, "mois"), ("je fais 30000 l'an", 30000, "annee"),
    ("1500 ce trimestre", 1500, "trimestre"), ("deux mille cinq cents euros par mois", 2500, "mois"), ("j'encaisse 2,5k€/mois", 2500, "mois"),
    ("mon CA annuel est de 24.000 euros", 24000, "annee"), ("je suis à 33 000 depuis janvier, ça craint ?", 33000, "annee"),
    ("jfé 800e par moi jpaye cb de charge", 800, "mois"), ("sur 1000 euro moi payer combien cotisation ?", 1000, None),
    ("combien je dois payer si j'encaisse 1500 par mois", 1500, "mois"), ("chaque mois je rentre 1 800", 1800, "mois"),
    ("j'achète pour mille euros de marchandises et je revends les plats deux mille cinq cents", 2500, None),
    ("auto entrepreneur combien de trimestres retraite avec 8000 euros de services", 8000, None), ("je gagne 2000", 2000, None),
    ("j'ai 52 ans, je suis à mon compte depuis 2009 et je facture 1 200 € par mois", 1200, "mois"), ("quatre-vingt-quinze mille euros de ventes", 95000, None),
    ("je déclare 0 ce trimestre", 0, "trimestre"), ("g fé 3000e de services cet année", 3000, "annee"), ("en 2010 j'ai gagné 3000", 3000, "annee"),
    ("je fais entre 1500 et 2000 euros par mois", 2000, "mois"), ("mon tel 06 12 34 56 78, je gagne 1 500 euros", 1500, None),
    ("je fais 500 euros par semaine", 500, None), ("J'ai fait 4 200 euros de couture ce trimestre", 4200, "trimestre")])
def test_les_recettes_dites_dans_une_phrase(texte, montant, periode):
    attendu = {"montant": Decimal(montant), **({"periode": periode} if periode else {})}
    assert lire_demande(texte) == attendu


@pytest.mark.parametrize("texte", [
    "", "bonjour", "je suis né en 1952", "auto-entrepreneur depuis 2009", "SIRET 123 456 789 00012", "SIREN 123456789", "appelez-moi au 06 12 34 56 78",
    "j'ai 57 ans", "mon numéro est le 1 85 05 78 006 084 36", "je commence le 20 mai 2011", "01/04/2011", "formulaire 2042", "article 293 B du CGI",
    "j'habite 31000 Toulouse", "je fais 35 heures par semaine", "j'ai 3 enfants et 2 salariés", "rendez-vous à 14 h 30", "la TVA à 19,6 %",
    "j'ai payé 180 euros chez le dentiste", "un loyer de 520 euros", "je perçois 980 euros par mois de Pôle emploi", "on me réclame 1 259 euros",
    "j'ai dépassé le plafond de 800 euros", "les 32 600 sont pour l'année complète", "mon bénéfice tourne autour de 60 000 euros",
    "il me reste 600 euros par mois", "je dois 3 000 euros au RSI", "trimestre vente 2011", "j'ai trois factures impayées"])
def test_ce_qui_n_est_pas_une_recette(texte):
    assert lire_demande(texte) == {}


@pytest.mark.parametrize("texte", ["2" * 400, "€" * 300, "je fais " + "9 " * 200, "mille " * 200, "\u202f1\u202f000\u202f€ ", "1.2.3.4.5", "−", "k", "1/2/3/4"])
def test_une_entree_etrange_ne_casse_rien(texte):
    assert isinstance(lire_demande(texte), dict)
