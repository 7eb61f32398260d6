
"""Nothing hidden may be found: by linear algebra, by trying every whole number, nor by comparing two editions."""
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.bilan.secret import SEUIL, Connu, determinees, masquer


def solutions(equations, inconnues, maximum):
    """Every way to fill the hidden cells with whole numbers of at least 1 that agrees with the sums: what a patient reader can do."""
    cases = sorted(inconnues)
    for essai in product(range(1, maximum + 1), repeat=len(cases)):
        valeurs = dict(zip(cases, essai))
        if all(sum(valeurs[c] for c in cellules) == somme for cellules, somme in equations):
            yield valeurs


def vues(valeurs, totaux, masque):
    """What the reader is left with: the sums, less what is shown."""
    caches = {c for c in valeurs if not masque.montre(c)}
    return [(frozenset(c for c in cellules if c in caches), sum(valeurs[c] for c in cellules if c in caches))
            for nom, cellules in totaux.items() if nom not in masque.totaux and any(c in caches for c in cellules)], caches


def test_l_exemple_de_la_corse_n_est_plus_retrouve():
    """[T] 85 - 48 - 31 gave back Corse = 6."""
    valeurs = {"Corse": 6, "Nord": 48, "Sud": 31}
    masque = masquer(valeurs, {"total": list(valeurs)})
    assert masque.statuts == {"Corse": "A", "Nord": "V", "Sud": "D"}


def test_temoin_sans_masque_secondaire_la_cellule_se_retrouve():
    assert determinees([(frozenset({"Corse"}), 6)]) == {"Corse"}


def test_un_zero_est_montre_et_ne_protege_personne():
    masque = masquer({"a": 0, "b": 3, "c": 20}, {"total": ["a", "b", "c"]})
    assert masque.statuts == {"a": "V", "b": "A", "c": "D"}


def test_deux_petites_qui_ne_font_que_deux_ne_suffisent_pas():
    """1 + 1 = 2: each is found; a third, larger, is hidden with them."""
    assert masquer({"a": 1, "b": 1, "c": 30}, {"total": ["a", "b", "c"]}).statuts == {"a": "A", "b": "A", "c": "D"}


def test_sans_autre_cellule_c_est_le_total_qui_se_tait():
    masque = masquer({"a": 4}, {"total": ["a"]})
    assert masque.statuts == {"a": "A"} and masque.totaux == {"total"}


TABLEAU = st.lists(st.lists(st.integers(0, 25), min_size=3, max_size=3), min_size=3, max_size=3)


@given(TABLEAU)
@settings(max_examples=40, deadline=None)
def test_propriete_dans_un_tableau_aucun_s_ne_se_retrouve_par_ses_marges(lignes):
    """Lines, columns and grand total published: no hidden cell is given by linear algebra."""
    valeurs = {f"{i}{j}": v for i, ligne in enumerate(lignes) for j, v in enumerate(ligne)}
    totaux = {**{f"l{i}": [f"{i}{j}" for j in range(3)] for i in range(3)}, **{f"c{j}": [f"{i}{j}" for i in range(3)] for j in range(3)}}
    totaux["tout"] = list(valeurs)
    masque = masquer(valeurs, totaux)
    equations, _ = vues(valeurs, totaux, masque)
    sensibles = {c for c, v in valeurs.items() if 0 < v < SEUIL}
    assert not determinees(equations) & sensibles
    assert all(not masque.montre(c) for c in sensibles)


@given(st.lists(st.integers(0, 14), min_size=3, max_size=5))
@settings(max_examples=20, deadline=None)
def test_propriete_en_essayant_tous_les_nombres_chaque_s_garde_plusieurs_valeurs(colonne):
    valeurs = {f"c{i}": v for i, v in enumerate(colonne)}
    totaux = {"total": list(valeurs)}
    masque = masquer(valeurs, totaux)
    equations, caches = vues(valeurs, totaux, masque)
    if not caches or not equations:
        return
    possibles = {c: set() for c in caches}
    for solution in solutions(equations, caches, 16 if len(caches) < 5 else 12):
        for c, v in solution.items():
            possibles[c].add(v)
    assert all(len(v) > 1 for c, v in possibles.items() if 0 < valeurs[c] < SEUIL)


def test_une_caisse_en_retard_ne_se_deduit_pas_de_deux_editions():
    """First edition: a, b hidden, total shown. Then c comes, small: total 2 - total 1 would say it."""
    premiere = {"a": 5, "b": 8, "d": 40}
    m1 = masquer(premiere, {"total": list(premiere)})
    assert m1.totaux == frozenset() and not m1.montre("a")
    connu = Connu({c: v for c, v in premiere.items() if m1.montre(c)}, ((frozenset(premiere), 53),))
    seconde = {**premiere, "c": 3}
    m2 = masquer(seconde, {"total": list(seconde)}, connu)
    assert m2.totaux == {"total"} and not m2.montre("c")


def test_temoin_sans_memoire_des_editions_la_difference_parle():
    m2 = masquer({"a": 5, "b": 8, "d": 40, "c": 3}, {"total": ["a", "b", "c", "d"]})
    assert m2.totaux == frozenset()
    assert "c" in determinees([(frozenset({"a", "b"}), 13), (frozenset({"a", "b", "c"}), 16)])


@pytest.mark.parametrize("tardives", [{"c": 3}, {"c": 3, "e": 30}, {"c": 15}, {"c": 3, "e": 2}])
def test_d_une_edition_a_l_autre_l_algebre_ne_retrouve_rien(tardives):
    premiere = {"a": 5, "b": 8, "d": 40}
    m1 = masquer(premiere, {"total": list(premiere)})
    connu = Connu({c: v for c, v in premiere.items() if m1.montre(c)}, ((frozenset(premiere), sum(premiere.values())),))
    seconde = {**premiere, **tardives}
    m2 = masquer(seconde, {"total": list(seconde)}, connu)
    visibles = {c: v for c, v in seconde.items() if m2.montre(c)} | dict(connu.cellules)
    systeme = [(frozenset(premiere) - visibles.keys(), sum(v for c, v in premiere.items() if c not in visibles))]
    if not m2.totaux:
        systeme.append((frozenset(seconde) - visibles.keys(), sum(v for c, v in seconde.items() if c not in visibles)))
    assert not determinees([e for e in systeme if e[0]]) & {c for c, v in seconde.items() if 0 < v < SEUIL}


def test_ce_qui_a_ete_publie_le_reste():
    assert masquer({"a": 5, "b": 20}, {"total": ["a", "b"]}, Connu({"a": 5})).montre("a")
