"""Properties that must hold for any input: monotone, within bounds, contiguous."""
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.knowledge.calculs import ErreurCalcul, lire_champ, lire_demande
from bot.knowledge.calculs.calendrier import ajouter_mois, fin_trimestre
from bot.knowledge.calculs.champs import Champ
from bot.knowledge.calculs.declarations import periodes_declarees
from bot.knowledge.calculs.micro import cotisations_micro, periodes_accre, plafond_premiere_annee, taux_accre
from bot.knowledge.calculs.recours import NATURES, delai_recours
from bot.knowledge.calculs.retraite import age_legal, age_retraite, trimestres_valides
from bot.knowledge.profil import reconnaitre

SEPTEMBRE = date(2011, 9, 14)
montants = st.decimals(min_value=0, max_value=200_000, places=2)
activites = st.sampled_from(("vente", "prestation", "liberal"))
groupes = st.sampled_from((None, "artisan", "commercant"))
debuts = st.dates(date(2011, 1, 1), date(2012, 12, 31))
peu = settings(max_examples=60, deadline=None)


@peu
@given(montants, montants, activites, groupes, st.booleans())
def test_payer_croit_avec_les_recettes_et_le_reste_aussi(a, b, activite, groupe, vl):
    petit, grand = (cotisations_micro(m, activite, versement_liberatoire=vl, groupe=groupe, au=SEPTEMBRE) for m in sorted((a, b)))
    assert petit.valeur("Total à payer") <= grand.valeur("Total à payer")
    assert petit.valeur("Reste après paiement") <= grand.valeur("Reste après paiement") + 1  # three roundings to the euro
    for r in (petit, grand):
        assert 0 <= r.valeur("Total à payer") <= r.lignes[0].valeur_brute
        assert r.valeur("Total à payer") + r.valeur("Reste après paiement") == r.lignes[0].valeur_brute


@peu
@given(montants, activites)
def test_l_accre_ne_coute_jamais_plus_cher(montant, activite):
    reduit = cotisations_micro(montant, activite, accre_debut=date(2011, 4, 1), au=SEPTEMBRE)
    assert reduit.valeur("Total à payer") <= cotisations_micro(montant, activite, au=SEPTEMBRE).valeur("Total à payer")


@peu
@given(debuts, debuts, activites)
def test_le_plafond_reduit_ne_depasse_jamais_l_annuel_et_decroit_dans_l_annee(a, b, activite):
    tot, tard = (plafond_premiere_annee(d, activite, au=SEPTEMBRE) for d in sorted((a, b)))
    for r in (tot, tard):
        assert 0 < r.lignes[0].valeur_brute <= r.lignes[1].valeur_brute
    if a.year == b.year:
        assert tard.lignes[0].valeur_brute <= tot.lignes[0].valeur_brute


@peu
@given(st.dates(date(2009, 5, 1), date(2012, 12, 31)), activites)
def test_les_periodes_d_accre_sont_contigues_finissent_un_trimestre_et_montent(debut, activite):
    periodes = periodes_accre(debut, au=SEPTEMBRE)
    assert periodes[0][0] == debut and all(b == a + timedelta(days=1) for (_, a), (b, _) in zip(periodes, periodes[1:]))
    assert all(f == fin_trimestre(f) for _, f in periodes)
    assert 274 <= (periodes[0][1] - debut).days + 1 <= 366  # between three whole quarters and four
    taux = [ligne.valeur_brute for ligne in taux_accre(debut, activite, au=SEPTEMBRE).lignes]
    assert taux == sorted(taux)


@peu
@given(debuts, st.sampled_from(("mois", "trimestre")))
def test_les_declarations_couvrent_tous_les_jours_une_fois(debut, periodicite):
    periodes = periodes_declarees(debut, periodicite, au=SEPTEMBRE, nombre=8)
    assert periodes[0][0] == debut
    assert all(b == a + timedelta(days=1) for (_, a, _), (b, _, _) in zip(periodes, periodes[1:]))
    assert all(fin < echeance and (echeance + timedelta(days=1)).day == 1 for _, fin, echeance in periodes)
    assert (periodes[0][2] - debut).days >= 90  # nobody declares in the first three months


@peu
@given(montants, montants, activites)
def test_les_trimestres_croissent_avec_les_recettes_sans_passer_quatre(a, b, activite):
    petit, grand = (trimestres_valides(m, activite, 2011, au=SEPTEMBRE).valeur("Trimestres validés") for m in sorted((a, b)))
    assert 0 <= petit <= grand <= 4


@peu
@given(montants, activites)
def test_ce_qui_manque_suffit_pour_le_trimestre_suivant(montant, activite):
    r = trimestres_valides(montant, activite, 2011, au=SEPTEMBRE)
    n = r.valeur("Trimestres validés")
    if n < 4:
        manque = r.valeur("Recettes qui manquent pour le trimestre suivant")
        assert trimestres_valides(r.lignes[0].valeur_brute + manque, activite, 2011, au=SEPTEMBRE).valeur("Trimestres validés") == n + 1
        assert trimestres_valides(r.lignes[0].valeur_brute + manque - 1, activite, 2011, au=SEPTEMBRE).valeur("Trimestres validés") == n


@peu
@given(st.dates(date(1935, 1, 1), date(1990, 12, 31)), st.dates(date(1935, 1, 1), date(1990, 12, 31)),
       st.sampled_from((date(2011, 9, 14), date(2012, 3, 1))))
def test_l_age_ne_baisse_pas_d_une_generation_a_la_suivante(a, b, jour):
    aine, cadet = sorted((a, b))
    assert 720 <= age_legal(aine, jour) <= age_legal(cadet, jour) <= 744


@peu
@given(st.dates(date(1935, 1, 1), date(1990, 12, 31)), st.dates(date(2011, 1, 1), date(2012, 12, 31)))
def test_le_depart_est_le_premier_jour_d_un_mois_dans_le_mois_qui_suit_l_age(naissance, jour):
    r = age_retraite(naissance, au=jour)
    depart = r.valeur("Premier départ possible")
    atteint = ajouter_mois(naissance, r.valeur("Âge minimum de départ"))
    assert depart.day == 1 and 0 <= (depart - atteint).days <= 31
    assert age_legal(naissance, date(2011, 7, 1)) <= age_legal(naissance, date(2012, 7, 1))


@peu
@given(st.dates(date(2011, 1, 1), date(2011, 12, 31)), st.sampled_from(sorted(NATURES)))
def test_le_dernier_jour_vient_apres_le_courrier_et_pas_trop_loin(notification, nature):
    dernier = delai_recours(notification, nature, au=notification).valeur("Dernier jour pour agir")
    assert notification < dernier <= ajouter_mois(notification, 3)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=120))
def test_aucun_texte_ne_casse_la_lecture(texte):
    demande = lire_demande(texte)
    assert set(demande) <= {"montant", "periode"} and isinstance(demande.get("montant", Decimal(0)), Decimal)
    reconnaitre(texte)
    for genre in ("montant", "date", "oui_non"):
        try:
            lire_champ(Champ("x", "Quoi ?", genre), texte, SEPTEMBRE)
        except ErreurCalcul as e:
            assert e.code.isupper() and e.message
