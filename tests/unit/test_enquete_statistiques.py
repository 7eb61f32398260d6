"""The survey's statistics against scipy and statsmodels, and their coverage by exact count and by simulation; naive methods are shown failing."""
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom, norm
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from bot.enquete import statistiques as stat
from bot.enquete.statistiques import Strate, wilson


@pytest.mark.parametrize("x, n", [(0, 11), (3, 12), (11, 11), (80, 100), (999, 1_000)])
def test_sans_base_finie_wilson_est_celui_de_statsmodels(x, n):
    assert (wilson(x, n).bas, wilson(x, n).haut) == pytest.approx(proportion_confint(x, n, method="wilson"))


@pytest.mark.parametrize("x, n, N", [(9, 12, 40), (24, 30, 120), (70, 100, 800)])
def test_avec_la_base_wilson_est_celui_de_la_taille_corrigee(x, n, N):
    etoile = n * (N - 1) / (N - n)
    assert (wilson(x, n, N).bas, wilson(x, n, N).haut) == pytest.approx(proportion_confint(x / n * etoile, etoile, method="wilson"))


def test_un_recensement_na_pas_derreur_dechantillonnage():
    assert wilson(30, 40, 40) == stat.Intervalle(0.75, 0.75, recensement=True)


@pytest.mark.parametrize("x, n, N", [(-1, 10, 20), (11, 10, 20), (0, 0, 20), (5, 21, 20)])
def test_des_comptes_impossibles_se_refusent(x, n, N):
    with pytest.raises(ValueError, match="comptes impossibles"):
        wilson(x, n, N)


@pytest.mark.parametrize("N, dix, cinq", [(100, 38, 72), (200, 47, 111), (400, 53, 152), (800, 56, 188), (2_000, 59, 218), (10_000, 60, 239)])
def test_les_tailles_conseillees_sont_celles_du_cahier(N, dix, cinq):
    assert (stat.taille(N, 0.10), stat.taille(N, 0.05)) == (dix, cinq)


def test_jusqua_soixante_tout_le_monde_est_tire_et_au_dela_la_taille_se_divise_par_le_taux_de_reponse():
    assert [stat.a_tirer(n, 0.1, 0.5) for n in (12, 60, 100, 400)] == [12, 60, 76, 106]


@pytest.mark.parametrize("x1, n1, x2, n2", [(56, 70, 48, 80), (9, 10, 3, 10), (10, 10, 0, 20), (5, 56, 0, 29)])
def test_la_difference_est_celle_de_newcombe(x1, n1, x2, n2):
    attendu = confint_proportions_2indep(x1, n1, x2, n2, method="newcomb", compare="diff")
    assert (stat.newcombe(x1, n1, x2, n2).bas, stat.newcombe(x1, n1, x2, n2).haut) == pytest.approx(attendu)


def test_les_limites_de_lentonnoir_sont_celles_de_la_loi_normale():
    limites = stat.entonnoir(0.8, 50)
    assert (limites.bas, limites.haut) == pytest.approx(norm.interval(0.95, 0.8, np.sqrt(0.8 * 0.2 / 50)))
    larges = stat.entonnoir(0.8, 50, z=stat.Z998)
    assert (larges.bas, larges.haut) == pytest.approx(norm.interval(0.998, 0.8, np.sqrt(0.8 * 0.2 / 50)))
    assert stat.entonnoir(0.8, 50, 50).demi_largeur == 0


# -- rates, thresholds ---------------------------------------------------------------------------------------------------------------------


S4 = (["tres", "plutot"], ["plutot_pas", "pas"])


def test_le_taux_na_quun_denominateur_les_reponses_exprimees():
    t = stat.taux({"tres": 30, "plutot": 21, "plutot_pas": 4, "pas": 1, "nsp": 1, "passe": 1}, *S4, N=143)
    assert (t.exprimees, t.positives, t.taux, t.tres, t.net) == (56, 51, 51 / 56, 30 / 56, 46 / 56)
    assert t.intervalle == wilson(51, 56, 143)


def test_sous_onze_reponses_exprimees_pas_de_taux():
    assert stat.taux({"tres": 10, "nsp": 30}, *S4, N=100).taux is None
    assert stat.taux({"tres": 11}, *S4, N=100).taux == 1


def _possibles(cellules, caches):
    """Every table that gives the same total and the same shown cells, by brute force: the values each hidden x may take."""
    restent = sum(x for x in (cellules[c][1] for c in caches))
    tables = [()]
    for c in caches:
        tables = [(*t, x) for t in tables for x in range(cellules[c][0] + 1) if sum(t) + x <= restent]
    return [{t[i] for t in tables if sum(t) == restent} for i in range(len(caches))]


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from("abcd"), st.integers(0, 16).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), min_size=2))
def test_aucune_cellule_masquee_ne_se_retrouve_par_soustraction(cellules):
    caches = sorted(stat.masquees(cellules))
    assert {c for c, (n, _) in cellules.items() if n < stat.SEUIL} <= set(caches)
    if caches and len(caches) < len(cellules):
        assert all(len(valeurs) > 1 for c, valeurs in zip(caches, _possibles(cellules, caches), strict=True) if cellules[c][0])


def test_temoin_masquer_une_seule_cellule_la_laisse_retrouver():
    cellules = {"chatbot": (40, 35), "papier": (5, 4)}
    assert [len(v) for v in _possibles(cellules, ["papier"])] == [1]
    assert stat.masquees(cellules) == {"chatbot", "papier"}


# -- the national estimate -------------------------------------------------------------------------------------------------------------------


def test_lestimation_nationale_pese_chaque_caisse_par_sa_base():
    e = stat.stratifiee([Strate(1_000, 50, 30), Strate(100, 50, 48)])
    assert e.p == pytest.approx((1_000 * 0.6 + 100 * 0.96) / 1_100)
    assert e.intervalle.bas < e.p < e.intervalle.haut and e.couverture == 1 and not e.partielle


def test_une_strate_seule_donne_a_peu_pres_son_intervalle_de_wilson():
    e, w = stat.stratifiee([Strate(800, 100, 80)]), wilson(80, 100, 800)
    assert (e.intervalle.bas, e.intervalle.haut) == pytest.approx((w.bas, w.haut), abs=0.01)


def test_une_strate_sans_deux_reponses_baisse_la_couverture_et_sous_90_pour_cent_le_resultat_est_partiel():
    e = stat.stratifiee([Strate(800, 100, 80), Strate(200, 1, 1)])
    assert (e.couverture, e.strates, e.partielle) == (0.8, 1, True)
    assert stat.stratifiee([Strate(50, 1, 1)]) is None


def test_si_toutes_les_caisses_ont_tout_recense_il_ny_a_pas_derreur():
    e = stat.stratifiee([Strate(20, 20, 15), Strate(30, 30, 30)])
    assert (e.intervalle.bas, e.intervalle.haut) == pytest.approx((0.9, 0.9)) and e.intervalle.recensement


def test_lunanimite_dans_une_strate_ne_fait_pas_disparaitre_lincertitude():
    assert stat.stratifiee([Strate(500, 20, 20), Strate(500, 20, 20)]).intervalle.demi_largeur > 0.02


# -- coverage ----------------------------------------------------------------------------------------------------------------------------------


def _couverture(N, n, intervalle):
    """Exact coverage for every possible frame with a rate of one half or more: mean and minimum."""
    bornes = np.array([intervalle(x, n, N) for x in range(n + 1)])
    vrais = range(N // 2, N + 1)
    couvertes = [hypergeom.pmf(np.arange(n + 1), N, k, n)[(bornes[:, 0] <= k / N + 1e-12) & (k / N - 1e-12 <= bornes[:, 1])].sum() for k in vrais]
    return np.mean(couvertes), np.min(couvertes)


def _notre(x, n, N):
    return (wilson(x, n, N).bas, wilson(x, n, N).haut)


def _wald(x, n, N):
    return proportion_confint(x, n, method="normal")


def _sans_base(x, n, N):
    return _notre(x, n, None)


@pytest.mark.parametrize("N, n", [(40, 12), (120, 30), (800, 100)])
def test_wilson_avec_base_finie_couvre_95_fois_sur_100(N, n):
    moyenne, pire = _couverture(N, n, _notre)
    assert 0.93 <= moyenne <= 0.97 and pire >= 0.87


def test_temoin_wald_couvre_trop_peu_et_wilson_sans_base_est_trop_large():
    assert _couverture(40, 12, _wald)[0] < 0.87 and _couverture(40, 12, _wald)[1] < 0.4
    assert _couverture(40, 12, _sans_base)[0] > 0.97
    assert wilson(10, 12).demi_largeur > wilson(10, 12, 40).demi_largeur * 1.1


# N and true number of satisfied people by caisse, and how many answer: the four cases of §3c.
TAILLES = np.array([60, 80, 120, 150, 200, 260, 400, 700, 1_200, 2_500])
SCENARIOS = {
    "les grosses caisses font moins bien": (TAILLES, np.linspace(0.97, 0.72, 10), np.full(10, 30)),
    "toutes pareilles": (TAILLES, np.full(10, 0.85), np.full(10, 30)),
    "très satisfaits": (TAILLES, np.full(10, 0.96), np.full(10, 25)),
    "petits échantillons": (TAILLES, np.linspace(0.9, 0.7, 10), np.full(10, 12)),
}


def _simuler(nom, tours=500):
    """Share of draws where the interval holds the true national rate: weighted, then pooled raw."""
    N, p, n = SCENARIOS[nom]
    bons, alea = np.round(N * p).astype(int), np.random.default_rng(2011)
    vrai = bons.sum() / N.sum()
    x = np.column_stack([alea.hypergeometric(b, T - b, m, tours) if b < T else np.full(tours, m) for b, T, m in zip(bons, N, n)])
    pesees = [stat.stratifiee([Strate(int(T), int(m), int(v)) for T, m, v in zip(N, n, ligne)]).intervalle for ligne in x]
    brutes = [wilson(int(s), int(n.sum())) for s in x.sum(axis=1)]
    return tuple(np.mean([i.bas <= vrai <= i.haut for i in liste]) for liste in (pesees, brutes))


@pytest.mark.parametrize("nom", SCENARIOS)
def test_lestimation_nationale_couvre_comme_annonce(nom):
    assert 0.93 <= _simuler(nom)[0] <= 0.995


def test_temoin_additionner_les_reponses_brutes_trompe_presque_toujours():
    assert _simuler("les grosses caisses font moins bien")[1] < 0.2


# -- said, heard --------------------------------------------------------------------------------------------------------------------------------


def test_lecart_entre_ce_qui_fut_dit_et_ce_qui_fut_entendu_se_lit_par_domaine():
    ecart = stat.dit_entendu({"D3": 140, "D6": 20}, 143, {"D3": 55, "D6": 1}, 58)
    assert ecart["D3"].difference.bas < 0 < ecart["D3"].difference.haut
    assert ecart["D6"].difference.bas > 0 and ecart["D6"].dit == pytest.approx(20 / 143)
    assert stat.dit_entendu({"D3": 140}, 143, {"D3": 9}, 9) == {}
