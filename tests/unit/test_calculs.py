"""The calculators against the figures of the fact files, their boundaries, their refusals and their shape."""
from dataclasses import FrozenInstanceError
from datetime import date, timedelta
from decimal import Decimal

import pytest

from bot.knowledge.baremes import baremes
from bot.knowledge.calculs import REGISTRE, ErreurCalcul, a_demander, calculer, depuis_phrase, lire_reponses
from bot.knowledge.calculs.commun import CODES, arrondir, dixieme_superieur, exact
from bot.knowledge.calculs.debut_activite import debut_activite
from bot.knowledge.calculs.micro import cotisations_micro, periodes_accre, plafond_premiere_annee, taux_accre, taux_avec_vl
from bot.knowledge.chemins import KNOWLEDGE
from bot.knowledge.fiches import fiches
from bot.knowledge.lecture import lire_yaml
from bot.texte.typographie import ESPACE_FINE, ESPACE_INSECABLE

SEPTEMBRE = date(2011, 9, 14)
ACTIVITES = ("vente", "prestation", "liberal")


def refus(code, fonction, *args, **kw):
    with pytest.raises(ErreurCalcul) as e:
        fonction(*args, **kw)
    assert e.value.code == code
    return e.value


# --- first-year ceiling ------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("debut, activite, attendu", [
    (date(2011, 2, 1), "prestation", 29831), (date(2011, 3, 1), "prestation", 27330), (date(2011, 3, 1), "vente", 68326),
    (date(2011, 7, 1), "prestation", 16434), (date(2011, 7, 1), "liberal", 16434), (date(2011, 7, 1), "vente", 41085),
    (date(2011, 1, 1), "vente", 81500), (date(2011, 12, 31), "prestation", 89), (date(2011, 12, 31), "vente", 223),
    (date(2009, 7, 1), "vente", 80000), (date(2010, 12, 31), "prestation", 32100), (date(2012, 7, 1), "prestation", 16389)])
def test_le_plafond_de_premiere_annee(debut, activite, attendu):
    assert plafond_premiere_annee(debut, activite, au=SEPTEMBRE).valeur("Plafond de la première année") == attendu


def test_les_jours_comptent_le_premier_et_le_dernier_aussi_une_annee_bissextile():
    assert plafond_premiere_annee(date(2011, 12, 31), "vente", au=SEPTEMBRE).valeur("Jours d'activité dans l'année") == 1
    bissextile = plafond_premiere_annee(date(2012, 1, 1), "vente", au=SEPTEMBRE)
    assert (bissextile.valeur("Jours d'activité dans l'année"), bissextile.valeur("Plafond de la première année")) == (366, 81500)


def test_la_reduction_vaut_des_le_premier_janvier_2011():
    assert "marge de tolérance" in plafond_premiere_annee(date(2011, 1, 1), "vente", au=SEPTEMBRE).phrase
    assert "dispensés" in plafond_premiere_annee(date(2010, 12, 31), "vente", au=SEPTEMBRE).phrase


def test_un_debut_avant_2009_est_refuse():
    refus("DEBUT_AVANT_2009", plafond_premiere_annee, date(2008, 12, 31), "vente", au=SEPTEMBRE)


def test_un_debut_dont_le_plafond_n_est_pas_connu_est_refuse():
    refus("DEBUT_HORS_PERIODE", plafond_premiere_annee, date(2026, 3, 1), "vente", au=date(2026, 11, 22))


# --- contributions -----------------------------------------------------------------------------------------------------------------

def test_la_coiffeuse_qui_fait_2000_euros_par_mois():
    r = cotisations_micro(2000, "prestation", "mois", groupe="artisan", au=SEPTEMBRE)
    assert (r.valeur("Total à payer"), r.valeur("Reste après paiement")) == (432, 1568)
    assert r.valeur("Cotisations sociales (21,3 %)".replace(" %", ESPACE_INSECABLE + "%")) == 426
    assert r.phrase.startswith(f"Sur 2{ESPACE_FINE}000{ESPACE_INSECABLE}€ encaissés par mois, vous payez 432{ESPACE_INSECABLE}€")


@pytest.mark.parametrize("activite, caisse, vl, total", [
    ("vente", None, False, 1210), ("vente", None, True, 1310), ("prestation", None, False, 2150), ("prestation", None, True, 2320),
    ("liberal", "cipav", False, 1850), ("liberal", "cipav", True, 2070), ("liberal", "rsi", False, 2150), ("liberal", "rsi", True, 2370),
    ("liberal", None, True, 2070)])
def test_dix_mille_euros_dans_l_annee(activite, caisse, vl, total):
    r = cotisations_micro(10000, activite, "annee", versement_liberatoire=vl, caisse=caisse, au=SEPTEMBRE)
    assert r.valeur("Total à payer") == total


def test_chaque_montant_est_arrondi_a_l_euro_le_plus_proche_un_demi_compte_pour_un():
    assert [arrondir(x) for x in ("1.49", "1.5", "2.5", "0.5")] == [1, 2, 3, 1]
    r = cotisations_micro(Decimal("1500.50"), "vente", au=SEPTEMBRE)  # base 1 501 €: 180,12 and 1,501
    assert r.valeur("Total à payer") == 180 + 2


def test_sans_recettes_rien_a_payer_mais_declarer():
    r = cotisations_micro(0, "prestation", au=SEPTEMBRE)
    assert r.valeur("Total à payer") == 0 and "Déclarez quand même 0" in r.phrase


def test_l_accre_reduit_le_taux_selon_la_periode_du_jour():
    debut = date(2011, 4, 1)
    for jour, cotisation in ((SEPTEMBRE, 54), (date(2012, 3, 31), 54), (date(2012, 4, 1), 107)):
        r = cotisations_micro(1000, "prestation", accre_debut=debut, au=jour)
        assert r.lignes[1].valeur_brute == cotisation


def test_a_un_rythme_qui_depasse_le_plafond_la_limite_le_dit_d_abord():
    assert "dépasseriez" in cotisations_micro(3000, "prestation", "mois", au=SEPTEMBRE).limites[0]
    assert "dépasseriez" in cotisations_micro(40000, "prestation", "annee", au=SEPTEMBRE).phrase
    assert not any("dépasseriez" in x for x in cotisations_micro(2700, "prestation", "mois", au=SEPTEMBRE).limites)


def test_un_taux_suppose_ou_reduit_est_dit_dans_la_phrase():
    assert "taux de la CIPAV" in cotisations_micro(1000, "liberal", au=SEPTEMBRE).phrase
    assert "CIPAV" not in cotisations_micro(1000, "liberal", caisse="rsi", au=SEPTEMBRE).phrase
    assert "taux réduit de l'ACCRE" in cotisations_micro(1000, "vente", accre_debut=date(2011, 4, 1), au=SEPTEMBRE).phrase


@pytest.mark.parametrize("montant, code", [(-1, "MONTANT_NEGATIF"), (Decimal("1e9"), "MONTANT_ABSURDE"), (float("nan"), "MONTANT_ILLISIBLE"),
                                           (float("inf"), "MONTANT_ILLISIBLE"), ("beaucoup", "MONTANT_ILLISIBLE")])
def test_un_montant_impossible_est_refuse(montant, code):
    assert refus(code, cotisations_micro, montant, "vente", au=SEPTEMBRE).champ == "montant"


def test_un_choix_inconnu_est_refuse():
    refus("CHOIX_INCONNU", cotisations_micro, 100, "agricole", au=SEPTEMBRE)
    refus("CHOIX_INCONNU", cotisations_micro, 100, "vente", "semaine", au=SEPTEMBRE)


# --- ACCRE -------------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("activite, caisse, taux", [
    ("vente", None, ("3", "6", "9", "12")), ("prestation", None, ("5.4", "10.7", "16", "21.3")),
    ("liberal", "cipav", ("4.6", "9.2", "13.8", "18.3")), ("liberal", "rsi", ("5.4", "10.7", "16", "21.3")),
    ("liberal", None, ("4.6", "9.2", "13.8", "18.3"))])
def test_les_taux_de_l_accre(activite, caisse, taux):
    r = taux_accre(date(2011, 4, 1), activite, caisse, au=SEPTEMBRE)
    assert [ligne.valeur_brute for ligne in r.lignes] == [Decimal(t) for t in taux]


@pytest.mark.parametrize("debut, fins", [
    (date(2011, 4, 1), (date(2012, 3, 31), date(2013, 3, 31), date(2014, 3, 31))),
    (date(2011, 6, 30), (date(2012, 3, 31), date(2013, 3, 31), date(2014, 3, 31))),
    (date(2011, 3, 31), (date(2011, 12, 31), date(2012, 12, 31), date(2013, 12, 31))),
    (date(2011, 1, 1), (date(2011, 12, 31), date(2012, 12, 31), date(2013, 12, 31))),
    (date(2011, 12, 31), (date(2012, 9, 30), date(2013, 9, 30), date(2014, 9, 30)))])
def test_les_periodes_de_l_accre(debut, fins):
    periodes = periodes_accre(debut, au=SEPTEMBRE)
    assert tuple(f for _, f in periodes) == fins and periodes[0][0] == debut


def test_l_accre_n_existe_pas_pour_les_auto_entrepreneurs_avant_mai_2009():
    refus("ACCRE_AVANT_MAI_2009", taux_accre, date(2009, 4, 30), "vente", au=SEPTEMBRE)
    refus("DEBUT_AVANT_2009", taux_accre, date(2008, 4, 30), "vente", au=SEPTEMBRE)
    refus("DEBUT_HORS_PERIODE", taux_accre, date(2013, 1, 1), "vente", au=SEPTEMBRE)
    assert taux_accre(date(2009, 5, 1), "vente", au=SEPTEMBRE).lignes


def test_le_dixieme_superieur_ne_monte_pas_un_taux_deja_rond():
    assert dixieme_superieur(Decimal("9.00")) == 9 and dixieme_superieur(Decimal("5.325")) == Decimal("5.4")


# --- first two years of the classic regime -------------------------------------------------------------------------------------------

@pytest.mark.parametrize("groupe, rang, attendu", [
    # facts_eirl_rsi, « debut_activite » : ≈ 3 160 € and 3 670 € with daily allowances (49 €) and, for shopkeepers, disability (91 €)
    ("commercant", "Première", 455 + 1166 + 455 + 378 + 560), ("artisan", "Première", 455 + 1166 + 848 + 212 + 378 + 560),
    ("commercant", "Deuxième", 683 + 1750 + 683 + 567 + 841), ("artisan", "Deuxième", 683 + 1750 + 1273 + 318 + 567 + 841)])
def test_les_forfaits_des_deux_premieres_annees(groupe, rang, attendu):
    r = debut_activite(date(2011, 1, 1), groupe, au=SEPTEMBRE)
    assert r.valeur(f"{rang} année, somme de ces lignes") == attendu


def test_ce_qui_est_ajoute_aux_forfaits_retrouve_l_ordre_de_grandeur_des_faits():
    artisan = debut_activite(date(2011, 1, 1), "artisan", au=SEPTEMBRE).valeur("Première année, somme de ces lignes")
    commercant = debut_activite(date(2011, 1, 1), "commercant", au=SEPTEMBRE).valeur("Première année, somme de ces lignes")
    assert round(artisan + 49, -1) == 3670 and round(commercant + 49 + 91, -1) == 3150


def test_la_premiere_annee_est_reduite_aux_jours_et_rien_n_est_paye_avant_90_jours():
    r = debut_activite(date(2011, 7, 1), "artisan", au=SEPTEMBRE)
    assert r.valeur("Première année, somme de ces lignes") == 230 + 588 + 428 + 107 + 191 + 283
    assert r.valeur("Pas de paiement avant le") == date(2011, 9, 29)


def test_un_debut_en_2010_est_dans_sa_deuxieme_annee():
    libelles = [ligne.libelle for ligne in debut_activite(date(2010, 6, 1), "artisan", au=SEPTEMBRE).lignes]
    assert all(libelle.startswith("Deuxième") for libelle in libelles)


def test_le_debut_classique_dit_ce_qu_il_laisse_de_cote():
    r = debut_activite(date(2011, 1, 1), "commercant", au=SEPTEMBRE)
    assert "indemnités journalières" in r.phrase and "invalidité-décès" in r.limites[0]


def test_hors_des_deux_premieres_annees_le_forfait_est_refuse():
    refus("DEUX_ANNEES_PASSEES", debut_activite, date(2009, 12, 31), "artisan", au=SEPTEMBRE)
    refus("DEBUT_HORS_PERIODE", debut_activite, date(2012, 1, 1), "artisan", au=SEPTEMBRE)


# --- what all results share ----------------------------------------------------------------------------------------------------------

EXEMPLES = {
    "plafond_premiere_annee": {"debut": date(2011, 3, 1), "activite": "vente"},
    "cotisations_micro": {"montant": 2000, "periode": "mois", "activite": "prestation", "versement_liberatoire": True},
    "taux_accre": {"debut": date(2011, 3, 1), "activite": "liberal"},
    "echeances_declaration": {"debut": date(2011, 3, 1), "periodicite": "trimestre"},
    "trimestres_valides": {"montant": 8000, "activite": "vente"},
    "age_retraite": {"naissance": date(1953, 5, 2)},
    "debut_activite": {"debut": date(2011, 3, 1), "groupe": "artisan"},
    "delai_recours": {"notification": date(2011, 8, 31), "nature": "decision"},
}


@pytest.fixture(params=sorted(REGISTRE))
def exemple(request):
    return calculer(request.param, EXEMPLES[request.param], au=SEPTEMBRE)


def test_chaque_calcul_a_un_exemple():
    assert set(EXEMPLES) == set(REGISTRE)


def test_un_resultat_a_figures_phrase_regle_sources_et_limites(exemple):
    assert exemple.lignes and exemple.regle and exemple.sources and exemple.limites and exemple.avertissement is None
    phrases = [p for p in exemple.phrase.replace(".. ", ". ").split(". ") if p]
    assert 2 <= len(phrases) <= 4, phrases
    assert any(c.isdigit() for c in phrases[0])


def test_un_resultat_est_fige(exemple):
    with pytest.raises(FrozenInstanceError):
        exemple.phrase = "autre"


def test_un_resultat_est_typographie(exemple):
    for texte in (exemple.phrase, exemple.regle, *exemple.limites, *(ligne.ecrit for ligne in exemple.lignes)):
        assert " €" not in texte and " %" not in texte and " :" not in texte and " ;" not in texte, texte


def test_un_resultat_ne_donne_jamais_de_montant_de_pension(exemple):
    assert "votre retraite sera" not in exemple.phrase.lower() and "votre pension" not in exemple.phrase.lower()
    if exemple.nom == "age_retraite":
        assert "€" not in exemple.phrase and not any("€" in ligne.ecrit for ligne in exemple.lignes)


def test_un_resultat_se_lit_en_json(exemple):
    import json
    assert json.loads(json.dumps(exemple.en_dict()))["nom"] == exemple.nom


def test_les_sources_sont_des_textes_de_droit_en_entier(exemple):
    assert all(s.startswith(("Code ", "Loi ", "Décret ")) for s in exemple.sources)


@pytest.mark.parametrize("nom", sorted(set(REGISTRE) - {"plafond_premiere_annee", "delai_recours", "debut_activite"}))
def test_hors_de_la_periode_le_calcul_previent_d_abord(nom):
    r = calculer(nom, EXEMPLES[nom], au=date(2026, 11, 22))
    if nom == "trimestres_valides":
        assert r.valable_le.year == 2012
    assert r.avertissement and r.texte.startswith("Attention")


def test_les_codes_cites_sont_ceux_de_textes_yml():
    textes = lire_yaml(KNOWLEDGE / "textes.yml")
    assert all(textes[code]["titre"] == titre for code, titre in CODES.items())


def test_un_bareme_manquant_est_un_refus_pas_une_panne():
    refus("BAREME_INCONNU", cotisations_micro, 100, "vente", au=SEPTEMBRE, valeurs={})


def test_les_valeurs_passees_remplacent_celles_du_projet():
    valeurs = dict(baremes())
    valeurs["taux_vente"] = valeurs["taux_service"]
    assert cotisations_micro(1000, "vente", au=SEPTEMBRE, valeurs=valeurs).lignes[1].valeur_brute == 213


# --- registry ------------------------------------------------------------------------------------------------------------------------

def test_tout_calcul_nomme_par_une_fiche_existe_et_sa_fiche_aussi():
    nommes = {f.calcul for f in fiches().values() if f.calcul}
    assert nommes and nommes <= set(REGISTRE)
    assert all(c.sujet in fiches() for c in REGISTRE.values())


def test_chaque_champ_a_une_question_et_chaque_choix_un_libelle():
    for c in REGISTRE.values():
        assert len({champ.nom for champ in c.champs}) == len(c.champs)
        for champ in c.champs:
            assert champ.libelle.endswith("?") and all(v and texte for v, texte in champ.choix)


def test_des_reponses_tapees_au_resultat():
    reponses = lire_reponses("cotisations_micro", {"montant": "2 000 € par mois", "activite": "coiffeuse", "versement_liberatoire": "non"}, au=SEPTEMBRE)
    assert reponses == {"montant": Decimal(2000), "activite": "prestation", "versement_liberatoire": False, "periode": "mois"}
    assert calculer("cotisations_micro", reponses, au=SEPTEMBRE).valeur("Total à payer") == 430


def test_une_annee_choisie_est_lue_comme_un_nombre():
    reponses = lire_reponses("trimestres_valides", {"montant": "300 € par mois", "activite": "services", "annee": "2010"}, au=SEPTEMBRE)
    assert calculer("trimestres_valides", reponses, au=SEPTEMBRE).valeur("Recettes encaissées en 2010") == 3600


@pytest.mark.parametrize("nom, textes, code", [
    ("cotisations_micro", {"activite": "vente"}, "CHAMP_MANQUANT"), ("cotisations_micro", {"montant": "100", "couleur": "bleu"}, "CHAMP_INCONNU"),
    ("pension", {}, "CALCUL_INCONNU"), ("age_retraite", {"naissance": "31/02/1952"}, "DATE_IMPOSSIBLE")])
def test_une_demande_mal_faite_est_refusee(nom, textes, code):
    refus(code, lire_reponses, nom, textes, au=SEPTEMBRE)


def test_calculer_refuse_un_champ_manquant_ou_inconnu():
    refus("CHAMP_MANQUANT", calculer, "age_retraite", {}, au=SEPTEMBRE)
    refus("CHAMP_INCONNU", calculer, "age_retraite", {"age": 60}, au=SEPTEMBRE)


def test_la_phrase_de_la_coiffeuse_remplit_le_calcul():
    connu = depuis_phrase("cotisations_micro", "Je suis coiffeuse, je fais 2 000 € par mois, combien je paie ?", au=SEPTEMBRE)
    assert connu == {"montant": Decimal(2000), "periode": "mois", "activite": "prestation", "groupe": "artisan"}
    assert a_demander("cotisations_micro", connu) == []
    assert calculer("cotisations_micro", connu, au=SEPTEMBRE).valeur("Total à payer") == 432


def test_le_profil_deja_dit_complete_la_phrase_et_ce_qui_manque_est_a_demander():
    connu = depuis_phrase("cotisations_micro", "et pour 1 500 euros ?", {"activite": "vente", "situation": "salarie"}, au=SEPTEMBRE)
    assert connu == {"montant": Decimal(1500), "activite": "vente"}
    assert [c.nom for c in a_demander("cotisations_micro", {"montant": Decimal(1)})] == ["activite"]


def test_une_somme_au_mois_devient_une_somme_a_l_annee_pour_les_trimestres():
    connu = depuis_phrase("trimestres_valides", "Je suis couturière et j'encaisse 600 euros par mois", au=SEPTEMBRE)
    assert connu == {"montant": Decimal(7200), "activite": "prestation"}


def test_les_dates_dites_dans_une_phrase():
    assert depuis_phrase("age_retraite", "je suis né le 12 avril 1952", au=SEPTEMBRE) == {"naissance": date(1952, 4, 12)}
    assert depuis_phrase("age_retraite", "né le 31/02/1952", au=SEPTEMBRE) == {}
    assert depuis_phrase("plafond_premiere_annee", "J'ai commencé le 20 mai comme toiletteuse", au=SEPTEMBRE) == {
        "debut": date(2011, 5, 20), "activite": "prestation"}


def test_un_agent_commercial_releve_du_rsi():
    connu = depuis_phrase("cotisations_micro", "je suis agent commercial, 3 000 euros ce mois-ci", au=SEPTEMBRE)
    assert connu["caisse"] == "rsi" and connu["activite"] == "liberal"


# --- barèmes that publish a calculator's result ----------------------------------------------------------------------------------------

@pytest.mark.parametrize("cle, activite, caisse", [("vente", "vente", None), ("service", "prestation", None), ("cipav", "liberal", "cipav")])
@pytest.mark.parametrize("rang", [1, 2, 3])
def test_les_baremes_accre_sont_ce_que_la_fonction_calcule(cle, activite, caisse, rang):
    publie = exact(baremes()[f"accre_{cle}_{rang}"].le(SEPTEMBRE).valeur)
    assert taux_accre(date(2011, 4, 1), activite, caisse, au=SEPTEMBRE).lignes[rang - 1].valeur_brute == publie


@pytest.mark.parametrize("nom, activite, caisse", [("taux_vente_vl", "vente", None), ("taux_service_vl", "prestation", None),
                                                   ("taux_cipav_vl", "liberal", "cipav"), ("taux_liberal_rsi_vl", "liberal", "rsi")])
def test_les_baremes_avec_versement_liberatoire_sont_la_somme(nom, activite, caisse):
    assert taux_avec_vl(activite, caisse, au=SEPTEMBRE) == exact(baremes()[nom].le(SEPTEMBRE).valeur)


@pytest.mark.parametrize("nom, debut, activite", [
    ("prorata_service_mars", date(2011, 3, 1), "prestation"), ("prorata_vente_mars", date(2011, 3, 1), "vente"),
    ("prorata_service_juillet", date(2011, 7, 1), "liberal"), ("prorata_vente_juillet", date(2011, 7, 1), "vente")])
def test_les_baremes_prorata_sont_ce_que_la_fonction_calcule(nom, debut, activite):
    assert plafond_premiere_annee(debut, activite, au=SEPTEMBRE).lignes[0].valeur_brute == baremes()[nom].le(SEPTEMBRE).valeur


def test_les_durees_de_l_accre_sont_celles_que_les_fiches_citent():
    assert baremes()["accre_duree_periode"].le(SEPTEMBRE).valeur == baremes()["accre_periode_suivante"].le(SEPTEMBRE).valeur


def test_les_periodes_d_accre_se_touchent():
    periodes = periodes_accre(date(2011, 5, 20), au=SEPTEMBRE)
    assert all(b - a == timedelta(days=1) for (_, a), (b, _) in zip(periodes, periodes[1:]))
